//! Whether two structures are the same one: lattices and sites within tolerances, whatever cell, origin, size and orientation.

mod assignment;
mod fit;
mod niggli;
mod primitive;

use std::ops::Range;

use crate::chem::Element;

use super::vector::Vector;
use super::{Lattice, Occupant, Structure};

/// How far occupancies of equal sites may lie apart: pymatgen's tolerance of amounts.
const OCCUPANCY: f64 = 1e-8;

/// How far structures may lie apart and still match: the defaults of pymatgen's `StructureMatcher`.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MatchTolerances {
    /// Share by which lengths of lattice vectors may differ.
    pub length: f64,
    /// Distance of sites, in units of the cube root of the volume an atom.
    pub site: f64,
    /// Angles of lattice vectors, in degrees.
    pub angle: f64,
}

impl Default for MatchTolerances {
    fn default() -> Self {
        Self { length: 0.2, site: 0.3, angle: 5.0 }
    }
}

/// A structure made ready to be compared: its smallest cell, with sites sorted by who sits there.
///
/// Compared as pymatgen's `StructureMatcher` does by default: primitive Niggli cells, brought to the same volume; bases of one
/// lattice close to the other's; every shift of a site of the rarest kind onto one of its kind; sites paired so that the sum of
/// squared distances is smallest; the largest distance decides. Mirror images match. Departures: oxidation states are left aside
/// (`ElementComparator`); distances are looked for in the Minkowski basis, not the LLL one.
///
/// ```
/// use matsieve::crystal::{Lattice, MatchTolerances, Matchable, Structure};
/// let iron = |a: f64| {
///     let mut structure = Structure::new(Lattice::cubic(a).unwrap());
///     structure.push([0.0; 3], "Fe".parse().unwrap());
///     structure.push([0.5; 3], "Fe".parse().unwrap());
///     Matchable::new(&structure).unwrap()
/// };
/// let mut primitive = Structure::new(Lattice::new([[1.5, 1.5, -1.5], [1.5, -1.5, 1.5], [-1.5, 1.5, 1.5]]).unwrap());
/// primitive.push([0.3; 3], "Fe".parse().unwrap());
/// assert!(iron(2.8).matches(&Matchable::new(&primitive).unwrap(), &MatchTolerances::default()));
/// ```
///
/// # References
/// 10.1016/j.commatsci.2012.10.028 (pymatgen).
#[derive(Clone, Debug)]
pub struct Matchable {
    cell: Cell,
    /// Who sits on the sites of each kind: elements and shares.
    occupants: Vec<Vec<(Element, f64)>>,
}

/// A lattice and sites, those of one kind together.
#[derive(Clone, Debug)]
struct Cell {
    lattice: Lattice,
    fracs: Vec<Vector>,
    /// Where the sites of each kind end.
    ends: Vec<usize>,
}

impl Cell {
    fn kinds(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        (0..self.ends.len()).map(|kind| if kind == 0 { 0 } else { self.ends[kind - 1] }..self.ends[kind])
    }
}

impl Matchable {
    /// Reduces a structure. Time grows with the square of the sites; `None` where it has none, or its lattice cannot be reduced.
    pub fn new(structure: &Structure) -> Option<Self> {
        if structure.is_empty() {
            return None;
        }
        let mut sites: Vec<(Vec<(Element, f64)>, Vector)> =
            (0..structure.len()).map(|site| (shares(structure.occupants(site)), structure.fracs()[site])).collect();
        sites.sort_by(|a, b| {
            let keys = |site: &[(Element, f64)]| {
                site.iter().map(|(e, s)| (e.atomic_number(), s.to_bits())).collect::<Vec<_>>()
            };
            keys(&a.0).cmp(&keys(&b.0))
        });
        let mut cell = Cell { lattice: *structure.lattice(), fracs: Vec::with_capacity(sites.len()), ends: Vec::new() };
        let mut occupants: Vec<Vec<(Element, f64)>> = Vec::new();
        for (who, frac) in sites {
            if !occupants.last().is_some_and(|last| same(last, &who)) {
                occupants.push(who);
                cell.ends.push(cell.fracs.len());
            }
            cell.fracs.push(frac);
            *cell.ends.last_mut()? = cell.fracs.len();
        }
        Some(Self { cell: primitive::reduced(cell)?, occupants })
    }

    /// Whether the two are the same structure. Not symmetric in rare cases at the edge of the tolerances, as in pymatgen.
    pub fn matches(&self, other: &Self, tolerances: &MatchTolerances) -> bool {
        self.occupants.len() == other.occupants.len()
            && self.occupants.iter().zip(&other.occupants).all(|(a, b)| same(a, b))
            && self.cell.ends == other.cell.ends
            && fit::fit(&self.cell, &other.cell, tolerances)
    }

    /// Number of sites of the smallest cell.
    pub fn num_sites(&self) -> usize {
        self.cell.fracs.len()
    }
}

/// Elements and their shares, by atomic number; states of oxidation are added up.
fn shares(occupants: &[Occupant]) -> Vec<(Element, f64)> {
    let mut shares: Vec<(Element, f64)> = Vec::with_capacity(occupants.len());
    for occupant in occupants {
        match shares.iter_mut().find(|(element, _)| *element == occupant.element) {
            Some((_, share)) => *share += occupant.occupancy,
            None => shares.push((occupant.element, occupant.occupancy)),
        }
    }
    shares.sort_by_key(|(element, _)| element.atomic_number());
    shares
}

fn same(a: &[(Element, f64)], b: &[(Element, f64)]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((e, x), (f, y))| e == f && (x - y).abs() <= OCCUPANCY)
}
