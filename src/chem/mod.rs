//! Chemistry: elements, compositions, formulas, oxidation states and element tables.

pub mod bond_valence;
mod composition;
mod element;
mod element_set;
pub mod element_table;
mod format;
mod formula;
mod ionic_radius;
pub mod neutrality;
pub mod oxidation;
pub mod pair_table;
pub mod policy;
mod reduce;
pub mod table;

pub use composition::Composition;
pub use element::{Element, NUM_ELEMENTS};
pub use element_set::ElementSet;
pub use element_table::{ElementColumn, ElementTable};
pub use formula::{
    FormulaError, FormulaErrorKind, MAX_AMOUNT, MAX_DEPTH, MAX_FORMULA_BYTES, MIN_AMOUNT, ParsedFormula,
    parse_charged_formula, parse_formula, parse_formula_into,
};
pub use ionic_radius::{IonicRadii, ionic_radii};
