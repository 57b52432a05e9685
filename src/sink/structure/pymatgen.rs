//! `Structure.as_dict()` of pymatgen.

use std::fmt::Write;

use crate::crystal::Occupant;

use super::StructureEntry;
use super::text::{json_matrix, json_text, json_vector, number, species};

/// Appends one object, without a line end.
pub(super) fn write(entry: StructureEntry<'_>, out: &mut String) {
    let structure = entry.structure;
    let lattice = structure.lattice();
    out.push_str(
        "{\"@module\":\"pymatgen.core.structure\",\"@class\":\"Structure\",\"charge\":null,\"lattice\":{\"matrix\":",
    );
    json_matrix(out, lattice.rows());
    out.push_str(",\"pbc\":[true,true,true]");
    let ([a, b, c], [alpha, beta, gamma]) = (lattice.lengths(), lattice.angles());
    for (name, value) in [("a", a), ("b", b), ("c", c), ("alpha", alpha), ("beta", beta), ("gamma", gamma)] {
        let _ = write!(out, ",\"{name}\":");
        number(out, value);
    }
    out.push_str(",\"volume\":");
    number(out, lattice.volume());
    out.push_str("},\"properties\":{\"material_id\":");
    json_text(out, &entry.row.id);
    out.push_str(",\"origin\":");
    json_text(out, &entry.row.origin);
    if let Some(rank) = entry.row.rank {
        let _ = write!(out, ",\"rank\":{rank}");
    }
    for (name, value) in entry.numbers() {
        out.push(',');
        json_text(out, name);
        out.push(':');
        number(out, value);
    }
    out.push_str("},\"sites\":[");
    for site in 0..structure.len() {
        if site > 0 {
            out.push(',');
        }
        let occupants = structure.occupants(site);
        out.push_str("{\"species\":[");
        for (place, occupant) in occupants.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            write_species(occupant, out);
        }
        out.push_str("],\"abc\":");
        json_vector(out, structure.fracs()[site]);
        out.push_str(",\"xyz\":");
        json_vector(out, structure.cart(site));
        out.push_str(",\"properties\":{},\"label\":");
        let label: Vec<String> = occupants.iter().map(species).collect();
        json_text(out, &label.join(":"));
        out.push('}');
    }
    out.push_str("]}");
}

fn write_species(occupant: &Occupant, out: &mut String) {
    let _ = write!(out, "{{\"element\":\"{}\"", occupant.element.symbol());
    if let Some(state) = occupant.oxidation {
        out.push_str(",\"oxidation_state\":");
        number(out, state);
    }
    out.push_str(",\"occu\":");
    number(out, occupant.occupancy);
    out.push('}');
}
