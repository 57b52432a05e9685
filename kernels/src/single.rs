//! Functions of single precision, without branches, so that a loop over them becomes vector code.

/// Lanes of a stripe: sums over slices keep this many partial sums, whatever the processor.
pub(crate) const LANES: usize = 16;

/// 1.5 · 2²³: adding it leaves a number rounded to a whole one in the low bits of the sum.
const SHIFT: f32 = 12_582_912.0;
/// ln 2 in two parts; the product of the first with a small whole number is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Taylor coefficients 1/n!, n = 7 … 0: at |r| ≤ ln 2 / 2 the next term is below 6e-9.
const TAYLOR: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];

/// `eˣ` within 2e-7 relative; x is held to −87 … 88.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let inside = x.clamp(-87.0, 88.0);
    let shifted = inside * std::f32::consts::LOG2_E + SHIFT;
    let power = shifted - SHIFT;
    let r = (inside - power * LN_2[0]) - power * LN_2[1];
    let mut sum = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        sum = sum * r + coefficient;
    }
    sum * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// Partial sums, added in pairs: the same order on every processor.
#[inline(always)]
pub(crate) fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// Sum of products.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (a_stripes, a_rest) = a.as_chunks::<LANES>();
    let (b_stripes, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_stripes.iter().zip(b_stripes) {
        for i in 0..LANES {
            lanes[i] += a[i] * b[i];
        }
    }
    for (i, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[i] += a * b;
    }
    fold(lanes)
}

/// Sum.
#[inline(always)]
pub(crate) fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (stripes, rest) = values.as_chunks::<LANES>();
    for stripe in stripes {
        for i in 0..LANES {
            lanes[i] += stripe[i];
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
    fold(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential_is_within_2e_7_of_the_true_one() {
        for i in -8600..8700 {
            let x = i as f32 / 100.0;
            let truth = f64::from(x).exp();
            assert!((f64::from(exp(x)) - truth).abs() < 2.5e-7 * truth, "{x}");
        }
    }

    #[test]
    fn sums_reach_every_element() {
        for n in 0..70_u16 {
            let values: Vec<f32> = (0..n).map(f32::from).collect();
            let ones = vec![1.0; usize::from(n)];
            assert_eq!(sum(&values), f32::from(n) * (f32::from(n) - 1.0) / 2.0);
            assert_eq!(dot(&values, &ones), sum(&values));
        }
    }
}
