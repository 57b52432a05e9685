//! Chemical formulas: text in, [`Composition`] and charge out.
//!
//! # Grammar
//! ```text
//! formula    = part { dot part } [ charge ]          white space between any two tokens
//! part       = [ multiplier ] group { group }        a multiplier needs a dot somewhere on its level
//! group      = symbol [ amount ] | "(" formula without charge ")" [ amount ]   and the same with [] and {}
//! dot        = "·" | "*"   (also U+2219, U+22C5, U+2022)
//! amount     = digits [ "." digits ]                 ASCII digits or Unicode subscripts
//! charge     = [ "^" ] [ digits ] sign | "^" sign digits | superscripts
//! symbol     = IUPAC symbol | "D" | "T"              deuterium and tritium count as hydrogen
//! ```
//! # What is refused rather than guessed
//! * A sign anywhere but at the very end (`O6+z`, `Ba-1`).
//! * Digits that touch a sign after a compound: `NH4+` may be four hydrogens and one charge or four charges.
//!   `NH4^+`, `(NH4)+`, `SO4 2-`, `SO4^2-` are clear. After a lone symbol (`Ca2+`) and after square brackets around
//!   everything (`[Fe(CN)6]4-`) the digits belong to the charge, as chemists write it.
//! * A period that may be a hydrate dot: before water or ammonia (`CuSO4.5H2O`), before a capital or a bracket
//!   (`CuSO4.H2O`), and one without a digit before it unless nothing follows (`O.5Fe`). `Co8.2H2O1` is clear: nobody writes
//!   the one of a molecule of water, lists of amounts do.
//!
//! # Limits
//! [`MAX_FORMULA_BYTES`] of text, [`MAX_DEPTH`] brackets in one another, [`MAX_AMOUNT`] atoms of one element, charges of
//! two digits; beyond them the formula is *too large*, found in time proportional to the limit. Amounts below
//! [`MIN_AMOUNT`] (so also zeros) drop their element, as pymatgen does; a formula of which nothing is left is *empty*.

mod error;
mod number;
mod scanner;

pub use error::{FormulaError, FormulaErrorKind};

use super::Composition;

/// Longest formula that is read, in bytes.
pub const MAX_FORMULA_BYTES: usize = 4096;

/// Deepest nesting of brackets.
pub const MAX_DEPTH: usize = 16;

/// Largest amount of one element.
pub const MAX_AMOUNT: f64 = 1e12;

/// Smallest amount that counts (pymatgen's `amount_tolerance`).
pub const MIN_AMOUNT: f64 = 1e-8;

/// A composition and the charge that its formula stated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParsedFormula {
    /// Elements and amounts, in order of first appearance.
    pub composition: Composition,
    /// Charge in elementary charges, `None` where the formula states none.
    pub charge: Option<i32>,
}

/// The composition that a formula states; a charge at its end is checked and dropped.
///
/// ```
/// use matsieve::chem::{Element, parse_formula};
/// let vitriol = parse_formula("CuSO4·5H2O").unwrap();
/// assert_eq!(vitriol.amount(Element::from_symbol("O").unwrap()), 9.0);
/// assert_eq!(parse_formula("Xx2O3").unwrap_err().column(), 1);
/// ```
///
/// # Errors
/// See [`FormulaErrorKind`]; the error names the column of the first byte that does not fit.
pub fn parse_formula(text: &str) -> Result<Composition, FormulaError> {
    let mut composition = Composition::new();
    parse_formula_into(text, &mut composition)?;
    Ok(composition)
}

/// The composition and the charge that a formula states.
///
/// # Errors
/// As [`parse_formula`].
pub fn parse_charged_formula(text: &str) -> Result<ParsedFormula, FormulaError> {
    let mut composition = Composition::new();
    let charge = parse_formula_into(text, &mut composition)?;
    Ok(ParsedFormula { composition, charge })
}

/// Replaces `out` by the composition that a formula states, and returns its charge if it states one.
///
/// Allocates only for formulas of more than eight groups. `out` is empty after an error.
///
/// # Errors
/// As [`parse_formula`].
pub fn parse_formula_into(text: &str, out: &mut Composition) -> Result<Option<i32>, FormulaError> {
    out.clear();
    let result = scanner::scan(text, &mut out.pairs);
    if result.is_err() {
        out.clear();
    }
    result
}

#[cfg(test)]
mod tests;
