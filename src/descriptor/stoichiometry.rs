//! `stoichiometry`: p-norms of the atomic fractions (Ward 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// `(Σ fᵖ)^(1/p)` for p = 2, 3, 5, 7, 10; for p = 0 the number of elements. matminer's `Stoichiometry`.
struct Stoichiometry;

const POWERS: [u32; 6] = [0, 2, 3, 5, 7, 10];

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("stoichiometry", parameters)?;
    Ok(Box::new(Stoichiometry))
}

impl Descriptor for Stoichiometry {
    fn columns(&self) -> Vec<Column> {
        POWERS.iter().map(|power| Column::new(format!("{power}-norm"), Unit::dimensionless())).collect()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference {
            doi: "10.1038/npjcompumats.2016.28",
            taken: "stoichiometric attributes, norms 0, 2, 3, 5, 7, 10",
        }]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let mut sums = [0.0; POWERS.len()];
        for &fraction in &scratch.fractions {
            let square = fraction * fraction;
            let fourth = square * square;
            let fifth = fourth * fraction;
            let powers = [1.0, square, square * fraction, fifth, fifth * square, fifth * fifth];
            for (sum, power) in sums.iter_mut().zip(powers) {
                *sum += power;
            }
        }
        let [count, second, third, fifth, seventh, tenth] = sums;
        let root = |sum: f64, power: f64| libm::pow(sum, 1.0 / power);
        let norms = [count, second.sqrt(), libm::cbrt(third), root(fifth, 5.0), root(seventh, 7.0), root(tenth, 10.0)];
        out.copy_from_slice(&norms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::describe;

    #[test]
    fn norms_of_fe2o3() {
        // sqrt(0.4² + 0.6²) = sqrt(0.52); (0.4³ + 0.6³)^(1/3) = 0.28^(1/3); the others from matminer 0.10.1.
        let row = describe(&Stoichiometry, &[("Fe", 4.0), ("O", 6.0)]);
        for (label, expected) in [
            ("0-norm", 2.0),
            ("2-norm", 0.721_110_255_1),
            ("3-norm", 0.654_213_262_0),
            ("5-norm", 0.615_03),
            ("7-norm", 0.604_895),
            ("10-norm", 0.601_032),
        ] {
            assert!((row[label] - expected).abs() < 1e-6, "{label}: {}", row[label]);
        }
    }
}
