//! Why a result file cannot be written or read.

use std::path::{Path, PathBuf};

/// Error of the sink.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, e.g. `create`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The HDF5 library refused an operation.
    #[error("HDF5 cannot {action} in {}: {reason}", path.display())]
    Hdf5 {
        /// What was tried, e.g. `write /candidates/index`.
        action: String,
        /// In which file.
        path: PathBuf,
        /// The library's reason.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is no matsieve result: {reason}", path.display())]
    NotAResult {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        reason: String,
    },
    /// The file is ours but its content contradicts itself.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the path inside the file.
        reason: String,
    },
    /// A file that a virtual result points to is not what it was.
    #[error("{} shows rows of {}, {reason}", path.display(), source_path.display())]
    Source {
        /// The result.
        path: PathBuf,
        /// The file that holds its rows.
        source_path: PathBuf,
        /// What is wrong with that.
        reason: String,
    },
    /// The file was written by a version with another layout.
    #[error("{} has format version {found}, this program reads version {expected}", path.display())]
    FormatVersion {
        /// The file.
        path: PathBuf,
        /// Version found.
        found: u64,
        /// Version that this program reads.
        expected: u64,
    },
    /// The file was never finished.
    #[error("{} is incomplete", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
    },
    /// The output or its parts come from another run.
    #[error("{} exists from another run: {}", path.display(), differences.join("; "))]
    OtherRun {
        /// Output file or folder of parts.
        path: PathBuf,
        /// What differs, one sentence each.
        differences: Vec<String>,
    },
    /// Another process writes the same output.
    #[error("another process is writing {}", path.display())]
    Contended {
        /// The segment or result that appeared.
        path: PathBuf,
    },
    /// Rows that do not fit the layout or the order: a defect of the caller.
    #[error("rows do not fit the result: {reason}")]
    Rows {
        /// What does not fit.
        reason: String,
    },
    /// Files that are to be merged do not belong together.
    #[error("cannot merge {}: {reason}", path.display())]
    Merge {
        /// The file that does not fit.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A column was asked for that the file does not have.
    #[error("no column \"{name}\" in {}{}", path.display(), suggestion.as_ref().map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default())]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
        /// The closest name there is.
        suggestion: Option<String>,
    },
    /// The export format is not known.
    #[error("unknown export format \"{name}\", expected one of csv, tsv, jsonl, parquet")]
    UnknownFormat {
        /// The name.
        name: String,
    },
    /// A structure that an export format cannot hold.
    #[error("candidate {index} (\"{id}\") cannot be written as {format}: {reason}")]
    Unwritable {
        /// The format.
        format: &'static str,
        /// Position in the source.
        index: u64,
        /// Its id.
        id: String,
        /// Why not.
        reason: String,
    },
    /// A folder for an export that has files in it.
    #[error("the folder {} is not empty", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A table could not be encoded.
    #[error("cannot encode {}", path.display())]
    Encode {
        /// The file that was being written.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SinkError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, path, .. } => io_hint(source, path),
            Self::Hdf5 { reason, path, .. } if reason.contains("No space left") || reason.contains("quota") => {
                Some(full_disk_hint(path))
            }
            Self::Incomplete { .. } => Some("run the same command again to finish it".to_owned()),
            Self::OtherRun { path, .. } => {
                Some(format!("choose another output with -o, or give --force to replace {}", path.display()))
            }
            Self::Contended { .. } => Some("wait for the other process, or choose another output with -o".to_owned()),
            Self::Source { .. } => {
                Some("put it back where it was when they were merged, or merge again without --virtual".to_owned())
            }
            Self::Damaged { .. } => Some("`matsieve verify` names what is damaged; compute the file again".to_owned()),
            Self::Unwritable { reason, .. } if reason.contains("disordered") => {
                Some("give --ordered-only to leave disordered structures out, or another format (cif)".to_owned())
            }
            Self::NotEmpty { .. } => {
                Some("choose another folder with -o: files of another export would mix with these".to_owned())
            }
            Self::FormatVersion { found, expected, .. } if found > expected => {
                Some("use the version of matsieve that wrote it, or a newer one".to_owned())
            }
            _ => None,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn hdf5(action: &str, path: &Path) -> impl FnOnce(hdf5::Error) -> Self + use<> {
        let (action, path) = (action.to_owned(), path.to_owned());
        move |error| Self::Hdf5 { action, path, reason: error.to_string() }
    }

    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn rows(reason: impl Into<String>) -> Self {
        Self::Rows { reason: reason.into() }
    }
}

fn full_disk_hint(path: &Path) -> String {
    format!("make room on the disk of {}, then run the same command again: it resumes", path.display())
}

fn io_hint(source: &std::io::Error, path: &Path) -> Option<String> {
    use std::io::ErrorKind;
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(full_disk_hint(path)),
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            Some(format!("no permission to write there; choose another output with -o (now {})", path.display()))
        }
        ErrorKind::NotFound => Some("check that the folder exists".to_owned()),
        _ => None,
    }
}
