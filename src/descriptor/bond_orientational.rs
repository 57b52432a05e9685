//! `bond_orientational`: rotation-invariant averages of spherical harmonics over the neighbours (Steinhardt 1983).

use std::f64::consts::PI;

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// `Q_l = sqrt(4π/(2l+1) Σ_m |Σ w Y_lm(n)|²)` for l = 1…10 over the directions n of the facets of a site, w being their
/// shares of the solid angle; mean and standard deviation over sites.
///
/// matminer's `SiteStatsFingerprint(BondOrientationalParameter())`.
struct BondOrientational {
    pooling: SitePooling,
    harmonics: Harmonics,
}

const MAX_DEGREE: usize = 10;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("bond_orientational", parameters, MEAN_AND_DEVIATION)?;
    Ok(Box::new(BondOrientational { pooling, harmonics: Harmonics::new() }))
}

impl Descriptor for BondOrientational {
    fn columns(&self) -> Vec<Column> {
        let quantities = (1..=MAX_DEGREE).map(|degree| (format!("BOOP Q l={degree}"), Unit::dimensionless()));
        self.pooling.columns(quantities)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevB.28.784", taken: "bond-orientational order parameters, equation 1.3" },
            Reference { doi: "10.1063/1.4774084", taken: "weights by facets of the Voronoi cell" },
            Reference { doi: "10.1103/PhysRevB.95.144110", taken: "degrees 1 to 10 as attributes of compounds" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let mut moments = Moments::default();
            let mut total = 0.0;
            for facet in voronoi.of(site) {
                let normal = facet.vector.map(|x| x / facet.distance);
                self.harmonics.add(facet.solid_angle, normal, &mut moments);
                total += facet.solid_angle;
            }
            for degree in 1..=MAX_DEGREE {
                let mut sum = 0.0;
                for order in 0..=degree {
                    let [real, imaginary] = moments.0[degree][order].map(|moment| moment / total);
                    // Orders m and −m contribute the same.
                    let share = if order == 0 { 1.0 } else { 2.0 };
                    sum += share * (real * real + imaginary * imaginary);
                }
                scratch.site_values.push((4.0 * PI / (2 * degree + 1) as f64 * sum).sqrt());
            }
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

/// Weighted sums of `Y_lm` (real and imaginary part), by degree and order from 0.
#[derive(Default)]
struct Moments([[[f64; 2]; MAX_DEGREE + 1]; MAX_DEGREE + 1]);

/// Coefficients of the recurrence of the spherical harmonics without Condon and Shortley's phase, which drops out.
///
/// `Y_lm = P_lm(z) (x + iy)^m` with `P_lm = a_lm (z P_{l−1,m} − b_lm P_{l−2,m})`, `a² = (4l²−1)/(l²−m²)`,
/// `b² = ((l−1)²−m²)/(4(l−1)²−1)`: no angles, no division by their sines.
struct Harmonics {
    diagonal: [f64; MAX_DEGREE + 1],
    a: [[f64; MAX_DEGREE + 1]; MAX_DEGREE + 1],
    b: [[f64; MAX_DEGREE + 1]; MAX_DEGREE + 1],
}

impl Harmonics {
    fn new() -> Self {
        let mut diagonal = [(0.25 / PI).sqrt(); MAX_DEGREE + 1];
        let (mut a, mut b) = ([[0.0; MAX_DEGREE + 1]; MAX_DEGREE + 1], [[0.0; MAX_DEGREE + 1]; MAX_DEGREE + 1]);
        for l in 1..=MAX_DEGREE {
            let degree = l as f64;
            diagonal[l] = diagonal[l - 1] * ((2.0 * degree + 1.0) / (2.0 * degree)).sqrt();
            for m in 0..l {
                let (below, order) = (degree - 1.0, m as f64);
                a[l][m] = ((4.0 * degree * degree - 1.0) / (degree * degree - order * order)).sqrt();
                b[l][m] = ((below * below - order * order) / (4.0 * below * below - 1.0)).max(0.0).sqrt();
            }
        }
        Self { diagonal, a, b }
    }

    /// Adds `weight · Y_lm` of a unit vector.
    fn add(&self, weight: f64, [x, y, z]: [f64; 3], moments: &mut Moments) {
        let mut azimuth = [weight, 0.0];
        for m in 0..=MAX_DEGREE {
            let (mut before, mut value) = (0.0, self.diagonal[m]);
            for l in m..=MAX_DEGREE {
                if l > m {
                    (before, value) = (value, self.a[l][m] * (z * value - self.b[l][m] * before));
                }
                let moment = &mut moments.0[l][m];
                moment[0] += value * azimuth[0];
                moment[1] += value * azimuth[1];
            }
            azimuth = [azimuth[0] * x - azimuth[1] * y, azimuth[0] * y + azimuth[1] * x];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_direction_has_q_1_at_every_degree() {
        // Addition theorem: Σ_m |Y_lm|² = (2l + 1)/4π.
        let mut moments = Moments::default();
        let direction = [0.48, -0.6, 0.64];
        Harmonics::new().add(1.0, direction, &mut moments);
        for degree in 0..=MAX_DEGREE {
            let square = |order: usize| moments.0[degree][order].iter().map(|part| part * part).sum::<f64>();
            let sum = square(0) + 2.0 * (1..=degree).map(square).sum::<f64>();
            assert!((4.0 * PI / (2 * degree + 1) as f64 * sum - 1.0).abs() < 1e-13, "{degree}");
        }
    }
}
