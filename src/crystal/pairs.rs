//! Pairs of sites, each listed from one of its ends, with all images of the other: for sums that are known at one end when
//! they are known at the other.

use super::images::Images;
use super::neighbors::{MIN_DISTANCE, Positions};
use super::vector::dot;

/// Two sites, or one site and its own images.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The site around which images are listed, and the one whose images they are; the second is not below the first.
    pub sites: [u32; 2],
    /// Where its images end; they begin where those of the pair before end.
    pub end: u32,
}

/// All pairs of sites within a radius. Around a site itself one of each two opposite images is listed; around the second site
/// of a pair the first one has the images that lie opposite.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    pairs: Vec<Pair>,
    axes: [Vec<f64>; 3],
    squares: Vec<f64>,
}

impl Pairs {
    /// Pairs in ascending order; some have no images.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Vectors from the first site of a pair to the images of the second, by axis, in Å.
    pub fn axes(&self) -> [&[f64]; 3] {
        self.axes.each_ref().map(Vec::as_slice)
    }

    /// Their squared lengths, in Å².
    pub fn squares(&self) -> &[f64] {
        &self.squares
    }

    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.axes.iter_mut().for_each(Vec::clear);
        self.squares.clear();
    }

    /// Lists the pairs of all sites; false where atoms overlap.
    pub(super) fn set(&mut self, images: &Images, positions: &Positions, radius: f64) -> bool {
        self.clear();
        let sites = positions.carts.len();
        let mut least = f64::INFINITY;
        let Self { pairs, axes, squares } = self;
        for site in 0..sites {
            for other in site..sites {
                images.once(positions, [site, other], radius, |neighbor| {
                    for (axis, x) in axes.iter_mut().zip(neighbor.vector) {
                        axis.push(x);
                    }
                    squares.push(dot(neighbor.vector, neighbor.vector));
                    least = least.min(neighbor.distance);
                });
                pairs.push(Pair { sites: [site as u32, other as u32], end: squares.len() as u32 });
            }
        }
        least >= MIN_DISTANCE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::chem::Element;
    use crate::crystal::{Geometry, Lattice, Structure};

    fn structure(rows: [[f64; 3]; 3], fracs: &[[f64; 3]]) -> Option<Structure> {
        let mut structure = Structure::new(Lattice::new(rows)?);
        for frac in fracs {
            structure.push(*frac, Element::from_symbol("C").expect("symbol"));
        }
        Some(structure)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Both ends of all pairs together are the lists of neighbours, to the bit.
        #[test]
        fn pairs_seen_from_both_ends_are_the_neighbours(
            rows in prop::array::uniform3(prop::array::uniform3(-6.0..6.0_f64)),
            fracs in prop::collection::vec(prop::array::uniform3(-1.5..1.5_f64), 1..7),
            radius in 4.0..9.0_f64,
        ) {
            let Some(structure) = structure(rows, &fracs) else { return Ok(()) };
            prop_assume!(structure.lattice().volume() > 5.0);
            let mut geometry = Geometry::default();
            let Some(pairs) = geometry.pairs(&structure, radius) else { return Ok(()) };
            let key = |vector: [f64; 3]| vector.map(|x| (0.0 + x).to_bits());
            let mut found = vec![Vec::new(); fracs.len()];
            let mut start = 0;
            for pair in pairs.pairs() {
                for at in start..pair.end as usize {
                    let vector = pairs.axes().map(|axis| axis[at]);
                    let [first, second] = pair.sites;
                    found[first as usize].push((second, key(vector)));
                    found[second as usize].push((first, key(vector.map(|x| -x))));
                    prop_assert!((pairs.squares()[at].sqrt() - vector[0].hypot(vector[1]).hypot(vector[2])).abs() < 1e-12);
                }
                start = pair.end as usize;
            }
            let neighbors = geometry.neighbors(&structure, radius).expect("no overlap");
            for (site, found) in found.iter_mut().enumerate() {
                let mut expected: Vec<_> = neighbors.of(site).iter().map(|n| (n.site, key(n.vector))).collect();
                expected.sort_unstable();
                found.sort_unstable();
                prop_assert_eq!(&*found, &expected);
            }
        }
    }

    #[test]
    fn overlaps_and_open_cells_are_left_to_lists() {
        let cell = |length: f64| [[length, 0.0, 0.0], [0.0, length, 0.0], [0.0, 0.0, length]];
        let mut geometry = Geometry::default();
        let one = structure(cell(3.0), &[[0.0; 3]]).expect("a cell");
        assert_eq!(geometry.pairs(&one, 3.1).expect("pairs").squares(), [9.0; 3]);
        let overlapping = structure(cell(3.0), &[[0.0; 3], [0.0; 3]]).expect("a cell");
        assert!(geometry.pairs(&overlapping, 6.0).is_none());
        let open = structure(cell(30.0), &[[0.0; 3], [0.1; 3]]).expect("a cell");
        assert!(geometry.pairs(&open, 6.0).is_none(), "few images a pair");
    }
}
