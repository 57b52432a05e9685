//! Power spectra: products of expansion coefficients, summed over the orders of each degree.

use crate::expansion::LANES;

type Lanes = [f64; LANES];

/// Rows that one pass serves.
const TILE: usize = 4;

/// Adds `Σₘ c[l m][a] c[l m][b]` to `sums[(l · width + a) · width + b]` for `b` from the stripe of [`LANES`] that holds
/// `a`; what lies before it is left alone.
///
/// `coefficients` has a row of `width` numbers for each pair of degree and order, as
/// [`expand`](crate::dispatch::expand) writes them; `width` is whole stripes.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn add_power_spectrum(coefficients: &[f64], degree: usize, width: usize, sums: &mut [f64]) {
    assert!(width.is_multiple_of(LANES) && width > 0);
    assert_eq!(coefficients.len(), (degree + 1) * (degree + 1) * width);
    assert_eq!(sums.len(), (degree + 1) * width * width);
    for (l, sums) in sums.chunks_exact_mut(width * width).enumerate() {
        let rows = &coefficients[l * l * width..(l + 1) * (l + 1) * width];
        for (tile, sums) in sums.chunks_exact_mut(TILE * width).enumerate() {
            let first = tile * TILE;
            for start in (first - first % LANES..width).step_by(LANES) {
                let mut partial = [[0.0; LANES]; TILE];
                for row in rows.chunks_exact(width) {
                    let right: &Lanes = row[start..].first_chunk().expect("width is whole stripes");
                    let left: &[f64; TILE] = row[first..].first_chunk().expect("width is whole stripes");
                    for a in 0..TILE {
                        for lane in 0..LANES {
                            partial[a][lane] += left[a] * right[lane];
                        }
                    }
                }
                for (a, sums) in sums.chunks_exact_mut(width).enumerate() {
                    for (sum, partial) in sums[start..start + LANES].iter_mut().zip(partial[a]) {
                        *sum += partial;
                    }
                }
            }
        }
    }
}
