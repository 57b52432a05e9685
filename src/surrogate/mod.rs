//! Surrogates: models that predict a property from features and know how sure they are.

use crate::candidate::{Column, Predictions, Rows, Task};

pub mod attention;
pub mod board;
pub mod calibration;
pub mod card;
mod checkpoint;
pub mod class_probability;
mod column_weights;
pub mod dataset;
pub mod domain;
mod error;
mod evaluate;
pub mod file;
pub mod gaussian_process;
pub mod import;
mod judge;
pub mod member;
pub mod metrics;
mod model;
pub mod network;
mod networks;
pub mod onnx;
pub mod probability;
mod random;
mod recipe;
pub mod scores;
pub mod splits;
pub mod stack;
mod std_curve;
pub mod tensors;
mod train;
pub mod transform;
pub mod trees;
mod write_card;

pub use checkpoint::Checkpoint;
pub use dataset::Dataset;
pub use error::SurrogateError;
pub use evaluate::{Evaluation, FoldScores, FormulaScores, Scores, evaluate};
pub use model::Model;
pub use recipe::Recipe;
pub use train::{About, OnProgress, Progress, train};

/// A trained model, ready to predict. Total: every precondition is checked when it is loaded and bound to columns.
pub trait Surrogate: Send + Sync {
    /// Columns it reads, in its own order; compared with the plan's matrix before the run.
    fn columns(&self) -> &[Column];

    /// What it predicts, and in which unit.
    fn target(&self) -> &Column;

    /// Regression or classification.
    fn task(&self) -> &Task;

    /// Predicts every row of the block; row *i* of `out` depends on row *i* of `rows` only.
    fn predict(&self, rows: Rows<'_>, out: &mut Predictions);
}
