//! Crystals: lattices, sites, structures.

mod geometry;
mod lattice;
mod structure;
mod symmetry;

pub use geometry::Geometry;
pub use lattice::Lattice;
pub use structure::{Occupant, Structure};
pub use symmetry::{ANGLE_TOLERANCE, CrystalSystem, MAX_SITES, Operation, Symmetry, SymmetryError};
