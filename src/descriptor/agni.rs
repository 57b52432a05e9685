//! `agni`: fingerprints of the surroundings of atoms, with and without direction, by Botu and Ramprasad.

use matsieve_kernels::dispatch::{Level, gaussian_moments};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::site_sums::{CUTOFF, polynomial};
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input};

/// Radius of the surroundings, in Å.
const RADIUS: f64 = 8.0;
/// Number of widths.
const NUM_WIDTHS: usize = 8;

/// matminer's `AGNIFingerprints`, mean and standard deviation over the sites.
///
/// `Aᵢ(η) = Σⱼ exp(−(r/η)²) f(r)` for eight η from 0.8 to 16 Å, and the same with the components of (Rᵢ − Rⱼ)/r. The latter
/// turn with the crystal: their statistics are no invariants.
struct Agni {
    pooling: SitePooling,
    widths: [f64; NUM_WIDTHS],
    level: Level,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("agni", parameters, MEAN_AND_DEVIATION)?;
    let [low, high] = [0.8, 16.0].map(libm::log10);
    let step = (high - low) / (NUM_WIDTHS - 1) as f64;
    let widths = std::array::from_fn(|place| libm::pow(10.0, low + place as f64 * step));
    Ok(Box::new(Agni { pooling, widths, level: Level::best() }))
}

impl Descriptor for Agni {
    fn columns(&self) -> Vec<Column> {
        let mut labels = Vec::with_capacity(4 * NUM_WIDTHS);
        for direction in ["", "dir=x ", "dir=y ", "dir=z "] {
            labels.extend(self.widths.iter().map(|&width| format!("AGNI {direction}eta={}", scientific(width))));
        }
        self.pooling.columns(labels.into_iter().map(|label| (label, Unit::dimensionless())))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1002/qua.24836", taken: "the direction-resolved fingerprint, equation 3" },
            Reference { doi: "10.1021/acs.jpcc.6b10908", taken: "the fingerprint without direction, equation 1" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        let Scratch { geometry, sites, site_values, .. } = &mut *scratch;
        let neighbors = geometry.neighbors(structure, RADIUS).map_err(crystal_input::geometry_fault)?;
        site_values.clear();
        for site in 0..structure.len() {
            sites.set(neighbors.within(site, RADIUS), RADIUS, |square| polynomial(&CUTOFF, square));
            let count = sites.count();
            let start = site_values.len();
            site_values.resize(start + 4 * NUM_WIDTHS, 0.0);
            let directions = [0, 1, 2].map(|axis| &sites.directions[axis][..count]);
            for (place, width) in self.widths.iter().enumerate() {
                let (squares, weights) = (&sites.squares[..count], &sites.weights[..count]);
                let [sum, x, y, z] = gaussian_moments(self.level, squares, weights, directions, 1.0 / (width * width));
                // Vectors of neighbours point away from the site, those of the definition towards it.
                for (kind, value) in [sum, -x, -y, -z].into_iter().enumerate() {
                    site_values[start + kind * NUM_WIDTHS + place] = value;
                }
            }
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

/// As C's `%.2e` prints numbers from 0.1 to 99.
fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}

#[cfg(test)]
mod tests {
    use super::scientific;

    #[test]
    fn numbers_look_as_in_python() {
        assert_eq!([0.8, 1.6, 16.0, 10.428].map(scientific), ["8.00e-01", "1.60e+00", "1.60e+01", "1.04e+01"]);
    }
}
