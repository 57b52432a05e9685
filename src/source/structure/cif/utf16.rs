//! UTF-16 streams as UTF-8.

use std::io::{BufRead, Cursor, Read};

use crate::source::structure::MAX_RECORD;

/// A stream that was UTF-16, in memory; what lies beyond the largest record is left out.
pub(super) type Transcoded = Cursor<Vec<u8>>;

/// The stream as UTF-8 where it begins with the byte-order mark of UTF-16, read to its end; lone surrogates become U+FFFD.
///
/// # Errors
/// What the stream says.
pub(super) fn transcoded(stream: &mut dyn BufRead) -> std::io::Result<Option<Transcoded>> {
    let unit = match stream.fill_buf()? {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return Ok(None),
    };
    let mut bytes = Vec::new();
    Read::take(&mut *stream, 2 * MAX_RECORD as u64 + 4).read_to_end(&mut bytes)?;
    let units = bytes[2..].as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Ok(Some(Cursor::new(text.into_bytes())))
}
