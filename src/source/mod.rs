//! Sources of candidates: one file per format or generator.
//!
//! Framing is serial and cheap (where does a record begin and end), decoding is parallel (what does it say).

mod choice;
mod csv;
mod decode;
mod delimited;
mod digest;
mod error;
mod expand;
mod format;
mod id_prop;
mod input;
mod join;
mod member;
mod parquet;
mod reader;
mod sniff;
pub mod space;
mod spec;
mod structure;
mod table;
mod table_source;
mod tar;
mod text_row;
mod zip;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::candidate::{BlockRule, Candidate, Column, Fault, Frame, RawRecord, Verdict};
use crate::chem::Element;

pub use choice::{FORMULA_COLUMNS, ID_COLUMNS, Selection};
pub use decode::TableDecoder;
pub use digest::{InputDigest, digest_inputs};
pub use error::SourceError;
pub use expand::{BrokenStream, ByteStream, ExpansionLimit};
pub use format::{ArchiveKind, Compression, Format};
pub use input::{InputFile, Inputs, Listing, Wanted, list_inputs};
pub use member::{Content, Member, Members};
pub use reader::FRAME_BYTES;
pub use spec::{ColumnSpec, Disorder, SourceSpec};
pub use structure::{StructureRecord, read_structures};
pub use table::{Numbers, Table, read_table};
pub use table_source::{count_records, open};

/// A stream of candidates.
pub trait Source: Send {
    /// Appends up to `limit` records to `frame`; fewer means that the source is exhausted, unless the frame says that it is full.
    ///
    /// # Errors
    /// Only what ends a run: an input that vanished, an archive that is no archive. A bad record is a record that decodes to a [`Fault`].
    fn frame(&mut self, limit: usize, frame: &mut Frame) -> Result<(), SourceError>;

    /// The parallel half: shared by workers while the reader keeps framing.
    fn decoder(&self) -> Arc<dyn Decoder>;

    /// Number of records, where it is known without reading them.
    fn num_records(&self) -> Option<u64>;

    /// Jumps to record `index`, for resume and shards. Costs a reading pass unless the source is index-addressable.
    ///
    /// # Errors
    /// As [`frame`](Self::frame).
    fn seek(&mut self, index: u64) -> Result<(), SourceError>;

    /// Passes over up to `count` records and says how many there were; fewer means that the source is exhausted.
    ///
    /// # Errors
    /// As [`frame`](Self::frame).
    fn skip(&mut self, count: u64) -> Result<u64, SourceError>;
}

/// Turns records into candidates.
pub trait Decoder: Send + Sync {
    /// Numeric columns that every candidate carries in [`Candidate::values`].
    fn columns(&self) -> &[Column];

    /// Whether candidates may be crystal structures.
    fn has_structures(&self) -> bool {
        false
    }

    /// Decodes one record into `out`, whose allocations are reused.
    ///
    /// # Errors
    /// The fault that quarantines the record.
    fn decode(&self, frame: &Frame, record: &RawRecord, out: &mut Candidate) -> Result<(), Fault>;

    /// The source's own name of the record: its id column, else its number.
    fn id<'a>(&self, frame: &'a Frame, record: &RawRecord) -> Cow<'a, str>;

    /// Where the record came from: `<input>[!<member>]#<record from 0>` or `space:<name>#<i>`.
    fn origin(&self, frame: &Frame, record: &RawRecord) -> String;

    /// A sweeper that applies these rules, in order, to whole blocks of indices; `None` if the source has no blocks.
    ///
    /// One a worker: it keeps working memory. Equal to judging each candidate singly.
    fn sweeper<'a>(&'a self, steps: &[SweepStep<'a>]) -> Option<Box<dyn Sweeper + 'a>> {
        let _ = steps;
        None
    }
}

/// A rule pushed into a space, and what becomes of candidates that it cannot decide.
#[derive(Copy, Clone)]
pub struct SweepStep<'a> {
    /// The rule.
    pub rule: &'a dyn BlockRule,
    /// Whether undecided candidates go on to the next rule.
    pub keep_undecided: bool,
}

/// Applies rules to ranges of indices.
pub trait Sweeper {
    /// Judges all candidates of `range`; adds to `counts`, one for each rule, and hands on those that are left, in order of index.
    ///
    /// # Panics
    /// If `range` ends beyond the space, or `counts` has not one entry a rule.
    fn sweep(&mut self, range: Range<u64>, counts: &mut [SweepCount], survivors: &mut dyn FnMut(Survivor<'_>));
}

/// Counts of one rule: `input = passed + failed + undecided`.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepCount {
    /// Candidates that reached the rule.
    pub input: u64,
    /// For which it holds.
    pub passed: u64,
    /// For which it is broken.
    pub failed: u64,
    /// For which it cannot be decided.
    pub undecided: u64,
}

/// A candidate that no rule removed.
#[derive(Copy, Clone, Debug)]
pub struct Survivor<'a> {
    /// Position in the source.
    pub index: u64,
    /// Elements, ascending atomic number.
    pub elements: &'a [Element],
    /// Amounts, in the order of `elements`.
    pub amounts: &'a [u8],
    /// Verdict of each rule, in their order.
    pub verdicts: &'a [Verdict],
}
