//! Statistics of many properties over the few elements of a composition: a sparse gather over padded element rows.
//!
//! A composition names 1 to 8 of 118 elements, so a dense product with the element table would multiply mostly zeros and
//! could not take minima. Here the rows of the named elements are read once, [`LANES`] properties at a time, so that all
//! accumulators of a block stay in registers. Sums run over the elements in the order given, one lane a property, without
//! fused multiply-add: the same bits on every processor, and in nearly every case the bits of numpy's `average`.

/// Properties handled at once; the width of a table is a multiple of it.
pub const LANES: usize = 8;

type Block = [f64; LANES];

/// Writes minimum, maximum, range, mean, average deviation and mode of each property: `out[6 p ..][..6]`.
///
/// `table` holds one padded row an element, `rows` the rows in use and `amounts` their weights. `out` decides how many
/// properties are written (`out.len() / 6`, at most `W`). A property that is NaN for one of the elements is NaN in every
/// statistic but the mode, which is NaN only if an element of the largest amount has no value.
///
/// The mode is the smallest value among the elements whose amount equals the largest one within `1e-8 + 1e-5 · largest`
/// (numpy's `isclose`), as matminer defines it.
///
/// # Panics
/// If `rows` and `amounts` differ in length or are empty, a row lies outside the table, `W` is no multiple of [`LANES`]
/// or `out` does not fit.
#[inline(always)]
pub fn range_mean_deviation_mode<const W: usize>(table: &[[f64; W]], rows: &[usize], amounts: &[f64], out: &mut [f64]) {
    check::<W>(rows, amounts, out, 6);
    let total = sum(amounts);
    let largest = amounts.iter().fold(f64::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    let closeness = 1e-8 + 1e-5 * largest.abs();
    for (block, out) in out.chunks_mut(6 * LANES).enumerate() {
        let (minimum, maximum, mean) = first_pass(table, rows, amounts, total, block);
        let mut deviation = [0.0; LANES];
        let mut mode = [f64::INFINITY; LANES];
        for (&row, &amount) in rows.iter().zip(amounts) {
            let values = lanes(&table[row], block);
            for lane in 0..LANES {
                deviation[lane] += amount * (values[lane] - mean[lane]).abs();
            }
            if (amount - largest).abs() <= closeness {
                for lane in 0..LANES {
                    let value = values[lane];
                    mode[lane] = if value < mode[lane] || value.is_nan() { value } else { mode[lane] };
                }
            }
        }
        for (lane, out) in out.as_chunks_mut::<6>().0.iter_mut().enumerate() {
            let (minimum, maximum) = (minimum[lane], maximum[lane]);
            *out = [minimum, maximum, maximum - minimum, mean[lane], deviation[lane] / total, mode[lane]];
        }
    }
}

/// Writes minimum, maximum, range, mean and standard deviation of each property: `out[5 p ..][..5]`.
///
/// The standard deviation is `sqrt(W / (W² − Σ w²) · Σ w (x − mean)²)` with `W = Σ w`, and 0 for a single element even
/// where it has no value, as matminer defines it. Everything else as in [`range_mean_deviation_mode`].
///
/// # Panics
/// As [`range_mean_deviation_mode`].
#[inline(always)]
pub fn range_mean_std<const W: usize>(table: &[[f64; W]], rows: &[usize], amounts: &[f64], out: &mut [f64]) {
    check::<W>(rows, amounts, out, 5);
    let total = sum(amounts);
    let mut squares = 0.0;
    for &amount in amounts {
        squares += amount * amount;
    }
    let beta = total / (total * total - squares);
    for (block, out) in out.chunks_mut(5 * LANES).enumerate() {
        let (minimum, maximum, mean) = first_pass(table, rows, amounts, total, block);
        let mut variance = [0.0; LANES];
        for (&row, &amount) in rows.iter().zip(amounts) {
            let values = lanes(&table[row], block);
            for lane in 0..LANES {
                let difference = values[lane] - mean[lane];
                variance[lane] += amount * (difference * difference);
            }
        }
        for (lane, out) in out.as_chunks_mut::<5>().0.iter_mut().enumerate() {
            let (minimum, maximum) = (minimum[lane], maximum[lane]);
            let deviation = if rows.len() == 1 { 0.0 } else { (beta * variance[lane]).sqrt() };
            *out = [minimum, maximum, maximum - minimum, mean[lane], deviation];
        }
    }
}

#[inline(always)]
fn check<const W: usize>(rows: &[usize], amounts: &[f64], out: &[f64], statistics: usize) {
    assert!(W.is_multiple_of(LANES), "table width {W} is no multiple of {LANES}");
    assert!(!rows.is_empty() && rows.len() == amounts.len(), "one amount for each of at least one row");
    assert!(out.len().is_multiple_of(statistics) && out.len() <= statistics * W, "output does not fit the table");
}

#[inline(always)]
fn sum(amounts: &[f64]) -> f64 {
    let mut total = 0.0;
    for &amount in amounts {
        total += amount;
    }
    total
}

#[inline(always)]
fn lanes<const W: usize>(row: &[f64; W], block: usize) -> &Block {
    &row.as_chunks::<LANES>().0[block]
}

/// Minimum, maximum and mean of one block; all NaN where an element has no value.
#[inline(always)]
fn first_pass<const W: usize>(
    table: &[[f64; W]],
    rows: &[usize],
    amounts: &[f64],
    total: f64,
    block: usize,
) -> (Block, Block, Block) {
    let mut minimum = [f64::INFINITY; LANES];
    let mut maximum = [f64::NEG_INFINITY; LANES];
    let mut mean = [0.0; LANES];
    for (&row, &amount) in rows.iter().zip(amounts) {
        let values = lanes(&table[row], block);
        for lane in 0..LANES {
            let value = values[lane];
            minimum[lane] = if value < minimum[lane] { value } else { minimum[lane] };
            maximum[lane] = if value > maximum[lane] { value } else { maximum[lane] };
            mean[lane] += amount * value;
        }
    }
    for lane in 0..LANES {
        mean[lane] /= total;
        let missing = mean[lane].is_nan();
        minimum[lane] = if missing { f64::NAN } else { minimum[lane] };
        maximum[lane] = if missing { f64::NAN } else { maximum[lane] };
    }
    (minimum, maximum, mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two properties of three elements, padded to one block.
    fn table() -> [[f64; LANES]; 3] {
        let mut table = [[0.0; LANES]; 3];
        for (row, (a, b)) in [(1.0, f64::NAN), (2.0, 5.0), (4.0, 3.0)].into_iter().enumerate() {
            table[row][0] = a;
            table[row][1] = b;
        }
        table
    }

    #[test]
    fn two_to_three_mixture_of_2_and_4_by_hand() {
        // mean (2·2 + 3·4)/5 = 3.2; deviation (2·1.2 + 3·0.8)/5 = 0.96; largest amount has value 4.
        let mut out = [0.0; 6];
        range_mean_deviation_mode(&table(), &[1, 2], &[2.0, 3.0], &mut out);
        for (value, expected) in out.iter().zip([2.0, 4.0, 2.0, 3.2, 0.96, 4.0]) {
            assert!((value - expected).abs() < 1e-15, "{out:?}");
        }
    }

    #[test]
    fn weighted_std_dev_of_a_binary_is_the_difference_over_root_two_at_any_ratio() {
        for amounts in [[2.0, 3.0], [0.001, 0.999]] {
            let mut out = [0.0; 5];
            range_mean_std(&table(), &[1, 2], &amounts, &mut out);
            assert!((out[4] - 2.0 / 2f64.sqrt()).abs() < 1e-12, "{out:?}");
        }
    }

    #[test]
    fn a_missing_value_makes_all_but_the_mode_of_other_elements_nan() {
        let mut out = [0.0; 12];
        range_mean_deviation_mode(&table(), &[0, 2], &[1.0, 3.0], &mut out);
        assert!(out[6..11].iter().all(|value| value.is_nan()));
        assert_eq!(out[11], 3.0);
        range_mean_deviation_mode(&table(), &[0, 2], &[3.0, 3.0], &mut out);
        assert!(out[11].is_nan());
    }

    #[test]
    fn amounts_within_one_part_in_100_000_share_the_mode() {
        let mut out = [0.0; 6];
        range_mean_deviation_mode(&table(), &[1, 2], &[1.0 - 0.9e-5, 1.0], &mut out);
        assert_eq!(out[5], 2.0);
        range_mean_deviation_mode(&table(), &[1, 2], &[1.0 - 1.1e-5, 1.0], &mut out);
        assert_eq!(out[5], 4.0);
    }

    #[test]
    fn a_single_element_without_value_has_standard_deviation_zero() {
        let mut out = [0.0; 10];
        range_mean_std(&table(), &[0], &[2.0], &mut out);
        assert!(out[8].is_nan());
        assert_eq!(out[9], 0.0);
    }
}
