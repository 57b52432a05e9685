//! CIF 1.1: the whole cell in P 1.
//!
//! CIF is ASCII: other characters are written as `\u{…}`. Cell parameters say nothing of how the cell lies in space.

use std::fmt::Write;

use crate::chem::{Element, NUM_ELEMENTS};
use crate::crystal::Occupant;

use super::StructureEntry;
use super::text::{RightHanded, key, number, species};

/// Appends a data block.
pub(super) fn write(name: &str, entry: StructureEntry<'_>, out: &mut String) {
    let (row, structure) = (entry.row, entry.structure);
    let _ = writeln!(out, "data_{name}");
    let mut item = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<33} {value}");
    };
    item("_matsieve_id", &text(&row.id));
    item("_matsieve_origin", &text(&row.origin));
    if let Some(rank) = row.rank {
        item("_matsieve_rank", &rank.to_string());
    }
    for (name, value) in entry.numbers() {
        item(&format!("_matsieve_{}", key(name)), &printed(value));
    }
    item("_chemical_formula_sum", &format!("'{}'", structure.composition().hill_formula()));
    let (lengths, angles) = (structure.lattice().lengths(), structure.lattice().angles());
    for (letter, length) in ["a", "b", "c"].into_iter().zip(lengths) {
        item(&format!("_cell_length_{letter}"), &printed(length));
    }
    for (letter, angle) in ["alpha", "beta", "gamma"].into_iter().zip(angles) {
        item(&format!("_cell_angle_{letter}"), &printed(angle));
    }
    item("_cell_volume", &printed(structure.lattice().volume()));
    item("_space_group_name_H-M_alt", "'P 1'");
    item("_space_group_IT_number", "1");
    out.push_str("loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n1 'x, y, z'\n");
    write_types(entry, out);
    out.push_str(
        "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n\
         _atom_site_occupancy\n",
    );
    let right = RightHanded::new(structure);
    let mut counts = [0_u32; NUM_ELEMENTS];
    for site in 0..structure.len() {
        for occupant in structure.occupants(site) {
            let count = &mut counts[place(occupant.element)];
            *count += 1;
            let _ = write!(out, "{}{count} {} ", occupant.element.symbol(), species(occupant));
            for x in right.frac(site) {
                number(out, x);
                out.push(' ');
            }
            number(out, occupant.occupancy);
            out.push('\n');
        }
    }
}

/// The loop of oxidation states, where any is known.
fn write_types(entry: StructureEntry<'_>, out: &mut String) {
    let mut known: Vec<&Occupant> = Vec::new();
    for site in 0..entry.structure.len() {
        for occupant in entry.structure.occupants(site) {
            let is_known = known.iter().any(|k| k.element == occupant.element && k.oxidation == occupant.oxidation);
            if !is_known {
                known.push(occupant);
            }
        }
    }
    if known.iter().all(|occupant| occupant.oxidation.is_none()) {
        return;
    }
    out.push_str("loop_\n_atom_type_symbol\n_atom_type_oxidation_number\n");
    for occupant in known {
        let _ = write!(out, "{} ", species(occupant));
        match occupant.oxidation {
            Some(state) => number(out, state),
            None => out.push('?'),
        }
        out.push('\n');
    }
}

fn place(element: Element) -> usize {
    usize::from(element.atomic_number()) - 1
}

fn printed(value: f64) -> String {
    let mut text = String::new();
    number(&mut text, value);
    text
}

/// A text as a CIF value: quoted, or a field of lines of its own where no quotes fit.
fn text(value: &str) -> String {
    let mut ascii = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            ' '..='~' => ascii.push(c),
            other => {
                let _ = write!(ascii, "\\u{{{:x}}}", u32::from(other));
            }
        }
    }
    for quote in ['\'', '"'] {
        if !ascii.contains(quote) {
            return format!("{quote}{ascii}{quote}");
        }
    }
    format!("\n;{ascii}\n;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_so_that_they_end_where_they_should() {
        assert_eq!(text("a b"), "'a b'");
        assert_eq!(text("it's a"), "\"it's a\"");
        assert_eq!(text("' \" x"), "\n;' \" x\n;");
        assert_eq!(text("材\n"), "'\\u{6750}\\u{a}'");
    }
}
