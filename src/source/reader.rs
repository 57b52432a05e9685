//! What the reader of one table does for the source that holds it.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use super::SourceError;
use super::text_row::write_fault;
use crate::candidate::{CandidateIndex, FaultCode, Frame, Payload, RawRecord};

/// Text of a batch above which it is full: a batch of large records must not take more memory than one of small ones.
pub const FRAME_BYTES: usize = 16 << 20;

/// Frames the records of one member.
pub(super) trait TableReader: Send {
    /// Appends up to `limit` records; fewer means that the member is exhausted, unless the frame says that it is full.
    fn read(&mut self, limit: usize, place: &mut Place<'_>) -> Result<usize, SourceError>;

    /// Passes over up to `limit` records; fewer means that the member is exhausted.
    fn skip(&mut self, limit: u64) -> Result<u64, SourceError>;
}

/// Where records go: a frame, and the numbers that the next one gets.
pub(super) struct Place<'a> {
    pub frame: &'a mut Frame,
    /// Index of the next record in the source.
    pub index: u64,
    /// Number of the next record in its member.
    pub record: u64,
    /// The member's name.
    pub name: &'a Arc<str>,
    /// Records asked for, for the message when the frame is full.
    pub limit: usize,
}

impl Place<'_> {
    /// Appends the record whose bytes were appended since `start`.
    pub fn push_bytes(&mut self, start: usize, line: u64) -> Result<(), SourceError> {
        let end = self.fits(self.frame.bytes.len(), "the text of its records")?;
        let span = start as u32..end;
        let (input, record) = (self.input()?, self.record);
        self.push(Payload::Bytes { span, input, record, line });
        Ok(())
    }

    /// Appends some rows of a block.
    pub fn push_block(&mut self, rows: Range<usize>, block: Arc<dyn Any + Send + Sync>) -> Result<(), SourceError> {
        let number = self.fits(self.frame.blocks.len(), "blocks")?;
        let rows = self.fits(rows.start, "rows of a block")?..self.fits(rows.end, "rows of a block")?;
        self.frame.blocks.push(block);
        let input = self.input()?;
        for row in rows {
            let record = self.record;
            self.push(Payload::Block { block: number, row, input, record });
        }
        Ok(())
    }

    /// Appends a record that decodes to a fault.
    pub fn push_fault(&mut self, code: FaultCode, detail: &str, line: u64) -> Result<(), SourceError> {
        let start = self.frame.bytes.len();
        write_fault(&mut self.frame.bytes, code, detail);
        self.push_bytes(start, line)
    }

    fn push(&mut self, payload: Payload) {
        self.frame.records.push(RawRecord { index: CandidateIndex(self.index), payload });
        self.index += 1;
        self.record += 1;
    }

    fn input(&mut self) -> Result<u16, SourceError> {
        let inputs = &mut self.frame.inputs;
        if !inputs.last().is_some_and(|last| Arc::ptr_eq(last, self.name)) {
            inputs.push(Arc::clone(self.name));
        }
        u16::try_from(inputs.len() - 1).map_err(|_| SourceError::BatchTooLarge {
            limit: self.limit,
            what: "inputs",
            most: u64::from(u16::MAX),
        })
    }

    fn fits(&self, number: usize, what: &'static str) -> Result<u32, SourceError> {
        u32::try_from(number).map_err(|_| SourceError::BatchTooLarge {
            limit: self.limit,
            what,
            most: u64::from(u32::MAX),
        })
    }
}

/// A member that cannot be read: one record, which says which and why.
pub(super) struct RefusedMember(pub Option<String>);

impl TableReader for RefusedMember {
    fn read(&mut self, limit: usize, place: &mut Place<'_>) -> Result<usize, SourceError> {
        if limit == 0 {
            return Ok(0);
        }
        match self.0.take() {
            Some(reason) => {
                place.push_fault(FaultCode::UnparsableRecord, &reason, 0)?;
                Ok(1)
            }
            None => Ok(0),
        }
    }

    fn skip(&mut self, limit: u64) -> Result<u64, SourceError> {
        Ok(if limit > 0 && self.0.take().is_some() { 1 } else { 0 })
    }
}
