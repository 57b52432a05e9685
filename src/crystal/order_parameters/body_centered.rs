//! Order of a body-centred cubic surrounding: eight corners of a cube (Peters 2009).

use std::f64::consts::{FRAC_1_PI, FRAC_PI_2};

use super::peak::gaussian;
use super::{MAX_COORDINATION as MAX, Shell};

/// Angles in radians, inverse width per half turn.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct BodyCentered {
    pub south_from: f64,
    pub south_inverse_width: f64,
    pub south_weight: f64,
}

impl BodyCentered {
    /// `None` for fewer than four neighbours.
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
            let mut heights = [0.0; MAX];
            for (height_of, angle) in heights.iter_mut().zip(angles) {
                let x = (angle - FRAC_PI_2) / third;
                *height_of = height * x * gaussian(x);
            }
            for k in (0..len).filter(|&k| k != j && shell.precedence(j, k) > 0.0) {
                sum += shell.precedence(j, k) * self.pair(shell, j, k, &heights);
            }
        }
        let n = len as f64;
        Some(sum / (0.5 * (n * (6.0 + (n - 2.0) * (n - 3.0)))))
    }

    /// What the meridian through `k` contributes with `j` at the pole.
    fn pair(&self, shell: &Shell, j: usize, k: usize, heights: &[f64; MAX]) -> f64 {
        let angle = shell.angles(j)[k];
        if angle >= self.south_from {
            return self.south_weight * gaussian(self.south_inverse_width * (angle * FRAC_1_PI - 1.0));
        }
        if shell.is_on_axis(j, k) {
            return 0.0;
        }
        let mut sum = 0.0;
        for m in (0..shell.len()).filter(|&m| m != j && m != k && !shell.is_on_axis(j, m)) {
            let cosine = shell.azimuth_cosine(j, k, m);
            sum += cosine * (4.0 * cosine * cosine - 3.0) * heights[m];
        }
        if angle > FRAC_PI_2 { sum } else { -sum }
    }
}
