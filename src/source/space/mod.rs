//! Enumerated spaces of compositions: the i-th candidate is a function of i.
//!
//! Order: number of elements, then element set (lexicographic by atomic number), then stoichiometry (lexicographic). Every
//! composition is reduced and occurs once.

mod spec;
mod stoichiometry;
mod subsets;
mod sweep;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::candidate::{
    Candidate, CandidateIndex, CandidateKind, Column, Fault, FaultCode, Frame, Payload, RawRecord, Stage,
    Stoichiometries,
};
use crate::chem::{Composition, Element};

use super::{Decoder, Source, SourceError, SweepStep, Sweeper};
use subsets::{Cursor, Subsets};

pub use spec::{NumElements, SpaceSpec};

/// An index-addressable space of compositions.
///
/// ```
/// use matsieve::source::space::{Space, SpaceSpec};
/// let plan = serde_json::json!({ "elements": ["Ti", "O"], "num_elements": 2, "max_amount": 3 });
/// let space = Space::new(&SpaceSpec::from_value(&plan).unwrap()).unwrap();
/// assert_eq!(space.count(), 7);
/// let titania = space.at(3).unwrap();
/// assert_eq!((titania.elements[0].symbol(), &titania.amounts[..]), ("O", &[2, 1][..]));
/// ```
#[derive(Clone, Debug)]
pub struct Space {
    name: String,
    sections: Vec<Section>,
}

/// All compositions of one number of elements.
#[derive(Clone, Debug)]
struct Section {
    indices: Range<u64>,
    subsets: Subsets,
    stoichiometries: Stoichiometries,
}

/// One composition of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpacePoint {
    /// Elements, ascending atomic number.
    pub elements: Vec<Element>,
    /// Amounts in the reduced formula, in the order of `elements`.
    pub amounts: Vec<u8>,
}

impl Space {
    /// Builds the space: counts it exactly and lists its stoichiometries.
    ///
    /// # Errors
    /// Sets that do not fit together, more than 2^63 candidates, more stoichiometries than fit into memory, no candidate.
    pub fn new(spec: &SpaceSpec) -> Result<Self, SpaceError> {
        let checked = spec.check()?;
        let mut sections = Vec::new();
        let mut start = 0u64;
        for size in spec.num_elements.0.clone() {
            let stoichiometries = stoichiometry::reduced(size, spec.max_amount, spec.max_atoms.unwrap_or(u32::MAX))?;
            let subsets =
                Subsets::new(spec.require, checked.free, &checked.groups, size).ok_or(SpaceError::TooLarge)?;
            let end = subsets
                .count()
                .checked_mul(stoichiometries.len() as u128)
                .and_then(|count| count.checked_add(u128::from(start)))
                .filter(|&end| end <= i64::MAX as u128)
                .ok_or(SpaceError::TooLarge)? as u64;
            if end > start {
                sections.push(Section { indices: start..end, subsets, stoichiometries });
            }
            start = end;
        }
        if start == 0 {
            return Err(SpaceError::Empty);
        }
        Ok(Self { name: spec.name.clone(), sections })
    }

    /// Number of candidates.
    pub fn count(&self) -> u64 {
        self.sections.last().map_or(0, |section| section.indices.end)
    }

    /// Number of element sets, by number of elements.
    pub fn num_element_sets(&self) -> u64 {
        self.sections.iter().map(|section| section.num_blocks()).sum()
    }

    /// The candidate of this index, `None` beyond the end.
    pub fn at(&self, index: u64) -> Option<SpacePoint> {
        let section = self.sections.iter().find(|section| section.indices.contains(&index))?;
        let (block, row) = section.locate(index);
        let mut cursor = Cursor::default();
        section.subsets.seek(u128::from(block), &mut cursor);
        Some(SpacePoint { elements: cursor.elements, amounts: section.stoichiometries.row(row).to_vec() })
    }

    fn composition(&self, index: CandidateIndex) -> Result<Composition, Fault> {
        let point = self.at(index.0).ok_or_else(|| {
            let detail = format!("index {} of a space of {} candidates", index.0, self.count());
            Fault::new(Stage::Read, FaultCode::Internal, detail)
        })?;
        Ok(point.composition())
    }
}

impl SpacePoint {
    /// The composition, elements in the order in which its reduced formula names them: the same candidate as that formula read
    /// from a table, ties of oxidation-state guesses included.
    pub fn composition(&self) -> Composition {
        let mut composition = Composition::new();
        for (&element, &amount) in self.elements.iter().zip(&self.amounts) {
            composition.add(element, f64::from(amount));
        }
        composition.sort_by_electronegativity();
        composition
    }
}

impl Section {
    fn num_blocks(&self) -> u64 {
        (self.indices.end - self.indices.start) / self.stoichiometries.len() as u64
    }

    /// Element set and stoichiometry of an index of this section.
    fn locate(&self, index: u64) -> (u64, usize) {
        let (local, rows) = (index - self.indices.start, self.stoichiometries.len() as u64);
        (local / rows, (local % rows) as usize)
    }
}

/// An enumerated space as a source of candidates.
pub struct SpaceSource {
    space: Arc<Space>,
    next: u64,
}

impl SpaceSource {
    /// All candidates of a space, from the first.
    pub fn new(space: Space) -> Self {
        Self { space: Arc::new(space), next: 0 }
    }

    /// The space.
    pub fn space(&self) -> &Arc<Space> {
        &self.space
    }
}

impl Source for SpaceSource {
    fn frame(&mut self, limit: usize, frame: &mut Frame) -> Result<(), SourceError> {
        let end = self.space.count().min(self.next.saturating_add(limit as u64));
        frame.records.extend(
            (self.next..end).map(|index| RawRecord { index: CandidateIndex(index), payload: Payload::Indexed }),
        );
        self.next = self.next.max(end);
        Ok(())
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        self.space.clone()
    }

    fn num_records(&self) -> Option<u64> {
        Some(self.space.count())
    }

    fn seek(&mut self, index: u64) -> Result<(), SourceError> {
        self.next = index;
        Ok(())
    }

    fn skip(&mut self, count: u64) -> Result<u64, SourceError> {
        let passed = count.min(self.space.count().saturating_sub(self.next));
        self.next += passed;
        Ok(passed)
    }
}

impl Decoder for Space {
    fn columns(&self) -> &[Column] {
        &[]
    }

    fn decode(&self, _frame: &Frame, record: &RawRecord, out: &mut Candidate) -> Result<(), Fault> {
        out.index = record.index;
        out.values.clear();
        let composition = self.composition(record.index)?;
        out.kind = CandidateKind::Composition(composition);
        Ok(())
    }

    fn id<'a>(&self, _frame: &'a Frame, record: &RawRecord) -> Cow<'a, str> {
        Cow::Owned(match self.at(record.index.0) {
            Some(point) => point.composition().reduced_formula(),
            None => record.index.0.to_string(),
        })
    }

    fn origin(&self, _frame: &Frame, record: &RawRecord) -> String {
        format!("space:{}#{}", self.name, record.index.0)
    }

    fn sweeper<'a>(&'a self, steps: &[SweepStep<'a>]) -> Option<Box<dyn Sweeper + 'a>> {
        Some(Box::new(sweep::SpaceSweeper::new(self, steps)))
    }
}

/// Why there is no such space.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A key is unknown or its value is of no use.
    #[error("{0}")]
    Key(String),
    /// Elements that cannot occur are required.
    #[error("`{key}`: not among `elements`, or excluded: {elements}")]
    Unavailable {
        /// The key.
        key: &'static str,
        /// The elements.
        elements: String,
    },
    /// Fewer elements than a candidate needs.
    #[error("`num_elements` asks for {wanted} elements, there are {found}")]
    TooFewElements {
        /// Elements wanted.
        wanted: usize,
        /// Elements available.
        found: usize,
    },
    /// The list of stoichiometries does not fit into memory.
    #[error("more than {limit} stoichiometries of {num_elements} elements; lower `max_amount` or `max_atoms`")]
    TooManyStoichiometries {
        /// Number of elements.
        num_elements: usize,
        /// The limit.
        limit: usize,
    },
    /// Indices would not fit into 63 bits.
    #[error("more than 2^63 candidates; narrow the elements, `num_elements`, `max_amount` or `max_atoms`")]
    TooLarge,
    /// No candidate meets the conditions.
    #[error("no candidate: `require`, `require_any`, `num_elements` and `max_atoms` exclude one another")]
    Empty,
}
