//! `matsieve predict`: predictions only, for files of candidates or one formula.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use toml::{Table, Value};

use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Predictions, Rows, Task};
use crate::chem::parse_formula;
use crate::descriptor::{self, Scratch};
use crate::surrogate::{Model, Surrogate, board};

use super::featurize::{plan, run_plan};
use super::input::{InputArgs, carry};
use super::screen::RunArgs;
use super::train::surrogate_error;
use super::{CliError, Context, Exit};

/// Predicts with trained models: MODEL.msm… INPUT… -o OUT.h5, or --formula TEXT to the terminal.
#[derive(clap::Args, Debug)]
pub struct PredictArgs {
    /// Models on board by name or model files (.msm), then files, folders, globs or archives of candidates
    #[arg(required_unless_present = "all", value_name = "MODEL.msm… INPUT…")]
    pub files: Vec<PathBuf>,
    /// With all models on board
    #[arg(long)]
    pub all: bool,
    /// Predicts this formula and prints; may be given several times
    #[arg(long = "formula", value_name = "TEXT", conflicts_with = "output")]
    pub formulas: Vec<String>,
    /// Formula column of the inputs
    #[arg(long, value_name = "COL")]
    pub formula_column: Option<String>,
    /// Column of tables with structures in any text format
    #[arg(long, value_name = "COL", conflicts_with = "formula_column")]
    pub structure: Option<String>,
    /// Numeric columns to carry along, separated by commas: of the table, of --targets, or found beside structures
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// Table with columns for candidates, joined by their ids
    #[arg(long, value_name = "TABLE")]
    pub targets: Option<String>,
    /// Column of --targets that holds the ids of the candidates; default: as for --id
    #[arg(long, value_name = "ID", requires = "targets")]
    pub on: Option<String>,
    /// Id column of the inputs
    #[arg(long, value_name = "COL")]
    pub id: Option<String>,
    /// Kind of the inputs where name and content do not tell
    #[arg(long, value_name = "KIND")]
    pub format: Option<String>,
    /// Sites that are shared or partly filled: keep, majority or random (see --seed) [default: keep]
    #[arg(long, value_name = "HOW", value_parser = ["keep", "majority", "random"])]
    pub disorder: Option<String>,
    /// Result file
    #[arg(short, long, value_name = "OUT.h5", required_unless_present = "formulas")]
    pub output: Option<PathBuf>,
    /// Prints JSON (with --formula)
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Runs the verb.
///
/// # Errors
/// Models or inputs that cannot be used, or a run that ended early.
pub fn run_predict(args: &PredictArgs, context: &Context) -> Result<Exit, CliError> {
    let (mut models, inputs): (Vec<PathBuf>, Vec<PathBuf>) = args
        .files
        .iter()
        .cloned()
        .partition(|path| path.extension().is_some_and(|e| e == "msm") || board::named(path).is_some());
    if args.all {
        let others = board::BOARD.iter().map(|model| PathBuf::from(model.name)).filter(|name| !models.contains(name));
        models.extend(others.collect::<Vec<_>>());
    }
    if models.is_empty() {
        return Err(CliError::usage(
            "no model among the arguments: a model file (.msm), or one on board (matsieve list models)",
        ));
    }
    match (&args.output, inputs.is_empty()) {
        (Some(_), true) => Err(CliError::usage("no input beside the models")),
        (Some(out), false) => to_file(args, &models, &inputs, out, context),
        (None, true) => to_terminal(args, &models),
        (None, false) => Err(CliError::usage("inputs need -o OUT.h5; --formula prints to the terminal")),
    }
}

fn to_file(
    args: &PredictArgs,
    models: &[PathBuf],
    inputs: &[PathBuf],
    out: &Path,
    context: &Context,
) -> Result<Exit, CliError> {
    let input = InputArgs {
        format: args.format.clone(),
        formula: args.formula_column.clone(),
        structure: args.structure.clone(),
        id: args.id.clone(),
        targets: args.targets.clone(),
        on: args.on.clone(),
        disorder: args.disorder.clone(),
    };
    let mut document = Table::new();
    let mut source = input.source(inputs);
    carry(&args.columns, &mut source);
    for path in models {
        carry_base(&board::open(path).map_err(surrogate_error)?, &mut source);
    }
    document.insert("source".into(), Value::Table(source));
    let surrogates = models
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().replace(['.', '/'], "_");
            Value::Table(Table::from_iter([
                ("model".to_owned(), Value::String(path.display().to_string())),
                ("as".to_owned(), Value::String(name)),
            ]))
        })
        .collect();
    document.insert("surrogate".into(), Value::Array(surrogates));
    document.insert("sink".into(), Value::Table(Table::from_iter([("features".to_owned(), Value::Boolean(false))])));
    run_plan(plan(&document, context)?, out, &args.how, context)
}

/// Lets a `[source]` carry the column that a model's answers are corrections to, in its unit.
fn carry_base(model: &Model, source: &mut Table) {
    let Some(base) = &model.card().target.base else { return };
    let columns = source.entry("columns").or_insert_with(|| Value::Array(Vec::new()));
    let Value::Array(columns) = columns else { return };
    columns.retain(|column| column.get("name").and_then(Value::as_str) != Some(base));
    columns.push(Value::Table(Table::from_iter([
        ("name".to_owned(), Value::String(base.clone())),
        ("unit".to_owned(), Value::String(model.card().target.column.unit.to_string())),
    ])));
}

/// One formula and one model.
struct Answer {
    formula: String,
    model: String,
    target: String,
    unit: String,
    task: Task,
    predictions: Predictions,
}

fn to_terminal(args: &PredictArgs, paths: &[PathBuf]) -> Result<Exit, CliError> {
    let mut answers = Vec::new();
    for path in paths {
        let model = board::open(path).map_err(surrogate_error)?;
        for formula in &args.formulas {
            answers.push(answer(&model, formula)?);
        }
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let list: Vec<Json> = answers.iter().map(Answer::json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
    } else {
        for answer in &answers {
            writeln!(out, "{}", answer.line())?;
        }
    }
    Ok(Exit::Done)
}

fn answer(model: &Model, formula: &str) -> Result<Answer, CliError> {
    let composition = parse_formula(formula).map_err(|e| CliError::usage(format!("--formula {formula}: {e}")))?;
    let name = composition.reduced_formula();
    let candidate =
        Candidate { index: CandidateIndex(0), kind: CandidateKind::Composition(composition), values: Vec::new() };
    let (columns, row) = describe(model, &candidate)?;
    let places = model.bind(&columns).map_err(surrogate_error)?;
    let mut predictions = Predictions::default();
    model.predict(Rows::new(&row, row.len(), &[0], &places), &mut predictions);
    let card = model.card();
    Ok(Answer {
        formula: name,
        model: card.name.clone(),
        target: card.target.column.label.clone(),
        unit: card.target.column.unit.to_string(),
        task: card.task.clone(),
        predictions,
    })
}

fn describe(model: &Model, candidate: &Candidate) -> Result<(Vec<crate::candidate::Column>, Vec<f64>), CliError> {
    let mut scratch = Scratch::new();
    let (mut columns, mut row) = (Vec::new(), Vec::new());
    for need in &model.card().descriptors {
        let descriptor = descriptor::build(&need.name, &need.parameters)?;
        let own = descriptor.columns();
        let start = row.len();
        row.resize(start + own.len(), f64::NAN);
        columns.extend(own);
        scratch.begin(candidate);
        descriptor
            .describe(candidate, &mut scratch, &mut row[start..])
            .map_err(|fault: Fault| CliError::usage(fault))?;
    }
    Ok((columns, row))
}

/// The class whose probability std and interval speak of.
fn told(classes: &[String], predictions: &Predictions) -> usize {
    if classes.len() > 2 { predictions.value[0] as usize } else { classes.len() - 1 }
}

impl Answer {
    fn line(&self) -> String {
        let p = &self.predictions;
        let domain = match p.in_domain[0] {
            _ if p.domain_distance[0].is_nan() => "domain unknown".to_owned(),
            1 => "in domain".to_owned(),
            // Of alloys and a bromide, how far apart they are says nothing any more.
            _ if p.domain_distance[0] > 100.0 => "OUT OF DOMAIN (distance above 100)".to_owned(),
            _ => format!("OUT OF DOMAIN (distance {:.2})", p.domain_distance[0]),
        };
        let is_calibrated = !p.std[0].is_nan();
        // Targets of tables are often called "target" or "y": the model's name says more.
        let name =
            if self.model == self.target { self.model.clone() } else { format!("{} ({})", self.model, self.target) };
        let unit = if self.unit == "1" { String::new() } else { format!(" {}", self.unit) };
        match &self.task {
            Task::Regression if !is_calibrated => {
                format!("{}  {}  {:.4}{unit}  not calibrated  {domain}", self.formula, name, p.value[0])
            }
            Task::Classification { classes } if !is_calibrated => format!(
                "{}  {}  {}  probability of {} {:.3}  not calibrated  {domain}",
                self.formula,
                name,
                classes[p.value[0] as usize],
                classes[classes.len() - 1],
                p.probability[classes.len() - 1]
            ),
            Task::Regression => format!(
                "{}  {}  {:.4} ± {:.4}{unit}  90 % interval {:.4} to {:.4}  {domain}",
                self.formula, name, p.value[0], p.std[0], p.lower[0], p.upper[0]
            ),
            // Of two classes the last one's probability is told, of more the answer's: std and interval speak of it.
            Task::Classification { classes } => format!(
                "{}  {}  {}  probability of {} {:.3}  90 % interval {:.3} to {:.3}  {domain}",
                self.formula,
                name,
                classes[p.value[0] as usize],
                classes[told(classes, p)],
                p.probability[told(classes, p)],
                p.lower[0],
                p.upper[0]
            ),
        }
    }

    fn json(&self) -> Json {
        let p = &self.predictions;
        let mut value = json!({
            "formula": self.formula,
            "model": self.model,
            "target": self.target,
            "unit": self.unit,
            "value": p.value[0],
            "std": p.std[0],
            "lower": p.lower[0],
            "upper": p.upper[0],
            "domain_distance": p.domain_distance[0],
            "in_domain": p.in_domain[0] == 1,
        });
        if let Task::Classification { classes } = &self.task {
            value["class"] = classes[p.value[0] as usize].clone().into();
            let pairs = classes.iter().cloned().zip(p.probability.iter().map(|&x| Json::from(x)));
            value["probability"] = Json::Object(pairs.collect());
        }
        value
    }
}
