//! `matsieve selftest`: known answers on this machine, in seconds and without a network.

use std::io::Write;

use serde_json::{Value, json};

use crate::candidate::{Candidate, CandidateIndex, CandidateKind};
use crate::chem::table::tables;
use crate::chem::{parse_formula, table::sha256_hex};
use crate::descriptor::{self, Scratch};
use crate::screen::{Ending, Plan, Resources, RunOptions, Screen, run};
use crate::sink::verify;

use super::{CliError, Context, Exit};

/// Checks known answers on this machine: formulas, descriptors, tables, and a screen written and verified.
#[derive(clap::Args, Debug)]
pub struct SelftestArgs {
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// Formula, descriptor, column, value of matminer 0.10.1 with pymatgen-core 2026.10.16.
const ANSWERS: &[(&str, &str, &str, f64)] = &[
    ("Fe2O3", "magpie", "MagpieData mean Number", 15.2),
    ("Fe2O3", "magpie", "MagpieData avg_dev Number", 8.64),
    ("Fe2O3", "magpie", "MagpieData range MendeleevNumber", 32.0),
    ("Fe2O3", "magpie", "MagpieData mean MeltingT", 757.28),
    ("Fe2O3", "stoichiometry", "2-norm", 0.721_110_255_092_797_8),
    ("Fe2O3", "ion_property", "max ionic char", 0.476_922_164_0),
    ("LiFePO4", "ion_property", "avg ionic char", 0.139_259_574_6),
    ("LiFePO4", "band_center", "band center", 5.796_918_050_9),
    ("CoCrFeMnNi", "yang_solid_solution", "Yang omega", 5.793_658_001_8),
    ("CoCrFeMnNi", "miedema", "Miedema_deltaH_inter", -0.159_801_674_4),
    ("Fe2O3", "oxidation_states", "range oxidation state", 5.0),
];

/// A screen that touches every stage, and what it must count.
const PLAN: &str = r#"
[source]
space = { elements = ["Na", "Ti", "Fe", "O", "F"], num_elements = "2-3", max_amount = 4 }
[[filter]]
name = "charge_neutral"
oxidation_states = "icsd24"
[[descriptor]]
name = "magpie"
[rank]
by = [{ column = "MagpieData mean Number", direction = "min" }]
keep = 10
"#;

struct Check {
    name: String,
    failure: Option<String>,
}

/// Runs the verb.
///
/// # Errors
/// The temporary folder cannot be written.
pub fn run_selftest(args: &SelftestArgs, context: &Context) -> Result<Exit, CliError> {
    let mut checks: Vec<Check> = ANSWERS.iter().map(|answer| check("value", answer_of(answer))).collect();
    for (check, (formula, _, column, _)) in checks.iter_mut().zip(ANSWERS) {
        check.name = format!("{column} of {formula}");
    }
    checks.push(check("formulas print as they are read", formulas()));
    checks.push(check("tables have the digests of their cards", table_digests()));
    checks.push(check("one digest with 1 and with 2 threads", two_runs()));
    let failed = checks.iter().filter(|check| check.failure.is_some()).count();
    let mut out = std::io::stdout().lock();
    if args.json {
        let list: Vec<Value> =
            checks.iter().map(|check| json!({"name": check.name, "failure": check.failure})).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&json!({"passed": failed == 0, "checks": list}))?)?;
    } else {
        for check in &checks {
            match &check.failure {
                None if context.quiet => {}
                None => writeln!(out, "ok      {}", check.name)?,
                Some(reason) => writeln!(out, "FAILED  {}: {reason}", check.name)?,
            }
        }
        writeln!(out, "{} checks, {failed} failed", checks.len())?;
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::VerificationFailed })
}

fn check(name: &str, outcome: Result<(), String>) -> Check {
    Check { name: name.into(), failure: outcome.err() }
}

fn answer_of(&(formula, name, label, expected): &(&str, &str, &str, f64)) -> Result<(), String> {
    let composition = parse_formula(formula).map_err(|e| e.to_string())?;
    let candidate =
        Candidate { index: CandidateIndex(0), kind: CandidateKind::Composition(composition), values: Vec::new() };
    let descriptor = descriptor::build(name, &Value::Null).map_err(|e| e.to_string())?;
    let columns = descriptor.columns();
    let place = columns
        .iter()
        .position(|column| column.label == label)
        .ok_or_else(|| format!("\"{name}\" has no column \"{label}\""))?;
    let mut row = vec![0.0; columns.len()];
    let mut scratch = Scratch::new();
    scratch.begin(&candidate);
    descriptor.describe(&candidate, &mut scratch, &mut row).map_err(|fault| fault.to_string())?;
    let found = row[place];
    // The references are printed with ten decimals.
    if (found - expected).abs() <= 1e-9 * expected.abs().max(1.0) {
        return Ok(());
    }
    Err(format!("{found}, expected {expected}"))
}

fn formulas() -> Result<(), String> {
    for (text, expected) in [("O3Fe2", "Fe2O3"), ("Ca3(PO4)2", "Ca3(PO4)2"), ("Na2Cl2", "NaCl"), ("NaN", "NaN")] {
        let printed = parse_formula(text).map_err(|e| e.to_string())?.reduced_formula();
        if printed != expected {
            return Err(format!("{text} prints as {printed}, expected {expected}"));
        }
    }
    match parse_formula("CuSO4.5H2O") {
        Ok(_) => Err("CuSO4.5H2O is read, expected a refusal".into()),
        Err(_) => Ok(()),
    }
}

fn table_digests() -> Result<(), String> {
    for table in tables() {
        let found = sha256_hex(table.content.as_bytes());
        if found != table.card().sha256 {
            return Err(format!("{}: {found}", table.name));
        }
    }
    Ok(())
}

fn two_runs() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut digests = Vec::new();
    for threads in [1, 2] {
        let plan = Plan::parse(PLAN, std::path::Path::new(""), &[]).map_err(|e| e.to_string())?;
        let (screen, source) = Screen::resolve(plan).map_err(|e| e.to_string())?;
        let options = RunOptions {
            shard: None,
            scratch: None,
            out: folder.path().join(format!("{threads}.h5")),
            resources: Resources { threads, batch: 100, window: 2 },
            strict: true,
            force: false,
            budget: None,
            progress: false,
            signals: false,
            segment_time: std::time::Duration::from_secs(60),
            segment_bytes: 64 << 20,
        };
        let Ending::Complete(outcome) = run(&screen, source, &options).map_err(|e| e.to_string())? else {
            return Err("the run did not finish".into());
        };
        let report = verify(&options.out).map_err(|e| e.to_string())?;
        if let Some(failure) = report.failures().next() {
            return Err(format!("{}: {}", failure.name, failure.failure.as_deref().unwrap_or_default()));
        }
        if !outcome.ledger.balances() {
            return Err("the ledger does not balance".into());
        }
        digests.push(outcome.digest);
    }
    if digests[0] == digests[1] { Ok(()) } else { Err(digests.join(" and ")) }
}
