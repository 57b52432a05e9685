//! Writes one table: datasets with a common number of rows, filled block by block, digested on the way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, Group};

use super::SinkError;
use super::attributes::hdf5_text;
use super::compress::Deflater;
use super::data::Data;
use super::digest::DatasetDigest;
use super::raw;
use super::schema::{Kind, Spec};
use super::seal::RawChunks;
use super::virtual_rows::Mapping;

/// Bytes of a chunk: half of the library's default chunk cache, so that row-wise reading in stock tools stays fast.
const CHUNK_BYTES: usize = 512 << 10;
/// Strings up to this many bytes are stored with fixed length, which h5py, pandas and MATLAB read fastest.
pub(super) const FIXED_TEXT: usize = 128;
/// Bytes of the first chunk of an index that are kept to find it in the file.
const PROBE: usize = 4096;
/// Rows of this many bytes are digested in parallel.
const MANY_BYTES: usize = 4 << 20;
/// Strings of variable length go to the library in blocks of this many.
const TEXT_BLOCK: usize = 8192;

/// What is known of a file that is being written: digests by path, and where raw chunks lie.
#[derive(Default)]
pub(super) struct Record {
    /// Content digests by path.
    pub(super) digests: BTreeMap<String, String>,
    /// Raw chunks.
    pub(super) chunks: RawChunks,
}

/// How chunks are stored.
#[derive(Copy, Clone, Debug)]
pub(super) struct Storage {
    /// Deflate level, plain where `None`.
    pub(super) compression: Option<u8>,
    /// Threads that compress.
    pub(super) threads: usize,
    /// Whether digests are recorded; segments need none, and hashing is most of the work.
    pub(super) digests: bool,
}

/// Datasets of a known number of rows, being filled from the top.
pub(super) struct TableWriter {
    columns: Vec<ColumnWriter>,
    pending: Vec<Chunk>,
    pending_limit: usize,
    storage: Storage,
    path: PathBuf,
    root: Group,
    mapping: Option<Mapping>,
}

struct ColumnWriter {
    spec: Spec,
    /// Virtual ones are created at the end, when it is known which rows they show.
    dataset: Option<Dataset>,
    digest: DatasetDigest,
    form: Form,
    written: usize,
    /// How the first chunk of an index begins in the file.
    probe: Vec<u8>,
}

enum Form {
    /// Chunks of so many rows of so many bytes, and the one being filled.
    Chunked { rows: usize, row_bytes: usize, value_bytes: usize, buffer: Vec<u8> },
    /// Strings of variable length, which the library places itself.
    Variable,
    /// Values that stay where they are.
    Virtual,
    /// No values at all.
    Void,
}

struct Chunk {
    column: usize,
    start: usize,
    value_bytes: usize,
    bytes: Vec<u8>,
}

impl TableWriter {
    /// Creates the datasets. `longest` has the bytes of the longest string of each dataset. With a `mapping` (of no rows
    /// yet), large datasets will point to its sources.
    pub(super) fn create(
        root: &Group,
        specs: &[Spec],
        rows: usize,
        longest: &[usize],
        storage: Storage,
        mapping: Option<Mapping>,
        path: &Path,
    ) -> Result<Self, SinkError> {
        let columns = specs
            .iter()
            .zip(longest)
            .map(|(spec, &longest)| match mapping.is_some() && rows > 0 && Mapping::suits(spec) {
                true => Ok(ColumnWriter::at_the_sources(spec, rows)),
                false => ColumnWriter::create(root, spec, rows, longest, storage, path),
            })
            .collect::<Result<_, _>>()?;
        let pending_limit = if storage.compression.is_some() { storage.threads.max(1) * 4 } else { 1 };
        Ok(Self {
            columns,
            pending: Vec::new(),
            pending_limit,
            storage,
            path: path.to_owned(),
            root: root.clone(),
            mapping,
        })
    }

    /// Says that the rows appended next are those of a source from row `start` on.
    pub(super) fn locate(&mut self, source: usize, start: usize, rows: usize) {
        if let Some(mapping) = &mut self.mapping {
            mapping.push(source, start, rows);
        }
    }

    /// Appends rows `range` of `data`, one entry a dataset.
    pub(super) fn append(&mut self, data: &[Data], range: std::ops::Range<usize>) -> Result<(), SinkError> {
        let beside = self.storage.digests && self.storage.threads > 1 && self.bytes(data, range.len()) >= MANY_BYTES;
        if beside {
            self.digest_in_parallel(data, &range);
        }
        for (number, data) in data.iter().enumerate() {
            let mut start = range.start;
            while start < range.end {
                // Chunk by chunk, so that the second look at a value finds it in the cache.
                let column = &mut self.columns[number];
                let end = match column.form {
                    Form::Chunked { rows, .. } => (start + rows - column.written % rows).min(range.end),
                    _ => range.end,
                };
                if self.storage.digests && !beside {
                    column.digest.update(data, start..end);
                }
                match column.form {
                    Form::Chunked { .. } => self.append_chunked(number, data, start..end)?,
                    Form::Variable => column.append_variable(data, start..end, &self.path)?,
                    Form::Void | Form::Virtual => column.written += end - start,
                }
                start = end;
            }
        }
        Ok(())
    }

    /// Bytes of so many rows, about.
    fn bytes(&self, data: &[Data], rows: usize) -> usize {
        data.iter().map(|data| data.size() / data.rows().max(1) * rows).sum()
    }

    /// Digests of many rows: each dataset has its own, and hashing is slower than writing.
    fn digest_in_parallel(&mut self, data: &[Data], range: &std::ops::Range<usize>) {
        let mut jobs: Vec<(&mut DatasetDigest, &Data)> =
            self.columns.iter_mut().map(|column| &mut column.digest).zip(data).collect();
        // The largest first, so that none is left for the end.
        jobs.sort_by_key(|(_, data)| std::cmp::Reverse(data.size()));
        let jobs = std::sync::Mutex::new(jobs.into_iter());
        let next = || jobs.lock().map(|mut jobs| jobs.next()).unwrap_or_else(|poisoned| poisoned.into_inner().next());
        std::thread::scope(|scope| {
            for _ in 0..self.storage.threads.min(data.len()) {
                scope.spawn(|| {
                    while let Some((digest, data)) = next() {
                        digest.update(data, range.clone());
                    }
                });
            }
        });
    }

    /// Appends rows that fit into the chunk being filled.
    fn append_chunked(&mut self, number: usize, data: &Data, range: std::ops::Range<usize>) -> Result<(), SinkError> {
        let column = &mut self.columns[number];
        let Form::Chunked { rows, row_bytes, value_bytes, buffer } = &mut column.form else {
            unreachable!("called for chunked columns")
        };
        match data {
            Data::Fixed { bytes, .. } => {
                let bytes = &bytes[range.start * *row_bytes..range.end * *row_bytes];
                if range.len() == *rows && self.storage.compression.is_none() {
                    column.write_chunk(column.written, bytes, &self.path)?;
                    column.written += range.len();
                    return Ok(());
                }
                buffer.extend_from_slice(bytes);
            }
            Data::Text { .. } => {
                for row in range.clone() {
                    let text = data.text_at(row);
                    if text.len() > *row_bytes {
                        let reason = format!("a string of {} bytes in {}", text.len(), column.spec.path);
                        return Err(SinkError::rows(format!("{reason}, announced were {row_bytes}")));
                    }
                    let end = buffer.len() + *row_bytes;
                    buffer.extend_from_slice(text);
                    buffer.resize(end, 0);
                }
            }
        }
        column.written += range.len();
        if column.written.is_multiple_of(*rows) {
            let start = column.written - *rows;
            let bytes = std::mem::replace(buffer, Vec::with_capacity(*rows * *row_bytes));
            self.pending.push(Chunk { column: number, start, value_bytes: *value_bytes, bytes });
            if self.pending.len() >= self.pending_limit {
                self.write_pending()?;
            }
        }
        Ok(())
    }

    /// Compresses what waits, in parallel, and writes it in order.
    fn write_pending(&mut self) -> Result<(), SinkError> {
        let mut chunks = std::mem::take(&mut self.pending);
        if let Some(level) = self.storage.compression {
            let share = chunks.len().div_ceil(self.storage.threads.max(1)).max(1);
            std::thread::scope(|scope| {
                for part in chunks.chunks_mut(share) {
                    scope.spawn(move || {
                        let mut deflater = Deflater::new(level);
                        for chunk in part {
                            chunk.bytes = deflater.deflate(&chunk.bytes, chunk.value_bytes);
                        }
                    });
                }
            });
        }
        for chunk in chunks {
            self.columns[chunk.column].write_chunk(chunk.start, &chunk.bytes, &self.path)?;
        }
        Ok(())
    }

    /// Writes what is left, and the attributes; adds the digests, by path.
    ///
    /// # Errors
    /// Fewer rows came than were announced.
    pub(super) fn finish(mut self, rows: usize, record: &mut Record) -> Result<(), SinkError> {
        for number in 0..self.columns.len() {
            let column = &mut self.columns[number];
            if column.written != rows {
                let reason = format!("{} has {} of {rows} rows", column.spec.path, column.written);
                return Err(SinkError::rows(reason));
            }
            if let Form::Chunked { rows, row_bytes, value_bytes, buffer } = &mut column.form
                && !buffer.is_empty()
            {
                buffer.resize(*rows * *row_bytes, 0);
                let start = column.written / *rows * *rows;
                let bytes = std::mem::take(buffer);
                self.pending.push(Chunk { column: number, start, value_bytes: *value_bytes, bytes });
            }
        }
        self.write_pending()?;
        if let Some(mapping) = &mut self.mapping {
            mapping.close(&self.path)?;
        }
        for mut column in self.columns {
            if let (Form::Virtual, Some(mapping)) = (&column.form, &self.mapping) {
                let action = format!("create {}", column.spec.path);
                let created = mapping.create(&self.root, &column.spec);
                column.dataset = Some(created.map_err(SinkError::hdf5(&action, &self.path))?);
            }
            column.spec.attributes.write(column.dataset(), &self.path)?;
            column.record_chunks(rows, record).map_err(SinkError::hdf5("locate chunks", &self.path))?;
            if self.storage.digests {
                record.digests.insert(column.spec.path, column.digest.finish(&column.spec.attributes));
            }
        }
        Ok(())
    }
}

impl ColumnWriter {
    fn create(
        root: &Group,
        spec: &Spec,
        rows: usize,
        longest: usize,
        storage: Storage,
        path: &Path,
    ) -> Result<Self, SinkError> {
        let shape: Vec<usize> = std::iter::once(rows).chain(spec.columns).collect();
        let (descriptor, value_bytes) = match spec.kind.descriptor() {
            Some(descriptor) => (descriptor, spec.kind.size()),
            None if longest <= FIXED_TEXT => (TypeDescriptor::FixedUnicode(longest.max(1)), longest.max(1)),
            None => (TypeDescriptor::VarLenUnicode, 16),
        };
        let row_bytes = value_bytes * spec.columns.unwrap_or(1);
        let variable = descriptor == TypeDescriptor::VarLenUnicode;
        let mut builder = root.new_dataset_builder();
        let form = if rows == 0 || row_bytes == 0 {
            Form::Void
        } else {
            let chunk_rows = (CHUNK_BYTES / row_bytes).clamp(1, rows);
            let chunk: Vec<usize> = std::iter::once(chunk_rows).chain(spec.columns).collect();
            builder = builder.chunk(chunk);
            if variable {
                Form::Variable
            } else {
                if let Some(level) = storage.compression {
                    builder = builder.shuffle().deflate(level.clamp(1, 9));
                }
                Form::Chunked { rows: chunk_rows, row_bytes, value_bytes, buffer: Vec::new() }
            }
        };
        let dataset = builder
            .empty_as(&descriptor)
            .shape(shape.clone())
            .create(spec.path.as_str())
            .map_err(SinkError::hdf5(&format!("create {}", spec.path), path))?;
        let digest = DatasetDigest::new(&spec.kind.logical_name(), &shape);
        Ok(Self { spec: spec.clone(), dataset: Some(dataset), digest, form, written: 0, probe: Vec::new() })
    }

    /// A dataset whose values are digested and left where they are.
    fn at_the_sources(spec: &Spec, rows: usize) -> Self {
        let shape: Vec<usize> = std::iter::once(rows).chain(spec.columns).collect();
        let digest = DatasetDigest::new(&spec.kind.logical_name(), &shape);
        Self { spec: spec.clone(), dataset: None, digest, form: Form::Virtual, written: 0, probe: Vec::new() }
    }

    fn dataset(&self) -> &Dataset {
        self.dataset.as_ref().expect("virtual datasets take no values, the others are created first")
    }

    fn write_chunk(&mut self, start: usize, bytes: &[u8], path: &Path) -> Result<(), SinkError> {
        if start == 0 && self.spec.path.ends_with("/index") {
            self.probe = bytes[..bytes.len().min(PROBE)].to_vec();
        }
        raw::write_chunk(self.dataset(), start as u64, bytes)
            .map_err(SinkError::hdf5(&format!("write {}", self.spec.path), path))
    }

    /// Notes where the chunks lie. Numbers that ascend (an index) also tell how to understand the addresses.
    fn record_chunks(&self, rows: usize, record: &mut Record) -> hdf5::Result<()> {
        let Form::Chunked { rows: chunk_rows, .. } = self.form else { return Ok(()) };
        for start in (0..rows).step_by(chunk_rows) {
            let (address, length) = raw::locate_chunk(self.dataset(), start as u64)?;
            record.chunks.add(address, length);
            if start == 0 && !self.probe.is_empty() {
                record.chunks.probe(address, &self.probe);
            }
        }
        Ok(())
    }

    fn append_variable(&mut self, data: &Data, range: std::ops::Range<usize>, path: &Path) -> Result<(), SinkError> {
        let mut position = range.start;
        while position < range.end {
            let count = TEXT_BLOCK.min(range.end - position);
            let strings: Vec<VarLenUnicode> =
                (position..position + count).map(|row| hdf5_text(&data.string_at(row))).collect();
            self.dataset()
                .write_slice(&strings, self.written..self.written + count)
                .map_err(SinkError::hdf5(&format!("write {}", self.spec.path), path))?;
            self.written += count;
            position += count;
        }
        Ok(())
    }
}

/// Writes one dataset that is at hand as a whole; adds its digest.
pub(super) fn write_whole(
    root: &Group,
    spec: &Spec,
    data: &Data,
    path: &Path,
    record: &mut Record,
) -> Result<(), SinkError> {
    debug_assert!(spec.kind == Kind::Text || matches!(data, Data::Fixed { .. }));
    let storage = Storage { compression: None, threads: 1, digests: true };
    let specs = std::slice::from_ref(spec);
    let mut writer = TableWriter::create(root, specs, data.rows(), &[data.longest()], storage, None, path)?;
    writer.append(std::slice::from_ref(data), 0..data.rows())?;
    writer.finish(data.rows(), record)
}
