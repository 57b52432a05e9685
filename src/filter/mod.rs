//! Filters: rules with three-valued verdicts. One file per rule; the registry below is the only list.

use crate::candidate::{Fault, Row, Verdict};

/// The earliest point at which a rule can be applied.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedsOf {
    /// The composition is enough.
    Composition,
    /// Columns of the feature matrix.
    Features,
    /// Predictions.
    Predictions,
}

/// A rule.
pub trait Filter: Send + Sync {
    /// What it needs.
    fn needs(&self) -> NeedsOf;

    /// Names and versions of the tables it reads, and its thresholds, for the record.
    fn parameters(&self) -> serde_json::Value;

    /// Judges one row.
    ///
    /// # Errors
    /// The fault that quarantines the candidate.
    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault>;
}
