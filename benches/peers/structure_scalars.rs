//! Our half of `benches/peers/structure_scalars.py`, which starts it: describes the structures of a file with every descriptor that
//! its list names, writes the values and prints the times.
//!
//! `INPUT` is JSON as in `tests/golden/structures`; `OUTPUT` is a folder that receives `<descriptor>.f64`, rows of little-endian
//! numbers, a row of infinities for a fault. One line a descriptor goes to stdout: name, width, seconds for all structures (the best of
//! five passes).

use std::path::Path;
use std::time::Instant;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Crystal};
use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Occupant, Structure};
use matsieve::descriptor::{self, Scratch};
use serde_json::{Value, json};

const REPEATS: usize = 5;
const NAMES: [&str; 15] = [
    "density",
    "density_matminer",
    "symmetry",
    "symmetry_matminer",
    "structural_complexity",
    "ewald_energy",
    "xrd",
    "sine_matrix",
    "coulomb_matrix",
    "rdf",
    "rdf_matminer",
    "partial_rdf",
    "agni",
    "gaussian_symmetry",
    "grdf",
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [input, output, max_atoms] = &arguments[..] else {
        eprintln!("started by benches/peers/structure_scalars.py with INPUT OUTPUT MAX_ATOMS; nothing to do");
        return;
    };
    let max_atoms: usize = max_atoms.parse().expect("a number");
    let text = std::fs::read_to_string(input).expect("readable input");
    let records: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let candidates: Vec<_> = records.iter().map(candidate).collect();
    for name in NAMES {
        let parameters = match name {
            "partial_rdf" => json!({ "species": ["Na", "Ti", "O"] }),
            "sine_matrix" | "coulomb_matrix" => json!({ "max_atoms": max_atoms }),
            _ => Value::Null,
        };
        let descriptor = descriptor::build(name, &parameters).expect("registered");
        let width = descriptor.columns().len();
        let mut values = vec![0.0; candidates.len() * width];
        let mut scratch = Scratch::new();
        let mut seconds = f64::INFINITY;
        for _ in 0..REPEATS {
            let start = Instant::now();
            for (candidate, out) in candidates.iter().zip(values.chunks_mut(width)) {
                scratch.begin(candidate);
                if descriptor.describe(candidate, &mut scratch, out).is_err() {
                    out.fill(f64::INFINITY);
                }
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
        let occupant = |value: &Value| Occupant {
            element: Element::from_symbol(value["element"].as_str().expect("symbol")).expect("element"),
            occupancy: value["occupancy"].as_f64().expect("number"),
            oxidation: value["oxidation"].as_f64(),
        };
        let occupants: Vec<_> = site["occupants"].as_array().expect("occupants").iter().map(occupant).collect();
        structure.push_site(vector(&site["frac"]), &occupants);
    }
    let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure)));
    Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
}
