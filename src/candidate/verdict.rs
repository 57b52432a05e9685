//! Three-valued verdicts.

/// What a filter says of a candidate.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The rule holds.
    Pass,
    /// The rule is broken.
    Fail,
    /// The rule cannot be applied: a table has no entry, a column is undefined, a search ran out of its bound.
    Undecided,
}
