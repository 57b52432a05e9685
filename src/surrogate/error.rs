//! What can go wrong with models and training data.

use std::path::PathBuf;

use super::import::ImportError;

/// Why a model cannot be trained, written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurrogateError {
    /// The model file cannot be opened, read or written.
    #[error("cannot {action} model file {path}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file does not begin as a model file does.
    #[error("this is no matsieve model file: it begins with {found}, expected \"MSMODEL\"")]
    NotAModel {
        /// The first bytes, printable.
        found: String,
    },
    /// Written by a later version.
    #[error("the model file has format {found}, this program reads formats up to {supported}")]
    NewerVersion {
        /// Version in the file.
        found: u32,
        /// Newest version that can be read.
        supported: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("the model file is truncated or has trailing bytes: {found} bytes, its header announces {expected}")]
    WrongSize {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// Larger than any model may be.
    #[error("the model file's {part} has {found} bytes, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        part: &'static str,
        /// Bytes.
        found: u64,
        /// Limit.
        limit: u64,
    },
    /// The checksum differs.
    #[error("the model file is altered or damaged: SHA-256 is {found}, the file says {expected}")]
    Altered {
        /// Of the bytes read.
        found: String,
        /// At the end of the file.
        expected: String,
    },
    /// Checksum and sizes agree, but the content makes no sense.
    #[error("the model file is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// A network whose runtime cannot be loaded.
    #[error("the model holds a network: {reason}")]
    Runtime {
        /// Why.
        reason: String,
    },
    /// The stored inputs do not give the stored outputs on this machine.
    #[error("the model fails its self-check: vector {vector} gives {field} {found}, the card says {expected}")]
    SelfCheck {
        /// Number of the self-check vector, from 0.
        vector: usize,
        /// Field of the prediction.
        field: &'static str,
        /// Value computed.
        found: f64,
        /// Value stored.
        expected: f64,
    },
    /// Pickles and the like.
    #[error("{path} is a {kind}: such files can run code and are refused")]
    UnsafeFormat {
        /// The file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The plan's matrix lacks a column.
    #[error("the model needs column \"{label}\", which no descriptor of the plan computes{}", .suggestion.as_ref().map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default())]
    MissingColumn {
        /// Its label.
        label: String,
        /// The closest label there is.
        suggestion: Option<String>,
    },
    /// A column is there in another unit.
    #[error("the model needs column \"{label}\" in {expected}, the plan has it in {found}")]
    ColumnUnit {
        /// Its label.
        label: String,
        /// Unit of the model.
        expected: String,
        /// Unit of the plan.
        found: String,
    },
    /// A foreign model that cannot be imported.
    #[error("cannot import {}", .path.display())]
    Import {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: ImportError,
    },
    /// What a user says of a foreign model does not fit it.
    #[error(transparent)]
    ImportRequest(#[from] ImportError),
    /// Too few rows to train on.
    #[error("{found} usable rows, at least {needed} are needed to train a model")]
    TooFewRows {
        /// Rows with features and target.
        found: usize,
        /// Minimum.
        needed: usize,
    },
    /// A target that is no finite number.
    #[error(
        "target \"{target}\" is {value} in row {row}{place}, expected a finite number or a class (empty rows are left out)"
    )]
    BadTarget {
        /// Name of the target.
        target: String,
        /// Row, from 0.
        row: usize,
        /// File and line in brackets, where they are known.
        place: String,
        /// What it holds.
        value: String,
    },
    /// All targets are equal.
    #[error("target \"{target}\" has the same value {value} in all {rows} rows: there is nothing to learn")]
    ConstantTarget {
        /// Name of the target.
        target: String,
        /// The value, or the only class.
        value: String,
        /// Rows.
        rows: usize,
    },
    /// A class with too few rows for cross-validation.
    #[error("class \"{class}\" of target \"{target}\" has {found} rows, at least {needed} are needed")]
    RareClass {
        /// Name of the target.
        target: String,
        /// The class.
        class: String,
        /// Its rows.
        found: usize,
        /// Minimum.
        needed: usize,
    },
    /// More classes than can be told apart at a bearable cost, or fewer than two.
    #[error("target \"{target}\" has {found} different values, classification needs 2 to {most}: {examples}")]
    NumberOfClasses {
        /// Name of the target.
        target: String,
        /// Number of values.
        found: usize,
        /// Maximum.
        most: usize,
        /// The first few.
        examples: String,
    },
    /// A logarithm was asked for, and a target is not positive.
    #[error("target \"{target}\" is {value} in row \"{id}\": a logarithm needs positive targets")]
    NoLogarithm {
        /// Name of the target.
        target: String,
        /// The row's id.
        id: String,
        /// The target there.
        value: f64,
    },
    /// Nothing can be learnt from these features.
    #[error(
        "the features carry no signal about \"{target}\": cross-validated {metric} {model:.4} is no better than the {reference:.4} of always answering with the {answer}"
    )]
    NoSignal {
        /// Name of the target.
        target: String,
        /// Metric compared.
        metric: &'static str,
        /// Of the model.
        model: f64,
        /// Of the constant answer.
        reference: f64,
        /// The constant answer.
        answer: &'static str,
    },
    /// Columns, rows, names do not fit together, or all features are missing.
    #[error("training data: {reason}")]
    BadData {
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// A list of members or a parameter that means nothing.
    #[error("recipe \"{text}\": {reason}")]
    BadRecipe {
        /// As given.
        text: String,
        /// What is allowed.
        reason: String,
    },
    /// A split that cannot be read or made.
    #[error("split: {reason}")]
    BadSplit {
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// A finished fold cannot be kept.
    #[error("checkpoint {path}: {reason}")]
    Checkpoint {
        /// File or folder.
        path: String,
        /// What the system says.
        reason: String,
    },
}

impl SurrogateError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnsafeFormat { .. } => {
                Some("export the model to an open format, or train it here with `matsieve train`")
            }
            Self::Import { source, .. } | Self::ImportRequest(source) => source.hint(),
            Self::Altered { .. } | Self::WrongSize { .. } => Some("fetch the file again, or train the model again"),
            Self::Runtime { .. } => {
                Some("docs/import.md, \"Networks in ONNX files\", says where the runtime comes from")
            }
            Self::NewerVersion { .. } => Some("update matsieve"),
            Self::NoLogarithm { .. } => Some("train with --transform none"),
            Self::NoSignal { .. } => Some("try more descriptors, or check that target and rows belong together"),
            _ => None,
        }
    }
}
