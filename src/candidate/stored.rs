//! Rows on their way to the result file, column by column.

use super::{CandidateIndex, Fault, Predictions, Verdict};

/// Rows to store, in order of index; every column has one entry (or one row) a candidate.
#[derive(Clone, Debug, Default)]
pub struct StoredRows {
    /// Position in the source, strictly increasing.
    pub index: Vec<u64>,
    /// The source's own name of the candidate.
    pub id: Vec<String>,
    /// Reduced formula, empty where there is no composition.
    pub formula: Vec<String>,
    /// Where it came from: `<input>[!<member>]#<record>` or `space:<name>#<i>`.
    pub origin: Vec<String>,
    /// Verdict of the candidate: 0 kept, 1 rejected, 2 undecided.
    pub verdict: Vec<u8>,
    /// Digest of the structure of candidates that are kept, empty for others; no entries where the layout has none.
    pub structure_digest: Vec<String>,
    /// Row-major values of each [`FeatureGroup`](super::FeatureGroup).
    pub features: Vec<Vec<f64>>,
    /// Predictions of each surrogate.
    pub predictions: Vec<Predictions>,
    /// Verdicts of each filter: 0 pass, 1 fail, 2 undecided, 3 not reached.
    pub verdicts: Vec<Vec<u8>>,
    /// Values to rank by, row-major, one a row and objective (none without `[rank]`).
    pub objectives: Vec<f64>,
}

impl StoredRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}

/// A candidate that faulted.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantinedRow {
    /// Position in the source.
    pub index: CandidateIndex,
    /// The source's name of it, as far as it could be read.
    pub id: String,
    /// Where it came from.
    pub origin: String,
    /// Why.
    pub fault: Fault,
}

/// Code of a filter's verdict on a row that never reached it.
pub const NOT_REACHED: u8 = 3;

impl Verdict {
    /// The code stored in `/verdicts/<filter>`.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Undecided => 2,
        }
    }
}
