//! Agreement of the composition descriptors with matminer 0.10.1, within 1e-10 of max(|reference|, scale of the column).

use std::path::{Path, PathBuf};

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind};
use matsieve::chem::{Composition, Element};
use matsieve::descriptor::{self, Scratch};

const TOLERANCE: f64 = 1e-10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/composition")
}

fn candidates() -> Vec<(String, Candidate)> {
    let text = std::fs::read_to_string(folder().join("compositions.txt")).expect("compositions.txt");
    let mut candidates = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut composition = Composition::new();
        let words: Vec<_> = line.split(' ').collect();
        for pair in words.chunks(2) {
            composition.add(Element::from_symbol(pair[0]).expect("symbol"), pair[1].parse().expect("amount"));
        }
        let kind = CandidateKind::Composition(composition);
        let candidate = Candidate { index: CandidateIndex(number as u64), kind, values: Vec::new() };
        candidates.push((line.to_owned(), candidate));
    }
    candidates
}

/// Labels and rows of the reference; an empty field is NaN.
fn reference(name: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let (mut labels, mut rows) = (Vec::new(), Vec::new());
    for part in 1.. {
        let Ok(text) = std::fs::read_to_string(folder().join(format!("{name}-{part}.csv"))) else { break };
        let mut lines = text.lines();
        labels = lines.next().expect("header").split(',').map(str::to_owned).collect();
        let value = |field: &str| if field.is_empty() { f64::NAN } else { field.parse().expect("number") };
        rows.extend(lines.map(|line| line.split(',').map(value).collect::<Vec<f64>>()));
    }
    (labels, rows)
}

fn agrees_with_matminer(name: &str, width: usize) {
    let (labels, rows) = reference(name);
    let candidates = candidates();
    assert!(candidates.len() >= 200 && rows.len() == candidates.len(), "{} reference rows", rows.len());
    let descriptor = descriptor::build(name, &serde_json::Value::Null).expect("registered");
    let columns = descriptor.columns();
    assert_eq!(columns.len(), width);
    assert_eq!(columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>(), labels);
    let scale: Vec<f64> = (0..width)
        .map(|column| rows.iter().map(|row| row[column].abs()).filter(|v| !v.is_nan()).fold(0.0, f64::max))
        .collect();
    let mut scratch = Scratch::new();
    let mut out = vec![0.0; width];
    let mut wrong = Vec::new();
    for ((line, candidate), row) in candidates.iter().zip(&rows) {
        scratch.begin(candidate);
        out.fill(f64::INFINITY);
        descriptor.describe(candidate, &mut scratch, &mut out).expect("has a composition");
        for column in 0..width {
            let (value, expected) = (out[column], row[column]);
            let agrees = if expected.is_nan() {
                value.is_nan()
            } else {
                (value - expected).abs() <= TOLERANCE * expected.abs().max(scale[column])
            };
            if !agrees {
                wrong.push(format!("{line}: {}: {value}, matminer has {expected}", labels[column]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} values differ, first:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}

macro_rules! agrees {
    ($($name:ident: $width:literal,)+) => {$(
        #[test]
        fn $name() {
            agrees_with_matminer(stringify!($name), $width);
        }
    )+};
}

agrees! {
    element_fraction: 118,
    stoichiometry: 6,
    magpie: 132,
    deml: 80,
    pymatgen_elemental: 65,
    valence_orbital: 8,
    tm_fraction: 1,
    band_center: 1,
    ion_property: 3,
    yang_solid_solution: 2,
    miedema: 3,
}
