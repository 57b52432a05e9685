//! The natural logarithm and real powers, without branches, so that a loop over them becomes vector code.

use crate::exp::exp;

/// ln 2 in two parts; the first has so many zero bits at its end that its product with a small whole number is exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];

/// Terms of `artanh f = f (1 + f²/3 + f⁴/5 + …)`: at |f| ≤ 0.1716 the next one is below 1e-18.
const TERMS: usize = 12;

/// `ln x` of a normal number above 0, within 2e-16 of max(1, |ln x|).
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    // Mantissas from √½ to √2, so that the logarithm of what is near 1 keeps its digits.
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let above = bits.wrapping_sub(ROOT_HALF);
    let exponent = (above as i64) >> 52;
    let mantissa = f64::from_bits(bits.wrapping_sub((exponent as u64) << 52));
    let f = (mantissa - 1.0) / (mantissa + 1.0);
    let square = f * f;
    let mut sum = 1.0 / (2 * TERMS + 1) as f64;
    for term in (0..TERMS).rev() {
        sum = sum * square + 1.0 / (2 * term + 1) as f64;
    }
    let exponent = to_float(exponent);
    2.0 * f * sum + exponent * LN_2[1] + exponent * LN_2[0]
}

/// A small whole number as a float, by arithmetic that every level has for vectors.
#[inline(always)]
fn to_float(number: i64) -> f64 {
    /// 1.5 · 2⁵²
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    f64::from_bits(SHIFT.to_bits().wrapping_add(number as u64)) - SHIFT
}

/// `xᵖ` of x from 0 to 1 and p above 0; 0 for an x that is not above 1e-300.
#[inline(always)]
pub(crate) fn power(x: f64, exponent: f64) -> f64 {
    let value = exp(exponent * ln(x));
    if x > 1e-300 { value } else { 0.0 }
}
