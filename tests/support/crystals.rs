//! The structures of `tests/golden/structures/structures.json`.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::path::Path;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Crystal};
use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Occupant, Structure};

/// Name and structure of each.
pub fn golden_structures() -> Vec<(String, Structure)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/structures/structures.json");
    let text = std::fs::read_to_string(path).expect("structures.json");
    let records: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let vector = |value: &serde_json::Value| std::array::from_fn(|k| value[k].as_f64().expect("number"));
    let mut structures = Vec::new();
    for record in records {
        let rows = std::array::from_fn(|k| vector(&record["lattice"][k]));
        let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
        for site in record["sites"].as_array().expect("sites") {
            let occupants: Vec<Occupant> =
                site["occupants"].as_array().expect("occupants").iter().map(occupant).collect();
            structure.push_site(vector(&site["frac"]), &occupants);
        }
        structures.push((record["name"].as_str().expect("name").to_owned(), structure));
    }
    structures
}

fn occupant(value: &serde_json::Value) -> Occupant {
    Occupant {
        element: Element::from_symbol(value["element"].as_str().expect("symbol")).expect("element"),
        occupancy: value["occupancy"].as_f64().expect("number"),
        oxidation: value["oxidation"].as_f64(),
    }
}

/// A candidate of this structure.
pub fn candidate(structure: &Structure) -> Candidate {
    let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure.clone())));
    Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
}
