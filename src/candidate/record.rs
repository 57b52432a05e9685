//! Raw records: what the serial reader frames and the parallel workers decode.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;

use super::CandidateIndex;

/// One record as framed: where it is, not what it means.
#[derive(Clone, Debug)]
pub struct RawRecord {
    /// Position in the source.
    pub index: CandidateIndex,
    /// Content.
    pub payload: Payload,
}

/// Where the content of a record lies.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A span of [`Frame::bytes`], and the number that locates it in its file (line of a table, 1-based; member of an archive).
    Bytes {
        /// Span.
        span: Range<u32>,
        /// Index into [`Frame::inputs`].
        input: u16,
        /// Record in its file, from 0.
        record: u64,
        /// Line in its file, from 1; 0 where lines mean nothing.
        line: u64,
    },
    /// A row of one of [`Frame::blocks`].
    Block {
        /// Block.
        block: u32,
        /// Row in the block.
        row: u32,
        /// Index into [`Frame::inputs`].
        input: u16,
        /// Record in its file, from 0.
        record: u64,
    },
    /// Nothing but the index: the source is index-addressable.
    Indexed,
}

/// A batch of records as framed, with the memory they point into; recycled.
#[derive(Default)]
pub struct Frame {
    /// Records in order of index.
    pub records: Vec<RawRecord>,
    /// Text that [`Payload::Bytes`] points into.
    pub bytes: Vec<u8>,
    /// Columnar blocks that [`Payload::Block`] points into.
    pub blocks: Vec<Arc<dyn Any + Send + Sync>>,
    /// Names of the inputs, as given: `path[!member]`.
    pub inputs: Vec<Arc<str>>,
    /// The source stopped because the records are large, not because it is exhausted.
    pub is_full: bool,
}

impl Frame {
    /// Empties it, keeping allocations.
    pub fn clear(&mut self) {
        self.records.clear();
        self.bytes.clear();
        self.blocks.clear();
        self.inputs.clear();
        self.is_full = false;
    }

    /// The bytes of a record, empty where it has none.
    pub fn bytes_of(&self, record: &RawRecord) -> &[u8] {
        match &record.payload {
            Payload::Bytes { span, .. } => &self.bytes[span.start as usize..span.end as usize],
            Payload::Block { .. } | Payload::Indexed => &[],
        }
    }
}
