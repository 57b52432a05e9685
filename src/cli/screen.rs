//! `matsieve screen`: the main job.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::screen::{Ending, MAX_SHARDS, Outcome, Plan, RunError, RunOptions, Screen, Shard, parse_duration, run};

use super::engine;
use super::format::{bytes, duration, funnel, grouped, ledger_line, parse_bytes};
use super::resources::sizes;
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

/// How to run; nothing here changes the result of all shards together.
#[derive(clap::Args, Debug, Clone)]
pub struct RunArgs {
    /// Takes one of N shares of the candidates, I from 0: `-o` is then the folder of all shards, which `merge` reads. `auto` takes
    /// I and N from the scheduler (Slurm arrays, MPI ranks, …), `auto/N` only I
    #[arg(long, value_name = "I/N", value_parser = ShardChoice::parse)]
    pub shard: Option<ShardChoice>,
    /// Stops cleanly after this time, e.g. `3h`; the same command goes on
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub time_budget: Option<Duration>,
    /// Memory of the run, e.g. `4G`; sets batch and segment sizes [default: that of the job (cgroup, Slurm)]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub memory: Option<u64>,
    /// Candidates a batch; overrides the plan
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch: Option<u32>,
    /// A segment of work is closed at this size; what a killed run can lose [default: 512M, or a quarter of the memory;
    /// 64M where only ranked rows are stored]
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes)]
    pub segment_size: Option<u64>,
    /// A segment of work is closed after this time; what a killed run can lose
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60s")]
    pub segment_time: Duration,
    /// Folder for work in progress, on a disk of this node; a run that goes on must find it again [default: OUT.parts]
    #[arg(long, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,
    /// Prints time and bytes of each stage afterwards, and the throughput that they allow on more cores
    #[arg(long)]
    pub profile: bool,
    /// Exit code 2 at the first fault
    #[arg(long)]
    pub strict: bool,
    /// Replaces an output that something else made
    #[arg(long)]
    pub force: bool,
}

/// Which shard, as asked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    Given(Shard),
    /// What the scheduler says, of so many where that is given.
    Auto(Option<u32>),
}

impl ShardChoice {
    fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("auto") {
            Some("") => Ok(Self::Auto(None)),
            Some(rest) => {
                let count = rest.strip_prefix('/').and_then(|count| count.parse().ok());
                let count = count.filter(|count| (1..=MAX_SHARDS).contains(count));
                count.map(|count| Self::Auto(Some(count))).ok_or_else(|| {
                    format!("\"{text}\" is no shard, expected I/N, auto or auto/N with N from 1 to {MAX_SHARDS}")
                })
            }
            None => text.parse().map(Self::Given),
        }
    }

    fn shard(self) -> Result<Shard, CliError> {
        match self {
            Self::Given(shard) => Ok(shard),
            Self::Auto(count) => engine::detect(count, &|name| std::env::var(name).ok())
                .map_err(|reason| CliError::usage(format!("--shard auto: {reason}"))),
        }
    }
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
    // The folder of shards, where the plan names a file: `screen.h5` becomes `screen.shards`.
    let out = match (args.how.shard, &args.output) {
        (Some(_), None) => out.with_extension("shards"),
        _ => out,
    };
    let (screen, source) = Screen::resolve(plan).map_err(with_hint)?;
    let options = run_options(&screen, &out, &args.how, context)?;
    if args.dry_run {
        super::dry_run::print(&screen, source, &options)?;
        return Ok(Exit::Done);
    }
    begin(&options)?;
    let ending = run(&screen, source, &options).map_err(run_error)?;
    let exit = tell(&ending, &options.out, context)?;
    profile(&args.how, &ending, &options);
    Ok(exit)
}

/// Prints the profile of a finished run, where it is asked for.
pub fn profile(how: &RunArgs, ending: &Ending, options: &RunOptions) {
    if let (true, Ending::Complete(outcome)) = (how.profile, ending) {
        eprint!("{}", super::profile::text(outcome, options.resources.threads));
    }
}

/// Makes the folder of shards.
///
/// # Errors
/// It cannot be made.
pub fn begin(options: &RunOptions) -> Result<(), CliError> {
    let folders = [options.out.parent().filter(|_| options.shard.is_some()), options.scratch.as_deref()];
    for folder in folders.into_iter().flatten() {
        std::fs::create_dir_all(folder)
            .map_err(|error| CliError::usage(format!("cannot create the folder {}: {error}", folder.display())))?;
    }
    Ok(())
}

/// Options of a run with this screen.
///
/// # Errors
/// A shard that cannot be found out.
pub fn run_options(screen: &Screen, out: &Path, how: &RunArgs, context: &Context) -> Result<RunOptions, CliError> {
    let sizes = sizes(screen, how, context.threads)?;
    let shard = how.shard.map(ShardChoice::shard).transpose()?;
    if let Some(shard) = shard
        && out.is_file()
    {
        let reason = format!("{} is a file; with --shard {shard}, -o is the folder of all shards", out.display());
        return Err(CliError::usage(reason));
    }
    Ok(RunOptions {
        out: shard.map_or_else(|| out.to_owned(), |shard| out.join(shard.file_name())),
        shard,
        scratch: how.scratch.clone(),
        resources: sizes.resources,
        strict: how.strict,
        force: how.force,
        budget: budget(how.time_budget, context),
        progress: !context.quiet && std::io::stderr().is_terminal(),
        signals: true,
        segment_time: how.segment_time,
        segment_bytes: sizes.segment_bytes,
    })
}

/// Most time that is left for closing the last segment before the scheduler ends the job.
const CLOSING_TIME: Duration = Duration::from_secs(120);

/// The time budget, and the end of the job where the scheduler tells it.
fn budget(given: Option<Duration>, context: &Context) -> Option<Duration> {
    let Some(end) = engine::end_time(&|name| std::env::var(name).ok()) else { return given };
    let end = UNIX_EPOCH + Duration::from_secs(end);
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    let usable = left - CLOSING_TIME.min(left / 10);
    match given {
        Some(given) if given <= usable => Some(given),
        _ => {
            if !context.quiet {
                eprintln!(
                    "the job ends in {}; stops in {}",
                    duration(left.as_secs_f64()),
                    duration(usable.as_secs_f64())
                );
            }
            Some(usable)
        }
    }
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
    let written = format!("{} rows and {} in {}", grouped(outcome.rows), bytes(outcome.bytes), out.display());
    if done == 0 {
        eprintln!("{written}");
    } else {
        let (wall, rate) = (outcome.busy.wall, (done as f64 / outcome.busy.wall.max(1e-9)) as u64);
        eprintln!("{} candidates in {} ({} per second), {written}", grouped(done), duration(wall), grouped(rate));
    }
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
