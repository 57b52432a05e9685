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

/// What to read.
#[derive(Clone, Debug)]
pub struct DatasetRequest<'a> {
    /// Table.
    pub source: &'a SourceSpec,
    /// Name of the data in cards.
    pub name: &'a str,
    /// Target column.
    pub target: &'a str,
    /// Unit of the target.
    pub unit: Unit,
    /// Regression or classification; told from the column where `None`.
    pub task: Option<TaskKind>,
    /// Descriptors, with their parameters.
    pub descriptors: &'a [(String, Value)],
    /// Whether parameters that candidates decide are taken from them.
    pub fit: bool,
    /// Numeric column that the target is a correction to; in the unit of the target.
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

/// Reads a table and describes its rows, in the current rayon pool.
///
/// A row whose formula or descriptor faults, or that lacks its base, keeps its place and is marked. Rows whose target is empty are
/// left out and counted; a target that is no finite number is an error.
///
/// # Errors
/// Inputs, columns or descriptors that are not there; a target that cannot be used.
pub fn read_dataset(request: &DatasetRequest<'_>, base: &Path) -> Result<DatasetRead, PlanError> {
    let mut names = vec![request.target];
    names.extend(request.other);
    names.extend(request.base);
    if request.base == Some(request.target) {
        return Err(SurrogateError::BadData {
            reason: format!("the base \"{}\" is the target itself", request.target),
        }
        .into());
    }
    let mut table = read_table(request.source, base, &names)?;
    let all_rows = table.len();
    let mut table_rows = leave_out(&mut table, request.target);
    let without_target = all_rows - table_rows.len();
    let mut num_table_rows = all_rows;
    if request.source.targets.is_some() {
        num_table_rows = table.len();
        table_rows = (0..num_table_rows).collect();
    }
    let mut descriptors = request.descriptors.to_vec();
    if request.fit && !to_fit(&descriptors).is_empty() {
        let mut extent = Extent::default();
        table.candidates.iter().flatten().for_each(|candidate| extent.add(candidate));
        fill(&mut descriptors, &extent);
    }
    let (slots, mut columns, cards) = build(&descriptors)?;
    if let Some(name) = request.base {
        if columns.iter().any(|column| column.label == name) {
            return Err(
                SurrogateError::BadData { reason: format!("the base \"{name}\" is a descriptor's column") }.into()
            );
        }
        columns = columns.iter().cloned().chain([Column::new(name, request.unit.clone())]).collect();
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
    let mut faulted = vec![false; table.len()];
    for (row, _) in &faults {
        faulted[*row] = true;
    }
    let (task, values) = target(request, &table, &faulted)?;
    let other = request.other.and_then(|name| table.text(name)).unwrap_or_default().to_vec();
    let data = Dataset {
        name: request.name.to_owned(),
        features,
        target: Column::new(request.target, request.unit.clone()),
        base: request.base.map(|_| columns.len() - 1),
        without_target,
        task,
        values,
        ids: table.ids,
        compositions: table.candidates.iter().map(|candidate| candidate.as_ref()?.composition().cloned()).collect(),
        faulted,
    };
    Ok(DatasetRead { data, descriptors: cards, other, faults, table_rows, num_table_rows })
}

/// Leaves out the rows without target; gives the numbers of the others.
fn leave_out(table: &mut Table, target: &str) -> Vec<usize> {
    let keep: Vec<bool> = table.text(target).unwrap_or_default().iter().map(|text| !text.trim().is_empty()).collect();
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

fn target(request: &DatasetRequest<'_>, table: &Table, faulted: &[bool]) -> Result<(Task, Vec<f64>), PlanError> {
    let texts = table.text(request.target).unwrap_or_default();
    let bad = |row: usize, value: String| {
        let line = match table.lines[row] {
            0 => String::new(),
            line => format!(", line {line}"),
        };
        let place = format!(" ({}{line})", table.origins[row]);
        SurrogateError::BadTarget { target: request.target.into(), row, place, value }
    };
    let usable: Vec<usize> = (0..texts.len()).filter(|&row| !faulted[row]).collect();
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
    let kind = request.task.unwrap_or_else(|| {
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
            let (classes, indices) = read_classes(request.target, &read).map_err(|error| match error {
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
