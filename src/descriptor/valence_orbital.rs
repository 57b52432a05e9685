//! `valence_orbital`: mean numbers and fractions of s, p, d, f valence electrons.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::element_property::mean;
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// matminer's `ValenceOrbital`: means of Magpie's counts, and each mean over that of all valence electrons.
struct ValenceOrbital {
    /// s, p, d, f, all.
    counts: [&'static [f64; NUM_ELEMENTS]; 5],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("valence_orbital", parameters)?;
    let table = element_table::magpie();
    let counts = ["NsValence", "NpValence", "NdValence", "NfValence", "NValence"].map(|c| &*table.expect(c).values);
    Ok(Box::new(ValenceOrbital { counts }))
}

impl Descriptor for ValenceOrbital {
    fn columns(&self) -> Vec<Column> {
        let label =
            |kind: &str, orbital| Column::new(format!("{kind} {orbital} valence electrons"), Unit::dimensionless());
        ["avg", "frac"].into_iter().flat_map(|kind| ["s", "p", "d", "f"].map(|orbital| label(kind, orbital))).collect()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1038/npjcompumats.2016.28", taken: "fractions of electrons in each orbital" },
            Reference { doi: "10.1103/PhysRevB.93.085142", taken: "mean number of electrons in each orbital" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["magpie"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let means = self.counts.map(|counts| mean(counts, &scratch.rows, &scratch.amounts));
        for orbital in 0..4 {
            out[orbital] = means[orbital];
            out[4 + orbital] = means[orbital] / means[4];
        }
        Ok(())
    }
}
