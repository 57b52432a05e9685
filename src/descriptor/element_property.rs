//! Weighted statistics of element properties: what `magpie`, `deml` and `pymatgen_elemental` share.

use std::sync::Arc;

use matsieve_kernels::dispatch::Level;

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{ElementTable, NUM_ELEMENTS};

use super::{Descriptor, Needs, Scratch};

/// Which statistics, in the order of the columns of one property.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Statistics {
    /// minimum, maximum, range, mean, avg_dev, mode
    Deviation,
    /// minimum, maximum, range, mean, std_dev
    Std,
}

impl Statistics {
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Deviation => &["minimum", "maximum", "range", "mean", "avg_dev", "mode"],
            Self::Std => &["minimum", "maximum", "range", "mean", "std_dev"],
        }
    }
}

/// What tells one descriptor of this kind from another.
pub(super) struct Definition {
    /// First word of the labels, the name of matminer's class.
    pub source: &'static str,
    /// Name of the table.
    pub table: &'static str,
    /// Its content.
    pub content: fn() -> &'static ElementTable,
    /// Columns of the table, in order.
    pub properties: &'static [&'static str],
    /// Statistics of each property.
    pub statistics: Statistics,
    /// Version of the definition.
    pub version: u32,
    /// References.
    pub references: &'static [Reference],
}

/// Statistics over the elements of a composition, weighted by their amounts; `W` is the number of properties, padded.
///
/// Element rows are copied into one padded table at construction (`W` × 8 B × 118: 11 to 22 kB, which stays in the
/// first-level cache), so that a composition reads nothing but the rows of its own elements.
pub(super) struct ElementProperty<const W: usize> {
    definition: &'static Definition,
    kernel: Kernel<W>,
    level: Level,
    rows: Arc<[[f64; W]]>,
}

/// Statistics of the table's properties over some of its rows with their amounts.
type Kernel<const W: usize> = fn(Level, &[[f64; W]], &[usize], &[f64], &mut [f64]);

impl<const W: usize> ElementProperty<W> {
    /// Prepares the padded rows; `kernel` computes the statistics that the definition names.
    pub(super) fn new(definition: &'static Definition, kernel: Kernel<W>) -> Self {
        let mut rows = vec![[0.0; W]; NUM_ELEMENTS];
        for (place, property) in definition.properties.iter().enumerate() {
            let column = (definition.content)().expect(property);
            for (row, value) in rows.iter_mut().zip(column.values.iter()) {
                row[place] = *value;
            }
        }
        Self { definition, kernel, level: Level::best(), rows: rows.into() }
    }
}

impl<const W: usize> Descriptor for ElementProperty<W> {
    fn columns(&self) -> Vec<Column> {
        let Definition { source, content, properties, statistics, .. } = self.definition;
        let mut columns = Vec::with_capacity(properties.len() * statistics.names().len());
        for property in *properties {
            let unit = &content().expect(property).unit;
            for statistic in statistics.names() {
                columns.push(Column::new(format!("{source} {statistic} {property}"), unit.clone()));
            }
        }
        columns
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        self.definition.version
    }

    fn references(&self) -> &'static [Reference] {
        self.definition.references
    }

    fn tables(&self) -> &'static [&'static str] {
        std::slice::from_ref(&self.definition.table)
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        (self.kernel)(self.level, &self.rows, &scratch.rows, &scratch.amounts, out);
        Ok(())
    }
}

/// Weighted mean `Σ w x / Σ w` over the elements of a composition; NaN if an element has no value.
pub(super) fn mean(values: &[f64; NUM_ELEMENTS], rows: &[usize], amounts: &[f64]) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (&row, &amount) in rows.iter().zip(amounts) {
        sum += amount * values[row];
        total += amount;
    }
    sum / total
}

/// The composition of a candidate that a test describes.
#[cfg(test)]
pub(super) fn candidate(pairs: &[(&str, f64)]) -> Candidate {
    let mut composition = crate::chem::Composition::new();
    for (symbol, amount) in pairs {
        composition.add(symbol.parse().expect("symbol"), *amount);
    }
    let kind = crate::candidate::CandidateKind::Composition(composition);
    Candidate { index: Default::default(), kind, values: Vec::new() }
}

/// One row of a descriptor, by label.
#[cfg(test)]
pub(super) fn describe(descriptor: &dyn Descriptor, pairs: &[(&str, f64)]) -> std::collections::BTreeMap<String, f64> {
    let candidate = candidate(pairs);
    let mut scratch = Scratch::new();
    scratch.begin(&candidate);
    let columns = descriptor.columns();
    let mut out = vec![f64::INFINITY; columns.len()];
    descriptor.describe(&candidate, &mut scratch, &mut out).expect("has a composition");
    columns.into_iter().map(|column| column.label).zip(out).collect()
}
