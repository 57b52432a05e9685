//! The exponential function, without branches, so that a loop over it becomes vector code.

/// Lanes of a stripe: sums over slices keep this many partial sums, whatever the processor.
pub(crate) const LANES: usize = 8;

/// 1.5 · 2⁵²: adding it leaves a number rounded to a whole one in the low bits of the sum.
const SHIFT: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has so many zero bits at its end that its product with a small whole number is exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
/// Taylor coefficients 1/n!, n = 13 … 0: at |r| ≤ ln 2 / 2 the next term is below 1e-17.
const TAYLOR: [f64; 14] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// `eˣ` within 2 units in the last place; 0 below −708, infinite above 709.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    let inside = x.clamp(-708.0, 709.0);
    let shifted = inside * std::f64::consts::LOG2_E + SHIFT;
    let power = shifted - SHIFT;
    let r = (inside - power * LN_2[0]) - power * LN_2[1];
    let mut sum = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        sum = sum * r + coefficient;
    }
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let value = sum * scale;
    if x < -708.0 {
        0.0
    } else if x > 709.0 {
        f64::INFINITY
    } else {
        value
    }
}

/// Replaces each value by its exponential.
#[inline(always)]
pub fn exp_in_place(values: &mut [f64]) {
    for value in values {
        *value = exp(*value);
    }
}

/// Partial sums, added in pairs: the same order on every processor.
#[inline(always)]
pub(crate) fn fold(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}
