//! A member that holds structures: cuts it into records.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use super::ase_db::AseRows;
use super::{Framed, Framer, MAX_RECORD, StructureFormat};
use crate::candidate::FaultCode;
use crate::source::expand::{BrokenStream, ByteStream};
use crate::source::reader::{FRAME_BYTES, Place, TableReader};
use crate::source::text_row::STRUCTURE;
use crate::source::{Format, SourceError};

/// Frames the structures of one member.
pub(in crate::source) struct StructureMember {
    name: Arc<str>,
    stream: BufReader<ByteStream>,
    framer: Box<dyn Framer>,
    tag: [u8; 2],
    ended: bool,
}

/// What lies at the next place of a member.
enum Next {
    Record(Framed),
    Broken(String),
    End,
}

impl StructureMember {
    /// Begins at the front of `stream`, in the format that `how` reads; `file` is where the stream lies on disk by itself.
    pub fn open(
        name: Arc<str>,
        stream: ByteStream,
        file: Option<PathBuf>,
        format: Format,
        how: &StructureFormat,
    ) -> Self {
        let place = Format::ALL.iter().position(|&known| known == format).expect("all formats are listed");
        let tag = [STRUCTURE, place as u8];
        let stream = BufReader::with_capacity(64 << 10, stream);
        let framer = match (format, file) {
            // Databases are read out of order; in archives they must fit into memory.
            (Format::AseDb, Some(path)) => Box::new(AseRows::of_file(path)) as Box<dyn Framer>,
            _ => (how.framer)(),
        };
        Self { name, stream, framer, tag, ended: false }
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<Next, SourceError> {
        if self.ended {
            return Ok(Next::End);
        }
        let next = match self.framer.next(&mut self.stream as &mut dyn BufRead, out) {
            Ok(Some(framed)) => return Ok(Next::Record(framed)),
            Ok(None) => Next::End,
            Err(error) => match BrokenStream::reason(&error) {
                Some(reason) => Next::Broken(reason.to_owned()),
                None => return Err(SourceError::Unreadable { input: self.name.to_string(), source: error }),
            },
        };
        self.ended = true;
        Ok(next)
    }
}

impl TableReader for StructureMember {
    fn read(&mut self, limit: usize, place: &mut Place<'_>) -> Result<usize, SourceError> {
        for count in 0..limit {
            if place.frame.bytes.len() >= FRAME_BYTES {
                place.frame.is_full = true;
                return Ok(count);
            }
            let start = place.frame.bytes.len();
            place.frame.bytes.extend_from_slice(&self.tag);
            let next = self.next(&mut place.frame.bytes)?;
            if let Next::Record(framed) = next
                && !framed.too_large
            {
                place.push_bytes(start, framed.line)?;
                continue;
            }
            place.frame.bytes.truncate(start);
            match next {
                Next::Record(framed) => {
                    let detail = format!("line {}: the structure is longer than {MAX_RECORD} bytes", framed.line);
                    place.push_fault(FaultCode::TooLarge, &detail, framed.line)?;
                }
                Next::Broken(reason) => {
                    let detail = format!("{}: {reason}; what follows is lost", self.name);
                    place.push_fault(FaultCode::UnparsableRecord, &detail, 0)?;
                }
                Next::End => return Ok(count),
            }
        }
        Ok(limit)
    }

    fn skip(&mut self, limit: u64) -> Result<u64, SourceError> {
        let mut passed = Vec::new();
        for count in 0..limit {
            passed.clear();
            if matches!(self.next(&mut passed)?, Next::End) {
                return Ok(count);
            }
        }
        Ok(limit)
    }
}
