//! Local order parameters: how much the neighbours of a site look like a motif, 1 for the ideal one.
//!
//! Definitions and parameters are those of pymatgen's `LocalStructOrderParams` (Zimmermann and Jain 2020), restricted to
//! the 37 motifs that site fingerprints use; only vectors to the neighbours enter.

mod body_centered;
mod cuboctahedron;
mod motif;
mod order_parameter;
mod peak;
mod shell;
mod steinhardt;

pub use motif::{MAX_COORDINATION, Motif, NUM_MOTIFS, motifs};
pub use order_parameter::OrderParameter;
pub use shell::Shell;
