//! `symmetry`: space group, crystal system, centrosymmetry and number of operations.

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::crystal::{CrystalSystem, SymmetryError};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input, no_parameters};

/// Tolerance of pymatgen's `SpacegroupAnalyzer`, in Å.
pub(super) const SYMPREC: f64 = 0.01;

/// matminer's `GlobalSymmetryFeatures`, without its column of strings.
///
/// Operations are those of the primitive cell, so that a supercell has as many (matminer counts those of the cell as it is,
/// quirk Q10, which the twin `symmetry_matminer` keeps). Works on disordered structures.
struct GlobalSymmetry {
    of_given_cell: bool,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("symmetry", parameters)?;
    Ok(Box::new(GlobalSymmetry { of_given_cell: false }))
}

/// Builds the twin that keeps quirk Q10.
pub(super) fn build_matminer(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("symmetry_matminer", parameters)?;
    Ok(Box::new(GlobalSymmetry { of_given_cell: true }))
}

/// The fault of a candidate whose symmetry cannot be found.
pub(super) fn symmetry_fault(error: SymmetryError) -> Fault {
    let code = match error {
        SymmetryError::Empty => FaultCode::EmptyComposition,
        SymmetryError::TooManySites { .. } => FaultCode::TooManyAtoms,
        _ => FaultCode::UnknownSymmetry,
    };
    Fault::new(Stage::Describe, code, error.to_string())
}

impl Descriptor for GlobalSymmetry {
    fn columns(&self) -> Vec<Column> {
        ["spacegroup_num", "crystal_system_int", "is_centrosymmetric", "n_symmetry_ops"]
            .map(|label| Column::new(label, Unit::dimensionless()))
            .to_vec()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference {
                doi: "10.1080/27660400.2024.2384822",
                taken: "space groups as spglib finds them, within 0.01 Å and 5 degrees",
            },
            Reference {
                doi: "10.1016/j.commatsci.2018.05.018",
                taken: "GlobalSymmetryFeatures of matminer: codes of the crystal systems, cubic 1 to triclinic 7",
            },
        ]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let structure = crystal_input::structure(candidate)?;
        let symmetry = scratch.geometry.symmetry(structure, SYMPREC).map_err(symmetry_fault)?;
        let system = match symmetry.crystal_system() {
            CrystalSystem::Cubic => 1.0,
            CrystalSystem::Hexagonal => 2.0,
            CrystalSystem::Trigonal => 3.0,
            CrystalSystem::Tetragonal => 4.0,
            CrystalSystem::Orthorhombic => 5.0,
            CrystalSystem::Monoclinic => 6.0,
            CrystalSystem::Triclinic => 7.0,
        };
        let operations =
            if self.of_given_cell { symmetry.num_operations() } else { symmetry.num_primitive_operations() };
        let centrosymmetric = f64::from(u8::from(symmetry.is_centrosymmetric()));
        out.copy_from_slice(&[f64::from(symmetry.number()), system, centrosymmetric, operations as f64]);
        Ok(())
    }
}
