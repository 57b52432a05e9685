//! `matsieve model import`: a model that was trained elsewhere becomes a model file of ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::candidate::{Column, FeatureMatrix, Task};
use crate::descriptor;
use crate::screen::{DatasetRequest, TargetRequest, TaskKind, descriptor_list, read_dataset};
use crate::source::SourceSpec;
use crate::surrogate::card::{Card, DescriptorCard};
use crate::surrogate::dataset::read_classes;
use crate::surrogate::import::{
    About, Brought, Content, Expected, ImportError, ImportRequest, Imported, NumberTable, Offer, Renaming, calibrate,
    import, map_features, read,
};
use crate::surrogate::onnx::{Onnx, OnnxRequest};
use crate::surrogate::{Dataset, Model, SurrogateError};
use crate::units::Unit;

use super::dataset::in_pool;
use super::input::InputArgs;
use super::parameters::ParameterArgs;
use super::screen::with_hint;
use super::train::{ProvenanceArgs, surrogate_error};
use super::{CliError, Context, Exit};

/// A foreign model and what it does not say of itself.
#[derive(clap::Args, Debug)]
pub struct ImportArgs {
    /// LightGBM text, XGBoost JSON or UBJSON, CatBoost JSON, what scripts/export_sklearn.py wrote, or ONNX
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Model file
    #[arg(short, long, value_name = "MODEL.msm")]
    pub output: PathBuf,
    /// What the model predicts
    #[arg(long, value_name = "NAME")]
    pub target: String,
    /// Unit of the target, e.g. "eV/atom"; none for plain numbers and classes
    #[arg(long, value_name = "UNIT", default_value = "1")]
    pub unit: String,
    /// What the target is; told from the file where not given
    #[arg(long, value_name = "TASK", value_parser = ["regression", "classification"])]
    pub task: Option<String>,
    /// Names of the two classes, the second one is that of the probability
    #[arg(long, value_name = "NO,YES", value_delimiter = ',', num_args = 1)]
    pub classes: Vec<String>,
    /// CSV with columns feature, column and perhaps unit: names of the model's features and the columns they are here
    #[arg(long, value_name = "FILE.csv")]
    pub map: Option<PathBuf>,
    /// Descriptors that compute the features, separated by commas; default: those that have columns of these names
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "preset")]
    pub descriptors: Vec<String>,
    /// A preset of descriptors
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// Parameter of a descriptor, e.g. `--set sine_matrix.max_atoms=200`
    #[arg(long = "set", value_name = "DESCRIPTOR.KEY=VALUE")]
    pub settings: Vec<String>,
    /// Features that no descriptor computes are numeric columns of the candidates' tables
    #[arg(long)]
    pub from_table: bool,
    /// Takes the first trees only, where training stopped early
    #[arg(long, value_name = "N")]
    pub trees: Option<usize>,
    /// ONNX: the output that is the prediction, where the graph has several
    #[arg(long, value_name = "NAME")]
    pub graph_output: Option<String>,
    /// ONNX: its column, counted from 0
    #[arg(long, value_name = "N")]
    pub graph_column: Option<usize>,
    /// CSV of inputs (columns named as the features) and of what the library predicted, to compare with
    #[arg(long, value_name = "TABLE.csv")]
    pub check: Option<PathBuf>,
    /// Column of --check with the predictions: numbers, or probabilities of the second class
    #[arg(long, value_name = "COL", default_value = "prediction")]
    pub prediction: String,
    /// Table that the model was not trained on, with its target: gives intervals, standard deviations and a domain
    #[arg(long, value_name = "TABLE")]
    pub calibrate: Option<PathBuf>,
    /// Target column of --calibrate; default: --target
    #[arg(long, value_name = "COL", requires = "calibrate")]
    pub calibrate_target: Option<String>,
    /// Name of the model; default: the output file's
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub provenance: ProvenanceArgs,
    #[command(flatten)]
    pub input: InputArgs,
}

/// Runs the verb.
///
/// # Errors
/// A file that is no model or is refused, features without columns, a check that fails, a file that cannot be written.
pub fn run_import(args: &ImportArgs, context: &Context) -> Result<Exit, CliError> {
    let (content, sha256) = read(&args.file).map_err(surrogate_error)?;
    let (about, brought, used) = fit(content, args)?;
    let (offers, cards) = offers(args)?;
    let renamings = match &args.map {
        Some(path) => Renaming::read(&NumberTable::read(path).map_err(request_error)?).map_err(request_error)?,
        None => BTreeMap::new(),
    };
    let are_named = args.preset.is_some() || !args.descriptors.is_empty();
    let positional = !about.has_names && are_named;
    if !about.has_names && !are_named && args.map.is_none() && !args.from_table {
        let reason = format!("the model's {} features have no names", about.features.len());
        let way_out = Some(
            "name the descriptors that compute them, in the model's order, with --descriptors or --preset, or map them with --map",
        );
        return Err(request_error(ImportError::Request { reason, way_out }));
    }
    let mapping = map_features(&about.features, &used, &offers, &renamings, positional, args.from_table)
        .map_err(request_error)?;
    let names: Vec<[&str; 2]> = used
        .iter()
        .zip(&mapping.columns)
        .map(|(&feature, column)| [about.features[feature].as_str(), column.label.as_str()])
        .collect();
    let expected = match &args.check {
        Some(path) => Some(expected(path, &names, &args.prediction).map_err(request_error)?),
        None => None,
    };
    let classes = match args.classes.as_slice() {
        [] => None,
        [no, yes] => Some([no.trim().to_owned(), yes.trim().to_owned()]),
        _ => return Err(CliError::usage("--classes takes two names, NO,YES")),
    };
    let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let request = ImportRequest {
        name: args.name.clone().unwrap_or_else(|| stem(&args.output)),
        target: Column::new(&args.target, Unit::parse(&args.unit)?),
        classification: args.task.as_deref().map(|task| task == "classification"),
        classes,
        descriptors: mapping.offers.iter().map(|&offer| cards[offer].clone()).collect(),
        columns: mapping.columns.clone(),
        provenance: args.provenance.provenance(),
        file: args.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256,
        expected,
    };
    for note in about.notes.iter().filter(|_| !context.quiet) {
        eprintln!("note: {note}");
    }
    let mut model = import(&about, brought, &used, request).map_err(surrogate_error)?;
    if let Some(path) = &args.calibrate {
        let data = in_pool(context, || calibration_data(args, path, &model, &names, context))??;
        model = calibrate(model, &data, context.seed.unwrap_or(0)).map_err(surrogate_error)?;
    }
    model.save(&args.output).map_err(surrogate_error)?;
    if !context.quiet {
        eprint!("{}", super::model::card_text(model.card()));
        eprintln!("wrote {} ({})", args.output.display(), &model.sha256()[..12]);
    }
    Ok(Exit::Done)
}

/// What the file says, the model, and the numbers of the features that need columns.
fn fit(content: Content, args: &ImportArgs) -> Result<(About, Brought, Vec<usize>), CliError> {
    match content {
        Content::Trees(_) if args.graph_output.is_some() || args.graph_column.is_some() => {
            Err(CliError::usage("--graph-output and --graph-column are for ONNX files, these are trees"))
        }
        Content::Trees(mut foreign) => {
            if let Some(trees) = args.trees {
                foreign.keep_trees(trees).map_err(request_error)?;
            }
            let (imported, used) = Imported::fit(&foreign).map_err(request_error)?;
            Ok((foreign.about(), Brought::Trees(Box::new(imported)), used))
        }
        Content::Graph(_) if args.trees.is_some() => {
            Err(CliError::usage("--trees is for files of trees, this is a graph"))
        }
        Content::Graph(bytes) => {
            let request = OnnxRequest { output: args.graph_output.clone(), column: args.graph_column };
            let (network, about) = Onnx::read(bytes, &request)
                .map_err(|source| surrogate_error(SurrogateError::Import { path: args.file.clone(), source }))?;
            let used = (0..network.width()).collect();
            Ok((about, Brought::Network(Box::new(network)), used))
        }
    }
}

fn request_error(error: ImportError) -> CliError {
    surrogate_error(SurrogateError::from(error))
}

/// Columns on offer: of the descriptors that are named, else of all that need no parameters.
fn offers(args: &ImportArgs) -> Result<(Vec<Offer>, Vec<DescriptorCard>), CliError> {
    let changes = ParameterArgs { settings: args.settings.clone(), fit: false }.by_descriptor()?;
    let named = args.preset.is_some() || !args.descriptors.is_empty();
    let list: Vec<(String, Value)> = match named {
        true => descriptor_list(&args.descriptors, args.preset.as_deref(), &changes).map_err(with_hint)?,
        false => {
            let parameters = |entry: &descriptor::Entry| {
                changes.get(entry.name).cloned().unwrap_or_else(|| Value::Object(Map::new()))
            };
            descriptor::REGISTRY.iter().map(|entry| (entry.name.to_owned(), parameters(entry))).collect()
        }
    };
    let (mut offers, mut cards) = (Vec::new(), Vec::new());
    for (name, parameters) in list {
        let built = match descriptor::build(&name, &parameters) {
            Ok(built) => built,
            // Some have no columns before a plan says which elements there are.
            Err(_) if !named && !changes.contains_key(&name) => continue,
            Err(error) => return Err(error.into()),
        };
        let columns = built.columns();
        cards.push(DescriptorCard {
            name: name.clone(),
            version: built.version(),
            parameters: built.parameters(),
            columns: columns.len(),
        });
        offers.push(Offer { descriptor: name, columns });
    }
    Ok((offers, cards))
}

fn expected(path: &Path, names: &[[&str; 2]], prediction: &str) -> Result<Expected, ImportError> {
    let table = NumberTable::read(path)?;
    Ok(Expected { inputs: table.matrix(names)?, predictions: table.numbers(prediction)? })
}

/// Rows with the model's columns: taken from the table where it has them all, else computed by the descriptors.
fn calibration_data(
    args: &ImportArgs,
    path: &Path,
    model: &Model,
    names: &[[&str; 2]],
    context: &Context,
) -> Result<Dataset, CliError> {
    let card = model.card();
    let target = args.calibrate_target.as_deref().unwrap_or(&args.target);
    let columns: Arc<[Column]> = card.columns.clone().into();
    let mut features = FeatureMatrix::new(columns);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Ok(table) = NumberTable::read(path)
        && table.has_all(names)
    {
        features.reset(table.len());
        features.values_mut().copy_from_slice(&table.matrix(names).map_err(request_error)?);
        let (task, values) = match &card.task {
            Task::Regression => (Task::Regression, table.numbers(target).map_err(request_error)?),
            Task::Classification { .. } => {
                let texts = table.texts(target).map_err(request_error)?;
                let (classes, values) = read_classes(target, &texts).map_err(surrogate_error)?;
                (Task::Classification { classes }, values)
            }
        };
        let rows = table.len();
        return Ok(Dataset {
            name,
            features,
            target: card.target.column.clone(),
            task,
            values,
            ids: (0..rows).map(|row| row.to_string()).collect(),
            compositions: vec![None; rows],
            faulted: vec![false; rows],
            base: None,
            without_target: 0,
        });
    }
    if card.descriptors.is_empty() {
        let reason = format!("{} lacks columns of the model, which no descriptor computes", path.display());
        return Err(CliError::usage(reason));
    }
    let source = args.input.source(std::slice::from_ref(&path.to_path_buf()));
    let mut spec: SourceSpec = toml::Value::Table(source).try_into().map_err(CliError::usage)?;
    spec.seed = context.seed.unwrap_or(0);
    let descriptors: Vec<(String, Value)> =
        card.descriptors.iter().map(|need| (need.name.clone(), parameters(need))).collect();
    let target = TargetRequest {
        name: target,
        unit: card.target.column.unit.clone(),
        task: Some(match &card.task {
            Task::Regression => TaskKind::Regression,
            Task::Classification { .. } => TaskKind::Classification,
        }),
    };
    let request = DatasetRequest {
        source: &spec,
        name: &name,
        targets: &[target],
        descriptors: &descriptors,
        fit: false,
        base: None,
        other: None,
    };
    let read = read_dataset(request, Path::new("")).map_err(with_hint)?.data;
    let places = model.bind(read.features.columns()).map_err(surrogate_error)?;
    features.reset(read.len());
    let width = places.len();
    for (row, out) in features.values_mut().chunks_exact_mut(width).enumerate() {
        let own = read.features.row(row);
        out.iter_mut().zip(&places).for_each(|(value, &place)| *value = own[place]);
    }
    Ok(Dataset { features, ..read })
}

/// Parameters as the user gave them: those of the card may be resolved ones, which are the defaults where they equal them.
fn parameters(need: &DescriptorCard) -> Value {
    match descriptor::build(&need.name, &json!({})) {
        Ok(plain) if plain.parameters() == need.parameters => json!({}),
        _ => need.parameters.clone(),
    }
}

/// Lines of a card that only imported models have.
pub fn import_lines(card: &Card) -> Vec<(&'static str, String)> {
    let Some(import) = &card.import else { return Vec::new() };
    let mut lines = vec![
        ("imported", format!("{} from {} (SHA-256 {})", import.format, import.file, import.sha256)),
        (
            "check",
            match &import.check {
                Some(check) => format!(
                    "{} of {} predictions of the library met to the last bit, largest difference {:e}",
                    check.identical, check.rows, check.largest_difference
                ),
                None => "not compared with predictions of the library (--check)".into(),
            },
        ),
        (
            "calibration",
            match &import.calibrated_on {
                Some(table) => format!("on {table}"),
                None => "none: no standard deviation, no interval, no domain (--calibrate)".into(),
            },
        ),
    ];
    lines.extend(import.notes.iter().map(|note| ("note", note.clone())));
    lines
}
