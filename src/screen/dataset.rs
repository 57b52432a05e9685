//! A table with a target, as training needs it: every row described, faulted rows in their place.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::candidate::{Column, Fault, FaultCode, FeatureMatrix, Stage, Task};
use crate::descriptor::{self, Scratch};
use crate::source::{SourceSpec, Table, read_table};
use crate::surrogate::card::DescriptorCard;
use crate::surrogate::dataset::read_classes;
use crate::surrogate::{Dataset, SurrogateError};
use crate::units::Unit;

use super::error::PlanError;
use super::fit::{Extent, fill, to_fit};
use super::slot::{DescriptorSlot, describe};

/// What kind of answer a model gives.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// A number.
    Regression,
    /// One of several classes.
    Classification,
}

/// A target column.
#[derive(Clone, Debug)]
pub struct TargetRequest<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its unit.
    pub unit: Unit,
    /// Regression or classification; told from the column where `None`.
    pub task: Option<TaskKind>,
}

/// What to read.
#[derive(Clone, Debug)]
pub struct DatasetRequest<'a> {
    /// Table.
    pub source: &'a SourceSpec,
    /// Name of the data in cards.
    pub name: &'a str,
    /// Target columns, one data set each.
    pub targets: &'a [TargetRequest<'a>],
    /// Descriptors, with their parameters.
    pub descriptors: &'a [(String, Value)],
    /// Whether parameters that candidates decide are taken from them.
    pub fit: bool,
    /// Numeric column that the target is a correction to; in the unit of the target, which is the only one.
    pub base: Option<&'a str>,
    /// A further column to read as text, e.g. the fold.
    pub other: Option<&'a str>,
}

/// A data set and what belongs to it.
pub struct DatasetRead {
    /// Rows.
    pub data: Dataset,
    /// Descriptors behind the columns.
    pub descriptors: Vec<DescriptorCard>,
    /// The further column.
    pub other: Vec<String>,
    /// Rows that faulted, with `line N` where lines are known.
    pub faults: Vec<(usize, Fault)>,
    /// Row of the table behind each row of the data, from 0: rows without target are not in the data. Where targets come from a
    /// table of their own, rows count without those that it does not speak of.
    pub table_rows: Vec<usize>,
    /// Rows of the table.
    pub num_table_rows: usize,
}

/// A table whose rows are described, before its targets are read.
#[derive(Clone)]
pub struct Described<'a> {
    request: DatasetRequest<'a>,
    /// Rows that have a target.
    table: Table,
    /// Rows of the whole table, and the number there of each row of `table`.
    all_rows: usize,
    table_rows: Vec<usize>,
    features: FeatureMatrix,
    faults: Vec<(usize, Fault)>,
    cards: Vec<DescriptorCard>,
}

/// Reads a table and describes its rows, in the current rayon pool.
///
/// A row whose formula or descriptor faults, or that lacks its base, keeps its place and is marked. Rows without any of the targets are
/// left out.
///
/// # Errors
/// Inputs, columns or descriptors that are not there.
pub fn read_described<'a>(request: DatasetRequest<'a>, base: &Path) -> Result<Described<'a>, PlanError> {
    let mut names: Vec<&str> = request.targets.iter().map(|target| target.name).collect();
    let wrong = |reason: String| Err(SurrogateError::BadData { reason }.into());
    if let Some(name) = names.iter().enumerate().find_map(|(place, name)| names[..place].contains(name).then_some(name))
    {
        return wrong(format!("target \"{name}\" is named twice"));
    }
    if request.base.is_some() && names.len() > 1 {
        return wrong("a base goes with one target".into());
    }
    if let Some(base) = request.base.filter(|base| names.contains(base)) {
        return wrong(format!("the base \"{base}\" is the target itself"));
    }
    names.extend(request.other);
    names.extend(request.base);
    let mut table = read_table(request.source, base, &names)?;
    let all_rows = table.len();
    let table_rows = leave_out(&mut table, request.targets);
    let mut descriptors = request.descriptors.to_vec();
    if request.fit && !to_fit(&descriptors).is_empty() {
        let mut extent = Extent::default();
        table.candidates.iter().flatten().for_each(|candidate| extent.add(candidate));
        fill(&mut descriptors, &extent);
    }
    let (slots, mut columns, cards) = build(&descriptors)?;
    if let (Some(name), [target, ..]) = (request.base, request.targets) {
        if columns.iter().any(|column| column.label == name) {
            return wrong(format!("the base \"{name}\" is a descriptor's column"));
        }
        columns = columns.iter().cloned().chain([Column::new(name, target.unit.clone())]).collect();
    }
    let (mut features, described_faults) = describe_rows(&table, &slots, &columns);
    let mut faults = table.faults.clone();
    faults.extend(described_faults);
    if let Some(name) = request.base {
        let base_faults = write_base(&table, name, &mut features);
        faults.extend(base_faults.into_iter().filter(|(row, _)| table.candidates[*row].is_some()));
    }
    faults.sort_by_key(|(row, _)| *row);
    faults.dedup_by_key(|(row, _)| *row);
    Ok(Described { request, table, all_rows, table_rows, features, faults, cards })
}

impl Described<'_> {
    /// The data set of each target, in the order of the request.
    ///
    /// # Errors
    /// A target that cannot be used: one that is no finite number, for example.
    pub fn into_datasets(self) -> impl Iterator<Item = Result<DatasetRead, PlanError>> {
        let count = self.request.targets.len();
        let mut described = Some(self);
        (0..count).filter_map(move |number| {
            let own = if number + 1 == count { described.take() } else { described.clone() };
            Some(own?.dataset(number))
        })
    }

    /// Rows whose target is empty are left out and counted.
    fn dataset(mut self, number: usize) -> Result<DatasetRead, PlanError> {
        let target = &self.request.targets[number..=number];
        self.keep(&has_one(&self.table, target));
        let [target] = target else { unreachable!("a range of one") };
        let Self { request, table, all_rows, table_rows, features, faults, cards } = self;
        let mut faulted = vec![false; table.len()];
        for (row, _) in &faults {
            faulted[*row] = true;
        }
        let (task, values) = read_target(target, &table, &faulted)?;
        let other = request.other.and_then(|name| table.text(name)).unwrap_or_default().to_vec();
        let without_target = all_rows - table_rows.len();
        let (table_rows, num_table_rows) = match request.source.targets {
            Some(_) => ((0..table.len()).collect(), table.len()),
            None => (table_rows, all_rows),
        };
        let data = Dataset {
            name: request.name.to_owned(),
            base: request.base.map(|_| features.width() - 1),
            features,
            target: Column::new(target.name, target.unit.clone()),
            without_target,
            task,
            values,
            ids: table.ids,
            compositions: table.candidates.iter().map(|candidate| candidate.as_ref()?.composition().cloned()).collect(),
            faulted,
        };
        Ok(DatasetRead { data, descriptors: cards, other, faults, table_rows, num_table_rows })
    }

    /// Leaves out the rows where `keep` is false.
    fn keep(&mut self, keep: &[bool]) {
        if keep.iter().all(|&keep| keep) {
            return;
        }
        let kept: Vec<usize> = (0..keep.len()).filter(|&row| keep[row]).collect();
        let mut features = FeatureMatrix::new(self.features.columns().clone());
        features.reset(kept.len());
        for (out, &row) in features.values_mut().chunks_exact_mut(self.features.width().max(1)).zip(&kept) {
            out.copy_from_slice(self.features.row(row));
        }
        self.features = features;
        self.faults.retain(|(row, _)| keep[*row]);
        for (row, _) in &mut self.faults {
            *row = kept.partition_point(|kept| kept < row);
        }
        self.table_rows = kept.iter().map(|&row| self.table_rows[row]).collect();
        self.table.retain(keep);
    }
}

/// Reads a table of one target.
///
/// # Errors
/// As [`read_described`] and [`Described::into_datasets`].
pub fn read_dataset(request: DatasetRequest<'_>, base: &Path) -> Result<DatasetRead, PlanError> {
    let described = read_described(request, base)?;
    let nothing = || Err(SurrogateError::BadData { reason: "no target is named".into() }.into());
    described.into_datasets().next().unwrap_or_else(nothing)
}

/// Whether each row has any of the targets.
fn has_one(table: &Table, targets: &[TargetRequest<'_>]) -> Vec<bool> {
    let mut has = vec![false; table.len()];
    for target in targets {
        for (has, text) in has.iter_mut().zip(table.text(target.name).unwrap_or_default()) {
            *has |= !text.trim().is_empty();
        }
    }
    has
}

/// Leaves out the rows without any target; gives the numbers of the others.
fn leave_out(table: &mut Table, targets: &[TargetRequest<'_>]) -> Vec<usize> {
    let keep = has_one(table, targets);
    table.retain(&keep);
    (0..keep.len()).filter(|&row| keep[row]).collect()
}

/// Writes the base of each row into the last column; gives the rows that have none.
fn write_base(table: &Table, name: &str, features: &mut FeatureMatrix) -> Vec<(usize, Fault)> {
    let Some(numbers) = table.numbers(name) else { return Vec::new() };
    let width = features.width();
    let mut faults = numbers.faults;
    for (row, (out, &value)) in features.values_mut().chunks_exact_mut(width).zip(&numbers.values).enumerate() {
        out[width - 1] = value;
        if !value.is_finite() && faults.iter().all(|fault| fault.0 != row) {
            let detail = format!("line {}, {name}: no finite number", table.lines[row]);
            faults.push((row, Fault::new(Stage::Read, FaultCode::UnparsableNumber, detail)));
        }
    }
    faults
}

type Built = (Vec<DescriptorSlot>, Arc<[Column]>, Vec<DescriptorCard>);

fn build(descriptors: &[(String, Value)]) -> Result<Built, PlanError> {
    let (mut slots, mut columns, mut cards) = (Vec::new(), Vec::new(), Vec::new());
    for (name, parameters) in descriptors {
        let descriptor = descriptor::build(name, parameters)?;
        let own = descriptor.columns();
        cards.push(DescriptorCard {
            name: name.clone(),
            version: descriptor.version(),
            parameters: descriptor.parameters(),
            columns: own.len(),
        });
        let range = columns.len()..columns.len() + own.len();
        columns.extend(own);
        slots.push(DescriptorSlot { descriptor, range });
    }
    Ok((slots, columns.into(), cards))
}

fn describe_rows(
    table: &Table,
    slots: &[DescriptorSlot],
    columns: &Arc<[Column]>,
) -> (FeatureMatrix, Vec<(usize, Fault)>) {
    let mut features = FeatureMatrix::new(columns.clone());
    features.reset(table.len());
    let width = features.width().max(1);
    let faults = features
        .values_mut()
        .par_chunks_mut(width)
        .enumerate()
        .map_init(Scratch::new, |scratch, (row, out)| {
            let candidate = table.candidates[row].as_ref()?;
            describe(slots, candidate, columns, scratch, out).err().map(|fault| (row, fault))
        })
        .flatten()
        .collect();
    (features, faults)
}

fn read_target(target: &TargetRequest<'_>, table: &Table, faulted: &[bool]) -> Result<(Task, Vec<f64>), PlanError> {
    let texts = table.text(target.name).unwrap_or_default();
    let bad = |row: usize, value: String| {
        let line = match table.lines[row] {
            0 => String::new(),
            line => format!(", line {line}"),
        };
        let place = format!(" ({}{line})", table.origins[row]);
        SurrogateError::BadTarget { target: target.name.into(), row, place, value }
    };
    let usable: Vec<usize> = (0..texts.len()).filter(|&row| !faulted[row]).collect();
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
    let kind = target.task.unwrap_or_else(|| {
        let numeric = usable.iter().filter(|&&row| is_number(&texts[row])).count();
        if 2 * numeric > usable.len() { TaskKind::Regression } else { TaskKind::Classification }
    });
    match kind {
        TaskKind::Regression => {
            let mut values = vec![f64::NAN; texts.len()];
            for (row, text) in texts.iter().enumerate() {
                match text.trim().parse::<f64>() {
                    Ok(value) if value.is_finite() => values[row] = value,
                    _ => return Err(bad(row, format!("\"{text}\"")).into()),
                }
            }
            Ok((Task::Regression, values))
        }
        TaskKind::Classification => {
            let read: Vec<&str> = usable.iter().map(|&row| texts[row].trim()).collect();
            let (classes, indices) = read_classes(target.name, &read).map_err(|error| match error {
                SurrogateError::BadTarget { row, value, .. } => bad(usable[row], value),
                other => other,
            })?;
            let mut values = vec![f64::NAN; texts.len()];
            for (&row, index) in usable.iter().zip(indices) {
                values[row] = index;
            }
            // A faulted row is still scored, so its class counts where it can be read.
            for (row, text) in texts.iter().enumerate().filter(|(row, _)| faulted[*row]) {
                if let Some(class) = classes.iter().position(|class| class == text.trim()) {
                    values[row] = class as f64;
                }
            }
            Ok((Task::Classification { classes }, values))
        }
    }
}

/// Descriptors named one by one or by a preset; `changes` has parameters by descriptor.
///
/// # Errors
/// An unknown preset or one that does not have a descriptor of `changes`, with the closest known one; parameters of a
/// descriptor that is not named.
pub fn descriptor_list(
    names: &[String],
    preset: Option<&str>,
    changes: &Map<String, Value>,
) -> Result<Vec<(String, Value)>, PlanError> {
    if let Some(preset) = preset {
        return Ok(descriptor::preset(preset)?.descriptors_with(changes)?);
    }
    let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
    if let Some(stranger) = changes.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(PlanError::unknown_key("the descriptors", stranger, names.iter().copied()));
    }
    Ok(names
        .iter()
        .map(|name| ((*name).to_owned(), changes.get(*name).cloned().unwrap_or_else(|| json!({}))))
        .collect())
}
