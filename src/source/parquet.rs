//! Parquet tables: only the selected columns, a few thousand rows at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{ConvertedType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::SourceError;
use super::choice::Selection;
use super::decode::{CONTENT_SLOT, FIRST_OTHER_SLOT, ID_SLOT, Value};
use super::expand::{BrokenStream, ByteStream};
use super::reader::{FRAME_BYTES, Place, TableReader};
use crate::candidate::FaultCode;

/// Rows decoded at a time: bounds memory whatever the size of a row group.
const BLOCK_ROWS: usize = 8192;

/// The same where rows hold structures, of 1 to 100 kB each.
const STRUCTURE_ROWS: usize = 256;

/// Largest Parquet file that is read out of an archive or a compressed stream, which needs all of it in memory.
const MAX_BUFFERED_BYTES: u64 = 1 << 30;

/// Some rows of the selected columns.
pub(super) struct Block {
    slots: Vec<BlockColumn>,
}

enum BlockColumn {
    Absent,
    Text(Vec<Option<ByteArray>>),
    /// Null and NaN are one.
    Number(Vec<f64>),
    Integer(Vec<Option<i64>>),
}

impl Block {
    /// Bytes of text that the block holds.
    fn text_bytes(&self) -> usize {
        let bytes = |column: &BlockColumn| match column {
            BlockColumn::Text(texts) => texts.iter().flatten().map(ByteArray::len).sum(),
            _ => 0,
        };
        self.slots.iter().map(bytes).sum()
    }

    /// One field.
    pub fn value(&self, slot: usize, row: usize) -> Value<'_> {
        match self.slots.get(slot) {
            None | Some(BlockColumn::Absent) => Value::Null,
            Some(BlockColumn::Text(texts)) => texts[row].as_ref().map_or(Value::Null, |text| Value::Text(text.data())),
            Some(BlockColumn::Number(numbers)) if numbers[row].is_nan() => Value::Null,
            Some(BlockColumn::Number(numbers)) => Value::Number(numbers[row]),
            Some(BlockColumn::Integer(numbers)) => numbers[row].map_or(Value::Null, Value::Integer),
        }
    }
}

/// Reads one Parquet table.
pub(super) struct ParquetTable {
    name: Arc<str>,
    file: Box<dyn FileReader + Send>,
    slots: Vec<Option<Selected>>,
    /// Column readers of the current row group, one per slot.
    group: Vec<Option<ColumnReader>>,
    /// Rows of a block.
    block_rows: usize,
    next_group: usize,
    rows_left: usize,
    block: Option<OpenBlock>,
    has_ended: bool,
}

struct OpenBlock {
    block: Arc<Block>,
    next_row: usize,
    rows: usize,
}

#[derive(Copy, Clone)]
struct Selected {
    leaf: usize,
    max_def_level: i16,
    is_unsigned: bool,
}

impl ParquetTable {
    /// Reads the footer and finds the selected columns.
    ///
    /// # Errors
    /// No Parquet file, a column that is not there or whose type cannot serve.
    pub fn open(
        name: Arc<str>,
        stream: ByteStream,
        path: Option<PathBuf>,
        selection: &Selection,
    ) -> Result<Self, SourceError> {
        let file = match path {
            Some(path) => {
                let file = File::open(path).map_err(|source| unreadable(&name, source))?;
                open_reader(file).map_err(|error| damaged(&name, &error))?
            }
            None => open_reader(buffer(&name, stream)?).map_err(|error| damaged(&name, &error))?,
        };
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
        let chosen = selection.choose(&names, &name)?;
        let select = |leaf: usize, role| {
            check_column(&name, &schema.column(leaf), role).map(|is_unsigned| {
                Some(Selected { leaf, max_def_level: schema.column(leaf).max_def_level(), is_unsigned })
            })
        };
        let mut slots = vec![None; FIRST_OTHER_SLOT];
        let (role, block_rows) = match selection.structure {
            Some(_) => (Role::Structure, STRUCTURE_ROWS),
            None => (Role::Formula, BLOCK_ROWS),
        };
        slots[CONTENT_SLOT] = select(chosen.content, role)?;
        slots[ID_SLOT] = chosen.id.map_or(Ok(None), |leaf| select(leaf, Role::Id))?;
        for leaf in chosen.others {
            slots.push(select(leaf, Role::Values)?);
        }
        let group = Vec::new();
        Ok(Self { name, file, slots, group, block_rows, next_group: 0, rows_left: 0, block: None, has_ended: false })
    }

    /// Opens the next row group that has rows; `false` if there is none.
    fn open_group(&mut self) -> Result<bool, ParquetError> {
        while self.rows_left == 0 {
            if self.next_group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.next_group)?;
            self.next_group += 1;
            self.rows_left = usize::try_from(group.metadata().num_rows())
                .map_err(|_| ParquetError::General("a row group has a negative number of rows".into()))?;
            self.group = self
                .slots
                .iter()
                .map(|slot| slot.map(|selected| group.get_column_reader(selected.leaf)).transpose())
                .collect::<Result<_, _>>()?;
        }
        Ok(true)
    }

    /// The next rows; blocks begin and end at the same rows however many are asked for, and so does damage.
    fn next_block(&mut self) -> Result<Option<OpenBlock>, ParquetError> {
        if !self.open_group()? {
            return Ok(None);
        }
        let rows = self.block_rows.min(self.rows_left);
        let mut slots = Vec::with_capacity(self.slots.len());
        for (slot, reader) in self.slots.iter().zip(&mut self.group) {
            slots.push(match (slot, reader) {
                (Some(selected), Some(reader)) => read_column(reader, *selected, rows)?,
                _ => BlockColumn::Absent,
            });
        }
        self.rows_left -= rows;
        Ok(Some(OpenBlock { block: Arc::new(Block { slots }), next_row: 0, rows }))
    }

    /// The block whose rows come next; `None` at the end, the reason at damage, after which the table ends.
    fn current(&mut self) -> Result<Option<&mut OpenBlock>, String> {
        if self.block.as_ref().is_none_or(|block| block.next_row == block.rows) && !self.has_ended {
            self.block = self.next_block().map_err(|error| {
                self.has_ended = true;
                self.block = None;
                error.to_string()
            })?;
            self.has_ended = self.block.is_none();
        }
        Ok(self.block.as_mut().filter(|block| block.next_row < block.rows))
    }
}

impl TableReader for ParquetTable {
    fn read(&mut self, limit: usize, place: &mut Place<'_>) -> Result<usize, SourceError> {
        let (mut count, mut bytes) = (0, 0);
        while count < limit {
            if bytes >= FRAME_BYTES {
                place.frame.is_full = true;
                break;
            }
            match self.current() {
                Ok(Some(open)) => {
                    bytes += open.block.text_bytes();
                    let rows = (open.rows - open.next_row).min(limit - count);
                    place.push_block(open.next_row..open.next_row + rows, Arc::clone(&open.block) as _)?;
                    open.next_row += rows;
                    count += rows;
                }
                Ok(None) => break,
                Err(reason) => {
                    let detail = format!("{}, at record {}: {reason}; what follows is lost", self.name, place.record);
                    place.push_fault(FaultCode::UnparsableRecord, &detail, 0)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    fn skip(&mut self, limit: u64) -> Result<u64, SourceError> {
        let mut count = 0;
        while count < limit {
            match self.current() {
                Ok(Some(open)) => {
                    let left = open.rows - open.next_row;
                    let rows = usize::try_from(limit - count).map_or(left, |missing| missing.min(left));
                    open.next_row += rows;
                    count += rows as u64;
                }
                Ok(None) => break,
                Err(_) => count += 1,
            }
        }
        Ok(count)
    }
}

fn open_reader<R: ChunkReader + 'static>(source: R) -> Result<Box<dyn FileReader + Send>, ParquetError> {
    Ok(Box::new(SerializedFileReader::new(source)?))
}

fn buffer(name: &Arc<str>, stream: ByteStream) -> Result<Bytes, SourceError> {
    let mut bytes = Vec::new();
    let damaged = |reason: String| SourceError::Damaged { input: name.to_string(), reason };
    match stream.take(MAX_BUFFERED_BYTES + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > MAX_BUFFERED_BYTES => Err(damaged(format!(
            "a Parquet file inside an archive or compressed stream may have {MAX_BUFFERED_BYTES} bytes; unpack this one"
        ))),
        Ok(_) => Ok(bytes.into()),
        Err(error) => Err(match BrokenStream::reason(&error) {
            Some(reason) => damaged(reason.to_owned()),
            None => unreadable(name, error),
        }),
    }
}

fn unreadable(name: &Arc<str>, source: io::Error) -> SourceError {
    SourceError::Unreadable { input: name.to_string(), source }
}

fn damaged(name: &Arc<str>, error: &ParquetError) -> SourceError {
    SourceError::Damaged { input: name.to_string(), reason: error.to_string() }
}

/// Whether a column can serve; returns whether its integers are unsigned.
fn check_column(input: &str, column: &ColumnDescriptor, role: Role) -> Result<bool, SourceError> {
    let mismatch = |found: String| SourceError::ColumnType {
        input: input.to_owned(),
        column: column.path().string(),
        found,
        expected: role.expected(),
        role: role.name(),
    };
    if column.max_rep_level() > 0 {
        return Err(mismatch("lists".into()));
    }
    if column.converted_type() == ConvertedType::DECIMAL {
        return Err(mismatch("decimals".into()));
    }
    let serves = match column.physical_type() {
        Type::BYTE_ARRAY => true,
        Type::INT32 | Type::INT64 => matches!(role, Role::Id | Role::Values),
        Type::FLOAT | Type::DOUBLE | Type::BOOLEAN => role == Role::Values,
        Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY => false,
    };
    if !serves {
        return Err(mismatch(format!("{} values", column.physical_type())));
    }
    Ok(matches!(
        column.converted_type(),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
    ))
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Role {
    Formula,
    Structure,
    Id,
    Values,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Formula => "formula",
            Self::Structure => "structure",
            Self::Id => "id",
            Self::Values => "values",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Formula | Self::Structure => "text",
            Self::Id => "text or integers",
            Self::Values => "numbers, booleans or text",
        }
    }
}

fn read_column(reader: &mut ColumnReader, selected: Selected, rows: usize) -> Result<BlockColumn, ParquetError> {
    let unsigned = selected.is_unsigned;
    Ok(match reader {
        ColumnReader::ByteArrayColumnReader(reader) => BlockColumn::Text(read_values(reader, selected, rows)?),
        ColumnReader::Int32ColumnReader(reader) => {
            BlockColumn::Integer(map(read_values(reader, selected, rows)?, |value| {
                if unsigned { i64::from(value as u32) } else { i64::from(value) }
            }))
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let values = read_values(reader, selected, rows)?;
            // Unsigned numbers above 2^63 keep their nearest double; as ids they would be wrong as signed ones.
            if unsigned && values.iter().flatten().any(|&value| value < 0) {
                BlockColumn::Number(numbers(values, |value| value as u64 as f64))
            } else {
                BlockColumn::Integer(values)
            }
        }
        ColumnReader::FloatColumnReader(reader) => {
            BlockColumn::Number(numbers(read_values(reader, selected, rows)?, f64::from))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            BlockColumn::Number(numbers(read_values(reader, selected, rows)?, |value| value))
        }
        ColumnReader::BoolColumnReader(reader) => {
            BlockColumn::Integer(map(read_values(reader, selected, rows)?, i64::from))
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Err(ParquetError::General("a column changed its type between footer and row group".into()));
        }
    })
}

fn map<T, U>(values: Vec<Option<T>>, change: impl Fn(T) -> U) -> Vec<Option<U>> {
    values.into_iter().map(|value| value.map(&change)).collect()
}

fn numbers<T>(values: Vec<Option<T>>, change: impl Fn(T) -> f64) -> Vec<f64> {
    values.into_iter().map(|value| value.map_or(f64::NAN, &change)).collect()
}

fn read_values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    selected: Selected,
    rows: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::with_capacity(rows));
    let (records, _, _) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if records != rows {
        return Err(ParquetError::General(format!("a column has {records} of {rows} rows")));
    }
    if selected.max_def_level == 0 {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut present = values.into_iter();
    Ok(levels.iter().map(|&level| if level == selected.max_def_level { present.next() } else { None }).collect())
}
