//! Blocks of an enumerated space: pushed-down rules decide many candidates at once, survivors go on through the funnel.

use std::ops::Range;

use crate::candidate::Frame;
use crate::source::{SweepCount, SweepStep, Sweeper};

use super::block::{Block, Finished};
use super::plan::Undecided;
use super::resolve::Screen;

/// Indices judged before survivors are taken further; bounds how many survivors wait.
const CHUNK: u64 = 1 << 14;

/// One worker's sweeper with its working memory.
pub struct Sweep<'s> {
    screen: &'s Screen,
    sweeper: Box<dyn Sweeper + 's>,
    counts: Vec<SweepCount>,
}

impl<'s> Sweep<'s> {
    /// Sweeps with the screen's pushed-down rules.
    ///
    /// # Panics
    /// If the source has no blocks; the screen pushes rules only into sources that have.
    pub fn new(screen: &'s Screen) -> Self {
        let steps: Vec<SweepStep<'s>> = screen
            .pushed
            .iter()
            .map(|slot| SweepStep {
                rule: slot.filter.block_rule().expect("only block rules are pushed down"),
                keep_undecided: slot.undecided == Undecided::Keep,
            })
            .collect();
        let sweeper = screen.decoder.sweeper(&steps).expect("rules are pushed only into sources with blocks");
        Self { screen, sweeper, counts: vec![SweepCount::default(); steps.len()] }
    }

    /// Judges indices from the start of `range` until its end or until about `batch` rows are to be stored, and returns
    /// where it stopped.
    pub fn run(
        &mut self,
        range: Range<u64>,
        batch: usize,
        block: &mut Block<'s>,
        frame: &mut Frame,
        out: &mut Finished,
    ) -> u64 {
        let mut start = range.start;
        self.counts.fill(SweepCount::default());
        block.begin_survivors(frame);
        while start < range.end && out.rows.len() < batch {
            let end = range.end.min(start + CHUNK);
            self.sweeper.sweep(start..end, &mut self.counts, &mut |survivor| {
                block.push_survivor(&survivor, frame);
                if frame.records.len() >= batch {
                    block.run_survivors(frame, out);
                    block.begin_survivors(frame);
                }
            });
            start = end;
        }
        block.run_survivors(frame, out);
        let parsed = &mut out.ledger.rules[0];
        parsed.input += start - range.start;
        parsed.kept += start - range.start;
        for (slot, count) in self.screen.pushed.iter().zip(&self.counts) {
            let tally = &mut out.ledger.rules[slot.rule];
            let kept_undecided = if slot.undecided == Undecided::Keep { count.undecided } else { 0 };
            tally.input += count.input;
            tally.kept += count.passed + kept_undecided;
            tally.rejected += count.failed;
            tally.undecided += count.undecided - kept_undecided;
        }
        start
    }
}
