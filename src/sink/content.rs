//! What segments and results share: groups, descriptions, root attributes, and reading the layout back.

use std::path::Path;

use hdf5::{File, Group};

use crate::candidate::{Column as FeatureColumn, FeatureGroup, FeatureType, Layout, PredictionGroup, Task};
use crate::units::Unit;

use super::SinkError;
use super::attributes::{Attribute, Attributes};
use super::digest;
use super::schema::{self, Kind};
use super::table::Column;
use super::writer::{Record, write_whole};

/// Name of the result format.
pub(super) const RESULT_FORMAT: &str = "matsieve-result";
/// Name of the segment format.
pub(super) const SEGMENT_FORMAT: &str = "matsieve-segment";
/// Version of the layout of both; a change follows a check of old and new reader against old and new writer.
pub(super) const FORMAT_VERSION: u64 = 1;

/// Creates all groups of a layout with their attributes, and the datasets that describe columns.
pub(super) fn write_frame(file: &File, layout: &Layout, path: &Path, record: &mut Record) -> Result<(), SinkError> {
    for (name, attributes) in schema::groups(layout) {
        write_group(file, &name, &attributes, path, record)?;
    }
    for (spec, data) in schema::descriptions(layout) {
        write_whole(file, &spec, &data, path, record)?;
    }
    Ok(())
}

/// Creates one group.
pub(super) fn write_group(
    file: &File,
    name: &str,
    attributes: &Attributes,
    path: &Path,
    record: &mut Record,
) -> Result<(), SinkError> {
    let group = file.create_group(name).map_err(SinkError::hdf5(&format!("create {name}"), path))?;
    attributes.write(&group, path)?;
    record.digests.insert(name.to_owned(), digest::of_group(attributes));
    Ok(())
}

/// Writes an attribute of the root group.
pub(super) fn write_root(file: &File, name: &str, value: Attribute, path: &Path) -> Result<(), SinkError> {
    Attributes::from([(name, value)]).write(file, path)
}

/// Checks format and version of the root attributes.
pub(super) fn check_format(root: &Attributes, format: &str, path: &Path) -> Result<(), SinkError> {
    match root.text("format") {
        Some(found) if found == format => {}
        Some(found) => {
            let reason = format!("its format is \"{found}\", expected \"{format}\"");
            return Err(SinkError::NotAResult { path: path.to_owned(), reason });
        }
        None => {
            let reason = "it has no root attribute \"format\"".to_owned();
            return Err(SinkError::NotAResult { path: path.to_owned(), reason });
        }
    }
    match root.integer("format_version") {
        Some(FORMAT_VERSION) => Ok(()),
        Some(found) => Err(SinkError::FormatVersion { path: path.to_owned(), found, expected: FORMAT_VERSION }),
        None => Err(SinkError::damaged(path, "root attribute format_version is missing")),
    }
}

/// Reads the layout of a result or segment.
pub(super) fn read_layout(file: &File, path: &Path) -> Result<Layout, SinkError> {
    let mut layout = Layout { filters: read_order(file, "/verdicts", path)?, ..Layout::default() };
    for name in read_order(file, "/features", path)? {
        let group = format!("/features/{name}");
        let attributes = read_group_attributes(file, &group, path)?;
        let missing = |what: &str| SinkError::damaged(path, format!("attribute {what} of {group} is missing or wrong"));
        let kind = Column::open(file, &format!("{group}/values"), path)?.kind().clone();
        layout.feature_type = if kind == Kind::F32 { FeatureType::F32 } else { FeatureType::F64 };
        layout.features.push(FeatureGroup {
            version: attributes
                .integer("version")
                .and_then(|version| u32::try_from(version).ok())
                .ok_or_else(|| missing("version"))?,
            parameters: attributes
                .text("parameters")
                .and_then(|text| serde_json::from_str(text).ok())
                .ok_or_else(|| missing("parameters"))?,
            references: attributes
                .text("references")
                .ok_or_else(|| missing("references"))?
                .lines()
                .map(str::to_owned)
                .collect(),
            columns: read_columns(file, &group, path)?,
            name,
        });
    }
    for name in read_order(file, "/predictions", path)? {
        layout.predictions.push(read_prediction_group(file, name, path)?);
    }
    if file.link_exists("objectives") {
        layout.objectives = read_columns(file, "/objectives", path)?;
    }
    layout.structure_digests = file.link_exists("candidates/structure_digest");
    schema::check_names(&layout).map_err(|error| SinkError::damaged(path, error.to_string()))?;
    Ok(layout)
}

fn read_prediction_group(file: &File, name: String, path: &Path) -> Result<PredictionGroup, SinkError> {
    let group = format!("/predictions/{name}");
    let attributes = read_group_attributes(file, &group, path)?;
    let missing = |what: &str| SinkError::damaged(path, format!("attribute {what} of {group} is missing or wrong"));
    let text = |what: &str| attributes.text(what).map(str::to_owned).ok_or_else(|| missing(what));
    let task = match attributes.text("task") {
        Some("regression") => Task::Regression,
        Some("classification") => {
            Task::Classification { classes: Column::open(file, &format!("{group}/classes"), path)?.read_strings()? }
        }
        _ => return Err(missing("task")),
    };
    Ok(PredictionGroup {
        target: text("target")?,
        unit: parse_unit(&text("units")?, &group, path)?,
        task,
        model_sha256: text("model_sha256")?,
        interval: attributes.real("interval").ok_or_else(|| missing("interval"))?,
        statistic: text("statistic")?,
        name,
    })
}

/// Labels and units beside the values of a group.
pub(super) fn read_columns(root: &Group, group: &str, path: &Path) -> Result<Vec<FeatureColumn>, SinkError> {
    let labels = Column::open(root, &format!("{group}/columns"), path)?.read_strings()?;
    let units = Column::open(root, &format!("{group}/units"), path)?.read_strings()?;
    if labels.len() != units.len() {
        let reason = format!("{group} has {} columns and {} units", labels.len(), units.len());
        return Err(SinkError::damaged(path, reason));
    }
    labels
        .into_iter()
        .zip(units)
        .map(|(label, unit)| Ok(FeatureColumn { unit: parse_unit(&unit, group, path)?, label }))
        .collect()
}

fn parse_unit(text: &str, group: &str, path: &Path) -> Result<Unit, SinkError> {
    Unit::parse(text).map_err(|error| SinkError::damaged(path, format!("units of {group}: {error}")))
}

fn read_group_attributes(root: &Group, name: &str, path: &Path) -> Result<Attributes, SinkError> {
    let group = root.group(name).map_err(|_| SinkError::damaged(path, format!("{name} is missing or no group")))?;
    Attributes::read(&group, path)
}

fn read_order(root: &Group, name: &str, path: &Path) -> Result<Vec<String>, SinkError> {
    read_group_attributes(root, name, path)?
        .text("order")
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| SinkError::damaged(path, format!("attribute order of {name} is missing or no list of names")))
}
