//! The store of a run: takes batches in order, closes segments, resumes, and writes the final file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::candidate::{Layout, Ledger, QuarantinedRow, Ranking, StoredRows};

use super::SinkError;
use super::data::Data;
use super::digest;
use super::files::{self, IDENTITY_FILE};
use super::merge::{Ending, Merged, Part};
use super::options::{Identity, Progress, RootAttributes, StoreOptions, StoreRows, Summary};
use super::publish::{Publication, differences, find_result};
use super::schema::{self, Kind};
use super::segment::{self, SegmentContent, SegmentInfo};
use super::table::TableReader;
use super::tables;
use super::writer::Storage;

/// Rows that come from the workers, on their way to one result file.
///
/// Whatever happens, `OUT` is whole or absent, and segments in `OUT.parts` are whole: killed at any moment, a run loses
/// at most the segment that was open.
pub struct Store {
    out: PathBuf,
    parts: PathBuf,
    layout: Layout,
    identity: Identity,
    options: StoreOptions,
    closed: Vec<SegmentInfo>,
    open: SegmentContent,
    opened_at: Option<Instant>,
    last_index: Option<u64>,
}

/// What was found at the output.
pub enum Opened {
    /// The result of this very run.
    Complete,
    /// Nothing.
    Fresh(Store),
    /// Segments of this very run.
    Resumed(Store, Progress),
}

impl Store {
    /// Opens the output: complete, fresh or to be resumed.
    ///
    /// # Errors
    /// Output or parts of another run (without `force`), a folder that cannot be written, a full disk.
    pub fn open(out: &Path, layout: Layout, identity: Identity, options: StoreOptions) -> Result<Opened, SinkError> {
        schema::check_names(&layout)?;
        let parts = parts_of(out, options.scratch.as_deref());
        if !options.force && find_result(out, &identity)? {
            // The process that finished it may have been stopped before it cleaned up.
            if belongs_to(&parts, &identity) {
                files::remove_parts(&parts)?;
            }
            return Ok(Opened::Complete);
        }
        std::fs::create_dir_all(&parts).map_err(SinkError::io("create", &parts))?;
        claim(&parts, &identity, options.force)?;
        files::remove_abandoned_parts(&parts)?;
        let (closed, damaged) = find_segments(&parts, &identity, options.first_index)?;
        let next_index = closed.last().map_or(options.first_index, |segment| segment.covered.end);
        let store = Self {
            open: SegmentContent::new(&layout, next_index),
            out: out.to_owned(),
            parts,
            layout,
            identity,
            options,
            closed,
            opened_at: None,
            last_index: None,
        };
        if store.closed.is_empty() && damaged.is_empty() {
            return Ok(Opened::Fresh(store));
        }
        let mut progress = Progress { next_index, segments: store.closed.len(), damaged, ..Progress::default() };
        for segment in &store.closed {
            progress.rows += segment.rows;
            progress.quarantined += segment.quarantined;
            progress.costs.extend(segment.cost.clone());
            if progress.ledger.rules.is_empty() {
                progress.ledger = segment.ledger.clone();
            } else {
                progress.ledger.add(&segment.ledger);
            }
        }
        Ok(Opened::Resumed(store, progress))
    }

    /// Takes the rows and quarantined candidates of the indices `covered`, which begin where the last ones ended, and
    /// the counts of that range. May close a segment.
    ///
    /// # Errors
    /// Rows that do not fit the layout or the order; files that cannot be written.
    pub fn append(
        &mut self,
        rows: &StoredRows,
        quarantine: &[QuarantinedRow],
        covered: Range<u64>,
        ledger: &Ledger,
    ) -> Result<(), SinkError> {
        self.check_order(rows, quarantine, &covered)?;
        schema::encode_rows(&self.layout, rows, &mut self.open.rows)?;
        tables::encode_quarantine(quarantine, &mut self.open.quarantine);
        self.open.covered.end = covered.end;
        self.open.add_ledger(ledger);
        self.last_index = rows.index.last().copied().or(self.last_index);
        let opened_at = *self.opened_at.get_or_insert_with(Instant::now);
        if self.open.size() >= self.options.segment_bytes {
            self.prune();
            // Rows that pruning must keep would otherwise be pruned again at every batch.
            if self.open.size() >= self.options.segment_bytes / 2 {
                return self.flush();
            }
        }
        if opened_at.elapsed().as_secs_f64() >= self.options.segment_seconds {
            self.flush()?;
        }
        Ok(())
    }

    fn check_order(
        &self,
        rows: &StoredRows,
        quarantine: &[QuarantinedRow],
        covered: &Range<u64>,
    ) -> Result<(), SinkError> {
        let next = self.open.covered.end;
        if covered.start != next || covered.end < covered.start {
            let reason = format!("indices {}..{} follow {next}", covered.start, covered.end);
            return Err(SinkError::rows(reason));
        }
        let faulted: Vec<u64> = quarantine.iter().map(|row| row.index.0).collect();
        for (what, indices) in [("rows", &rows.index), ("quarantined candidates", &faulted)] {
            let inside = indices.iter().all(|index| covered.contains(index));
            if !inside || !indices.is_sorted_by(|a, b| a < b) {
                return Err(SinkError::rows(format!("{what} do not ascend within {}..{}", covered.start, covered.end)));
            }
        }
        Ok(())
    }

    /// Drops rows of the open segment that cannot be ranked any more.
    fn prune(&mut self) {
        let (StoreRows::Ranked, Some(prune)) = (self.options.rows, &self.options.prune) else { return };
        let index = self.open.rows[0].to_u64();
        let objectives = match self.open.rows.last() {
            Some(data) if !self.layout.objectives.is_empty() => data.to_f64(&Kind::F64),
            _ => Vec::new(),
        };
        let keep = prune(&index, &objectives);
        if keep.len() < index.len() {
            for column in &mut self.open.rows {
                *column = column.gather(&keep);
            }
        }
    }

    /// Closes the current segment, so that what was appended survives anything; nothing happens where nothing is new.
    ///
    /// # Errors
    /// Files that cannot be written; another process that writes the same output.
    pub fn flush(&mut self) -> Result<(), SinkError> {
        if self.open.covered.is_empty() {
            return Ok(());
        }
        self.prune();
        let number = self.closed.len();
        let cost = self.options.cost.as_ref().map(|cost| cost());
        let info = segment::write(&self.parts, number, &self.open, &self.layout, &self.identity.fingerprint, cost)?;
        self.open = SegmentContent::new(&self.layout, info.covered.end);
        self.opened_at = None;
        self.closed.push(info);
        Ok(())
    }

    /// First index that has not been appended.
    pub fn next_index(&self) -> u64 {
        self.open.covered.end
    }

    /// Hands the objectives of all stored rows to `visit`, block by block, in order of index: (indices, row-major values).
    ///
    /// # Errors
    /// Segments that cannot be read.
    pub fn objectives(&self, visit: &mut dyn FnMut(&[u64], &[f64])) -> Result<(), SinkError> {
        self.with_index("/objectives/values", &mut |index, data| {
            visit(index, &data.map(|data| data.to_f64(&Kind::F64)).unwrap_or_default());
        })
    }

    /// Hands index and structure digest of all stored rows to `visit`, in order of index; nothing where there are no digests.
    ///
    /// # Errors
    /// Segments that cannot be read.
    pub fn structure_digests(&self, visit: &mut dyn FnMut(u64, &str)) -> Result<(), SinkError> {
        self.with_index(schema::STRUCTURE_DIGEST, &mut |index, data| {
            let Some(data) = data else { return };
            index.iter().enumerate().for_each(|(row, &index)| visit(index, &data.string_at(row)));
        })
    }

    /// Hands blocks of indices, and of the dataset at `path` where there is one, to `visit`.
    fn with_index(&self, path: &str, visit: &mut dyn FnMut(&[u64], Option<&Data>)) -> Result<(), SinkError> {
        let all = schema::row_specs(&self.layout);
        let place = all.iter().position(|spec| spec.path == path);
        let specs: Vec<schema::Spec> = std::iter::once(0).chain(place).map(|place| all[place].clone()).collect();
        for segment in &self.closed {
            let file = files::open_hdf5(&segment.path)?;
            let table = TableReader::open(&file, &specs, &segment.path)?;
            let mut position = 0;
            while position < table.rows() {
                let end = (position + table.block_rows()).min(table.rows());
                let block = table.read(position..end)?;
                visit(&block[0].to_u64(), block.get(1));
                position = end;
            }
        }
        let index = self.open.rows[0].to_u64();
        if !index.is_empty() {
            visit(&index, place.map(|place| &self.open.rows[place]));
        }
        Ok(())
    }

    /// Merges the segments into the final file, seals it, gives it its name, and removes the segments. The open segment
    /// goes there straight from memory; where the final file cannot be written, it is closed first, so nothing is lost.
    ///
    /// `documents` are the texts under `/provenance`, by name; `digests` and `identity` are added here.
    ///
    /// # Errors
    /// Files that cannot be written or read, an unbalanced order, a ranking of rows that are not stored.
    pub fn finish(
        mut self,
        ledger: &Ledger,
        ranking: Option<&Ranking>,
        documents: &[(&str, String)],
        root: &RootAttributes,
    ) -> Result<Summary, SinkError> {
        self.prune();
        let merged = match self.write_result(ledger, ranking, documents, root) {
            Ok(merged) => merged,
            Err(error) => {
                // Best effort: the error that matters is the first one.
                self.flush().ok();
                return Err(error);
            }
        };
        files::remove_parts(&self.parts)?;
        let bytes = std::fs::metadata(&self.out).map_err(SinkError::io("read", &self.out))?.len();
        Ok(Summary { path: self.out, rows: merged.rows, quarantined: merged.quarantined, bytes, digest: merged.digest })
    }

    fn write_result(
        &self,
        ledger: &Ledger,
        ranking: Option<&Ranking>,
        documents: &[(&str, String)],
        root: &RootAttributes,
    ) -> Result<Merged, SinkError> {
        let keep = match (self.options.rows, ranking) {
            (StoreRows::Ranked, Some(ranking)) => {
                let mut keep = ranking.index.clone();
                keep.sort_unstable();
                Some(keep)
            }
            (StoreRows::Ranked, None) => {
                return Err(SinkError::rows("store = \"ranked\" needs a ranking"));
            }
            _ => None,
        };
        let mut source: Vec<Part<'_>> = self.closed.iter().map(|segment| Part::File(&segment.path)).collect();
        source.push(Part::Memory(&self.open));
        let ending = Ending {
            layout: &self.layout,
            ledger,
            ranking,
            documents,
            root,
            identity: &self.identity,
            storage: Storage { compression: self.options.compression, threads: self.options.threads, digests: true },
            virtual_sources: None,
        };
        // A private name beside the output: nothing is moved from one file system to another.
        let folder = if self.options.scratch.is_some() { files::folder_of(&self.out) } else { self.parts.clone() };
        let publication = Publication { out: &self.out, folder: &folder, force: self.options.force };
        publication.publish(&[source], keep.as_deref(), &ending)
    }
}

/// The folder of work in progress: the output's name with `.parts` added; on a scratch disk, where outputs of many folders meet,
/// with a digest of the output's place too.
fn parts_of(out: &Path, scratch: Option<&Path>) -> PathBuf {
    let mut name = match scratch {
        None => out.as_os_str().to_owned(),
        Some(_) => out.file_name().unwrap_or_default().to_owned(),
    };
    let Some(scratch) = scratch else {
        name.push(".parts");
        return PathBuf::from(name);
    };
    let place = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
    let digest = digest::hexadecimal(&Sha256::digest(place.as_os_str().as_encoded_bytes()));
    name.push(format!(".{}.parts", &digest[..12]));
    scratch.join(name)
}

/// Whether a folder of parts is that of this run.
fn belongs_to(parts: &Path, identity: &Identity) -> bool {
    let found = std::fs::read(parts.join(IDENTITY_FILE)).ok();
    found.and_then(|bytes| serde_json::from_slice(&bytes).ok()).is_some_and(|found: Identity| found == *identity)
}

/// Takes the folder of parts for this run, or finds it taken.
fn claim(parts: &Path, identity: &Identity, force: bool) -> Result<(), SinkError> {
    let path = parts.join(IDENTITY_FILE);
    for _ in 0..2 {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let found: Identity = serde_json::from_slice(&bytes).unwrap_or_default();
                if found.fingerprint == identity.fingerprint {
                    return Ok(());
                }
                if !force {
                    let differences = differences(&found.parts, &identity.parts);
                    return Err(SinkError::OtherRun { path: parts.to_owned(), differences });
                }
                files::remove_parts(parts)?;
                std::fs::create_dir_all(parts).map_err(SinkError::io("create", parts))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !force && !segment::list(parts)?.is_empty() {
                    let differences = vec![format!("segments without {IDENTITY_FILE}")];
                    return Err(SinkError::OtherRun { path: parts.to_owned(), differences });
                }
            }
            Err(error) => return Err(SinkError::io("read", &path)(error)),
        }
        let text = serde_json::json!(identity).to_string();
        if files::write_new(&path, text.as_bytes())? {
            return Ok(());
        }
    }
    Err(SinkError::Contended { path })
}

/// Whole segments from the first on, and why the others were discarded.
fn find_segments(
    parts: &Path,
    identity: &Identity,
    first_index: u64,
) -> Result<(Vec<SegmentInfo>, Vec<String>), SinkError> {
    let mut closed: Vec<SegmentInfo> = Vec::new();
    let mut damaged = Vec::new();
    for number in segment::list(parts)? {
        let path = segment::path_of(parts, number);
        let expected = closed.last().map_or(first_index, |segment| segment.covered.end);
        let reason = if number != closed.len() {
            Some(format!("segment {} is missing before it", closed.len()))
        } else {
            match segment::check(&path, &identity.fingerprint) {
                Ok(info) if info.covered.start == expected => {
                    closed.push(info);
                    None
                }
                Ok(info) => Some(format!("it begins at index {}, expected {expected}", info.covered.start)),
                // Not readable is not damaged: what lies there may be whole once the disk is back.
                Err(error @ SinkError::Io { .. }) => return Err(error),
                Err(error) => Some(error.to_string()),
            }
        };
        if let Some(reason) = reason {
            damaged.push(format!("{}: {reason}", path.display()));
            files::remove(&path)?;
        }
    }
    Ok((closed, damaged))
}
