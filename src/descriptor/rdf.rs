//! `rdf`: radial distribution function of all atoms.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::pair_histogram::{NUM_BINS, add, check, edge, shells};
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input, no_parameters};

/// Number density at a distance from an atom over the mean number density, in bins of 0.1 Å up to 20 Å; 1 at large distances.
///
/// matminer's `RadialDistributionFunction` sums over all atoms of the cell and does not divide by their number (quirk Q1, which the
/// twin `rdf_matminer` keeps), so that supercells differ.
struct Rdf {
    shells: [f64; NUM_BINS],
    of_all_atoms: bool,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("rdf", parameters)?;
    Ok(Box::new(Rdf { shells: shells(), of_all_atoms: false }))
}

/// Builds the twin that keeps quirk Q1.
pub(super) fn build_matminer(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("rdf_matminer", parameters)?;
    Ok(Box::new(Rdf { shells: shells(), of_all_atoms: true }))
}

impl Descriptor for Rdf {
    fn columns(&self) -> Vec<Column> {
        let label = |bin| format!("rdf [{:.5} - {:.5}]A", edge(bin), edge(bin + 1));
        (0..NUM_BINS).map(|bin| Column::new(label(bin), Unit::dimensionless())).collect()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference {
            doi: "10.1016/j.commatsci.2018.05.018",
            taken: "RadialDistributionFunction of matminer: bins and normalisation by shell volume and number density",
        }]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, _) = crystal_input::ordered_structure(candidate)?;
        check(structure)?;
        let cell = scratch.geometry.reduced(structure);
        out.fill(0.0);
        for site in 0..structure.len() {
            for other in 0..=site {
                // Counts are whole numbers: twice a pair is both of its directions.
                add(cell, site, other, if site == other { 1.0 } else { 2.0 }, out);
            }
        }
        let num_sites = structure.len() as f64;
        let density = num_sites / structure.lattice().volume();
        let centers = if self.of_all_atoms { 1.0 } else { num_sites };
        for (value, shell) in out.iter_mut().zip(&self.shells) {
            *value = *value / shell / density / centers;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::crystal_input::tests::{cubic, row};

    /// Simple cubic, 3 Å: 6 neighbours at 3 Å (bin 30, shell 4π/3 (3.1³ − 3³) = 11.6971 Å³, density 1/27 Å⁻³) give 13.8497; a
    /// distance on the edge of a bin belongs to the bin above it.
    #[test]
    fn six_neighbours_at_the_lower_edge_of_their_bin() {
        let found = row(&Rdf { shells: shells(), of_all_atoms: false }, &cubic(3.0, &[([0.4, 0.0, 0.0], "Po")]));
        let found = found.expect("a structure");
        assert!(found[..30].iter().all(|&value| value == 0.0));
        let shell = 4.0 / 3.0 * std::f64::consts::PI * (3.1f64.powi(3) - 27.0);
        assert!((found[30] - 6.0 * 27.0 / shell).abs() < 1e-9, "{}", found[30]);
    }

    #[test]
    fn a_cell_with_too_many_pairs_is_refused() {
        let fault = row(&Rdf { shells: shells(), of_all_atoms: false }, &cubic(0.02, &[([0.0; 3], "Po")]));
        assert_eq!(fault.expect_err("4e9 images").code, crate::candidate::FaultCode::TooManyAtoms);
    }
}
