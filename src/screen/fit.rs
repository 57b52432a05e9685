//! A first pass over the candidates: what decides the width of descriptors that depend on them.

use std::path::Path;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Frame, RawRecord, Stage};
use crate::chem::{Element, NUM_ELEMENTS};
use crate::descriptor::{self, Fitted, MOST_ATOMS};
use crate::source::Decoder;

use super::block::guarded;
use super::error::PlanError;
use super::origin::open_source;

/// Records read at a time.
const BATCH: usize = 4096;

/// Records that one thread decodes at a time.
const PIECE: usize = 64;

/// Most atoms in a cell, and which elements occur. Candidates that cannot be read, or are no structures, do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Atoms of the largest cell; 0 without structures.
    pub max_atoms: usize,
    elements: [bool; NUM_ELEMENTS],
}

impl Default for Extent {
    fn default() -> Self {
        Self { max_atoms: 0, elements: [false; NUM_ELEMENTS] }
    }
}

impl Extent {
    /// Takes a candidate into account.
    pub fn add(&mut self, candidate: &Candidate) {
        let Some(structure) = candidate.structure() else { return };
        self.max_atoms = self.max_atoms.max(structure.len());
        for site in 0..structure.len() {
            for occupant in structure.occupants(site) {
                self.elements[occupant.element.row()] = true;
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.max_atoms = self.max_atoms.max(other.max_atoms);
        self.elements.iter_mut().zip(other.elements).for_each(|(own, other)| *own |= other);
    }

    /// Elements that occur, by atomic number.
    pub fn elements(&self) -> impl Iterator<Item = Element> + '_ {
        Element::all().filter(|element| self.elements[element.row()])
    }

    /// The value of a parameter.
    fn value(&self, fitted: Fitted) -> Value {
        match fitted {
            Fitted::MaxAtoms => json!(self.max_atoms.clamp(1, MOST_ATOMS)),
            Fitted::Species => json!(self.elements().collect::<Vec<_>>()),
        }
    }
}

/// Reads all candidates of a source, disordered ones ordered by `seed`, in the current rayon pool; the result does not depend on the number of threads.
///
/// # Errors
/// The source cannot be opened or read.
pub fn extent(source: &Value, base: &Path, seed: u64) -> Result<Extent, PlanError> {
    let (mut source, _) = open_source(source, base, seed)?;
    let decoder = source.decoder();
    let mut extent = Extent::default();
    let mut frame = Frame::default();
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame)?;
        let pieces: Vec<Extent> =
            frame.records.par_chunks(PIECE).map(|records| extent_of(&*decoder, &frame, records)).collect();
        pieces.iter().for_each(|piece| extent.join(piece));
        if frame.records.len() < BATCH && !frame.is_full {
            return Ok(extent);
        }
    }
}

fn extent_of(decoder: &dyn Decoder, frame: &Frame, records: &[RawRecord]) -> Extent {
    let mut extent = Extent::default();
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    for record in records {
        // What cannot be read is quarantined, with its reason, by the run itself.
        if guarded(Stage::Parse, || decoder.decode(frame, record, &mut candidate)).is_ok() {
            extent.add(&candidate);
        }
    }
    extent
}

/// Parameters that candidates decide, by descriptor; empty where there are none, so that no pass is needed.
pub fn to_fit(descriptors: &[(String, Value)]) -> Vec<(&str, Fitted)> {
    let of = |(name, parameters): &'_ (String, Value)| descriptor::fitted(name, parameters);
    descriptors.iter().filter_map(|entry| Some((entry.0.as_str(), of(entry)?))).collect()
}

/// Adds what candidates decide to the parameters of descriptors.
pub fn fill(descriptors: &mut [(String, Value)], extent: &Extent) {
    for (name, parameters) in descriptors {
        let Some(fitted) = descriptor::fitted(name, parameters) else { continue };
        if parameters.is_null() {
            *parameters = Value::Object(Map::new());
        }
        if let Some(table) = parameters.as_object_mut() {
            table.insert(fitted.key().to_owned(), extent.value(fitted));
        }
    }
}
