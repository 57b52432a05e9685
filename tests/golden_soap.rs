//! Agreement of `soap` and `acsf` with DScribe 2.1.2, within 1e-6 of max(|reference|, scale of the column).

use std::path::{Path, PathBuf};

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Crystal};
use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Structure};
use matsieve::descriptor::{self, Scratch};

const TOLERANCE: f64 = 1e-6;

/// Of the largest value of a row: what symmetry makes 0 is rounding on both sides.
const ROUNDING: f64 = 1e-12;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/soap")
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(|word| word.parse().expect("number")).collect()
}

fn structures() -> Vec<(String, Candidate)> {
    let text = std::fs::read_to_string(folder().join("structures.txt")).expect("structures.txt");
    let mut structures = Vec::new();
    for block in text.split("# ").skip(1) {
        let mut lines = block.lines();
        let name = lines.next().expect("name").to_owned();
        let cell = numbers(lines.next().expect("cell"));
        let rows = std::array::from_fn(|i| std::array::from_fn(|j| cell[3 * i + j]));
        let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
        for line in lines {
            let (symbol, frac) = line.split_once(' ').expect("symbol and coordinates");
            let frac = numbers(frac);
            structure.push([frac[0], frac[1], frac[2]], Element::from_symbol(symbol).expect("symbol"));
        }
        let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure)));
        structures.push((name, Candidate { index: CandidateIndex(0), kind, values: Vec::new() }));
    }
    structures
}

/// Parameters, and one row a structure.
fn reference(file: &str) -> (serde_json::Value, Vec<Vec<f64>>) {
    let text = std::fs::read_to_string(folder().join(file)).expect("reference file");
    let mut lines = text.lines();
    let parameters = serde_json::from_str(lines.next().expect("parameters")).expect("JSON");
    let rows = lines.map(|line| {
        let mut words = line.split(' ');
        let mut row = vec![0.0; words.next().expect("width").parse().expect("whole number")];
        for word in words {
            let (place, value) = word.split_once(':').expect("place:value");
            row[place.parse::<usize>().expect("whole number")] = value.parse().expect("number");
        }
        row
    });
    (parameters, rows.collect())
}

fn agrees_with_dscribe(name: &str, set: &str) {
    let (parameters, rows) = reference(&format!("{name}-{set}.txt"));
    let structures = structures();
    assert!(structures.len() >= 20 && rows.len() == structures.len(), "{} reference rows", rows.len());
    let descriptor = descriptor::build(name, &parameters).expect("good parameters");
    let columns = descriptor.columns();
    let mut scale = vec![0.0_f64; columns.len()];
    for row in &rows {
        assert_eq!(row.len(), columns.len());
        scale.iter_mut().zip(row).for_each(|(scale, value)| *scale = scale.max(value.abs()));
        // Mean and deviation of one function of up to five pairs of elements.
        assert!(row.iter().filter(|value| value.is_nan()).count() <= 10);
    }
    let mut scratch = Scratch::new();
    let mut out = vec![0.0; columns.len()];
    let mut wrong = Vec::new();
    let mut worst = 0.0_f64;
    for ((structure, candidate), row) in structures.iter().zip(&rows) {
        scratch.begin(candidate);
        out.fill(f64::NAN);
        descriptor.describe(candidate, &mut scratch, &mut out).unwrap_or_else(|fault| panic!("{structure}: {fault}"));
        let largest = row.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert!(largest > 0.0 || structure.contains("alone") || structure == "Cs", "{structure}: nothing to compare");
        for column in 0..columns.len() {
            let (value, expected) = (out[column], row[column]);
            if expected.is_nan() {
                // DScribe's root of a rounded nothing: ours is a number.
                assert!(columns[column].label.contains("zeta=1.5") && value.is_finite(), "{structure}: {value}");
                continue;
            }
            let difference = (value - expected).abs();
            worst = worst.max((difference - ROUNDING * largest) / expected.abs().max(scale[column]));
            if difference.is_nan() || difference > TOLERANCE * expected.abs().max(scale[column]) + ROUNDING * largest {
                wrong.push(format!("{structure}: {}: {value}, DScribe has {expected}", columns[column].label));
            }
        }
    }
    println!("{name}-{set}: largest difference {worst:.1e}");
    assert!(wrong.is_empty(), "{} values differ, first:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}

macro_rules! agrees {
    ($($test:ident: $name:literal, $set:literal;)+) => {$(
        #[test]
        fn $test() {
            agrees_with_dscribe($name, $set);
        }
    )+};
}

agrees! {
    soap_with_defaults_is_that_of_dscribe: "soap", "default";
    soap_inner_average_is_that_of_dscribe: "soap", "inner";
    soap_to_degree_20_is_that_of_dscribe: "soap", "high-degree";
    soap_of_one_function_is_that_of_dscribe: "soap", "one-function";
    soap_without_compression_is_that_of_dscribe: "soap", "off";
    soap_inner_average_without_compression_is_that_of_dscribe: "soap", "off-inner";
    acsf_with_all_functions_is_that_of_dscribe: "acsf", "all";
    acsf_of_radial_functions_is_that_of_dscribe: "acsf", "g1";
}
