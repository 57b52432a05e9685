//! What the writers share: numbers, labels, one line of what a structure is.

use std::fmt::Write;

use crate::crystal::{Occupant, Structure};

use super::StructureEntry;

/// Appends a number with as few digits as read back to the same bits; negative zero without its sign.
pub(super) fn number(out: &mut String, value: f64) {
    let _ = write!(out, "{:?}", value + 0.0);
}

/// Appends numbers with spaces between them.
pub(super) fn numbers(out: &mut String, values: [f64; 3]) {
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            out.push(' ');
        }
        number(out, value);
    }
}

/// Appends a text as a JSON string.
pub(super) fn json_text(out: &mut String, text: &str) {
    let _ = write!(out, "{}", serde_json::Value::from(text));
}

/// Appends `[x,y,z]`.
pub(super) fn json_vector(out: &mut String, values: [f64; 3]) {
    out.push('[');
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        number(out, value);
    }
    out.push(']');
}

/// Appends `[[…],[…],[…]]`.
pub(super) fn json_matrix(out: &mut String, rows: &[[f64; 3]; 3]) {
    out.push('[');
    for (place, row) in rows.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        json_vector(out, *row);
    }
    out.push(']');
}

/// Whether a site has one full occupant.
pub(super) fn is_ordered(occupants: &[Occupant]) -> bool {
    matches!(occupants, [Occupant { occupancy: 1.0, .. }])
}

/// Element and oxidation state, as in CIF and pymatgen: `Fe3+`, `O2-`, `Si0+`, `Fe2.5+`, `Fe` where no state is known.
pub(super) fn species(occupant: &Occupant) -> String {
    let mut text = occupant.element.symbol().to_owned();
    if let Some(state) = occupant.oxidation {
        let _ = write!(text, "{}{}", state.abs(), if state < 0.0 { '-' } else { '+' });
    }
    text
}

/// The structure in a right-handed cell: vectors and coordinates change their signs together, so that no atom moves.
///
/// Cell parameters say nothing of handedness, and VASP refuses left-handed cells: without this the crystal would come out
/// as its own mirror image, or not at all.
pub(super) struct RightHanded<'a> {
    structure: &'a Structure,
    sign: f64,
}

impl<'a> RightHanded<'a> {
    pub(super) fn new(structure: &'a Structure) -> Self {
        Self { structure, sign: if structure.lattice().is_right_handed() { 1.0 } else { -1.0 } }
    }

    pub(super) fn rows(&self) -> [[f64; 3]; 3] {
        self.structure.lattice().rows().map(|row| row.map(|x| self.sign * x))
    }

    pub(super) fn frac(&self, site: usize) -> [f64; 3] {
        self.structure.fracs()[site].map(|x| self.sign * x)
    }
}

/// Reduced formula, id and origin on one line.
pub(super) fn title(entry: StructureEntry<'_>) -> String {
    let row = entry.row;
    let mut title = format!("{} {} {}", entry.structure.composition().reduced_formula(), row.id, row.origin);
    if let Some(rank) = row.rank {
        let _ = write!(title, " rank={rank}");
    }
    for (name, value) in entry.numbers() {
        let _ = write!(title, " {}=", key(name));
        number(&mut title, value);
    }
    one_line(&title)
}

/// The text with every control character and line break turned into a space.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// A name as keys of extended XYZ, CIF and OPTIMADE can hold it: letters, digits, `_`, `.` and `-`.
pub(super) fn key(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '_' }).collect()
}
