//! Crystals: lattices, sites, structures, and the geometry that descriptors share.

mod geometry;
mod images;
mod lattice;
mod linked_cells;
mod neighbors;
pub mod order_parameters;
mod reduction;
mod structure;
mod vector;

pub use geometry::{Geometry, GeometryError};
pub use lattice::Lattice;
pub use neighbors::{MAX_PAIRS, MIN_DISTANCE, Neighbor, Neighbors};
pub use structure::{Occupant, Structure};
