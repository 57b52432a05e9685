//! Numbers of twice the precision of `f64`: a sum of two, the second below the rounding of the first.
//!
//! # References
//! Dekker 1971, doi:10.1007/BF01397083; Knuth, The Art of Computer Programming 2, 4.2.2.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// High and low part; relative precision about 1e-31.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct DoubleDouble(f64, f64);

impl DoubleDouble {
    pub(super) const ZERO: Self = Self(0.0, 0.0);
    pub(super) const ONE: Self = Self(1.0, 0.0);

    /// The nearest `f64`.
    pub(super) fn value(self) -> f64 {
        self.0
    }

    pub(super) fn abs(self) -> Self {
        if self.0 < 0.0 { -self } else { self }
    }

    /// Square root of a number above 0: one step of Newton from that of the high part.
    pub(super) fn sqrt(self) -> Self {
        let root = Self::from(self.0.sqrt());
        root + (self - root * root) * Self::from(0.5 / root.0)
    }

    /// Both parts again, the second below the rounding of the first; `high` is the larger one.
    fn normalized(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self(sum, low - (sum - high))
    }
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        Self(value, 0.0)
    }
}

impl Neg for DoubleDouble {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

/// The sum and what its rounding lost.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// Two halves of 26 bits each.
fn split(a: f64) -> (f64, f64) {
    let shifted = 134_217_729.0 * a;
    let high = shifted - (shifted - a);
    (high, a - high)
}

impl Add for DoubleDouble {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (high, high_rest) = two_sum(self.0, other.0);
        let (low, low_rest) = two_sum(self.1, other.1);
        let sum = Self::normalized(high, high_rest + low);
        Self::normalized(sum.0, sum.1 + low_rest)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = self.0 * other.0;
        let ((a, b), (c, d)) = (split(self.0), split(other.0));
        let rest = ((a * c - product) + a * d + b * c) + b * d;
        Self::normalized(product, rest + (self.0 * other.1 + self.1 * other.0))
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = Self::from(self.0 / other.0);
        let rest = self - first * other;
        let second = Self::from(rest.0 / other.0);
        let rest = rest - second * other;
        first + second + Self::from(rest.0 / other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_of_two_squared_is_two_to_31_digits() {
        let two = DoubleDouble::from(2.0);
        let error = two.sqrt() * two.sqrt() - two;
        assert!(error.value().abs() < 1e-31, "{error:?}");
        assert_ne!(two.value().sqrt() * two.value().sqrt(), 2.0, "f64 does not have it");
    }

    #[test]
    fn a_third_times_three_is_one_to_31_digits() {
        let [one, three] = [1.0, 3.0].map(DoubleDouble::from);
        assert!((one / three * three - one).value().abs() < 1e-31);
        assert!((one + DoubleDouble::from(1e-25) - one).value() == 1e-25);
    }
}
