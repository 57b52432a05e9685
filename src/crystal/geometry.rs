//! What several descriptors need of the same structure, computed once, when the first of them asks.

use super::neighbors::{NeighborSearch, Neighbors};
use super::pairs::Pairs;
use super::reduced_cell::ReducedCell;
use super::voronoi::{Tessellation, Voronoi, first_radius};
use super::{Structure, Symmetry, SymmetryError};

/// Why a structure has no geometry.
#[derive(Copy, Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// Two atoms lie nearer than [`MIN_DISTANCE`](super::MIN_DISTANCE).
    #[error(
        "atoms {first} and {second} (from 0) lie {distance:.4} Å apart, expected at least {} Å",
        super::MIN_DISTANCE
    )]
    OverlappingAtoms {
        /// Site, from 0.
        first: usize,
        /// Site, from 0; the same where an atom meets its own image.
        second: usize,
        /// Their distance, in Å.
        distance: f64,
    },
    /// The neighbour list would not fit into the memory that it may take.
    #[error("{sites} atoms have more than {limit} neighbours within {radius} Å")]
    TooManyAtoms {
        /// Number of sites.
        sites: usize,
        /// Radius asked for, in Å.
        radius: f64,
        /// Most neighbours of all sites together.
        limit: usize,
    },
    /// One atom has so many neighbours at nearly the same distance that its Voronoi cell is no polyhedron of a crystal.
    #[error("the Voronoi cell of atom {site} (from 0) has more than {limit} vertices")]
    TooManyVertices {
        /// Site, from 0.
        site: usize,
        /// Most vertices.
        limit: usize,
    },
    /// The Voronoi cells do not add up to the cell: rounding has the better of a degenerate structure.
    #[error("Voronoi cells fill {cells} Å³ of a cell of {volume} Å³")]
    UnevenTessellation {
        /// Sum of the volumes of the Voronoi cells, in Å³.
        cells: f64,
        /// Volume of the cell, in Å³.
        volume: f64,
    },
}

/// Geometry of one structure at a time; belongs to one worker and is reused from structure to structure.
#[derive(Debug, Default)]
pub struct Geometry {
    reduced: ReducedCell,
    /// Whether `reduced` belongs to this structure.
    is_reduced: bool,
    /// By bits of symprec.
    symmetries: Vec<(u64, Result<Symmetry, SymmetryError>)>,
    expected_radius: f64,
    search: NeighborSearch,
    neighbors: Neighbors,
    /// Whether `neighbors` belongs to this structure.
    has_neighbors: bool,
    pairs: Pairs,
    tessellation: Tessellation,
    voronoi: Voronoi,
    /// Whether `voronoi` belongs to this structure.
    has_voronoi: bool,
}

impl Geometry {
    /// Says that neighbours within `radius` Å will be asked for, so that one list is made instead of one for each radius.
    ///
    /// Holds for all structures to come; the largest radius counts. Values do not depend on it.
    pub fn expect_radius(&mut self, radius: f64) {
        self.expected_radius = self.expected_radius.max(radius);
    }

    /// Forgets what belongs to the structure before.
    pub fn begin(&mut self, structure: &Structure) {
        let _ = structure;
        self.has_neighbors = false;
        self.has_voronoi = false;
        self.is_reduced = false;
        self.symmetries.clear();
    }

    /// The structure in the reduced basis of its lattice, computed once a structure.
    pub fn reduced(&mut self, structure: &Structure) -> &ReducedCell {
        if !self.is_reduced {
            self.reduced.set(structure);
            self.is_reduced = true;
        }
        &self.reduced
    }

    /// Symmetry within `symprec` (Å), found once a structure and tolerance.
    ///
    /// # Errors
    /// Those of [`Symmetry::find`].
    pub fn symmetry(&mut self, structure: &Structure, symprec: f64) -> Result<&Symmetry, SymmetryError> {
        let known = self.symmetries.iter().position(|(bits, _)| *bits == symprec.to_bits());
        let place = known.unwrap_or_else(|| {
            let found = Symmetry::find(structure, symprec);
            self.symmetries.push((symprec.to_bits(), found));
            self.symmetries.len() - 1
        });
        self.symmetries[place].1.as_ref().map_err(Clone::clone)
    }

    /// Neighbours up to at least `radius` Å: callers take [`within`](Neighbors::within) their own radius.
    ///
    /// `structure` is the one that [`begin`](Self::begin) was called with. Time grows with the number of neighbours.
    ///
    /// # Errors
    /// Overlapping atoms; more neighbours than fit into memory.
    pub fn neighbors(&mut self, structure: &Structure, radius: f64) -> Result<&Neighbors, GeometryError> {
        if !(self.has_neighbors && self.neighbors.radius() >= radius) {
            self.has_neighbors = false;
            let largest = radius.max(self.expected_radius);
            match self.search.run(structure, largest, &mut self.neighbors) {
                // Too many for the others, but maybe not for this one.
                Err(GeometryError::TooManyAtoms { .. }) if radius < largest => {
                    self.search.run(structure, radius, &mut self.neighbors)?;
                }
                result => result?,
            }
            self.has_neighbors = true;
        }
        Ok(&self.neighbors)
    }

    /// The pairs of sites within `radius` Å, each from one end, in no order of distance: less work than [`neighbors`](Self::neighbors)
    /// for who sums over images; not kept for the next who asks. `None` where lists are the better way, as in cells of many sites,
    /// or the only one that says what is wrong, as with overlapping atoms.
    ///
    /// `structure` is the one that [`begin`](Self::begin) was called with.
    pub fn pairs(&mut self, structure: &Structure, radius: f64) -> Option<&Pairs> {
        self.search.pairs(structure, radius, &mut self.pairs).then_some(&self.pairs)
    }

    /// The Voronoi cells of all sites.
    ///
    /// `structure` is the one that [`begin`](Self::begin) was called with. Time grows with the number of sites, and with
    /// the sixth power of the width of vacuum at the sites that border on it.
    ///
    /// # Errors
    /// Overlapping atoms; too many of them; cells that do not add up.
    pub fn voronoi(&mut self, structure: &Structure) -> Result<&Voronoi, GeometryError> {
        if !self.has_voronoi {
            let volume = structure.lattice().volume();
            if !self.has_neighbors {
                self.neighbors(structure, first_radius(volume / structure.len().max(1) as f64))?;
            }
            self.tessellation.run(volume, &self.neighbors, &mut self.search, &mut self.voronoi)?;
            self.has_voronoi = true;
        }
        Ok(&self.voronoi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;
    use crate::crystal::Lattice;

    fn simple_cubic(a: f64) -> Structure {
        let mut structure = Structure::new(Lattice::cubic(a).expect("a cell"));
        structure.push([0.3, 0.0, 5.0], Element::from_symbol("Po").expect("symbol"));
        structure
    }

    #[test]
    fn a_prefix_of_a_longer_list_is_the_shorter_list() {
        let structure = simple_cubic(3.0);
        let mut geometry = Geometry::default();
        geometry.begin(&structure);
        let short = geometry.neighbors(&structure, 4.5).expect("no overlap").of(0).to_vec();
        // 6 at a, 12 at √2 a = 4.24 Å.
        assert_eq!(short.len(), 18);
        let long = geometry.neighbors(&structure, 9.0).expect("no overlap");
        assert_eq!(long.within(0, 4.5), short);
        // 6 + 12 + 8 + 6 + 24 + 24 + 12 + 30 lattice points up to 3 a.
        assert_eq!(long.of(0).len(), 122);
    }

    #[test]
    fn the_list_of_the_structure_before_is_forgotten() {
        let mut geometry = Geometry::default();
        for (a, count) in [(3.0, 6), (2.0, 18)] {
            let structure = simple_cubic(a);
            geometry.begin(&structure);
            assert_eq!(geometry.neighbors(&structure, 3.0).expect("no overlap").of(0).len(), count);
        }
    }

    #[test]
    fn an_expected_radius_that_does_not_fit_leaves_the_smaller_ones() {
        let structure = simple_cubic(1.0);
        let mut geometry = Geometry::default();
        geometry.expect_radius(1000.0);
        geometry.begin(&structure);
        assert_eq!(geometry.neighbors(&structure, 1.0).expect("fits").of(0).len(), 6);
        let error = geometry.neighbors(&structure, 900.0).expect_err("3 · 10⁹ neighbours");
        assert_eq!(error.to_string(), "1 atoms have more than 16777216 neighbours within 900 Å");
    }

    #[test]
    fn atoms_on_one_place_overlap_across_the_border_of_the_cell() {
        let mut structure = simple_cubic(4.0);
        structure.push([0.299_9, 0.999_9, 0.0], Element::from_symbol("Po").expect("symbol"));
        let mut geometry = Geometry::default();
        geometry.begin(&structure);
        let error = geometry.neighbors(&structure, 3.0).expect_err("0.0006 Å apart");
        assert!(matches!(error, GeometryError::OverlappingAtoms { first: 0, second: 1, .. }), "{error}");
        assert_eq!(error.to_string(), "atoms 0 and 1 (from 0) lie 0.0006 Å apart, expected at least 0.01 Å");
    }
}
