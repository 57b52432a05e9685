//! What a run would cost: a sample of the candidates goes through the funnel, and is thrown away.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::candidate::{Frame, StoredRows};
use crate::source::{FRAME_BYTES, Source};

use super::block::{Block, Finished};
use super::error::RunError;
use super::pipeline::Resources;
use super::plan::Store;
use super::provenance;
use super::resolve::Screen;
use super::sweep::Sweep;

/// Places of a space that are looked at, evenly spread.
const PLACES: u64 = 64;

/// Indices at each place where rules are pushed into the space.
const SWEPT: u64 = 1 << 14;

/// Candidates framed at once.
const FRAMED: usize = 256;

/// Time for the sample, after which no more is taken.
const SAMPLING: Duration = Duration::from_secs(3);

/// Time for counting the records of files.
const COUNTING: Duration = Duration::from_secs(10);

/// Records counted between two looks at the clock.
const COUNTED_AT_ONCE: u64 = 100_000;

/// Memory beside candidates and segments: buffers of reading, of chunks, of the HDF5 library. Measured on the runs of
/// `benches/runs`.
const BUFFERS: u64 = 40 << 20;

/// Memory for the geometry of one structure of common size, a thread. Measured like [`BUFFERS`].
const GEOMETRY: u64 = 16 << 20;

/// Bytes of a result beside its rows: documents, descriptions of columns, HDF5's own.
const DOCUMENTS: u64 = 200 << 10;

/// What is known before a run.
#[derive(Clone, Debug, Default)]
pub struct Estimate {
    /// Candidates of the source; `None` where they could not be counted in time.
    pub records: Option<u64>,
    /// Candidates that went through the funnel.
    pub sampled: u64,
    /// Share of candidates whose rows are stored.
    pub stored: f64,
    /// Share of candidates in quarantine.
    pub faulted: f64,
    /// Processor seconds a candidate.
    pub seconds: f64,
    /// Bytes of the strings of a row.
    pub text: usize,
    /// Bytes of a record as it is read.
    pub record_bytes: f64,
    /// Share of candidates that reach the descriptors.
    pub described: f64,
}

impl Estimate {
    /// Looks at a sample of the source, which stands at its first record.
    ///
    /// # Errors
    /// A source that cannot be read.
    pub fn new(screen: &Screen, source: &mut dyn Source) -> Result<Self, RunError> {
        let mut sample = Sample { block: Block::new(screen), frame: Frame::default(), total: Self::default() };
        match source.num_records() {
            Some(total) => {
                sample.total.records = Some(total);
                sample.space(screen, source, total)?;
            }
            None => {
                sample.files(screen, source)?;
                let read = sample.total.sampled;
                sample.total.records = count(source)?.map(|rest| read + rest);
            }
        }
        let mut total = sample.total;
        let share = 1.0 / total.sampled.max(1) as f64;
        total.stored *= share;
        total.faulted *= share;
        total.seconds *= share;
        total.record_bytes *= share;
        total.described *= share;
        Ok(total)
    }

    /// Rows of the result.
    pub fn rows(&self, screen: &Screen) -> Option<u64> {
        let passed = (self.records? as f64 * self.stored).round() as u64;
        Some(match (screen.plan.sink.store, &screen.rank) {
            (Store::Ranked, Some(rank)) => passed.min(rank.spec().keep as u64),
            _ => passed,
        })
    }

    /// Bytes of the result, uncompressed.
    pub fn disk(&self, screen: &Screen) -> Option<u64> {
        let row = (screen.stored_bytes_per_row() + self.text) as u64;
        self.rows(screen).map(|rows| DOCUMENTS + rows * row)
    }

    /// Bytes of memory at the peak of a run.
    pub fn memory(&self, screen: &Screen, resources: &Resources, segment_bytes: usize) -> u64 {
        let need = MemoryNeed::new(screen, resources.threads, self.text);
        let row = (screen.stored_bytes_per_row() + self.text) as u64;
        let passed = self.records.map(|records| (records as f64 * self.stored) as u64 * row);
        let passed = passed.unwrap_or(u64::MAX);
        let segment = (segment_bytes as u64).min(passed);
        let (threads, batch) = (resources.threads as u64, self.batch(resources));
        let waiting = batch * threads * 2 * row;
        let rows = match screen.plan.sink.store {
            // What is not ranked in the end waits and is stored all the same.
            Store::Ranked => segment + waiting,
            // No more rows wait than there are; one batch of them is being moved.
            _ => (segment + waiting).min(passed.saturating_add(batch * row)),
        };
        let candidate = CANDIDATE + (need.columns as f64 * self.described + self.record_bytes) as u64;
        need.fixed + rows + threads * batch * candidate
    }

    /// Candidates of a batch: it ends before its number where records are large, and where there are no more.
    fn batch(&self, resources: &Resources) -> u64 {
        let by_size = FRAME_BYTES as f64 / self.record_bytes.max(1.0);
        let by_number = self.records.map_or(u64::MAX, |records| records.div_ceil(resources.threads.max(1) as u64));
        (resources.batch as u64).min(by_size as u64 + 1).min(by_number)
    }
}

/// What a run needs whatever its candidates are, and for each candidate of a batch.
#[derive(Copy, Clone, Debug)]
pub struct MemoryNeed {
    /// Bytes of the program with tables and models, and of buffers.
    pub fixed: u64,
    /// Bytes of the columns of a candidate that is described.
    pub columns: u64,
    /// Bytes for each candidate of a batch, all threads together, with all batches of the window waiting.
    pub most: u64,
}

/// Bytes of a candidate itself, beside its row.
const CANDIDATE: u64 = 500;

impl MemoryNeed {
    /// The need of this process, which has resolved its plan, with so many threads; `text` are the bytes of the strings of a row.
    pub fn new(screen: &Screen, threads: usize, text: usize) -> Self {
        let geometry = if screen.decoder.has_structures() { GEOMETRY } else { 0 };
        let columns = 8 * screen.columns.len() as u64;
        let stored = (screen.stored_bytes_per_row() + text) as u64;
        let window = screen.plan.run.window.max(1) as u64 + 1;
        Self {
            fixed: provenance::resident_memory().unwrap_or(64 << 20) + BUFFERS + threads as u64 * geometry,
            columns,
            most: threads as u64 * (columns + CANDIDATE + window * stored),
        }
    }
}

struct Sample<'s> {
    block: Block<'s>,
    frame: Frame,
    total: Estimate,
}

impl<'s> Sample<'s> {
    /// Ranges of a space, evenly spread.
    fn space(&mut self, screen: &'s Screen, source: &mut dyn Source, total: u64) -> Result<(), RunError> {
        let begun = Instant::now();
        let mut sweep = screen.sweeps().then(|| Sweep::new(screen));
        let places = PLACES.min(total);
        // Every eighth place first, so that a sample cut short is spread as well.
        for place in (0..8).flat_map(|first| (first..places).step_by(8)) {
            if begun.elapsed() > SAMPLING {
                break;
            }
            let start = (u128::from(total) * u128::from(place) / u128::from(places)) as u64;
            match &mut sweep {
                Some(sweep) => {
                    let mut range: Range<u64> = start..total.min(start + SWEPT);
                    while !range.is_empty() {
                        let mut finished = empty(screen);
                        let timer = Instant::now();
                        let end = sweep.run(range.clone(), FRAMED, &mut self.block, &mut self.frame, &mut finished);
                        self.add(&finished, end - range.start, timer.elapsed());
                        range.start = end;
                    }
                }
                None => {
                    source.seek(start)?;
                    self.frame(screen, source)?;
                }
            }
        }
        Ok(())
    }

    /// The first records of files.
    fn files(&mut self, screen: &'s Screen, source: &mut dyn Source) -> Result<(), RunError> {
        let begun = Instant::now();
        while begun.elapsed() < SAMPLING && self.frame(screen, source)? {}
        Ok(())
    }

    /// Takes some records; false at the end.
    fn frame(&mut self, screen: &Screen, source: &mut dyn Source) -> Result<bool, RunError> {
        let timer = Instant::now();
        self.frame.clear();
        source.frame(FRAMED, &mut self.frame)?;
        let mut finished = empty(screen);
        self.block.run(&self.frame, &mut finished);
        self.total.record_bytes += self.frame.bytes.len() as f64;
        self.add(&finished, self.frame.records.len() as u64, timer.elapsed());
        Ok(self.frame.records.len() == FRAMED || self.frame.is_full)
    }

    fn add(&mut self, finished: &Finished, candidates: u64, time: Duration) {
        let total = &mut self.total;
        total.sampled += candidates;
        total.seconds += time.as_secs_f64();
        total.stored += finished.rows.len() as f64;
        total.faulted += finished.quarantine.len() as f64;
        let described = finished.ledger.rules.iter().find(|rule| rule.stage == "describe");
        total.described += described.map_or(0, |rule| rule.input) as f64;
        total.text = total.text.max(text(&finished.rows));
    }
}

/// Bytes of the longest strings of each column: they are stored with a fixed length.
fn text(rows: &StoredRows) -> usize {
    let columns = [&rows.id, &rows.formula, &rows.origin, &rows.structure_digest];
    columns.into_iter().map(|column| column.iter().map(String::len).max().unwrap_or(0)).sum()
}

fn empty(screen: &Screen) -> Finished {
    Finished { ledger: screen.ledger.clone(), ..Finished::default() }
}

/// Records left in a source; `None` where there is no end in sight.
fn count(source: &mut dyn Source) -> Result<Option<u64>, RunError> {
    let begun = Instant::now();
    let mut counted = 0;
    while begun.elapsed() < COUNTING {
        let passed = source.skip(COUNTED_AT_ONCE)?;
        counted += passed;
        if passed < COUNTED_AT_ONCE {
            return Ok(Some(counted));
        }
    }
    Ok(None)
}
