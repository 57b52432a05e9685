//! Tree ensembles: extremely randomised trees and gradient boosting, trained here and predicted by `kernels::trees`.
//!
//! Features are coded once by at most 254 thresholds each (`edges`); training and prediction then compare bytes, and
//! route exactly as `x <= threshold` does in f64. A missing value (NaN) goes the way each split learned.

mod boosted;
mod boosting;
mod buckets;
mod edges;
mod extra_trees;
mod forest;
mod grow;
mod histogram;
mod layout;
mod loss;
mod matrix;
mod random;
mod sum_of_trees;
mod tiles;
mod tree_set;
mod tree_sum;

#[cfg(test)]
mod tests;

pub use boosted::Boosted;
pub use boosting::{BoostingParameters, fit_boosting};
pub use extra_trees::{ExtraTreesParameters, Objective, Sampling, column_importance, fit_extra_trees};
pub use forest::{Forest, ForestPrediction};
pub use loss::Loss;
pub use matrix::TrainingMatrix;
pub use sum_of_trees::{PlainNode, SumOfTrees};
pub use tree_sum::Precision;
