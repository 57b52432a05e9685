//! CSV and TSV tables: a header line, then one candidate a record.

use std::io;
use std::sync::Arc;

use super::SourceError;
use super::choice::{Chosen, Selection};
use super::decode::{CONTENT_SLOT, FIRST_OTHER_SLOT, ID_SLOT};
use super::delimited::{BadRecord, Delimited, Framed};
use super::expand::ByteStream;
use super::reader::{FRAME_BYTES, Place, TableReader};
use super::text_row::RowWriter;
use crate::candidate::FaultCode;

/// Longest field that is handed on; a formula of this length has more elements than there are. Structures are as long as
/// records may be.
const MAX_FIELD_BYTES: usize = 64 << 10;

/// Reads one delimited table.
pub(super) struct DelimitedTable {
    name: Arc<str>,
    text: Delimited,
    columns: Vec<String>,
    /// Position of each selected field in the record; `None` = the table has no such column.
    slots: Vec<Option<usize>>,
    /// Position of the field with structures.
    structure: Option<usize>,
}

impl DelimitedTable {
    /// Reads the header and finds the selected columns.
    ///
    /// # Errors
    /// No header, another encoding than UTF-8, a column that is not there.
    pub fn open(name: Arc<str>, stream: ByteStream, delimiter: u8, selection: &Selection) -> Result<Self, SourceError> {
        let damaged = |reason: String| SourceError::Damaged { input: name.to_string(), reason };
        let mut text = Delimited::new(stream, delimiter);
        let columns = {
            let unreadable = |source: io::Error| SourceError::Unreadable { input: name.to_string(), source };
            let head = text.peek().map_err(unreadable)?;
            if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
                return Err(damaged("is UTF-16 text; UTF-8 is expected".into()));
            }
            if head.starts_with(b"PAR1") {
                return Err(damaged("is a Parquet file, not delimited text".into()));
            }
            text.skip_mark().map_err(unreadable)?;
            match text.next().map_err(unreadable)? {
                Framed::Record => {}
                Framed::End => return Err(SourceError::Empty { input: name.to_string() }),
                Framed::Bad(BadRecord::Broken(reason)) => return Err(damaged(reason)),
                Framed::Bad(BadRecord::OpenQuote) => {
                    return Err(damaged("a quote in the header is never closed".into()));
                }
                Framed::Bad(BadRecord::TooLong(limit)) => {
                    return Err(damaged(format!("the header is longer than {limit} bytes: this is no table")));
                }
            }
            let mut columns = Vec::with_capacity(text.fields().len());
            for &field in text.fields() {
                let mut bytes = Vec::new();
                text.append(field, &mut bytes);
                columns.push(String::from_utf8_lossy(&bytes).into_owned());
            }
            columns
        };
        let Chosen { content, id, others } = selection.choose(&columns, &name)?;
        let mut slots = vec![None; FIRST_OTHER_SLOT];
        slots[CONTENT_SLOT] = Some(content);
        slots[ID_SLOT] = id;
        slots.extend(others.into_iter().map(Some));
        let structure = selection.structure.is_some().then_some(content);
        Ok(Self { name, text, columns, slots, structure })
    }

    fn next(&mut self) -> Result<Framed, SourceError> {
        self.text.next().map_err(|source| SourceError::Unreadable { input: self.name.to_string(), source })
    }

    fn push_row(&self, place: &mut Place<'_>) -> Result<(), SourceError> {
        let (fields, line) = (self.text.fields(), self.text.line());
        if fields.len() != self.columns.len() {
            let detail = format!("line {line}: {} fields found, {} expected", fields.len(), self.columns.len());
            return place.push_fault(FaultCode::UnparsableRecord, &detail, line);
        }
        for &position in self.slots.iter().flatten() {
            let length = self.text.raw_len(fields[position]);
            if length > MAX_FIELD_BYTES && Some(position) != self.structure {
                let column = &self.columns[position];
                let detail =
                    format!("line {line}, {column}: the field has {length} bytes, more than {MAX_FIELD_BYTES}");
                return place.push_fault(FaultCode::TooLarge, &detail, line);
            }
        }
        let start = place.frame.bytes.len();
        let mut row = RowWriter::begin(&mut place.frame.bytes, self.slots.len() as u16);
        for slot in &self.slots {
            match slot {
                Some(position) => row.field(|out| self.text.append(fields[*position], out)),
                None => row.absent(),
            }
        }
        place.push_bytes(start, line)
    }

    fn push_bad(&self, bad: &BadRecord, place: &mut Place<'_>) -> Result<(), SourceError> {
        let line = self.text.line();
        let (code, detail) = match bad {
            BadRecord::OpenQuote => (FaultCode::UnparsableRecord, format!("line {line}: a quote is never closed")),
            BadRecord::TooLong(limit) => {
                (FaultCode::TooLarge, format!("line {line}: more than {limit} bytes without an end"))
            }
            BadRecord::Broken(reason) => {
                (FaultCode::UnparsableRecord, format!("{}, at line {line}: {reason}; what follows is lost", self.name))
            }
        };
        place.push_fault(code, &detail, line)
    }
}

impl TableReader for DelimitedTable {
    fn read(&mut self, limit: usize, place: &mut Place<'_>) -> Result<usize, SourceError> {
        for count in 0..limit {
            if place.frame.bytes.len() >= FRAME_BYTES {
                place.frame.is_full = true;
                return Ok(count);
            }
            match self.next()? {
                Framed::Record => self.push_row(place)?,
                Framed::Bad(bad) => self.push_bad(&bad, place)?,
                Framed::End => return Ok(count),
            }
        }
        Ok(limit)
    }

    fn skip(&mut self, limit: u64) -> Result<u64, SourceError> {
        for count in 0..limit {
            if self.next()? == Framed::End {
                return Ok(count);
            }
        }
        Ok(limit)
    }
}
