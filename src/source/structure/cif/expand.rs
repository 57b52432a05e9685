//! From listed atoms to all sites of the cell.

use smallvec::SmallVec;

use crate::candidate::FaultCode;
use crate::crystal::{Lattice, Occupant, Structure};

use super::operation::Operation;
use super::sites::{Atom, BadSite};

/// Structures with more sites are refused.
const MAX_SITES: usize = 100_000;

/// Different listed atoms closer than this, in Å, share a site. Ten times the rounding of coordinates with four decimals in
/// a cell of 10 Å, and about pymatgen's 1e-4 in fractional coordinates; atoms that are refined apart stay apart.
const SAME_SITE: f64 = 0.01;

/// Images closer than this, in Å, of an atom that fills more than half of its site are one, for two of them cannot both be
/// there; gemmi's tolerance. Other atoms may be refined off a special position by as little as their digits tell: images are one
/// where rounding alone may have moved them apart.
const SAME_IMAGE: f64 = 0.4;

/// Sums of occupancies up to this are refinement noise and scaled down to 1; larger ones are refused.
const MAX_OCCUPANCY: f64 = 1.05;

/// More elements than a site can hold.
const MAX_OCCUPANTS: usize = 118;

/// Sites that symmetry makes of one another, and who sits on each.
struct Orbit {
    sites: std::ops::Range<u32>,
    occupants: SmallVec<[Occupant; 1]>,
    sum: f64,
    at: u32,
}

/// Builds the structure: images of every atom under all operations; images that coincide are one site; atoms on one place
/// share it. Sites follow the order of the atoms and operations; a listed atom keeps its coordinates, its images lie inside
/// the cell.
///
/// An atom that is listed again on a site which it already fills (some files list the whole cell and its symmetry) counts once.
///
/// # Errors
/// `too-many-atoms`; `overlapping-atoms` where occupancies of a site sum to more than 1.05; `unparsable-cif` where one alone
/// is larger.
pub(super) fn expand(atoms: &[Atom], operations: &[Operation], lattice: &Lattice) -> Result<Structure, BadSite> {
    let mut places = Places::new(lattice, atoms.len());
    let mut orbits: Vec<Orbit> = Vec::with_capacity(atoms.len());
    let mut orbit_of: Vec<u32> = Vec::with_capacity(atoms.len());
    let mut images = Vec::new();
    for atom in atoms {
        if let Some(site) = places.find(atom.frac) {
            add(&mut orbits[orbit_of[site as usize] as usize], atom)?;
            continue;
        }
        orbit_images(atom, operations, lattice, &mut images);
        let start = orbit_of.len();
        if start + images.len() > MAX_SITES {
            let why = format!("the cell has more than {MAX_SITES} sites");
            return Err(BadSite { at: atom.at as usize, code: FaultCode::TooManyAtoms, why });
        }
        for &image in &images {
            places.insert(image);
            orbit_of.push(orbits.len() as u32);
        }
        let sites = start as u32..orbit_of.len() as u32;
        let mut orbit = Orbit { sites, occupants: SmallVec::new(), sum: 0.0, at: atom.at };
        add(&mut orbit, atom)?;
        orbits.push(orbit);
    }
    let mut structure = Structure::new(*lattice);
    for orbit in &mut orbits {
        settle(orbit)?;
        for site in orbit.sites.clone() {
            structure.push_site(places.points[site as usize], &orbit.occupants);
        }
    }
    Ok(structure)
}

/// Adds an atom to its site.
fn add(orbit: &mut Orbit, atom: &Atom) -> Result<(), BadSite> {
    let new = atom.occupant;
    let is_same = |old: &Occupant| old.element == new.element && old.oxidation == new.oxidation;
    if let Some(old) = orbit.occupants.iter_mut().find(|old| is_same(old)) {
        if orbit.sum + new.occupancy > MAX_OCCUPANCY && (old.occupancy - new.occupancy).abs() < 1e-6 {
            return Ok(());
        }
        old.occupancy += new.occupancy;
    } else if orbit.occupants.len() == MAX_OCCUPANTS {
        let why = format!("more than {MAX_OCCUPANTS} different atoms lie on one place");
        return Err(BadSite { at: atom.at as usize, code: FaultCode::OverlappingAtoms, why });
    } else {
        orbit.occupants.push(new);
    }
    orbit.sum += new.occupancy;
    Ok(())
}

/// Brings the sum of occupancies to at most 1.
fn settle(orbit: &mut Orbit) -> Result<(), BadSite> {
    if orbit.sum > MAX_OCCUPANCY {
        let (code, what) = if orbit.occupants.len() > 1 {
            (FaultCode::OverlappingAtoms, "occupancies of the atoms on this site sum to")
        } else {
            (FaultCode::UnparsableCif, "the occupancy of this site is")
        };
        let why = format!("{what} {}, more than 1", (orbit.sum * 1e6).round() / 1e6);
        return Err(BadSite { at: orbit.at as usize, code, why });
    }
    for occupant in &mut orbit.occupants {
        if orbit.sum > 1.0 {
            occupant.occupancy /= orbit.sum;
        }
        occupant.occupancy = occupant.occupancy.min(1.0);
    }
    Ok(())
}

/// The different images of an atom, itself first.
fn orbit_images(atom: &Atom, operations: &[Operation], lattice: &Lattice, images: &mut Vec<[f64; 3]>) {
    images.clear();
    images.push(atom.frac);
    let is_full = atom.occupant.occupancy > 0.5 && !atom.excludes_images;
    // Rounding moves the atom and its image, each its own way.
    let near = Near::new(lattice, if is_full { SAME_IMAGE } else { (2.0 * atom.blur).clamp(SAME_SITE, SAME_IMAGE) });
    let others = operations.get(1..).unwrap_or_default();
    // On a general position all images differ: the operations form a group that keeps distances.
    let is_special = others.iter().any(|operation| near.is(operation.apply(atom.frac), atom.frac));
    for operation in others {
        let image = operation.apply(atom.frac).map(inside);
        if !is_special || !images.iter().any(|&known| near.is(image, known)) {
            images.push(image);
        }
    }
}

/// The coordinate in [0, 1).
fn inside(value: f64) -> f64 {
    let value = value - value.floor();
    if value >= 1.0 { 0.0 } else { value }
}

/// Tells whether points lie within a distance of each other, lattice vectors apart or not.
struct Near<'a> {
    lattice: &'a Lattice,
    distance: f64,
    /// What the distance comes to along each axis, at most.
    margins: [f64; 3],
}

impl<'a> Near<'a> {
    fn new(lattice: &'a Lattice, distance: f64) -> Self {
        Self { lattice, distance, margins: lattice.heights().map(|height| (distance / height).min(0.5)) }
    }

    fn is(&self, a: [f64; 3], b: [f64; 3]) -> bool {
        let mut apart = [0.0; 3];
        for i in 0..3 {
            let difference = a[i] - b[i];
            apart[i] = difference - difference.round();
            if apart[i].abs() > self.margins[i] {
                return false;
            }
        }
        let [x, y, z] = self.lattice.cart(apart);
        x * x + y * y + z * z < self.distance * self.distance
    }
}

/// Sites found by where they are: a grid of boxes about 1 Å wide, kept in a hash table.
struct Places<'a> {
    near: Near<'a>,
    boxes: [f64; 3],
    points: Vec<[f64; 3]>,
    /// First site of each chain, and the next one of each site.
    heads: Vec<u32>,
    next: Vec<u32>,
}

const NONE: u32 = u32::MAX;

impl<'a> Places<'a> {
    fn new(lattice: &'a Lattice, expected: usize) -> Self {
        let near = Near::new(lattice, SAME_SITE);
        let boxes = lattice.heights().map(|height| height.floor().clamp(1.0, 4096.0));
        let heads = vec![NONE; (2 * expected).next_power_of_two().max(16)];
        Self { near, boxes, points: Vec::with_capacity(expected), heads, next: Vec::with_capacity(expected) }
    }

    /// The earliest site on this place.
    fn find(&self, point: [f64; 3]) -> Option<u32> {
        let wrapped = point.map(inside);
        let mut ranges = [(0.0, 0.0); 3];
        for i in 0..3 {
            let margin = self.near.margins[i];
            ranges[i] =
                (((wrapped[i] - margin) * self.boxes[i]).floor(), ((wrapped[i] + margin) * self.boxes[i]).floor());
            // Both ends of a thin cell may be the same box: look at each once.
            if ranges[i].1 - ranges[i].0 >= self.boxes[i] {
                ranges[i] = (0.0, self.boxes[i] - 1.0);
            }
        }
        let mut found = NONE;
        let mut x = ranges[0].0;
        while x <= ranges[0].1 {
            let mut y = ranges[1].0;
            while y <= ranges[1].1 {
                let mut z = ranges[2].0;
                while z <= ranges[2].1 {
                    let mut site = self.heads[self.slot([x, y, z])];
                    while site != NONE {
                        if site < found && self.near.is(self.points[site as usize], point) {
                            found = site;
                        }
                        site = self.next[site as usize];
                    }
                    z += 1.0;
                }
                y += 1.0;
            }
            x += 1.0;
        }
        (found != NONE).then_some(found)
    }

    fn insert(&mut self, point: [f64; 3]) {
        self.points.push(point);
        self.next.push(NONE);
        if self.points.len() > self.heads.len() {
            self.heads = vec![NONE; 4 * self.heads.len()];
            (0..self.points.len()).for_each(|site| self.link(site));
        } else {
            self.link(self.points.len() - 1);
        }
    }

    fn link(&mut self, site: usize) {
        let point = self.points[site].map(inside);
        let slot = self.slot(std::array::from_fn(|i| (point[i] * self.boxes[i]).floor()));
        self.next[site] = std::mem::replace(&mut self.heads[slot], site as u32);
    }

    /// Chain of a box, whose numbers count around the cell.
    fn slot(&self, numbers: [f64; 3]) -> usize {
        let mut hash = 0_u64;
        for (number, boxes) in numbers.into_iter().zip(self.boxes) {
            let number = if number < 0.0 {
                number + boxes
            } else if number >= boxes {
                number - boxes
            } else {
                number
            };
            hash = (hash ^ number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
        (hash >> 32) as usize & (self.heads.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;

    fn atom(symbol: &str, frac: [f64; 3], occupancy: f64) -> Atom {
        let element = Element::from_symbol(symbol).expect("symbol");
        let occupant = Occupant { element, occupancy, oxidation: None };
        Atom { frac, occupant, blur: 0.0, excludes_images: false, at: 7 }
    }

    fn operations(texts: &[&str]) -> Vec<Operation> {
        texts.iter().map(|text| Operation::from_xyz(text.as_bytes()).expect("a triplet")).collect()
    }

    fn build(atoms: &[Atom], texts: &[&str]) -> Result<Structure, BadSite> {
        expand(atoms, &operations(texts), &Lattice::cubic(10.0).expect("a cell"))
    }

    const INVERSION: [&str; 2] = ["x,y,z", "-x,-y,-z"];

    /// 0.002 Å from a centre of inversion of a 10 Å cell: images 0.004 Å apart are one. 0.1 Å from it: a full atom has one
    /// site, a half atom two, unless its coordinates have two decimals only (rounding by 0.05 Å along each axis).
    #[test]
    fn an_atom_near_a_special_position_is_there_once() {
        let sites =
            |x, occupancy| build(&[atom("Na", [x, 0.0, 0.0], occupancy)], &INVERSION).expect("a structure").len();
        assert_eq!(
            [sites(0.0002, 1.0), sites(0.0002, 0.5), sites(0.01, 1.0), sites(0.01, 0.5), sites(0.1, 1.0)],
            [1, 1, 1, 2, 2]
        );
        let half = atom("Na", [0.005, 0.0, 0.0], 0.5);
        let blurred = Atom { blur: 0.087, ..half };
        let count = |atom| build(&[atom], &INVERSION).expect("a structure").len();
        assert_eq!((count(half), count(blurred)), (2, 1));
        let split = Atom { excludes_images: true, ..atom("Na", [0.01, 0.0, 0.0], 1.0) };
        assert_eq!(count(split), 2);
    }

    #[test]
    fn atoms_on_one_place_share_it_on_all_images() {
        let atoms = [atom("Fe", [0.2, 0.3, 0.4], 0.75), atom("Ni", [-0.2, 0.7, 0.60005], 0.25)];
        let structure = build(&atoms, &INVERSION).expect("a structure");
        assert_eq!(structure.len(), 2);
        assert_eq!(structure.fracs()[0], [0.2, 0.3, 0.4]);
        assert!(structure.fracs()[1].iter().zip([0.8, 0.7, 0.6]).all(|(a, b)| (a - b).abs() < 1e-12));
        let composition = structure.composition();
        assert_eq!(
            (composition.amount(atoms[0].occupant.element), composition.amount(atoms[1].occupant.element)),
            (1.5, 0.5)
        );
    }

    #[test]
    fn shares_of_one_element_are_added_and_repetitions_are_not() {
        let halves =
            build(&[atom("Fe", [0.0; 3], 0.5), atom("Fe", [1.0, 0.0, 0.0], 0.5)], &INVERSION).expect("a structure");
        assert!(halves.is_ordered() && halves.len() == 1);
        let twice = build(&[atom("Fe", [0.1; 3], 1.0), atom("Fe", [0.9; 3], 1.0)], &INVERSION).expect("a structure");
        assert!(twice.is_ordered() && twice.len() == 2);
    }

    #[test]
    fn sums_a_little_above_one_are_scaled_and_larger_ones_refused() {
        let site = |a, b| build(&[atom("Fe", [0.0; 3], a), atom("Ni", [0.0; 3], b)], &INVERSION[..1]);
        let scaled = site(0.75, 0.27).expect("a structure");
        assert!((scaled.occupants(0).iter().map(|occupant| occupant.occupancy).sum::<f64>() - 1.0).abs() < 1e-15);
        let error = site(0.75, 0.35).expect_err("too much");
        assert_eq!((error.at, error.code), (7, FaultCode::OverlappingAtoms));
        assert!(error.why.contains("1.1"));
        assert_eq!(
            build(&[atom("Fe", [0.0; 3], 2.0)], &INVERSION).expect_err("too much").code,
            FaultCode::UnparsableCif
        );
    }

    #[test]
    fn cells_with_too_many_sites_are_refused() {
        let at = |i: u32, step: u32| f64::from(i / step % 40) * 0.012 + 0.005;
        let atoms: Vec<_> = (0..60_000).map(|i| atom("H", [at(i, 1), at(i, 40), at(i, 1600)], 1.0)).collect();
        let lattice = Lattice::cubic(1000.0).expect("a cell");
        assert_eq!(expand(&atoms, &operations(&INVERSION[..1]), &lattice).expect("a structure").len(), 60_000);
        let error = expand(&atoms, &operations(&INVERSION), &lattice).expect_err("too many");
        assert_eq!(error.code, FaultCode::TooManyAtoms);
    }

    /// The grid finds what comparing all pairs finds, in flat and skewed cells too.
    #[test]
    fn the_grid_finds_every_site_on_the_same_place() {
        for (lengths, angles) in [([3.0, 4.0, 5.0], [70.0, 80.0, 100.0]), ([0.5, 20.0, 1.5], [90.0, 30.0, 90.0])] {
            let lattice = Lattice::from_parameters(lengths, angles).expect("a cell");
            let mut places = Places::new(&lattice, 4);
            let mut state = 1_u64;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            for step in 0..600 {
                let mut point = [random() * 3.0 - 1.0, random(), random() * 2.0];
                if step % 3 == 2 {
                    let old = places.points[step / 2];
                    point = std::array::from_fn(|i| {
                        old[i] + f64::from(step as u32 % 2) + (random() - 0.5) * 0.004 / lengths[i]
                    });
                }
                let slow = (0..places.points.len()).find(|&site| places.near.is(places.points[site], point));
                assert_eq!(places.find(point).map(|site| site as usize), slow);
                places.insert(point);
            }
        }
    }
}
