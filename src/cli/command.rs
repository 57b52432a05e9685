//! The command line as a whole: global options, the list of verbs, and what each error prints.

use clap::{CommandFactory, Parser, Subcommand};

use crate::product;

use super::{CliError, Context, Exit, Language, machine};

/// High-throughput materials screening (材筛): candidates in, one self-describing HDF5 file out.
#[derive(Parser, Debug)]
#[command(name = product::NAME, version = product::LONG_VERSION, max_term_width = 100)]
pub struct Cli {
    /// Threads; default: the CPUs this process may use
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Seed of everything random; overrides the plan
    #[arg(long, global = true, value_name = "N")]
    pub seed: Option<u64>,
    /// Language of talk and reports; default: from the locale
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    pub lang: Option<Language>,
    /// Form of log lines on stderr
    #[arg(long, global = true, value_name = "FORM", value_parser = ["text", "json"], default_value = "text")]
    pub log_format: String,
    /// Errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More talk; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    #[command(subcommand)]
    verb: Verb,
}

/// One variant a verb, in the order of `--help`.
#[derive(Subcommand, Debug)]
enum Verb {
    Screen(super::screen::ScreenArgs),
    Featurize(super::featurize::FeaturizeArgs),
    Train(super::train::TrainArgs),
    Evaluate(super::evaluate::EvaluateArgs),
    Predict(super::predict::PredictArgs),
    Model(super::model::ModelArgs),
    Space(super::space::SpaceArgs),
    Rank(super::rank::RankArgs),
    Show(super::show::ShowArgs),
    Explain(super::explain::ExplainArgs),
    Status(super::status::StatusArgs),
    Merge(super::merge::MergeArgs),
    Submit(super::submit::SubmitArgs),
    Export(super::export::ExportArgs),
    Report(super::report::ReportArgs),
    Verify(super::verify::VerifyArgs),
    List(super::list::ListArgs),
    Selftest(super::selftest::SelftestArgs),
    Bench(super::bench::BenchArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Prints the manual page (roff), or writes that of every verb
#[derive(clap::Args, Debug)]
struct ManArgs {
    /// Folder that receives matsieve.1, matsieve-screen.1, …
    #[arg(long, value_name = "FOLDER")]
    folder: Option<std::path::PathBuf>,
}

/// Prints a completion script for a shell.
#[derive(clap::Args, Debug)]
struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: clap_complete::Shell,
}

/// Runs the program with these arguments and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // --help and --version come this way too; they are no errors.
            error.print().ok();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    if let Err(reason) = machine::choose_kernels() {
        eprintln!("error: {reason}");
        return Exit::Usage;
    }
    start_log(&cli);
    let context = Context {
        threads: cli.threads.map_or_else(machine::available_threads, usize::from),
        seed: cli.seed,
        language: cli.lang.unwrap_or_else(machine::language),
        quiet: cli.quiet,
    };
    match cli.verb.run(&context) {
        Ok(exit) => exit,
        Err(error) if is_broken_pipe(&error) => Exit::Done,
        Err(error) => {
            eprintln!("{error}");
            error.exit
        }
    }
}

impl Verb {
    fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match self {
            Self::Screen(args) => super::screen::run_screen(args, context),
            Self::Featurize(args) => super::featurize::run_featurize(args, context),
            Self::Train(args) => super::train::run_train(args, context),
            Self::Evaluate(args) => super::evaluate::run_evaluate(args, context),
            Self::Predict(args) => super::predict::run_predict(args, context),
            Self::Model(args) => super::model::run_model(args, context),
            Self::Space(args) => super::space::run_space(args, context),
            Self::Rank(args) => super::rank::run(args, context),
            Self::Show(args) => super::show::run(args, context),
            Self::Explain(args) => super::explain::run(args, context),
            Self::Status(args) => super::status::run(args, context),
            Self::Merge(args) => super::merge::run(args, context),
            Self::Submit(args) => super::submit::run(args, context),
            Self::Export(args) => super::export::run(args, context),
            Self::Report(args) => super::report::run(args, context),
            Self::Verify(args) => super::verify::run(args, context),
            Self::List(args) => super::list::run(args, context),
            Self::Selftest(args) => super::selftest::run_selftest(args, context),
            Self::Bench(args) => super::bench::run_bench(args, context),
            Self::Completions(args) => {
                clap_complete::generate(args.shell, &mut Cli::command(), product::NAME, &mut std::io::stdout());
                Ok(Exit::Done)
            }
            Self::Man(args) => {
                match &args.folder {
                    Some(folder) => {
                        std::fs::create_dir_all(folder)?;
                        clap_mangen::generate_to(Cli::command(), folder)?;
                    }
                    None => clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?,
                }
                Ok(Exit::Done)
            }
        }
    }
}

/// Log lines go to stderr: warnings by default, more with `-v`.
fn start_log(cli: &Cli) {
    use tracing_subscriber::filter::LevelFilter;
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).with_target(false);
    let started = match cli.log_format.as_str() {
        "json" => log.json().try_init(),
        _ => log.without_time().try_init(),
    };
    // A second start in one process (tests) keeps the first log.
    started.ok();
}

/// `matsieve … | head` is no error.
fn is_broken_pipe(error: &CliError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.error.as_ref());
    while let Some(current) = cause {
        if current.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe) {
            return true;
        }
        cause = current.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
