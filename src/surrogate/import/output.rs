//! What becomes of the sum of the leaves.

use serde::{Deserialize, Serialize};

use crate::surrogate::trees::Precision;

/// From the sum to the prediction, in the order of the fields, each step in the library's own precision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The sum is divided by this; 1 for sums, the number of trees for means.
    pub divide: u32,
    /// Then multiplied by this.
    pub scale: f64,
    /// Then this is added.
    pub bias: f64,
    /// Then this is applied.
    pub link: Link,
}

/// The last step.
#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Link {
    /// Nothing.
    Identity,
    /// 1 / (1 + exp(−slope · x)).
    Sigmoid {
        /// Factor.
        slope: f64,
    },
    /// exp(x).
    Exp,
    /// x · |x|: undoes a square root of the target.
    SignedSquare,
    /// ln(1 + exp(x)).
    Softplus,
}

impl Output {
    /// The sum as it is.
    pub const fn plain(link: Link) -> Self {
        Self { divide: 1, scale: 1.0, bias: 0.0, link }
    }

    /// Whether the numbers make sense.
    pub(super) fn is_valid(&self) -> bool {
        let slope = if let Link::Sigmoid { slope } = self.link { slope } else { 1.0 };
        self.divide > 0 && [self.scale, self.bias, slope].iter().all(|x| x.is_finite()) && slope > 0.0
    }

    /// Whether predictions lie in 0..=1.
    pub fn is_probability(&self) -> bool {
        matches!(self.link, Link::Sigmoid { .. })
    }

    /// Turns sums into predictions.
    pub(super) fn apply(&self, precision: Precision, sums: &mut [f64]) {
        if self.divide > 1 {
            sums.iter_mut().for_each(|x| *x /= f64::from(self.divide));
        }
        if self.scale != 1.0 || self.bias != 0.0 {
            sums.iter_mut().for_each(|x| *x = self.scale * *x + self.bias);
        }
        match (self.link, precision) {
            (Link::Identity, _) => {}
            (Link::Sigmoid { .. }, Precision::Single) => sums.iter_mut().for_each(|x| *x = sigmoid_single(*x as f32)),
            (Link::Sigmoid { slope }, Precision::Double) => {
                sums.iter_mut().for_each(|x| *x = 1.0 / (1.0 + libm::exp(-slope * *x)));
            }
            (Link::Exp, Precision::Single) => sums.iter_mut().for_each(|x| *x = f64::from(libm::exp(*x) as f32)),
            (Link::Exp, Precision::Double) => sums.iter_mut().for_each(|x| *x = libm::exp(*x)),
            (Link::SignedSquare, _) => sums.iter_mut().for_each(|x| *x *= x.abs()),
            (Link::Softplus, _) => sums.iter_mut().for_each(|x| *x = libm::log1p(libm::exp(*x))),
        }
    }
}

/// XGBoost's, in `f32` throughout; the exponential of an `f32` is taken in `f64` and rounded.
fn sigmoid_single(x: f32) -> f64 {
    /// Keeps XGBoost's denominator away from 0.
    const EPSILON: f32 = 1e-16;
    /// XGBoost lets nothing smaller into its exponential.
    const LEAST: f32 = 88.7;
    let exp = libm::exp(f64::from((-x).min(LEAST))) as f32;
    f64::from(1.0 / (exp + 1.0 + EPSILON))
}

/// XGBoost's way back from a probability to the start of the sum.
pub(super) fn logit_single(probability: f32) -> f32 {
    let odds = 1.0 / probability - 1.0;
    -(libm::log(f64::from(odds)) as f32)
}

/// The same for models whose predictions are exponentials.
pub(super) fn ln_single(x: f32) -> f32 {
    libm::log(f64::from(x)) as f32
}
