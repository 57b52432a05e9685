//! Reads one table: datasets with a common number of rows, block by block.

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Dataset, Group};

use super::SinkError;
use super::data::Data;
use super::raw;
use super::schema::{Kind, Spec};
use super::virtual_rows::is_virtual;

/// Memory that a block of rows may take.
const BLOCK_BYTES: usize = 8 << 20;
/// The same for virtual datasets: the library looks at all of their pieces whenever it reads.
const VIRTUAL_BLOCK_BYTES: usize = 64 << 20;
/// Deflate cannot shrink more than this (zlib's manual: 1032 : 1).
const LARGEST_RATIO: u64 = 1032;
/// Text of variable length may take this many times the file: an empty string takes 16 bytes there, 8 in memory.
const TEXT_RATIO: u64 = 4;
/// Larger chunks than this are not written by us, unless one row is larger.
const LARGEST_CHUNK: usize = 64 << 20;
/// Strings of variable length are read in blocks of this many.
const TEXT_BLOCK: usize = 1024;

/// One dataset, checked against what is expected of it.
pub(super) struct Column {
    kind: Kind,
    descriptor: TypeDescriptor,
    dataset: Dataset,
    columns: Option<usize>,
    rows: usize,
    path: PathBuf,
    name: String,
    text_budget: u64,
    block_bytes: usize,
}

impl Column {
    /// Opens a dataset of any of our types.
    ///
    /// # Errors
    /// It is missing, of another type or shape, or larger than the file can hold.
    pub(super) fn open(root: &Group, name: &str, path: &Path) -> Result<Self, SinkError> {
        let damaged = |reason: &str| SinkError::damaged(path, format!("{name} {reason}"));
        let action = format!("read {name}");
        let dataset = match root.dataset(name) {
            Ok(dataset) => dataset,
            // There is something: a disk that cannot be read now, or no dataset.
            Err(error) if root.link_exists(name) => return Err(SinkError::hdf5(&action, path)(error)),
            Err(_) => return Err(damaged("is missing")),
        };
        let descriptor =
            dataset.dtype().and_then(|dtype| dtype.to_descriptor()).map_err(SinkError::hdf5(&action, path))?;
        let kind = Kind::of(&descriptor).ok_or_else(|| damaged(&format!("is of type {descriptor}")))?;
        let shape = dataset.get_shape().map_err(SinkError::hdf5(&action, path))?;
        let (rows, columns) = match shape[..] {
            [] => (1, None),
            [rows] => (rows, None),
            [rows, columns] => (rows, Some(columns)),
            _ => return Err(damaged("has more than two dimensions")),
        };
        let file_bytes = std::fs::metadata(path).map_err(SinkError::io("read", path))?.len();
        let bytes_of_row = columns.unwrap_or(1).saturating_mul(descriptor.size());
        let block_bytes = if is_virtual(&dataset) {
            // Its values lie elsewhere; the indices of its rows lie here.
            let indices = dataset.file().and_then(|file| file.dataset("candidates/index")).map(|index| index.size());
            if indices.ok() != Some(rows) || kind == Kind::Text {
                return Err(damaged("is virtual and has not as many rows as there are candidates"));
            }
            VIRTUAL_BLOCK_BYTES
        } else {
            check_size(&dataset, rows, bytes_of_row, file_bytes).map_err(|reason| damaged(&reason))?;
            BLOCK_BYTES
        };
        let text_budget = file_bytes.saturating_mul(TEXT_RATIO);
        Ok(Self {
            kind,
            descriptor,
            dataset,
            columns,
            rows,
            path: path.to_owned(),
            name: name.to_owned(),
            text_budget,
            block_bytes,
        })
    }

    /// Opens a dataset and checks it against the schema.
    pub(super) fn expect(root: &Group, spec: &Spec, path: &Path) -> Result<Self, SinkError> {
        let column = Self::open(root, &spec.path, path)?;
        if column.kind != spec.kind || column.columns != spec.columns {
            let found = describe(&column.kind, column.columns);
            let expected = describe(&spec.kind, spec.columns);
            return Err(SinkError::damaged(path, format!("{} is {found}, expected {expected}", spec.path)));
        }
        Ok(column)
    }

    /// Logical type.
    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Extents.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.dataset.shape()
    }

    /// The dataset.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Bytes that a row takes in memory, about.
    pub(super) fn row_bytes(&self) -> usize {
        self.columns.unwrap_or(1) * self.descriptor.size()
    }

    /// Bytes of the longest string as stored, where that is fixed; the largest number where lengths vary.
    pub(super) fn longest(&self) -> usize {
        match self.descriptor {
            TypeDescriptor::FixedUnicode(width) => width,
            TypeDescriptor::VarLenUnicode => usize::MAX,
            _ => 0,
        }
    }

    /// Rows of a block that takes about [`BLOCK_BYTES`], or [`VIRTUAL_BLOCK_BYTES`].
    pub(super) fn block_rows(&self) -> usize {
        (self.block_bytes / self.row_bytes().max(1)).max(1)
    }

    /// Reads rows.
    ///
    /// # Errors
    /// A string that is no UTF-8, rows that are not there.
    pub(super) fn read(&self, rows: Range<usize>) -> Result<Data, SinkError> {
        if rows.end > self.rows || rows.start > rows.end {
            let reason = format!("{} has {} rows, asked for {}..{}", self.name, self.rows, rows.start, rows.end);
            return Err(SinkError::rows(reason));
        }
        match self.descriptor {
            TypeDescriptor::VarLenUnicode => self.read_variable(rows),
            TypeDescriptor::FixedUnicode(width) => {
                let bytes = self.read_bytes(&rows)?;
                let mut data = Data::text();
                for cell in bytes.chunks_exact(width) {
                    let end = cell.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
                    data.push_text(self.checked(&cell[..end])?);
                }
                Ok(data)
            }
            _ => Ok(Data::Fixed { width: self.row_bytes(), rows: rows.len(), bytes: self.read_bytes(&rows)? }),
        }
    }

    /// Reads rows by ascending row numbers; neighbours are read together.
    pub(super) fn read_at(&self, rows: &[usize]) -> Result<Data, SinkError> {
        let mut out = match self.kind {
            Kind::Text => Data::text(),
            _ => Data::fixed(self.row_bytes()),
        };
        for run in rows.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
            let data = self.read(run[0]..run[run.len() - 1].saturating_add(1))?;
            out.extend_from(&data, 0..data.rows());
        }
        Ok(out)
    }

    /// Reads everything.
    pub(super) fn read_all(&self) -> Result<Data, SinkError> {
        self.read(0..self.rows)
    }

    fn read_bytes(&self, rows: &Range<usize>) -> Result<Vec<u8>, SinkError> {
        let mut bytes = vec![0; rows.len() * self.row_bytes()];
        raw::read_rows(&self.dataset, &self.descriptor, rows.start, rows.len(), &mut bytes)
            .map_err(SinkError::hdf5(&format!("read {}", self.name), &self.path))?;
        Ok(bytes)
    }

    fn read_variable(&self, rows: Range<usize>) -> Result<Data, SinkError> {
        let mut data = Data::text();
        let mut position = rows.start;
        while position < rows.end {
            let count = TEXT_BLOCK.min(rows.end - position);
            let strings = if self.dataset.is_scalar() {
                self.dataset.read_scalar::<VarLenUnicode>().map(|text| vec![text])
            } else {
                self.dataset.read_slice_1d::<VarLenUnicode, _>(position..position + count).map(|block| block.to_vec())
            };
            let strings = strings.map_err(SinkError::hdf5(&format!("read {}", self.name), &self.path))?;
            for text in &strings {
                data.push_text(self.checked(text.as_bytes())?);
            }
            // Many rows may point at one long string: what a file yields is bounded by what it could hold.
            if data.size() as u64 > self.text_budget {
                let reason = format!("{} yields more text than the file can hold", self.name);
                return Err(SinkError::damaged(&self.path, reason));
            }
            position += count;
        }
        Ok(data)
    }

    fn checked<'t>(&self, bytes: &'t [u8]) -> Result<&'t str, SinkError> {
        std::str::from_utf8(bytes)
            .map_err(|_| SinkError::damaged(&self.path, format!("{} holds a string that is no UTF-8", self.name)))
    }
}

/// A dataset takes no more room than what is stored can fill, in chunks that we would write.
fn check_size(dataset: &Dataset, rows: usize, row_bytes: usize, file_bytes: u64) -> Result<(), String> {
    // What is not compressed takes the room that it claims.
    let ratio = if dataset.filters().is_empty() { 1 } else { LARGEST_RATIO };
    let stored = dataset.storage_size().min(file_bytes);
    let wanted = (rows as u128) * (row_bytes as u128);
    if wanted > u128::from(stored) * u128::from(ratio) {
        return Err(format!("claims {wanted} bytes, stored are {stored}"));
    }
    let element_bytes = dataset.dtype().map_or(usize::MAX, |kind| kind.size());
    match dataset.chunk() {
        Some(chunk) if chunk.iter().product::<usize>().saturating_mul(element_bytes) > LARGEST_CHUNK.max(row_bytes) => {
            Err("is stored in chunks larger than 64 MB".to_owned())
        }
        _ => Ok(()),
    }
}

fn describe(kind: &Kind, columns: Option<usize>) -> String {
    match columns {
        Some(columns) => format!("{} with {columns} columns", kind.logical_name()),
        None => format!("{} of one dimension", kind.logical_name()),
    }
}

/// Datasets with a common number of rows.
pub(super) struct TableReader {
    columns: Vec<Column>,
    rows: usize,
}

impl TableReader {
    /// Opens and checks them all.
    pub(super) fn open(root: &Group, specs: &[Spec], path: &Path) -> Result<Self, SinkError> {
        let columns = specs.iter().map(|spec| Column::expect(root, spec, path)).collect::<Result<Vec<_>, _>>()?;
        let rows = columns.first().map_or(0, Column::rows);
        if let Some(odd) = columns.iter().find(|column| column.rows() != rows) {
            let reason = format!("{} has {} rows, {} has {rows}", odd.name, odd.rows, columns[0].name);
            return Err(SinkError::damaged(path, reason));
        }
        Ok(Self { columns, rows })
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Datasets, in order of the specs.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Bytes that a row takes in memory, about.
    pub(super) fn row_bytes(&self) -> usize {
        self.columns.iter().map(Column::row_bytes).sum()
    }

    /// Rows of a block that takes about [`BLOCK_BYTES`] in all datasets together.
    pub(super) fn block_rows(&self) -> usize {
        (BLOCK_BYTES / self.columns.iter().map(Column::row_bytes).sum::<usize>().max(1)).max(1)
    }

    /// Bytes of the longest string of each dataset.
    pub(super) fn longest(&self) -> Vec<usize> {
        self.columns.iter().map(Column::longest).collect()
    }

    /// Reads rows of all datasets.
    pub(super) fn read(&self, rows: Range<usize>) -> Result<Vec<Data>, SinkError> {
        self.columns.iter().map(|column| column.read(rows.clone())).collect()
    }
}

impl Column {
    /// Reads a short list of strings.
    pub(super) fn read_strings(&self) -> Result<Vec<String>, SinkError> {
        match self.kind {
            Kind::Text => Ok(self.read_all()?.to_strings()),
            _ => Err(SinkError::damaged(&self.path, format!("{} holds no text", self.name))),
        }
    }
}
