//! Gives a result its name: written under a private one, sealed, and never over that of another run.

use std::path::Path;

use serde_json::{Map, Value};

use super::SinkError;
use super::content::RESULT_FORMAT;
use super::files::PartFile;
use super::merge::{self, Ending, Merged, Part};
use super::options::Identity;
use super::reader::ResultFile;

/// Where a result goes.
pub(super) struct Publication<'a> {
    /// Its name.
    pub(super) out: &'a Path,
    /// Folder of its private name, on the same file system.
    pub(super) folder: &'a Path,
    /// Replaces what is there.
    pub(super) force: bool,
}

impl Publication<'_> {
    /// Merges the sources (see [`merge::write_result`]), seals the result and gives it its name.
    ///
    /// # Errors
    /// Files that cannot be written or read; [`SinkError::Contended`] where another process wrote something else there.
    pub(super) fn publish(
        &self,
        sources: &[Vec<Part<'_>>],
        keep: Option<&[u64]>,
        ending: &Ending<'_>,
    ) -> Result<Merged, SinkError> {
        let part = PartFile::create(self.folder)?;
        let mut merged = merge::write_result(part.path(), sources, keep, ending)?;
        let chunks = std::mem::take(&mut merged.chunks);
        if self.force {
            part.commit_over(RESULT_FORMAT, chunks, self.out)?;
        } else if !part.commit_new(RESULT_FORMAT, chunks, self.out)? && !find_result(self.out, ending.identity)? {
            return Err(SinkError::Contended { path: self.out.to_owned() });
        }
        Ok(merged)
    }
}

/// Whether the output is the complete result of this run.
///
/// # Errors
/// It is something else.
pub(super) fn find_result(out: &Path, identity: &Identity) -> Result<bool, SinkError> {
    match std::fs::symlink_metadata(out) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(SinkError::io("read", out)(error)),
        Ok(_) => {}
    }
    let differences = match ResultFile::open(out) {
        Ok(result) if result.fingerprint() == Some(identity.fingerprint.as_str()) => return Ok(true),
        Ok(result) => {
            let parts = result.document("identity").ok().and_then(|text| serde_json::from_str(&text).ok());
            differences(&parts.unwrap_or_default(), &identity.parts)
        }
        Err(error @ SinkError::Io { .. }) => return Err(error),
        Err(error) => vec![error.to_string()],
    };
    Err(SinkError::OtherRun { path: out.to_owned(), differences })
}

/// What differs between two identities, by part.
pub(super) fn differences(found: &Map<String, Value>, wanted: &Map<String, Value>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let show = |value: Option<&Value>| match value.map(ToString::to_string) {
        Some(text) if text.chars().count() <= 80 => text,
        Some(text) => format!("{}…", text.chars().take(80).collect::<String>()),
        None => "nothing".to_owned(),
    };
    let list: Vec<String> = names
        .into_iter()
        .filter(|name| found.get(*name) != wanted.get(*name))
        .map(|name| format!("{name} was {}, is now {}", show(found.get(name)), show(wanted.get(name))))
        .collect();
    if list.is_empty() { vec!["its fingerprint differs".to_owned()] } else { list }
}
