//! `density`: mass and volume per atom, and how much of the cell spheres of the atomic radii fill.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{ElementTable, NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input, no_parameters};

/// Atomic mass unit, in g (CODATA 2022, as pymatgen-core 2026.10.16 has it).
const ATOMIC_MASS_UNIT: f64 = 1.660_539_068_92e-24;

/// matminer's `DensityFeatures`.
///
/// An element without atomic radius (He, Ne, Kr, Xe, …) leaves the packing fraction undefined and the others as they are;
/// matminer loses all three (quirk Q16), which the twin `density_matminer` keeps. Shared and partly filled sites, which matminer
/// refuses, count with their occupancies: the volume is divided by the sum of all occupancies.
struct Density {
    masses: &'static [f64; NUM_ELEMENTS],
    radii: &'static [f64; NUM_ELEMENTS],
    all_or_nothing: bool,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("density", parameters)?;
    Ok(Box::new(Density::new(false)))
}

/// Builds the twin that keeps quirk Q16.
pub(super) fn build_matminer(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("density_matminer", parameters)?;
    Ok(Box::new(Density::new(true)))
}

impl Density {
    fn new(all_or_nothing: bool) -> Self {
        let table: &'static ElementTable = element_table::pymatgen();
        let values = |name| &*table.expect(name).values;
        Self { masses: values("atomic_mass"), radii: values("atomic_radius"), all_or_nothing }
    }
}

impl Descriptor for Density {
    fn columns(&self) -> Vec<Column> {
        [("density", "g/cm^3"), ("vpa", "angstrom^3/atom"), ("packing fraction", "1")]
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
        &[Reference {
            doi: "10.1016/j.commatsci.2018.05.018",
            taken: "DensityFeatures of matminer: density, volume per atom, packing fraction of atomic radii",
        }]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pymatgen"]
    }

    fn describe(&self, candidate: &Candidate, _: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let structure = crystal_input::structure(candidate)?;
        let (mut mass, mut num_atoms, mut cubes) = (0.0, 0.0, 0.0);
        for site in 0..structure.len() {
            for occupant in structure.occupants(site) {
                let radius = self.radii[occupant.element.row()];
                mass += occupant.occupancy * self.masses[occupant.element.row()];
                num_atoms += occupant.occupancy;
                cubes += occupant.occupancy * (radius * radius * radius);
            }
        }
        let volume = structure.lattice().volume();
        out.copy_from_slice(&[
            mass * ATOMIC_MASS_UNIT / (volume * 1e-24),
            volume / num_atoms,
            4.0 * std::f64::consts::PI * cubes / (3.0 * volume),
        ]);
        if self.all_or_nothing && out[2].is_nan() {
            out.fill(f64::NAN);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::crystal_input::tests::{cubic, row};

    /// Xe has no atomic radius: 4 × 131.293 u in (6.2 Å)³ = 238.328 Å³ are 3.6591 g/cm³ and 59.582 Å³/atom.
    #[test]
    fn a_missing_radius_leaves_density_and_volume() {
        let sites = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]].map(|frac| (frac, "Xe"));
        let xenon = cubic(6.2, &sites);
        let found = row(&Density::new(false), &xenon).expect("a structure");
        assert!(
            (found[0] - 3.659_1).abs() < 1e-4 && (found[1] - 59.582).abs() < 1e-9 && found[2].is_nan(),
            "{found:?}"
        );
        assert!(row(&Density::new(true), &xenon).expect("a structure").iter().all(|x| x.is_nan()));
    }
}
