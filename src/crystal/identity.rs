//! What kind of structure it is, as a text that equal structures share: formula, space group, Wyckoff pattern.

use std::fmt::Write;

use crate::chem::Composition;

use super::symmetry::ANGLE_TOLERANCE;
use super::{Occupant, Structure, Symmetry, SymmetryError};

/// Tolerance of the space group, in Å: that of Materials Project, wide enough for one crystal relaxed by two codes.
pub const DIGEST_SYMPREC: f64 = 0.1;

/// Space groups that are mirror images of one another.
const ENANTIOMORPHS: [[u8; 2]; 11] = [
    [76, 78],
    [91, 95],
    [92, 96],
    [144, 145],
    [151, 153],
    [152, 154],
    [169, 170],
    [171, 172],
    [178, 179],
    [180, 181],
    [212, 213],
];

/// Digest of a structure: `SrTiO3 221 O3(4/mmm) Sr1(m-3m) Ti1(m-3m)`.
///
/// Reduced formula; number of the space group; for each orbit its species, how many sites it has in the primitive cell, and the
/// point group of a site, sorted, equal ones counted in front (`2*O4(m)`). The same for every cell, origin, orientation and order of
/// sites. Wyckoff letters are not: which of two equivalent orbits is *a* depends on the origin, and a Euclidean normaliser permutes
/// them; number and site symmetry of an orbit stay as they are under it. So digests may agree where letters, brought to a standard,
/// would differ: they say which structures are worth [comparing](super::Matchable), not that they are equal.
///
/// Mirror images have one digest (the lower of two enantiomorphic space groups). Oxidation states do not count, occupancies do, to
/// three decimals.
///
/// # Errors
/// Those of [`Symmetry::find`]: a structure whose symmetry is not found within [`DIGEST_SYMPREC`] has no digest.
///
/// ```
/// use matsieve::crystal::{Lattice, Structure, structure_digest};
/// let mut halite = Structure::new(Lattice::new([[0.0, 2.8, 2.8], [2.8, 0.0, 2.8], [2.8, 2.8, 0.0]]).unwrap());
/// halite.push([0.1; 3], "Na".parse().unwrap());
/// halite.push([0.6; 3], "Cl".parse().unwrap());
/// assert_eq!(structure_digest(&halite).unwrap(), "NaCl 225 Cl1(m-3m) Na1(m-3m)");
/// ```
pub fn structure_digest(structure: &Structure) -> Result<String, SymmetryError> {
    let bare;
    let structure =
        match (0..structure.len()).all(|site| structure.occupants(site).iter().all(|o| o.oxidation.is_none())) {
            true => structure,
            false => {
                bare = without_oxidation(structure);
                &bare
            }
        };
    let symmetry = Symmetry::find(structure, DIGEST_SYMPREC, Some(ANGLE_TOLERANCE))?;
    let (orbits, primitive) = (symmetry.orbits(), symmetry.num_primitive_sites());
    let mut composition = Composition::new();
    let mut parts: Vec<String> = Vec::new();
    for leader in (0..structure.len()).filter(|&site| orbits[site] == site) {
        let of_cell = orbits.iter().filter(|&&orbit| orbit == leader).count();
        // A cell of n primitive cells holds n times as many of each.
        let sites = of_cell * primitive / structure.len();
        let occupants = structure.occupants(leader);
        for occupant in occupants {
            composition.add(occupant.element, occupant.occupancy * sites as f64);
        }
        parts.push(format!("{}{sites}({})", species(occupants), point_group(&symmetry.site_symmetries()[leader])));
    }
    parts.sort_unstable();
    let number = symmetry.number();
    let number = ENANTIOMORPHS.iter().find(|pair| pair.contains(&number)).map_or(number, |pair| pair[0]);
    let mut digest = format!("{} {number}", composition.reduced_formula());
    for equal in parts.chunk_by(|a, b| a == b) {
        match equal.len() {
            1 => write!(digest, " {}", equal[0]),
            count => write!(digest, " {count}*{}", equal[0]),
        }
        .expect("a String takes any text");
    }
    Ok(digest)
}

fn without_oxidation(structure: &Structure) -> Structure {
    let mut out = Structure::new(*structure.lattice());
    let mut occupants: Vec<Occupant> = Vec::new();
    for (site, &frac) in structure.fracs().iter().enumerate() {
        occupants.clear();
        for occupant in structure.occupants(site) {
            match occupants.iter_mut().find(|known| known.element == occupant.element) {
                // One element in two states on one site.
                Some(known) => known.occupancy = (known.occupancy + occupant.occupancy).min(1.0),
                None => occupants.push(Occupant { oxidation: None, ..*occupant }),
            }
        }
        out.push_site(frac, &occupants);
    }
    out
}

/// `O`, or `[Cl0.75Br0.25]` by atomic number.
fn species(occupants: &[Occupant]) -> String {
    if let [Occupant { element, occupancy: 1.0, .. }] = occupants {
        return element.symbol().to_owned();
    }
    let mut sorted: Vec<&Occupant> = occupants.iter().collect();
    sorted.sort_by_key(|occupant| occupant.element.atomic_number());
    let share = |occupancy: f64| format!("{occupancy:.3}").trim_end_matches('0').trim_end_matches('.').to_owned();
    let parts = sorted.iter().map(|o| format!("{}{}", o.element.symbol(), share(o.occupancy)));
    format!("[{}]", parts.collect::<String>())
}

/// The point group of an oriented symbol of site symmetry: `.m.` is `m`, `m2m` and `2mm` are `mm2`.
fn point_group(oriented: &str) -> String {
    let symbol: String = oriented.chars().filter(|&c| c != '.').collect();
    match symbol.as_str() {
        "m2m" | "2mm" => "mm2".to_owned(),
        "-4m2" => "-42m".to_owned(),
        "-62m" => "-6m2".to_owned(),
        _ => symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crystal::Lattice;

    /// Orders of the 32 point groups.
    const ORDERS: [(&str, usize); 32] = [
        ("1", 1),
        ("-1", 2),
        ("2", 2),
        ("m", 2),
        ("2/m", 4),
        ("222", 4),
        ("mm2", 4),
        ("mmm", 8),
        ("4", 4),
        ("-4", 4),
        ("4/m", 8),
        ("422", 8),
        ("4mm", 8),
        ("-42m", 8),
        ("4/mmm", 16),
        ("3", 3),
        ("-3", 6),
        ("32", 6),
        ("3m", 6),
        ("-3m", 12),
        ("6", 6),
        ("-6", 6),
        ("6/m", 12),
        ("622", 12),
        ("6mm", 12),
        ("-6m2", 12),
        ("6/mmm", 24),
        ("23", 12),
        ("m-3", 24),
        ("432", 24),
        ("-43m", 24),
        ("m-3m", 48),
    ];

    #[test]
    fn oriented_symbols_are_point_groups() {
        let oriented = [
            "1", "-1", "2..", ".2.", "..2", "m..", "2/m..", "..2/m", ".2/m.", "2.22", "222.", "2.mm", "2mm.", "m2m.",
            "mm2..", "m.2m", "m.m2", "m.mm", "mmm.", "4..", "-4..", "4/m..", "42.2", "4m.m", "-4m.2", "-42.m",
            "4/mm.m", "3..", ".3.", "3.2", ".32", "3.m", ".3m", "-3..", ".-3.", "-3.m", ".-3m", "-6..", "-62m", "-6m2",
            "23.", "m-3.", "-43m", "m-3m",
        ];
        for symbol in oriented {
            let group = point_group(symbol);
            assert!(ORDERS.iter().any(|(known, _)| *known == group), "{symbol} {group}");
        }
    }

    fn element(symbol: &str) -> crate::chem::Element {
        symbol.parse().expect("symbol")
    }

    /// Rutile, by hand: 2 Ti on m.mm, 4 O on m.2m.
    #[test]
    fn digests_do_not_depend_on_cell_and_origin() {
        let expected = "TiO2 136 O4(mm2) Ti2(mmm)";
        let x = 0.305;
        let sites = [
            ("Ti", [0.0; 3]),
            ("Ti", [0.5; 3]),
            ("O", [x, x, 0.0]),
            ("O", [-x, -x, 0.0]),
            ("O", [0.5 - x, 0.5 + x, 0.5]),
            ("O", [0.5 + x, 0.5 - x, 0.5]),
        ];
        for origin in [[0.0; 3], [0.5, 0.5, 0.5], [0.0, 0.5, 0.0], [0.1, 0.2, 0.3]] {
            for (repeats, rows) in [
                (1, [[4.594, 0.0, 0.0], [0.0, 4.594, 0.0], [0.0, 0.0, 2.959]]),
                (2, [[0.0, 0.0, 5.918], [4.594, 0.0, 0.0], [0.0, -4.594, 2.959]]),
            ] {
                let original = Lattice::from_parameters([4.594, 4.594, 2.959], [90.0; 3]).expect("a cell");
                let mut rutile = Structure::new(Lattice::new(rows).expect("a cell"));
                for repeat in 0..repeats {
                    for (symbol, frac) in sites {
                        let place =
                            std::array::from_fn(|k| frac[k] + origin[k] + if k == 2 { repeat as f64 } else { 0.0 });
                        let frac = rutile.lattice().frac(original.cart(place));
                        rutile.push(frac, element(symbol));
                    }
                }
                assert_eq!(structure_digest(&rutile).expect("a group"), expected);
            }
        }
    }

    #[test]
    fn oxidation_states_do_not_count_and_occupancies_do() {
        let share = |symbol, occupancy, oxidation| Occupant { element: element(symbol), occupancy, oxidation };
        let salt = |anion: &[Occupant], cation: Option<f64>| {
            let mut salt = Structure::new(Lattice::cubic(4.1).expect("a cell"));
            salt.push_site([0.0; 3], &[share("Cs", 1.0, cation)]);
            salt.push_site([0.5; 3], anion);
            structure_digest(&salt).expect("a group")
        };
        let pure = salt(&[share("Cl", 1.0, None)], None);
        assert_eq!(pure, "CsCl 221 Cl1(m-3m) Cs1(m-3m)");
        assert_eq!(salt(&[share("Cl", 1.0, Some(-1.0))], Some(1.0)), pure);
        let mixed = salt(&[share("Br", 0.25, None), share("Cl", 0.75, None)], None);
        assert_eq!(mixed, "Cs1Br0.25Cl0.75 221 Cs1(m-3m) [Cl0.75Br0.25]1(m-3m)");
    }
}
