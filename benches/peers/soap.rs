//! Our half of `benches/peers/soap.py`, which starts it: describes the structures of a file with every descriptor of a list,
//! writes the values and prints the times.
//!
//! `INPUT` is JSON: `structures` as in `tests/golden/structures`, `runs` with a name, a descriptor and its parameters. `OUTPUT`
//! is a folder that receives `<name>.f64`, rows of little-endian numbers. One line a run goes to stdout: name, width, seconds
//! for all structures (the best of several passes).

use std::path::Path;
use std::time::Instant;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Crystal};
use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Structure};
use matsieve::descriptor::{self, Scratch};
use serde_json::Value;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [input, output, passes] = &arguments[..] else {
        eprintln!("started by benches/peers/soap.py with INPUT OUTPUT PASSES; nothing to do");
        return;
    };
    let passes: usize = passes.parse().expect("a number");
    let text = std::fs::read_to_string(input).expect("readable input");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let candidates: Vec<_> = document["structures"].as_array().expect("structures").iter().map(candidate).collect();
    for run in document["runs"].as_array().expect("runs") {
        let [name, kind] = ["name", "descriptor"].map(|key| run[key].as_str().expect("a text"));
        let descriptor = descriptor::build(kind, &run["parameters"]).expect("good parameters");
        let width = descriptor.columns().len();
        let mut values = vec![0.0; candidates.len() * width];
        let mut scratch = Scratch::new();
        let mut seconds = f64::INFINITY;
        for _ in 0..passes {
            let start = Instant::now();
            for (candidate, out) in candidates.iter().zip(values.chunks_mut(width)) {
                scratch.begin(candidate);
                descriptor.describe(candidate, &mut scratch, out).expect("can be described");
            }
            seconds = seconds.min(start.elapsed().as_secs_f64());
        }
        println!("{name}\t{width}\t{seconds:.9}");
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(Path::new(output).join(format!("{name}.f64")), bytes).expect("writable output");
    }
}

fn candidate(record: &Value) -> Candidate {
    let vector = |value: &Value| std::array::from_fn(|k| value[k].as_f64().expect("number"));
    let rows = std::array::from_fn(|k| vector(&record["lattice"][k]));
    let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
    for site in record["sites"].as_array().expect("sites") {
        let symbol = site["element"].as_str().expect("symbol");
        structure.push(vector(&site["frac"]), Element::from_symbol(symbol).expect("element"));
    }
    let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure)));
    Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
}
