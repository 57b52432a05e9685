//! Order of a cuboctahedron: the twelve neighbours of cubic close packing.

use std::f64::consts::FRAC_1_PI;

use super::Shell;
use super::peak::gaussian;

/// Widest cosine of the azimuth of a corner of the two triangles, and how sharply it counts (pymatgen's constants).
const TRIANGLE_COSINE: f64 = 0.816_496_58;
const TRIANGLE_INVERSE_WIDTH: f64 = 0.055_6;

/// Angles in radians, inverse widths per half turn.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Cuboctahedron {
    pub south_from: f64,
    pub south_inverse_width: f64,
    pub south_weight: f64,
    /// The equatorial band starts and ends here.
    pub band: [f64; 2],
    pub equator_inverse_width: f64,
    pub caps_inverse_width: f64,
}

impl Cuboctahedron {
    /// The best agreement over all choices of north pole and meridian; `None` for fewer than two neighbours.
    pub fn value(&self, shell: &Shell) -> Option<f64> {
        let len = shell.len();
        if len < 2 {
            return None;
        }
        let mut best = f64::NEG_INFINITY;
        for j in 0..len {
            let angles = shell.angles(j);
            for k in (0..len).filter(|&k| k != j) {
                let (mut sum, mut count) = (0.0, 0.0);
                if angles[k] >= self.south_from {
                    let x = self.south_inverse_width * (angles[k] * FRAC_1_PI - 1.0);
                    sum += self.south_weight * gaussian(x);
                    count += self.south_weight;
                }
                if self.in_band(angles[k]) && !shell.is_on_axis(j, k) {
                    for m in (0..len).filter(|&m| m != j && m != k) {
                        if angles[m] < self.south_from && !shell.is_on_axis(j, m) {
                            sum += self.equatorial(angles[m], shell.azimuth_cosine(j, k, m));
                            count += 1.0;
                        }
                    }
                }
                best = best.max(if count > 0.0 { sum / count } else { 0.0 });
            }
        }
        Some(best)
    }

    fn in_band(&self, angle: f64) -> bool {
        angle > self.band[0] && angle < self.band[1]
    }

    fn equatorial(&self, angle: f64, cosine: f64) -> f64 {
        let halves = angle * FRAC_1_PI;
        if self.in_band(angle) {
            return cosine * cosine * gaussian(self.equator_inverse_width * (halves - 0.5));
        }
        let sine = (1.0 - cosine * cosine).sqrt();
        let target = if angle < self.band[0] { 1.0 / 3.0 } else { 2.0 / 3.0 };
        let around = gaussian(TRIANGLE_INVERSE_WIDTH * (sine - TRIANGLE_COSINE));
        around * gaussian(self.caps_inverse_width * (halves - target))
    }
}
