//! Thresholds of libraries that compare in single precision, as thresholds of `f64` values.
//!
//! Such a library rounds a value to `f32` and compares; here values stay `f64` and the threshold moves to where
//! rounding would change sides. So one comparison serves all, and it decides as the library does for every `f64`.

/// Largest `x` whose nearest `f32` is less than `threshold`.
pub(super) fn below_single(threshold: f32) -> f64 {
    at_most(threshold.next_down())
}

/// Largest `x` whose nearest `f32` is at most `threshold`.
pub(super) fn at_most_single(threshold: f64) -> f64 {
    let nearest = threshold as f32;
    at_most(if f64::from(nearest) > threshold { nearest.next_down() } else { nearest })
}

fn at_most(threshold: f32) -> f64 {
    // −0 and 0 are equal and have the same neighbours.
    let threshold = threshold + 0.0;
    if threshold == f32::INFINITY {
        return f64::MAX;
    }
    let next = threshold.next_up();
    // Where rounding changes sides: exact in f64, which has more than one bit to spare. Beyond the largest f32 it does so
    // where the next one would be.
    let middle = match (threshold.is_finite(), next.is_finite()) {
        (true, true) => (f64::from(threshold) + f64::from(next)) / 2.0,
        (true, false) => HALFWAY_TO_OVERFLOW,
        (false, _) => -HALFWAY_TO_OVERFLOW,
    };
    // A tie goes to the even neighbour.
    if middle as f32 <= threshold { middle } else { middle.next_down() }
}

/// 2¹²⁸ − 2¹⁰³.
const HALFWAY_TO_OVERFLOW: f64 = f32::MAX as f64 + (1_u128 << 103) as f64;

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f32; 15] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e-45,
        -1e-45,
        3e-45,
        1.000_000_1,
        16_777_217.0,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        -0.1,
        1e30,
    ];

    /// The neighbourhood of every place at which something could change sides.
    fn probes() -> Vec<f64> {
        let mut probes = vec![f64::MAX, f64::MIN, 1e300, -1e300];
        for value in VALUES {
            for near in [value.next_down(), value, value.next_up()] {
                let (low, high) = (f64::from(near), f64::from(near.next_up()));
                for x in [low, high, (low + high) / 2.0, HALFWAY_TO_OVERFLOW, -HALFWAY_TO_OVERFLOW] {
                    probes.extend([x.next_down(), x, x.next_up()]);
                }
            }
        }
        probes.retain(|x| x.is_finite());
        probes
    }

    #[test]
    fn moved_thresholds_decide_as_the_comparison_in_single_precision() {
        for threshold in VALUES {
            let moved = below_single(threshold);
            let wide = [f64::from(threshold), f64::from(threshold).next_up(), f64::from(threshold).next_down()];
            for x in probes() {
                assert_eq!(x <= moved, (x as f32) < threshold, "{x:e} < {threshold:e}");
                for threshold in wide {
                    let moved = at_most_single(threshold);
                    assert_eq!(x <= moved, f64::from(x as f32) <= threshold, "{x:e} <= {threshold:e}");
                }
            }
        }
    }
}
