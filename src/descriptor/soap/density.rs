//! The smoothed density of atoms around each site, as coefficients of radial functions and harmonics.
//!
//! Where a site sees many images of another, they are expanded once for both: seen from the other end, the harmonics of odd degree
//! change their sign.

use matsieve_kernels::dispatch::{Level, expand};
use matsieve_kernels::expansion::{Expansion, Group, LANES, Points, Target};

use crate::candidate::Fault;
use crate::crystal::{Geometry, Neighbors, Pairs, Structure};

use super::super::crystal_input::geometry_fault;

/// Coefficients up to which those of all sites are kept at one time: 1 MiB.
const MOST_KEPT: usize = 1 << 17;

/// Size of a cache line, in bytes.
const CACHE_LINE: usize = 64;

/// How densities are expanded, and which atoms a structure has.
pub(super) struct Density<'a> {
    pub basis: &'a Expansion,
    /// What an atom adds to its own site: [`own`].
    pub own: &'a [f64],
    /// Atoms farther away do not count, in Å.
    pub radius: f64,
    /// Channel of each site.
    pub channels: &'a [usize],
    pub num_channels: usize,
    /// Length of a row of coefficients, at least channels × radial functions.
    pub width: usize,
}

/// Working memory.
#[derive(Default)]
pub(super) struct DensityScratch {
    axes: [Vec<f64>; 3],
    squares: Vec<f64>,
    groups: Vec<Group>,
    kernel: Vec<f64>,
    /// Harmonics × channels × radial functions, of one site or of all.
    coefficients: Vec<f64>,
}

/// The coefficients of an atom at the centre itself, of harmonic 0; all others are 0.
pub(super) fn own(basis: &Expansion) -> Vec<f64> {
    let mut out = vec![0.0; basis.num_harmonics() * basis.width()];
    let groups = [Group { end: 1, target: Target::One(0) }];
    let points = Points { axes: [&[0.0]; 3], squares: &[0.0], groups: &groups };
    expand(Level::best(), basis, points, &mut vec![0.0; basis.scratch_len()], &mut out, basis.width());
    out.truncate(basis.num_radial());
    out
}

impl Density<'_> {
    /// Hands out the coefficients around each site in turn: a row of `width` for each harmonic, channel after channel.
    ///
    /// # Errors
    /// Those of the neighbour list.
    pub fn around_sites(
        &self,
        structure: &Structure,
        geometry: &mut Geometry,
        scratch: &mut DensityScratch,
        mut take: impl FnMut(&[f64]),
    ) -> Result<(), Fault> {
        let length = self.basis.num_harmonics() * self.width;
        let mut memory = std::mem::take(&mut scratch.coefficients);
        scratch.kernel.resize(self.basis.scratch_len(), 0.0);
        let fits = structure.len() * length <= MOST_KEPT;
        if let Some(pairs) = fits.then(|| geometry.pairs(structure, self.radius)).flatten() {
            let coefficients = zeros(&mut memory, structure.len() * length);
            self.add_pairs(pairs, scratch, coefficients);
            for (site, coefficients) in coefficients.chunks_exact_mut(length).take(structure.len()).enumerate() {
                self.add_own(site, coefficients);
                take(coefficients);
            }
        } else {
            let neighbors = geometry.neighbors(structure, self.radius).map_err(geometry_fault)?;
            for site in 0..structure.len() {
                let coefficients = zeros(&mut memory, length);
                self.add_neighbors(neighbors, site, scratch, coefficients);
                self.add_own(site, coefficients);
                take(&coefficients[..length]);
            }
        }
        scratch.coefficients = memory;
        Ok(())
    }

    /// Adds what the sites of all pairs add to one another.
    fn add_pairs(&self, pairs: &Pairs, scratch: &mut DensityScratch, coefficients: &mut [f64]) {
        let DensityScratch { groups, kernel, .. } = scratch;
        let length = self.basis.num_harmonics() * self.width;
        groups.clear();
        groups.extend(pairs.pairs().iter().map(|pair| {
            let [first, second] = pair.sites.map(|site| site as usize);
            // A site is seen in its own channel, by the other.
            let near = first * length + self.channels[second] * self.basis.num_radial();
            let far = second * length + self.channels[first] * self.basis.num_radial();
            let target = if first == second { Target::Opposite(near) } else { Target::Two(near, far) };
            Group { end: pair.end as usize, target }
        }));
        let points = Points { axes: pairs.axes(), squares: pairs.squares(), groups };
        expand(Level::best(), self.basis, points, kernel, coefficients, self.width);
    }

    /// Adds what the neighbours of a site add to it.
    fn add_neighbors(
        &self,
        neighbors: &Neighbors,
        site: usize,
        scratch: &mut DensityScratch,
        coefficients: &mut [f64],
    ) {
        let DensityScratch { axes, squares, groups, kernel, .. } = scratch;
        axes.iter_mut().for_each(Vec::clear);
        squares.clear();
        groups.clear();
        for channel in 0..self.num_channels {
            for neighbor in neighbors.within(site, self.radius) {
                if self.channels[neighbor.site as usize] == channel {
                    for (axis, x) in axes.iter_mut().zip(neighbor.vector) {
                        axis.push(x);
                    }
                    squares.push(neighbor.distance * neighbor.distance);
                }
            }
            let target = Target::One(channel * self.basis.num_radial());
            groups.push(Group { end: squares.len(), target });
        }
        let points = Points { axes: axes.each_ref().map(Vec::as_slice), squares, groups };
        expand(Level::best(), self.basis, points, kernel, coefficients, self.width);
    }

    /// Adds the atom at the site itself.
    fn add_own(&self, site: usize, coefficients: &mut [f64]) {
        let at = self.channels[site] * self.basis.num_radial();
        for (sum, own) in coefficients[at..].iter_mut().zip(self.own) {
            *sum += own;
        }
    }
}

/// So many zeros from the start of a cache line on, and some more, for whole stripes behind the last row.
fn zeros(memory: &mut Vec<f64>, length: usize) -> &mut [f64] {
    let line = CACHE_LINE / size_of::<f64>();
    memory.clear();
    memory.resize(length + LANES + line, 0.0);
    let start = memory.as_ptr().align_offset(CACHE_LINE).min(line);
    &mut memory[start..start + length + LANES]
}

#[cfg(test)]
mod tests {
    use matsieve_kernels::harmonics::SolidHarmonics;

    use super::*;
    use crate::chem::Element;
    use crate::crystal::Lattice;

    /// A cell of seven sites in three channels, expanded pair by pair and neighbour by neighbour.
    #[test]
    fn pairs_add_up_to_what_neighbours_do() {
        let rates: Vec<f64> = (0..5 * 9).map(|k| 0.2 + 0.04 * f64::from(k)).collect();
        let mixing: Vec<f64> = (0..5 * 81).map(|k| f64::from(k).sin()).collect();
        let radius = 6.0;
        let basis = Expansion::new(SolidHarmonics::new(4), 9, &rates, &mixing, radius * radius);
        let lattice = Lattice::new([[4.1, 0.3, -0.2], [1.0, 5.2, 0.1], [-1.1, 0.4, 4.7]]).expect("a cell");
        let mut structure = Structure::new(lattice);
        for k in 0..7 {
            let frac = [0.37, 0.61, 0.83].map(|step| (step * f64::from(k)).fract());
            structure.push(frac, Element::from_symbol("C").expect("symbol"));
        }
        let channels = [0, 2, 1, 1, 0, 2, 2];
        let own = own(&basis);
        let density = Density { basis: &basis, own: &own, radius, channels: &channels, num_channels: 3, width: 32 };
        let (mut geometry, mut scratch) = (Geometry::default(), DensityScratch::default());
        assert!(geometry.pairs(&structure, radius).is_some(), "the cell is too open for pairs");
        let mut by_pairs = Vec::new();
        density
            .around_sites(&structure, &mut geometry, &mut scratch, |sums| by_pairs.extend_from_slice(sums))
            .expect("no overlap");
        let length = basis.num_harmonics() * density.width;
        assert_eq!(by_pairs.len(), 7 * length);
        let neighbors = geometry.neighbors(&structure, radius).expect("no overlap");
        let mut memory = Vec::new();
        for (site, by_pairs) in by_pairs.chunks(length).enumerate() {
            let sums = zeros(&mut memory, length);
            density.add_neighbors(neighbors, site, &mut scratch, sums);
            density.add_own(site, sums);
            let scale = sums.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
            for (place, (found, expected)) in by_pairs.iter().zip(sums).enumerate() {
                assert!(
                    (found - *expected).abs() <= 1e-13 * scale,
                    "site {site}, {place}: {found}, expected {expected}"
                );
            }
        }
    }
}
