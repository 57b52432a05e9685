//! The resolved pieces of a screen, in the order in which a candidate meets them.

use std::ops::Range;
use std::sync::Arc;

use crate::candidate::{Candidate, Column, Fault, FaultCode, Stage, Verdict};
use crate::descriptor::{Descriptor, Scratch};
use crate::filter::Filter;
use crate::surrogate::Surrogate;

use super::plan::Undecided;

/// A filter at its place in the funnel.
pub struct FilterSlot {
    /// The rule.
    pub filter: Box<dyn Filter>,
    /// Name of its verdicts.
    pub label: String,
    /// What happens to undecided candidates.
    pub undecided: Undecided,
    /// Column of its verdicts in the result (plan order).
    pub column: usize,
    /// Row of the ledger.
    pub rule: usize,
}

impl FilterSlot {
    /// Whether a candidate with this verdict goes on.
    pub fn keeps(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Pass => true,
            Verdict::Fail => false,
            Verdict::Undecided => self.undecided == Undecided::Keep,
        }
    }
}

/// A descriptor and the columns of the matrix that it fills.
pub struct DescriptorSlot {
    /// The descriptor.
    pub descriptor: Box<dyn Descriptor>,
    /// Its columns in the row.
    pub range: Range<usize>,
}

/// A surrogate and where its columns are.
pub struct SurrogateSlot {
    /// The model.
    pub model: Arc<dyn Surrogate>,
    /// The plan's `as`.
    pub name: String,
    /// Column of the matrix for each of the model's columns.
    pub columns: Vec<usize>,
}

/// Fills the part of a row that these descriptors own.
///
/// # Errors
/// The first descriptor's fault, or `non-finite` naming the column that is infinite.
pub fn describe(
    slots: &[DescriptorSlot],
    candidate: &Candidate,
    columns: &[Column],
    scratch: &mut Scratch,
    row: &mut [f64],
) -> Result<(), Fault> {
    scratch.begin(candidate);
    for slot in slots {
        let out = &mut row[slot.range.clone()];
        slot.descriptor.describe(candidate, scratch, out)?;
        if let Some(offset) = out.iter().position(|value| value.is_infinite()) {
            let label = &columns[slot.range.start + offset].label;
            return Err(Fault::new(Stage::Describe, FaultCode::NonFinite, format!("\"{label}\" is infinite")));
        }
    }
    Ok(())
}
