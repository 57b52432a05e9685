//! `matsieve evaluate`: honest scores of a training recipe.

use std::io::Write;
use std::path::PathBuf;

use crate::screen::DatasetRead;
use crate::surrogate::splits::{Fold, SplitRule, folds_from_column, parse_folds, with_target};
use crate::surrogate::{Checkpoint, Evaluation, Scores, evaluate};

use super::dataset::{DatasetArgs, in_pool, show, training_bar};
use super::model::metrics_text;
use super::train::surrogate_error;
use super::{CliError, Context, Exit};

/// Scores a training recipe on folds: trains on each fold's training rows, tests on rows it never saw.
#[derive(clap::Args, Debug)]
pub struct EvaluateArgs {
    #[command(flatten)]
    pub data: DatasetArgs,
    #[command(flatten)]
    pub split: SplitArgs,
    /// Column of groups for --split group:K, of times for --split time:K
    #[arg(long, value_name = "COL", requires = "split")]
    pub by: Option<String>,
    /// Only this fold, from 0
    #[arg(long, value_name = "K")]
    pub fold: Option<usize>,
    /// Keeps finished folds in this folder: a killed evaluation goes on, folds run one by one with --fold are joined
    #[arg(long, value_name = "DIR")]
    pub checkpoint: Option<PathBuf>,
    /// Writes the predictions of all test rows, with several targets to a name with {target} (CSV: row, id, fold, truth, value, std, lower, upper, in_domain, domain_distance)
    #[arg(short, long, value_name = "OUT.csv")]
    pub output: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    pub json: bool,
}

/// How rows are split.
#[derive(clap::Args, Debug)]
#[group(required = true, multiple = false)]
pub struct SplitArgs {
    /// JSON file: {"folds": [{"test": [row, …]}, …]}, rows from 0
    #[arg(long, value_name = "FOLDS.json")]
    pub folds: Option<PathBuf>,
    /// Column that names the fold in which a row is tested
    #[arg(long, value_name = "COL")]
    pub fold_column: Option<String>,
    /// kfold:K, stratified:K, loco:K, chemsys:K, group:K, element:MIN_ROWS or time:K
    #[arg(long, value_name = "RULE")]
    pub split: Option<SplitRule>,
}

/// Runs the verb.
///
/// # Errors
/// Data or folds that cannot be used.
pub fn run_evaluate(args: &EvaluateArgs, context: &Context) -> Result<Exit, CliError> {
    if let Some(path) = &args.output {
        args.data.check_outputs(path)?;
    }
    let other = args.split.fold_column.as_deref().or(args.by.as_deref());
    let mut all = Vec::new();
    in_pool(context, || args.data.read(other, context, |read| evaluate_one(args, &read, context, &mut all)))??;
    if args.json {
        let text = match all.as_slice() {
            [one] => serde_json::to_string_pretty(one)?,
            several => serde_json::to_string_pretty(several)?,
        };
        writeln!(std::io::stdout().lock(), "{text}")?;
    }
    Ok(Exit::Done)
}

fn evaluate_one(
    args: &EvaluateArgs,
    read: &DatasetRead,
    context: &Context,
    all: &mut Vec<Scores>,
) -> Result<(), CliError> {
    let by = args.by.is_some().then_some(read.other.as_slice());
    let mut folds = folds(&args.split, read, by, context.seed.unwrap_or(0))?;
    if let Some(number) = args.fold {
        if number >= folds.len() {
            return Err(CliError::usage(format!("fold {number} of {} folds, count from 0", folds.len())));
        }
        folds = vec![folds.swap_remove(number)];
    }
    let recipe = args.data.recipe(&read.data, context)?;
    let checkpoint = args.checkpoint.as_deref().map(Checkpoint::new).transpose().map_err(surrogate_error)?;
    let bar = training_bar(context);
    let evaluation = evaluate(&read.data, &folds, &recipe, checkpoint.as_ref(), &|progress| show(&bar, progress))
        .map_err(surrogate_error)?;
    bar.finish_and_clear();
    if let Some(path) = &args.output {
        write_predictions(&args.data.output(path, &read.data.target.label)?, &evaluation, read)?;
    }
    if !args.json {
        print(&mut std::io::stdout().lock(), &evaluation.scores)?;
    }
    all.push(evaluation.scores);
    Ok(())
}

fn folds(split: &SplitArgs, read: &DatasetRead, by: Option<&[String]>, seed: u64) -> Result<Vec<Fold>, CliError> {
    let folds = match (&split.folds, &split.split) {
        (Some(path), _) => parse_folds(&std::fs::read_to_string(path)?, read.num_table_rows)
            .and_then(|folds| with_target(folds, &read.table_rows, read.num_table_rows)),
        (None, Some(rule)) => rule.folds(&read.data, by, seed),
        (None, None) => folds_from_column(&read.other.iter().map(String::as_str).collect::<Vec<_>>()),
    };
    folds.map_err(surrogate_error)
}

fn write_predictions(path: &std::path::Path, evaluation: &Evaluation, read: &DatasetRead) -> Result<(), CliError> {
    let data = &read.data;
    let mut out = csv::Writer::from_path(path)?;
    out.write_record(["row", "id", "fold", "truth", "value", "std", "lower", "upper", "in_domain", "domain_distance"])?;
    let predictions = &evaluation.predictions;
    for (i, &row) in evaluation.rows.iter().enumerate() {
        out.write_record([
            read.table_rows[row].to_string(),
            data.ids[row].clone(),
            evaluation.folds[i].to_string(),
            data.values[row].to_string(),
            predictions.value[i].to_string(),
            predictions.std[i].to_string(),
            predictions.lower[i].to_string(),
            predictions.upper[i].to_string(),
            predictions.in_domain[i].to_string(),
            predictions.domain_distance[i].to_string(),
        ])?;
    }
    out.flush()?;
    Ok(())
}

fn print(out: &mut impl Write, scores: &Scores) -> std::io::Result<()> {
    writeln!(
        out,
        "{} {} ({}), recipe {}, {} test rows, {} faulty, {:.1} s",
        scores.task, scores.target, scores.unit, scores.recipe, scores.n, scores.n_faulted, scores.seconds
    )?;
    writeln!(out, "  {}", metrics_text(&scores.metrics))?;
    if scores.n_without_target > 0 {
        writeln!(out, "  {} rows without target left out", scores.n_without_target)?;
    }
    if let Some(all) = &scores.all_folds {
        writeln!(out, "  all folds together: {}", metrics_text(all))?;
    }
    for (name, part) in [("seen", &scores.seen_formulas), ("unseen", &scores.unseen_formulas)] {
        if let (Some(part), true) = (part, scores.seen_formulas.is_some()) {
            writeln!(out, "  {} rows of {name} formulas: {}", part.n, metrics_text(&part.metrics))?;
        }
    }
    for (member, metrics) in &scores.members {
        writeln!(out, "  {member} alone: {}", metrics_text(metrics))?;
    }
    Ok(())
}
