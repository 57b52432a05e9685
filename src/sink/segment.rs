//! Segments: what a run has done so far, in files that are whole as soon as they exist.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::candidate::{Layout, Ledger};

use super::SinkError;
use super::attributes::{Attribute, Attributes};
use super::content::{self, FORMAT_VERSION, SEGMENT_FORMAT};
use super::data::Data;
use super::files::{self, PartFile};
use super::schema;
use super::seal::{self, RawChunks, Seal};
use super::table::Column;
use super::tables;
use super::writer::{Record, Storage, TableWriter, write_whole};

/// What a segment is going to hold.
pub(super) struct SegmentContent {
    /// Columns of the rows.
    pub(super) rows: Vec<Data>,
    /// Columns of the quarantine.
    pub(super) quarantine: Vec<Data>,
    /// Indices it speaks of.
    pub(super) covered: Range<u64>,
    /// Counts of that range.
    pub(super) ledger: Ledger,
}

impl SegmentContent {
    /// Nothing yet, from this index on.
    pub(super) fn new(layout: &Layout, start: u64) -> Self {
        Self {
            rows: schema::row_specs(layout).iter().map(schema::Spec::empty).collect(),
            quarantine: tables::quarantine_specs().iter().map(schema::Spec::empty).collect(),
            covered: start..start,
            ledger: Ledger::default(),
        }
    }

    /// Memory it takes.
    pub(super) fn size(&self) -> usize {
        self.rows.iter().chain(&self.quarantine).map(Data::size).sum()
    }

    /// Adds counts of a further part of the range.
    pub(super) fn add_ledger(&mut self, part: &Ledger) {
        if self.ledger.rules.is_empty() {
            self.ledger = part.clone();
        } else {
            self.ledger.add(part);
        }
    }
}

/// A segment on the disk.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SegmentInfo {
    /// Where.
    pub(super) path: PathBuf,
    /// Indices it speaks of.
    pub(super) covered: Range<u64>,
    /// Counts of that range.
    pub(super) ledger: Ledger,
    /// Rows.
    pub(super) rows: u64,
    /// Quarantined candidates.
    pub(super) quarantined: u64,
    /// What its process said of its cost.
    pub(super) cost: Option<String>,
}

impl SegmentInfo {
    /// Whether it is as good as the other one: the same rows, whoever computed them.
    fn equals(&self, other: &Self) -> bool {
        Self { cost: None, ..self.clone() } == Self { cost: None, ..other.clone() }
    }
}

/// Name of the n-th segment.
pub(super) fn path_of(parts: &Path, number: usize) -> PathBuf {
    parts.join(format!("segment-{number:06}.h5"))
}

/// Writes the n-th segment.
///
/// # Errors
/// [`SinkError::Contended`] where another process wrote it with another range.
pub(super) fn write(
    parts: &Path,
    number: usize,
    content: &SegmentContent,
    layout: &Layout,
    fingerprint: &str,
    cost: Option<String>,
) -> Result<SegmentInfo, SinkError> {
    let part = PartFile::create(parts)?;
    let chunks = write_content(part.path(), content, layout, fingerprint, cost.as_deref())?;
    let target = path_of(parts, number);
    let info = SegmentInfo {
        path: target.clone(),
        covered: content.covered.clone(),
        ledger: content.ledger.clone(),
        rows: content.rows[0].rows() as u64,
        quarantined: content.quarantine[0].rows() as u64,
        cost,
    };
    if part.commit_new(SEGMENT_FORMAT, chunks, &target)? {
        return Ok(info);
    }
    // Another process was first. The same range of the same run holds the same rows: its segment is as good as ours.
    match read_info(&target, fingerprint) {
        Ok(theirs) if theirs.equals(&info) => Ok(theirs),
        _ => Err(SinkError::Contended { path: target }),
    }
}

fn write_content(
    path: &Path,
    content: &SegmentContent,
    layout: &Layout,
    fingerprint: &str,
    cost: Option<&str>,
) -> Result<RawChunks, SinkError> {
    let file = files::create_hdf5(path)?;
    let mut record = Record::default();
    content::write_frame(&file, layout, path, &mut record)?;
    let storage = Storage { compression: None, threads: 1, digests: false };
    for (specs, columns) in
        [(schema::row_specs(layout), &content.rows), (tables::quarantine_specs(), &content.quarantine)]
    {
        let longest: Vec<usize> = columns.iter().map(Data::longest).collect();
        let rows = columns[0].rows();
        let mut writer = TableWriter::create(&file, &specs, rows, &longest, storage, None, path)?;
        writer.append(columns, 0..rows)?;
        writer.finish(rows, &mut record)?;
    }
    for (spec, data) in tables::ledger_specs().iter().zip(tables::encode_ledger(&content.ledger)) {
        write_whole(&file, spec, &data, path, &mut record)?;
    }
    let mut attributes = Attributes::from([
        ("covered_end", Attribute::Integer(content.covered.end)),
        ("covered_start", Attribute::Integer(content.covered.start)),
        ("fingerprint", Attribute::Text(fingerprint.to_owned())),
        ("format", Attribute::Text(SEGMENT_FORMAT.to_owned())),
        ("format_version", Attribute::Integer(FORMAT_VERSION)),
    ]);
    attributes.0.extend(cost.map(|cost| ("cost".to_owned(), Attribute::Text(cost.to_owned()))));
    attributes.write(&file, path)?;
    files::close_hdf5(file, path)?;
    Ok(record.chunks)
}

/// Reads what a segment says of itself, and checks every byte of it.
pub(super) fn check(path: &Path, fingerprint: &str) -> Result<SegmentInfo, SinkError> {
    match seal::check(path, SEGMENT_FORMAT)? {
        Seal::Intact => read_info(path, fingerprint),
        Seal::Altered => Err(SinkError::damaged(path, "its values were altered")),
        Seal::Broken { reason } => Err(SinkError::damaged(path, reason)),
    }
}

fn read_info(path: &Path, fingerprint: &str) -> Result<SegmentInfo, SinkError> {
    let file = files::open_hdf5(path)?;
    let root = Attributes::read(&file, path)?;
    content::check_format(&root, SEGMENT_FORMAT, path)?;
    if root.text("fingerprint") != Some(fingerprint) {
        return Err(SinkError::damaged(path, "it belongs to another run"));
    }
    let (Some(start), Some(end)) = (root.integer("covered_start"), root.integer("covered_end")) else {
        return Err(SinkError::damaged(path, "it does not say which indices it covers"));
    };
    if start > end {
        return Err(SinkError::damaged(path, format!("it covers {start}..{end}")));
    }
    Ok(SegmentInfo {
        path: path.to_owned(),
        covered: start..end,
        ledger: tables::read_ledger(&file, path)?,
        rows: Column::open(&file, "/candidates/index", path)?.rows() as u64,
        quarantined: Column::open(&file, "/quarantine/index", path)?.rows() as u64,
        cost: root.text("cost").map(str::to_owned),
    })
}

/// How much of a run lies in a folder of parts, as its segments say; nothing is checked byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartsState {
    /// Segments that can be read, one after the other from the first on.
    pub segments: usize,
    /// First index that they do not cover.
    pub next_index: u64,
    /// Candidates read.
    pub read: u64,
}

/// How far the run is whose parts lie in this folder.
///
/// # Errors
/// The folder cannot be listed.
pub fn parts_state(parts: &Path) -> Result<PartsState, SinkError> {
    let mut state = PartsState::default();
    for number in list(parts)? {
        let path = path_of(parts, number);
        let read = || -> Result<(u64, Ledger), SinkError> {
            let file = files::open_hdf5(&path)?;
            let end = Attributes::read(&file, &path)?.integer("covered_end");
            let end = end.ok_or_else(|| SinkError::damaged(&path, "it does not say which indices it covers"))?;
            Ok((end, tables::read_ledger(&file, &path)?))
        };
        let (true, Ok((end, ledger))) = (number == state.segments, read()) else { break };
        state.segments += 1;
        state.next_index = end;
        state.read += ledger.read();
    }
    Ok(state)
}

/// Numbers of the segments in a folder, ascending.
pub(super) fn list(parts: &Path) -> Result<Vec<usize>, SinkError> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(parts).map_err(SinkError::io("list", parts))? {
        let name = entry.map_err(SinkError::io("list", parts))?.file_name();
        let number: Option<usize> = name
            .to_str()
            .and_then(|name| name.strip_prefix("segment-")?.strip_suffix(".h5"))
            .and_then(|number| number.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
