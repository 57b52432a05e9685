//! A resolved `[rank]` table: how a row of columns becomes keys that sort.

use std::cmp::Ordering;

use crate::candidate::{Column, ColumnRef, ColumnResolver, Row};

use super::objective::{Objective, Window, power};
use super::{Method, RankError, RankSpec, pareto};

/// Largest number of objectives: fronts of more hold nearly every candidate.
const MAX_OBJECTIVES: usize = 16;

/// Largest number of fronts to list.
const MAX_FRONTS: u32 = 1000;

/// A `[rank]` table with every column found and every quantity in the unit of its column.
///
/// The *values* of a candidate are the columns of all objectives, then those of all windows, as stored; its *keys* are
/// what sorts it, smaller is better.
#[derive(Clone, Debug, PartialEq)]
pub struct RankPlan {
    spec: RankSpec,
    refs: Vec<ColumnRef>,
    columns: Vec<Column>,
    objectives: Vec<Objective>,
    windows: Vec<Window>,
}

/// Why a candidate is not ranked.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Excluded {
    /// A value is not a finite number.
    Undefined,
    /// A value lies outside a window, or too far from a target.
    Outside,
}

impl RankPlan {
    pub(super) fn new(spec: &RankSpec, resolver: &dyn ColumnResolver) -> Result<Self, RankError> {
        if spec.by.is_empty() {
            return Err(RankError::NoObjective);
        }
        if spec.by.len() > MAX_OBJECTIVES {
            let expected = "at most 16 objectives";
            return Err(RankError::OutOfRange { key: "number of objectives", value: spec.by.len() as f64, expected });
        }
        check_sizes(spec)?;
        let (mut refs, mut columns) = (Vec::new(), Vec::new());
        for name in spec.columns() {
            let (column, unit) =
                resolver.resolve(name).map_err(|reason| RankError::UnknownColumn { column: name.into(), reason })?;
            refs.push(column);
            columns.push(Column::new(name, unit));
        }
        let (of_objectives, of_windows) = columns.split_at(spec.by.len());
        let objectives = spec.by.iter().zip(of_objectives).map(|(by, c)| Objective::new(by, &c.unit, spec.method));
        let objectives = objectives.collect::<Result<_, _>>()?;
        let windows = spec.windows.iter().zip(of_windows).map(|(window, c)| Window::new(window, &c.unit));
        let windows = windows.collect::<Result<_, _>>()?;
        Ok(Self { spec: spec.clone(), refs, columns, objectives, windows })
    }

    /// The table it was made from.
    pub fn spec(&self) -> &RankSpec {
        &self.spec
    }

    /// Label and unit of each value of a candidate: objectives, then windows.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that it reads, in the same order.
    pub fn refs(&self) -> &[ColumnRef] {
        &self.refs
    }

    /// Number of values a candidate.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Copies a candidate's values out of its row.
    ///
    /// # Panics
    /// If `out` does not hold [`Self::width`] values.
    pub fn objectives(&self, row: Row<'_>, out: &mut [f64]) {
        assert_eq!(out.len(), self.width(), "one value a column");
        for (value, &column) in out.iter_mut().zip(&self.refs) {
            *value = row.value(column);
        }
    }

    /// Rows (ascending) that can still be ranked, whatever other candidates there are; `values` is row-major,
    /// [`Self::width`] numbers a row.
    ///
    /// Ranking what is left of any parts gives the ranking of the whole: a row is left out only if it can never be
    /// ranked, or if rows of the same part already fill the places before it.
    ///
    /// # Panics
    /// If `values` does not have one row an index.
    pub fn prune(&self, indices: &[u64], values: &[f64]) -> Vec<usize> {
        assert_eq!(values.len(), indices.len() * self.width(), "one row of values an index");
        let mut rows = Vec::new();
        let mut keys = Vec::new();
        for (row, row_values) in values.chunks_exact(self.width()).enumerate() {
            if self.keys(row_values, &mut keys).is_ok() {
                rows.push(row);
            }
        }
        let ranked: Vec<u64> = rows.iter().map(|&row| indices[row]).collect();
        self.survivors(&ranked, &keys).into_iter().map(|row| rows[row]).collect()
    }

    /// How many candidates are ranked; fronts have no number of places.
    pub(super) fn places(&self) -> Option<usize> {
        (self.spec.method != Method::Pareto).then_some(self.spec.keep)
    }

    /// Number of keys a candidate.
    pub(super) fn num_keys(&self) -> usize {
        if self.spec.method == Method::Desirability { 1 } else { self.objectives.len() }
    }

    /// Appends the keys of a candidate.
    pub(super) fn keys(&self, values: &[f64], keys: &mut Vec<f64>) -> Result<(), Excluded> {
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Excluded::Undefined);
        }
        let (of_objectives, of_windows) = values.split_at(self.objectives.len());
        let close = self.objectives.iter().zip(of_objectives).all(|(objective, &value)| objective.accepts(value));
        if !close || !self.windows.iter().zip(of_windows).all(|(window, &value)| window.accepts(value)) {
            return Err(Excluded::Outside);
        }
        if self.spec.method == Method::Desirability {
            keys.push(-self.desirability(of_objectives) + 0.0);
        } else {
            keys.extend(self.objectives.iter().zip(of_objectives).map(|(objective, &value)| objective.cost(value)));
        }
        Ok(())
    }

    /// Weighted geometric mean of desirabilities, factor by factor in the order of the plan.
    fn desirability(&self, values: &[f64]) -> f64 {
        let total: f64 = self.objectives.iter().map(|objective| objective.weight).sum();
        let mut product = 1.0;
        for (objective, &value) in self.objectives.iter().zip(values) {
            product *= power(objective.desirability(value), objective.weight / total);
        }
        product
    }

    /// Rows (ascending) that can still be ranked among rows that all have keys.
    pub(super) fn survivors(&self, indices: &[u64], keys: &[f64]) -> Vec<usize> {
        let width = self.num_keys();
        if self.spec.method == Method::Pareto {
            let fronts = pareto::fronts(keys, width, self.fronts());
            return (0..indices.len()).filter(|&row| fronts[row] > 0).collect();
        }
        let mut rows: Vec<usize> = (0..indices.len()).collect();
        if rows.len() > self.spec.keep {
            rows.select_nth_unstable_by(self.spec.keep - 1, |&a, &b| {
                order((&keys[a * width..][..width], indices[a]), (&keys[b * width..][..width], indices[b]))
            });
            rows.truncate(self.spec.keep);
            rows.sort_unstable();
        }
        rows
    }

    /// Fronts to list.
    pub(super) fn fronts(&self) -> u32 {
        self.spec.fronts.unwrap_or(1)
    }

    /// Largest number of candidates in these fronts.
    pub(super) fn max_front(&self) -> usize {
        self.spec.max_front.unwrap_or(self.spec.keep)
    }

    /// Weights of the objectives, 1 where the plan gives none.
    pub(super) fn weights(&self) -> impl Iterator<Item = f64> {
        self.objectives.iter().map(|objective| objective.weight)
    }
}

/// Order of two candidates: keys, then candidate index.
pub(super) fn order(a: (&[f64], u64), b: (&[f64], u64)) -> Ordering {
    pareto::compare(a.0, b.0).then(a.1.cmp(&b.1))
}

fn check_sizes(spec: &RankSpec) -> Result<(), RankError> {
    let whole = "a whole number above 0";
    for (key, value) in
        [("keep", Some(spec.keep)), ("max_front", spec.max_front), ("fronts", spec.fronts.map(|f| f as usize))]
    {
        if value == Some(0) {
            return Err(RankError::OutOfRange { key, value: 0.0, expected: whole });
        }
    }
    if let Some(fronts) = spec.fronts
        && fronts > MAX_FRONTS
    {
        return Err(RankError::OutOfRange { key: "fronts", value: f64::from(fronts), expected: "at most 1000" });
    }
    if spec.method != Method::Pareto {
        let key = if spec.max_front.is_some() { "max_front" } else { "fronts" };
        if spec.max_front.is_some() || spec.fronts.is_some() {
            let hint = ", only to \"pareto\"";
            return Err(RankError::KeyOfOtherMethod { key, method: spec.method.name(), hint });
        }
    }
    Ok(())
}
