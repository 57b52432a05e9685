//! `electron_affinity`: mean electron affinity times charge of the anions (Deml 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::species_statistics::mean;
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Mean over the anions of affinity × charge, in J/mol (oxide: −282 000); matminer's `ElectronAffinity`.
///
/// NaN for compositions without anions by the guessed oxidation states.
struct ElectronAffinity {
    affinity: &'static [f64; NUM_ELEMENTS],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("electron_affinity", parameters)?;
    Ok(Box::new(ElectronAffinity { affinity: &element_table::deml().expect("electron_affin").values }))
}

impl Descriptor for ElectronAffinity {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("avg anion electron affinity", Unit::parse("J/mol").expect("known unit"))]
    }

    fn needs(&self) -> Needs {
        Needs { oxidation_states: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference {
                doi: "10.1103/PhysRevB.93.085142",
                taken: "definition and affinities, through matminer 0.10.1",
            },
            Reference {
                doi: "10.1016/j.commatsci.2012.10.028",
                taken: "guess of the states, as pymatgen-core 2026.10.16",
            },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["deml", "pymatgen_icsd", "pymatgen_common", "pymatgen_occurrence"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let species = scratch.species().unwrap_or(&[]);
        let anions = species.iter().filter(|species| species.charge < 0.0);
        out[0] = mean(anions.map(|species| (self.affinity[species.row] * species.charge, species.amount)));
        Ok(())
    }
}
