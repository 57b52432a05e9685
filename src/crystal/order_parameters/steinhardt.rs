//! Bond-orientational order q₂, q₄, q₆ with equal weights (Steinhardt, Nelson and Ronchetti 1983).

use super::Shell;

/// A direction this near to the pole has azimuth 0.
const AT_POLE: f64 = 1.0 - 1e-12;

/// Even degrees up to six.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Degree {
    Two,
    Four,
    Six,
}

impl Degree {
    /// `q_l = (Σ_m |Σ_j C_lm(j)|²)^½ / n` with Racah's normalization of the harmonics; `None` without neighbours.
    ///
    /// Harmonics of order -m have the modulus of those of order m, hence the factor 2. The shorter sum of Legendre
    /// polynomials over all angles would leave 1e-8 where symmetry makes q vanish.
    pub fn value(self, shell: &Shell) -> Option<f64> {
        if shell.is_empty() {
            return None;
        }
        let (mut real, mut imaginary) = ([0.0; 7], [0.0; 7]);
        for &[x, y, z] in shell.directions() {
            let c = z.clamp(-1.0, 1.0);
            let s = (1.0 - c * c).sqrt();
            let rho = (x * x + y * y).sqrt();
            let at_pole = !(-AT_POLE < z && z < AT_POLE);
            let (cosine, sine) = if at_pole { (1.0, 0.0) } else { (x / rho, y / rho) };
            let terms = self.harmonics(c, s);
            let (mut re, mut im) = (1.0, 0.0);
            for (m, term) in terms.into_iter().enumerate().take(self.order() + 1) {
                real[m] += term * re;
                imaginary[m] += term * im;
                (re, im) = (re * cosine - im * sine, re * sine + im * cosine);
            }
        }
        let mut sum = real[0] * real[0];
        for m in 1..=self.order() {
            sum += 2.0 * (real[m] * real[m] + imaginary[m] * imaginary[m]);
        }
        let n = shell.len() as f64;
        Some((sum / (n * n)).sqrt())
    }

    fn order(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
            Self::Six => 6,
        }
    }

    /// Moduli, up to sign, of the harmonics of order 0 to l at a polar angle of this cosine and sine.
    fn harmonics(self, c: f64, s: f64) -> [f64; 7] {
        let (c2, s2) = (c * c, s * s);
        let (c4, s4) = (c2 * c2, s2 * s2);
        let root = f64::sqrt;
        match self {
            Self::Two => {
                let first = root(6.0) / 2.0;
                [(3.0 * c2 - 1.0) / 2.0, first * s * c, first / 2.0 * s2, 0.0, 0.0, 0.0, 0.0]
            }
            Self::Four => [
                (35.0 * c4 - 30.0 * c2 + 3.0) / 8.0,
                root(5.0) / 4.0 * s * c * (7.0 * c2 - 3.0),
                root(10.0) / 8.0 * s2 * (7.0 * c2 - 1.0),
                root(35.0) / 4.0 * s2 * s * c,
                root(70.0) / 16.0 * s4,
                0.0,
                0.0,
            ],
            Self::Six => [
                (231.0 * c4 * c2 - 315.0 * c4 + 105.0 * c2 - 5.0) / 16.0,
                root(42.0) / 16.0 * s * c * (33.0 * c4 - 30.0 * c2 + 5.0),
                root(105.0) / 32.0 * s2 * (33.0 * c4 - 18.0 * c2 + 1.0),
                root(105.0) / 16.0 * s2 * s * c * (11.0 * c2 - 3.0),
                3.0 * root(14.0) / 32.0 * s4 * (11.0 * c2 - 1.0),
                3.0 * root(77.0) / 16.0 * s4 * s * c,
                root(231.0) / 32.0 * s4 * s2,
            ],
        }
    }
}
