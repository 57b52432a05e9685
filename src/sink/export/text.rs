//! CSV, TSV and JSON lines. Numbers are printed with as few digits as read back to the same bits.

use std::fs::File;
use std::io::{BufWriter, Write};

use super::columns::{Block, BlockKind, Exported};
use super::{Encoder, Failure};

/// Delimited text.
pub(super) struct Table {
    writer: csv::Writer<BufWriter<File>>,
}

impl Table {
    /// Writes the header.
    pub(super) fn new(out: BufWriter<File>, delimiter: u8, columns: &[(Exported, BlockKind)]) -> Result<Self, Failure> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
        writer.write_record(columns.iter().map(|(column, _)| &column.name))?;
        Ok(Self { writer })
    }
}

impl Encoder for Table {
    fn write(&mut self, blocks: &[Block]) -> Result<(), Failure> {
        let mut cell = String::new();
        for row in 0..blocks.first().map_or(0, Block::rows) {
            for block in blocks {
                cell.clear();
                match block {
                    Block::Text(values) => cell.push_str(&values[row]),
                    Block::Count(values) => cell.push_str(&values[row].to_string()),
                    Block::Number(values) if !values[row].is_nan() => cell.push_str(&format!("{:?}", values[row])),
                    Block::Single(values) if !values[row].is_nan() => cell.push_str(&format!("{:?}", values[row])),
                    Block::Number(_) | Block::Single(_) => {}
                }
                self.writer.write_field(&cell)?;
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }
}

/// One JSON object a line.
pub(super) struct JsonLines {
    out: BufWriter<File>,
    keys: Vec<String>,
}

impl JsonLines {
    /// Nothing is written before the first row.
    pub(super) fn new(out: BufWriter<File>, columns: &[(Exported, BlockKind)]) -> Self {
        let keys = columns.iter().map(|(column, _)| serde_json::json!(column.name).to_string()).collect();
        Self { out, keys }
    }
}

impl Encoder for JsonLines {
    fn write(&mut self, blocks: &[Block]) -> Result<(), Failure> {
        for row in 0..blocks.first().map_or(0, Block::rows) {
            for (number, (key, block)) in self.keys.iter().zip(blocks).enumerate() {
                write!(self.out, "{}{key}:", if number == 0 { '{' } else { ',' })?;
                match block {
                    Block::Text(values) => serde_json::to_writer(&mut self.out, &values[row])?,
                    Block::Count(values) => write!(self.out, "{}", values[row])?,
                    Block::Number(values) if values[row].is_finite() => write!(self.out, "{:?}", values[row])?,
                    Block::Single(values) if values[row].is_finite() => write!(self.out, "{:?}", values[row])?,
                    // JSON has no infinities either; results hold none.
                    Block::Number(_) | Block::Single(_) => self.out.write_all(b"null")?,
                }
            }
            self.out.write_all(b"}\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}
