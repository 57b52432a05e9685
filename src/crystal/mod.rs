//! Crystals: lattices, sites, structures.

mod geometry;
mod lattice;
pub mod order_parameters;
mod structure;

pub use geometry::Geometry;
pub use lattice::Lattice;
pub use structure::{Occupant, Structure};
