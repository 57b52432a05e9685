//! The member that predicts as a foreign model does.

use serde::{Deserialize, Serialize};

use super::columns::{self, Derived};
use super::output::Output;
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};
use crate::surrogate::trees::{Precision, SumOfTrees};

/// Numbers of a block of rows with derived columns: 32 MB.
const BLOCK_VALUES: usize = 1 << 22;
/// Rows of a block; large trees are fetched once a block.
const BLOCK_ROWS: std::ops::RangeInclusive<usize> = 64..=4096;

/// What a card says of an imported member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedSpec {
    /// Library and format.
    pub format: String,
    /// Arithmetic of the sum.
    pub precision: Precision,
    /// What follows it.
    pub output: Output,
    /// Number of trees.
    pub trees: usize,
    /// Number of leaves.
    pub leaves: usize,
}

/// A foreign model, ready to predict.
#[derive(Clone, Debug)]
pub struct Imported {
    width: usize,
    derived: Vec<Derived>,
    sets: Vec<Vec<u32>>,
    sum: SumOfTrees,
    spec: ImportedSpec,
}

impl Imported {
    pub(super) fn new(
        width: usize,
        derived: Vec<Derived>,
        sets: Vec<Vec<u32>>,
        sum: SumOfTrees,
        spec: ImportedSpec,
    ) -> Self {
        Self { width, derived, sets, sum, spec }
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What its card says.
    pub fn spec(&self) -> &ImportedSpec {
        &self.spec
    }

    /// Numbers at which predictions change with a column, ascending by kind of question.
    pub(super) fn turning_points(&self, column: usize) -> Vec<f64> {
        let mut points = self.sum.thresholds(column).to_vec();
        for (number, derived) in self.derived.iter().enumerate().filter(|(_, derived)| derived.source == column) {
            match derived.kind {
                columns::Kind::InSet(set) => {
                    let last = 32 * self.sets[set].len().min(64) as u32;
                    points.extend((0..=last).map(f64::from));
                }
                _ => points.extend_from_slice(self.sum.thresholds(self.width + number)),
            }
        }
        points
    }

    /// Predicts every row: a number, or the probability of the second class. A row's bits depend on that row only.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        self.sums(rows, out);
        self.spec.output.apply(self.spec.precision, out);
    }

    /// The sums alone: what libraries call raw values or margins.
    ///
    /// # Panics
    /// As [`predict`](Self::predict).
    pub fn sums(&self, rows: Rows<'_>, out: &mut [f64]) {
        assert_eq!(rows.width(), self.width, "rows have the columns of the model");
        if self.derived.is_empty() {
            return self.sum.predict(rows, out);
        }
        assert_eq!(rows.len(), out.len(), "one prediction a row");
        let width = self.width + self.derived.len();
        let block = (BLOCK_VALUES / width).clamp(*BLOCK_ROWS.start(), *BLOCK_ROWS.end()).min(rows.len().max(1));
        let (numbers, places): (Vec<usize>, Vec<usize>) = ((0..block).collect(), (0..width).collect());
        let mut values = vec![0.0; block * width];
        for (number, out) in out.chunks_mut(block).enumerate() {
            for (row, values) in values.chunks_exact_mut(width).take(out.len()).enumerate() {
                let (own, derived) = values.split_at_mut(self.width);
                rows.gather(number * block + row, own);
                for (value, column) in derived.iter_mut().zip(&self.derived) {
                    *value = column.value(own[column.source], &self.sets);
                }
            }
            self.sum.predict(Rows::new(&values, width, &numbers[..out.len()], &places), out);
        }
    }

    /// Its tensors.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        tensors.push_u32("width", &[self.width as u32]);
        columns::push(&self.derived, &self.sets, &mut tensors);
        self.sum.push(&mut tensors);
        tensors
    }

    /// Reads it back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another or the card; nothing is trusted.
    pub fn from_tensors(spec: &ImportedSpec, tensors: &Tensors) -> Result<Self, TensorError> {
        if !spec.output.is_valid() {
            return Err(TensorError::invalid("output", format!("{:?}, expected finite numbers", spec.output)));
        }
        let [width] = tensors.u32s("width")?[..] else {
            return Err(TensorError::invalid("width", "expected 1 element"));
        };
        let width = width as usize;
        let (derived, sets) = columns::read(tensors, width)?;
        let sum = SumOfTrees::read(tensors, spec.precision)?;
        let found = (sum.width(), sum.num_trees(), sum.num_leaves());
        if width == 0 || found != (width.saturating_add(derived.len()), spec.trees, spec.leaves) {
            let problem = format!("{found:?} columns, trees, leaves are not those of the card");
            return Err(TensorError::invalid("num_columns", problem));
        }
        Ok(Self { width, derived, sets, sum, spec: spec.clone() })
    }
}
