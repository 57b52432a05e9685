//! Sums of Gaussians over neighbours.

use crate::exp::{LANES, exp, fold, padded};

/// `Σ wᵢ exp(−sᵢ α)` over squared distances `s`.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn gaussian_sum(squares: &[f64], weights: &[f64], exponent: f64) -> f64 {
    assert_eq!(squares.len(), weights.len());
    let mut sums = [0.0; LANES];
    let mut stripe = |s: &[f64; LANES], w: &[f64; LANES]| {
        for lane in 0..LANES {
            sums[lane] += w[lane] * exp(-s[lane] * exponent);
        }
    };
    let ((squares, s), (weights, w)) = (squares.as_chunks(), weights.as_chunks());
    for (s, w) in squares.iter().zip(weights) {
        stripe(s, w);
    }
    if !s.is_empty() {
        stripe(&padded(s), &padded(w));
    }
    fold(sums)
}

/// [`gaussian_sum`], and the same sum of each Cartesian component of `directions`, each as long as `squares`.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn gaussian_moments(squares: &[f64], weights: &[f64], directions: [&[f64]; 3], exponent: f64) -> [f64; 4] {
    assert!(squares.len() == weights.len() && directions.iter().all(|axis| axis.len() == squares.len()));
    let mut sums = [[0.0; LANES]; 4];
    let mut stripe = |s: &[f64; LANES], w: &[f64; LANES], axes: [&[f64; LANES]; 3]| {
        for lane in 0..LANES {
            let value = w[lane] * exp(-s[lane] * exponent);
            sums[0][lane] += value;
            sums[1][lane] += value * axes[0][lane];
            sums[2][lane] += value * axes[1][lane];
            sums[3][lane] += value * axes[2][lane];
        }
    };
    let ((squares, s), (weights, w)) = (squares.as_chunks(), weights.as_chunks());
    let [(xs, x), (ys, y), (zs, z)] = directions.map(|axis| axis.as_chunks());
    for place in 0..squares.len() {
        stripe(&squares[place], &weights[place], [&xs[place], &ys[place], &zs[place]]);
    }
    if !s.is_empty() {
        stripe(&padded(s), &padded(w), [&padded(x), &padded(y), &padded(z)]);
    }
    sums.map(fold)
}

/// `Σ exp(−(rᵢ − c)²)` over distances `r`.
#[inline(always)]
pub fn shifted_gaussian_sum(distances: &[f64], center: f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (stripes, rest) = distances.as_chunks::<LANES>();
    for stripe in stripes {
        for lane in 0..LANES {
            let apart = stripe[lane] - center;
            sums[lane] += exp(-(apart * apart));
        }
    }
    for (lane, distance) in rest.iter().enumerate() {
        let apart = distance - center;
        sums[lane] += exp(-(apart * apart));
    }
    fold(sums)
}

/// `Σ wᵢ exp(−α (rᵢ − c)²)` over distances `r`.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn weighted_gaussian_sum(distances: &[f64], weights: &[f64], center: f64, exponent: f64) -> f64 {
    assert_eq!(distances.len(), weights.len());
    let mut sums = [0.0; LANES];
    let mut stripe = |r: &[f64; LANES], w: &[f64; LANES]| {
        for lane in 0..LANES {
            let apart = r[lane] - center;
            sums[lane] += w[lane] * exp(-exponent * (apart * apart));
        }
    };
    let ((distances, r), (weights, w)) = (distances.as_chunks(), weights.as_chunks());
    for (r, w) in distances.iter().zip(weights) {
        stripe(r, w);
    }
    if !r.is_empty() {
        stripe(&padded(r), &padded(w));
    }
    fold(sums)
}
