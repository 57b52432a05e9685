//! Networks in ONNX files against ONNX Runtime and the libraries that trained them: `tests/golden/onnx/make.py` made models and
//! predictions. Needs the runtime's library, named by `ORT_DYLIB_PATH` (scripts/test.sh fetches it); without it, says so.
#![cfg(feature = "onnx")]

mod support;

use std::path::{Path, PathBuf};

use matsieve::candidate::Rows;
use matsieve::surrogate::import::{About, Answer, ImportError};
use matsieve::surrogate::onnx::{Onnx, OnnxRequest};
use serde::Deserialize;
use support::Workplace;

#[derive(Deserialize)]
struct Golden {
    rows: Vec<Vec<f64>>,
    library: Vec<f64>,
    runtime: Vec<f64>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/onnx").join(name)
}

fn golden(name: &str) -> Golden {
    let text = std::fs::read(file(&format!("{name}.json"))).expect("expectations");
    serde_json::from_slice(&text).expect("expectations")
}

fn open(name: &str, request: &OnnxRequest) -> Result<(Onnx, About), ImportError> {
    Onnx::read(std::fs::read(file(&format!("{name}.onnx"))).expect("a model"), request)
}

fn has_runtime() -> bool {
    let named = std::env::var_os("ORT_DYLIB_PATH").is_some_and(|path| !path.is_empty());
    if !named {
        eprintln!("skipped: ORT_DYLIB_PATH names no ONNX Runtime");
    }
    named
}

fn predict(network: &Onnx, values: &[f64], rows: &[usize]) -> Vec<f64> {
    let columns: Vec<usize> = (0..network.width()).collect();
    let mut out = vec![0.0; rows.len()];
    network.predict(Rows::new(values, network.width(), rows, &columns), &mut out);
    out
}

#[test]
fn predictions_are_those_of_the_runtime_to_the_last_bit_in_any_order() {
    if !has_runtime() {
        return;
    }
    let second = OnnxRequest { output: None, column: Some(1) };
    for (name, request) in [
        ("regression", OnnxRequest::default()),
        ("two-targets", second),
        ("binary", OnnxRequest::default()),
        ("columns", OnnxRequest::default()),
        ("named", OnnxRequest::default()),
    ] {
        let (network, about) = open(name, &request).unwrap_or_else(|error| panic!("{name}: {error}"));
        let golden = golden(name);
        let values = golden.rows.concat();
        let all: Vec<usize> = (0..golden.rows.len()).collect();
        let found = predict(&network, &values, &all);
        assert_eq!(found, golden.runtime, "{name}");
        let scale = golden.library.iter().fold(0.0, |scale: f64, x| scale.max(x.abs()));
        for (found, expected) in found.iter().zip(&golden.library) {
            assert!((found - expected).abs() <= 1e-6 * scale, "{name}: {found} {expected}");
        }
        assert_eq!(about.answer == Answer::Probability(None), name == "binary");
        let backwards: Vec<usize> = all.iter().rev().copied().collect();
        let mut again: Vec<f64> = backwards.chunks(7).flat_map(|rows| predict(&network, &values, rows)).collect();
        again.reverse();
        assert_eq!(again, found, "{name}");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(predict(&network, &values, &all), found));
            }
        });
    }
}

#[test]
fn graphs_that_are_no_model_of_features_are_refused_with_a_way_out() {
    if !has_runtime() {
        return;
    }
    let message = |name: &str, request: &OnnxRequest| match open(name, request) {
        Err(error) => format!("{error}; {}", error.hint().unwrap_or_default()),
        Ok(_) => panic!("{name} is accepted"),
    };
    assert!(message("two-targets", &OnnxRequest::default()).contains("--graph-column"));
    let third = OnnxRequest { output: None, column: Some(2) };
    assert!(message("two-targets", &third).contains("which has 2"));
    assert!(message("binary-zipmap", &OnnxRequest::default()).contains("zipmap"));
    let unknown = OnnxRequest { output: Some("z".into()), column: None };
    assert!(message("regression", &unknown).contains("\"variable\" (float [1, 1])"));
    let bytes = std::fs::read(file("regression.onnx")).expect("a model");
    for length in (2..bytes.len()).step_by(61) {
        assert!(Onnx::read(bytes[..length].to_vec(), &OnnxRequest::default()).is_err(), "cut to {length} bytes");
    }
}

#[test]
fn a_network_is_imported_checked_calibrated_and_ranks_a_screen() {
    if !has_runtime() {
        return;
    }
    let work = Workplace::new();
    let named = file("named.onnx");
    let model = named.to_str().expect("UTF-8");
    let golden = golden("named");
    let mut check = String::from("MagpieData mean Number,MagpieData range Electronegativity,prediction\n");
    for (row, prediction) in golden.rows.iter().zip(&golden.library) {
        check += &format!("{},{},{prediction}\n", row[0], row[1]);
    }
    work.write("check.csv", check);
    let mut held = String::from("formula,y\n");
    for (number, metal) in ["Fe", "Ti", "V", "Ca", "Zn", "Cu", "Ni", "Co", "Mn", "Cr"].iter().enumerate() {
        for amount in 1..=6 {
            held += &format!("{metal}{amount}O3,{}\n", 0.1 * (number + amount) as f64);
        }
    }
    work.write("held.csv", held);
    let import = ["model", "import", model, "-o", "m.msm", "--target", "y", "--unit", "eV", "--check", "check.csv"];
    work.run(&[&import[..], &["--calibrate", "held.csv"]].concat()).expect(0);
    let card = work.run(&["model", "card", "m.msm"]).expect(0).stdout();
    for line in ["ONNX from named.onnx", "of 40 predictions", "2 of magpie", "on held.csv, 60 rows"] {
        assert!(card.contains(line), "{line}: {card}");
    }
    work.run(&["model", "check", "m.msm"]).expect(0);
    work.write("c.csv", "formula\nFe2O3\nLi\nFe\nTiO2\n");
    let plan = "[source]\ninput = 'c.csv'\n[[surrogate]]\nmodel = 'm.msm'\nas = 'y'\n\
         [rank]\nby = [{ column = 'y.value', direction = 'max' }]\nkeep = 5\n";
    work.write("plan.toml", plan);
    let digest = |threads: &str, output: &str| {
        work.run(&["screen", "plan.toml", "-o", output, "--threads", threads]).expect(0);
        let told = work.run(&["verify", output, "--json"]).expect(0).stdout();
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        told[0]["digest"].as_str().expect("a digest").to_owned()
    };
    assert_eq!(digest("1", "one.h5"), digest("2", "two.h5"));
    // Without the runtime the model says what is missing.
    let mut command = work.command(&["model", "check", "m.msm"]);
    let ran = support::Ran(command.env("ORT_DYLIB_PATH", "/nowhere.so").output().expect("the program starts"));
    let told = ran.expect(4).stderr();
    assert!(told.contains("ONNX Runtime cannot be loaded") && told.contains("docs/import.md"), "{told}");
}
