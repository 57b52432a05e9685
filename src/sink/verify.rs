//! Checks a result: seal, digests, ledger, order, ranking.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5::Group;

use crate::candidate::Duplicates;

use super::SinkError;
use super::attributes::Attributes;
use super::content::RESULT_FORMAT;
use super::digest::{self, DatasetDigest};
use super::reader::{ResultFile, check_kind_of_file};
use super::seal::{self, Seal};
use super::table::Column;
use super::virtual_rows;

/// Groups deeper than this are not ours.
const DEEPEST: usize = 8;

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What is wrong; `None` where nothing is.
    pub failure: Option<String>,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Everything that was checked, in order.
    pub checks: Vec<Check>,
    /// Digest over all content as computed, hexadecimal; empty where it could not be.
    pub digest: String,
}

impl Report {
    /// Whether nothing failed.
    pub fn is_intact(&self) -> bool {
        self.checks.iter().all(|check| check.failure.is_none())
    }

    /// What failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.failure.is_some())
    }

    fn add(&mut self, name: impl Into<String>, failure: Option<String>) {
        self.checks.push(Check { name: name.into(), failure });
    }
}

/// Checks every byte and every rule of a result.
///
/// # Errors
/// The file cannot be read, or is no result at all. What is wrong with a result is in the report.
pub fn verify(path: &Path) -> Result<Report, SinkError> {
    let mut report = Report::default();
    check_kind_of_file(path)?;
    match seal::check(path, RESULT_FORMAT)? {
        Seal::Intact => report.add("seal", None),
        Seal::Altered => report.add("seal", Some("values were altered".to_owned())),
        // The library must not see an altered structure, so nothing more can be said.
        Seal::Broken { reason } => {
            report.add("seal", Some(reason));
            return Ok(report);
        }
    }
    let result = match ResultFile::open(path) {
        Err(error @ (SinkError::Damaged { .. } | SinkError::Source { .. })) => {
            report.add("structure", Some(error.to_string()));
            return Ok(report);
        }
        result => result?,
    };
    let sources = result.sources()?;
    if sources.is_some() {
        report.add("seals of the files that hold its rows", virtual_rows::verify_sources(path, sources.as_deref())?);
    }
    if let Err(error) = check_content(&result, &mut report) {
        report.add("content", Some(error.to_string()));
    }
    Ok(report)
}

fn check_content(result: &ResultFile, report: &mut Report) -> Result<(), SinkError> {
    let (all, stored) = result.digests()?;
    let mut found = BTreeMap::new();
    collect(result.file(), "", result.path(), 0, &mut found)?;
    for (path, digest) in &found {
        let failure = match (digest, stored.get(path)) {
            (Err(reason), _) => Some(reason.clone()),
            (Ok(digest), Some(stored)) if digest == stored => None,
            (Ok(digest), Some(_)) => Some(format!("its content has the digest {digest}, recorded is another")),
            (Ok(_), None) => Some("no digest of it is recorded".to_owned()),
        };
        report.add(format!("digest of {path}"), failure);
    }
    for path in stored.keys().filter(|path| !found.contains_key(*path)) {
        report.add(format!("digest of {path}"), Some("it is missing".to_owned()));
    }
    let computed: Option<BTreeMap<String, String>> =
        found.into_iter().map(|(path, digest)| Some((path, digest.ok()?))).collect();
    report.digest = computed.map(|digests| digest::over_all(&digests)).unwrap_or_default();
    let failure = (report.digest != all).then(|| format!("recorded is {all}, computed {}", report.digest));
    report.add("digest over all", failure);
    check_ledger(result, report)?;
    check_order(result, report)
}

fn check_ledger(result: &ResultFile, report: &mut Report) -> Result<(), SinkError> {
    let ledger = result.ledger()?;
    let sums = ledger.kept().checked_add(ledger.rejected() + ledger.undecided() + ledger.faulted());
    let balanced = ledger.balances() && sums == Some(ledger.read());
    report.add("ledger", (!balanced).then(|| "read is not kept + rejected + undecided + faulted".to_owned()));
    let quarantined = result.num_quarantined()? as u64;
    let failure = (quarantined != ledger.faulted())
        .then(|| format!("{quarantined} candidates are quarantined, the ledger counts {} faults", ledger.faulted()));
    report.add("quarantine", failure);
    Ok(())
}

fn check_order(result: &ResultFile, report: &mut Report) -> Result<(), SinkError> {
    let index = result.index()?;
    let ascends = index.is_sorted_by(|a, b| a < b);
    report.add("order of rows", (!ascends).then(|| "/candidates/index is not strictly increasing".to_owned()));
    // Rows out of order cannot be searched.
    if ascends && let Some(ranking) = result.ranking()? {
        let missing = ranking.index.iter().find(|wanted| index.binary_search(wanted).is_err());
        report.add("ranking", missing.map(|index| format!("it holds candidate {index}, which is not stored")));
        if let Some(duplicates) = &ranking.duplicates {
            report.add("duplicates", wrong_duplicate(duplicates, &index, &ranking.index));
        }
    }
    Ok(())
}

/// What contradicts itself in a list of duplicates.
fn wrong_duplicate(duplicates: &Duplicates, stored: &[u64], ranked: &[u64]) -> Option<String> {
    for (&index, &of) in duplicates.index.iter().zip(&duplicates.of) {
        if let Some(missing) = [index, of].into_iter().find(|wanted| stored.binary_search(wanted).is_err()) {
            return Some(format!("they hold candidate {missing}, which is not stored"));
        }
        if of >= index || duplicates.of(of).is_some() {
            return Some(format!("candidate {index} is a duplicate of {of}, which is no first one"));
        }
    }
    let ranked = ranked.iter().find(|&&index| duplicates.of(index).is_some());
    ranked.map(|index| format!("candidate {index} is ranked although it is a duplicate"))
}

/// Digests of all covered objects below a group, by path; or why one has none.
fn collect(
    group: &Group,
    name: &str,
    path: &Path,
    depth: usize,
    found: &mut BTreeMap<String, Result<String, String>>,
) -> Result<(), SinkError> {
    let names = group.member_names().map_err(SinkError::hdf5(&format!("list {name}/"), path))?;
    for member in names {
        let place = format!("{name}/{member}");
        if !digest::covers(&place) {
            continue;
        }
        if let Ok(inner) = group.group(&member) {
            // `/provenance` has no attributes and is written before the digests are complete.
            if place != "/provenance" {
                let digest = Attributes::read(&inner, path).map(|attributes| digest::of_group(&attributes));
                found.insert(place.clone(), digest.map_err(|error| error.to_string()));
            }
            if depth == DEEPEST {
                return Err(SinkError::damaged(path, format!("{place} is nested too deeply")));
            }
            collect(&inner, &place, path, depth + 1, found)?;
        } else {
            found.insert(place.clone(), of_dataset(group, &place, &member, path).map_err(|error| error.to_string()));
        }
    }
    Ok(())
}

fn of_dataset(group: &Group, place: &str, member: &str, path: &Path) -> Result<String, SinkError> {
    let column = Column::open(group, member, path).map_err(|error| match error {
        SinkError::Damaged { path, reason } => SinkError::Damaged { path, reason: format!("{place}: {reason}") },
        other => other,
    })?;
    let mut digest = DatasetDigest::new(&column.kind().logical_name(), &column.shape());
    let mut position = 0;
    while position < column.rows() {
        let end = (position + column.block_rows()).min(column.rows());
        let block = column.read(position..end)?;
        digest.update(&block, 0..block.rows());
        position = end;
    }
    Ok(digest.finish(&Attributes::read(column.dataset(), path)?))
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::*;
    use crate::candidate::{Layout, Ledger, Ranking, StoredRows};
    use crate::sink::seal::RawChunks;
    use crate::sink::{Identity, Opened, RootAttributes, Store, StoreOptions};

    /// Three rows and a ranking of two.
    fn result(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("r.h5");
        let opened = Store::open(&path, Layout::default(), Identity::default(), StoreOptions::default());
        let Ok(Opened::Fresh(mut store)) = opened else { panic!("not fresh") };
        let text = |name: &str| vec![name.to_owned(); 3];
        let rows = StoredRows {
            index: vec![0, 5, 7],
            id: text("id"),
            formula: text("Fe"),
            origin: text("x.csv#0"),
            verdict: vec![0; 3],
            ..StoredRows::default()
        };
        let mut ledger = Ledger::new([("parse", "formula")]);
        (ledger.rules[0].input, ledger.rules[0].kept, ledger.rules[0].rejected) = (8, 3, 5);
        store.append(&rows, &[], 0..8, &ledger).expect("rows that fit");
        let ranking = Ranking {
            index: vec![7, 0],
            score: vec![2.0, 1.0],
            front: vec![1, 1],
            parameters: serde_json::json!({}),
            ..Ranking::default()
        };
        store.finish(&ledger, Some(&ranking), &[], &RootAttributes::default()).expect("a result");
        path
    }

    /// Changes one number and seals the file again, as someone would who wants to deceive.
    fn forge(path: &Path, dataset: &str, values: &[u64]) -> Vec<String> {
        let file = hdf5::File::open_rw(path).expect("a file");
        file.dataset(dataset).expect("a dataset").write_raw(values).expect("a write");
        file.close().expect("a file");
        let mut file = OpenOptions::new().read(true).write(true).open(path).expect("a file");
        seal::write(&mut file, RESULT_FORMAT, RawChunks::default(), path).expect("a seal");
        let report = verify(path).expect("a report");
        report.failures().map(|check| check.name.clone()).collect()
    }

    #[test]
    fn a_forged_ledger_is_found_under_a_whole_seal() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = forge(&result(folder.path()), "/ledger/kept", &[4]);
        assert_eq!(failed, ["digest of /ledger/kept", "digest over all", "ledger"]);
    }

    #[test]
    fn counts_that_would_overflow_are_damage() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = forge(&result(folder.path()), "/ledger/kept", &[u64::MAX]);
        assert_eq!(failed, ["digest of /ledger/kept", "digest over all", "content"]);
    }

    #[test]
    fn rows_out_of_order_and_ranked_rows_that_are_not_stored_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = forge(&result(folder.path()), "/candidates/index", &[0, 9, 7]);
        assert_eq!(failed, ["digest of /candidates/index", "digest over all", "order of rows"]);
        let folder = tempfile::tempdir().expect("a folder");
        let failed = forge(&result(folder.path()), "/ranking/index", &[7, 1]);
        assert_eq!(failed, ["digest of /ranking/index", "digest over all", "ranking"]);
    }
}
