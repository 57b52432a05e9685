//! Sums over pairs of neighbours of one centre: the angular symmetry functions of Behler.

use crate::exp::{LANES, fold};

/// Zeros that the slices of [`Neighborhood`] hold after their last neighbour.
pub const PADDING: usize = LANES;

/// Neighbours looked at in one go.
const BLOCK: usize = 8 * LANES;

/// Neighbours of one centre, each slice [`PADDING`] zeros longer than there are neighbours.
#[derive(Copy, Clone, Debug)]
pub struct Neighborhood<'a> {
    /// Unit vectors to the neighbours, by axis.
    pub directions: [&'a [f64]; 3],
    /// Distances in units of the cut-off, 0 to 1.
    pub distances: &'a [f64],
    /// Weights.
    pub weights: &'a [f64],
}

/// Adds, over all pairs j < k of neighbours, `wⱼ wₖ p(t) (1 ± c)` and `wⱼ wₖ p(t) (1 ± c)⁴` to `sums` (+, −, +, −).
///
/// `c` is the cosine of the angle at the centre, `t` the squared distance between the two neighbours in units of the
/// cut-off, and `p` the polynomial with these coefficients, constant term first; pairs with t > 1 do not count.
///
/// # Panics
/// If lengths differ, or if there is no [`PADDING`].
#[inline(always)]
pub fn angular_sums(neighborhood: Neighborhood<'_>, envelope: &[f64; 16], sums: &mut [f64; 4]) {
    let Neighborhood { directions: [xs, ys, zs], distances, weights } = neighborhood;
    let length = distances.len();
    assert!([xs.len(), ys.len(), zs.len(), weights.len()] == [length; 4] && length >= PADDING);
    let count = length - PADDING;
    let mut totals = [[0.0; LANES]; 4];
    let (mut cosines, mut squares, mut values) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
    for j in 0..count {
        let [x, y, z, r, w] = [xs[j], ys[j], zs[j], distances[j], weights[j]];
        let mut partial = [[0.0; LANES]; 4];
        let mut start = j + 1;
        while start < count {
            // Whole stripes: the padding has no weight.
            let end = start + BLOCK.min((count - start).next_multiple_of(LANES));
            let (xs, ys, zs) = (&xs[start..end], &ys[start..end], &zs[start..end]);
            let (distances, weights) = (&distances[start..end], &weights[start..end]);
            let block = end - start;
            let (cosines, squares, values) = (&mut cosines[..block], &mut squares[..block], &mut values[..block]);
            // One step a loop: each of them becomes vector code.
            for k in 0..block {
                let cosine = x * xs[k] + y * ys[k] + z * zs[k];
                cosines[k] = cosine;
                squares[k] = r * r + distances[k] * distances[k] - 2.0 * r * distances[k] * cosine;
            }
            for (value, t) in values.iter_mut().zip(&*squares) {
                let mut sum = envelope[15];
                for coefficient in envelope[..15].iter().rev() {
                    sum = sum * t + coefficient;
                }
                *value = sum;
            }
            for k in 0..block {
                let product = values[k] * weights[k];
                values[k] = if squares[k] <= 1.0 { product } else { 0.0 };
            }
            add_powers(values, cosines, &mut partial);
            start = end;
        }
        for (total, partial) in totals.iter_mut().zip(&partial) {
            for lane in 0..LANES {
                total[lane] += w * partial[lane];
            }
        }
    }
    for (sum, total) in sums.iter_mut().zip(totals) {
        *sum += fold(total);
    }
}

/// Adds values times 1 ± c and times (1 ± c)⁴ to the lanes of each sum.
#[inline(always)]
fn add_powers(values: &[f64], cosines: &[f64], sums: &mut [[f64; LANES]; 4]) {
    let [plus_1, minus_1, plus_4, minus_4] = sums;
    for (values, cosines) in values.as_chunks::<LANES>().0.iter().zip(cosines.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            let (value, plus, minus) = (values[lane], 1.0 + cosines[lane], 1.0 - cosines[lane]);
            let (plus_2, minus_2) = (plus * plus, minus * minus);
            plus_1[lane] += value * plus;
            minus_1[lane] += value * minus;
            plus_4[lane] += value * (plus_2 * plus_2);
            minus_4[lane] += value * (minus_2 * minus_2);
        }
    }
}
