//! Blocks: all compositions of one element set, judged at once.
//!
//! A space of enumerated compositions walks through element sets; below each lie the same stoichiometries. A rule that can
//! decide the whole list for one element set is pushed into the space, which then touches survivors only.

use std::ops::Range;

use crate::chem::Element;

use super::Verdict;

/// Amounts of the compositions below every element set of one size: row-major, one row a stoichiometry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stoichiometries {
    num_elements: usize,
    amounts: Vec<u8>,
}

impl Stoichiometries {
    /// Rows of `num_elements` amounts each.
    ///
    /// # Panics
    /// If `amounts` is no whole number of rows, or `num_elements` is 0.
    pub fn new(num_elements: usize, amounts: Vec<u8>) -> Self {
        assert!(num_elements > 0 && amounts.len().is_multiple_of(num_elements), "whole rows of amounts");
        Self { num_elements, amounts }
    }

    /// Elements a composition.
    pub fn num_elements(&self) -> usize {
        self.num_elements
    }

    /// Number of stoichiometries.
    pub fn len(&self) -> usize {
        self.amounts.len() / self.num_elements
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.amounts.is_empty()
    }

    /// Amounts of one stoichiometry, in the order of the element set.
    pub fn row(&self, row: usize) -> &[u8] {
        &self.amounts[row * self.num_elements..(row + 1) * self.num_elements]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.amounts.chunks_exact(self.num_elements)
    }
}

/// A rule that can be pushed into a space. Its verdicts equal those of [`Filter::judge`](crate::filter::Filter::judge) on each composition.
pub trait BlockRule: Send + Sync {
    /// What one worker keeps for all element sets of one size.
    fn judge_blocks<'a>(&'a self, stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a>;
}

/// Judges one element set after the other; private to a worker.
pub trait BlockJudge {
    /// Judges the stoichiometries `span` of one element set (ascending atomic number); verdicts outside `span` are ignored.
    ///
    /// `verdicts` arrives as after [`BlockVerdicts::reset`]: all pass.
    fn judge(&mut self, elements: &[Element], span: Range<usize>, verdicts: &mut BlockVerdicts);
}

/// One verdict for each stoichiometry of a block: a bit each for fail and undecided.
#[derive(Clone, Debug, Default)]
pub struct BlockVerdicts {
    whole: Option<Verdict>,
    fail: Vec<u64>,
    undecided: Vec<u64>,
}

impl BlockVerdicts {
    /// Makes room for `len` stoichiometries that all pass.
    pub fn reset(&mut self, len: usize) {
        let words = len.div_ceil(64);
        if self.whole.is_none() || self.fail.len() != words {
            for bits in [&mut self.fail, &mut self.undecided] {
                bits.clear();
                bits.resize(words, 0);
            }
        }
        self.whole = Some(Verdict::Pass);
    }

    /// One verdict for all.
    pub fn set_whole(&mut self, verdict: Verdict) {
        if self.whole.is_none() {
            self.fail.fill(0);
            self.undecided.fill(0);
        }
        self.whole = Some(verdict);
    }

    /// The verdict of all, where one was given for all.
    pub fn whole(&self) -> Option<Verdict> {
        self.whole
    }

    /// The verdict of one stoichiometry; the others keep theirs.
    pub fn set(&mut self, row: usize, verdict: Verdict) {
        let (fail, undecided) = self.bits_mut();
        let (word, bit) = (row / 64, 1 << (row % 64));
        fail[word] = fail[word] & !bit | if verdict == Verdict::Fail { bit } else { 0 };
        undecided[word] = undecided[word] & !bit | if verdict == Verdict::Undecided { bit } else { 0 };
    }

    /// The verdict of one stoichiometry.
    pub fn get(&self, row: usize) -> Verdict {
        if let Some(verdict) = self.whole {
            return verdict;
        }
        match (self.fail[row / 64] >> (row % 64) & 1, self.undecided[row / 64] >> (row % 64) & 1) {
            (1, _) => Verdict::Fail,
            (_, 1) => Verdict::Undecided,
            _ => Verdict::Pass,
        }
    }

    /// Bits of (fail, undecided), row *i* in bit *i* mod 64 of word *i* / 64. Not both set for one row.
    pub fn bits(&self) -> (&[u64], &[u64]) {
        debug_assert!(self.whole.is_none(), "a whole verdict has no bits");
        (&self.fail, &self.undecided)
    }

    /// The same, to be filled: all bits stand for the verdict of all where one was given.
    pub fn bits_mut(&mut self) -> (&mut [u64], &mut [u64]) {
        match self.whole.take() {
            Some(Verdict::Fail) => self.fail.fill(u64::MAX),
            Some(Verdict::Undecided) => self.undecided.fill(u64::MAX),
            Some(Verdict::Pass) | None => {}
        }
        (&mut self.fail, &mut self.undecided)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_verdict_changes_no_other() {
        let mut verdicts = BlockVerdicts::default();
        verdicts.reset(130);
        verdicts.set_whole(Verdict::Undecided);
        verdicts.set(64, Verdict::Fail);
        verdicts.set(129, Verdict::Pass);
        let found: Vec<_> = [0, 63, 64, 65, 128, 129].into_iter().map(|row| verdicts.get(row)).collect();
        use Verdict::{Fail, Pass, Undecided};
        assert_eq!(found, [Undecided, Undecided, Fail, Undecided, Undecided, Pass]);
        verdicts.reset(130);
        assert!((0..130).all(|row| verdicts.get(row) == Pass));
        verdicts.set(3, Verdict::Fail);
        verdicts.set(3, Verdict::Undecided);
        assert_eq!((verdicts.get(3), verdicts.get(4)), (Undecided, Pass));
    }
}
