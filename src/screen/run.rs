//! A whole run: open the output, resume, drain the source, rank, finish.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::candidate::{Duplicates, Ledger, Ranking};
use crate::chem::table::sha256_hex;
use crate::product;
use crate::random::random_uuid;
use crate::rank::Ranker;
use crate::sink::{Identity, Opened, RootAttributes, Store, StoreOptions, StoreRows};
use crate::source::Source;

use super::audit::{Meter, TotalCost};
use super::busy::BusyTimes;
use super::error::RunError;
use super::origin::open_source;
use super::pipeline::{Commit, Drained, Resources, Stretch, drain};
use super::plan::Store as StoreWord;
use super::progress::Progress;
use super::provenance;
use super::resolve::Screen;
use super::shard::{Partition, Shard};
use super::shard_source::{NOT_SEEN, ShardSource};
use super::stop::Stop;
use super::{block::Finished, duplicates, faults::FaultLimit};

/// How to run; nothing here but `shard` changes the result.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Result file.
    pub out: PathBuf,
    /// The share of the candidates to take; all of them where `None`.
    pub shard: Option<Shard>,
    /// Folder for work in progress, on a disk of the node; beside the output where `None`.
    pub scratch: Option<PathBuf>,
    /// Threads, batch and window.
    pub resources: Resources,
    /// No fault is allowed.
    pub strict: bool,
    /// Replaces an output made by something else.
    pub force: bool,
    /// Stops between batches when it has passed.
    pub budget: Option<Duration>,
    /// Draws progress on stderr.
    pub progress: bool,
    /// Obeys SIGINT and SIGTERM.
    pub signals: bool,
    /// A segment is closed after this time.
    pub segment_time: Duration,
    /// A segment is closed at this size in bytes.
    pub segment_bytes: usize,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ending {
    /// The output was there, made by the same plan, inputs and build.
    AlreadyComplete,
    /// Everything is in the output.
    Complete(Box<Outcome>),
    /// Stopped early; the same command again goes on from here.
    Interrupted {
        /// Counts so far.
        ledger: Ledger,
        /// Candidates so far.
        next_index: u64,
    },
}

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// The funnel.
    pub ledger: Ledger,
    /// The ranking, where the plan asks for one.
    pub ranking: Option<Ranking>,
    /// Rows in the output.
    pub rows: u64,
    /// Bytes of the output.
    pub bytes: u64,
    /// Digest over all digests.
    pub digest: String,
    /// Candidates taken over from an interrupted run.
    pub resumed: u64,
    /// Where time went.
    pub busy: BusyTimes,
    /// Whether faults are within the limit.
    pub within_fault_limit: bool,
}

/// Runs a resolved screen over its source.
///
/// # Errors
/// What ends a run: see [`RunError`]. Committed segments stay.
pub fn run(screen: &Screen, source: Box<dyn Source>, options: &RunOptions) -> Result<Ending, RunError> {
    let started = provenance::now();
    let meter = Meter::start(options.resources.threads);
    let mut share = Share::new(screen, source, options.shard);
    let mut stop = Stop::new(options.budget);
    if options.signals {
        stop = stop.on_signals().map_err(|e| RunError::Threads { reason: e.to_string() })?;
    }
    let inputs = screen.origin.describe()?;
    let identity = identity(identity_parts(screen, &inputs, share.sharded()));
    let (mut store, progress_before) =
        match Store::open(&options.out, screen.layout.clone(), identity, store_options(screen, options, &meter))? {
            Opened::Complete => return Ok(Ending::AlreadyComplete),
            Opened::Fresh(store) => (store, None),
            Opened::Resumed(store, progress) => {
                for reason in &progress.damaged {
                    tracing::warn!("a segment is computed again: {reason}");
                }
                (store, Some(progress))
            }
        };
    let (start, mut ledger) = match &progress_before {
        Some(before) => (before.next_index, before.ledger.clone()),
        None => (0, screen.ledger.clone()),
    };
    let read_before = ledger.read();
    if let (Some(plan), StoreWord::Ranked) = (&screen.rank, screen.plan.sink.store) {
        store.objectives(&mut |index, values| screen.cutoff.offer(plan, index, values))?;
    }
    if start > 0 {
        share.source.seek(start)?;
    }
    let progress = match options.progress {
        true => Progress::on_terminal(share.own_records(), ledger.read()),
        false => Progress::hidden(),
    };
    let limit = if options.strict { FaultLimit::strict() } else { screen.fault_limit };
    let mut committer = Committer { store: &mut store, ledger: &mut ledger, limit };
    let stretch = Stretch { start, partition: share.partition };
    let source = share.source.as_mut();
    let drained = drain(screen, source, stretch, &mut committer, &options.resources, &stop, &progress);
    progress.clear();
    let drained = match drained {
        Ok(drained) => drained,
        Err(error) => {
            // What was computed stays: the same command goes on from here once the cause is mended.
            store.flush().ok();
            return Err(error);
        }
    };
    if !drained.complete {
        store.flush()?;
        return Ok(Ending::Interrupted { ledger, next_index: drained.next_index });
    }
    let finishing = Instant::now();
    // One shard does not know the structures of the others: `merge` looks for duplicates, and ranks.
    let unranked = share.sharded().is_some() && removes_duplicates(screen);
    let duplicates = match removes_duplicates(screen) && !unranked {
        false => None,
        true => match find_duplicates(screen, &store, options, &stop)? {
            Some(found) => Some(found),
            None => {
                store.flush()?;
                return Ok(Ending::Interrupted { ledger, next_index: drained.next_index });
            }
        },
    };
    let ranking = if unranked { None } else { rank(screen, &store, duplicates)? };
    let earlier = progress_before.map(|before| before.costs).unwrap_or_default();
    let cost = TotalCost::of(&earlier, meter.read());
    let mut documents = documents(screen, &inputs, &started, options, &drained, start, &cost);
    documents.extend(share.document().map(|document| (SHARD_DOCUMENT, document.to_string())));
    let root = RootAttributes {
        software_name: product::NAME.into(),
        software_version: product::LONG_VERSION.into(),
        run_uuid: random_uuid(),
        created: provenance::now(),
    };
    let summary = store.finish(&ledger, ranking.as_ref(), &documents, &root)?;
    Ok(Ending::Complete(Box::new(Outcome {
        within_fault_limit: limit.allows(&ledger),
        ledger,
        ranking,
        rows: summary.rows,
        bytes: summary.bytes,
        digest: summary.digest,
        resumed: read_before,
        busy: BusyTimes { finish: finishing.elapsed().as_secs_f64(), ..drained.busy },
    })))
}

/// The part of the source that a run takes.
struct Share {
    source: Box<dyn Source>,
    partition: Partition,
    /// Candidates of an index-addressable source.
    total: Option<u64>,
    /// Records of any other source, once its end was seen.
    end: Arc<AtomicU64>,
}

/// Document of a shard's result: which share it is of how many records.
pub const SHARD_DOCUMENT: &str = "shard";

impl Share {
    fn new(screen: &Screen, source: Box<dyn Source>, shard: Option<Shard>) -> Self {
        let total = source.num_records();
        let end = Arc::new(AtomicU64::new(NOT_SEEN));
        let partition = shard.map_or(Partition::WHOLE, |shard| Partition::new(shard, total));
        let source = match shard {
            Some(_) if !screen.sweeps() => Box::new(ShardSource::new(source, partition, end.clone())),
            _ => source,
        };
        Self { source, partition, total, end }
    }

    fn sharded(&self) -> Option<Partition> {
        (self.partition != Partition::WHOLE).then_some(self.partition)
    }

    /// Candidates to take, where that is known before.
    fn own_records(&self) -> Option<u64> {
        self.total.map(|total| self.partition.below(total))
    }

    /// The record of a shard, after its run.
    fn document(&self) -> Option<Value> {
        let end = Some(self.end.load(Ordering::Relaxed)).filter(|end| *end != NOT_SEEN);
        self.sharded().map(|partition| {
            json!({
                "index": partition.shard.index,
                "count": partition.shard.count,
                "block": partition.block,
                "source_records": self.total.or(end),
            })
        })
    }
}

/// Hands finished batches to the store.
struct Committer<'a> {
    store: &'a mut Store,
    ledger: &'a mut Ledger,
    limit: FaultLimit,
}

impl Commit for Committer<'_> {
    fn commit(&mut self, finished: Finished, covered: Range<u64>) -> Result<(), RunError> {
        self.store.append(&finished.rows, &finished.quarantine, covered, &finished.ledger)?;
        self.ledger.add(&finished.ledger);
        self.limit.check_running(self.ledger)
    }
}

fn find_duplicates(
    screen: &Screen,
    store: &Store,
    options: &RunOptions,
    stop: &Stop,
) -> Result<Option<Duplicates>, RunError> {
    let rule = screen.rank.as_ref().map(|plan| plan.spec().duplicates).unwrap_or_default();
    let mut wanted = duplicates::Candidates::new(rule);
    store.structure_digests(&mut |index, digest| wanted.add(index, digest))?;
    let open = || Ok(open_source(&screen.plan.source, &screen.plan.base, screen.plan.run.seed)?.0);
    duplicates::find(wanted, open, options.resources.threads, stop)
}

fn removes_duplicates(screen: &Screen) -> bool {
    screen.rank.as_ref().is_some_and(|plan| plan.spec().duplicates.removes())
}

fn rank(screen: &Screen, store: &Store, duplicates: Option<Duplicates>) -> Result<Option<Ranking>, RunError> {
    let Some(plan) = &screen.rank else { return Ok(None) };
    let mut ranker = Ranker::new(Arc::new(plan.clone()));
    let mut offered = Ok(());
    store.objectives(&mut |index, values| {
        for (&index, values) in index.iter().zip(values.chunks_exact(plan.width())) {
            let is_duplicate = duplicates.as_ref().is_some_and(|duplicates| duplicates.of(index).is_some());
            if offered.is_ok() && !is_duplicate {
                offered = ranker.offer(index, values);
            }
        }
    })?;
    offered?;
    Ok(Some(Ranking { duplicates, ..ranker.finish()? }))
}

fn store_options(screen: &Screen, options: &RunOptions, meter: &Meter) -> StoreOptions {
    let meter = meter.clone();
    let sink = &screen.plan.sink;
    let store = match sink.store {
        StoreWord::Survivors => StoreRows::Survivors,
        StoreWord::All => StoreRows::All,
        StoreWord::Ranked => StoreRows::Ranked,
    };
    let prune = match (&screen.rank, sink.store) {
        (Some(plan), StoreWord::Ranked) => {
            let (plan, cutoff) = (plan.clone(), screen.cutoff.clone());
            Some(Box::new(move |index: &[u64], values: &[f64]| cutoff.prune(&plan, index, values)) as _)
        }
        _ => None,
    };
    StoreOptions {
        rows: store,
        prune,
        segment_bytes: options.segment_bytes,
        segment_seconds: options.segment_time.as_secs_f64(),
        compression: (sink.compression > 0).then_some(sink.compression),
        threads: options.resources.threads,
        force: options.force,
        first_index: 0,
        cost: Some(Box::new(move || json!(meter.read()).to_string())),
        scratch: options.scratch.clone(),
    }
}

/// The identity that these parts make.
pub fn identity(parts: Map<String, Value>) -> Identity {
    Identity { fingerprint: sha256_hex(Value::Object(parts.clone()).to_string().as_bytes()), parts }
}

/// What makes two runs the same run. The share of a shard comes last: without it, the rest is what makes two shards parts of
/// one run.
fn identity_parts(screen: &Screen, inputs: &[Value], share: Option<Partition>) -> Map<String, Value> {
    let mut parts = Map::new();
    parts.insert("plan".into(), screen.plan.text.clone().into());
    parts.insert("inputs".into(), inputs.to_vec().into());
    parts.insert("models".into(), screen.models.iter().map(|m| Value::from(m.sha256())).collect());
    parts.insert("version".into(), product::LONG_VERSION.into());
    if let Some(partition) = share {
        parts.insert(SHARD_DOCUMENT.into(), json!(partition));
    }
    parts
}

fn documents(
    screen: &Screen,
    inputs: &[Value],
    started: &str,
    options: &RunOptions,
    drained: &Drained,
    resumed: u64,
    cost: &TotalCost,
) -> Vec<(&'static str, String)> {
    let models: Vec<Value> = screen
        .surrogates
        .iter()
        .zip(&screen.models)
        .map(|(slot, model)| json!({"as": slot.name, "sha256": model.sha256(), "card": model.card()}))
        .collect();
    let run = json!({
        "started": started,
        "finished": provenance::now(),
        "threads": options.resources.threads,
        "batch": options.resources.batch,
        "window": options.resources.window,
        "resumed_at": resumed,
        "busy_seconds": drained.busy,
        "processes": cost.processes,
        "cpu_seconds": cost.cpu_seconds,
        "core_hours_allocated": cost.core_hours,
        "peak_memory_bytes": cost.peak_memory_bytes,
        "base": relative_base(&screen.plan.base),
    });
    let screen_document = json!({
        "name": screen.plan.screen.name,
        "title": screen.plan.screen.title,
        "filters": screen.filter_parameters(),
    });
    vec![
        ("product", provenance::product().to_string()),
        ("run", run.to_string()),
        ("environment", provenance::environment().to_string()),
        ("plan", screen.plan.text.clone()),
        ("screen", screen_document.to_string()),
        ("inputs", Value::from(inputs.to_vec()).to_string()),
        ("tables", provenance::tables().to_string()),
        ("models", Value::from(models).to_string()),
    ]
}

/// Folder that the plan's paths start from, where it was given as a relative path: absolute ones are never written.
fn relative_base(base: &Path) -> Option<String> {
    base.is_relative().then(|| base.to_str().map(|text| text.replace('\\', "/"))).flatten()
}

/// Where work in progress of `out` lies.
pub fn parts_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".parts");
    out.with_file_name(name)
}
