//! Chemistry: elements, compositions, formulas, oxidation states and element tables.

mod composition;
mod element;

pub use composition::Composition;
pub use element::{Element, NUM_ELEMENTS};
