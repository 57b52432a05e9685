//! Sums of Gaussians over neighbours.
//!
//! Exponentials are computed in a loop of their own over a buffer, which becomes vector code; inside the loop that sums
//! them they do not.

use crate::exp::{LANES, exp_in_place, fold};

/// Neighbours whose exponentials are computed in one go.
const BLOCK: usize = 8 * LANES;

/// Exponentials of the first `count` values of a block, in whole stripes.
#[inline(always)]
fn exponentials(values: &mut [f64; BLOCK], count: usize) {
    exp_in_place(&mut values[..count.next_multiple_of(LANES)]);
}

/// Adds to the partial sum of each lane.
#[inline(always)]
fn add(sums: &mut [f64; LANES], terms: &[f64]) {
    let (stripes, rest) = terms.as_chunks::<LANES>();
    for stripe in stripes {
        for (sum, term) in sums.iter_mut().zip(stripe) {
            *sum += term;
        }
    }
    for (sum, term) in sums.iter_mut().zip(rest) {
        *sum += term;
    }
}

/// Adds the products to the partial sum of each lane.
#[inline(always)]
fn add_products(sums: &mut [f64; LANES], terms: &[f64], factors: &[f64]) {
    let ((stripes, terms), (factor_stripes, factors)) = (terms.as_chunks::<LANES>(), factors.as_chunks::<LANES>());
    for (stripe, factors) in stripes.iter().zip(factor_stripes) {
        for lane in 0..LANES {
            sums[lane] += stripe[lane] * factors[lane];
        }
    }
    for ((sum, term), factor) in sums.iter_mut().zip(terms).zip(factors) {
        *sum += term * factor;
    }
}

/// `Σ wᵢ exp(−sᵢ α)` over squared distances `s`.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn gaussian_sum(squares: &[f64], weights: &[f64], exponent: f64) -> f64 {
    assert_eq!(squares.len(), weights.len());
    let mut values = [0.0; BLOCK];
    let mut sums = [0.0; LANES];
    for (squares, weights) in squares.chunks(BLOCK).zip(weights.chunks(BLOCK)) {
        for (value, square) in values.iter_mut().zip(squares) {
            *value = -square * exponent;
        }
        exponentials(&mut values, squares.len());
        add_products(&mut sums, &values[..squares.len()], weights);
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
    let mut values = [0.0; BLOCK];
    let mut sums = [[0.0; LANES]; 4];
    let mut start = 0;
    for (squares, weights) in squares.chunks(BLOCK).zip(weights.chunks(BLOCK)) {
        for (value, square) in values.iter_mut().zip(squares) {
            *value = -square * exponent;
        }
        exponentials(&mut values, squares.len());
        for (value, weight) in values.iter_mut().zip(weights) {
            *value *= weight;
        }
        let values = &values[..squares.len()];
        let [total, components @ ..] = &mut sums;
        add(total, values);
        for (component, axis) in components.iter_mut().zip(directions) {
            add_products(component, values, &axis[start..start + values.len()]);
        }
        start += BLOCK;
    }
    [fold(sums[0]), fold(sums[1]), fold(sums[2]), fold(sums[3])]
}

/// `Σ exp(−(rᵢ − c)²)` over distances `r`.
#[inline(always)]
pub fn shifted_gaussian_sum(distances: &[f64], center: f64) -> f64 {
    let mut values = [0.0; BLOCK];
    let mut sums = [0.0; LANES];
    for distances in distances.chunks(BLOCK) {
        for (value, distance) in values.iter_mut().zip(distances) {
            let apart = distance - center;
            *value = -(apart * apart);
        }
        exponentials(&mut values, distances.len());
        add(&mut sums, &values[..distances.len()]);
    }
    fold(sums)
}
