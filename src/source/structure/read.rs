//! Reading the structures of one stream, one after the other.

use std::io::{self, BufRead};

use super::{MAX_RECORD, StructureRecord};
use crate::candidate::{Fault, FaultCode, Stage};
use crate::source::Format;

/// Reads all structures of a stream in `format`, on this thread, and hands each to `each` with the line where it begins.
///
/// A record that cannot be read is a fault; the next one can. Screens read in parallel, through [`open`](crate::source::open).
///
/// # Errors
/// What the stream says. A format of tables has no structures: [`io::ErrorKind::Unsupported`].
///
/// ```
/// use matsieve::source::{Format, read_structures};
/// let text = "1\nLattice=\"3 0 0 0 3 0 0 0 3\" energy=-1.5\nPo 0 0 0\n";
/// read_structures(&mut text.as_bytes(), Format::Extxyz, &mut |line, record| {
///     let record = record.unwrap();
///     assert_eq!((line, record.structure.as_ref().unwrap().len()), (1, 1));
///     assert_eq!(record.properties, [("energy".to_owned(), -1.5)]);
/// })
/// .unwrap();
/// ```
pub fn read_structures(
    stream: &mut dyn BufRead,
    format: Format,
    each: &mut dyn FnMut(u64, Result<&StructureRecord, Fault>),
) -> io::Result<()> {
    let how = super::format(format).ok_or_else(|| {
        let reason = format!("{format} is no format of structures that can be read");
        io::Error::new(io::ErrorKind::Unsupported, reason)
    })?;
    let mut framer = (how.framer)();
    let mut bytes = Vec::new();
    let mut record = StructureRecord::default();
    loop {
        bytes.clear();
        let Some(framed) = framer.next(stream, &mut bytes)? else { return Ok(()) };
        if framed.too_large {
            let detail = format!("the structure is longer than {MAX_RECORD} bytes");
            each(framed.line, Err(Fault::new(Stage::Parse, FaultCode::TooLarge, detail)));
            continue;
        }
        let read = how.reader.read(&bytes, &mut record);
        each(framed.line, read.map(|()| &record));
    }
}
