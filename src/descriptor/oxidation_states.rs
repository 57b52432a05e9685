//! `oxidation_states`: statistics of the guessed oxidation states (Deml 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::species_statistics::{extremes, std_dev};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Minimum, maximum, range and standard deviation over the species, weighted by their amounts; matminer's `OxidationStates`.
///
/// An element in two states counts as two species. A composition that no choice of states makes neutral gets 0 for every
/// element, as in pymatgen, and so four zeros. NaN where no guess can be tried: amounts that are not whole, more than 50
/// atoms in the reduced formula.
struct OxidationStates;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("oxidation_states", parameters)?;
    Ok(Box::new(OxidationStates))
}

impl Descriptor for OxidationStates {
    fn columns(&self) -> Vec<Column> {
        ["minimum", "maximum", "range", "std_dev"]
            .map(|statistic| Column::new(format!("{statistic} oxidation state"), Unit::dimensionless()))
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
                taken: "statistics of oxidation states, through matminer 0.10.1",
            },
            Reference {
                doi: "10.1016/j.commatsci.2012.10.028",
                taken: "guess of the states, as pymatgen-core 2026.10.16",
            },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        super::scratch::GUESS_TABLES
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let Some(species) = scratch.species() else {
            out.fill(f64::NAN);
            return Ok(());
        };
        let states = species.iter().map(|species| (species.charge, species.amount));
        let (minimum, maximum) = extremes(states.clone());
        out.copy_from_slice(&[minimum, maximum, maximum - minimum, std_dev(states)]);
        Ok(())
    }
}
