//! Oxidation states: which ones an element takes by which table, and what a formula's are likely to be.

mod states;
mod tables;

pub use states::StateSet;
pub use tables::{Evidence, OxidationTable, SmactElement, smact_element};
