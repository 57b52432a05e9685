//! Extended XYZ, as ASE and OVITO read it.

use std::fmt::Write;

use super::StructureEntry;
use super::text::{key, number, numbers, one_line};

/// Appends a frame.
pub(super) fn write(entry: StructureEntry<'_>, out: &mut String) {
    let (row, structure) = (entry.row, entry.structure);
    let _ = write!(out, "{}\nLattice=\"", structure.len());
    for (place, vector) in structure.lattice().rows().iter().enumerate() {
        if place > 0 {
            out.push(' ');
        }
        numbers(out, *vector);
    }
    out.push_str("\" Properties=species:S:1:pos:R:3 pbc=\"T T T\"");
    let _ = write!(out, " id={} origin={}", quoted(&row.id), quoted(&row.origin));
    if let Some(rank) = row.rank {
        let _ = write!(out, " rank={rank}");
    }
    for (name, value) in entry.numbers() {
        let _ = write!(out, " {}=", key(name));
        number(out, value);
    }
    out.push('\n');
    for site in 0..structure.len() {
        let _ = write!(out, "{} ", structure.occupants(site)[0].element.symbol());
        numbers(out, structure.cart(site));
        out.push('\n');
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}
