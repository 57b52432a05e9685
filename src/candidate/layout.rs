//! What a result file holds: the columns of every group, known before the run.

use crate::units::Unit;

use super::Column;

/// Storage type of features; computation is always f64.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureType {
    /// 8 bytes a value.
    #[default]
    F64,
    /// 4 bytes a value, rounded to nearest.
    F32,
}

/// One descriptor's columns: `/features/<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureGroup {
    /// Name of the descriptor.
    pub name: String,
    /// Version of its definition.
    pub version: u32,
    /// Its parameters.
    pub parameters: serde_json::Value,
    /// `DOI: what was taken`, one a line.
    pub references: Vec<String>,
    /// Columns.
    pub columns: Vec<Column>,
}

/// What a surrogate predicts.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// A number.
    Regression,
    /// One of these classes, the positive one last.
    Classification {
        /// Class names in order of their index.
        classes: Vec<String>,
    },
}

/// One surrogate's columns: `/predictions/<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionGroup {
    /// The plan's `as`.
    pub name: String,
    /// Name of the target, as in the training table.
    pub target: String,
    /// Unit of value, std, lower and upper.
    pub unit: Unit,
    /// Regression or classes.
    pub task: Task,
    /// Content digest of the model file, hexadecimal.
    pub model_sha256: String,
    /// Nominal coverage of `lower..upper`, e.g. 0.90.
    pub interval: f64,
    /// What `value` is: `median`, `mean` or `class`.
    pub statistic: String,
}

/// Everything row-aligned that a result holds.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Layout {
    /// Whether rows carry digests of their structures.
    pub structure_digests: bool,
    /// Stored descriptors, in plan order.
    pub features: Vec<FeatureGroup>,
    /// Storage type of features.
    pub feature_type: FeatureType,
    /// Surrogates, in plan order.
    pub predictions: Vec<PredictionGroup>,
    /// Names of filters, in the order of their columns in [`super::StoredRows::verdicts`].
    pub filters: Vec<String>,
    /// Label and unit of each objective of `[rank]`.
    pub objectives: Vec<Column>,
}
