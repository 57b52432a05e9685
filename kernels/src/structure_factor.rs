//! Structure factors along one row of reciprocal lattice points.

use crate::exp::exp;

/// Phases e^{2πi l z} of some sites over a range of l: one row of `stride` numbers a site, real and imaginary parts apart.
#[derive(Copy, Clone, Debug)]
pub struct Phases<'a> {
    /// Real parts.
    pub real: &'a [f64],
    /// Imaginary parts.
    pub imaginary: &'a [f64],
    /// Numbers from one site to the next.
    pub stride: usize,
}

/// Writes `Σⱼ aⱼ phaseⱼ(l)` for the l at `start` and after, as many as `real` is long; sites are added in order.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn phase_sums(factors: [&[f64]; 2], phases: Phases<'_>, start: usize, real: &mut [f64], imaginary: &mut [f64]) {
    let width = real.len();
    assert!(imaginary.len() == width && factors[0].len() == factors[1].len() && start + width <= phases.stride);
    real.fill(0.0);
    imaginary.fill(0.0);
    for (site, (&a, &b)) in factors[0].iter().zip(factors[1]).enumerate() {
        let from = site * phases.stride + start;
        let x = &phases.real[from..from + width];
        let y = &phases.imaginary[from..from + width];
        for l in 0..width {
            real[l] += a * x[l] - b * y[l];
            imaginary[l] += a * y[l] + b * x[l];
        }
    }
}

/// Adds `f(s²) · sums` to `total`, with the scattering factor `f = Z − 41.78214 s² Σ aᵢ exp(−bᵢ s²)` of one element.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn add_scattered(
    atomic_number: f64,
    coefficients: &[[f64; 2]; 4],
    squares: &[f64],
    sums: [&[f64]; 2],
    total: [&mut [f64]; 2],
) {
    let width = squares.len();
    let [real, imaginary] = total;
    assert!([sums[0].len(), sums[1].len(), real.len(), imaginary.len()] == [width; 4]);
    for l in 0..width {
        let s = squares[l];
        let mut shell = 0.0;
        for [a, b] in coefficients {
            shell += a * exp(-b * s);
        }
        let f = atomic_number - 41.78214 * s * shell;
        real[l] += f * sums[0][l];
        imaginary[l] += f * sums[1][l];
    }
}
