//! Results of shards become one result: rows interleave by index, nothing is computed again.

use std::path::{Path, PathBuf};

use crate::candidate::{Layout, Ledger, Ranking};

use super::SinkError;
use super::content::RESULT_FORMAT;
use super::files;
use super::merge::{Ending, Part};
use super::options::{Identity, RootAttributes, StoreRows, Summary};
use super::publish::{Publication, find_result};
use super::seal::{self, Seal};
use super::virtual_rows;
use super::writer::Storage;

/// What becomes of the results of all shards.
pub struct MergeRequest<'a> {
    /// The result of all.
    pub out: &'a Path,
    /// Results of shards, disjoint.
    pub shards: &'a [PathBuf],
    /// Columns, those of every shard.
    pub layout: &'a Layout,
    /// Counts of all.
    pub ledger: &'a Ledger,
    /// The ranking of all.
    pub ranking: Option<&'a Ranking>,
    /// Documents under `/provenance`, by name.
    pub documents: &'a [(&'a str, String)],
    /// Root attributes.
    pub root: &'a RootAttributes,
    /// The identity of the run that the shards are parts of.
    pub identity: &'a Identity,
    /// Which rows to copy.
    pub rows: StoreRows,
    /// Deflate level of features; plain where `None`.
    pub compression: Option<u8>,
    /// Threads that compress.
    pub threads: usize,
    /// Features stay in the files of the shards, the result points there.
    pub virtual_rows: bool,
    /// Replaces an output of another run.
    pub force: bool,
}

/// Whether the output is the result of this run already.
///
/// # Errors
/// It is something else.
pub fn is_complete(out: &Path, identity: &Identity) -> Result<bool, SinkError> {
    find_result(out, identity)
}

/// Checks every byte of a result against its seal.
///
/// # Errors
/// The file cannot be read; it is no result; its values were altered.
pub fn check_seal(path: &Path) -> Result<(), SinkError> {
    match seal::check(path, RESULT_FORMAT)? {
        Seal::Intact => Ok(()),
        Seal::Altered => Err(SinkError::damaged(path, "its values were altered")),
        Seal::Broken { reason } => Err(SinkError::damaged(path, reason)),
    }
}

/// Writes the result of all shards; it is whole or absent.
///
/// # Errors
/// Files that cannot be written or read; a candidate in two of them.
pub fn merge_results(request: &MergeRequest<'_>) -> Result<Summary, SinkError> {
    let keep = match (request.rows, request.ranking) {
        (StoreRows::Ranked, Some(ranking)) => {
            let mut keep = ranking.index.clone();
            keep.sort_unstable();
            Some(keep)
        }
        _ => None,
    };
    let sources: Vec<Vec<Part<'_>>> = request.shards.iter().map(|path| vec![Part::File(path)]).collect();
    let virtual_sources =
        if request.virtual_rows { Some(virtual_rows::sources(request.out, request.shards)?) } else { None };
    let ending = Ending {
        layout: request.layout,
        ledger: request.ledger,
        ranking: request.ranking,
        documents: request.documents,
        root: request.root,
        identity: request.identity,
        storage: Storage { compression: request.compression, threads: request.threads, digests: true },
        virtual_sources: virtual_sources.as_deref(),
    };
    let folder = files::folder_of(request.out);
    let publication = Publication { out: request.out, folder: &folder, force: request.force };
    let merged = publication.publish(&sources, keep.as_deref(), &ending)?;
    let bytes = std::fs::metadata(request.out).map_err(SinkError::io("read", request.out))?.len();
    Ok(Summary {
        path: request.out.to_owned(),
        rows: merged.rows,
        quarantined: merged.quarantined,
        bytes,
        digest: merged.digest,
    })
}
