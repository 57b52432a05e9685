//! Structures of a finished result, read again from the inputs that it came from.
//!
//! A result holds origins, not structures. Its plan says how the inputs were read and `/provenance/inputs` what they were: where
//! these digests still hold, the same index is the same structure.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Frame};
use crate::chem::Composition;
use crate::crystal::Structure;
use crate::sink::{ResultFile, SinkError, StructureRow, StructureRows};
use crate::source::{Source, SourceError};

use super::error::PlanError;
use super::origin::{Origin, open_source};
use super::plan::Plan;

/// Records framed at once.
const BATCH: usize = 1024;

/// Differences that a message lists.
const SHOWN: usize = 3;

/// Why structures cannot be read again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RereadError {
    /// The stored plan has no source that can be opened.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An input cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The result cannot be read, or the export not be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Candidates that are no crystals.
    #[error("the candidates of this result are no crystal structures: its source is {kind}")]
    NoStructures {
        /// The kind of the source.
        kind: String,
    },
    /// The inputs are not where they are looked for.
    #[error("cannot find the inputs of this result{}", in_folders(folders))]
    NotFound {
        /// Folders that relative paths were taken from.
        folders: Vec<PathBuf>,
        /// What is missing in the first of them.
        #[source]
        source: Box<SourceError>,
    },
    /// The inputs are others than those of the run.
    #[error("the inputs have changed since this result was made: {}", differences.join("; "))]
    Changed {
        /// What differs, one sentence each.
        differences: Vec<String>,
    },
    /// A record that is not where the result says.
    #[error("candidate {index} came from {stored}, read again it comes from {found}")]
    Moved {
        /// Position in the source.
        index: u64,
        /// Where it came from.
        stored: String,
        /// What is there now; empty where the source ends before.
        found: String,
    },
    /// A record that this program cannot read any more.
    #[error("candidate {index} from {origin} cannot be read again: {}", fault.detail)]
    Unreadable {
        /// Position in the source.
        index: u64,
        /// Where it came from.
        origin: String,
        /// Why not.
        fault: Fault,
    },
}

fn in_folders(folders: &[PathBuf]) -> String {
    let shown = |folder: &PathBuf| match folder.as_os_str().is_empty() {
        true => "the current folder".to_owned(),
        false => folder.display().to_string(),
    };
    match folders.iter().map(shown).collect::<Vec<_>>() {
        list if list.is_empty() => String::new(),
        list => format!(" from {}", list.join(" or ")),
    }
}

impl RereadError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sink(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Source(error) => error.hint().map(str::to_owned),
            Self::NotFound { .. } => {
                Some("give the folder that the paths of the plan start from with --base FOLDER".to_owned())
            }
            Self::Changed { .. } => {
                Some("bring back the inputs as they were, or run the screen again on those of today".to_owned())
            }
            Self::Unreadable { .. } => Some("use the version of matsieve that made the result".to_owned()),
            _ => None,
        }
    }
}

/// Takes a structure, what the result says of it, and the names of its values.
type Each<'a> = dyn FnMut(StructureRow, &[String], &Structure) -> Result<(), SinkError> + 'a;

/// The source of a finished result, opened again.
pub struct Reread {
    source: Box<dyn Source>,
}

impl Reread {
    /// Opens the source that `result` came from and checks that its inputs are what they were, byte by byte.
    ///
    /// Relative paths are taken from `base`; without one from what the result says of the plan's folder, the current folder,
    /// and the folder of the result, whichever has the inputs first.
    ///
    /// # Errors
    /// Inputs that are missing or have changed; candidates without structures.
    pub fn open(result: &ResultFile, base: Option<&Path>) -> Result<Self, RereadError> {
        let plan = Plan::parse(&result.document("plan")?, Path::new(""), &[])?;
        let stored: Vec<Value> = serde_json::from_str(&result.document("inputs")?).unwrap_or_default();
        let folders = match base {
            Some(base) => vec![base.to_owned()],
            None => folders(result),
        };
        let mut first_missing = None;
        for folder in &folders {
            let (source, origin) = match open_source(&plan.source, folder, plan.run.seed) {
                Ok(opened) => opened,
                Err(PlanError::Source(error @ (SourceError::NoInput { .. } | SourceError::Unreadable { .. }))) => {
                    first_missing.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if !source.decoder().has_structures() {
                return Err(RereadError::NoStructures { kind: super::source_kind(&plan.source) });
            }
            check(&origin, &stored)?;
            return Ok(Self { source });
        }
        match first_missing {
            Some(source) => Err(RereadError::NotFound { folders, source: Box::new(source) }),
            None => Err(RereadError::NoStructures { kind: super::source_kind(&plan.source) }),
        }
    }

    /// The source itself, at its first record.
    pub fn into_source(self) -> Box<dyn Source> {
        self.source
    }

    /// Reads the structures of `rows` in one pass over the inputs and hands each to `each`. Nothing else is decoded.
    ///
    /// # Errors
    /// A record that is not where it was or cannot be read any more; what `each` says.
    pub fn read(mut self, rows: &mut StructureRows<'_>, each: &mut Each<'_>) -> Result<(), RereadError> {
        let decoder = self.source.decoder();
        let columns = rows.columns().to_vec();
        let kind = CandidateKind::Composition(Composition::new());
        let mut candidate = Candidate { index: CandidateIndex(0), kind, values: Vec::new() };
        let mut frame = Frame::default();
        let mut wanted = rows.next_row()?;
        while let Some(first) = &wanted {
            frame.clear();
            self.source.frame(BATCH, &mut frame)?;
            let Some(last) = frame.records.last() else {
                let (index, stored) = (first.index, first.origin.clone());
                return Err(RereadError::Moved { index, stored, found: "nowhere: the source ends before".to_owned() });
            };
            let last = last.index.0;
            while let Some(row) = wanted.take_if(|row| row.index <= last) {
                let record = frame.records.binary_search_by_key(&row.index, |record| record.index.0);
                let record = &frame.records[record.map_err(|_| moved(&row, "nowhere".to_owned()))?];
                let found = decoder.origin(&frame, record);
                if found != row.origin {
                    return Err(moved(&row, found));
                }
                decoder.decode(&frame, record, &mut candidate).map_err(|fault| RereadError::Unreadable {
                    index: row.index,
                    origin: found,
                    fault,
                })?;
                match candidate.structure() {
                    Some(structure) => each(row, &columns, structure)?,
                    None => return Err(RereadError::NoStructures { kind: "of formulas, at least in part".to_owned() }),
                }
                wanted = rows.next_row()?;
            }
        }
        Ok(())
    }
}

fn moved(row: &StructureRow, found: String) -> RereadError {
    RereadError::Moved { index: row.index, stored: row.origin.clone(), found }
}

/// Folders that relative paths may start from, the likeliest first.
fn folders(result: &ResultFile) -> Vec<PathBuf> {
    let run: Value = result.document("run").ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let beside = result.path().parent().unwrap_or(Path::new("")).to_owned();
    let mut folders = Vec::new();
    if let Some(base) = run["base"].as_str() {
        folders.extend([PathBuf::from(base), beside.join(base)]);
    }
    folders.extend([PathBuf::new(), beside]);
    let mut distinct: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let folder = if folder == Path::new(".") { PathBuf::new() } else { folder };
        if !distinct.contains(&folder) {
            distinct.push(folder);
        }
    }
    distinct
}

/// Compares names and sizes first: what is missing or longer shows without reading everything.
fn check(origin: &Origin, stored: &[Value]) -> Result<(), RereadError> {
    let names = |list: &[Value]| list.iter().map(|input| text(input, "name")).collect::<Vec<_>>();
    let stored_names = names(stored);
    if let Origin::Files(files) = origin {
        let found: Vec<String> = files.iter().map(|file| file.name.to_string()).collect();
        let gone = stored_names.iter().filter(|name| !found.contains(name)).map(|name| format!("{name} is gone"));
        let new = found.iter().filter(|name| !stored_names.contains(name)).map(|name| format!("{name} is new"));
        refuse(gone.chain(new).collect())?;
        let sizes = files.iter().zip(stored).filter_map(|(file, input)| {
            let bytes = std::fs::metadata(&file.path).ok()?.len();
            let before = input["bytes"].as_u64()?;
            (bytes != before).then(|| format!("{} had {before} bytes, has {bytes}", file.name))
        });
        refuse(sizes.collect())?;
    }
    let now = origin.describe()?;
    let other = now.iter().zip(stored).filter(|(now, stored)| now != stored);
    refuse(other.map(|(now, _)| format!("{} has other content", text(now, "name"))).collect())
}

fn refuse(mut differences: Vec<String>) -> Result<(), RereadError> {
    if differences.is_empty() {
        return Ok(());
    }
    if differences.len() > SHOWN {
        let more = differences.len() - SHOWN;
        differences.truncate(SHOWN);
        differences.push(format!("and {more} more"));
    }
    Err(RereadError::Changed { differences })
}

fn text(input: &Value, key: &str) -> String {
    input[key].as_str().unwrap_or_default().to_owned()
}
