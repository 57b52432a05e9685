//! `matsieve featurize`: descriptors only, every candidate stored.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::screen::{Plan, Screen, descriptor_list, extent, fill, in_pool, run, to_fit};

use super::input::{InputArgs, carry};
use super::parameters::ParameterArgs;
use super::screen::{RunArgs, begin, profile, run_error, run_options, tell, with_hint};
use super::{CliError, Context, Exit};

/// Computes descriptors of every candidate.
#[derive(clap::Args, Debug)]
pub struct FeaturizeArgs {
    /// Files, folders, globs or archives
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Descriptors, separated by commas (see `matsieve list descriptors`)
    #[arg(long, value_delimiter = ',', value_name = "NAMES", required_unless_present = "preset")]
    pub descriptors: Vec<String>,
    /// A preset of descriptors (see `matsieve list presets`)
    #[arg(long, value_name = "PRESET", conflicts_with = "descriptors")]
    pub preset: Option<String>,
    /// Result file
    #[arg(short, long, value_name = "OUT.h5")]
    pub output: PathBuf,
    /// Storage type of features
    #[arg(long, value_name = "TYPE", value_parser = ["f64", "f32"], default_value = "f64")]
    pub dtype: String,
    /// Numeric columns to carry along, separated by commas: of the table, of --targets, or found beside structures
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// The inputs or descriptors cannot be used, or the run ended early.
pub fn run_featurize(args: &FeaturizeArgs, context: &Context) -> Result<Exit, CliError> {
    let mut document = Table::new();
    let mut source = args.input.source(&args.inputs);
    carry(&args.columns, &mut source);
    document.insert("source".into(), Value::Table(source));
    document.insert("descriptor".into(), Value::Array(descriptors(args, &document, context)?));
    document.insert("sink".into(), entry("dtype", &args.dtype));
    let screen = plan(&document, context)?;
    run_plan(screen, &args.output, &args.how, context)
}

/// The plan's `[[descriptor]]`: what was asked for, and what a first pass over the candidates found.
fn descriptors(args: &FeaturizeArgs, document: &Table, context: &Context) -> Result<Vec<Value>, CliError> {
    let mut changes = args.parameters.by_descriptor()?;
    let mut list = descriptor_list(&args.descriptors, args.preset.as_deref(), &changes).map_err(with_hint)?;
    if args.parameters.fit && !to_fit(&list).is_empty() {
        let source = serde_json::to_value(&document["source"])?;
        let found =
            in_pool(context.threads, || extent(&source, Path::new(""), context.seed.unwrap_or(0)).map_err(with_hint))
                .map_err(run_error)??;
        let fitted: Vec<String> = to_fit(&list).into_iter().map(|(name, _)| name.to_owned()).collect();
        fill(&mut list, &found);
        for (name, parameters) in list.iter().filter(|(name, _)| fitted.contains(name)) {
            changes.insert(name.clone(), parameters.clone());
            if !context.quiet {
                eprintln!("{name}: {parameters}");
            }
        }
    }
    let Some(preset) = &args.preset else {
        return list.iter().map(|(name, parameters)| table(&[("name", name.as_str())], parameters)).collect();
    };
    Ok(vec![table(&[("preset", preset.as_str())], &serde_json::Value::Object(changes))?])
}

/// A table with these texts and what an object holds.
fn table(texts: &[(&str, &str)], rest: &serde_json::Value) -> Result<Value, CliError> {
    let mut table: Table =
        texts.iter().map(|(key, text)| ((*key).to_owned(), Value::String((*text).to_owned()))).collect();
    let Value::Table(rest) = Value::try_from(rest).map_err(CliError::usage)? else { return Ok(Value::Table(table)) };
    table.extend(rest);
    Ok(Value::Table(table))
}

/// A table with one text.
pub fn entry(key: &str, value: &str) -> Value {
    Value::Table(Table::from_iter([(key.to_owned(), Value::String(value.to_owned()))]))
}

/// A plan made from arguments; paths are relative to the current folder.
///
/// # Errors
/// As a plan that was written by hand.
pub fn plan(document: &Table, context: &Context) -> Result<Plan, CliError> {
    let text = toml::to_string(document).map_err(CliError::usage)?;
    let settings: Vec<String> = context.seed.iter().map(|seed| format!("run.seed={seed}")).collect();
    Plan::parse(&text, Path::new(""), &settings).map_err(with_hint)
}

/// Resolves and runs a plan made from arguments.
///
/// # Errors
/// As [`run_featurize`].
pub fn run_plan(plan: Plan, out: &Path, how: &RunArgs, context: &Context) -> Result<Exit, CliError> {
    let (screen, source) = Screen::resolve(plan).map_err(with_hint)?;
    let options = run_options(&screen, out, how, context)?;
    begin(&options)?;
    let ending = run(&screen, source, &options).map_err(run_error)?;
    let exit = tell(&ending, &options.out, context)?;
    profile(how, &ending, &options);
    Ok(exit)
}
