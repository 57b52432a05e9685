//! Agreement of the order parameters with pymatgen-core 2026.10.16 on shells of 1 to 12 neighbours, within 1e-10.
//!
//! Two neighbours: 2e-8, since the arc cosine of one unit in the last place above -1 is 1.5e-8 below π, which either side
//! may meet where they lie opposite to each other.

use std::path::Path;

use matsieve::crystal::order_parameters::{Shell, motifs};

fn lines(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/order_parameters").join(name);
    std::fs::read_to_string(path).expect("golden file").lines().map(str::to_owned).collect()
}

#[test]
fn order_parameters_agree_with_pymatgen() {
    let shells = lines("shells.csv");
    let values = lines("values.csv");
    let (labels, rows) = values.split_first().expect("header");
    let labels: Vec<_> = labels.split(',').collect();
    let expected: Vec<_> = motifs().iter().map(|motif| format!("{} CN_{}", motif.name, motif.coordination)).collect();
    assert_eq!(labels, expected);
    assert!(shells.len() >= 170 && rows.len() == shells.len());
    let mut shell = Shell::default();
    let mut wrong = Vec::new();
    for (line, row) in shells.iter().zip(rows) {
        let numbers: Vec<f64> = line.split(',').map(|field| field.parse().expect("number")).collect();
        let vectors: Vec<_> = numbers.chunks(3).map(|point| [point[0], point[1], point[2]]).collect();
        shell.set(vectors.into_iter().zip(0..));
        for ((motif, field), label) in motifs().iter().zip(row.split(',')).zip(&labels) {
            let value = motif.order_parameter.value(&shell);
            // An angle near 180 degrees keeps half of the digits of its cosine.
            let tolerance = if label.starts_with("bent") || numbers.len() == 6 { 2e-8 } else { 1e-10 };
            let agrees = match (value, field.parse::<f64>()) {
                (Some(value), Ok(expected)) => (value - expected).abs() <= tolerance,
                (value, _) => value.is_none() && field.is_empty(),
            };
            if !agrees {
                wrong.push(format!("{label} of {line}: {value:?}, pymatgen has \"{field}\""));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ, first:\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
}
