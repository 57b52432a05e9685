//! `element_fraction`: atomic fraction of each of the 118 elements.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::Element;
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Atomic fractions by atomic number; matminer's `ElementFraction`.
struct ElementFraction;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("element_fraction", parameters)?;
    Ok(Box::new(ElementFraction))
}

impl Descriptor for ElementFraction {
    fn columns(&self) -> Vec<Column> {
        Element::all().map(|element| Column::new(element.symbol(), Unit::dimensionless())).collect()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1016/j.commatsci.2018.05.018", taken: "columns as in matminer 0.10.1 (118, not 103)" }]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        out.fill(0.0);
        for (&row, &fraction) in scratch.rows.iter().zip(&scratch.fractions) {
            out[row] = fraction;
        }
        Ok(())
    }
}
