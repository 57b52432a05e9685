//! Sums of targets over the rows whose code is at most a limit, for several columns at once.
//!
//! One sum is a chain of dependent additions, four cycles a row; [`LANES`] chains side by side take hardly more. Each lane adds
//! its rows in their order, so that the sums are those of a loop over one column, to the last bit.

/// Columns that are summed side by side.
pub const LANES: usize = 8;

#[inline(always)]
pub(crate) fn partial_sums(
    codes: &[[u8; LANES]],
    targets: &[f64],
    limits: &[u8; LANES],
    sums: &mut [f64; LANES],
    counts: &mut [u32; LANES],
) {
    assert_eq!(codes.len(), targets.len(), "one target a row");
    let (mut lane_sums, mut lane_counts) = ([0.0; LANES], [0; LANES]);
    for (row, &target) in codes.iter().zip(targets) {
        for lane in 0..LANES {
            let is_inside = row[lane] <= limits[lane];
            lane_sums[lane] += if is_inside { target } else { 0.0 };
            lane_counts[lane] += u32::from(is_inside);
        }
    }
    (*sums, *counts) = (lane_sums, lane_counts);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::{Level, partial_sums};

    #[test]
    fn every_level_gives_the_bits_of_a_plain_loop() {
        let random = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8;
        let codes: Vec<[u8; LANES]> = (0..777).map(|i| std::array::from_fn(|lane| random(i * LANES + lane))).collect();
        let targets: Vec<f64> = (0..777).map(|i| f64::from(random(i)) / 7.0 - 3.0).collect();
        let limits = [0, 3, 60, 100, 128, 200, 254, 255];
        for level in Level::available() {
            let (mut sums, mut counts) = ([1.0; LANES], [1; LANES]);
            partial_sums(level, &codes, &targets, &limits, &mut sums, &mut counts);
            for lane in 0..LANES {
                let (mut sum, mut count) = (0.0, 0);
                for (row, target) in codes.iter().zip(&targets) {
                    if row[lane] <= limits[lane] {
                        sum += target;
                        count += 1;
                    }
                }
                assert_eq!((sums[lane].to_bits(), counts[lane]), (f64::to_bits(sum), count), "{level:?}, lane {lane}");
            }
        }
    }
}
