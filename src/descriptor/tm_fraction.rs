//! `tm_fraction`: atomic fraction of the transition metals that Deml counts as magnetic.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{Element, NUM_ELEMENTS};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// matminer's `TMetalFraction`; without Sc, Y, Zr, Hf and the zinc group.
struct TmFraction {
    is_member: [bool; NUM_ELEMENTS],
}

const MEMBERS: [&str; 21] = [
    "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Ta", "W", "Re", "Os",
    "Ir", "Pt",
];

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("tm_fraction", parameters)?;
    let mut is_member = [false; NUM_ELEMENTS];
    for element in MEMBERS.into_iter().filter_map(Element::from_symbol) {
        is_member[element.row()] = true;
    }
    Ok(Box::new(TmFraction { is_member }))
}

impl Descriptor for TmFraction {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("transition metal fraction", Unit::dimensionless())]
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.93.085142", taken: "the set of 21 elements, through matminer 0.10.1" }]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let (mut members, mut total) = (0.0, 0.0);
        for (&row, &amount) in scratch.rows.iter().zip(&scratch.amounts) {
            total += amount;
            if self.is_member[row] {
                members += amount;
            }
        }
        out[0] = members / total;
        Ok(())
    }
}
