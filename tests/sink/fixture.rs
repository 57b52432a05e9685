//! A small run with every kind of column.

use std::path::Path;

use matsieve::candidate::{
    CandidateIndex, Column, Fault, FaultCode, FeatureGroup, FeatureType, Layout, Ledger, PredictionGroup, Predictions,
    QuarantinedRow, Ranking, Stage, StoredRows, Task,
};
use matsieve::sink::{Identity, Opened, RootAttributes, Store, StoreOptions, Summary};
use matsieve::units::Unit;

/// Regression and classification, two descriptors, two filters, two objectives.
pub fn layout() -> Layout {
    let unit = |text: &str| Unit::parse(text).expect("a known unit");
    Layout {
        structure_digests: false,
        features: vec![
            FeatureGroup {
                name: "stoichiometry".to_owned(),
                version: 2,
                parameters: serde_json::json!({ "p": [0, 2, 3] }),
                references: vec!["10.1038/npjcompumats.2016.28: definition".to_owned(), "second: line".to_owned()],
                columns: (0..3).map(|n| Column::new(format!("{n}-norm"), Unit::dimensionless())).collect(),
            },
            FeatureGroup {
                name: "density".to_owned(),
                version: 1,
                parameters: serde_json::json!({}),
                references: Vec::new(),
                columns: vec![Column::new("density", unit("g/cm^3"))],
            },
        ],
        feature_type: FeatureType::F64,
        predictions: vec![
            PredictionGroup {
                name: "gap".to_owned(),
                target: "gap expt".to_owned(),
                unit: unit("eV"),
                task: Task::Regression,
                model_sha256: "00ff".to_owned(),
                interval: 0.9,
                statistic: "median".to_owned(),
            },
            PredictionGroup {
                name: "metal".to_owned(),
                target: "is_metal".to_owned(),
                unit: Unit::dimensionless(),
                task: Task::Classification { classes: vec!["no".to_owned(), "yes".to_owned()] },
                model_sha256: "ff00".to_owned(),
                interval: 0.9,
                statistic: "class".to_owned(),
            },
        ],
        filters: vec!["neutral".to_owned(), "gap_window".to_owned()],
        objectives: vec![Column::new("gap.value", unit("eV")), Column::new("price", unit("USD/kg"))],
    }
}

/// Rows of these indices; every seventh index faults instead and every fifth has long or odd strings.
pub fn rows(range: std::ops::Range<u64>) -> (StoredRows, Vec<QuarantinedRow>, Ledger) {
    let mut rows = StoredRows {
        features: vec![Vec::new(); 2],
        predictions: vec![Predictions::default(), Predictions { num_classes: 2, ..Predictions::default() }],
        verdicts: vec![Vec::new(); 2],
        ..StoredRows::default()
    };
    let mut quarantine = Vec::new();
    for index in range.clone() {
        let x = index as f64;
        if index % 7 == 6 {
            let detail = format!("\"Xx{index}\": no element has the symbol Xx{}", "!".repeat((index % 300) as usize));
            quarantine.push(QuarantinedRow {
                index: CandidateIndex(index),
                id: format!("bad-{index}"),
                origin: format!("表.csv#{index}"),
                fault: Fault::new(Stage::Parse, FaultCode::UnknownElement, detail),
            });
            continue;
        }
        rows.index.push(index);
        rows.id.push(if index % 5 == 0 { format!("硅-{index}") } else { format!("mp-{index}") });
        rows.formula.push(if index % 11 == 0 { String::new() } else { format!("Fe{index}O3") });
        rows.origin.push(format!("space:demo#{index}{}", "x".repeat(if index % 50 == 1 { 200 } else { 0 })));
        rows.verdict.push((index % 3) as u8);
        rows.features[0].extend([x, if index % 4 == 0 { f64::NAN } else { -x }, x / 3.0]);
        rows.features[1].push(x * 1e-300);
        let predictions = &mut rows.predictions[0];
        predictions.value.push(x.sqrt());
        predictions.std.push(0.5);
        predictions.lower.push(x - 1.0);
        predictions.upper.push(x + 1.0);
        predictions.domain_distance.push(x / 100.0);
        predictions.in_domain.push(u8::from(index % 2 == 0));
        let predictions = &mut rows.predictions[1];
        predictions.value.push((index % 2) as f64);
        predictions.std.push(0.1);
        predictions.lower.push(0.2);
        predictions.upper.push(0.3);
        predictions.domain_distance.push(0.4);
        predictions.in_domain.push(1);
        predictions.probability.extend([1.0 / (x + 1.0), 1.0 - 1.0 / (x + 1.0)]);
        rows.verdicts[0].push((index % 4) as u8);
        rows.verdicts[1].push(0);
        rows.objectives.extend([x.sqrt(), 100.0 - x]);
    }
    let mut ledger = Ledger::new([("parse", "formula"), ("filter", "neutral")]);
    let (kept, faulted) = (rows.len() as u64, quarantine.len() as u64);
    ledger.rules[0].input = kept + faulted;
    ledger.rules[0].faulted = faulted;
    ledger.rules[0].kept = kept;
    ledger.rules[1].input = kept;
    ledger.rules[1].kept = kept;
    (rows, quarantine, ledger)
}

pub fn identity(plan: &str) -> Identity {
    let mut parts = serde_json::Map::new();
    parts.insert("plan".to_owned(), plan.into());
    Identity { fingerprint: format!("fingerprint of {plan}"), parts }
}

pub fn root() -> RootAttributes {
    RootAttributes {
        software_name: "matsieve".to_owned(),
        software_version: "0.1.0".to_owned(),
        run_uuid: "5c3ef6f4-8ff8-4aa0-a6f4-0d9a10ab7ed5".to_owned(),
        created: "2026-11-23T20:00:00Z".to_owned(),
    }
}

pub fn ranking(indices: &[u64]) -> Ranking {
    Ranking {
        index: indices.to_vec(),
        score: indices.iter().map(|&index| -(index as f64)).collect(),
        front: indices.iter().map(|_| 1).collect(),
        objectives: layout().objectives,
        values: indices.iter().flat_map(|&index| [(index as f64).sqrt(), 100.0 - index as f64]).collect(),
        parameters: serde_json::json!({ "method": "pareto" }),
        duplicates: None,
    }
}

pub fn documents() -> Vec<(&'static str, String)> {
    vec![
        ("plan", "[source]\ncsv = \"表.csv\"\n".to_owned()),
        ("product", "{\"name\":\"matsieve\"}".to_owned()),
        ("run", "{\"threads\":2}".to_owned()),
    ]
}

/// Takes a fresh or resumed store; the index to go on from.
pub fn store(opened: Opened) -> (Store, u64) {
    match opened {
        Opened::Complete => panic!("complete already"),
        Opened::Fresh(store) => (store, 0),
        Opened::Resumed(store, progress) => (store, progress.next_index),
    }
}

pub fn open(out: &Path, options: StoreOptions) -> (Store, u64) {
    store(Store::open(out, layout(), identity("a"), options).expect("a store"))
}

/// Appends `from..to` in batches.
pub fn append(store: &mut Store, from: u64, to: u64, batch: u64) {
    let mut start = from;
    while start < to {
        let end = (start + batch).min(to);
        let (rows, quarantine, ledger) = rows(start..end);
        store.append(&rows, &quarantine, start..end, &ledger).expect("rows that fit");
        start = end;
    }
}

pub fn finish(store: Store, to: u64) -> Summary {
    let ledger = rows(0..to).2;
    store.finish(&ledger, Some(&ranking(&[4, 0, 9])), &documents(), &root()).expect("a result")
}

/// A whole run.
pub fn run(out: &Path, to: u64, batch: u64, options: StoreOptions) -> Summary {
    let (mut store, next) = open(out, options);
    append(&mut store, next, to, batch);
    finish(store, to)
}
