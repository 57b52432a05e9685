//! POSCAR of VASP 5 and later.
//!
//! All sites of an element stand together, in order of the elements' first appearance, so that one potential each is enough.

use std::fmt::Write;

use crate::chem::Element;

use super::StructureEntry;
use super::text::{RightHanded, number, numbers, title};

/// Appends the file.
pub(super) fn write(entry: StructureEntry<'_>, out: &mut String) {
    let structure = entry.structure;
    let right = RightHanded::new(structure);
    let _ = writeln!(out, "{}\n1.0", title(entry));
    for row in right.rows() {
        numbers(out, row);
        out.push('\n');
    }
    let mut groups: Vec<(Element, Vec<usize>)> = Vec::new();
    for site in 0..structure.len() {
        let element = structure.occupants(site)[0].element;
        match groups.iter_mut().find(|(known, _)| *known == element) {
            Some((_, sites)) => sites.push(site),
            None => groups.push((element, vec![site])),
        }
    }
    let line = |words: Vec<String>| words.join(" ");
    let _ = writeln!(out, "{}", line(groups.iter().map(|(element, _)| element.symbol().to_owned()).collect()));
    let _ = writeln!(out, "{}\nDirect", line(groups.iter().map(|(_, sites)| sites.len().to_string()).collect()));
    for (element, sites) in &groups {
        for &site in sites {
            for x in right.frac(site) {
                number(out, x);
                out.push(' ');
            }
            let _ = writeln!(out, "{}", element.symbol());
        }
    }
}
