//! Arguments shared by `train` and `evaluate`: a table, its target, descriptors and the recipe.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::screen::{DatasetRead, DatasetRequest, TargetRequest, TaskKind, descriptor_list, read_described};
use crate::source::SourceSpec;
use crate::surrogate::dataset::Duplicates;
use crate::surrogate::transform::{Transform, TransformChoice};
use crate::surrogate::{Dataset, Progress, Recipe};
use crate::units::Unit;

use super::input::InputArgs;
use super::parameters::ParameterArgs;
use super::screen::with_hint;
use super::train::surrogate_error;
use super::{CliError, Context};

/// What to learn from.
#[derive(clap::Args, Debug)]
pub struct DatasetArgs {
    /// Table with formulas and the target; rows whose target is empty are left out
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// Target column; given several times, one model each, of rows that are described once
    #[arg(long, required = true, value_name = "COL")]
    pub target: Vec<String>,
    /// Unit of the target, e.g. "eV/atom"; none for plain numbers and classes. One for all targets, or one for each
    #[arg(long, value_name = "UNIT", default_value = "1")]
    pub unit: Vec<String>,
    /// What the target is: a number, or one of 2 to 32 classes; told from the column where not given
    #[arg(long, value_name = "TASK", value_parser = ["regression", "classification"])]
    pub task: Option<String>,
    /// Descriptors, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "preset")]
    pub descriptors: Vec<String>,
    /// A preset of descriptors; default: composition-core
    #[arg(long, value_name = "PRESET")]
    pub preset: Option<String>,
    /// quick (extra_trees, hurdle), default or full (those and boosting, attention, network, gaussian_process; full with more of each), or
    /// a list of members; core time for 4,600 rows of 429 columns: 10 seconds, 9 to 12 minutes, an hour by estimate (docs/models.md); K > 2 classes
    /// cost K times as much
    #[arg(long, value_name = "RECIPE", default_value = "default")]
    pub members: String,
    /// What members learn of a number: itself, its logarithm, or whichever errs less out of fold
    #[arg(long, value_name = "HOW", value_parser = ["auto", "none", "log"], default_value = "auto")]
    pub transform: String,
    /// Numeric column, in the unit of the target, to which a correction is learned (Δ-learning); predicting needs it too
    #[arg(long, value_name = "COLUMN")]
    pub base: Option<String>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub input: InputArgs,
}

impl DatasetArgs {
    /// Reads the data set of each target and hands it to `each`; `other` names a further column.
    ///
    /// # Errors
    /// As the screen room's reader, and what `each` says.
    pub fn read(
        &self,
        other: Option<&str>,
        context: &Context,
        mut each: impl FnMut(DatasetRead) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let table = self.input.source(&self.inputs);
        let mut spec: SourceSpec = toml::Value::Table(table).try_into().map_err(CliError::usage)?;
        spec.seed = context.seed.unwrap_or(0);
        let preset = match (&self.preset, self.descriptors.is_empty()) {
            (Some(preset), _) => Some(preset.as_str()),
            (None, true) => Some("composition-core"),
            (None, false) => None,
        };
        let changes = self.parameters.by_descriptor()?;
        let descriptors = descriptor_list(&self.descriptors, preset, &changes).map_err(with_hint)?;
        let name = self.name();
        if self.unit.len() > 1 && self.unit.len() != self.target.len() {
            let (units, targets) = (self.unit.len(), self.target.len());
            return Err(CliError::usage(format!("{units} units for {targets} targets: give one, or one for each")));
        }
        let task = self.task.as_deref().map(|task| match task {
            "classification" => TaskKind::Classification,
            _ => TaskKind::Regression,
        });
        let units = self.unit.iter().cycle();
        let target = |(name, unit): (&'_ String, &String)| Unit::parse(unit).map(|unit| (name.clone(), unit));
        let named: Vec<(String, Unit)> = self.target.iter().zip(units).map(target).collect::<Result<_, _>>()?;
        let targets: Vec<TargetRequest<'_>> =
            named.iter().map(|(name, unit)| TargetRequest { name, unit: unit.clone(), task }).collect();
        let request = DatasetRequest {
            source: &spec,
            name: &name,
            targets: &targets,
            descriptors: &descriptors,
            fit: self.parameters.fit,
            base: self.base.as_deref(),
            other,
        };
        for read in read_described(request, Path::new("")).map_err(with_hint)?.into_datasets() {
            let read = read.map_err(with_hint)?;
            if !context.quiet {
                tell(&read, &read.data.target.label);
            }
            each(read)?;
        }
        Ok(())
    }

    /// The output of a target: `{target}` in its path is the target's name, with `_` for what file names should not have.
    ///
    /// # Errors
    /// Several targets and no `{target}`.
    pub fn output(&self, path: &Path, target: &str) -> Result<PathBuf, CliError> {
        const PLACE: &str = "{target}";
        let text = path.to_string_lossy();
        if self.target.len() > 1 && !text.contains(PLACE) {
            return Err(CliError::usage(format!("-o {text}: with several targets it has to contain {PLACE}")));
        }
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let name: String = target.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        Ok(if text.contains(PLACE) { text.replace(PLACE, &name).into() } else { path.to_owned() })
    }

    /// Checks that every target has an output of its own.
    ///
    /// # Errors
    /// As [`output`](Self::output); two targets whose outputs are one file.
    pub fn check_outputs(&self, path: &Path) -> Result<(), CliError> {
        let mut outputs = std::collections::BTreeSet::new();
        for target in &self.target {
            let output = self.output(path, target)?;
            if self.target.iter().filter(|other| *other == target).count() == 1 && !outputs.insert(output.clone()) {
                return Err(CliError::usage(format!("two targets would be written to {}", output.display())));
            }
        }
        Ok(())
    }

    /// The recipe for a data set.
    ///
    /// # Errors
    /// Members that mean nothing, a transform beside a base or of classes.
    pub fn recipe(&self, data: &Dataset, context: &Context) -> Result<Recipe, CliError> {
        let mut recipe = Recipe::parse(&self.members, data, context.seed.unwrap_or(0)).map_err(surrogate_error)?;
        recipe.transform = match self.transform.as_str() {
            "log" => TransformChoice::Fixed(Transform::Log),
            "none" => TransformChoice::Fixed(Transform::Identity),
            _ => TransformChoice::Auto,
        };
        if recipe.transform == TransformChoice::Fixed(Transform::Log) {
            if self.base.is_some() {
                return Err(CliError::usage(
                    "--transform log and --base exclude each other: differences may be negative",
                ));
            }
            if data.is_classification() {
                return Err(CliError::usage("--transform log needs a numeric target, not classes"));
            }
        }
        Ok(recipe)
    }

    /// The first input's file name without extensions.
    pub fn name(&self) -> String {
        let first = self.inputs.first().and_then(|path| path.file_name()).unwrap_or_default().to_string_lossy();
        first.split('.').next().unwrap_or_default().to_owned()
    }
}

fn tell(read: &DatasetRead, target: &str) {
    const SHOWN: usize = 5;
    let data = &read.data;
    eprintln!(
        "{} rows, {} columns, target {target}; {} rows are faulty",
        data.len(),
        data.features.width(),
        read.faults.len()
    );
    if data.without_target > 0 {
        eprintln!("{} rows have no target and are left out", data.without_target);
    }
    let duplicates = data.duplicates(&data.usable());
    if duplicates.contradicting_groups > 0 {
        eprintln!("{}", contradictions(&duplicates, data.is_classification()));
    }
    for (row, fault) in read.faults.iter().take(SHOWN) {
        eprintln!("  {}: {fault}", data.ids[*row]);
    }
    if read.faults.len() > SHOWN {
        eprintln!("  and {} more", read.faults.len() - SHOWN);
    }
}

/// Rows of equal features whose targets differ, in words.
pub fn contradictions(duplicates: &Duplicates, is_classification: bool) -> String {
    let groups = duplicates.contradicting_groups;
    let example = duplicates.example.as_deref().map(|id| format!(" (row \"{id}\")")).unwrap_or_default();
    if is_classification {
        format!("{groups} groups of equal features have different classes{example}")
    } else {
        let largest = duplicates.largest_difference;
        format!("{groups} groups of equal features have different targets, by up to {largest:.4}{example}")
    }
}

/// A bar for trainings of members, with the remaining time; hidden where stderr is no terminal.
pub fn training_bar(context: &Context) -> ProgressBar {
    if context.quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{percent:>3} % [{bar:30}] {pos}/{len} trainings  {elapsed}  {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Shows progress on a bar.
pub fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
}

/// Runs work in a pool of the context's threads.
///
/// # Errors
/// Threads cannot be started.
pub fn in_pool<T: Send>(context: &Context, work: impl FnOnce() -> T + Send) -> Result<T, CliError> {
    crate::screen::in_pool(context.threads, work).map_err(CliError::usage)
}
