//! Results for the user's tools: CSV, TSV, JSON lines, Parquet. Streams; memory does not grow with the rows.

pub(super) mod columns;
mod parquet;
mod text;

use std::fs::Permissions;
use std::io::BufWriter;
use std::path::Path;

use columns::{Block, select};

use super::reader::ResultFile;
use super::{SinkError, files};

/// Rows of a block, where columns are few.
const BLOCK_ROWS: usize = 1 << 14;
/// Values of a block, where columns are many.
const BLOCK_VALUES: usize = 1 << 20;

/// Format of an export.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// Comma-separated, one header line; empty where a value is not defined.
    Csv,
    /// The same with tabs.
    Tsv,
    /// One JSON object a line; `null` where a value is not defined.
    Jsonl,
    /// Apache Parquet; null where a value is not defined, units in the metadata `matsieve.units`.
    Parquet,
}

impl ExportFormat {
    /// From a name, or from what a file name ends in.
    ///
    /// # Errors
    /// No format is called that.
    pub fn parse(name: &str) -> Result<Self, SinkError> {
        match name.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            "jsonl" | "ndjson" => Ok(Self::Jsonl),
            "parquet" => Ok(Self::Parquet),
            _ => Err(SinkError::UnknownFormat { name: name.to_owned() }),
        }
    }

    /// From a path, by its extension.
    ///
    /// # Errors
    /// The extension names no format.
    pub fn of(path: &Path) -> Result<Self, SinkError> {
        Self::parse(&path.extension().unwrap_or_default().to_string_lossy())
    }
}

/// Which rows are exported.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum ExportRows {
    /// All stored rows, in order of index.
    #[default]
    All,
    /// Those of candidates kept.
    Kept,
    /// Those of the ranking, best first, with `rank`, `score` and `front`.
    Ranked,
}

/// What is exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// Which rows.
    pub rows: ExportRows,
    /// The best so many of the ranking only; all rows of another kind are exported whatever it says.
    pub top: Option<usize>,
    /// Names of columns (`index`, `id`, `formula`, `origin`, `rank`, `score`, `front`, or a numeric column); all where
    /// empty.
    pub columns: Vec<String>,
}

/// Where blocks of columns go.
trait Encoder {
    fn write(&mut self, blocks: &[Block]) -> Result<(), Failure>;
    fn finish(self: Box<Self>) -> Result<(), Failure>;
}

/// Why a block could not be encoded.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes an export, replacing the file as a whole; returns the number of rows.
///
/// # Errors
/// Unknown columns, rows ranked but not stored, files that cannot be read or written.
pub fn export(file: &ResultFile, format: ExportFormat, options: &ExportOptions, out: &Path) -> Result<u64, SinkError> {
    let mut selected = select(file, options)?;
    let folder = files::folder_of(out);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".matsieve-export-");
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let part = builder.tempfile_in(&folder).map_err(SinkError::io("create a file in", &folder))?;
    let encode = |source: Failure| SinkError::Encode { path: out.to_owned(), source };
    let handle = part.as_file().try_clone().map_err(SinkError::io("write", out))?;
    let writer = BufWriter::with_capacity(1 << 20, handle);
    let mut encoder: Box<dyn Encoder> = match format {
        ExportFormat::Csv => Box::new(text::Table::new(writer, b',', selected.columns()).map_err(encode)?),
        ExportFormat::Tsv => Box::new(text::Table::new(writer, b'\t', selected.columns()).map_err(encode)?),
        ExportFormat::Jsonl => Box::new(text::JsonLines::new(writer, selected.columns())),
        ExportFormat::Parquet => Box::new(parquet::Parquet::new(writer, selected.columns()).map_err(encode)?),
    };
    let block_rows = (BLOCK_VALUES / selected.columns().len().max(1)).clamp(1, BLOCK_ROWS);
    let mut rows = 0;
    while let Some(blocks) = selected.next_block(file, block_rows)? {
        rows += blocks.first().map_or(0, Block::rows) as u64;
        encoder.write(&blocks).map_err(encode)?;
    }
    encoder.finish().map_err(encode)?;
    part.persist(out).map_err(|error| SinkError::io("commit", out)(error.error))?;
    Ok(rows)
}
