//! Sweeping a space: rules judge whole element sets, and only survivors are touched one by one.

use std::ops::Range;

use crate::candidate::{BlockJudge, BlockVerdicts, Verdict};
use crate::chem::Element;
use crate::source::{Survivor, SweepCount, SweepStep, Sweeper};

use super::Space;
use super::subsets::Cursor;

/// One worker's walk through a space.
pub(super) struct SpaceSweeper<'a> {
    space: &'a Space,
    keep_undecided: Vec<bool>,
    /// One judge for each section and rule.
    judges: Vec<Vec<Box<dyn BlockJudge + 'a>>>,
    verdicts: Vec<BlockVerdicts>,
    alive: Vec<u64>,
    cursor: Cursor,
    survivor_verdicts: Vec<Verdict>,
}

impl<'a> SpaceSweeper<'a> {
    pub fn new(space: &'a Space, steps: &[SweepStep<'a>]) -> Self {
        let judges = |section: &'a super::Section| {
            steps.iter().map(|step| step.rule.judge_blocks(&section.stoichiometries)).collect()
        };
        Self {
            space,
            keep_undecided: steps.iter().map(|step| step.keep_undecided).collect(),
            judges: space.sections.iter().map(judges).collect(),
            verdicts: vec![BlockVerdicts::default(); steps.len()],
            alive: Vec::new(),
            cursor: Cursor::default(),
            survivor_verdicts: vec![Verdict::Pass; steps.len()],
        }
    }
}

impl Sweeper for SpaceSweeper<'_> {
    fn sweep(&mut self, range: Range<u64>, counts: &mut [SweepCount], survivors: &mut dyn FnMut(Survivor<'_>)) {
        assert!(range.end <= self.space.count(), "range {range:?} of {} candidates", self.space.count());
        assert_eq!(counts.len(), self.verdicts.len(), "one count a rule");
        let space = self.space;
        for (section, judges) in space.sections.iter().zip(&mut self.judges) {
            let mut index = range.start.max(section.indices.start);
            let end = range.end.min(section.indices.end);
            if index >= end {
                continue;
            }
            let rows = section.stoichiometries.len();
            let (block, mut row) = section.locate(index);
            section.subsets.seek(u128::from(block), &mut self.cursor);
            loop {
                let last = (end - index).min((rows - row) as u64) as usize + row;
                let block = Block { elements: &self.cursor.elements, rows, span: row..last };
                let alive =
                    judge_block(&block, judges, &self.keep_undecided, &mut self.verdicts, &mut self.alive, counts);
                let base = index - row as u64;
                let mut emit = |row: usize| {
                    for (verdict, verdicts) in self.survivor_verdicts.iter_mut().zip(&self.verdicts) {
                        *verdict = verdicts.get(row);
                    }
                    survivors(Survivor {
                        index: base + row as u64,
                        elements: block.elements,
                        amounts: section.stoichiometries.row(row),
                        verdicts: &self.survivor_verdicts,
                    });
                };
                match alive {
                    Alive::None => {}
                    Alive::All => block.span.clone().for_each(&mut emit),
                    Alive::Some => for_each_bit(&self.alive, &block.span, &mut emit),
                }
                index = base + last as u64;
                row = 0;
                if index == end || !section.subsets.advance(&mut self.cursor) {
                    break;
                }
            }
        }
    }
}

/// A part of the stoichiometries below one element set.
struct Block<'a> {
    elements: &'a [Element],
    rows: usize,
    span: Range<usize>,
}

/// Which candidates of a block are left.
#[derive(PartialEq)]
enum Alive {
    None,
    All,
    /// Those whose bit is set.
    Some,
}

fn judge_block(
    block: &Block<'_>,
    judges: &mut [Box<dyn BlockJudge + '_>],
    keep_undecided: &[bool],
    verdicts: &mut [BlockVerdicts],
    alive: &mut Vec<u64>,
    counts: &mut [SweepCount],
) -> Alive {
    let words = block.span.start / 64..block.span.end.div_ceil(64);
    let mut state = Alive::All;
    let mut input = block.span.len() as u64;
    for (((judge, verdicts), &keep), count) in judges.iter_mut().zip(verdicts).zip(keep_undecided).zip(counts) {
        verdicts.reset(block.rows);
        judge.judge(block.elements, block.span.clone(), verdicts);
        count.input += input;
        match verdicts.whole() {
            Some(Verdict::Pass) => count.passed += input,
            Some(Verdict::Fail) => {
                count.failed += input;
                return Alive::None;
            }
            Some(Verdict::Undecided) => {
                count.undecided += input;
                if !keep {
                    return Alive::None;
                }
            }
            None => {
                if state == Alive::All {
                    fill_span(alive, block.rows, &block.span);
                    state = Alive::Some;
                }
                let (fail, undecided) = verdicts.bits();
                let (mut failed, mut open, mut left) = (0, 0, 0);
                for word in words.clone() {
                    let (fails, opens) = (alive[word] & fail[word], alive[word] & undecided[word]);
                    failed += u64::from(fails.count_ones());
                    open += u64::from(opens.count_ones());
                    alive[word] &= !(fails | if keep { 0 } else { opens });
                    left += u64::from(alive[word].count_ones());
                }
                count.failed += failed;
                count.undecided += open;
                count.passed += input - failed - open;
                input = left;
                if input == 0 {
                    return Alive::None;
                }
            }
        }
    }
    state
}

/// Sets the bits of `span`, clears all others.
fn fill_span(bits: &mut Vec<u64>, rows: usize, span: &Range<usize>) {
    bits.clear();
    bits.resize(rows.div_ceil(64), 0);
    bits[span.start / 64..span.end.div_ceil(64)].fill(u64::MAX);
    bits[span.start / 64] &= u64::MAX << (span.start % 64);
    if !span.end.is_multiple_of(64) {
        bits[span.end / 64] &= !(u64::MAX << (span.end % 64));
    }
}

fn for_each_bit(bits: &[u64], span: &Range<usize>, act: &mut impl FnMut(usize)) {
    let first = span.start / 64;
    for (word, &bits) in bits[first..span.end.div_ceil(64)].iter().enumerate() {
        let mut rest = bits;
        while rest != 0 {
            act((first + word) * 64 + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
}
