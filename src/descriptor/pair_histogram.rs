//! Histograms of the distances between atoms up to 20 Å, in bins of 0.1 Å: what `rdf` and `partial_rdf` share.

use std::f64::consts::PI;

use crate::candidate::{Fault, FaultCode, Stage};
use crate::crystal::{ReducedCell, Structure};

/// Largest distance, in Å.
pub(super) const CUTOFF: f64 = 20.0;
/// Number of bins.
pub(super) const NUM_BINS: usize = 200;
/// Width of a bin, in Å.
pub(super) const WIDTH: f64 = 0.1;
/// A distance that lies less below the edge of a bin, in Å, counts as on it: what is 4 Å by the lattice parameters must not fall
/// to either side by rounding.
const EDGE: f64 = 1e-8;
/// Most distances and pairs of sites: some seconds.
const MAX_WORK: f64 = 1e9;

/// Inner edge of a bin, in Å.
pub(super) fn edge(bin: usize) -> f64 {
    bin as f64 * WIDTH
}

/// Volume of the shell of each bin, in Å³.
pub(super) fn shells() -> [f64; NUM_BINS] {
    let cube = |bin| edge(bin) * edge(bin) * edge(bin);
    std::array::from_fn(|bin| 4.0 / 3.0 * PI * (cube(bin + 1) - cube(bin)))
}

/// Refuses a cell with so many pairs that they would take more than seconds.
///
/// # Errors
/// `too-many-atoms`.
pub(super) fn check(structure: &Structure) -> Result<(), Fault> {
    let sites = structure.len() as f64;
    let images = 4.0 / 3.0 * PI * CUTOFF * CUTOFF * CUTOFF / structure.lattice().volume();
    let work = sites * sites * (1.0 + images);
    if work <= MAX_WORK {
        return Ok(());
    }
    let detail =
        format!("{sites} atoms have about {work:.0e} pairs within {CUTOFF} Å, expected at most {MAX_WORK:.0e}");
    Err(Fault::new(Stage::Describe, FaultCode::TooManyAtoms, detail))
}

/// Adds `weight` to the bin of every image of `site` around `other` (not of a site around itself at distance 0).
pub(super) fn add(cell: &ReducedCell, site: usize, other: usize, weight: f64, bins: &mut [f64]) {
    cell.images(site, other, CUTOFF, |row| {
        let last = row.last.clone();
        for k in last {
            let square = row.square(k);
            // Farther than 1e-8 Å, as pymatgen tells a site from itself.
            if square > 1e-16 {
                let bin = ((square.sqrt() + EDGE) * (1.0 / WIDTH)) as usize;
                bins[bin.min(NUM_BINS - 1)] += weight;
            }
        }
    });
}
