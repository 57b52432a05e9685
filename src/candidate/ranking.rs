//! A finished ranking.

/// The best candidates, best first; what `/ranking` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// Position in the source.
    pub index: Vec<u64>,
    /// Score, higher is better.
    pub score: Vec<f64>,
    /// Pareto front, 1 = not dominated by any; 0 where the plan asks for no fronts.
    pub front: Vec<u32>,
    /// What was ranked by: label and unit of each objective.
    pub objectives: Vec<super::Column>,
    /// Values of the objectives, row-major.
    pub values: Vec<f64>,
    /// The resolved `[rank]` table, as JSON, for the record.
    pub parameters: serde_json::Value,
    /// Candidates that are not ranked because they are the structure of another one; `None` where nobody looked.
    pub duplicates: Option<Duplicates>,
}

/// Candidates that are the same structure as an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Position in the source, strictly increasing.
    pub index: Vec<u64>,
    /// The first candidate of the same structure, which is no duplicate itself.
    pub of: Vec<u64>,
}

impl Duplicates {
    /// Number of duplicates.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Of which candidate this one is a duplicate.
    pub fn of(&self, index: u64) -> Option<u64> {
        self.index.binary_search(&index).ok().map(|place| self.of[place])
    }
}

impl Ranking {
    /// Number of ranked candidates.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is ranked.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}
