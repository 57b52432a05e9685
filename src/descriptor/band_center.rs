//! `band_center`: absolute position of the band centre from Mulliken electronegativities.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// kJ/mol in one eV, as matminer has it.
const KILOJOULE_PER_MOLE: f64 = 96.48;

/// Geometric mean `Π χᶠ` of `χ = (IE₁ + EA) / 2` in eV; IE₁ from Deml's table, EA from Magpie's. matminer's `BandCenter`.
struct BandCenter {
    /// Mulliken electronegativity of each element, eV.
    electronegativity: [f64; NUM_ELEMENTS],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("band_center", parameters)?;
    let ionization = &element_table::deml().expect("first_ioniz").values;
    let affinity = &element_table::magpie().expect("ElectronAffinity").values;
    let value = |row: usize| 0.5 * (ionization[row] / 1000.0 + affinity[row]) / KILOJOULE_PER_MOLE;
    Ok(Box::new(BandCenter { electronegativity: std::array::from_fn(value) }))
}

impl Descriptor for BandCenter {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("band center", Unit::parse("eV").expect("known unit"))]
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1149/1.2131419", taken: "geometric mean of Mulliken electronegativities" }]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["deml", "magpie"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let mut product = 1.0;
        for (&row, &fraction) in scratch.rows.iter().zip(&scratch.fractions) {
            product *= libm::pow(self.electronegativity[row], fraction);
        }
        out[0] = product;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::describe;

    #[test]
    fn band_centers_of_fe2o3_and_lifepo4_agree_with_matminer() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        for (pairs, expected) in [
            (&[("Fe", 2.0), ("O", 3.0)][..], 5.870_418_816_4),
            (&[("Li", 1.0), ("Fe", 1.0), ("P", 1.0), ("O", 4.0)][..], 5.796_918_050_9),
        ] {
            let value = describe(&*descriptor, pairs)["band center"];
            assert!((value - expected).abs() < 1e-9, "{value}");
        }
    }
}
