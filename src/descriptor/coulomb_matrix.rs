//! `coulomb_matrix`: eigenvalues of the Coulomb matrix of the atoms of a cell.

use crate::candidate::{Candidate, Column, Fault, Reference};

use super::{Descriptor, DescriptorError, Needs, Scratch, atomic_matrix, crystal_input};

/// matminer's `CoulombMatrix`, distances to the nearest image; eigenvalues are sorted, largest first (matminer leaves
/// LAPACK's order, quirk Q11), and followed by zeros up to `max_atoms`.
struct CoulombMatrix {
    max_atoms: usize,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    Ok(Box::new(CoulombMatrix { max_atoms: atomic_matrix::max_atoms("coulomb_matrix", parameters)? }))
}

impl Descriptor for CoulombMatrix {
    fn columns(&self) -> Vec<Column> {
        atomic_matrix::columns("coulomb matrix", self.max_atoms)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevLett.108.058301", taken: "equation 1, and its sorted eigenvalues" }]
    }

    fn parameters(&self) -> serde_json::Value {
        serde_json::json!({ "max_atoms": self.max_atoms })
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        let Scratch { geometry, matrix, .. } = scratch;
        let cell = geometry.reduced(structure);
        atomic_matrix::describe(occupants, matrix, out, |i, j| cell.nearest_image(i, j))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::crystal_input::tests::{cubic, row};
    use crate::units::Unit;

    /// H₂ at 1 Å in a large cell: ½ ± 1 / 1.88975, atoms across the border of the cell.
    #[test]
    fn two_hydrogen_atoms_across_the_border() {
        let molecule = cubic(10.0, &[([0.95, 0.0, 0.0], "H"), ([0.05, 0.0, 0.0], "H")]);
        let descriptor = CoulombMatrix { max_atoms: 3 };
        let found = row(&descriptor, &molecule).expect("two atoms");
        let coupling = 1.0 / atomic_matrix::ANGSTROM;
        for (found, expected) in found.iter().zip([0.5 + coupling, 0.5 - coupling, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        }
        assert_eq!(descriptor.columns()[1].unit, Unit::parse("bohr^-1").expect("known"));
        let fault = row(&CoulombMatrix { max_atoms: 1 }, &molecule).expect_err("too many");
        assert_eq!(fault.to_string(), "too-many-atoms: the cell has 2 atoms, max_atoms is 1");
    }
}
