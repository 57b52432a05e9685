//! `structural_complexity`: information in the positions of the atoms.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::symmetry::symmetry_fault;
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input, no_parameters};

/// Tolerance of matminer's `StructuralComplexity`, in Å.
const SYMPREC: f64 = 0.1;

/// `−Σ p log₂ p` over the orbits of the sites, `p` the share of an orbit; and the same times the number of sites.
///
/// matminer's `StructuralComplexity`. Orbits are those of the operations of the cell as given: a supercell whose lattice has less
/// symmetry than the crystal may have more of them. "Per cell" means the cell as given.
struct StructuralComplexity;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("structural_complexity", parameters)?;
    Ok(Box::new(StructuralComplexity))
}

impl Descriptor for StructuralComplexity {
    fn columns(&self) -> Vec<Column> {
        [("structural complexity per atom", "bit/atom"), ("structural complexity per cell", "bit")]
            .map(|(label, unit)| Column::new(label, Unit::parse(unit).expect("a known unit")))
            .to_vec()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1180/minmag.2013.077.3.05", taken: "equation 3, information per atom, and its total" }]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let structure = crystal_input::structure(candidate)?;
        let Scratch { geometry, counts, .. } = scratch;
        let symmetry = geometry.symmetry(structure, SYMPREC).map_err(symmetry_fault)?;
        counts.clear();
        counts.resize(structure.len(), 0);
        for &orbit in symmetry.cell_orbits() {
            counts[orbit] += 1;
        }
        let num_sites = structure.len() as f64;
        let mut information = 0.0;
        for &count in counts.iter().filter(|&&count| count > 0) {
            let share = f64::from(count) / num_sites;
            information -= share * libm::log2(share);
        }
        out.copy_from_slice(&[information, information * num_sites]);
        Ok(())
    }
}
