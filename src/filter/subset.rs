//! Rules that look at which elements there are, not at their amounts: one verdict for a whole block.

use std::ops::Range;

use crate::candidate::{BlockJudge, BlockVerdicts, Fault, FaultCode, Row, Stage, Verdict};
use crate::chem::{Composition, Element};

/// Judges a block by its element set.
pub(super) struct SubsetJudge<F>(pub F);

impl<F: Fn(&[Element]) -> Verdict> BlockJudge for SubsetJudge<F> {
    fn judge(&mut self, elements: &[Element], _span: Range<usize>, verdicts: &mut BlockVerdicts) {
        verdicts.set_whole((self.0)(elements));
    }
}

/// The composition of a row.
///
/// # Errors
/// `no-composition` for candidates that are rows of numbers.
pub(super) fn composition<'a>(row: Row<'a>) -> Result<&'a Composition, Fault> {
    row.candidate.composition().ok_or_else(|| {
        Fault::new(Stage::Filter, FaultCode::NoComposition, "the rule needs a composition, the candidate has none")
    })
}

/// Pass or fail.
pub(super) fn verdict(holds: bool) -> Verdict {
    if holds { Verdict::Pass } else { Verdict::Fail }
}
