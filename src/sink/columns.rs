//! Numeric columns by name, without reading the rest.

use std::ops::Range;

use crate::candidate::{Column as FeatureColumn, Task};
use crate::units::Unit;

use super::SinkError;
use super::reader::{NamedColumn, ResultFile};
use super::schema::{self, Kind};

/// Where a named column lies: dataset of the table, column of that dataset.
pub(super) struct Place {
    /// The column.
    pub(super) named: NamedColumn,
    /// Dataset, in order of the table.
    pub(super) dataset: usize,
    /// Column of that dataset.
    pub(super) column: usize,
}

impl ResultFile {
    /// Names, labels and units of all numeric columns, in the order of the file.
    ///
    /// `verdict`; `<descriptor>.<label>`; `<as>.value` and its siblings, `<as>.probability.<class>`;
    /// `verdict.<filter>`; `objective.<label>`.
    pub fn numeric_columns(&self) -> Vec<NamedColumn> {
        self.places().into_iter().map(|place| place.named).collect()
    }

    /// One numeric column for a range of rows, by any of the names of [`numeric_columns`](Self::numeric_columns), or a
    /// feature's bare label where only one descriptor has it. Codes and flags come as their numbers.
    ///
    /// # Errors
    /// An unknown or ambiguous name, a damaged file.
    pub fn numeric_column(&self, name: &str, range: Range<usize>) -> Result<Vec<f64>, SinkError> {
        let places = self.places();
        let exact = places.iter().find(|place| place.named.name == name);
        let mut by_label = places.iter().filter(|place| place.named.column.label == name);
        let place = match (exact, by_label.next(), by_label.next()) {
            (Some(place), _, _) | (None, Some(place), None) => place,
            _ => return Err(self.unknown(name, places.iter().map(|place| place.named.name.as_str()))),
        };
        self.read_place(place.dataset, place.column, range)
    }

    fn read_place(&self, dataset: usize, column: usize, range: Range<usize>) -> Result<Vec<f64>, SinkError> {
        let reader = &self.table().columns()[dataset];
        let width = reader.shape().get(1).copied().unwrap_or(1);
        let mut out = Vec::with_capacity(range.len().min(reader.rows()));
        let mut position = range.start;
        while position < range.end {
            let end = (position + reader.block_rows()).min(range.end);
            let block = reader.read(position..end)?;
            match reader.kind() {
                Kind::Enum(_) => out.extend(block.bytes().iter().map(|&code| f64::from(code))),
                kind => out.extend(block.to_f64(kind).iter().skip(column).step_by(width)),
            }
            position = end;
        }
        Ok(out)
    }

    /// All numeric columns, in the order of the file.
    pub(super) fn places(&self) -> Vec<Place> {
        let layout = self.layout();
        let mut places = Vec::new();
        let specs = schema::row_specs(layout);
        let dataset_of = |path: &str| specs.iter().position(|spec| spec.path == path);
        let mut add = |path: &str, column: usize, name: String, of: FeatureColumn| {
            if let Some(dataset) = dataset_of(path) {
                places.push(Place { named: NamedColumn { name, column: of }, dataset, column });
            }
        };
        let plain = |label: &str| FeatureColumn::new(label, Unit::dimensionless());
        add("/candidates/verdict", 0, "verdict".to_owned(), plain("verdict"));
        for group in &layout.features {
            for (number, column) in group.columns.iter().enumerate() {
                let name = format!("{}.{}", group.name, column.label);
                add(&format!("/features/{}/values", group.name), number, name, column.clone());
            }
        }
        for group in &layout.predictions {
            for field in ["value", "std", "lower", "upper", "domain_distance", "in_domain"] {
                let name = format!("{}.{field}", group.name);
                let in_unit = !matches!(field, "domain_distance" | "in_domain");
                let unit = if in_unit { group.unit.clone() } else { Unit::dimensionless() };
                add(&format!("/predictions/{}/{field}", group.name), 0, name.clone(), FeatureColumn::new(name, unit));
            }
            if let Task::Classification { classes } = &group.task {
                for (number, class) in classes.iter().enumerate() {
                    let name = format!("{}.probability.{class}", group.name);
                    add(&format!("/predictions/{}/probability", group.name), number, name.clone(), plain(&name));
                }
            }
        }
        for filter in &layout.filters {
            let name = format!("verdict.{filter}");
            add(&format!("/verdicts/{filter}"), 0, name.clone(), plain(&name));
        }
        for (number, column) in layout.objectives.iter().enumerate() {
            add("/objectives/values", number, format!("objective.{}", column.label), column.clone());
        }
        places
    }
}
