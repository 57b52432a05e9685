//! Imported models against the libraries they come from: `tests/golden/import/make.py` made models and predictions.

use std::path::{Path, PathBuf};

use matsieve::candidate::{Column, Predictions, Rows};
use matsieve::surrogate::card::Provenance;
use matsieve::surrogate::import::{
    Answer, Brought, Expected, Foreign, ImportRequest, Imported, Link, import, read_bytes,
};
use matsieve::surrogate::{Model, Surrogate};
use matsieve::units::Unit;
use serde::Deserialize;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/import")
}

#[derive(Deserialize)]
struct Golden {
    rows: Vec<Vec<Option<f64>>>,
    raw: Vec<f64>,
    prediction: Vec<f64>,
}

struct Case {
    name: String,
    bytes: Vec<u8>,
    golden: Golden,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = std::fs::read_dir(folder())
        .expect("folder")
        .filter_map(|entry| {
            let path = entry.expect("entry").path();
            let file = path.file_name()?.to_str()?.to_owned();
            let name =
                file.strip_suffix(".model.json").or(file.strip_suffix(".model.ubj")).or(file.strip_suffix(".txt"))?;
            let golden = std::fs::read(folder().join(format!("{name}.json"))).expect("expectations");
            Some(Case {
                name: name.to_owned(),
                bytes: std::fs::read(&path).expect("model"),
                golden: serde_json::from_slice(&golden).expect("expectations"),
            })
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(cases.len() > 35, "found {}", cases.len());
    cases
}

impl Case {
    fn foreign(&self) -> Foreign {
        read_bytes(&self.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Rows with the features in use only.
    fn matrix(&self, used: &[usize]) -> Vec<f64> {
        let cell = |row: &Vec<Option<f64>>, feature: usize| row[feature].unwrap_or(f64::NAN);
        self.golden.rows.iter().flat_map(|row| used.iter().map(move |&feature| cell(row, feature))).collect()
    }
}

fn places(count: usize) -> Vec<usize> {
    (0..count).collect()
}

fn predict(imported: &Imported, values: &[f64], rows: &[usize]) -> Vec<f64> {
    let width = imported.width();
    let mut out = vec![0.0; rows.len()];
    imported.predict(Rows::new(values, width, rows, &places(width)), &mut out);
    out
}

fn model(case: &Case, expected: Option<Expected>) -> Model {
    let foreign = case.foreign();
    let (imported, used) = Imported::fit(&foreign).expect("fits");
    let request = ImportRequest {
        name: case.name.clone(),
        target: Column::new("y", Unit::dimensionless()),
        classification: None,
        classes: None,
        columns: used.iter().map(|feature| Column::new(format!("x{feature}"), Unit::dimensionless())).collect(),
        descriptors: Vec::new(),
        provenance: Provenance::default(),
        file: case.name.clone(),
        sha256: String::new(),
        expected,
    };
    import(&foreign.about(), Brought::Trees(Box::new(imported)), &used, request)
        .unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

/// Distance in units of the last place, of numbers of equal sign.
fn ulps(a: f64, b: f64) -> u64 {
    a.to_bits().abs_diff(b.to_bits())
}

#[test]
fn sums_are_those_of_the_library_to_the_last_bit() {
    for case in cases() {
        let (imported, used) = Imported::fit(&case.foreign()).expect("fits");
        let (values, rows) = (case.matrix(&used), places(case.golden.rows.len()));
        let mut sums = vec![0.0; rows.len()];
        imported.sums(Rows::new(&values, used.len(), &rows, &places(used.len())), &mut sums);
        let output = &imported.spec().output;
        for (row, (sum, expected)) in sums.into_iter().zip(&case.golden.raw).enumerate() {
            // What each library calls raw: CatBoost scales first, means of scikit-learn are means, LightGBM's are sums.
            let sum = match case.name.split('-').next() {
                Some("catboost") => output.scale * sum + output.bias,
                Some("sklearn") => sum / f64::from(output.divide),
                _ => sum,
            };
            assert_eq!(sum, *expected, "{} row {row}: {:?}", case.name, case.golden.rows[row]);
        }
    }
}

#[test]
fn predictions_are_those_of_the_library_up_to_the_last_bits_of_its_exponential() {
    for case in cases() {
        let (imported, used) = Imported::fit(&case.foreign()).expect("fits");
        let (values, rows) = (case.matrix(&used), places(case.golden.rows.len()));
        // XGBoost's exponentials are rounded to f32 from f64. Others differ: ours is that of the libm crate, theirs that of the
        // C library, and CatBoost has one of its own.
        let allowed = match (imported.spec().output.link, case.name.split('-').next()) {
            (Link::Identity | Link::SignedSquare, _) | (_, Some("xgboost")) => 0,
            (_, Some("catboost")) => 4,
            _ => 2,
        };
        let found = predict(&imported, &values, &rows);
        let distances = found.iter().zip(&case.golden.prediction).map(|(found, expected)| ulps(*found, *expected));
        let (row, most) = distances.enumerate().max_by_key(|(_, distance)| *distance).expect("rows");
        if most > 0 {
            println!("{}: up to {most} units in the last place", case.name);
        }
        assert!(most <= allowed, "{} row {row}: {}, off by {most} units in the last place", case.name, found[row]);
    }
}

#[test]
fn a_row_is_predicted_alike_alone_in_any_order_and_in_large_blocks() {
    for case in cases() {
        let (imported, used) = Imported::fit(&case.foreign()).expect("fits");
        let values = case.matrix(&used);
        let rows = places(case.golden.rows.len());
        let together = predict(&imported, &values, &rows);
        // More rows than any block has, in another order.
        let many: Vec<usize> = (0..10_000).map(|i| (i * 7919) % rows.len()).collect();
        for (&row, found) in many.iter().zip(predict(&imported, &values, &many)) {
            assert_eq!(found.to_bits(), together[row].to_bits(), "{} row {row}", case.name);
        }
        for &row in &rows {
            assert_eq!(predict(&imported, &values, &[row])[0].to_bits(), together[row].to_bits(), "{}", case.name);
        }
    }
}

#[test]
fn a_stored_model_predicts_the_same_and_says_that_nothing_is_known_of_its_errors() {
    for case in cases() {
        let made = model(&case, None);
        let bytes = made.to_bytes().expect("bytes");
        let read = Model::from_bytes(&bytes).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_eq!(read.to_bytes().expect("bytes"), bytes, "{}", case.name);
        let (imported, used) = Imported::fit(&case.foreign()).expect("fits");
        let (values, rows) = (case.matrix(&used), places(case.golden.rows.len()));
        let mut out = Predictions::default();
        read.predict(Rows::new(&values, used.len(), &rows, &places(used.len())), &mut out);
        for (row, expected) in predict(&imported, &values, &rows).into_iter().enumerate() {
            match case.foreign().answer {
                Answer::Number => assert_eq!(out.value[row].to_bits(), expected.to_bits(), "{}", case.name),
                Answer::Probability(_) => {
                    assert_eq!(out.probability[2 * row + 1].to_bits(), expected.to_bits(), "{}", case.name);
                    assert_eq!(out.value[row], f64::from(u8::from(expected >= 0.5)));
                }
            }
            assert!(out.std[row].is_nan() && out.lower[row].is_nan() && out.domain_distance[row].is_nan());
            assert_eq!(out.in_domain[row], 0);
        }
    }
}

#[test]
fn expectations_are_checked_and_become_the_self_check() {
    let case = cases().into_iter().find(|case| case.name == "xgboost-regression").expect("there");
    let used = Imported::fit(&case.foreign()).expect("fits").1;
    let expected = Expected { inputs: case.matrix(&used), predictions: case.golden.prediction.clone() };
    let made = model(&case, Some(expected.clone()));
    let check = made.card().import.as_ref().and_then(|import| import.check.clone()).expect("checked");
    assert_eq!((check.rows, check.identical, check.largest_difference), (case.golden.rows.len(), check.rows, 0.0));
    assert_eq!(made.card().self_check_vectors, 32);
    let mut wrong = expected;
    wrong.predictions[3] += 0.01;
    let foreign = case.foreign();
    let (imported, _) = Imported::fit(&foreign).expect("fits");
    let error = matsieve::surrogate::import::compare(&Brought::Trees(Box::new(imported)), &wrong)
        .expect_err("differs")
        .to_string();
    assert!(error.starts_with("row 3 of the check"), "{error}");
}

#[test]
fn every_truncation_is_an_error_and_no_damage_panics() {
    for case in cases() {
        // The last bytes are white space, or tables that say nothing of the trees.
        let end = match case.bytes.windows(12).position(|window| window == b"end of trees") {
            Some(end) => end,
            None => case.bytes.trim_ascii_end().len() - 1,
        };
        for length in (0..end).step_by(97).chain([end]) {
            assert!(read_bytes(&case.bytes[..length]).is_err(), "{} cut to {length} bytes", case.name);
        }
        let mut state = 1_u64;
        for _ in 0..200 {
            let mut bytes = case.bytes.clone();
            for _ in 0..2 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let place = (state >> 33) as usize % bytes.len();
                bytes[place] = b"0123456789-.,[]{}\":eNa \n\xff\x00"[(state >> 20) as usize % 26];
            }
            if let Ok(foreign) = read_bytes(&bytes)
                && let Ok((imported, used)) = Imported::fit(&foreign)
            {
                predict(&imported, &vec![0.5; used.len()], &[0]);
            }
        }
    }
}
