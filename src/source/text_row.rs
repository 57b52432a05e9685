//! How a row of delimited text lies in [`Frame::bytes`](crate::candidate::Frame): a tag, the number of selected fields,
//! their lengths, then the fields end to end. A record that could not be framed is a tag and a reason; a structure is a
//! tag, its format and its text.

use super::decode::Value;
use crate::candidate::{Fault, FaultCode, Stage};

const ROW: u8 = 0;
const UNPARSABLE: u8 = 1;
const TOO_LARGE: u8 = 2;

/// A structure: then the place of its format in [`Format::ALL`](super::Format::ALL), then its text.
pub(super) const STRUCTURE: u8 = 3;

/// Length of a field that the table does not have.
const ABSENT: u32 = u32::MAX;

/// A row as framed.
pub(super) struct TextRow<'a> {
    lengths: &'a [[u8; 4]],
    fields: &'a [u8],
}

impl<'a> TextRow<'a> {
    /// Reads what [`RowWriter`] or [`write_fault`] wrote.
    ///
    /// # Errors
    /// The fault that was framed.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let code = match bytes {
            [ROW, low, high, rest @ ..] => {
                let slots = usize::from(u16::from_le_bytes([*low, *high]));
                let (lengths, fields) = rest.split_at(4 * slots);
                return Ok(Self { lengths: lengths.as_chunks().0, fields });
            }
            [TOO_LARGE, ..] => FaultCode::TooLarge,
            _ => FaultCode::UnparsableRecord,
        };
        let detail = String::from_utf8_lossy(bytes.get(1..).unwrap_or_default()).into_owned();
        Err(Fault::new(Stage::Read, code, detail))
    }

    /// The field in `slot`; null where the table has none.
    pub fn field(&self, slot: usize) -> Value<'a> {
        let Some(own) = self.lengths.get(slot).and_then(length) else { return Value::Null };
        let start: usize = self.lengths[..slot].iter().filter_map(length).sum();
        Value::Text(&self.fields[start..start + own])
    }
}

fn length(bytes: &[u8; 4]) -> Option<usize> {
    let length = u32::from_le_bytes(*bytes);
    (length != ABSENT).then_some(length as usize)
}

/// Appends a row field by field.
pub(super) struct RowWriter<'a> {
    bytes: &'a mut Vec<u8>,
    next_length: usize,
}

impl<'a> RowWriter<'a> {
    /// Begins a row of `slots` fields, all absent.
    pub fn begin(bytes: &'a mut Vec<u8>, slots: u16) -> Self {
        let [low, high] = slots.to_le_bytes();
        bytes.extend_from_slice(&[ROW, low, high]);
        let next_length = bytes.len();
        bytes.resize(next_length + 4 * usize::from(slots), 0xff);
        Self { bytes, next_length }
    }

    /// The next field is what `append` adds.
    pub fn field(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        append(self.bytes);
        let length = (self.bytes.len() - start) as u32;
        self.bytes[self.next_length..][..4].copy_from_slice(&length.to_le_bytes());
        self.next_length += 4;
    }

    /// The table has no column for the next field.
    pub fn absent(&mut self) {
        self.next_length += 4;
    }
}

/// Appends a record that decodes to a fault of stage `read`: `too-large` or `unparsable-record`.
pub(super) fn write_fault(bytes: &mut Vec<u8>, code: FaultCode, detail: &str) {
    bytes.push(if code == FaultCode::TooLarge { TOO_LARGE } else { UNPARSABLE });
    bytes.extend_from_slice(detail.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_written_and_absent_ones_are_null() {
        let mut bytes = b"before".to_vec();
        let mut row = RowWriter::begin(&mut bytes, 3);
        row.field(|out| out.extend_from_slice(b"Fe2O3"));
        row.absent();
        row.field(|_| {});
        let row = TextRow::read(&bytes[6..]).expect("a row");
        let fields = [row.field(0), row.field(1), row.field(2), row.field(3)];
        assert_eq!(fields, [Value::Text(b"Fe2O3"), Value::Null, Value::Text(b""), Value::Null]);
    }

    #[test]
    fn faults_come_back_with_their_code() {
        for code in [FaultCode::TooLarge, FaultCode::UnparsableRecord] {
            let mut bytes = Vec::new();
            write_fault(&mut bytes, code, "line 3: why");
            assert_eq!(TextRow::read(&bytes).err(), Some(Fault::new(Stage::Read, code, "line 3: why")));
        }
    }
}
