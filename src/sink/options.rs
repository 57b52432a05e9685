//! What a caller tells the sink, and what it hears back.

use std::path::PathBuf;

use crate::candidate::Ledger;

/// What makes two runs the same run.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// One digest over plan, inputs and build.
    pub fingerprint: String,
    /// What went into it, by name, so that a difference can be named.
    pub parts: serde_json::Map<String, serde_json::Value>,
}

/// Which rows reach the final file.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreRows {
    /// The rows handed over, which are those of candidates kept.
    #[default]
    Survivors,
    /// The rows handed over, which are those of all candidates without a fault.
    All,
    /// Rows that the final ranking refers to.
    Ranked,
}

/// Given indices and row-major objectives, returns the positions (ascending) of rows that may still be ranked.
pub type Prune = Box<dyn Fn(&[u64], &[f64]) -> Vec<usize> + Send>;

/// Says what this process has cost so far; see [`StoreOptions::cost`].
pub type Cost = Box<dyn Fn() -> String + Send>;

/// How a result is stored.
pub struct StoreOptions {
    /// A segment closes when its rows take this many bytes.
    pub segment_bytes: usize,
    /// A segment closes when it is this many seconds old.
    pub segment_seconds: f64,
    /// Which rows reach the final file.
    pub rows: StoreRows,
    /// For [`StoreRows::Ranked`]: thins out the open segment.
    pub prune: Option<Prune>,
    /// Deflate level 1 to 12 with shuffle; plain where `None`.
    pub compression: Option<u8>,
    /// Threads that compress.
    pub threads: usize,
    /// Replaces an output and parts of another run.
    pub force: bool,
    /// Index at which the run begins.
    pub first_index: u64,
    /// Written into every segment; what earlier processes wrote comes back in [`Progress::costs`].
    pub cost: Option<Cost>,
    /// Folder for work in progress, such as a disk of the node; beside the output where `None`.
    pub scratch: Option<PathBuf>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            segment_seconds: 60.0,
            rows: StoreRows::Survivors,
            prune: None,
            compression: None,
            threads: 1,
            force: false,
            first_index: 0,
            cost: None,
            scratch: None,
        }
    }
}

/// Where an interrupted run goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// First index that no segment covers.
    pub next_index: u64,
    /// Counts of all that is covered; without rules where no segment is whole.
    pub ledger: Ledger,
    /// Whole segments found.
    pub segments: usize,
    /// Rows in them.
    pub rows: u64,
    /// Quarantined candidates in them.
    pub quarantined: u64,
    /// What the processes said of their cost when they closed these segments, in order.
    pub costs: Vec<String>,
    /// Segments that were found damaged, with the reason; their range is computed again.
    pub damaged: Vec<String>,
}

/// Root attributes of a result that the sink cannot know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootAttributes {
    /// `matsieve`.
    pub software_name: String,
    /// Version, as `--version` prints it.
    pub software_version: String,
    /// Random identity of this run.
    pub run_uuid: String,
    /// RFC 3339.
    pub created: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The result file.
    pub path: PathBuf,
    /// Stored rows.
    pub rows: u64,
    /// Quarantined candidates.
    pub quarantined: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Digest over all content, hexadecimal.
    pub digest: String,
}
