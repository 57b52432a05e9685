//! What lies in a folder of shards: finished results, and work in progress.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::sink::{PartsState, ResultFile, parts_state};

use super::merge_error::MergeError;
use super::run::parts_folder;
use super::shard::Shard;

/// The result of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFile {
    /// Where.
    pub path: PathBuf,
    /// Which, by its name.
    pub shard: Shard,
}

/// How far a shard is.
#[derive(Clone, Debug, PartialEq)]
pub enum ShardState {
    /// Its result is there.
    Whole {
        /// Candidates read.
        read: u64,
        /// Candidates kept.
        kept: u64,
        /// Candidates in quarantine.
        faulted: u64,
    },
    /// Its result is there but cannot be used.
    Damaged {
        /// Why.
        reason: String,
    },
    /// Segments of work are there.
    Begun {
        /// How much.
        parts: PartsState,
        /// When something was last written there.
        written: Option<SystemTime>,
    },
    /// Nothing is there.
    Missing,
}

/// A folder of shards.
#[derive(Clone, Debug)]
pub struct FolderState {
    /// Number of shards; 0 where there is not even one begun.
    pub count: u32,
    /// State of each shard.
    pub shards: Vec<ShardState>,
}

impl FolderState {
    /// Shards whose result is not there or cannot be used.
    pub fn unfinished(&self) -> Vec<u32> {
        let open = |(_, state): &(u32, &ShardState)| !matches!(state, ShardState::Whole { .. });
        (0..).zip(&self.shards).filter(open).map(|(index, _)| index).collect()
    }
}

/// Results of shards in folders (or named one by one), by shard.
///
/// # Errors
/// A folder cannot be listed; a file that is named is no shard's.
pub fn find_shards(places: &[PathBuf]) -> Result<Vec<ShardFile>, MergeError> {
    let mut found = Vec::new();
    for place in places {
        if place.is_dir() {
            found.extend(names(place)?.into_iter().filter_map(|name| {
                let shard = Shard::of_file_name(&name)?;
                Some(ShardFile { path: place.join(&name), shard })
            }));
            continue;
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match Shard::of_file_name(&name) {
            Some(shard) => found.push(ShardFile { path: place.clone(), shard }),
            None => {
                let reason = "it is no folder, and its name is not that of a shard (shard-I-of-N.h5)".to_owned();
                return Err(MergeError::Unfit { path: place.clone(), reason });
            }
        }
    }
    found.sort_by(|a, b| (a.shard.count, a.shard.index, &a.path).cmp(&(b.shard.count, b.shard.index, &b.path)));
    Ok(found)
}

fn names(folder: &Path) -> Result<Vec<String>, MergeError> {
    let unlisted = |source| MergeError::Unlisted { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unlisted)? {
        names.push(entry.map_err(unlisted)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// Shards that are not among the files.
pub fn missing(files: &[ShardFile], count: u32) -> Vec<u32> {
    let there: std::collections::BTreeSet<u32> = files.iter().map(|file| file.shard.index).collect();
    (0..count).filter(|index| !there.contains(index)).collect()
}

/// Numbers as schedulers take them in `--array=`: `0-3,7`.
pub fn array_text(numbers: &[u32]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let text = |run: &[u32]| match run {
        [one] => one.to_string(),
        [first, second] => format!("{first},{second}"),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    };
    runs.map(text).collect::<Vec<_>>().join(",")
}

/// How far every shard of a folder is.
///
/// # Errors
/// The folder cannot be listed; it holds shards of different numbers of shards.
pub fn folder_state(folder: &Path) -> Result<FolderState, MergeError> {
    let mut shards: BTreeMap<u32, PathBuf> = BTreeMap::new();
    let mut count: Option<(u32, PathBuf)> = None;
    for name in names(folder)? {
        let Some(shard) = Shard::of_file_name(name.strip_suffix(".parts").unwrap_or(&name)) else { continue };
        let path = folder.join(shard.file_name());
        match &count {
            Some((known, first)) if *known != shard.count => {
                return Err(MergeError::Counts { first: first.clone(), other: path });
            }
            _ => count = Some((shard.count, path.clone())),
        }
        shards.insert(shard.index, path);
    }
    let count = count.map_or(0, |(count, _)| count);
    let shards = (0..count).map(|index| shards.get(&index).map_or(ShardState::Missing, |path| state(path))).collect();
    Ok(FolderState { count, shards })
}

fn state(path: &Path) -> ShardState {
    if path.exists() {
        return match ResultFile::open(path).and_then(|file| file.ledger()) {
            Ok(ledger) => ShardState::Whole { read: ledger.read(), kept: ledger.kept(), faulted: ledger.faulted() },
            Err(error) => ShardState::Damaged { reason: error.to_string() },
        };
    }
    let parts = parts_folder(path);
    match parts_state(&parts) {
        Ok(found) => {
            let written = std::fs::metadata(&parts).and_then(|meta| meta.modified()).ok();
            ShardState::Begun { parts: found, written }
        }
        Err(_) => ShardState::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_schedulers_read_them() {
        assert_eq!(array_text(&[0, 1, 2, 3, 7, 9, 10]), "0-3,7,9,10");
        assert_eq!(array_text(&[]), "");
    }
}
