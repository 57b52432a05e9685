//! A model from elsewhere, fitted to this program: what all kinds have in common.

use super::foreign::Answer;
use super::imported::Imported;
use crate::candidate::Rows;
use crate::surrogate::member::{Member, MemberSpec};
use crate::surrogate::onnx::Onnx;
use crate::surrogate::random::random_u64;

/// One value in so many of the rows that are made up for trees is missing.
const MISSING: u64 = 12;

/// What a file says of its model.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Library and format.
    pub format: String,
    /// Names of the features, in the order of its columns; its own default names where it has none.
    pub features: Vec<String>,
    /// Whether somebody gave these names.
    pub has_names: bool,
    /// What it answers.
    pub answer: Answer,
    /// Whether its numbers may be probabilities.
    pub may_be_probability: bool,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// A model from elsewhere, ready to predict.
#[derive(Clone, Debug)]
pub enum Brought {
    /// Trees, predicted by our own kernels.
    Trees(Box<Imported>),
    /// A network, predicted by its runtime.
    Network(Box<Onnx>),
}

impl Brought {
    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        match self {
            Self::Trees(trees) => trees.width(),
            Self::Network(network) => network.width(),
        }
    }

    /// Predicts every row.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        match self {
            Self::Trees(trees) => trees.predict(rows, out),
            Self::Network(network) => network.predict(rows, out),
        }
    }

    /// Largest difference from what its own library predicts, relative to the largest prediction: expectations may have been
    /// printed in single precision, and networks are summed in another order by another library.
    pub(super) fn tolerance(&self) -> f64 {
        match self {
            Self::Trees(_) => 1e-6,
            Self::Network(_) => 1e-5,
        }
    }

    /// What the card says of it.
    pub(super) fn spec(&self) -> MemberSpec {
        match self {
            Self::Trees(trees) => MemberSpec::Imported { model: trees.spec().clone() },
            Self::Network(network) => MemberSpec::Onnx { network: network.spec().clone() },
        }
    }

    /// The member of a model.
    pub(super) fn member(self) -> Member {
        match self {
            Self::Trees(trees) => Member::Imported(trees),
            Self::Network(network) => Member::Onnx(network),
        }
    }

    /// Rows to check the model by, where the user gives none: for trees at the places where predictions change, and just above,
    /// with missing values; for networks small numbers of either sign.
    pub(super) fn made_up(&self, rows: usize) -> Vec<f64> {
        match self {
            Self::Trees(trees) => at_thresholds(trees, rows),
            Self::Network(network) => {
                let number = |place| random_u64(place, "self-check of a network", 0) as f64 / u64::MAX as f64;
                (0..(rows * network.width()) as u64).map(|place| 2.0 * number(place) - 1.0).collect()
            }
        }
    }
}

fn at_thresholds(imported: &Imported, rows: usize) -> Vec<f64> {
    let points: Vec<Vec<f64>> = (0..imported.width()).map(|column| imported.turning_points(column)).collect();
    let mut values = Vec::with_capacity(rows * points.len());
    for row in 0..rows {
        for (column, points) in points.iter().enumerate() {
            let random = random_u64(row as u64, "self-check of an import", column as u64);
            let place = usize::try_from(random / MISSING % points.len().max(1) as u64).unwrap_or_default();
            values.push(match points.get(place) {
                Some(_) if random.is_multiple_of(MISSING) => f64::NAN,
                Some(point) if random.is_multiple_of(2) => *point,
                Some(point) => point.next_up(),
                None => 0.0,
            });
        }
    }
    values
}
