//! Order of a body-centred cubic surrounding: eight corners of a cube (Peters 2009).

use std::f64::consts::{FRAC_1_PI, FRAC_PI_2};

use super::Shell;
use super::peak::gaussian;

/// Angles in radians, inverse width per half turn.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct BodyCentered {
    pub south_from: f64,
    pub south_inverse_width: f64,
    pub south_weight: f64,
}

impl BodyCentered {
    /// `None` for fewer than four neighbours.
    ///
    /// The published definition lets only the earlier of two neighbours be the pole, so that the value of a distorted
    /// cube depends on the order of its corners.
    pub fn value(&self, shell: &Shell) -> Option<f64> {
        let len = shell.len();
        if len < 4 {
            return None;
        }
        let third = libm::asin(1.0 / 3.0);
        let height = 1.0 / libm::exp(-0.5);
        let mut sum = 0.0;
        for j in 0..len {
            let angles = shell.angles(j);
            for k in j + 1..len {
                if angles[k] >= self.south_from {
                    sum += self.south_weight * gaussian(self.south_inverse_width * (angles[k] * FRAC_1_PI - 1.0));
                    continue;
                }
                if shell.is_on_axis(j, k) {
                    continue;
                }
                let sign = if angles[k] > FRAC_PI_2 { 1.0 } else { -1.0 };
                for m in (0..len).filter(|&m| m != j && m != k && !shell.is_on_axis(j, m)) {
                    let cosine = shell.azimuth_cosine(j, k, m);
                    let triple = cosine * (4.0 * cosine * cosine - 3.0);
                    let x = (angles[m] - FRAC_PI_2) / third;
                    sum += sign * triple * height * x * gaussian(x);
                }
            }
        }
        let n = len as f64;
        Some(sum / (0.5 * (n * (6.0 + (n - 2.0) * (n - 3.0)))))
    }
}
