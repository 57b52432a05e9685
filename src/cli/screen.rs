//! `matsieve screen`: the main job.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::screen::{Ending, Outcome, Plan, Resources, RunError, RunOptions, Screen, Store, parse_duration, run};

use super::format::{bytes, duration, funnel, grouped, ledger_line, parse_bytes};
use super::{CliError, Context, Exit};

/// Screens candidates: descriptors, predictions, filters and ranking into one HDF5 file.
#[derive(clap::Args, Debug)]
pub struct ScreenArgs {
    /// Plan file (TOML); see docs/plan.md
    pub plan: PathBuf,
    /// Result file; default: `[sink] path` of the plan, else the plan's name with `.h5`
    #[arg(short, long, value_name = "OUT.h5")]
    pub output: Option<PathBuf>,
    /// Changes the plan, e.g. `--set run.batch=1024` or `--set filter.0.below="1.8 eV"`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// Prints what would run, and runs nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub how: RunArgs,
}

/// How to run; nothing here changes the result.
#[derive(clap::Args, Debug, Clone)]
pub struct RunArgs {
    /// Stops cleanly after this time, e.g. `3h`; the same command goes on
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub time_budget: Option<Duration>,
    /// Memory for batches, e.g. `4G`; sets the batch size
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub memory: Option<u64>,
    /// Candidates a batch; overrides the plan
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch: Option<u32>,
    /// A segment of work is closed at this size; what a killed run can lose [default: 512M or a quarter of --memory;
    /// 64M where only ranked rows are stored]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub segment_size: Option<u64>,
    /// A segment of work is closed after this time; what a killed run can lose
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60s")]
    pub segment_time: Duration,
    /// Exit code 2 at the first fault
    #[arg(long)]
    pub strict: bool,
    /// Replaces an output that something else made
    #[arg(long)]
    pub force: bool,
}

/// Runs the verb.
///
/// # Errors
/// The plan cannot run, or the run ended early.
pub fn run_screen(args: &ScreenArgs, context: &Context) -> Result<Exit, CliError> {
    let mut settings = args.settings.clone();
    if let Some(seed) = context.seed {
        settings.push(format!("run.seed={seed}"));
    }
    let plan = Plan::read(&args.plan, &settings).map_err(with_hint)?;
    let out = match (&args.output, &plan.sink.path) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) => plan.base.join(path),
        (None, None) => args.plan.with_extension("h5"),
    };
    let (screen, source) = Screen::resolve(plan).map_err(with_hint)?;
    let options = run_options(&screen, &out, &args.how, context);
    if args.dry_run {
        super::dry_run::print(&screen, source.as_ref(), &options);
        return Ok(Exit::Done);
    }
    let ending = run(&screen, source, &options).map_err(run_error)?;
    tell(&ending, &out, context)
}

/// Options of a run with this screen.
pub fn run_options(screen: &Screen, out: &Path, how: &RunArgs, context: &Context) -> RunOptions {
    let resources = resources(screen, how, context.threads);
    RunOptions {
        out: out.to_owned(),
        resources,
        strict: how.strict,
        force: how.force,
        budget: how.time_budget,
        progress: !context.quiet && std::io::stderr().is_terminal(),
        signals: true,
        segment_time: how.segment_time,
        segment_bytes: usize::try_from(segment_size(screen, how)).unwrap_or(usize::MAX).max(1),
    }
}

/// A run that fits into one segment writes its rows once. Where only ranked rows are stored, a segment is thinned out
/// whenever it is full, so a large one is of no use.
fn segment_size(screen: &Screen, how: &RunArgs) -> u64 {
    how.segment_size.unwrap_or_else(|| match screen.plan.sink.store {
        Store::Ranked => 64 << 20,
        Store::Survivors | Store::All => how.memory.map_or(512 << 20, |memory| (memory / 4).clamp(1 << 20, 512 << 20)),
    })
}

/// Batch and window that fit into the memory asked for.
fn resources(screen: &Screen, how: &RunArgs, threads: usize) -> Resources {
    let table = &screen.plan.run;
    let window = table.window.max(1);
    let mut batch = how.batch.map_or(table.batch, |batch| batch as usize).max(1);
    if let Some(memory) = how.memory {
        let per_row = screen.bytes_per_row() as u64 * (threads * (window + 1)) as u64;
        batch = batch.min(usize::try_from(memory / per_row.max(1)).unwrap_or(batch)).max(16);
    }
    Resources { threads, batch, window }
}

/// Says how a run ended and returns its exit code.
pub fn tell(ending: &Ending, out: &Path, context: &Context) -> Result<Exit, CliError> {
    match ending {
        Ending::AlreadyComplete => {
            if !context.quiet {
                eprintln!("{}: already complete", out.display());
            }
            Ok(Exit::Done)
        }
        Ending::Interrupted { ledger, next_index } => {
            if !context.quiet {
                eprintln!("{}", ledger_line(ledger));
                eprintln!(
                    "stopped after {} candidates; run the same command again to finish {}",
                    grouped(*next_index),
                    out.display()
                );
            }
            Ok(Exit::Interrupted)
        }
        Ending::Complete(outcome) => {
            if !context.quiet {
                summary(outcome, out);
            }
            Ok(if outcome.within_fault_limit { Exit::Done } else { Exit::Faults })
        }
    }
}

fn summary(outcome: &Outcome, out: &Path) {
    eprint!("{}", funnel(&outcome.ledger));
    let done = outcome.ledger.read() - outcome.resumed.min(outcome.ledger.read());
    eprintln!(
        "{} candidates in {} ({} per second), {} rows and {} in {}",
        grouped(done),
        duration(outcome.busy.wall),
        grouped((done as f64 / outcome.busy.wall.max(1e-9)) as u64),
        grouped(outcome.rows),
        bytes(outcome.bytes),
        out.display()
    );
    if let Some(duplicates) = outcome.ranking.as_ref().and_then(|ranking| ranking.duplicates.as_ref()) {
        eprintln!("{} candidates are duplicates of earlier ones and not ranked", grouped(duplicates.len() as u64));
    }
    if outcome.ledger.faulted() > 0 {
        eprintln!(
            "{} candidates are in quarantine, with reasons: matsieve show {} --quarantine",
            grouped(outcome.ledger.faulted()),
            out.display()
        );
    }
    if !outcome.within_fault_limit {
        eprintln!("faults are above the allowed fraction");
    }
    eprintln!("{}", ledger_line(&outcome.ledger));
}

/// A plan's error with what to do about it.
pub fn with_hint(error: crate::screen::PlanError) -> CliError {
    let hint = error.hint();
    CliError { exit: Exit::Usage, error: error.into(), hint }
}

/// A run's error with exit code and what to do about it.
pub fn run_error(error: RunError) -> CliError {
    let exit = match &error {
        RunError::TooManyFaults { .. } => Exit::Faults,
        _ => Exit::Usage,
    };
    let hint = error.hint();
    CliError { exit, error: error.into(), hint }
}
