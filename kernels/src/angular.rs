//! Sums over pairs of neighbours of one centre: the angular symmetry functions of Behler.

use crate::exp::{LANES, fold};

/// Zeros that the slices of [`Neighborhood`] hold after their last neighbour.
pub const PADDING: usize = LANES;

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
    for j in 0..count {
        let [x, y, z, r, w] = [xs[j], ys[j], zs[j], distances[j], weights[j]];
        let square = r * r;
        let mut partial = [[0.0; LANES]; 4];
        let stripe = |values: &[f64], place: usize| -> [f64; LANES] {
            *values[place..].first_chunk().expect("padding follows the last neighbour")
        };
        let mut place = j + 1;
        while place < count {
            let (vx, vy, vz) = (stripe(xs, place), stripe(ys, place), stripe(zs, place));
            let (vr, vw) = (stripe(distances, place), stripe(weights, place));
            for lane in 0..LANES {
                let cosine = x * vx[lane] + y * vy[lane] + z * vz[lane];
                let t = square + vr[lane] * vr[lane] - 2.0 * r * vr[lane] * cosine;
                let mut value = envelope[15];
                for coefficient in envelope[..15].iter().rev() {
                    value = value * t + coefficient;
                }
                let value = if t <= 1.0 { value * vw[lane] } else { 0.0 };
                let (plus, minus) = (1.0 + cosine, 1.0 - cosine);
                let (plus_2, minus_2) = (plus * plus, minus * minus);
                partial[0][lane] += value * plus;
                partial[1][lane] += value * minus;
                partial[2][lane] += value * (plus_2 * plus_2);
                partial[3][lane] += value * (minus_2 * minus_2);
            }
            place += LANES;
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
