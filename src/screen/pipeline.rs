//! The pipeline: every thread frames a batch, takes it through the funnel and commits what is next in order.
//!
//! There are no dedicated reader and sink threads. A thread holds the source while it frames, nothing while it computes,
//! and the sink while it commits; so one thread runs everything on one OS thread, and N threads never wait for a
//! hand-over. Commits happen in batch order: a finished batch that is not next waits in `pending`, and no thread frames a
//! batch more than `window` ahead of the last commit, which bounds memory. The thread that holds the oldest batch never
//! waits, so the pipeline cannot deadlock.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::candidate::{Frame, Ledger};
use crate::source::Source;

use super::block::{Block, Finished};
use super::busy::{BusyTimes, StageTimes};
use super::error::RunError;
use super::progress::Progress;
use super::resolve::Screen;
use super::shard::Partition;
use super::stop::Stop;
use super::sweep::Sweep;

/// Where finished batches go, in order.
pub trait Commit: Send {
    /// Takes what became of a range of the source.
    ///
    /// # Errors
    /// What ends the run.
    fn commit(&mut self, finished: Finished, covered: Range<u64>) -> Result<(), RunError>;
}

/// How the run may use the machine.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Threads, at least 1.
    pub threads: usize,
    /// Candidates a batch.
    pub batch: usize,
    /// Batches in flight for each thread.
    pub window: usize,
}

/// What a pipeline run did.
#[derive(Debug)]
pub struct Drained {
    /// Index after the last committed candidate.
    pub next_index: u64,
    /// Whether the source was exhausted (otherwise the run was stopped).
    pub complete: bool,
    /// Where time went.
    pub busy: BusyTimes,
}

/// Most indices of a space that one thread takes at a time.
const MOST_SWEPT_AT_ONCE: u64 = 1 << 20;

/// Fewest; below, taking turns costs more than judging.
const LEAST_SWEPT_AT_ONCE: u64 = 1 << 14;

struct Reader<'a> {
    source: &'a mut dyn Source,
    next_number: u64,
    next_index: u64,
    exhausted: bool,
}

/// What one thread takes from the source at a time.
enum Work {
    /// The records of a frame.
    Framed(Range<u64>),
    /// Indices of a space, whose pushed-down rules are decided in blocks, after some that other shards own.
    Swept { passed: u64, range: Range<u64> },
}

/// Part of a numbered batch; a swept range is handed in piece by piece, so that its survivors take bounded memory.
struct Piece {
    finished: Finished,
    covered: Range<u64>,
    last: bool,
}

struct Pending {
    finished: BTreeMap<u64, Vec<Piece>>,
    next_number: u64,
    error: Option<RunError>,
}

struct Sink<'a> {
    commit: &'a mut dyn Commit,
    ledger: Ledger,
    next_index: u64,
}

struct Shared<'a> {
    screen: &'a Screen,
    stop: &'a Stop,
    progress: &'a Progress,
    resources: &'a Resources,
    /// Size of the space where rules are pushed into it.
    sweep_until: Option<u64>,
    /// Which indices of such a space are swept.
    partition: Partition,
    reader: Mutex<Reader<'a>>,
    pending: Mutex<Pending>,
    committed: Condvar,
    sink: Mutex<Sink<'a>>,
    busy: [AtomicU64; 3],
    stages: Mutex<StageTimes>,
}

/// Which candidates are left to a run.
#[derive(Copy, Clone, Debug)]
pub struct Stretch {
    /// The first index that is not committed.
    pub start: u64,
    /// Whose indices are swept, of a space into which rules are pushed; any other source has its partition in itself.
    pub partition: Partition,
}

/// Runs the funnel over the rest of the source.
///
/// # Errors
/// The source or the sink cannot go on, or there are too many faults; committed batches stay committed.
pub fn drain(
    screen: &Screen,
    source: &mut dyn Source,
    stretch: Stretch,
    commit: &mut dyn Commit,
    resources: &Resources,
    stop: &Stop,
    progress: &Progress,
) -> Result<Drained, RunError> {
    let begun = Instant::now();
    let Stretch { start, partition } = stretch;
    let shared = Shared {
        screen,
        stop,
        progress,
        resources,
        sweep_until: screen.sweeps().then(|| source.num_records()).flatten(),
        partition,
        reader: Mutex::new(Reader { source, next_number: 0, next_index: start, exhausted: false }),
        pending: Mutex::new(Pending { finished: BTreeMap::new(), next_number: 0, error: None }),
        committed: Condvar::new(),
        sink: Mutex::new(Sink { commit, ledger: screen.ledger.clone(), next_index: start }),
        busy: Default::default(),
        stages: Mutex::default(),
    };
    if resources.threads <= 1 {
        shared.work();
    } else {
        pool(resources.threads)?.broadcast(|_| shared.work());
    }
    let Shared { reader, pending, sink, busy, stages, .. } = shared;
    let reader = reader.into_inner().unwrap_or_else(PoisonError::into_inner);
    let pending = pending.into_inner().unwrap_or_else(PoisonError::into_inner);
    let sink = sink.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = pending.error {
        return Err(error);
    }
    let seconds = |i: usize| busy[i].load(Ordering::Relaxed) as f64 * 1e-9;
    Ok(Drained {
        next_index: sink.next_index,
        complete: reader.exhausted && pending.next_number == reader.next_number,
        busy: BusyTimes {
            reader: seconds(0),
            workers: seconds(1),
            stages: stages.into_inner().unwrap_or_else(PoisonError::into_inner),
            sink: seconds(2),
            wall: begun.elapsed().as_secs_f64(),
            finish: 0.0,
        },
    })
}

/// Runs work in a pool of so many threads.
///
/// # Errors
/// Threads cannot be started.
pub fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T, RunError> {
    Ok(pool(threads)?.install(work))
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, RunError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("matsieve-{i}"))
        .build()
        .map_err(|e| RunError::Threads { reason: e.to_string() })
}

impl Shared<'_> {
    fn work(&self) {
        let mut block = Block::new(self.screen);
        let mut frame = Frame::default();
        let mut sweep = self.screen.sweeps().then(|| Sweep::new(self.screen));
        self.work_with(&mut block, &mut frame, &mut sweep);
        lock(&self.stages).add(&block.times);
    }

    fn work_with<'a>(&'a self, block: &mut Block<'a>, frame: &mut Frame, sweep: &mut Option<Sweep<'a>>) {
        while let Some((number, work)) = self.take(frame) {
            match (work, sweep.as_mut()) {
                (Work::Swept { passed, range }, Some(sweep)) => {
                    let mut start = range.start;
                    let mut covered_to = range.start - passed;
                    while start < range.end {
                        let begun = Instant::now();
                        let mut finished = self.empty();
                        let end = sweep.run(start..range.end, self.resources.batch, block, frame, &mut finished);
                        self.spent(1, begun.elapsed());
                        self.deliver(number, Piece { finished, covered: covered_to..end, last: end == range.end });
                        covered_to = end;
                        if end < range.end && (self.stop.requested() || !self.wait_for_turn(number)) {
                            return;
                        }
                        start = end;
                    }
                }
                (Work::Framed(covered) | Work::Swept { range: covered, .. }, _) => {
                    let begun = Instant::now();
                    let mut finished = self.empty();
                    block.run(frame, &mut finished);
                    self.spent(1, begun.elapsed());
                    self.deliver(number, Piece { finished, covered, last: true });
                }
            }
        }
    }

    /// Small spaces are cut so that every thread gets several pieces.
    fn swept_at_once(&self, total: u64) -> u64 {
        (total / (16 * self.resources.threads as u64)).clamp(LEAST_SWEPT_AT_ONCE, MOST_SWEPT_AT_ONCE)
    }

    fn empty(&self) -> Finished {
        Finished { ledger: self.screen.ledger.clone(), ..Finished::default() }
    }

    /// Waits until all batches before this one are committed; false if the run has failed.
    fn wait_for_turn(&self, number: u64) -> bool {
        let mut pending = lock(&self.pending);
        while pending.error.is_none() && pending.next_number < number {
            pending = self.committed.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        pending.error.is_none()
    }

    /// Takes the next batch, after waiting until the window has room; `None` when there is nothing more to do.
    fn take(&self, frame: &mut Frame) -> Option<(u64, Work)> {
        let window = (self.resources.threads * self.resources.window.max(1)) as u64;
        let mut reader = lock(&self.reader);
        let mut pending = lock(&self.pending);
        while pending.error.is_none() && reader.next_number >= pending.next_number + window {
            pending = self.committed.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
        // Even the smallest time budget makes progress: repeated, it finishes.
        let stop = if reader.next_number == 0 { self.stop.signalled() } else { self.stop.requested() };
        if pending.error.is_some() || reader.exhausted || stop {
            return None;
        }
        drop(pending);
        if let Some(total) = self.sweep_until {
            let own = self.partition.next(reader.next_index);
            let end = own.end.min(total).min(own.start.saturating_add(self.swept_at_once(total)));
            reader.exhausted = self.partition.next(end.max(own.start)).start >= total;
            if own.start >= total {
                return None;
            }
            let passed = own.start - reader.next_index;
            reader.next_index = end;
            reader.next_number += 1;
            return Some((reader.next_number - 1, Work::Swept { passed, range: own.start..end }));
        }
        let begun = Instant::now();
        frame.clear();
        let framed = reader.source.frame(self.resources.batch, frame);
        self.spent(0, begun.elapsed());
        if let Err(error) = framed {
            self.fail(error.into());
            return None;
        }
        let count = frame.records.len();
        reader.exhausted = count < self.resources.batch && !frame.is_full;
        if count == 0 {
            return None;
        }
        let start = reader.next_index;
        reader.next_index = frame.records[count - 1].index.0 + 1;
        reader.next_number += 1;
        Some((reader.next_number - 1, Work::Framed(start..reader.next_index)))
    }

    /// Hands a finished batch in and commits whatever is next in order, unless another thread is doing so.
    fn deliver(&self, number: u64, piece: Piece) {
        lock(&self.pending).finished.entry(number).or_default().push(piece);
        loop {
            let Ok(mut sink) = self.sink.try_lock() else { return };
            loop {
                let mut pending = lock(&self.pending);
                if pending.error.is_some() {
                    return;
                }
                let next = pending.next_number;
                let Some(pieces) = pending.finished.remove(&next) else { break };
                drop(pending);
                let done = pieces.last().is_some_and(|piece| piece.last);
                let begun = Instant::now();
                let outcome = pieces.into_iter().try_for_each(|piece| sink.take(piece));
                self.spent(2, begun.elapsed());
                if let Err(error) = outcome {
                    return self.fail(error);
                }
                self.progress.update(&sink.ledger);
                if done {
                    lock(&self.pending).next_number = next + 1;
                    self.committed.notify_all();
                }
            }
            drop(sink);
            // A batch handed in while this thread still held the sink would be left behind: look again.
            let pending = lock(&self.pending);
            if pending.error.is_some() || !pending.finished.contains_key(&pending.next_number) {
                return;
            }
        }
    }

    fn fail(&self, error: RunError) {
        self.stop.request();
        lock(&self.pending).error.get_or_insert(error);
        self.committed.notify_all();
    }

    fn spent(&self, role: usize, time: Duration) {
        self.busy[role].fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Sink<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), RunError> {
        self.ledger.add(&piece.finished.ledger);
        self.next_index = piece.covered.end;
        self.commit.commit(piece.finished, piece.covered)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
