//! Radial basis of Gaussian type orbitals, orthonormalised, and the expansion of Gaussians in it.

use matsieve_kernels::expansion::Expansion;
use matsieve_kernels::harmonics::SolidHarmonics;

use super::double_double::DoubleDouble;
use super::lowdin::inverse_square_root;

/// Value to which an orbital has decayed at its own radius, and a Gaussian at the border of the search.
const THRESHOLD: f64 = 1e-3;

/// Radius within which atoms are looked for, in Å: beyond `r_cut` by what a Gaussian needs to decay.
pub(super) fn search_radius(r_cut: f64, sigma: f64) -> f64 {
    r_cut + sigma * (-2.0 * libm::log(THRESHOLD)).sqrt()
}

/// The expansion of `Σᵢ exp(−|r − rᵢ|²/2σ²)` in `gₙₗ(r) Yₗₘ`, `gₙₗ = Σₖ βₙₖₗ rˡ exp(−αₖₗ r²)`; `None` where the orbitals
/// cannot be told apart.
///
/// αₖₗ lets the orbital decay to 1e-3 at radius k of `n_max` evenly spaced ones from 1 Å to `r_cut`; β = S^(−1/2). The
/// integral is `(2πσ²)^(3/2) Σₖ βₙₖₗ γₖ^(l+3/2) exp(−αₖₗ γₖ rᵢ²) rᵢˡ Yₗₘ(rᵢ)` with `γₖ = 1/(1 + 2σ²αₖₗ)`.
///
/// # References
/// Himanen et al. 2020, doi:10.1016/j.cpc.2019.106949, and the source of DScribe 2.1.2.
pub(super) fn expansion(r_cut: f64, n_max: usize, l_max: usize, sigma: f64) -> Option<Expansion> {
    let spread = 2.0 * sigma * sigma;
    let volume = (std::f64::consts::PI * spread) * (std::f64::consts::PI * spread).sqrt();
    let size = (l_max + 1) * n_max;
    let mut rates = Vec::with_capacity(size);
    let mut mixing = Vec::with_capacity(size * n_max);
    for l in 0..=l_max {
        let alphas = alphas(r_cut, n_max, l);
        let betas = betas(&alphas, l)?;
        for (k, alpha) in alphas.iter().enumerate() {
            let shrink = 1.0 / (1.0 + spread * alpha);
            rates.push(alpha * shrink);
            let weight = volume * power(shrink, l) * shrink * shrink.sqrt();
            mixing.extend((0..n_max).map(|n| betas[n * n_max + k] * weight));
        }
    }
    let radius = search_radius(r_cut, sigma);
    Some(Expansion::new(SolidHarmonics::new(l_max), n_max, &rates, &mixing, radius * radius))
}

fn alphas(r_cut: f64, n_max: usize, l: usize) -> Vec<f64> {
    let step = if n_max > 1 { (r_cut - 1.0) / (n_max - 1) as f64 } else { 0.0 };
    let radius = |k: usize| if k > 0 && k + 1 == n_max { r_cut } else { 1.0 + k as f64 * step };
    (0..n_max).map(|k| -libm::log(THRESHOLD / power(radius(k), l)) / (radius(k) * radius(k))).collect()
}

/// `S^(−1/2)` of the overlaps `½ Γ(l + 3/2) (α + α')^(−l−3/2)`.
fn betas(alphas: &[f64], l: usize) -> Option<Vec<f64>> {
    let mut gamma = 0.5 * std::f64::consts::PI.sqrt();
    for k in 1..=l {
        gamma *= k as f64 + 0.5;
    }
    let half_gamma = DoubleDouble::from(0.5 * gamma);
    let mut overlaps = Vec::with_capacity(alphas.len() * alphas.len());
    for &alpha in alphas {
        for &other in alphas {
            let sum = DoubleDouble::from(alpha) + DoubleDouble::from(other);
            let mut power = sum * sum.sqrt();
            for _ in 0..l {
                power = power * sum;
            }
            overlaps.push(half_gamma / power);
        }
    }
    inverse_square_root(overlaps, alphas.len())
}

fn power(x: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * x)
}
