//! Why shards cannot become one result.

use std::path::PathBuf;

use crate::sink::SinkError;

use super::error::{PlanError, RunError};
use super::reread::RereadError;
use super::shard_folder::array_text;

/// Error of a merge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is no shard at all.
    #[error("no results of shards (shard-I-of-N.h5) in {}", folders.iter().map(|f| f.display().to_string()).collect::<Vec<_>>().join(", "))]
    None {
        /// Where they were looked for.
        folders: Vec<PathBuf>,
    },
    /// Shards of runs that were cut differently.
    #[error("{} and {} are of different numbers of shards", first.display(), other.display())]
    Counts {
        /// One.
        first: PathBuf,
        /// Another.
        other: PathBuf,
    },
    /// One shard in two places.
    #[error("one shard is there twice: {} and {}", first.display(), second.display())]
    Twice {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Shards that are not finished, or not there.
    #[error("{} of {count} shards are missing: {}", missing.len(), array_text(missing))]
    Missing {
        /// Which, ascending.
        missing: Vec<u32>,
        /// Number of shards.
        count: u32,
    },
    /// Shards of two runs.
    #[error("{} and {} are parts of different runs: {}", first.display(), other.display(), differences.join("; "))]
    OtherRun {
        /// One.
        first: PathBuf,
        /// Another.
        other: PathBuf,
        /// What differs, one sentence each.
        differences: Vec<String>,
    },
    /// A shard that contradicts itself or the others.
    #[error("{} does not fit: {reason}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A folder cannot be listed.
    #[error("cannot list {}", path.display())]
    Unlisted {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Files cannot be read or written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The plan in the shards.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The ranking.
    #[error(transparent)]
    Rank(#[from] crate::rank::RankError),
    /// Structures cannot be read again, to be compared.
    #[error("duplicates cannot be looked for")]
    Reread(#[from] RereadError),
    /// The machine.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl MergeError {
    /// Whether a file is not what was written.
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Sink(SinkError::Damaged { .. } | SinkError::NotAResult { .. } | SinkError::Incomplete { .. })
        )
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::None { .. } => Some("run `matsieve screen PLAN --shard I/N -o DIR` for every shard first".to_owned()),
            Self::Counts { .. } => Some("give every run of shards a folder of its own".to_owned()),
            Self::Missing { .. } => {
                Some("run these shards (again): `matsieve status DIR` shows how far they are; then merge".to_owned())
            }
            Self::OtherRun { .. } => Some("run the shards that differ again, with the same plan and build".to_owned()),
            Self::Sink(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Reread(error) => error.hint(),
            Self::Run(error) => error.hint(),
            _ => None,
        }
    }
}
