//! What goes in comes out.

use matsieve::candidate::FeatureType;
use matsieve::sink::{ResultFile, Store, StoreOptions, StoreRows, verify};

use crate::fixture;

fn assert_same(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
}

#[test]
fn every_column_comes_back_as_it_went_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let summary = fixture::run(&out, 1000, 100, StoreOptions::default());
    let (expected, quarantine, ledger) = fixture::rows(0..1000);
    assert_eq!(summary.rows, expected.len() as u64);
    let result = ResultFile::open(&out).expect("a result");
    assert_eq!(*result.layout(), fixture::layout());
    let found = result.rows(0..result.num_rows()).expect("rows");
    assert_eq!(found.index, expected.index);
    assert_eq!(found.id, expected.id);
    assert_eq!(found.formula, expected.formula);
    assert_eq!(found.origin, expected.origin);
    assert_eq!(found.verdict, expected.verdict);
    for (found, expected) in found.features.iter().zip(&expected.features) {
        assert_same(found, expected);
    }
    assert_eq!(found.predictions, expected.predictions);
    assert_eq!(found.verdicts, expected.verdicts);
    assert_same(&found.objectives, &expected.objectives);
    assert_eq!(result.ledger().expect("ledger"), ledger);
    assert_eq!(result.ranking().expect("ranking"), Some(fixture::ranking(&[4, 0, 9])));
    assert_eq!(result.document("plan").expect("plan"), fixture::documents()[0].1);
    let faults = result.quarantine(0..quarantine.len()).expect("quarantine");
    assert_eq!(faults.len() as u64, summary.quarantined);
    for (found, expected) in faults.iter().zip(&quarantine) {
        assert_eq!(found.index, expected.index.0);
        assert_eq!(found.id, expected.id);
        assert_eq!(found.origin, expected.origin);
        assert_eq!(found.code, expected.fault.code.name());
        assert_eq!(found.detail, expected.fault.detail);
    }
    assert_eq!(result.attribute("run_uuid"), Some(fixture::root().run_uuid.as_str()));
    assert!(!folder.path().join("r.h5.parts").exists());
}

#[test]
fn rows_and_columns_are_found_by_name_index_and_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fixture::run(&out, 200, 64, StoreOptions::default());
    let result = ResultFile::open(&out).expect("a result");
    let (expected, ..) = fixture::rows(0..200);
    assert_eq!(result.find_index(9).expect("search"), Some(8));
    assert_eq!(result.find_index(6).expect("search"), None);
    assert_eq!(result.find_id("硅-10").expect("search"), [9]);
    assert_eq!(result.rows_at(&[9, 2, 3]).expect("rows").index, [10, 2, 3]);
    let gap = result.numeric_column("gap.value", 0..result.num_rows()).expect("column");
    assert_same(&gap, &expected.predictions[0].value);
    let third = result.numeric_column("2-norm", 5..8).expect("column");
    assert_same(&third, &[5.0 / 3.0, 7.0 / 3.0, 8.0 / 3.0]);
    let class = result.numeric_column("metal.probability.yes", 0..2).expect("column");
    assert_same(&class, &[0.0, 0.5]);
    let error = result.numeric_column("gap.valu", 0..1).expect_err("no such column").to_string();
    assert!(error.contains("did you mean \"gap.value\""), "{error}");
}

#[test]
fn digest_does_not_depend_on_batches_segments_compression_or_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut digests = Vec::new();
    for (number, (batch, segment_bytes, compression, threads)) in
        [(3000, 64 << 20, None, 1), (7, 20_000, None, 1), (1000, 1, Some(4), 2), (1, 300_000, Some(12), 3)]
            .into_iter()
            .enumerate()
    {
        let out = folder.path().join(format!("{number}.h5"));
        let options = StoreOptions { segment_bytes, compression, threads, ..StoreOptions::default() };
        digests.push(fixture::run(&out, 3000, batch, options).digest);
        let report = verify(&out).expect("a result");
        assert!(report.is_intact(), "{:?}", report.failures().collect::<Vec<_>>());
        assert_eq!(report.digest, digests[number]);
    }
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn other_content_has_another_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let a = fixture::run(&folder.path().join("a.h5"), 100, 10, StoreOptions::default());
    let b = fixture::run(&folder.path().join("b.h5"), 101, 10, StoreOptions::default());
    assert_ne!(a.digest, b.digest);
}

#[test]
fn f32_features_are_rounded_to_nearest() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let layout = matsieve::candidate::Layout { feature_type: FeatureType::F32, ..fixture::layout() };
    let opened = Store::open(&out, layout, fixture::identity("a"), StoreOptions::default()).expect("a store");
    let (mut store, _) = fixture::store(opened);
    fixture::append(&mut store, 0, 50, 20);
    fixture::finish(store, 50);
    let result = ResultFile::open(&out).expect("a result");
    let column = result.numeric_column("stoichiometry.2-norm", 1..2).expect("column");
    assert_eq!(column, [f64::from((1.0_f64 / 3.0) as f32)]);
    assert_eq!(result.layout().feature_type, FeatureType::F32);
}

#[test]
fn ranked_store_holds_the_ranked_rows_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let prune = |index: &[u64], objectives: &[f64]| {
        assert_eq!(objectives.len(), index.len() * 2);
        (0..index.len()).filter(|&row| index[row] < 20).collect()
    };
    let options = StoreOptions {
        rows: StoreRows::Ranked,
        prune: Some(Box::new(prune)),
        segment_bytes: 30_000,
        ..StoreOptions::default()
    };
    let (mut store, _) = fixture::open(&out, options);
    fixture::append(&mut store, 0, 2000, 50);
    let mut seen = Vec::new();
    store
        .objectives(&mut |index, values| {
            assert_eq!(values.len(), index.len() * 2);
            seen.extend_from_slice(index);
        })
        .expect("objectives");
    assert!(seen.starts_with(&[0, 1, 2, 3, 4, 5, 7]) && seen.is_sorted());
    let summary = fixture::finish(store, 2000);
    assert_eq!(summary.rows, 3);
    assert_eq!(ResultFile::open(&out).expect("a result").index().expect("index"), [0, 4, 9]);
    assert!(verify(&out).expect("a result").is_intact());
}

#[test]
fn a_run_without_rows_is_a_result() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let opened = Store::open(&out, fixture::layout(), fixture::identity("a"), StoreOptions::default());
    let (store, _) = fixture::store(opened.expect("a store"));
    let ledger = matsieve::candidate::Ledger::new([("parse", "formula")]);
    let summary = store.finish(&ledger, None, &[], &fixture::root()).expect("a result");
    assert_eq!(summary.rows, 0);
    let report = verify(&out).expect("a result");
    assert!(report.is_intact(), "{:?}", report.failures().collect::<Vec<_>>());
    assert_eq!(ResultFile::open(&out).expect("a result").rows(0..0).expect("rows").len(), 0);
}
