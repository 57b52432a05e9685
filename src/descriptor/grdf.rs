//! `grdf`: generalised radial distribution functions with Gaussian windows.

use std::f64::consts::PI;

use matsieve_kernels::dispatch::{Level, shifted_gaussian_sum};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::RADIUS_SLACK;
use crate::units::Unit;

use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input};

/// Radius of the surroundings, in Å.
const RADIUS: f64 = 10.0;
/// Windows of width 1 Å at 0, 1, … 9 Å.
const NUM_WINDOWS: usize = 10;

/// matminer's `GeneralizedRadialDistributionFunction`, preset "gaussian", mean and standard deviation over the sites.
///
/// `Σⱼ g(r) / ∫ 4πr² g(r) dr` with `g = exp(−(r − c)²)`, both up to 10 Å.
struct Grdf {
    pooling: SitePooling,
    volumes: [f64; NUM_WINDOWS],
    level: Level,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("grdf", parameters, MEAN_AND_DEVIATION)?;
    Ok(Box::new(Grdf { pooling, volumes: std::array::from_fn(|window| volume(window as f64)), level: Level::best() }))
}

/// `∫₀ᴿ 4πr² exp(−(r − c)²) dr`.
fn volume(center: f64) -> f64 {
    let gaussian = |r: f64| libm::exp(-(r - center) * (r - center));
    let errors = libm::erf(RADIUS - center) + libm::erf(center);
    PI * (PI.sqrt() * (2.0 * center * center + 1.0) * errors
        + 2.0 * (center * gaussian(0.0) - (center + RADIUS) * gaussian(RADIUS)))
}

impl Descriptor for Grdf {
    fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("angstrom^-3").expect("a known unit");
        self.pooling.columns((0..NUM_WINDOWS).map(|c| (format!("Gaussian center={c}.0 width=1.0"), unit.clone())))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.95.144110", taken: "generalised radial distribution functions" }]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        let Scratch { geometry, sites, site_values, .. } = &mut *scratch;
        let reach = RADIUS + RADIUS_SLACK;
        let neighbors = geometry.neighbors(structure, reach).map_err(crystal_input::geometry_fault)?;
        site_values.clear();
        for site in 0..structure.len() {
            sites.distances.clear();
            sites.distances.extend(neighbors.within(site, reach).iter().map(|neighbor| neighbor.distance));
            for (window, volume) in self.volumes.iter().enumerate() {
                let sum = shifted_gaussian_sum(self.level, &sites.distances, window as f64);
                site_values.push(sum / volume);
            }
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule in steps of 0.01 Å.
    #[test]
    fn the_volume_is_the_integral() {
        for center in [0.0, 1.0, 9.0] {
            let f = |r: f64| 4.0 * PI * r * r * (-(r - center) * (r - center)).exp();
            let simpson: f64 =
                (0..500).map(|i| 0.02 * f64::from(i)).map(|r| f(r) + 4.0 * f(r + 0.01) + f(r + 0.02)).sum();
            assert!((volume(center) - simpson * 0.01 / 3.0).abs() < 1e-6, "{center}");
        }
    }
}
