//! What can be wrong with a `[rank]` table, or with a front.

use crate::units::UnitError;

/// Why candidates cannot be ranked as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RankError {
    /// The table is not of the right shape.
    #[error("[rank] {reason}")]
    Table {
        /// What the parser says.
        reason: String,
    },
    /// Nothing to rank by.
    #[error("[rank] by is empty, expected at least one {{ column = …, direction = \"min\" or \"max\" }}")]
    NoObjective,
    /// A column that does not exist.
    #[error("[rank] column \"{column}\": {reason}")]
    UnknownColumn {
        /// Name in the plan.
        column: String,
        /// What the resolver says.
        reason: String,
    },
    /// A quantity that cannot be read in the unit of its column.
    #[error("[rank] {key} of column \"{column}\"")]
    Quantity {
        /// Name of the column.
        column: String,
        /// Key in the table.
        key: &'static str,
        /// Why.
        source: UnitError,
    },
    /// Keys that contradict one another or the method.
    #[error("[rank] column \"{column}\": {reason}")]
    Objective {
        /// Name of the column.
        column: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// A number outside its range.
    #[error("[rank] {key} = {value}, expected {expected}")]
    OutOfRange {
        /// Key in the table.
        key: &'static str,
        /// Its value.
        value: f64,
        /// The allowed set.
        expected: &'static str,
    },
    /// A key that this method does not have.
    #[error("[rank] {key} does not belong to method = \"{method}\"{hint}")]
    KeyOfOtherMethod {
        /// Key in the table.
        key: &'static str,
        /// The method.
        method: &'static str,
        /// What to do, beginning with a comma.
        hint: &'static str,
    },
    /// More candidates in the fronts than allowed.
    #[error(
        "the pareto fronts 1 to {fronts} hold {found} candidates, more than max_front = {limit}; raise max_front, or rank by fewer objectives, or narrow where"
    )]
    FrontTooLarge {
        /// Fronts asked for.
        fronts: u32,
        /// Candidates in them.
        found: usize,
        /// Largest size allowed.
        limit: usize,
    },
}
