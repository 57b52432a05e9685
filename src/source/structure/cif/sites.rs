//! The atoms that a data block lists.

use crate::candidate::FaultCode;
use crate::chem::{Element, ElementSet};
use crate::crystal::{Lattice, Occupant};

use super::block::{Block, Column};
use super::lexer::Span;
use super::number::{is_missing, number};
use super::operation::Affine;
use super::species::{Species, mixture, species};
use super::tag::Key;

/// One listed atom.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Atom {
    pub frac: [f64; 3],
    pub occupant: Occupant,
    /// How far rounding may have moved it, in Å; only known of atoms that fill no more than half of their site.
    pub blur: f64,
    /// Whether a negative disorder group says that its own images exclude it.
    pub excludes_images: bool,
    /// Where its row begins in the record.
    pub at: u32,
}

/// Why the atoms cannot be read, and where in the record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BadSite {
    pub at: usize,
    pub code: FaultCode,
    pub why: String,
}

/// Below this an occupancy is a mistake; a little below zero it is a refined zero.
const LEAST_OCCUPANCY: f64 = -0.05;

/// Reads the rows of the `_atom_site` loop.
///
/// Rows that hold no atom are passed over: occupancy zero, calculated dummies, symbols of no atom (`X`, `Cg`, `Q1`), neither
/// symbol nor coordinates. A missing occupancy is 1, the default of the CIF dictionary. 1/3 and 2/3 written with few digits are made exact, as pymatgen does.
///
/// # Errors
/// A block without coordinates; a last row that is not whole; a coordinate or occupancy that is no number; an unknown symbol.
pub(super) fn atoms(block: &Block<'_>, lattice: &Lattice) -> Result<Vec<Atom>, BadSite> {
    let rows = Rows::of(block)?;
    let to_frac = if rows.is_cartesian { Some(to_frac(block, lattice)?) } else { None };
    let states = OxidationStates::of(block);
    let mut known = None;
    // Rows of one element mostly follow one another.
    let mut last: Option<(&[u8], Option<Species>)> = None;
    let mut atoms = Vec::with_capacity(rows.count);
    for row in 0..rows.count {
        let text = |column: Option<Column<'_>>| column.map(|column| column.value(row).of(block.bytes));
        if text(rows.calc_flag).is_some_and(|flag| flag.eq_ignore_ascii_case(b"dum")) {
            continue;
        }
        let symbol = rows.symbol(row, block);
        let at = symbol.start as usize;
        let is_blank = |span: Span| is_missing(span.of(block.bytes));
        if is_blank(symbol) && rows.coordinates.iter().all(|column| is_blank(column.value(row))) {
            continue;
        }
        let occupancy = match text(rows.occupancy).filter(|text| !is_missing(text)) {
            None => 1.0,
            Some(text) => number(text).filter(|value| *value >= LEAST_OCCUPANCY).ok_or_else(|| {
                bad(
                    at,
                    FaultCode::UnparsableCif,
                    format!("the occupancy of {} is {}", quote(symbol, block), String::from_utf8_lossy(text)),
                )
            })?,
        };
        if occupancy <= 0.0 {
            continue;
        }
        let parts = mixture(symbol.of(block.bytes)).unwrap_or_default();
        let whole = [(1.0, symbol.of(block.bytes))];
        for &(share, name) in if parts.is_empty() { &whole[..] } else { &parts } {
            // A mixture may name what it holds nothing of: `0.8Nb + 0.0Zr`.
            let held = occupancy * share;
            if held <= 0.0 {
                continue;
            }
            // `CA1` is calcium or a carbon called A: the formula decides.
            let known =
                if has_capital_second(name) { *known.get_or_insert_with(|| known_elements(block)) } else { None };
            let found = match last {
                Some((last, found)) if last == name => found,
                _ => species(name, known),
            };
            last = Some((name, found));
            let Some(found) = found else {
                return Err(bad(at, FaultCode::UnknownElement, format!("{} names no element", quote(symbol, block))));
            };
            let Species::Atom(element, charge) = found else { continue };
            let mut frac = [0.0; 3];
            for (value, column) in frac.iter_mut().zip(rows.coordinates) {
                let text = column.value(row).of(block.bytes);
                let found = if to_frac.is_some() { number(text) } else { number(text).map(|x| exact_third(x, text)) };
                *value = found.ok_or_else(|| {
                    let why = format!(
                        "a coordinate of {} is {:?} where a number is expected",
                        quote(symbol, block),
                        String::from_utf8_lossy(text)
                    );
                    bad(at, FaultCode::UnparsableCif, why)
                })?;
            }
            let frac = match &to_frac {
                Some(affine) => affine.apply(frac),
                None => frac,
            };
            if !frac.iter().all(|value| value.abs() < 1e6) {
                return Err(bad(
                    at,
                    FaultCode::UnparsableCif,
                    format!("{} lies too far from the cell", quote(symbol, block)),
                ));
            }
            let oxidation = states.of_symbol(name).or(charge);
            let excludes_images = text(rows.disorder_group).is_some_and(|group| group.starts_with(b"-"));
            let occupant = Occupant { element, occupancy: held, oxidation };
            let blur = if occupancy > 0.5 && !excludes_images {
                0.0
            } else {
                let steps = rows.coordinates.map(|column| rounding(column.value(row).of(block.bytes)));
                let lengths = if to_frac.is_some() { [1.0; 3] } else { lattice.lengths() };
                let squares: f64 =
                    steps.iter().zip(lengths).map(|(step, length)| (step * length) * (step * length)).sum();
                squares.sqrt()
            };
            atoms.push(Atom { frac, occupant, blur, excludes_images, at: at as u32 });
        }
    }
    Ok(atoms)
}

fn bad(at: usize, code: FaultCode, why: String) -> BadSite {
    BadSite { at, code, why }
}

fn quote(symbol: Span, block: &Block<'_>) -> String {
    format!("{:?}", String::from_utf8_lossy(symbol.of(block.bytes)))
}

/// `CA1`: one symbol of two letters, or two words.
fn has_capital_second(name: &[u8]) -> bool {
    name.get(1).is_some_and(u8::is_ascii_uppercase)
}

/// Half a unit of the last decimal that is given; 0 for whole numbers, thirds and fractions, which are meant exactly.
fn rounding(text: &[u8]) -> f64 {
    let Some(value) = number(text) else { return 0.0 };
    let digits = text.split(|byte| *byte == b'(').next().unwrap_or_default();
    let is_third = exact_third(value, text) != value;
    let decimals = digits.iter().position(|byte| *byte == b'.').map_or(0, |point| digits.len() - point - 1);
    if decimals == 0 || is_third { 0.0 } else { (0..decimals).fold(0.5, |step, _| step / 10.0) }
}

/// Thirds within 1e-4 of themselves, as `frac_tolerance` of pymatgen's `CifParser` (there only positive ones), and those
/// with three digits and no uncertainty: `0.333`, `.667`, `0.666`.
fn exact_third(value: f64, text: &[u8]) -> f64 {
    // Few coordinates lie near a third: one comparison for the others.
    let size = value.abs();
    if !(0.332..0.668).contains(&size) || (0.334..0.666).contains(&size) {
        return value;
    }
    let decimals = text.iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
    let has_three_digits = decimals == 3 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
    let tolerance = if has_three_digits { 1.5e-3 } else { 1e-4 };
    for third in [1.0 / 3.0, 2.0 / 3.0] {
        if (size / third - 1.0).abs() <= tolerance {
            return third.copysign(value);
        }
    }
    value
}

/// Columns of the loop that has the coordinates.
struct Rows<'a> {
    count: usize,
    is_cartesian: bool,
    coordinates: [Column<'a>; 3],
    names: [Option<Column<'a>>; 2],
    occupancy: Option<Column<'a>>,
    calc_flag: Option<Column<'a>>,
    disorder_group: Option<Column<'a>>,
}

impl<'a> Rows<'a> {
    fn of(block: &'a Block<'_>) -> Result<Self, BadSite> {
        let end = block.bytes.len();
        let coordinates = |keys: [Key; 3]| {
            let [x, y, z] = keys.map(|key| block.column(key));
            let columns = [x?, y?, z?];
            let is_given =
                |column: &Column<'_>| (0..column.rows()).any(|row| !is_missing(column.value(row).of(block.bytes)));
            columns.iter().all(is_given).then_some(columns)
        };
        let (coordinates, is_cartesian) = match (coordinates(Key::FRACT), coordinates(Key::CARTN)) {
            (Some(columns), _) => (columns, false),
            (None, Some(columns)) => (columns, true),
            (None, None) => {
                let is_there = |key: &Key| block.column(*key).is_some();
                let keys = [Key::FRACT, Key::CARTN].concat();
                let first = keys.iter().find_map(|key| block.column(*key)).filter(|column| column.rows() > 0);
                let why = if Key::FRACT.iter().all(is_there) || Key::CARTN.iter().all(is_there) {
                    "the atoms have no coordinates: numbers are expected, all are missing"
                } else {
                    "the data block has no atoms: _atom_site_fract_x, _y and _z are needed"
                };
                let at = first.map_or(end, |column| column.value(0).start as usize);
                return Err(bad(at, FaultCode::UnparsableCif, why.into()));
            }
        };
        let first = coordinates[0];
        if coordinates.iter().any(|column| column.table != first.table) {
            let why = "the coordinates of the atoms stand in different loops".into();
            return Err(bad(first.value(0).start as usize, FaultCode::UnparsableCif, why));
        }
        if let Some((values, at)) = block.table_of(first).and_then(|table| table.partial) {
            let columns = block.table_of(first).map_or(0, |table| table.columns);
            let why = format!("the atom loop ends with {values} of {columns} values in its last row");
            return Err(bad(at, FaultCode::UnparsableCif, why));
        }
        let beside = |key| block.column(key).filter(|column| column.table == first.table);
        let names = [beside(Key::SITE_TYPE), beside(Key::SITE_LABEL)];
        if names.iter().all(Option::is_none) {
            let why = "the atoms have neither _atom_site_type_symbol nor _atom_site_label".into();
            return Err(bad(first.value(0).start as usize, FaultCode::UnparsableCif, why));
        }
        Ok(Self {
            count: first.rows(),
            is_cartesian,
            coordinates,
            names,
            occupancy: beside(Key::OCCUPANCY),
            calc_flag: beside(Key::CALC_FLAG),
            disorder_group: beside(Key::DISORDER_GROUP),
        })
    }

    /// What names the atom of a row: its type symbol or, where that is missing, its label.
    fn symbol(&self, row: usize, block: &Block<'_>) -> Span {
        let mut names = self.names.iter().flatten().map(|column| column.value(row));
        let first = names.clone().find(|name| !is_missing(name.of(block.bytes)));
        first.or_else(|| names.next()).unwrap_or_else(|| self.coordinates[0].value(row))
    }
}

/// Elements of `_atom_type_symbol` and `_chemical_formula_sum`; `None` where there are none.
fn known_elements(block: &Block<'_>) -> Option<ElementSet> {
    let mut known = ElementSet::EMPTY;
    let mut add = |name: &[u8]| {
        let length = 1 + usize::from(name.get(1).is_some_and(u8::is_ascii_lowercase));
        let symbol = name.get(..length).and_then(|symbol| std::str::from_utf8(symbol).ok());
        if let Some(element) = symbol.and_then(Element::from_symbol) {
            known.insert(element);
        }
    };
    if let Some(column) = block.column(Key::TYPE_SYMBOL) {
        (0..column.rows()).for_each(|row| add(column.value(row).of(block.bytes)));
    }
    if let Some(formula) = block.item_of(Key::FORMULA_SUM) {
        formula.of(block.bytes).split(u8::is_ascii_whitespace).for_each(add);
    }
    (!known.is_empty()).then_some(known)
}

/// The list of `_atom_type_oxidation_number`.
struct OxidationStates<'a>(Vec<(&'a [u8], f64)>);

impl<'a> OxidationStates<'a> {
    fn of(block: &Block<'a>) -> Self {
        let (Some(symbols), Some(states)) = (block.column(Key::TYPE_SYMBOL), block.column(Key::TYPE_OXIDATION)) else {
            return Self(vec![]);
        };
        let rows = if symbols.table == states.table { symbols.rows().min(MAX_TYPES) } else { 0 };
        let row = |row| {
            let state = number(states.value(row).of(block.bytes)).filter(|state| state.abs() <= 9.0)?;
            Some((symbols.value(row).of(block.bytes).trim_ascii(), state))
        };
        Self((0..rows).filter_map(row).collect())
    }

    fn of_symbol(&self, symbol: &[u8]) -> Option<f64> {
        self.0.iter().find(|(name, _)| *name == symbol.trim_ascii()).map(|(_, state)| *state)
    }
}

/// More atom types than elements times charges: longer lists are not searched.
const MAX_TYPES: usize = 2000;

/// From Cartesian to fractional coordinates: as the block says, else with a along x and b in the xy plane, as most programs
/// write them.
fn to_frac(block: &Block<'_>, lattice: &Lattice) -> Result<Affine, BadSite> {
    let read = |keys: [Key; 12]| -> Option<Affine> {
        let mut values = [0.0; 12];
        for (place, (value, key)) in values.iter_mut().zip(keys).enumerate() {
            let given = block.item_of(key).and_then(|span| number(span.of(block.bytes)));
            // A vector that is left out is zero.
            *value = if place < 9 { given? } else { given.unwrap_or(0.0) };
        }
        let [a, b, c, d, e, f, g, h, i, u, v, w] = values;
        Some(Affine { matrix: [[a, b, c], [d, e, f], [g, h, i]], vector: [u, v, w] })
    };
    if let Some(affine) = read(Key::fract_transform()) {
        return Ok(affine);
    }
    let from_frac = read(Key::cartn_transform()).unwrap_or_else(|| {
        let rows = lattice.rows();
        let dot = |i: usize, j: usize| rows[i][0] * rows[j][0] + rows[i][1] * rows[j][1] + rows[i][2] * rows[j][2];
        let a = dot(0, 0).sqrt();
        let (b_x, c_x) = (dot(0, 1) / a, dot(0, 2) / a);
        let b_y = (dot(1, 1) - b_x * b_x).sqrt();
        let c_y = (dot(1, 2) - b_x * c_x) / b_y;
        Affine { matrix: [[a, b_x, c_x], [0.0, b_y, c_y], [0.0, 0.0, lattice.volume() / (a * b_y)]], vector: [0.0; 3] }
    });
    from_frac.inverse().ok_or_else(|| {
        let why = "_atom_sites_Cartn_tran_matrix has no inverse".into();
        bad(block.bytes.len(), FaultCode::UnparsableCif, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_meant_where_digits_say_no_more() {
        let read = |text: &str| exact_third(number(text.as_bytes()).expect("a number"), text.as_bytes());
        for text in ["0.3333", ".33333", "0.33333333", "0.333", "0.3333(2)", "1/3"] {
            assert_eq!(read(text), 1.0 / 3.0, "{text}");
        }
        assert_eq!((read("-0.6667"), read("0.667"), read("0.666")), (-2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0));
        for (text, value) in
            [("0.333(1)", 0.333), ("0.3330", 0.333), ("0.33", 0.33), ("0.3334", 0.3334), ("0.332", 0.332), ("0.5", 0.5)]
        {
            assert_eq!(read(text), value, "{text}");
        }
    }

    #[test]
    fn rounding_is_half_of_the_last_digit() {
        for (text, step) in [("0.25", 0.005), ("-.1234(5)", 0.000_05), ("0", 0.0), ("0.3333", 0.0), ("1/4", 0.0)] {
            assert!((rounding(text.as_bytes()) - step).abs() < 1e-12, "{text}");
        }
    }
}
