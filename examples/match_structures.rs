//! Digests of structures, and which pairs of them match: `match_structures STRUCTURES.json PAIRS.json`.
//!
//! The first file holds structures as pymatgen writes them, the second a list of pairs of their places, from 0. Prints JSON. Used by
//! `tests/peers/matcher.py`, and an example of the library.

use std::fs::File;
use std::io::BufReader;

use matsieve::crystal::{MatchTolerances, Matchable, Structure, structure_digest};
use matsieve::source::{Format, read_structures};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [structures, pairs] = arguments.as_slice() else {
        return Err("expected STRUCTURES.json PAIRS.json".into());
    };
    let mut list: Vec<Structure> = Vec::new();
    let mut refused = None;
    read_structures(
        &mut BufReader::new(File::open(structures)?),
        Format::PymatgenJson,
        &mut |line, record| match record.map(|record| record.structure.clone()) {
            Ok(Some(structure)) => list.push(structure),
            Ok(None) => refused = Some(format!("line {line}: no structure")),
            Err(fault) => refused = Some(format!("line {line}: {}", fault.detail)),
        },
    )?;
    if let Some(reason) = refused {
        return Err(reason.into());
    }
    let pairs: Vec<[usize; 2]> = serde_json::from_reader(BufReader::new(File::open(pairs)?))?;
    let tolerances = MatchTolerances::default();
    let begun = std::time::Instant::now();
    let fits: Vec<bool> = pairs
        .iter()
        .map(|pair| match pair.map(|place| Matchable::new(&list[place])) {
            [Some(a), Some(b)] => a.matches(&b, &tolerances),
            _ => false,
        })
        .collect();
    let seconds = begun.elapsed().as_secs_f64();
    let digests: Vec<String> = list.iter().map(|structure| structure_digest(structure).unwrap_or_default()).collect();
    println!("{}", serde_json::json!({ "digests": digests, "fits": fits, "seconds": seconds }));
    Ok(())
}
