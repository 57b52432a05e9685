//! Our half of `benches/peers/readers.py`, which starts it: reads a source and writes what every record is.
//!
//! Arguments: a folder and a `[source]` in TOML, whose relative paths start there. One JSON object a line goes to stdout:
//! `origin`, `id` and either `sites`, `volume` (Å³) and `amounts` by element, or `code` and `detail`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Frame};
use matsieve::source::{SourceSpec, open};
use serde_json::json;

const BATCH: usize = 1024;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [base, spec] = &arguments[..] else {
        eprintln!("started by benches/peers/readers.py with FOLDER SOURCE; nothing to do");
        return;
    };
    let spec: SourceSpec = toml::from_str(spec).expect("a [source]");
    let mut source = match open(&spec, Path::new(base)) {
        Ok(source) => source,
        Err(error) => {
            println!("{}", json!({ "origin": "", "code": "error", "detail": error.to_string() }));
            return;
        }
    };
    let decoder = source.decoder();
    let mut frame = Frame::default();
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame).expect("readable");
        for record in &frame.records {
            let origin = decoder.origin(&frame, record);
            let line = match decoder.decode(&frame, record, &mut candidate) {
                Ok(()) => {
                    let structure = candidate.structure().expect("a source of structures");
                    let composition = structure.composition();
                    let amounts: BTreeMap<&str, f64> =
                        composition.pairs().iter().map(|(element, amount)| (element.symbol(), *amount)).collect();
                    let id = candidate.own_id().map_or_else(|| decoder.id(&frame, record), Into::into);
                    let volume = structure.lattice().volume();
                    json!({ "origin": origin, "id": id, "sites": structure.len(), "volume": volume, "amounts": amounts })
                }
                Err(fault) => json!({ "origin": origin, "code": fault.code.name(), "detail": fault.detail }),
            };
            writeln!(out, "{line}").expect("stdout is open");
        }
        if frame.records.len() < BATCH && !frame.is_full {
            return;
        }
    }
}
