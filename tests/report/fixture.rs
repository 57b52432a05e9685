//! A small result file as a screen writes it: a Pareto ranking, two surrogates, quarantine, and hostile strings everywhere.

use std::path::Path;
use std::sync::Arc;

use matsieve::candidate::{
    CandidateIndex, Column, ColumnRef, Fault, FaultCode, FeatureGroup, Layout, Ledger, PredictionGroup, Predictions,
    QuarantinedRow, Stage, StoredRows, Task,
};
use matsieve::rank::{RankPlan, RankSpec, Ranker};
use matsieve::sink::{Identity, Opened, RootAttributes, Store, StoreOptions};
use matsieve::units::Unit;

/// Text that must never reach the page as markup.
pub const HOSTILE: &str = "<script>alert(\"1\")</script>&'";

pub const ROWS: u64 = 4000;

const PLAN: &str = r#"[screen]
title = "Lead-free absorbers <b>for solar cells</b>"

[source]
space = { elements = ["Cs", "Ag", "Bi", "Sn", "Cl", "Br", "I"], num_elements = "3-4", max_amount = 6 }

[[descriptor]]
preset = "composition-core"

[[surrogate]]
model = "models/expt_gap.msm"
as = "gap"

[[filter]]
name = "charge_neutral"
oxidation_states = "icsd24"

[[filter]]
name = "window"
column = "gap.value"
above = "0.9 eV"
below = "2.0 eV"

[rank]
method = "pareto"
by = [{ column = "gap.value", target = "1.34 eV" }, { column = "policy.price", direction = "min" }]
"#;

/// A number in 0..1 from a position and a purpose.
fn noise(index: u64, purpose: u64) -> f64 {
    let mut z = (index * 7 + purpose).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn unit(text: &str) -> Unit {
    Unit::parse(text).expect("a unit")
}

pub fn plan() -> Arc<RankPlan> {
    let table = serde_json::json!({
        "method": "pareto", "fronts": 3, "keep": 400,
        "by": [{"column": "gap.value", "target": "1.34 eV"}, {"column": "policy.price", "direction": "min"}],
    });
    let resolver = |name: &str| match name {
        "gap.value" => Ok((ColumnRef::Feature(0), unit("eV"))),
        _ => Ok((ColumnRef::Feature(1), unit("USD/kg"))),
    };
    Arc::new(RankSpec::read(&table).expect("a table").resolve(&resolver).expect("a plan"))
}

fn layout() -> Layout {
    let features = FeatureGroup {
        name: "stoichiometry".into(),
        version: 1,
        parameters: serde_json::json!({}),
        references: vec!["10.1038/npjcompumats.2016.28: norms of the fractions <i>".into()],
        columns: vec![Column::new("0-norm", unit("1")), Column::new(HOSTILE, unit("1"))],
    };
    let group = |name: &str, unit: Unit, task: Task| PredictionGroup {
        name: name.into(),
        target: "gap expt".into(),
        unit,
        task,
        model_sha256: "ab".repeat(32),
        interval: 0.9,
        statistic: "median".into(),
    };
    Layout {
        structure_digests: false,
        features: vec![features],
        predictions: vec![
            group("gap", unit("eV"), Task::Regression),
            group("metal", unit("1"), Task::Classification { classes: vec!["no".into(), "yes <".into()] }),
        ],
        filters: vec!["charge_neutral".into(), "window".into()],
        objectives: plan().columns().to_vec(),
        ..Layout::default()
    }
}

fn rows() -> StoredRows {
    let mut rows = StoredRows { features: vec![Vec::new()], verdicts: vec![Vec::new(); 2], ..StoredRows::default() };
    let (mut gap, mut metal) = (Predictions::default(), Predictions { num_classes: 2, ..Predictions::default() });
    let elements = ["Cs", "Ag", "Bi", "Sn", "Cl", "Br", "I"];
    for i in 0..ROWS {
        let pick = |purpose: u64| elements[(noise(i, purpose) * 7.0) as usize];
        let formula = format!("{}2{}{}{}6", pick(1), pick(2), pick(3), pick(4));
        rows.index.push(3 * i + 5);
        rows.id.push(if i == 17 { HOSTILE.into() } else { format!("space-{i}") });
        rows.formula.push(if i % 500 == 3 { HOSTILE.into() } else { formula });
        rows.origin.push(format!("space:absorbers#{i}"));
        rows.verdict.push(0);
        rows.features[0].extend([4.0, noise(i, 5)]);
        rows.verdicts[0].push(0);
        rows.verdicts[1].push((i % 9 == 0) as u8 * 2);
        let value = 0.9 + 1.1 * (noise(i, 6) + noise(i, 7)) / 2.0;
        let price = 2.0 + 900.0 * noise(i, 8) * noise(i, 9) * noise(i, 10) * (0.3 + (value - 1.2).abs());
        let spread = 0.15 + 0.3 * noise(i, 11);
        gap.value.push(value);
        gap.std.push(spread);
        gap.lower.push(value - 1.6 * spread);
        gap.upper.push(value + 1.7 * spread);
        gap.domain_distance.push(0.4 + noise(i, 12));
        gap.in_domain.push((noise(i, 12) < 0.6) as u8);
        let p = noise(i, 13) * 0.4;
        metal.value.push(0.0);
        metal.std.push(0.1);
        metal.lower.push(0.0);
        metal.upper.push(p + 0.1);
        metal.domain_distance.push(0.5);
        metal.in_domain.push(1);
        metal.probability.extend([1.0 - p, p]);
        rows.objectives.extend([value, if i % 100 == 99 { f64::NAN } else { price }]);
    }
    rows.predictions = vec![gap, metal];
    rows
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::new([("parse", "formula"), ("filter", "charge_neutral"), ("filter", HOSTILE)]);
    let counts = [(12_005, 12_000, 0, 0, 5), (12_000, 6000, 5500, 500, 0), (6000, ROWS, 2000, 0, 0)];
    for (rule, count) in ledger.rules.iter_mut().zip(counts) {
        (rule.input, rule.kept, rule.rejected, rule.undecided, rule.faulted) = count;
    }
    ledger
}

fn card() -> serde_json::Value {
    let truth: Vec<f64> = (0..400).map(|i| noise(i, 20) * 4.0).collect();
    let predicted: Vec<f64> = truth.iter().enumerate().map(|(i, x)| (x + noise(i as u64, 21) - 0.5).max(0.0)).collect();
    serde_json::json!([{"as": "gap", "sha256": "ab".repeat(32), "card": {
        "name": HOSTILE, "target": {"column": {"label": "gap expt", "unit": "eV"}},
        "training": {"name": "expt_gap", "rows": 4604,
            "provenance": {"source": HOSTILE, "licence": "MIT", "commercial_use": "yes"}},
        "recipe": {"name": "quick", "seed": 0, "split": "5 folds by formula"},
        "members": [{"spec": {"kind": "extra_trees"}}, {"spec": {"kind": "boosting"}}],
        "scores": {"mae": 0.4, "rmse": 0.71, "r2": 0.74, "coverage_90": 0.902},
        "baseline": {"mae": 1.14, "rmse": 1.6},
        "parity": {"truth": truth, "predicted": predicted, "std": []},
        "calibration_curve": [[0.5, 0.51], [0.68, 0.67], [0.9, 0.902], [0.95, 0.948]],
    }}])
}

/// Writes the result.
pub fn write(path: &Path) {
    let identity = Identity { fingerprint: "f".into(), parts: serde_json::Map::new() };
    let opened = Store::open(path, layout(), identity, StoreOptions { force: true, ..StoreOptions::default() });
    let Ok(Opened::Fresh(mut store)) = opened else { panic!("a fresh store") };
    let rows = rows();
    let quarantine: Vec<QuarantinedRow> = (0..5)
        .map(|i| QuarantinedRow {
            index: CandidateIndex(i),
            id: HOSTILE.into(),
            origin: format!("{HOSTILE}.csv#{i}"),
            fault: Fault::new(Stage::Parse, FaultCode::UnknownElement, format!("{HOSTILE} is no element")),
        })
        .collect();
    store.append(&rows, &quarantine, 0..12_005, &ledger()).expect("rows that fit");
    let mut ranker = Ranker::new(plan());
    for (row, &index) in rows.index.iter().enumerate() {
        ranker.offer(index, &rows.objectives[2 * row..2 * row + 2]).expect("a bounded front");
    }
    let ranking = ranker.finish().expect("a ranking");
    let documents = [
        ("plan", PLAN.to_owned()),
        ("product", serde_json::json!({"name": "matsieve", "version": "0.1.0"}).to_string()),
        ("inputs", serde_json::json!([{"path": HOSTILE, "sha256": "cd".repeat(32), "bytes": 1234}]).to_string()),
        (
            "tables",
            serde_json::json!([{"name": "icsd24", "version": "1", "licence": "MIT", "sha256": "ef".repeat(32)}])
                .to_string(),
        ),
        ("models", card().to_string()),
    ];
    let root = RootAttributes {
        software_name: "matsieve".into(),
        software_version: "0.1.0 (0123abc)".into(),
        run_uuid: "6f1c2c0e-0000-4000-8000-000000000000".into(),
        created: "2026-11-23T20:00:00Z".into(),
    };
    store.finish(&ledger(), Some(&ranking), &documents, &root).expect("a result");
}
