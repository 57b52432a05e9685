//! Oxidation states: which ones an element takes by which table, and what a formula's are likely to be.

mod guess;
mod states;
mod sums;
mod tables;

pub use guess::{GuessOutcome, GuessScratch, MAX_ATOMS, OxidationGuesser, SpeciesAmount};
pub use states::{MAX_STATE, StateSet};
pub(in crate::chem) use tables::ion_counts;
pub use tables::{Evidence, OxidationTable, SmactElement, smact_element};
