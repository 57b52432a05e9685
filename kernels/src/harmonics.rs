//! Real solid harmonics `rˡ Yₗₘ` by recurrence in Cartesian coordinates.

use crate::expansion::LANES;

/// Highest degree of [`SolidHarmonics`].
pub const MAX_DEGREE: usize = 20;

type Lanes = [f64; LANES];

/// Coefficients of the recurrences, prepared once.
#[derive(Clone, Debug)]
pub struct SolidHarmonics {
    degree: usize,
    /// Value of the sectoral polynomial of every order.
    sectoral: [f64; MAX_DEGREE + 1],
    /// By degree and order: what multiplies `z` and the polynomial one degree below, and `r²` and that two below.
    steps: [[[f64; 2]; MAX_DEGREE + 1]; MAX_DEGREE + 1],
}

impl SolidHarmonics {
    /// Harmonics of all degrees up to `degree`.
    ///
    /// # Panics
    /// If `degree` exceeds [`MAX_DEGREE`].
    pub fn new(degree: usize) -> Self {
        assert!(degree <= MAX_DEGREE, "degree {degree}, at most {MAX_DEGREE}");
        let mut sectoral = [0.0; MAX_DEGREE + 1];
        let mut steps = [[[0.0; 2]; MAX_DEGREE + 1]; MAX_DEGREE + 1];
        let mut square = 1.0 / (4.0 * std::f64::consts::PI);
        for m in 0..=degree {
            if m > 0 {
                square *= (2 * m + 1) as f64 / (2 * m) as f64;
            }
            // The two orders ±m share one Fourier mode each, hence √2.
            sectoral[m] = if m == 0 { square } else { 2.0 * square }.sqrt();
            for (l, steps) in steps.iter_mut().enumerate().take(degree + 1).skip(m + 1) {
                let [l2, m2] = [(l * l) as f64, (m * m) as f64];
                let before = ((l - 1) * (l - 1)) as f64;
                let forward = ((4.0 * l2 - 1.0) / (l2 - m2)).sqrt();
                steps[m] = [forward, forward * ((before - m2) / (4.0 * before - 1.0)).sqrt()];
            }
            if m < degree {
                // One degree above the sectoral one there is no polynomial two degrees below.
                steps[m + 1][m][1] = 0.0;
            }
        }
        Self { degree, sectoral, steps }
    }

    /// Highest degree.
    pub fn degree(&self) -> usize {
        self.degree
    }

    /// Writes row `l² + l + m` of `rows`, each `stride` long, for one stripe of points at `start`.
    #[inline(always)]
    pub(crate) fn stripe(&self, [x, y, z]: [&Lanes; 3], rows: &mut [f64], stride: usize, start: usize) {
        let mut square = [0.0; LANES];
        for i in 0..LANES {
            square[i] = x[i] * x[i] + y[i] * y[i] + z[i] * z[i];
        }
        let (mut cosine, mut sine) = ([1.0; LANES], [0.0; LANES]);
        for m in 0..=self.degree {
            let mut below = [0.0; LANES];
            let mut polynomial = [self.sectoral[m]; LANES];
            for l in m..=self.degree {
                if l > m {
                    let [forward, backward] = self.steps[l][m];
                    let mut next = [0.0; LANES];
                    for i in 0..LANES {
                        next[i] = forward * z[i] * polynomial[i] - backward * square[i] * below[i];
                    }
                    below = polynomial;
                    polynomial = next;
                }
                let center = (l * l + l) * stride + start;
                let row: &mut Lanes = rows[center + m * stride..].first_chunk_mut().expect("rows are whole stripes");
                for i in 0..LANES {
                    row[i] = polynomial[i] * cosine[i];
                }
                if m > 0 {
                    let row: &mut Lanes =
                        rows[center - m * stride..].first_chunk_mut().expect("rows are whole stripes");
                    for i in 0..LANES {
                        row[i] = polynomial[i] * sine[i];
                    }
                }
            }
            for i in 0..LANES {
                let next = x[i] * cosine[i] - y[i] * sine[i];
                sine[i] = x[i] * sine[i] + y[i] * cosine[i];
                cosine[i] = next;
            }
        }
    }
}
