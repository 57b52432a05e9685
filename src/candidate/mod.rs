//! The shared vocabulary of the engine: candidates, faults, columns, rows, predictions, verdicts and the layout of a result.

mod block;
mod fault;
mod features;
mod layout;
mod ledger;
mod neutrality;
mod prediction;
mod ranking;
mod record;
mod resolver;
mod row;
mod stored;
mod verdict;

use crate::chem::Composition;
use crate::crystal::Structure;

pub use block::{BlockJudge, BlockRule, BlockVerdicts, Stoichiometries};
pub use fault::{Fault, FaultCode, Stage};
pub use features::{Column, FeatureMatrix, Reference, Rows};
pub use layout::{FeatureGroup, FeatureType, Layout, PredictionGroup, Task};
pub use ledger::{Ledger, Tally};
pub use prediction::Predictions;
pub use ranking::{Duplicates, Ranking};
pub use record::{Frame, Payload, RawRecord};
pub use resolver::ColumnResolver;
pub use row::{ColumnRef, PredictionField, Row};
pub use stored::{NOT_REACHED, QuarantinedRow, StoredRows};
pub use verdict::Verdict;

/// Position in the source. The only key that orders output, seeds randomness or splits shards.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CandidateIndex(pub u64);

/// One candidate material, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Position in the source.
    pub index: CandidateIndex,
    /// What it is.
    pub kind: CandidateKind,
    /// Numeric columns that the source carries beside it, as [`Decoder::columns`](crate::source::Decoder::columns) announces; NaN = empty field.
    pub values: Vec<f64>,
}

/// The kinds of candidate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CandidateKind {
    /// Stoichiometric composition: what matters are ratios of amounts, a formula unit exists.
    Composition(Composition),
    /// Alloy or formulation: fractions on a simplex.
    Mixture(Composition),
    /// Crystal structure.
    Crystal(Box<Crystal>),
    /// Only numeric columns.
    Row,
}

/// A structure and the amounts of its cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Crystal {
    /// Lattice and sites.
    pub structure: Structure,
    /// Amounts of the whole cell, in order of first appearance.
    pub composition: Composition,
    /// The name that the record itself gives; empty where only its place names it.
    pub id: String,
}

impl Crystal {
    /// A nameless crystal of this structure.
    pub fn new(structure: Structure) -> Self {
        Self { composition: structure.composition(), structure, id: String::new() }
    }
}

impl Candidate {
    /// The composition, for all kinds that have one.
    pub fn composition(&self) -> Option<&Composition> {
        match &self.kind {
            CandidateKind::Composition(composition) | CandidateKind::Mixture(composition) => Some(composition),
            CandidateKind::Crystal(crystal) => Some(&crystal.composition),
            CandidateKind::Row => None,
        }
    }

    /// The name that the record itself gives, where it does.
    pub fn own_id(&self) -> Option<&str> {
        match &self.kind {
            CandidateKind::Crystal(crystal) if !crystal.id.is_empty() => Some(&crystal.id),
            _ => None,
        }
    }

    /// The structure, for crystals.
    pub fn structure(&self) -> Option<&Structure> {
        match &self.kind {
            CandidateKind::Crystal(crystal) => Some(&crystal.structure),
            _ => None,
        }
    }
}
