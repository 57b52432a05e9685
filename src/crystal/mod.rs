//! Crystals: lattices, sites, structures, and the geometry that descriptors share.

mod geometry;
mod images;
mod lattice;
mod linked_cells;
mod neighbors;
mod polyhedron;
mod reduction;
mod structure;
mod vector;
mod voronoi;

pub use geometry::{Geometry, GeometryError};
pub use lattice::Lattice;
pub use neighbors::{MAX_PAIRS, MIN_DISTANCE, Neighbor, Neighbors};
pub use structure::{Occupant, Structure};
pub use voronoi::{Facet, Voronoi};
