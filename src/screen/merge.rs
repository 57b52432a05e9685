//! The results of all shards become the result of one run, equal to the bit of its content to a run without shards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::candidate::{ColumnRef, Duplicates, Ledger, Ranking, Tally};
use crate::product;
use crate::random::random_uuid;
use crate::rank::{DuplicateRule, RankPlan, RankSpec, Ranker};
use crate::sink::{
    Identity, MergeRequest, ResultFile, RootAttributes, StoreRows, check_seal, is_complete, merge_results,
};

use super::duplicates::{self, Candidates};
use super::faults::FaultLimit;
use super::merge_error::MergeError;
use super::pipeline::in_pool;
use super::plan::{Plan, Store};
use super::provenance;
use super::reread::Reread;
use super::run::{Ending, Outcome, SHARD_DOCUMENT, identity};
use super::shard::{Partition, Shard};
use super::shard_folder::{ShardFile, find_shards, missing};
use super::stop::Stop;

/// How to merge.
#[derive(Clone, Debug)]
pub struct MergeOptions {
    /// The result of all shards.
    pub out: PathBuf,
    /// Folder that relative paths of the plan start from, where it is not the one that the shards name.
    pub base: Option<PathBuf>,
    /// Threads.
    pub threads: usize,
    /// Features stay in the files of the shards.
    pub virtual_rows: bool,
    /// No fault is allowed.
    pub strict: bool,
    /// Replaces an output of another run.
    pub force: bool,
}

/// A shard's result with what it says of itself.
struct Member {
    file: ResultFile,
    partition: Partition,
    /// Records of the whole source.
    records: u64,
    identity: Identity,
}

/// Merges the results of all shards that lie in `folders`.
///
/// # Errors
/// Shards that are missing, there twice, damaged, or parts of different runs; an output that cannot be written.
pub fn merge_shards(folders: &[PathBuf], options: &MergeOptions) -> Result<Ending, MergeError> {
    let started = std::time::Instant::now();
    let files = find_shards(folders)?;
    check_complete(&files, folders)?;
    let first = read_member(&files[0])?;
    if !options.force && is_complete(&options.out, &first.identity)? {
        return Ok(Ending::AlreadyComplete);
    }
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    in_pool(options.threads, || paths.par_iter().try_for_each(|path| check_seal(path)))??;
    let members = files.iter().map(read_member).collect::<Result<Vec<_>, _>>()?;
    let ledger = check_fit(&members)?;

    let first = &members[0];
    let plan = Plan::parse(&first.file.document("plan")?, Path::new(""), &[])?;
    let rank = rank_plan(&plan, &first.file)?;
    let rule = rank.as_ref().map(|rank| rank.spec().duplicates).unwrap_or_default();
    let duplicates = if rule.removes() { Some(find_duplicates(&members, rule, options)?) } else { None };
    let ranking = rank.map(|rank| ranked(&members, rank, duplicates)).transpose()?;
    let documents = documents(&members)?;
    let (layout, identity) = (first.file.layout().clone(), first.identity.clone());
    // Closed, so that the merge opens them without the caches of a reader that comes back.
    drop(members);
    let summary = merge_results(&MergeRequest {
        out: &options.out,
        shards: &paths,
        layout: &layout,
        ledger: &ledger,
        ranking: ranking.as_ref(),
        documents: &documents,
        root: &RootAttributes {
            software_name: product::NAME.into(),
            software_version: product::LONG_VERSION.into(),
            run_uuid: random_uuid(),
            created: provenance::now(),
        },
        identity: &identity,
        rows: match plan.sink.store {
            Store::Survivors => StoreRows::Survivors,
            Store::All => StoreRows::All,
            Store::Ranked => StoreRows::Ranked,
        },
        compression: (plan.sink.compression > 0).then_some(plan.sink.compression),
        threads: options.threads,
        virtual_rows: options.virtual_rows,
        force: options.force,
    })?;
    let limit = match options.strict {
        true => FaultLimit::strict(),
        false => FaultLimit::parse(&plan.run.max_fault_fraction)?,
    };
    Ok(Ending::Complete(Box::new(Outcome {
        within_fault_limit: limit.allows(&ledger),
        // Nothing is computed here.
        resumed: ledger.read(),
        ledger,
        ranking,
        rows: summary.rows,
        bytes: summary.bytes,
        digest: summary.digest,
        busy: super::BusyTimes { wall: started.elapsed().as_secs_f64(), ..super::BusyTimes::default() },
    })))
}

/// All shards of one number of shards are there, each once.
fn check_complete(files: &[ShardFile], folders: &[PathBuf]) -> Result<(), MergeError> {
    let Some(first) = files.first() else { return Err(MergeError::None { folders: folders.to_vec() }) };
    if let Some(other) = files.iter().find(|file| file.shard.count != first.shard.count) {
        return Err(MergeError::Counts { first: first.path.clone(), other: other.path.clone() });
    }
    if let Some(pair) = files.windows(2).find(|pair| pair[0].shard == pair[1].shard) {
        return Err(MergeError::Twice { first: pair[0].path.clone(), second: pair[1].path.clone() });
    }
    let missing = missing(files, first.shard.count);
    match missing.is_empty() {
        true => Ok(()),
        false => Err(MergeError::Missing { missing, count: first.shard.count }),
    }
}

fn read_member(file: &ShardFile) -> Result<Member, MergeError> {
    let result = ResultFile::open(&file.path)?;
    let unfit = |reason: String| MergeError::Unfit { path: file.path.clone(), reason };
    let no_share = |_| unfit("it does not say which share of a run it is: it was made without --shard".to_owned());
    let share: Value = serde_json::from_str(&result.document(SHARD_DOCUMENT).map_err(no_share)?)
        .map_err(|e| unfit(format!("/provenance/{SHARD_DOCUMENT}: {e}")))?;
    let partition: Partition =
        serde_json::from_value(share.clone()).map_err(|e| unfit(format!("/provenance/{SHARD_DOCUMENT}: {e}")))?;
    let within = |shard: Shard| Shard::new(shard.index, shard.count).is_ok();
    if partition.shard != file.shard || !within(partition.shard) || partition.block == 0 {
        return Err(unfit(format!("it holds shard {}, its name says {}", partition.shard, file.shard)));
    }
    let records =
        share["source_records"].as_u64().ok_or_else(|| unfit("it does not say where its source ends".into()))?;
    let mut parts: Map<String, Value> =
        serde_json::from_str(&result.document("identity")?).map_err(|e| unfit(format!("/provenance/identity: {e}")))?;
    if Some(identity(parts.clone()).fingerprint.as_str()) != result.fingerprint() {
        return Err(unfit("its fingerprint is not that of its identity".to_owned()));
    }
    parts.shift_remove(SHARD_DOCUMENT);
    Ok(Member { file: result, partition, records, identity: identity(parts) })
}

/// All are parts of one run, and together they hold every candidate once; returns the counts of all.
fn check_fit(members: &[Member]) -> Result<Ledger, MergeError> {
    let first = &members[0];
    let mut ledger: Option<Ledger> = None;
    for member in members {
        let path = || member.file.path().to_owned();
        let unfit = |reason: String| MergeError::Unfit { path: path(), reason };
        if member.identity != first.identity {
            let differences = differences(&first.identity.parts, &member.identity.parts);
            return Err(MergeError::OtherRun { first: first.file.path().to_owned(), other: path(), differences });
        }
        if (member.partition.block, member.records) != (first.partition.block, first.records) {
            let reason = format!(
                "it counts {} candidates in blocks of {}, {} counts {} in blocks of {}",
                member.records,
                member.partition.block,
                first.file.path().display(),
                first.records,
                first.partition.block
            );
            return Err(unfit(reason));
        }
        if member.file.layout() != first.file.layout() {
            return Err(unfit(format!("its columns are not those of {}", first.file.path().display())));
        }
        let counts = member.file.ledger()?;
        let own = member.partition.below(member.records);
        if counts.read() != own {
            return Err(unfit(format!("it has read {} candidates, its share is {own}", counts.read())));
        }
        let foreign =
            member.file.index()?.into_iter().find(|&index| {
                index >= member.records || member.partition.owner(index) != member.partition.shard.index
            });
        if let Some(index) = foreign {
            return Err(unfit(format!("it holds candidate {index}, which is not of its share")));
        }
        match &mut ledger {
            None => ledger = Some(counts),
            Some(ledger) if same_rules(ledger, &counts) => ledger.add(&counts),
            Some(_) => return Err(unfit(format!("its funnel is not that of {}", first.file.path().display()))),
        }
    }
    Ok(ledger.unwrap_or_default())
}

fn same_rules(a: &Ledger, b: &Ledger) -> bool {
    let names = |ledger: &Ledger| {
        ledger.rules.iter().map(|Tally { stage, rule, .. }| (stage.clone(), rule.clone())).collect::<Vec<_>>()
    };
    names(a) == names(b)
}

/// Parts of two identities that differ, by name, with the sentences a user needs.
fn differences(first: &Map<String, Value>, other: &Map<String, Value>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = first.keys().chain(other.keys()).collect();
    let differ = names.into_iter().filter(|name| first.get(*name) != other.get(*name));
    differ
        .map(|name| match (name.as_str(), first.get(name), other.get(name)) {
            ("version", Some(first), Some(other)) => format!("they were made by versions {first} and {other}"),
            ("plan", ..) => "their plans differ".to_owned(),
            ("inputs", ..) => "their inputs differ".to_owned(),
            ("models", ..) => "their models differ".to_owned(),
            _ => format!("\"{name}\" differs"),
        })
        .collect()
}

/// The plan's ranking over the objectives that every row carries.
fn rank_plan(plan: &Plan, result: &ResultFile) -> Result<Option<RankPlan>, MergeError> {
    let Some(table) = &plan.rank else { return Ok(None) };
    let columns = &result.layout().objectives;
    let place = |name: &str| {
        let place = columns.iter().position(|column| column.label == name);
        place
            .map(|place| (ColumnRef::Feature(place), columns[place].unit.clone()))
            .ok_or_else(|| format!("the shards hold no objective \"{name}\""))
    };
    Ok(Some(RankSpec::read(table)?.resolve(&place)?))
}

fn find_duplicates(members: &[Member], rule: DuplicateRule, options: &MergeOptions) -> Result<Duplicates, MergeError> {
    let mut candidates = Candidates::new(rule);
    for member in members {
        member.file.structure_digests(&mut |index, digest| candidates.add(index, digest))?;
    }
    let source = Reread::open(&members[0].file, options.base.as_deref())?.into_source();
    let found = duplicates::find(candidates, || Ok(source), options.threads, &Stop::new(None))?;
    Ok(found.unwrap_or_default())
}

fn ranked(members: &[Member], plan: RankPlan, duplicates: Option<Duplicates>) -> Result<Ranking, MergeError> {
    let width = plan.width();
    let mut ranker = Ranker::new(Arc::new(plan));
    let mut offered = Ok(());
    for member in members {
        member.file.objectives(&mut |index, values| {
            for (&index, values) in index.iter().zip(values.chunks_exact(width)) {
                let is_duplicate = duplicates.as_ref().is_some_and(|duplicates| duplicates.of(index).is_some());
                if offered.is_ok() && !is_duplicate {
                    offered = ranker.offer(index, values);
                }
            }
        })?;
    }
    offered?;
    Ok(Ranking { duplicates, ..ranker.finish()? })
}

/// The first shard's documents; of time and place, what all of them say.
fn documents(members: &[Member]) -> Result<Vec<(&'static str, String)>, MergeError> {
    let first = &members[0].file;
    let mut documents = Vec::new();
    for name in ["product", "plan", "screen", "inputs", "tables", "models"] {
        let text = first.document(name)?;
        for member in members {
            if member.file.document(name)? != text {
                let reason = format!("its /provenance/{name} is not that of {}", first.path().display());
                return Err(MergeError::Unfit { path: member.file.path().to_owned(), reason });
            }
        }
        documents.push((name, text));
    }
    let parsed = |name: &str| -> Result<Vec<Value>, MergeError> {
        members
            .iter()
            .map(|member| Ok(serde_json::from_str(&member.file.document(name)?).unwrap_or_default()))
            .collect()
    };
    documents.push(("run", audit(members, &parsed("run")?).to_string()));
    let mut environments = parsed("environment")?;
    environments.dedup();
    let environment = match &environments[..] {
        [one] => one.clone(),
        _ => json!({ "shards": environments }),
    };
    documents.push(("environment", environment.to_string()));
    Ok(documents)
}

/// What the run cost: sums, maxima, and the same of each shard.
fn audit(members: &[Member], runs: &[Value]) -> Value {
    let number = |run: &Value, key: &str| run[key].as_f64().unwrap_or(0.0);
    let text = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    let cpu: f64 = runs.iter().map(|run| number(run, "cpu_seconds")).sum();
    let core_hours: f64 = runs.iter().map(|run| number(run, "core_hours_allocated")).sum();
    let shards: Vec<Value> = members
        .iter()
        .zip(runs)
        .map(|(member, run)| {
            let mut run = run.clone();
            if let Some(run) = run.as_object_mut() {
                run.insert("shard".to_owned(), json!(member.partition.shard.to_string()));
                run.insert("run_uuid".to_owned(), json!(member.file.attribute("run_uuid")));
            }
            run
        })
        .collect();
    json!({
        "started": runs.iter().map(|run| text(run, "started")).min(),
        "finished": runs.iter().map(|run| text(run, "finished")).max(),
        "merged": provenance::now(),
        "cpu_seconds": cpu,
        "core_hours_allocated": core_hours,
        "peak_memory_bytes": runs.iter().filter_map(|run| run["peak_memory_bytes"].as_u64()).max(),
        "base": runs.first().map(|run| run["base"].clone()),
        "shards": shards,
    })
}
