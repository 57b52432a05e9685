//! The final file: a streaming merge of segments or shards in order of index.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;

use crate::candidate::{Layout, Ledger, Ranking};

use super::SinkError;
use super::attributes::{Attribute, Attributes, hdf5_text};
use super::content::{self, FORMAT_VERSION, RESULT_FORMAT};
use super::data::Data;
use super::digest;
use super::files;
use super::options::{Identity, RootAttributes};
use super::schema::{self, Spec};
use super::seal::RawChunks;
use super::segment::SegmentContent;
use super::table::TableReader;
use super::tables;
use super::virtual_rows::{self, Mapping, Source};
use super::writer::{Record, Storage, TableWriter, write_whole};

/// A range of a run: on the disk, or still in memory.
#[derive(Copy, Clone)]
pub(super) enum Part<'a> {
    /// A segment or a result.
    File(&'a Path),
    /// The open segment.
    Memory(&'a SegmentContent),
}

/// The tables that parts hold.
#[derive(Copy, Clone)]
enum TableName {
    Rows,
    Quarantine,
}

impl<'a> Part<'a> {
    /// The table of a part in memory.
    fn columns(content: &'a SegmentContent, name: TableName) -> &'a [Data] {
        match name {
            TableName::Rows => &content.rows,
            TableName::Quarantine => &content.quarantine,
        }
    }

    /// Rows of a table, and the longest string of each of its columns.
    fn extent(self, name: TableName, specs: &[Spec]) -> Result<(usize, Vec<usize>), SinkError> {
        match self {
            Self::File(path) => {
                let file = files::open_hdf5(path)?;
                let table = TableReader::open(&file, specs, path)?;
                let longest = if table.rows() > 0 { table.longest() } else { vec![0; specs.len()] };
                Ok((table.rows(), longest))
            }
            Self::Memory(content) => {
                let columns = Self::columns(content, name);
                Ok((columns[0].rows(), columns.iter().map(Data::longest).collect()))
            }
        }
    }
}

/// Everything that goes into a result beside the rows.
pub(super) struct Ending<'a> {
    /// Columns.
    pub(super) layout: &'a Layout,
    /// Counts of the whole run.
    pub(super) ledger: &'a Ledger,
    /// The ranking, where the plan asks for one.
    pub(super) ranking: Option<&'a Ranking>,
    /// Documents under `/provenance`, by name.
    pub(super) documents: &'a [(&'a str, String)],
    /// Root attributes.
    pub(super) root: &'a RootAttributes,
    /// What makes this run.
    pub(super) identity: &'a Identity,
    /// How chunks are stored.
    pub(super) storage: Storage,
    /// Files of the sources, one each, where large datasets shall point to them.
    pub(super) virtual_sources: Option<&'a [Source]>,
}

/// Counts and digest of what was written.
pub(super) struct Merged {
    /// Rows.
    pub(super) rows: u64,
    /// Quarantined candidates.
    pub(super) quarantined: u64,
    /// Digest over all.
    pub(super) digest: String,
    /// Where raw chunks lie, for the seal.
    pub(super) chunks: RawChunks,
}

/// Writes an unsealed result. Each source is a list of parts in order of index; sources may interleave.
///
/// With `keep` (ascending indices) only those rows are copied.
pub(super) fn write_result(
    path: &Path,
    sources: &[Vec<Part<'_>>],
    keep: Option<&[u64]>,
    ending: &Ending<'_>,
) -> Result<Merged, SinkError> {
    let file = files::create_hdf5(path)?;
    let mut record = Record::default();
    content::write_frame(&file, ending.layout, path, &mut record)?;

    let row_specs = schema::row_specs(ending.layout);
    let target = Target { file: &file, path, storage: ending.storage, virtual_sources: ending.virtual_sources };
    let rows = target.merge(TableName::Rows, sources, &row_specs, keep, &mut record)?;
    let quarantine_specs = tables::quarantine_specs();
    let quarantined = target.merge(TableName::Quarantine, sources, &quarantine_specs, None, &mut record)?;

    for (spec, data) in tables::ledger_specs().iter().zip(tables::encode_ledger(ending.ledger)) {
        write_whole(&file, spec, &data, path, &mut record)?;
    }
    if let Some(ranking) = ending.ranking {
        content::write_group(&file, "/ranking", &Attributes::default(), path, &mut record)?;
        for (spec, data) in tables::encode_ranking(ranking) {
            write_whole(&file, &spec, &data, path, &mut record)?;
        }
        if let Some(duplicates) = &ranking.duplicates {
            content::write_group(&file, "/duplicates", &Attributes::default(), path, &mut record)?;
            for (spec, data) in tables::encode_duplicates(duplicates) {
                write_whole(&file, &spec, &data, path, &mut record)?;
            }
        }
    }
    file.create_group("/provenance").map_err(SinkError::hdf5("create /provenance", path))?;
    let identity = ("identity", serde_json::json!(ending.identity.parts).to_string());
    let virtual_sources =
        ending.virtual_sources.map(|sources| (virtual_rows::SOURCES_DOCUMENT, serde_json::json!(sources).to_string()));
    for (name, text) in ending.documents.iter().chain([&identity]).chain(&virtual_sources) {
        write_document(&file, name, text, path)?;
        let place = format!("/provenance/{name}");
        if digest::covers(&place) {
            let data = Data::from_strings([text]);
            record.digests.insert(place, digest::of_dataset(&schema::Kind::Text, &[], &data, &Attributes::default()));
        }
    }
    let digest = digest::over_all(&record.digests);
    let document =
        serde_json::json!({ "algorithm": "matsieve-digest 1 (SHA-256)", "all": digest, "objects": record.digests });
    write_document(&file, "digests", &document.to_string(), path)?;

    let text = |text: &str| Attribute::Text(text.to_owned());
    Attributes::from([
        ("created", text(&ending.root.created)),
        ("fingerprint", text(&ending.identity.fingerprint)),
        ("format", text(RESULT_FORMAT)),
        ("format_version", Attribute::Integer(FORMAT_VERSION)),
        ("run_uuid", text(&ending.root.run_uuid)),
        ("software_name", text(&ending.root.software_name)),
        ("software_version", text(&ending.root.software_version)),
    ])
    .write(&file, path)?;
    content::write_root(&file, "complete", Attribute::Integer(1), path)?;
    files::close_hdf5(file, path)?;
    Ok(Merged { rows: rows as u64, quarantined: quarantined as u64, digest, chunks: record.chunks })
}

fn write_document(file: &hdf5::File, name: &str, text: &str, path: &Path) -> Result<(), SinkError> {
    let place = format!("/provenance/{name}");
    let write = || {
        let dataset = file.new_dataset::<VarLenUnicode>().create(place.as_str())?;
        dataset.write_scalar(&hdf5_text(text))
    };
    write().map_err(SinkError::hdf5(&format!("write {place}"), path))
}

/// The file that a merge fills.
struct Target<'a> {
    file: &'a hdf5::File,
    path: &'a Path,
    storage: Storage,
    virtual_sources: Option<&'a [Source]>,
}

impl Target<'_> {
    /// Merges one table of all sources; returns its number of rows.
    fn merge(
        &self,
        name: TableName,
        sources: &[Vec<Part<'_>>],
        specs: &[Spec],
        keep: Option<&[u64]>,
        record: &mut Record,
    ) -> Result<usize, SinkError> {
        let mut rows = 0;
        let mut longest = vec![0; specs.len()];
        let mut rows_of_sources = vec![0; sources.len()];
        for (rows_of_source, parts) in rows_of_sources.iter_mut().zip(sources) {
            for part in parts {
                let (here, longest_here) = part.extent(name, specs)?;
                rows += here;
                *rows_of_source += here;
                longest.iter_mut().zip(longest_here).for_each(|(longest, here)| *longest = here.max(*longest));
            }
        }
        if let Some(keep) = keep {
            rows = keep.len();
        }
        let mut cursors = sources
            .iter()
            .map(|source| Cursor::open(source, name, specs, sources.len()))
            .collect::<Result<Vec<_>, SinkError>>()?;
        let mapping = self.virtual_sources.map(|sources| Mapping::new(sources, &rows_of_sources));
        let mut writer = TableWriter::create(self.file, specs, rows, &longest, self.storage, mapping, self.path)?;
        let mut kept = Kept { wanted: keep, next: 0 };
        let mut last = None;
        // Of sources that interleave, runs are short: they are put together before they are written.
        let mut staged: Vec<Data> = specs.iter().map(Spec::empty).collect();
        while let Some((first, bound)) = next_run(&cursors) {
            let cursor = &mut cursors[first];
            let start = cursor.offset;
            let end = start + cursor.index[start..].partition_point(|&index| index < bound);
            if end == start {
                let reason = format!("candidate {bound} is in two of the files");
                return Err(SinkError::Merge { path: cursor.path.clone(), reason });
            }
            let run = &cursor.index[start..end];
            if !run.is_sorted_by(|a, b| a < b) || last.is_some_and(|last| run[0] <= last) {
                return Err(SinkError::damaged(&cursor.path, format!("{} is not increasing", specs[0].path)));
            }
            last = run.last().copied();
            match kept.positions(run) {
                None => {
                    writer.locate(first, cursor.first_row() + start, end - start);
                    if sources.len() == 1 {
                        writer.append(&cursor.block, start..end)?;
                    } else {
                        for (staged, data) in staged.iter_mut().zip(cursor.block.iter()) {
                            staged.extend_from(data, start..end);
                        }
                    }
                }
                Some(positions) if positions.is_empty() => {}
                Some(positions) => {
                    let positions: Vec<usize> = positions.iter().map(|position| start + position).collect();
                    for run in positions.chunk_by(|a, b| a + 1 == *b) {
                        writer.locate(first, cursor.first_row() + run[0], run.len());
                    }
                    for (staged, data) in staged.iter_mut().zip(cursor.block.iter()) {
                        positions.iter().for_each(|&row| staged.extend_from(data, row..row + 1));
                    }
                }
            }
            if staged.iter().map(Data::size).sum::<usize>() >= STAGED_BYTES {
                write_staged(&mut writer, &mut staged, specs)?;
            }
            cursor.offset = end;
            cursor.refill()?;
        }
        drop(cursors);
        write_staged(&mut writer, &mut staged, specs)?;
        if let Some(missing) = kept.missing() {
            return Err(SinkError::rows(format!("the ranking holds candidate {missing}, which is not stored")));
        }
        writer.finish(rows, record)?;
        Ok(rows)
    }
}

/// Bytes of rows that are put together before they are written.
const STAGED_BYTES: usize = 16 << 20;

fn write_staged(writer: &mut TableWriter, staged: &mut [Data], specs: &[Spec]) -> Result<(), SinkError> {
    writer.append(staged, 0..staged.first().map_or(0, Data::rows))?;
    for (staged, spec) in staged.iter_mut().zip(specs) {
        *staged = spec.empty();
    }
    Ok(())
}

/// The cursor with the smallest index, and the smallest index of the others.
fn next_run(cursors: &[Cursor<'_>]) -> Option<(usize, u64)> {
    let mut best: Option<(usize, u64)> = None;
    let mut bound = u64::MAX;
    for (number, cursor) in cursors.iter().enumerate() {
        let Some(&head) = cursor.index.get(cursor.offset) else { continue };
        match best {
            Some((_, smallest)) if head >= smallest => bound = bound.min(head),
            _ => {
                bound = best.map_or(u64::MAX, |(_, second)| second);
                best = Some((number, head));
            }
        }
    }
    best.map(|(number, _)| (number, bound))
}

/// Which rows of ascending runs are wanted.
struct Kept<'a> {
    wanted: Option<&'a [u64]>,
    next: usize,
}

impl Kept<'_> {
    /// Positions within the run; `None` where all are wanted.
    fn positions(&mut self, run: &[u64]) -> Option<Vec<usize>> {
        let wanted = self.wanted?;
        let mut positions = Vec::new();
        for (position, &index) in run.iter().enumerate() {
            if wanted.get(self.next) == Some(&index) {
                positions.push(position);
                self.next += 1;
            }
        }
        Some(positions)
    }

    /// The first wanted index that did not come.
    fn missing(&self) -> Option<u64> {
        self.wanted.and_then(|wanted| wanted.get(self.next).copied())
    }
}

/// Sources above which files are closed between blocks: a process may have about a thousand open.
const MANY_SOURCES: usize = 128;

/// Memory for the blocks of all sources together.
const BLOCKS_BYTES: usize = 256 << 20;

/// Walks the rows of a source, block by block.
struct Cursor<'a> {
    parts: std::slice::Iter<'a, Part<'a>>,
    name: TableName,
    specs: &'a [Spec],
    /// How many sources are walked side by side.
    sources: usize,
    table: Option<TableReader>,
    /// Rows of the file at hand, which may be closed.
    rows: usize,
    position: usize,
    block: Cow<'a, [Data]>,
    index: Vec<u64>,
    offset: usize,
    path: PathBuf,
}

impl<'a> Cursor<'a> {
    fn open(parts: &'a [Part<'a>], name: TableName, specs: &'a [Spec], sources: usize) -> Result<Self, SinkError> {
        let mut cursor = Self {
            parts: parts.iter(),
            name,
            specs,
            sources,
            table: None,
            rows: 0,
            position: 0,
            block: Cow::Borrowed(&[]),
            index: Vec::new(),
            offset: 0,
            path: PathBuf::new(),
        };
        cursor.refill()?;
        Ok(cursor)
    }

    /// Number in its file of the first row of the block.
    fn first_row(&self) -> usize {
        self.position - self.index.len().min(self.position)
    }

    /// Takes the next block where the current one is used up; an empty index then means the end.
    fn refill(&mut self) -> Result<(), SinkError> {
        while self.offset >= self.index.len() {
            self.index.clear();
            self.offset = 0;
            if self.position < self.rows {
                let table = match self.table.take() {
                    Some(table) => table,
                    None => self.table()?,
                };
                let share = (BLOCKS_BYTES / self.sources / table.row_bytes().max(1)).max(1);
                let end = (self.position + table.block_rows().min(share)).min(self.rows);
                self.block = Cow::Owned(table.read(self.position..end)?);
                self.index = self.block[0].to_u64();
                self.position = end;
                self.table = (self.sources <= MANY_SOURCES).then_some(table);
                continue;
            }
            match self.parts.next() {
                None => return Ok(()),
                Some(&Part::File(path)) => {
                    self.path = path.to_owned();
                    let table = self.table()?;
                    self.rows = table.rows();
                    self.position = 0;
                    self.table = (self.sources <= MANY_SOURCES).then_some(table);
                }
                Some(&Part::Memory(content)) => {
                    self.table = None;
                    (self.position, self.rows) = (0, 0);
                    self.block = Cow::Borrowed(Part::columns(content, self.name));
                    self.index = self.block[0].to_u64();
                }
            }
        }
        Ok(())
    }

    /// Opens the file at hand.
    fn table(&self) -> Result<TableReader, SinkError> {
        let open = if self.sources > 1 { files::open_hdf5_without_cache } else { files::open_hdf5 };
        let file = open(&self.path)?;
        TableReader::open(&file, self.specs, &self.path)
    }
}
