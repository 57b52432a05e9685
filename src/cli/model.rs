//! `matsieve model`: what a model file says of itself, and whether it still computes what it did.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use crate::candidate::Task;
use crate::surrogate::board;
use crate::surrogate::card::{Card, Metrics};
use crate::surrogate::transform::Transform;

use super::dataset::contradictions;
use super::format::grouped;
use super::import::{ImportArgs, import_lines, run_import};
use super::train::surrogate_error;
use super::{CliError, Context, Exit};

/// Prints or checks model files.
#[derive(clap::Args, Debug)]
pub struct ModelArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Prints the model card
    Card {
        /// Model file
        model: PathBuf,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Computes the stored self-check vectors again and compares
    Check {
        /// Model files
        #[arg(required = true)]
        models: Vec<PathBuf>,
    },
    /// Makes a model file of a model that was trained elsewhere
    Import(Box<ImportArgs>),
}

/// Runs the verb.
///
/// # Errors
/// A file that is no model, is altered, or fails its self-check.
pub fn run_model(args: &ModelArgs, context: &Context) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    match &args.what {
        What::Import(import) => return run_import(import, context),
        What::Card { model, json } => {
            let model = board::open(model).map_err(surrogate_error)?;
            if *json {
                writeln!(out, "{}", serde_json::to_string_pretty(model.card())?)?;
            } else {
                write!(out, "{}", card_text(model.card()))?;
                writeln!(out, "digest        {}", model.sha256())?;
            }
        }
        What::Check { models } => {
            for path in models {
                // Opening runs the self-check.
                let model = board::open(path).map_err(|e| surrogate_error(e).with_exit(Exit::VerificationFailed))?;
                let vectors = model.card().self_check_vectors;
                writeln!(out, "{}: {vectors} self-check vectors agree", path.display())?;
            }
        }
    }
    Ok(Exit::Done)
}

/// A card as text for the terminal.
pub fn card_text(card: &Card) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<13} {value}");
    };
    let training = &card.training;
    let provenance = &training.provenance;
    let unknown = || "not stated".to_owned();
    line("model", card.name.clone());
    line("predicts", format!("{} ({})", card.target.column.label, card.target.column.unit));
    match &card.task {
        Task::Classification { classes } => line("classes", classes.join(", ")),
        Task::Regression if card.target.transform == Transform::Log => line("learned", "the logarithm".into()),
        Task::Regression => {}
    }
    if let Some(base) = &card.target.base {
        line("base", format!("column \"{base}\", to which a correction is learned"));
    }
    match &card.import {
        Some(_) => line("trained on", "elsewhere".into()),
        None => line(
            "trained on",
            format!(
                "{}, {} rows, {} faulty and {} without target left out",
                training.name,
                grouped(training.rows as u64),
                training.faulted,
                training.without_target
            ),
        ),
    }
    line("source", provenance.source.clone().unwrap_or_else(unknown));
    line("licence", provenance.licence.clone().unwrap_or_else(unknown));
    line("commercial", format!("{:?}", provenance.commercial_use).to_lowercase());
    if card.import.is_none() {
        line("recipe", format!("{}, seed {}, {}", card.recipe.name, card.recipe.seed, card.recipe.split));
    }
    for (name, text) in import_lines(card) {
        line(name, text);
    }
    let mut descriptors: Vec<&str> = card.descriptors.iter().map(|d| d.name.as_str()).collect();
    if card.descriptors.iter().map(|d| d.columns).sum::<usize>() < card.columns.len() {
        descriptors.push("the candidates' table");
    }
    line("columns", format!("{} of {}", card.columns.len(), descriptors.join(", ")));
    let is_scored = card.scores != Metrics::default();
    line("scores", if is_scored { metrics_text(&card.scores) } else { "unknown".into() });
    if is_scored {
        line("baseline", metrics_text(&card.baseline));
    }
    for member in card.members.iter().filter(|_| is_scored) {
        line("member", format!("{}: {}", member.spec.name(), metrics_text(&member.scores)));
    }
    let domain = &card.domain;
    line("domain", format!("{} ({} reference rows)", domain.definition, domain.references));
    let duplicates = &training.duplicates;
    if duplicates.contradicting_groups > 0 {
        line("duplicates", contradictions(duplicates, matches!(card.task, Task::Classification { .. })));
    }
    text
}

/// Metrics that apply, in one line.
pub fn metrics_text(metrics: &Metrics) -> String {
    let value = serde_json::to_value(metrics).unwrap_or_default();
    let parts: Vec<String> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| value.as_f64().map(|value| format!("{name} {value:.4}")))
        .collect();
    parts.join(", ")
}
