//! CrystalNN: which neighbours an atom is bonded to, and how surely (Pan et al. 2021).

use std::f64::consts::PI;

use crate::chem::{Element, element_table, ionic_radii};

use super::bounded_cells::BoundedCells;
use super::{Facet, Geometry, GeometryError, Occupant, Structure};

/// Where the distance begins and ends to count against a bond, in Å beyond the sum of the radii.
const DISTANCE_CUTOFFS: [f64; 2] = [0.5, 1.0];

/// How much a difference of electronegativity speaks for a bond, and the largest difference of two elements.
const ELECTRONEGATIVITY_WEIGHT: f64 = 3.0;
const LARGEST_DIFFERENCE: f64 = 3.3;

/// First radius in which neighbours are looked for, in Å.
const SEARCH_CUTOFF: f64 = 7.0;

/// Weights that differ by less, relatively, are equal but for rounding.
const SAME_WEIGHT: f64 = 1e-8;

/// Why the bonds of a structure are not known.
#[derive(Copy, Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CrystalNnError {
    /// The geometry cannot be computed.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// An element has no covalent radius.
    #[error("{element} has no covalent radius, there are radii of H to Cm")]
    NoRadius {
        /// The element.
        element: Element,
    },
}

/// A neighbour that may be bonded.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct NearNeighbor {
    /// The neighbour.
    pub site: u32,
    /// In which cell, counted in lattice vectors.
    pub image: [i32; 3],
    /// From the centre to the neighbour, Cartesian, in Å.
    pub vector: [f64; 3],
    /// How surely it is bonded: 1 to 1000 thousandths of the best neighbour before distances count.
    pub thousandths: u16,
    /// Place among all different weights of the centre, before they are rounded; equal ones share it.
    pub rank: u8,
}

/// The neighbours of one site by falling weight.
#[derive(Copy, Clone, Debug)]
pub struct Coordination<'a> {
    neighbors: &'a [NearNeighbor],
}

impl<'a> Coordination<'a> {
    /// All neighbours of non-zero weight.
    pub fn neighbors(&self) -> &'a [NearNeighbor] {
        self.neighbors
    }

    /// Possible coordination numbers, ascending, and the weight of each; their sum falls short of 1 by that of none.
    ///
    /// The first neighbours of that number make up the environment.
    pub fn numbers(&self) -> impl Iterator<Item = (usize, f64)> + 'a {
        let neighbors = self.neighbors;
        let mut end = 0;
        std::iter::from_fn(move || {
            let weight = neighbors.get(end)?.thousandths;
            end += neighbors[end..].iter().take_while(|neighbor| neighbor.thousandths == weight).count();
            let next = neighbors.get(end).map_or(0, |neighbor| neighbor.thousandths);
            Some((end, (quarter_circle(weight) - quarter_circle(next)) / (0.25 * PI)))
        })
    }

    /// The neighbours of the likeliest coordination number; the lowest one of equally likely ones.
    pub fn bonded(&self) -> &'a [NearNeighbor] {
        let (mut best, mut most, mut sum) = (0, f64::NEG_INFINITY, 0.0);
        for (number, weight) in self.numbers() {
            sum += weight;
            if weight > most {
                (best, most) = (number, weight);
            }
        }
        let bonded = if 1.0 - sum > most { 0 } else { best };
        &self.neighbors[..bonded]
    }
}

/// Area of a quarter of the unit circle up to this abscissa, in thousandths.
fn quarter_circle(thousandths: u16) -> f64 {
    if thousandths == 1000 {
        return 0.25 * PI;
    }
    let x = f64::from(thousandths) / 1000.0;
    let y = (1.0 - x * x).sqrt();
    0.5 * (x * y + libm::atan(x / y))
}

/// Neighbours of all sites with the weights of CrystalNN; keeps its memory from structure to structure.
///
/// Definition and defaults of pymatgen-core 2026.10.16: facets of the Voronoi cell weighted by solid angle, corrected for
/// pores, by differences of electronegativity and by distances beyond the sum of radii, which are ionic where sites carry
/// oxidation states. Cells are made of the atoms within 7 Å as there, and within twice that where these leave a cell open;
/// weights are rounded to thousandths.
///
/// # References
/// Pan et al. 2021, 10.1021/acs.inorgchem.0c02996.
#[derive(Clone, Debug, Default)]
pub struct CrystalNn {
    cells: BoundedCells,
    weighted: Vec<(f64, NearNeighbor)>,
    neighbors: Vec<NearNeighbor>,
    /// Where the neighbours of each site end.
    ends: Vec<u32>,
}

impl CrystalNn {
    /// Finds the neighbours of all sites of an ordered structure; `occupants` holds who sits on each.
    ///
    /// # Errors
    /// The geometry cannot be computed, or an element has no radius; no sites are left then.
    pub fn run(
        &mut self,
        structure: &Structure,
        occupants: &[Occupant],
        geometry: &mut Geometry,
    ) -> Result<(), CrystalNnError> {
        self.neighbors.clear();
        self.ends.clear();
        for site in 0..structure.len() {
            let Self { cells, weighted, neighbors, ends } = self;
            let facets = cells.facets(structure, site, SEARCH_CUTOFF, geometry);
            let found =
                facets.map_err(CrystalNnError::from).and_then(|facets| weigh(facets, site, occupants, weighted));
            if let Err(error) = found {
                ends.clear();
                return Err(error);
            }
            neighbors.extend(weighted.iter().map(|(_, neighbor)| *neighbor).take_while(|n| n.thousandths > 0));
            ends.push(neighbors.len() as u32);
        }
        Ok(())
    }

    /// The neighbours of a site.
    pub fn of(&self, site: usize) -> Coordination<'_> {
        let start = if site == 0 { 0 } else { self.ends[site - 1] };
        Coordination { neighbors: &self.neighbors[start as usize..self.ends[site] as usize] }
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no sites.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Turns the facets of a site into neighbours by falling weight.
fn weigh(
    facets: &[Facet],
    site: usize,
    occupants: &[Occupant],
    weighted: &mut Vec<(f64, NearNeighbor)>,
) -> Result<(), CrystalNnError> {
    let electronegativities = &element_table::pymatgen().expect("X").values;
    let widest = facets.iter().fold(0.0_f64, |widest, facet| widest.max(facet.solid_angle));
    weighted.clear();
    let mut highest = 0.0_f64;
    for facet in facets.iter().filter(|facet| facet.area > 0.0) {
        let [x, other] = [site, facet.site as usize].map(|site| electronegativities[occupants[site].element.row()]);
        let difference = (x - other).abs();
        let chemical = if difference.is_nan() {
            1.0
        } else {
            1.0 + ELECTRONEGATIVITY_WEIGHT * (difference / LARGEST_DIFFERENCE).sqrt()
        };
        let weight = facet.solid_angle / widest * (facet.solid_angle / facet.area) * chemical;
        highest = highest.max(weight);
        let Facet { site, image, vector, .. } = *facet;
        weighted.push((weight, NearNeighbor { site, image, vector, thousandths: 0, rank: 0 }));
    }
    if highest <= 0.0 {
        weighted.clear();
        return Ok(());
    }
    for (weight, neighbor) in &mut *weighted {
        let diameter = sum_of_radii(&occupants[site], &occupants[neighbor.site as usize])?;
        let [x, y, z] = neighbor.vector;
        *weight = *weight / highest * closeness((x * x + y * y + z * z).sqrt() - diameter);
        neighbor.thousandths = thousandths(*weight);
    }
    // Which of equal ones comes first does not matter: they share a rank.
    weighted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.site.cmp(&b.1.site)).then(a.1.image.cmp(&b.1.image)));
    let mut rank = 0;
    for place in 1..weighted.len() {
        if weighted[place].0 < weighted[place - 1].0 * (1.0 - SAME_WEIGHT) {
            rank += 1;
        }
        weighted[place].1.rank = rank;
    }
    Ok(())
}

/// 1 up to the first cut-off beyond the sum of radii, 0 from the second on, half a cosine between.
fn closeness(beyond: f64) -> f64 {
    let [low, high] = DISTANCE_CUTOFFS;
    if beyond <= low {
        1.0
    } else if beyond < high {
        (libm::cos((beyond - low) / (high - low) * PI) + 1.0) * 0.5
    } else {
        0.0
    }
}

/// Sum of ionic radii where both atoms have one, else of covalent radii, in Å.
fn sum_of_radii(a: &Occupant, b: &Occupant) -> Result<f64, CrystalNnError> {
    if let (Some(first), Some(second)) = (ionic(a)?, ionic(b)?) {
        return Ok(first + second);
    }
    Ok(covalent(a)? + covalent(b)?)
}

/// The radius that the oxidation state gives, where there is one.
fn ionic(occupant: &Occupant) -> Result<Option<f64>, CrystalNnError> {
    match occupant.oxidation {
        None => Ok(None),
        Some(0.0) => covalent(occupant).map(Some),
        Some(oxidation) => Ok(ionic_radii().radius(occupant.element, oxidation)),
    }
}

fn covalent(occupant: &Occupant) -> Result<f64, CrystalNnError> {
    let radius = element_table::covalent_radius().expect("radius").values[occupant.element.row()];
    if radius.is_nan() { Err(CrystalNnError::NoRadius { element: occupant.element }) } else { Ok(radius) }
}

/// A weight of 0 to 1 in thousandths, rounded as its decimal digits are: exactly, ties to even.
fn thousandths(weight: f64) -> u16 {
    let bits = weight.to_bits();
    let exponent = bits >> 52 & 0x7ff;
    // weight · 1000 = product / 2^shift; the product has at most 63 bits, and from a shift of 64 on is less than a half.
    let product = ((bits & ((1 << 52) - 1)) | (1 << 52)) * 1000;
    let shift = 1075_u64.saturating_sub(exponent);
    if weight <= 0.0 || shift > 63 {
        return 0;
    }
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1 << (shift - 1));
    let up = rest > half || (rest == half && whole % 2 == 1);
    (whole + u64::from(up)).min(1000) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crystal::Lattice;

    fn bonds(structure: &Structure) -> Result<CrystalNn, CrystalNnError> {
        let (mut bonds, mut geometry) = (CrystalNn::default(), Geometry::default());
        geometry.begin(structure);
        bonds.run(structure, structure.ordered().expect("ordered"), &mut geometry)?;
        Ok(bonds)
    }

    fn cubic(a: f64, sites: &[(&str, [f64; 3])]) -> Structure {
        let mut structure = Structure::new(Lattice::cubic(a).expect("a cell"));
        for (symbol, frac) in sites {
            structure.push(*frac, symbol.parse().expect("symbol"));
        }
        structure
    }

    #[test]
    fn weights_are_rounded_as_python_rounds_them() {
        // round(x, 3) of CPython 3.11; 0.0625 is a tie, 0.0005 and 0.0015 as doubles lie beside one.
        for (weight, expected) in [
            (0.0, 0),
            (0.000_49, 0),
            (0.000_5, 1),
            (0.000_820_9, 1),
            (0.001_5, 2),
            (0.002_5, 3),
            (0.0625, 62),
            (0.1875, 188),
            (0.123_5, 123),
            (0.5, 500),
            (0.999_4, 999),
            (0.999_5, 1000),
            (1.0, 1000),
            (1e-300, 0),
        ] {
            assert_eq!(thousandths(weight), expected, "{weight}");
        }
    }

    #[test]
    fn every_thousandth_is_rounded_to_itself() {
        for number in 0..=1000_u16 {
            assert_eq!(thousandths(f64::from(number) / 1000.0), number);
        }
    }

    #[test]
    fn caesium_chloride_has_eight_unlike_neighbours() {
        let structure = cubic(4.12, &[("Cs", [0.0; 3]), ("Cl", [0.5; 3])]);
        let bonds = bonds(&structure).expect("bonds");
        for site in 0..2 {
            let bonded = bonds.of(site).bonded();
            assert_eq!(bonded.len(), 8);
            assert!(bonded.iter().all(|neighbor| neighbor.site as usize != site && neighbor.rank == 0));
        }
    }

    #[test]
    fn an_atom_far_from_all_others_has_no_bonds() {
        let bonds = bonds(&cubic(9.0, &[("Ar", [0.2; 3])])).expect("bonds");
        assert_eq!(bonds.of(0).numbers().count(), 0);
        assert!(bonds.of(0).bonded().is_empty());
    }

    #[test]
    fn weights_of_coordination_numbers_add_up_to_one_with_that_of_none() {
        let structure = cubic(
            3.905,
            &[
                ("Sr", [0.0; 3]),
                ("Ti", [0.5; 3]),
                ("O", [0.5, 0.5, 0.0]),
                ("O", [0.5, 0.0, 0.5]),
                ("O", [0.0, 0.5, 0.5]),
            ],
        );
        let bonds = bonds(&structure).expect("bonds");
        for site in 0..structure.len() {
            let sum: f64 = bonds.of(site).numbers().map(|(_, weight)| weight).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
        }
        // matminer 0.10.1: oxygen between two Ti and four Sr.
        let oxygen: Vec<_> = bonds.of(2).numbers().map(|(number, weight)| (number, (weight * 1e4).round())).collect();
        assert_eq!(oxygen, [(2, 5175.0), (6, 4825.0)]);
    }

    #[test]
    fn elements_without_radius_are_named() {
        let error = bonds(&cubic(4.0, &[("Es", [0.0; 3])])).expect_err("no radius");
        assert_eq!(error.to_string(), "Es has no covalent radius, there are radii of H to Cm");
    }
}
