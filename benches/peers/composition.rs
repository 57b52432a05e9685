//! Our half of `benches/peers/composition.py`, which starts it: describes the compositions of a file with every
//! descriptor, writes the values and prints the times.
//!
//! `INPUT` has one composition a line (`Fe 2 O 3`); `OUTPUT` is a folder that receives `<descriptor>.f64`, rows of
//! little-endian numbers. One line a descriptor goes to stdout: name, width, seconds for all rows (the best of five).

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind};
use matsieve::chem::{Composition, Element, element_table};
use matsieve::descriptor::{self, REGISTRY, Scratch};
use matsieve_kernels::dispatch::{Level, range_mean_deviation_mode_24};

const REPEATS: usize = 5;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [input, output] = &arguments[..] else {
        eprintln!("started by benches/peers/composition.py with INPUT OUTPUT; nothing to do");
        return;
    };
    let text = std::fs::read_to_string(input).expect("readable input");
    let candidates: Vec<_> = text.lines().map(candidate).collect();
    for entry in REGISTRY {
        let built = descriptor::build(entry.name, &serde_json::Value::Null).ok();
        let Some(descriptor) = built.filter(|descriptor| !descriptor.needs().structure) else { continue };
        let width = descriptor.columns().len();
        let mut values = vec![0.0; candidates.len() * width];
        let mut scratch = Scratch::new();
        let seconds = best(|| {
            for (candidate, out) in candidates.iter().zip(values.chunks_mut(width)) {
                scratch.begin(candidate);
                descriptor.describe(candidate, &mut scratch, out).expect("has a composition");
            }
        });
        println!("{}\t{width}\t{seconds:.9}", entry.name);
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(Path::new(output).join(format!("{}.f64", entry.name)), bytes).expect("writable output");
    }
    println!("kernel of magpie\t132\t{:.9}", kernel(&candidates));
}

fn candidate(line: &str) -> Candidate {
    let mut composition = Composition::new();
    for pair in line.split(' ').collect::<Vec<_>>().chunks(2) {
        composition.add(Element::from_symbol(pair[0]).expect("symbol"), pair[1].parse().expect("amount"));
    }
    Candidate { index: CandidateIndex(0), kind: CandidateKind::Composition(composition), values: Vec::new() }
}

fn best(mut work: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..REPEATS).map(once).fold(f64::INFINITY, f64::min)
}

/// Seconds of the kernel alone, over rows and amounts that lie ready.
fn kernel(candidates: &[Candidate]) -> f64 {
    let mut table = vec![[0.0; 24]; 118];
    for (place, column) in element_table::magpie().columns.iter().take(22).enumerate() {
        for (row, value) in table.iter_mut().zip(column.values.iter()) {
            row[place] = *value;
        }
    }
    let mut ranges = Vec::new();
    let (mut rows, mut amounts) = (Vec::new(), Vec::new());
    for composition in candidates.iter().filter_map(Candidate::composition) {
        let start = rows.len();
        rows.extend(composition.pairs().iter().map(|(element, _)| element.row()));
        amounts.extend(composition.pairs().iter().map(|(_, amount)| *amount));
        ranges.push(start..rows.len());
    }
    let mut out = [0.0; 132];
    let level = Level::best();
    best(|| {
        for range in &ranges {
            range_mean_deviation_mode_24(
                level,
                &table,
                &rows[range.clone()],
                &amounts[range.clone()],
                black_box(&mut out),
            );
        }
    })
}
