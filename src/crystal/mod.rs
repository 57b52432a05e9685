//! Crystals: lattices, sites, structures, and the geometry that descriptors share.

mod bond_graph;
mod bond_valence;
mod bounded_cells;
mod crystal_nn;
mod geometry;
mod identity;
mod images;
mod lattice;
mod linked_cells;
mod matcher;
mod needle;
mod neighbors;
pub mod order_parameters;
mod ordering;
mod polyhedron;
mod reduced_cell;
mod reduction;
mod structure;
mod symmetry;
mod vector;
mod voronoi;
mod wide_angles;

pub use bond_graph::{Bond, BondGraph};
pub use bond_valence::{BondValenceError, RELAXED_SCALE, bond_valence_states};
pub use crystal_nn::{Coordination, CrystalNn, CrystalNnError, NearNeighbor};
pub use geometry::{Geometry, GeometryError};
pub use identity::{DIGEST_SYMPREC, structure_digest};
pub use lattice::Lattice;
pub use matcher::{MatchTolerances, Matchable};
pub use neighbors::{MAX_PAIRS, MIN_DISTANCE, Neighbor, Neighbors};
pub use ordering::EXCLUSION;
pub use reduced_cell::{RADIUS_SLACK, ReducedCell, Row};
pub use structure::{Occupant, Structure};
pub use symmetry::{CrystalSystem, MAX_SITES, Operation, Symmetry, SymmetryError};
pub use voronoi::{Facet, Voronoi};
