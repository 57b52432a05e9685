//! The card of a model: everything a person or a program must know before trusting it. JSON in the model file.

use serde::{Deserialize, Serialize};

use crate::candidate::{Column, Task};
use crate::chem::Element;

use super::calibration::Calibration;
use super::class_probability::ClassCalibration;
use super::dataset::Duplicates;
use super::member::MemberSpec;
use super::probability::ProbabilityCalibration;
use super::stack::Stack;
use super::transform::Transform;

/// Version of the card's structure. 2: transforms, bases and three or more classes; files of version 1 are read as they were.
pub const SCHEMA_VERSION: u32 = 2;

/// The card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Name of the model.
    pub name: String,
    /// Program that trained it, `matsieve X.Y.Z`.
    pub software: String,
    /// What is predicted.
    pub target: TargetCard,
    /// Regression or the classes.
    pub task: Task,
    /// Descriptors that compute the columns, in order.
    pub descriptors: Vec<DescriptorCard>,
    /// Columns that the model reads, in order.
    pub columns: Vec<Column>,
    /// Data it was trained on.
    pub training: TrainingCard,
    /// How it was trained.
    pub recipe: RecipeCard,
    /// Members, in order, with what each scores alone.
    pub members: Vec<MemberCard>,
    /// How members are combined.
    pub stack: Stack,
    /// Cross-validated scores of the whole.
    pub scores: Metrics,
    /// Scores of always answering with the median (regression) or the frequency of the classes.
    pub baseline: Metrics,
    /// Calibration of the uncertainty.
    pub uncertainty: Uncertainty,
    /// Nominal and observed coverage, or probability and frequency, out of fold.
    pub calibration_curve: Vec<[f64; 2]>,
    /// Target, out-of-fold prediction (calibrated probability) and its std, of a sample of rows.
    pub parity: Vec<[f64; 3]>,
    /// Applicability domain.
    pub domain: DomainCard,
    /// Number of inputs stored with their outputs, checked at each load.
    pub self_check_vectors: usize,
    /// Where the model comes from, if it was not trained here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportCard>,
}

impl Card {
    /// Parts of each member: one, and of three or more classes one a class.
    pub(super) fn num_outputs(&self) -> usize {
        match &self.task {
            Task::Classification { classes } if classes.len() > 2 => classes.len(),
            _ => 1,
        }
    }
}

/// Where an imported model comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCard {
    /// Library and format.
    pub format: String,
    /// Name of the file, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The model's own name of the feature behind each column.
    pub features: Vec<String>,
    /// Features that no tree asks for; they have no column.
    pub unused_features: usize,
    /// What the reader noticed.
    pub notes: Vec<String>,
    /// Comparison with predictions of the library itself, if the user gave some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckCard>,
    /// Table behind uncertainty and domain, if the user gave one; without, both are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrated_on: Option<String>,
}

/// Comparison of an imported model with predictions of its library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckCard {
    /// Rows compared.
    pub rows: usize,
    /// Rows that agree to the last bit of what was given.
    pub identical: usize,
    /// Largest absolute difference.
    pub largest_difference: f64,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetCard {
    /// Name (`label`) and unit.
    #[serde(flatten)]
    pub column: Column,
    /// What members learned of the target: `identity` or `log`.
    pub transform: Transform,
    /// Column that the answers of members are added to (Δ-learning); in the unit of the target, and one of the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What `value` is: `median` or `class`.
    pub statistic: String,
    /// Nominal coverage of `lower..upper`.
    pub interval: f64,
    /// Least training value; NaN (null) where nobody knows.
    #[serde(deserialize_with = "number_or_null")]
    pub min: f64,
    /// Median training value.
    #[serde(deserialize_with = "number_or_null")]
    pub median: f64,
    /// Greatest training value.
    #[serde(deserialize_with = "number_or_null")]
    pub max: f64,
}

fn number_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(<Option<f64> as Deserialize>::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// A descriptor that columns come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescriptorCard {
    /// Name in the registry.
    pub name: String,
    /// Version of its definition.
    pub version: u32,
    /// Its parameters.
    pub parameters: serde_json::Value,
    /// Number of its columns.
    pub columns: usize,
}

/// Whether results may be used commercially, as far as the licence of the data says.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommercialUse {
    /// Allowed.
    Yes,
    /// Forbidden.
    No,
    /// Nobody has said.
    #[default]
    Unknown,
}

/// Where the training data come from; said by whoever trains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Publication or address.
    pub source: Option<String>,
    /// Licence of the data.
    pub licence: Option<String>,
    /// Commercial use.
    pub commercial_use: CommercialUse,
}

/// Data that a model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingCard {
    /// Name of the data.
    pub name: String,
    /// Source and licence.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Rows trained on.
    pub rows: usize,
    /// Rows left out because they faulted.
    pub faulted: usize,
    /// Rows of the table left out because their target is empty.
    #[serde(default)]
    pub without_target: usize,
    /// SHA-256 over ids, features and targets of the rows trained on.
    pub row_hash: String,
    /// Rows of equal features.
    pub duplicates: Duplicates,
    /// Elements that occur.
    pub elements: Vec<Element>,
    /// Columns that are undefined in some rows, and in how many.
    pub undefined: Vec<(String, usize)>,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeCard {
    /// `quick`, `default`, `full` or the list of members.
    pub name: String,
    /// Seed.
    pub seed: u64,
    /// Folds behind scores, weights and calibration, and how they were made.
    pub split: String,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberCard {
    /// Name of its kind.
    pub name: String,
    /// Kind and parameters.
    pub spec: MemberSpec,
    /// Seed of its training on all rows.
    pub seed: u64,
    /// What it scores alone, out of fold, uncalibrated.
    pub scores: Metrics,
}

/// Calibration of either task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Uncertainty {
    /// Standard deviation and conformal interval.
    Regression(Calibration),
    /// Probability of the positive one of two classes.
    Classification(ProbabilityCalibration),
    /// Probabilities of three and more classes.
    Classes(ClassCalibration),
    /// Nobody knows: an imported model without calibration. Numbers and probabilities are as the model gives them.
    Unknown,
}

/// The applicability domain, in words and numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DomainCard {
    /// Definition of the distance.
    pub definition: String,
    /// Principal components.
    pub dimensions: usize,
    /// Training rows kept for comparison.
    pub references: usize,
    /// Columns that never varied in training; another value there is outside (an element never seen, for example).
    pub constant_columns: usize,
}

/// Scores; what does not apply is left out. Errors are in the unit of the target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// Mean absolute error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mae: Option<f64>,
    /// Root mean squared error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// Coefficient of determination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// Mean absolute error over the mean absolute deviation of the truth from its mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mad_ratio: Option<f64>,
    /// Mean of the recalls of the classes; of two, at probability 0.5 (the "ROC-AUC" of Matbench).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balanced_accuracy: Option<f64>,
    /// True area under the ROC curve; of three and more classes the mean of one class against all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roc_auc: Option<f64>,
    /// Mean negative log-likelihood of the classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// Share of rows within the 50 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage_50: Option<f64>,
    /// Share of rows within the 68 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage_68: Option<f64>,
    /// Share of rows within `lower..=upper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage_90: Option<f64>,
    /// Share of rows within the 95 % interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage_95: Option<f64>,
    /// Area between the calibration curve and the diagonal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miscalibration: Option<f64>,
    /// Expected normalised calibration error, 10 groups of equal size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ence: Option<f64>,
    /// Root mean square of the standard deviations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<f64>,
    /// Mean width of `lower..upper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_width: Option<f64>,
    /// Mean negative log-likelihood of a normal distribution of the predicted mean and standard deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nll: Option<f64>,
    /// Continuous ranked probability score, as the weighted interval score of the 20 stored levels; in the unit of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crps: Option<f64>,
    /// Rank correlation of absolute error and standard deviation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_std_spearman: Option<f64>,
}
