//! In how many directions bonded atoms go on for ever.

/// A step from a site to a neighbour: sites, and the cell of the neighbour in lattice vectors.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Bond {
    /// Site, from 0.
    pub from: u32,
    /// Neighbour, from 0.
    pub to: u32,
    /// In which cell the neighbour is, seen from the site.
    pub image: [i32; 3],
}

/// Connected components of periodic bonds, each with the translations that lead from an atom to an image of it.
///
/// Reused from structure to structure.
#[derive(Clone, Debug, Default)]
pub struct BondGraph {
    /// A site of the same component, nearer to its root, and in which cell it is, seen from this site.
    parents: Vec<(u32, Cell)>,
    /// Independent translations of the component of each root.
    translations: Vec<[Cell; 3]>,
    /// How many of them there are.
    ranks: Vec<u8>,
}

type Cell = [i128; 3];

impl BondGraph {
    /// The highest dimensionality of a component: 0 for molecules, 1 for chains, 2 for layers, 3 for frameworks.
    ///
    /// The rank of the translations that lead from an atom along bonds to its own images; 0 without sites. Every bond
    /// counts in both directions. Numbers of sites in `bonds` lie below `num_sites`.
    ///
    /// # References
    /// Larsen, Pandey, Strange, Jacobsen 2019, 10.1103/PhysRevMaterials.3.034003; here by union of components instead of
    /// their breadth-first search.
    pub fn dimensionality(&mut self, num_sites: usize, bonds: impl Iterator<Item = Bond>) -> u8 {
        self.parents.clear();
        self.parents.extend((0..num_sites as u32).map(|site| (site, [0; 3])));
        self.translations.clear();
        self.translations.resize(num_sites, [[0; 3]; 3]);
        self.ranks.clear();
        self.ranks.resize(num_sites, 0);
        for bond in bonds {
            self.add(bond);
        }
        self.ranks.iter().copied().max().unwrap_or(0)
    }

    fn add(&mut self, bond: Bond) {
        let (from, from_cell) = self.root(bond.from);
        let (to, to_cell) = self.root(bond.to);
        // In which cell the root of `to` is, seen from the root of `from`.
        let step: Cell = std::array::from_fn(|k| i128::from(bond.image[k]) + to_cell[k] - from_cell[k]);
        if from == to {
            self.translate(from, step);
            return;
        }
        self.parents[from as usize] = (to, step);
        for place in 0..usize::from(self.ranks[from as usize]) {
            self.translate(to, self.translations[from as usize][place]);
        }
        self.ranks[from as usize] = 0;
    }

    /// The root of a site's component, and in which cell it is, seen from the site.
    fn root(&mut self, site: u32) -> (u32, Cell) {
        let (mut at, mut cell) = (site, [0; 3]);
        while self.parents[at as usize].0 != at {
            let (next, step) = self.parents[at as usize];
            (at, cell) = (next, std::array::from_fn(|k| cell[k] + step[k]));
        }
        // What lies on the way points at the root from now on.
        let (root, mut rest, mut on_way) = (at, cell, site);
        while on_way != root {
            let (next, step) = self.parents[on_way as usize];
            self.parents[on_way as usize] = (root, rest);
            (on_way, rest) = (next, std::array::from_fn(|k| rest[k] - step[k]));
        }
        (root, cell)
    }

    /// Notes that a translation leads from an atom of the component to its image.
    fn translate(&mut self, root: u32, by: Cell) {
        let known = self.translations[root as usize];
        let rank = &mut self.ranks[root as usize];
        let is_new = match *rank {
            0 => by != [0; 3],
            1 => cross(known[0], by) != [0; 3],
            2 => {
                let normal = cross(known[0], known[1]);
                (0..3).fold(0_i128, |sum, k| sum.wrapping_add(normal[k].wrapping_mul(by[k]))) != 0
            }
            _ => false,
        };
        if is_new {
            self.translations[root as usize][usize::from(*rank)] = by;
            *rank += 1;
        }
    }
}

/// Vector product. Wraps where entries exceed 2⁶³, which sums of 2³¹ images of 32 bits do not reach.
fn cross(a: Cell, b: Cell) -> Cell {
    let minor = |i: usize, j: usize| a[i].wrapping_mul(b[j]).wrapping_sub(a[j].wrapping_mul(b[i]));
    [minor(1, 2), minor(2, 0), minor(0, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimensionality(num_sites: usize, bonds: &[(u32, u32, [i32; 3])]) -> u8 {
        let bonds = bonds.iter().map(|&(from, to, image)| Bond { from, to, image });
        BondGraph::default().dimensionality(num_sites, bonds)
    }

    #[test]
    fn a_molecule_across_the_border_of_the_cell_stays_a_molecule() {
        assert_eq!(dimensionality(3, &[(0, 1, [1, 0, -2]), (1, 2, [0, 5, 0]), (2, 0, [-1, -5, 2])]), 0);
    }

    #[test]
    fn a_bond_to_the_own_image_makes_a_chain() {
        assert_eq!(dimensionality(1, &[(0, 0, [0, 0, 1]), (0, 0, [0, 0, -1]), (0, 0, [0, 0, 2])]), 1);
    }

    #[test]
    fn chains_that_join_late_make_a_layer() {
        // Two chains, along a and along b, then a bond between them, whichever end comes first.
        let chains = [(0, 0, [1, 0, 0]), (1, 1, [0, 1, 0])];
        assert_eq!(dimensionality(2, &chains), 1);
        assert_eq!(dimensionality(2, &[chains[0], chains[1], (0, 1, [3, 3, 3])]), 2);
        assert_eq!(dimensionality(2, &[chains[0], chains[1], (1, 0, [3, 3, 3])]), 2);
    }

    #[test]
    fn a_helix_of_three_atoms_is_a_chain_and_rock_salt_a_framework() {
        assert_eq!(dimensionality(3, &[(0, 1, [0, 0, 0]), (1, 2, [0, 0, 0]), (2, 0, [0, 0, 1])]), 1);
        // Primitive cell: Cl at the corners of an octahedron around Na.
        let octahedron =
            [[0, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 0, -1], [-1, -1, 0], [-1, 0, -1]].map(|image| (0, 1, image));
        assert_eq!(dimensionality(2, &octahedron), 3);
    }

    #[test]
    fn huge_images_do_not_overflow() {
        let big = i32::MAX;
        let bonds = [(0, 0, [big, -big, 1]), (0, 0, [-big, -big, 2]), (0, 0, [big, big, i32::MIN])];
        assert_eq!(dimensionality(1, &bonds), 3);
    }

    #[test]
    fn no_sites_have_no_dimension() {
        assert_eq!(dimensionality(0, &[]), 0);
    }
}
