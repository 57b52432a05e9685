//! Our half of `benches/peers/cif_table.py`, which starts it: reads every structure of the given inputs, one after the other.
//!
//! `INPUT…` are files, folders or archives. One line a structure goes to stdout, fields separated by tabs: origin, then either
//! `ok`, number of sites, number of occupants, volume in Å³, amounts of the cell, or `fault`, code, detail.

use std::io::Write as _;
use std::path::Path;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Frame};
use matsieve::source::{SourceSpec, open};

const BATCH: usize = 1024;

fn main() {
    let inputs: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if inputs.is_empty() {
        eprintln!("started by benches/peers/cif_table.py with INPUT…; nothing to do");
        return;
    }
    let spec: SourceSpec = serde_json::from_value(serde_json::json!({ "cif": inputs })).expect("a source");
    let mut source = open(&spec, Path::new("")).expect("inputs that can be opened");
    let decoder = source.decoder();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    let mut frame = Frame::default();
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame).expect("inputs that can be read");
        for record in &frame.records {
            let origin = decoder.origin(&frame, record);
            let written = match decoder.decode(&frame, record, &mut candidate) {
                Ok(()) => {
                    let structure = candidate.structure().expect("a CIF holds structures");
                    let occupants: usize = (0..structure.len()).map(|site| structure.occupants(site).len()).sum();
                    let composition = structure.composition();
                    let amounts: Vec<_> =
                        composition.pairs().iter().map(|(element, amount)| format!("{element}{amount}")).collect();
                    let (sites, volume) = (structure.len(), structure.lattice().volume());
                    writeln!(out, "{origin}\tok\t{sites}\t{occupants}\t{volume}\t{}", amounts.join(" "))
                }
                Err(fault) => {
                    let detail = fault.detail.replace(['\t', '\n', '\r'], " ");
                    writeln!(out, "{origin}\tfault\t{}\t{detail}", fault.code)
                }
            };
            written.expect("stdout takes it");
        }
        if frame.records.len() < BATCH && !frame.is_full {
            return;
        }
    }
}
