//! OPTIMADE structures, version 1.2: one entry a line.
//!
//! Formulas that OPTIMADE defines for whole amounts only are null where amounts are none. What a partial occupant leaves
//! free is a `vacancy`. Oxidation states, which OPTIMADE does not know, are in the species' names and in
//! `_matsieve_oxidation_states`.

use std::fmt::Write;

use crate::chem::Composition;
use crate::crystal::{Occupant, Structure};

use super::StructureEntry;
use super::text::{is_ordered, json_matrix, json_text, json_vector, key, number, species};

/// The line in front of all entries.
pub(super) const HEADER: &str = "{\"x-optimade\":{\"meta\":{\"api_version\":\"1.2.0\"}}}\n";

/// How far a sum of occupancies may lie below 1 before the rest is a vacancy: shares like 0.3333 are rounded.
const FULL: f64 = 1e-3;

/// Appends one entry and its line end.
pub(super) fn write(id: &str, entry: StructureEntry<'_>, out: &mut String) {
    let structure = entry.structure;
    out.push_str("{\"type\":\"structures\",\"id\":");
    json_text(out, id);
    out.push_str(",\"attributes\":{\"last_modified\":null,");
    write_formulas(structure, out);
    out.push_str(",\"dimension_types\":[1,1,1],\"nperiodic_dimensions\":3,\"lattice_vectors\":");
    json_matrix(out, structure.lattice().rows());
    let _ = write!(out, ",\"nsites\":{},\"cartesian_site_positions\":[", structure.len());
    for site in 0..structure.len() {
        if site > 0 {
            out.push(',');
        }
        json_vector(out, structure.cart(site));
    }
    out.push_str("],\"species_at_sites\":[");
    let mut kinds: Vec<(String, &[Occupant])> = Vec::new();
    for site in 0..structure.len() {
        let occupants = structure.occupants(site);
        let place = kinds.iter().position(|(_, known)| *known == occupants).unwrap_or_else(|| {
            kinds.push((name_of(occupants), occupants));
            kinds.len() - 1
        });
        if site > 0 {
            out.push(',');
        }
        json_text(out, &kinds[place].0);
    }
    out.push_str("],\"species\":[");
    for (place, (name, occupants)) in kinds.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_species(name, occupants, out);
    }
    let disorder = if kinds.iter().all(|(_, occupants)| is_ordered(occupants)) { "" } else { "\"disorder\"" };
    let _ = write!(out, "],\"structure_features\":[{disorder}],\"_matsieve_origin\":");
    json_text(out, &entry.row.origin);
    if let Some(rank) = entry.row.rank {
        let _ = write!(out, ",\"_matsieve_rank\":{rank}");
    }
    for (name, value) in entry.numbers() {
        // Keys are lower case by the specification.
        let _ = write!(out, ",\"_matsieve_{}\":", key(name).to_ascii_lowercase().replace(['.', '-'], "_"));
        number(out, value);
    }
    out.push_str("}}\n");
}

/// `Fe3+` where it is alone, `Fe3+:0.5,Co:0.25` else: equal names mean equal occupants.
fn name_of(occupants: &[Occupant]) -> String {
    if is_ordered(occupants) {
        return species(&occupants[0]);
    }
    let parts: Vec<String> = occupants.iter().map(|o| format!("{}:{:?}", species(o), o.occupancy)).collect();
    parts.join(",")
}

fn write_species(name: &str, occupants: &[Occupant], out: &mut String) {
    let vacant = 1.0 - occupants.iter().map(|occupant| occupant.occupancy).sum::<f64>();
    let vacancy = (vacant > FULL).then_some(("vacancy", vacant));
    let parts: Vec<(&str, f64)> = occupants.iter().map(|o| (o.element.symbol(), o.occupancy)).chain(vacancy).collect();
    out.push_str("{\"name\":");
    json_text(out, name);
    let symbols: Vec<String> = parts.iter().map(|(symbol, _)| format!("\"{symbol}\"")).collect();
    let shares: Vec<String> = parts.iter().map(|(_, share)| format!("{share:?}")).collect();
    let _ = write!(out, ",\"chemical_symbols\":[{}],\"concentration\":[{}]", symbols.join(","), shares.join(","));
    if occupants.iter().any(|occupant| occupant.oxidation.is_some()) {
        let states = occupants.iter().map(|o| o.oxidation.map_or_else(|| "null".to_owned(), |s| format!("{s:?}")));
        let _ = write!(out, ",\"_matsieve_oxidation_states\":[{}]", states.collect::<Vec<_>>().join(","));
    }
    out.push('}');
}

fn write_formulas(structure: &Structure, out: &mut String) {
    let composition = structure.composition();
    let mut amounts: Vec<(&str, f64)> = composition.pairs().iter().map(|(e, amount)| (e.symbol(), *amount)).collect();
    amounts.sort_by_key(|(symbol, _)| *symbol);
    let total: f64 = composition.num_atoms();
    let elements: Vec<String> = amounts.iter().map(|(symbol, _)| format!("\"{symbol}\"")).collect();
    let ratios: Vec<String> = amounts.iter().map(|(_, amount)| format!("{:?}", amount / total)).collect();
    let _ = write!(out, "\"elements\":[{}],\"nelements\":{}", elements.join(","), elements.len());
    let _ = write!(out, ",\"elements_ratios\":[{}],\"chemical_formula_descriptive\":", ratios.join(","));
    json_text(out, &composition.reduced_formula());
    let (reduced, anonymous) = match whole(&composition) {
        Some(divisor) => {
            let part = |symbol: &str, count: u64| match count {
                1 => symbol.to_owned(),
                count => format!("{symbol}{count}"),
            };
            let counts: Vec<(&str, u64)> =
                amounts.iter().map(|(symbol, amount)| (*symbol, amount.round() as u64 / divisor)).collect();
            let mut falling: Vec<u64> = counts.iter().map(|(_, count)| *count).collect();
            falling.sort_unstable_by(|a, b| b.cmp(a));
            let letters = falling.iter().enumerate().map(|(place, &count)| part(&anonymous_symbol(place), count));
            let reduced: String = counts.iter().map(|(symbol, count)| part(symbol, *count)).collect();
            (format!("\"{reduced}\""), format!("\"{}\"", letters.collect::<String>()))
        }
        None => ("null".to_owned(), "null".to_owned()),
    };
    let _ = write!(out, ",\"chemical_formula_reduced\":{reduced},\"chemical_formula_anonymous\":{anonymous}");
}

/// The greatest common divisor of whole amounts.
fn whole(composition: &Composition) -> Option<u64> {
    composition.has_integer_amounts().then(|| {
        let amounts = composition.pairs().iter().map(|(_, amount)| amount.round() as u64);
        amounts.fold(0, |a, b| {
            let (mut a, mut b) = (a, b);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        })
    })
}

/// `A` to `Z`, then `Aa`, `Ba`, …, as the specification has it.
fn anonymous_symbol(place: usize) -> String {
    let letter = |n: usize, first: u8| char::from(first + (n % 26) as u8);
    match place / 26 {
        0 => letter(place, b'A').to_string(),
        row => [letter(place, b'A'), letter(row - 1, b'a')].iter().collect(),
    }
}
