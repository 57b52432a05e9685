//! Boosted trees: the sum of many small trees.

use matsieve_kernels::dispatch::Level;

use super::loss::{Loss, sigmoid};
use super::tree_set::TreeSet;
use super::tree_sum::{Precision, TreeSum};
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};

/// A trained sum of trees.
#[derive(Clone, Debug)]
pub struct Boosted {
    sum: TreeSum,
    start: f64,
    loss: Loss,
}

impl Boosted {
    /// Puts trained trees together; `values` in the order of the leaves of `trees`.
    pub(super) fn new(trees: TreeSet, values: Vec<f64>, start: f64, loss: Loss) -> Self {
        Self { sum: TreeSum::new(trees, values, Precision::Double), start, loss }
    }

    /// Number of trees.
    pub fn num_trees(&self) -> usize {
        self.sum.trees().num_trees
    }

    /// Number of leaves of all trees.
    pub fn num_leaves(&self) -> usize {
        self.sum.num_leaves()
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.sum.trees().width
    }

    /// What it was trained to minimise.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Predicts every row: in the unit of the target, or the probability of class 1 for [`Loss::Logistic`]. A row's
    /// bits depend on that row only.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width than the training matrix.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        self.predict_at(Level::best(), rows, out);
    }

    pub(super) fn predict_at(&self, level: Level, rows: Rows<'_>, out: &mut [f64]) {
        self.sum.sum(level, self.start, rows, out);
        if self.loss == Loss::Logistic {
            for prediction in out {
                *prediction = sigmoid(*prediction);
            }
        }
    }

    /// The model as tensors.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        self.sum.trees().push(&mut tensors);
        let (code, probability) = match self.loss {
            Loss::L1 => (0, 0.5),
            Loss::Squared => (1, 0.5),
            Loss::Quantile(probability) => (2, probability),
            Loss::Logistic => (3, 0.5),
        };
        tensors.push_u8("loss", &[code]);
        tensors.push_f64("loss_quantile", &[probability]);
        tensors.push_f64("start", &[self.start]);
        self.sum.push_values(&mut tensors);
        tensors
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, TensorError> {
        let sum = TreeSum::read(tensors, Precision::Double)?;
        let [start] = tensors.real("start")?[..] else {
            return Err(TensorError::invalid("start", "expected 1 element"));
        };
        let [probability] = tensors.real("loss_quantile")?[..] else {
            return Err(TensorError::invalid("loss_quantile", "expected 1 element"));
        };
        if !(probability > 0.0 && probability < 1.0) {
            return Err(TensorError::invalid("loss_quantile", format!("{probability}, expected a number in (0, 1)")));
        }
        let loss = match tensors.u8s("loss")?[..] {
            [0] => Loss::L1,
            [1] => Loss::Squared,
            [2] => Loss::Quantile(probability),
            [3] => Loss::Logistic,
            _ => return Err(TensorError::invalid("loss", "expected one of 0, 1, 2, 3")),
        };
        Ok(Self { sum, start, loss })
    }
}
