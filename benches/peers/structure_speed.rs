//! Our half of `benches/peers/structure_speed.py`, which starts it.
//!
//! `describe INPUT OUTPUT PARAMETERS` times every descriptor of structures over the structures of a file of pymatgen JSON lines, each
//! structure with a geometry context of its own, and writes the values: `OUTPUT/<descriptor>.f64`, rows of little-endian numbers, a row
//! of infinities for a fault. One line a descriptor goes to stdout: name, width, seconds for all structures.
//!
//! `neighbors INPUT CUTOFF…` times full neighbour lists: cut-off, number of pairs of all structures, processor
//! seconds.

use std::path::Path;
use std::time::Instant;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Crystal};
use matsieve::chem::Element;
use matsieve::crystal::{Geometry, Lattice, Occupant, Structure};
use matsieve::descriptor::{self, Descriptor, REGISTRY, Scratch};
use serde_json::Value;

const REPEATS: usize = 7;
/// Passes of neighbour lists.
const LEAST_PASSES: u32 = 3;
const LEAST_SECONDS: f64 = 0.5;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match &arguments[..] {
        ["describe", input, output, parameters] => describe(input, Path::new(output), parameters),
        ["neighbors", input, cutoffs @ ..] => neighbors(input, cutoffs),
        _ => eprintln!("started by benches/peers/structure_speed.py; nothing to do"),
    }
}

/// `parameters` is a file with an object: parameters by descriptor.
fn describe(input: &str, output: &Path, parameters: &str) {
    let candidates: Vec<_> = structures(input).into_iter().map(candidate).collect();
    let text = std::fs::read_to_string(parameters).expect("readable parameters");
    let parameters: Value = serde_json::from_str(&text).expect("JSON");
    for entry in REGISTRY {
        let built = descriptor::build(entry.name, &parameters[entry.name]).ok();
        let Some(descriptor) = built.filter(|descriptor| descriptor.needs().structure) else { continue };
        let (values, seconds) = timed(&*descriptor, &candidates);
        println!("{}\t{}\t{seconds:.9}", entry.name, descriptor.columns().len());
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(output.join(format!("{}.f64", entry.name)), bytes).expect("writable output");
    }
}

/// Values, and the sum over structures of the best of some passes each: other work on the machine disturbs short spans less.
fn timed(descriptor: &dyn Descriptor, candidates: &[Candidate]) -> (Vec<f64>, f64) {
    let width = descriptor.columns().len();
    let mut values = vec![0.0; candidates.len() * width];
    let mut scratch = Scratch::new();
    let mut best = vec![f64::INFINITY; candidates.len()];
    for _ in 0..REPEATS {
        for ((candidate, out), best) in candidates.iter().zip(values.chunks_mut(width)).zip(&mut best) {
            let start = Instant::now();
            scratch.begin(candidate);
            if descriptor.describe(candidate, &mut scratch, out).is_err() {
                out.fill(f64::INFINITY);
            }
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    (values, best.iter().sum())
}

fn neighbors(input: &str, cutoffs: &[&str]) {
    let structures = structures(input);
    for cutoff in cutoffs {
        let radius: f64 = cutoff.parse().expect("a number");
        let mut geometry = Geometry::default();
        let mut pass = || {
            let mut pairs = 0;
            for structure in &structures {
                geometry.begin(structure);
                let list = geometry.neighbors(structure, radius).expect("a list");
                pairs += (0..list.len()).map(|site| list.of(site).len()).sum::<usize>();
            }
            pairs
        };
        let pairs = pass();
        let (mut passes, begun) = (0, processor_seconds());
        while passes < LEAST_PASSES || processor_seconds() - begun < LEAST_SECONDS {
            pass();
            passes += 1;
        }
        println!("{cutoff}\t{pairs}\t{:.9}", (processor_seconds() - begun) / f64::from(passes));
    }
}

/// Time that this thread has had a processor, as Linux counts it: a pass over large cells takes so long that other work on the
/// machine always interrupts it.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux with scheduler statistics");
    let nanoseconds = text.split(' ').next().expect("a field").parse::<f64>().expect("a number");
    1e-9 * nanoseconds
}

fn structures(input: &str) -> Vec<Structure> {
    let text = std::fs::read_to_string(input).expect("readable input");
    text.lines().map(|line| structure(&serde_json::from_str(line).expect("JSON"))).collect()
}

fn structure(document: &Value) -> Structure {
    let document = &document["structure"];
    let vector = |value: &Value| std::array::from_fn(|k| value[k].as_f64().expect("number"));
    let rows = std::array::from_fn(|k| vector(&document["lattice"]["matrix"][k]));
    let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
    for site in document["sites"].as_array().expect("sites") {
        let species = &site["species"][0];
        let element = Element::from_symbol(species["element"].as_str().expect("symbol")).expect("element");
        let occupant = Occupant { oxidation: species["oxidation_state"].as_f64(), ..Occupant::full(element) };
        structure.push_site(vector(&site["abc"]), &[occupant]);
    }
    structure
}

fn candidate(structure: Structure) -> Candidate {
    let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure)));
    Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
}
