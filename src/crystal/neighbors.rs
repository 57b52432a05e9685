//! Neighbour lists: every image of every site within a radius, nearest first.

use std::cmp::Ordering;

use super::images::{Images, moved};
use super::linked_cells::Bins;
use super::pairs::Pairs;
use super::reduction::Reduction;
use super::vector::{Vector, cross, dot, multiply, norm};
use super::{GeometryError, Structure};

/// Nearest that two atoms may lie, in Å.
///
/// A tenth of any bond (H₂ has 0.74 Å), and more than coordinates printed with four digits differ by in cells of up to
/// 100 Å: what lies nearer is one atom written twice.
pub const MIN_DISTANCE: f64 = 0.01;

/// Most neighbours that a list holds, over all sites: 768 MiB.
pub const MAX_PAIRS: usize = 1 << 24;

/// Entries above which the memory of a list is given back before the next structure.
const KEPT_PAIRS: usize = 1 << 21;

/// Expected entries up to which all sites are searched at once, so that each pair is enumerated from one end only: 12 MiB.
const MIRRORED_PAIRS: f64 = (1 << 18) as f64;

/// Neighbours of nearly one distance up to which they are sorted by insertion.
const FEW: u32 = 32;

/// Bins of the sort a neighbour: few enough share one that a processor guesses most comparisons.
const BINS_A_NEIGHBOR: usize = 4;

/// Sites above which linked cells are faster than the enumeration of images, at 3 Å; further out they are not yet at 100
/// (measured: `benches/runs/2026-11-27-structures`).
const MANY_SITES: usize = 64;

/// Sites up to which pairs are listed, and expected images of one site around another from which sums over pairs are worth their
/// overhead.
const PAIRED_SITES: usize = 128;
const FEW_IMAGES: f64 = 1.25;

/// One neighbour of a site: an image of a site, maybe of itself.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Neighbor {
    /// Which site.
    pub site: u32,
    /// In which cell, counted in lattice vectors, for coordinates as the structure has them (not wrapped).
    pub image: [i32; 3],
    /// Distance, in Å.
    pub distance: f64,
    /// From the centre to the neighbour, Cartesian, in Å.
    pub vector: [f64; 3],
}

/// The neighbours of all sites within a radius.
///
/// Neighbours of a site ascend in (distance, site, image), so that a prefix serves every smaller radius. A site is no
/// neighbour of itself, but its images are.
#[derive(Clone, Debug, Default)]
pub struct Neighbors {
    radius: f64,
    /// Where the neighbours of each site end.
    ends: Vec<u32>,
    entries: Vec<Neighbor>,
}

impl Neighbors {
    /// All neighbours of a site, nearest first.
    pub fn of(&self, site: usize) -> &[Neighbor] {
        let start = if site == 0 { 0 } else { self.ends[site - 1] };
        &self.entries[start as usize..self.ends[site] as usize]
    }

    /// The neighbours of a site at `radius` Å or nearer, nearest first; `radius` must not exceed [`radius`](Self::radius).
    pub fn within(&self, site: usize, radius: f64) -> &[Neighbor] {
        debug_assert!(radius <= self.radius, "a list to {} Å asked for {radius} Å", self.radius);
        let all = self.of(site);
        &all[..all.partition_point(|neighbor| neighbor.distance <= radius)]
    }

    /// Up to which distance neighbours are listed, in Å.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no sites.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.radius = 0.0;
        self.ends.clear();
        self.entries.clear();
        self.entries.shrink_to(KEPT_PAIRS);
    }

    /// Takes what was found around the next site, in any order; `found` is empty then.
    fn append(&mut self, found: &mut Vec<Neighbor>, sorter: &mut Sorter, sites: usize) -> Result<(), GeometryError> {
        if self.entries.len() + found.len() > MAX_PAIRS {
            return Err(GeometryError::TooManyAtoms { sites, radius: self.radius, limit: MAX_PAIRS });
        }
        sorter.append_sorted(found, self.radius, &mut self.entries);
        let site = self.ends.len();
        self.ends.push(self.entries.len() as u32);
        if let Some(nearest) = self.of(site).first()
            && nearest.distance < MIN_DISTANCE
        {
            let [first, second] = [site, nearest.site as usize];
            return Err(GeometryError::OverlappingAtoms { first, second, distance: nearest.distance });
        }
        Ok(())
    }
}

/// Builds neighbour lists; keeps its working memory from structure to structure.
#[derive(Clone, Debug, Default)]
pub(super) struct NeighborSearch {
    positions: Positions,
    images: Images,
    bins: Bins,
    /// What was found around each site, in no order; the first list serves where one site is looked at alone.
    found: Vec<Vec<Neighbor>>,
    sorter: Sorter,
    /// What was found around one site, in order.
    sorted: Vec<Neighbor>,
}

impl NeighborSearch {
    /// Lists the neighbours of all sites.
    ///
    /// # Errors
    /// Overlapping atoms; more than [`MAX_PAIRS`] neighbours. The list is empty then.
    pub fn run(&mut self, structure: &Structure, radius: f64, out: &mut Neighbors) -> Result<(), GeometryError> {
        out.clear();
        out.radius = radius;
        self.positions.set(structure);
        if self.has_many_sites() {
            self.bins.set(&self.positions, radius);
        } else {
            self.images.set(&self.positions);
        }
        let sites = structure.len();
        let expected = self.expected(radius) * sites as f64;
        if expected > 2.0 * MAX_PAIRS as f64 {
            return Err(GeometryError::TooManyAtoms { sites, radius, limit: MAX_PAIRS });
        }
        let result = if self.has_many_sites() || expected > MIRRORED_PAIRS {
            (0..sites).try_for_each(|site| {
                self.find(site, radius);
                out.append(&mut self.found[0], &mut self.sorter, sites)
            })
        } else {
            self.found.iter_mut().for_each(Vec::clear);
            self.images.around_all(&self.positions, radius, &mut self.found);
            self.found[..sites].iter_mut().try_for_each(|found| out.append(found, &mut self.sorter, sites))
        };
        if result.is_err() {
            out.clear();
        }
        result
    }

    /// Lists the pairs of all sites, unless there are many sites, few images of each, or overlapping atoms; says whether it did.
    pub fn pairs(&mut self, structure: &Structure, radius: f64, out: &mut Pairs) -> bool {
        self.positions.set(structure);
        let (sites, expected) = (structure.len() as f64, self.expected(radius));
        if structure.len() > PAIRED_SITES || expected * sites > MIRRORED_PAIRS || expected < FEW_IMAGES * sites {
            return false;
        }
        self.images.set(&self.positions);
        out.set(&self.images, &self.positions, radius)
    }

    /// Neighbours of one site of the structure that was last run, farther away than `from` Å and up to `radius`, in order.
    ///
    /// # Errors
    /// More than [`MAX_PAIRS`] neighbours.
    pub fn shell(&mut self, site: usize, from: f64, radius: f64) -> Result<&[Neighbor], GeometryError> {
        let sites = self.positions.carts.len();
        if self.expected(radius) > MAX_PAIRS as f64 {
            return Err(GeometryError::TooManyAtoms { sites, radius, limit: MAX_PAIRS });
        }
        self.find(site, radius);
        let found = &mut self.found[0];
        found.retain(|neighbor| neighbor.distance > from);
        self.sorted.clear();
        self.sorter.append_sorted(found, radius, &mut self.sorted);
        Ok(&self.sorted)
    }

    /// The reduced basis of the structure that was last run.
    pub fn reduced_rows(&self) -> &[Vector; 3] {
        &self.positions.reduction.rows
    }

    fn has_many_sites(&self) -> bool {
        self.positions.carts.len() > MANY_SITES
    }

    /// Neighbours of a site within `radius` Å, were the sites spread evenly.
    fn expected(&self, radius: f64) -> f64 {
        let [a, b, c] = self.positions.reduction.rows;
        let sphere = (4.0 / 3.0) * std::f64::consts::PI * radius * radius * radius;
        self.positions.carts.len() as f64 * sphere / dot(a, cross(b, c)).abs()
    }

    /// Writes what is around one site to the first list.
    fn find(&mut self, site: usize, radius: f64) {
        if self.found.is_empty() {
            self.found.push(Vec::new());
        }
        let has_many_sites = self.has_many_sites();
        let found = &mut self.found[0];
        found.clear();
        if has_many_sites {
            self.bins.around(&self.positions, site, radius, found);
        } else {
            self.images.around(&self.positions, site, radius, found);
        }
    }
}

/// Where the sites are, wrapped into the reduced cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Positions {
    /// The reduced basis.
    pub reduction: Reduction,
    /// Its vectors in lattice vectors.
    pub steps: [[i32; 3]; 3],
    /// Fractional coordinates in the reduced basis, in [0, 1).
    pub fracs: Vec<Vector>,
    /// Cartesian coordinates, in Å.
    pub carts: Vec<Vector>,
    /// In which reduced cell each site is, as the structure has it, in lattice vectors.
    wraps: Vec<[i32; 3]>,
}

impl Positions {
    fn set(&mut self, structure: &Structure) {
        self.reduction = Reduction::new(structure.lattice());
        self.fracs.clear();
        self.carts.clear();
        self.wraps.clear();
        self.steps = self.reduction.steps();
        let steps = self.steps;
        for &frac in structure.fracs() {
            let frac = self.reduction.frac(frac);
            let cell = frac.map(f64::floor);
            let wrapped: Vector = std::array::from_fn(|k| frac[k] - cell[k]);
            self.fracs.push(wrapped);
            self.carts.push(multiply(wrapped, &self.reduction.rows));
            let count = cell.map(|n| n as i32);
            self.wraps.push((0..3).fold([0; 3], |image, k| moved(image, count[k], steps[k])));
        }
    }

    /// Thickness of the reduced cell along each vector, in Å.
    pub fn heights(&self) -> Vector {
        let [a, b, c] = self.reduction.rows;
        let volume = dot(a, cross(b, c)).abs();
        [volume / norm(cross(b, c)), volume / norm(cross(c, a)), volume / norm(cross(a, b))]
    }

    /// Image, in lattice vectors, of `other` around `site` where their wrapped places lie in one reduced cell.
    pub fn home(&self, site: usize, other: usize) -> [i32; 3] {
        std::array::from_fn(|k| self.wraps[site][k].wrapping_sub(self.wraps[other][k]))
    }
}

/// Sorts neighbours; keeps its working memory.
#[derive(Clone, Debug, Default)]
struct Sorter {
    /// Distance as bits, which ascend with it, and place among the neighbours; being sorted.
    keys: Vec<(u64, u32)>,
    /// Where the bins of the sort start.
    starts: Vec<u32>,
}

impl Sorter {
    /// Appends the neighbours in order, and forgets them.
    ///
    /// A counting sort by distance³, of which a uniform crystal has equally many in every bin, then each bin by comparison.
    fn append_sorted(&mut self, neighbors: &mut Vec<Neighbor>, radius: f64, out: &mut Vec<Neighbor>) {
        let bins = BINS_A_NEIGHBOR * neighbors.len();
        let factor = bins as f64 / (radius * radius * radius);
        let bin = |distance: f64| ((distance * distance * distance * factor) as usize).min(bins.saturating_sub(1));
        self.starts.clear();
        self.starts.resize(bins + 1, 0);
        for neighbor in &*neighbors {
            self.starts[bin(neighbor.distance) + 1] += 1;
        }
        let mut start = 0;
        for count in &mut self.starts {
            start += *count;
            *count = start;
        }
        self.keys.clear();
        self.keys.resize(neighbors.len(), (0, 0));
        for (place, neighbor) in neighbors.iter().enumerate() {
            let start = &mut self.starts[bin(neighbor.distance)];
            self.keys[*start as usize] = (neighbor.distance.to_bits(), place as u32);
            *start += 1;
        }
        let tie = |key: &(u64, u32)| {
            let neighbor = &neighbors[key.1 as usize];
            (neighbor.site, neighbor.image)
        };
        let order = |a: &(u64, u32), b: &(u64, u32)| a.0.cmp(&b.0).then_with(|| tie(a).cmp(&tie(b)));
        let mut start = 0;
        for &end in &self.starts[..bins] {
            if end - start > FEW {
                self.keys[start as usize..end as usize].sort_unstable_by(order);
            }
            start = end;
        }
        // No key leaves its bin, so this is one pass for all of them.
        insertion_sort(&mut self.keys, order);
        out.extend(self.keys.iter().map(|key| neighbors[key.1 as usize]));
        neighbors.clear();
    }
}

/// Sorts keys of which none has far to go.
fn insertion_sort<T: Copy>(keys: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    for place in 1..keys.len() {
        let key = keys[place];
        let mut hole = place;
        while hole > 0 && order(&keys[hole - 1], &key) == Ordering::Greater {
            keys[hole] = keys[hole - 1];
            hole -= 1;
        }
        keys[hole] = key;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chem::Element;
    use crate::crystal::Lattice;

    fn structure(rows: [Vector; 3], fracs: &[Vector]) -> Option<Structure> {
        let mut structure = Structure::new(Lattice::new(rows)?);
        for frac in fracs {
            structure.push(*frac, Element::from_symbol("C").expect("symbol"));
        }
        Some(structure)
    }

    /// Every image in a box that holds the sphere, of the cell as it is, sorted.
    fn by_brute_force(structure: &Structure, radius: f64) -> Vec<Vec<Neighbor>> {
        let heights = structure.lattice().heights();
        let mut all = Vec::new();
        for i in 0..structure.len() {
            let mut list = Vec::new();
            for j in 0..structure.len() {
                let apart: Vector = std::array::from_fn(|k| structure.fracs()[j][k] - structure.fracs()[i][k]);
                let low = std::array::from_fn::<_, 3, _>(|k| (-apart[k] - radius / heights[k]).floor() as i32);
                let high = std::array::from_fn::<_, 3, _>(|k| (-apart[k] + radius / heights[k]).ceil() as i32);
                for a in low[0]..=high[0] {
                    for b in low[1]..=high[1] {
                        for c in low[2]..=high[2] {
                            let image = [a, b, c];
                            let frac = std::array::from_fn(|k| apart[k] + f64::from(image[k]));
                            let vector = structure.lattice().cart(frac);
                            if norm(vector) <= radius && (i != j || image != [0; 3]) {
                                list.push(Neighbor { site: j as u32, image, distance: norm(vector), vector });
                            }
                        }
                    }
                }
            }
            list.sort_by(|a, b| a.distance.total_cmp(&b.distance));
            all.push(list);
        }
        all
    }

    fn identities(list: &[Neighbor]) -> Vec<(u32, [i32; 3])> {
        let mut identities: Vec<_> = list.iter().map(|n| (n.site, n.image)).collect();
        identities.sort_unstable();
        identities
    }

    fn agrees_with_brute_force(structure: &Structure, radius: f64) {
        // Distances that lie at the radius within rounding may fall on either side.
        let radius = radius + 1e-3 * std::f64::consts::FRAC_1_PI;
        let mut search = NeighborSearch::default();
        let mut direct = Neighbors::default();
        match search.run(structure, radius, &mut direct) {
            Err(GeometryError::OverlappingAtoms { .. }) => return,
            result => result.expect("few atoms"),
        }
        let mut binned = Neighbors { radius, ..Neighbors::default() };
        search.bins.set(&search.positions, radius);
        for site in 0..structure.len() {
            let mut found = Vec::new();
            search.bins.around(&search.positions, site, radius, &mut found);
            binned.append(&mut found, &mut search.sorter, structure.len()).expect("few atoms");
        }
        assert_eq!(binned.entries, direct.entries, "linked cells have other bits");
        for (site, expected) in by_brute_force(structure, radius).iter().enumerate() {
            let found = direct.of(site);
            assert_eq!(identities(found), identities(expected));
            assert!(found.is_sorted_by_key(|n| n.distance));
            for (found, expected) in found.iter().zip(expected) {
                assert!((found.distance - expected.distance).abs() < 1e-9);
            }
            for neighbor in found {
                let frac = std::array::from_fn(|k| {
                    structure.fracs()[neighbor.site as usize][k] + f64::from(neighbor.image[k])
                        - structure.fracs()[site][k]
                });
                assert!(norm(super::super::vector::sub(structure.lattice().cart(frac), neighbor.vector)) < 1e-9);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn lists_agree_with_every_image_tried(
            rows in prop::array::uniform3(prop::array::uniform3(-6.0..6.0_f64)),
            fracs in prop::collection::vec(prop::array::uniform3(-1.5..1.5_f64), 1..7),
            radius in 0.5..6.0_f64,
        ) {
            let Some(structure) = structure(rows, &fracs) else { return Ok(()) };
            prop_assume!(structure.lattice().volume() > 5.0);
            agrees_with_brute_force(&structure, radius);
        }
    }

    #[test]
    fn thin_skewed_and_long_cells_agree_with_every_image_tried() {
        let fracs = [[0.1, 0.2, 0.3], [-0.4, 1.7, 0.55]];
        for rows in [
            [[0.4, 0.0, 0.0], [0.0, 20.0, 0.0], [0.0, 0.0, 20.0]],
            [[3.0, 0.0, 0.0], [33.0, 3.0, 0.0], [-17.0, 24.0, 3.0]],
            [[0.0, 3.0, 0.0], [2.0, 0.0, 0.0], [0.1, 0.2, 90.0]],
        ] {
            agrees_with_brute_force(&structure(rows, &fracs[..1]).expect("a cell"), 5.0);
            agrees_with_brute_force(&structure(rows, &fracs).expect("a cell"), 5.0);
        }
    }

    #[test]
    fn both_ends_of_a_pair_have_the_same_distance_to_the_bit() {
        let rows = [[3.1, 0.2, 0.0], [-1.0, 2.9, 0.4], [0.7, 1.0, 5.0]];
        let structure = structure(rows, &[[0.1, 0.7, 0.3], [-0.4, 1.7, 0.55]]).expect("a cell");
        let mut list = Neighbors::default();
        NeighborSearch::default().run(&structure, 6.0, &mut list).expect("few atoms");
        for neighbor in list.of(0).iter().filter(|n| n.site == 1) {
            let back = list.of(1).iter().find(|n| n.site == 0 && n.image == neighbor.image.map(|k| -k)).expect("there");
            assert_eq!(back.distance.to_bits(), neighbor.distance.to_bits());
        }
    }

    /// A simple cubic crystal of one-atom cells: √41 away lie 48 neighbours like (6, 2, 1), 24 like (5, 4, 0) and 24 like (4, 4, 3).
    #[test]
    fn neighbours_at_one_distance_ascend_by_site_and_image() {
        let cubic = structure([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], &[[0.0; 3]]).expect("a cell");
        let mut list = Neighbors::default();
        NeighborSearch::default().run(&cubic, 7.0, &mut list).expect("few atoms");
        assert_eq!(list.of(0).iter().filter(|n| n.distance == 41.0_f64.sqrt()).count(), 96);
        let key = |n: &Neighbor| (n.distance.to_bits(), n.site, n.image);
        assert!(list.of(0).is_sorted_by_key(key));
    }

    /// More pairs than are searched at once: every site by itself, as few are both ways.
    #[test]
    fn dense_cells_have_the_neighbours_of_their_sites_one_by_one() {
        let fracs = [[0.1, 0.2, 0.3], [0.6, 0.7, 0.55]];
        let dense = structure([[0.6, 0.0, 0.0], [0.1, 0.6, 0.0], [0.0, 0.1, 0.6]], &fracs).expect("a cell");
        let mut search = NeighborSearch::default();
        let mut list = Neighbors::default();
        search.run(&dense, 15.2, &mut list).expect("fits");
        assert!(search.expected(15.2) * 2.0 > MIRRORED_PAIRS, "the sites are searched together");
        let mut lists = Vec::new();
        search.images.around_all(&search.positions, 15.2, &mut lists);
        for (site, found) in lists.iter_mut().enumerate() {
            let mut sorted = Vec::new();
            search.sorter.append_sorted(found, 15.2, &mut sorted);
            assert!(sorted == list.of(site), "site {site}");
        }
    }

    #[test]
    fn a_cell_that_cannot_fit_is_refused_before_the_search() {
        let rows = [[0.02, 0.0, 0.0], [0.0, 0.02, 0.0], [0.0, 0.0, 0.02]];
        let mut list = Neighbors::default();
        let error = NeighborSearch::default().run(&structure(rows, &[[0.0; 3]]).expect("a cell"), 10.0, &mut list);
        assert!(matches!(error, Err(GeometryError::TooManyAtoms { sites: 1, .. })));
        assert!(list.is_empty());
    }
}
