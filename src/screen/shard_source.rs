//! A source that hands on the records of one shard and passes over those of the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::candidate::Frame;
use crate::source::{Decoder, Source, SourceError};

use super::shard::Partition;

/// One shard's view of a source. Indices stay those of the source.
pub struct ShardSource {
    inner: Box<dyn Source>,
    partition: Partition,
    /// Index of the record that `inner` frames next.
    position: u64,
    /// Records of the whole source, once its end was seen.
    end: Arc<AtomicU64>,
}

/// Before the end of a source was seen.
pub const NOT_SEEN: u64 = u64::MAX;

impl ShardSource {
    /// A view of `inner`, which stands at its first record; `end` is told the number of its records when it ends.
    pub fn new(inner: Box<dyn Source>, partition: Partition, end: Arc<AtomicU64>) -> Self {
        Self { inner, partition, position: 0, end }
    }

    /// Moves on to `target`; false where the source ends before.
    fn pass(&mut self, target: u64) -> Result<bool, SourceError> {
        let wanted = target - self.position;
        let passed = self.inner.skip(wanted)?;
        self.position += passed;
        if passed < wanted {
            self.end.store(self.position, Ordering::Relaxed);
        }
        Ok(passed == wanted)
    }
}

impl Source for ShardSource {
    fn frame(&mut self, limit: usize, frame: &mut Frame) -> Result<(), SourceError> {
        let before = frame.records.len();
        while frame.records.len() - before < limit {
            let own = self.partition.next(self.position);
            if own.start > self.position && !self.pass(own.start)? {
                return Ok(());
            }
            let missing = (limit - (frame.records.len() - before)) as u64;
            let wanted = (own.end - own.start).min(missing);
            let there = frame.records.len();
            self.inner.frame(wanted as usize, frame)?;
            let count = (frame.records.len() - there) as u64;
            self.position += count;
            if frame.is_full {
                return Ok(());
            }
            if count < wanted {
                self.end.store(self.position, Ordering::Relaxed);
                return Ok(());
            }
        }
        Ok(())
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        self.inner.decoder()
    }

    fn num_records(&self) -> Option<u64> {
        self.inner.num_records().map(|total| self.partition.below(total))
    }

    fn seek(&mut self, index: u64) -> Result<(), SourceError> {
        self.inner.seek(index)?;
        self.position = index;
        Ok(())
    }

    /// Counts records of all shards: positions are those of the whole source.
    fn skip(&mut self, count: u64) -> Result<u64, SourceError> {
        let passed = self.inner.skip(count)?;
        self.position += passed;
        Ok(passed)
    }
}
