//! `electronegativity_difference`: how much more electronegative the anions are than each cation (Deml 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::species_statistics::{extremes, mean, std_dev};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Statistics over the cations of `X̄_anions − X_cation`, Pauling scale; matminer's `ElectronegativityDiff`.
///
/// NaN for compositions without both cations and anions by the guessed oxidation states.
struct ElectronegativityDifference {
    electronegativity: &'static [f64; NUM_ELEMENTS],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("electronegativity_difference", parameters)?;
    Ok(Box::new(ElectronegativityDifference { electronegativity: &element_table::pymatgen().expect("X").values }))
}

impl Descriptor for ElectronegativityDifference {
    fn columns(&self) -> Vec<Column> {
        ["minimum", "maximum", "range", "mean", "std_dev"]
            .map(|statistic| Column::new(format!("{statistic} EN difference"), Unit::dimensionless()))
            .into()
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
                taken: "electronegativity differences, through matminer 0.10.1",
            },
            Reference {
                doi: "10.1016/j.commatsci.2012.10.028",
                taken: "guess of the states, as pymatgen-core 2026.10.16",
            },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pymatgen", "pymatgen_icsd", "pymatgen_common", "pymatgen_occurrence"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let species = scratch.species().unwrap_or(&[]);
        if !species.iter().any(|s| s.charge < 0.0) || !species.iter().any(|s| s.charge > 0.0) {
            out.fill(f64::NAN);
            return Ok(());
        }
        let value = |row: usize| self.electronegativity[row];
        let anions = mean(species.iter().filter(|s| s.charge < 0.0).map(|s| (value(s.row), s.amount)));
        let cations = species.iter().filter(|s| s.charge > 0.0).map(|s| (anions - value(s.row), s.amount));
        let (minimum, maximum) = extremes(cations.clone());
        let statistics = [minimum, maximum, maximum - minimum, mean(cations.clone()), std_dev(cations)];
        out.copy_from_slice(&statistics);
        Ok(())
    }
}
