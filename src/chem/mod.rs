//! Chemistry: elements, compositions, formulas, oxidation states and element tables.

mod composition;
mod element;
mod element_set;
pub mod element_table;
pub mod pair_table;
pub mod table;

pub use composition::Composition;
pub use element::{Element, NUM_ELEMENTS};
pub use element_set::ElementSet;
pub use element_table::{ElementColumn, ElementTable};
