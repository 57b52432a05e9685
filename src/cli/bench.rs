//! `matsieve bench`: fixed workloads, so that two machines or two versions can be compared.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::candidate::{Candidate, CandidateIndex, CandidateKind};
use crate::chem::{Composition, parse_formula_into};
use crate::descriptor::{self, Scratch};
use crate::product;
use crate::screen::{Ending, Plan, Resources, RunOptions, Screen, cpu_seconds, peak_memory, run};
use crate::source::space::{Space, SpaceSpec};

use super::format::{bytes, grouped};
use super::screen::{run_error, with_hint};
use super::{CliError, Context, Exit};

/// Measures fixed workloads: throughput, memory and thread scaling on this machine.
#[derive(clap::Args, Debug)]
pub struct BenchArgs {
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
    /// Candidates of each workload; smaller is quicker and less exact
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub candidates: usize,
}

/// Compositions of all workloads: binary to quaternary oxides, sulphides, halides and intermetallics.
const SPACE: &str = r#"{ "elements": ["Li", "Na", "Mg", "Al", "Si", "K", "Ca", "Ti", "V", "Mn", "Fe", "Co", "Ni", "Cu",
  "Zn", "Ga", "Ge", "Sr", "Y", "Zr", "Nb", "Mo", "Ag", "In", "Sn", "Sb", "Cs", "Ba", "La", "O", "F", "S", "Cl", "Se",
  "Br", "I"], "num_elements": "2-4", "max_amount": 6 }"#;

/// Plan of the end-to-end workload.
const PLAN: &str = r#"
[source]
space = { elements = ["Li", "Na", "Mg", "Al", "Si", "K", "Ca", "Ti", "V", "Mn", "Fe", "Zn", "O", "F", "S", "Cl"], num_elements = "2-3", max_amount = 6 }
[[descriptor]]
name = "magpie"
[rank]
by = [{ column = "MagpieData mean Electronegativity", direction = "max" }]
keep = 1000
[sink]
store = "ranked"
"#;

struct Line {
    name: String,
    rate: f64,
    unit: &'static str,
}

/// Runs the verb.
///
/// # Errors
/// The end-to-end workload cannot write into the temporary folder.
pub fn run_bench(args: &BenchArgs, context: &Context) -> Result<Exit, CliError> {
    let compositions = compositions(args.candidates.max(1))?;
    let formulas: Vec<String> = compositions.iter().map(Composition::reduced_formula).collect();
    let mut lines = vec![parse(&formulas)];
    for entry in descriptor::REGISTRY {
        lines.extend(describe(entry, &compositions));
    }
    let (single, scaling) = end_to_end(context.threads)?;
    lines.push(Line { name: "screen, space to ranked HDF5, 1 thread".into(), rate: single, unit: "candidates/s" });
    if let Some((rate, cpu_ratio)) = scaling {
        let name = format!("screen, space to ranked HDF5, {} threads", context.threads);
        lines.push(Line { name, rate, unit: "candidates/s" });
        lines.push(Line { name: "  speed-up over 1 thread".into(), rate: rate / single, unit: "times" });
        lines.push(Line { name: "  CPU seconds over 1 thread".into(), rate: cpu_ratio, unit: "times" });
    }
    print(&lines, args.json)?;
    Ok(Exit::Done)
}

fn print(lines: &[Line], as_json: bool) -> Result<(), CliError> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    if as_json {
        let list: Vec<Value> =
            lines.iter().map(|l| json!({"workload": l.name.trim(), "value": l.rate, "unit": l.unit})).collect();
        let all = json!({
            "version": product::LONG_VERSION,
            "workloads": list,
            "peak_memory_bytes": peak_memory(),
        });
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    for line in lines {
        let value = if line.rate >= 100.0 { grouped(line.rate as u64) } else { format!("{:.2}", line.rate) };
        writeln!(out, "{:<44} {value:>14} {}", line.name, line.unit)?;
    }
    if let Some(memory) = peak_memory() {
        writeln!(out, "{:<44} {:>14}", "peak memory", bytes(memory))?;
    }
    Ok(())
}

fn compositions(number: usize) -> Result<Vec<Composition>, CliError> {
    let spec: SpaceSpec = serde_json::from_str(SPACE)?;
    let space = Space::new(&spec).map_err(crate::source::SourceError::from)?;
    let step = (space.count() / number as u64).max(1);
    Ok((0..number as u64).filter_map(|i| space.at(i * step)).map(|point| point.composition()).collect())
}

fn rate(count: usize, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64().max(1e-9)
}

fn parse(formulas: &[String]) -> Line {
    let mut composition = Composition::new();
    let begun = Instant::now();
    let read = formulas.iter().filter(|text| parse_formula_into(text, &mut composition).is_ok()).count();
    Line { name: "read formulas".into(), rate: rate(read, begun), unit: "formulas/s" }
}

/// Rate of a descriptor of compositions; `None` for those that need a structure or parameters.
fn describe(entry: &descriptor::Entry, compositions: &[Composition]) -> Option<Line> {
    let descriptor = (entry.build)(&Value::Null).ok().filter(|descriptor| !descriptor.needs().structure)?;
    let mut scratch = Scratch::new();
    let mut row = vec![0.0; descriptor.columns().len()];
    let candidates: Vec<Candidate> = compositions
        .iter()
        .enumerate()
        .map(|(i, composition)| Candidate {
            index: CandidateIndex(i as u64),
            kind: CandidateKind::Composition(composition.clone()),
            values: Vec::new(),
        })
        .collect();
    let begun = Instant::now();
    for candidate in &candidates {
        scratch.begin(candidate);
        descriptor.describe(candidate, &mut scratch, &mut row).ok();
    }
    let name = format!("{} ({} columns)", entry.name, row.len());
    Some(Line { name, rate: rate(candidates.len(), begun), unit: "rows/s" })
}

type Scaling = Option<(f64, f64)>;

/// Rate with one thread; rate and CPU-seconds ratio with all, where there are more.
fn end_to_end(threads: usize) -> Result<(f64, Scaling), CliError> {
    let (single, cpu_single) = once(1)?;
    if threads == 1 {
        return Ok((single, None));
    }
    let (many, cpu_many) = once(threads)?;
    Ok((single, Some((many, cpu_many / cpu_single.max(1e-9)))))
}

fn once(threads: usize) -> Result<(f64, f64), CliError> {
    let folder = tempfile::tempdir()?;
    let plan = Plan::parse(PLAN, Path::new(""), &[]).map_err(with_hint)?;
    let (screen, source) = Screen::resolve(plan).map_err(with_hint)?;
    let options = RunOptions {
        shard: None,
        scratch: None,
        out: folder.path().join("bench.h5"),
        resources: Resources { threads, batch: 4096, window: 2 },
        strict: false,
        force: true,
        budget: None,
        progress: false,
        signals: false,
        segment_time: std::time::Duration::from_secs(60),
        segment_bytes: 64 << 20,
    };
    let before = cpu_seconds().unwrap_or(0.0);
    match run(&screen, source, &options).map_err(run_error)? {
        Ending::Complete(outcome) => {
            let cpu = cpu_seconds().unwrap_or(0.0) - before;
            Ok((outcome.ledger.read() as f64 / outcome.busy.wall, cpu))
        }
        _ => Err(CliError::usage("the workload was interrupted")),
    }
}
