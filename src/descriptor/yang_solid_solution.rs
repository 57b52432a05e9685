//! `yang_solid_solution`: does an alloy form a solid solution? Ω and δ of Yang and Zhang (2012).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table, pair_table};
use crate::units::Unit;

use super::element_property::mean;
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Gas constant in kJ/(mol K), to the digits of matminer.
const GAS_CONSTANT: f64 = 8.314 / 1000.0;

/// Ω does not exceed what this mixing enthalpy (kJ/mol) gives.
const SMALLEST_ENTHALPY: f64 = 1e-6;

/// `Ω = T̄_m ΔS / |ΔH|` with `ΔH = 4 Σ_{i<j} c_i c_j ΔH_ij`, and `δ = sqrt(Σ c (1 − r/r̄)²)`; both 0 for an element.
///
/// matminer's `YangSolidSolution`. Kept from it: where a pair has no mixing enthalpy, `max(1e-6, |NaN|)` is 1e-6 in Python,
/// so Ω of an oxide is of the order of a million and not missing, although the model does not cover oxides.
struct YangSolidSolution {
    melting: &'static [f64; NUM_ELEMENTS],
    radius: &'static [f64; NUM_ELEMENTS],
    mixing: &'static pair_table::PairTable,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("yang_solid_solution", parameters)?;
    let magpie = element_table::magpie();
    Ok(Box::new(YangSolidSolution {
        melting: &magpie.expect("MeltingT").values,
        radius: &magpie.expect("MiracleRadius").values,
        mixing: pair_table::mixing_enthalpy(),
    }))
}

impl YangSolidSolution {
    fn omega(&self, rows: &[usize], fractions: &[f64]) -> f64 {
        let melting = mean(self.melting, rows, fractions);
        let mut entropy = 0.0;
        let mut enthalpy = 0.0;
        for (i, (&row, &fraction)) in rows.iter().zip(fractions).enumerate() {
            entropy += fraction * libm::log(fraction);
            for (&other, &other_fraction) in rows[..i].iter().zip(fractions) {
                enthalpy += fraction * other_fraction * self.mixing.get(row, other);
            }
        }
        let magnitude = (4.0 * enthalpy).abs();
        let denominator = if magnitude > SMALLEST_ENTHALPY { magnitude } else { SMALLEST_ENTHALPY };
        (melting * (entropy * GAS_CONSTANT) / denominator).abs()
    }

    fn delta(&self, rows: &[usize], amounts: &[f64]) -> f64 {
        let mean_radius = mean(self.radius, rows, amounts);
        let (mut sum, mut total) = (0.0, 0.0);
        for (&row, &amount) in rows.iter().zip(amounts) {
            let deviation = 1.0 - self.radius[row] / mean_radius;
            sum += deviation * deviation * amount;
            total += amount;
        }
        (sum / total).sqrt()
    }
}

impl Descriptor for YangSolidSolution {
    fn columns(&self) -> Vec<Column> {
        ["Yang omega", "Yang delta"].map(|label| Column::new(label, Unit::dimensionless())).into()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1016/j.matchemphys.2011.11.021", taken: "definition of omega and delta" },
            Reference { doi: "10.2320/matertrans.46.2817", taken: "mixing enthalpies of liquid binaries" },
            Reference { doi: "10.1179/095066010X12646898728200", taken: "atomic radii" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["magpie", "mixing_enthalpy"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        if scratch.rows.len() == 1 {
            out.fill(0.0);
            return Ok(());
        }
        out[0] = self.omega(&scratch.rows, &scratch.fractions);
        out[1] = self.delta(&scratch.rows, &scratch.amounts);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::describe;

    #[test]
    fn cantor_alloy_agrees_with_matminer() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        let row = describe(&*descriptor, &["Co", "Cr", "Fe", "Mn", "Ni"].map(|symbol| (symbol, 1.0)));
        assert!((row["Yang omega"] - 5.793_658_001_8).abs() < 1e-9, "{row:?}");
        assert!((row["Yang delta"] - 0.022_496_395_1).abs() < 1e-9, "{row:?}");
    }
}
