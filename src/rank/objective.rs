//! One objective or window, resolved: cost and desirability of a value.
//!
//! # References
//! G. Derringer, R. Suich, *J. Qual. Technol.* 12 (1980) 214, DOI 10.1080/00224065.1980.11980968: one-sided ramps
//! (equation 1), two-sided ramp (equation 2, here with both sides of the same width), overall desirability as a geometric
//! mean; weights as exponents follow G. C. Derringer, *Quality Progress* 27(6) (1994) 51.

use crate::units::{Unit, parse_quantity};

use super::{Direction, Method, Number, ObjectiveSpec, RankError, WindowSpec};

/// What is good in a column.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Aim {
    Min,
    Max,
    Target { value: f64, within: f64 },
}

/// Ends of a one-sided ramp.
#[derive(Copy, Clone, Debug, PartialEq)]
struct Ramp {
    low: f64,
    high: f64,
}

/// An objective in the unit of its column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Objective {
    aim: Aim,
    ramp: Option<Ramp>,
    shape: f64,
    pub(super) weight: f64,
}

impl Objective {
    pub(super) fn new(spec: &ObjectiveSpec, unit: &Unit, method: Method) -> Result<Self, RankError> {
        let bad = |reason: &str| RankError::Objective { column: spec.column.clone(), reason: reason.into() };
        let quantity =
            |key, number: &Option<Number>| number.as_ref().map(|n| read(n, &spec.column, key, unit)).transpose();
        let aim = match (spec.direction, quantity("target", &spec.target)?) {
            (Some(Direction::Min), None) => Aim::Min,
            (Some(Direction::Max), None) => Aim::Max,
            (None, Some(value)) => {
                Aim::Target { value, within: quantity("within", &spec.within)?.unwrap_or(f64::INFINITY) }
            }
            (Some(_), Some(_)) => return Err(bad("direction and target exclude one another")),
            (None, None) => return Err(bad("expected direction = \"min\" or \"max\", or a target")),
        };
        if spec.within.is_some() && spec.target.is_none() {
            return Err(bad("within needs a target"));
        }
        if let Aim::Target { within, .. } = aim
            && within <= 0.0
        {
            return Err(bad("within must be larger than zero"));
        }
        let weight = positive("weight", spec.weight)?;
        let shape = positive("shape", spec.shape)?;
        let ramp = match (quantity("low", &spec.low)?, quantity("high", &spec.high)?) {
            (Some(low), Some(high)) if low < high => Some(Ramp { low, high }),
            (Some(_), Some(_)) => return Err(bad("low must be smaller than high")),
            (None, None) => None,
            _ => return Err(bad("low and high go together")),
        };
        if method == Method::Desirability {
            match aim {
                Aim::Target { .. } if ramp.is_some() => return Err(bad("low and high need a direction, not a target")),
                Aim::Target { within, .. } if within.is_infinite() => {
                    return Err(bad("method = \"desirability\" with a target needs within (desirability is 0 there)"));
                }
                Aim::Min | Aim::Max if ramp.is_none() => {
                    return Err(bad("method = \"desirability\" needs low and high (where desirability is 0 and 1)"));
                }
                _ => {}
            }
        } else if spec.shape.is_some() || ramp.is_some() {
            let key = if spec.shape.is_some() { "shape" } else { "low" };
            let hint = ", use method = \"desirability\", or where for a window";
            return Err(RankError::KeyOfOtherMethod { key, method: method.name(), hint });
        }
        if method == Method::Top && spec.weight.is_some() {
            let hint = ", whose later objectives only break ties; use \"desirability\" or \"pareto\"";
            return Err(RankError::KeyOfOtherMethod { key: "weight", method: "top", hint });
        }
        Ok(Self { aim, ramp, shape, weight })
    }

    /// Smaller is better; in the unit of the column. Negative zero does not occur, so costs compare by bits too.
    pub(super) fn cost(&self, value: f64) -> f64 {
        let cost = match self.aim {
            Aim::Min => value,
            Aim::Max => -value,
            Aim::Target { value: target, .. } => (value - target).abs(),
        };
        cost + 0.0
    }

    /// Whether the value is close enough to the target (always true without one).
    pub(super) fn accepts(&self, value: f64) -> bool {
        match self.aim {
            Aim::Min | Aim::Max => true,
            Aim::Target { value: target, within } => (value - target).abs() <= within,
        }
    }

    /// Desirability, 0 to 1.
    pub(super) fn desirability(&self, value: f64) -> f64 {
        let linear = match (self.aim, self.ramp) {
            (Aim::Min, Some(Ramp { low, high })) => (high - value) / (high - low),
            (Aim::Max, Some(Ramp { low, high })) => (value - low) / (high - low),
            (Aim::Target { value: target, within }, _) => 1.0 - (value - target).abs() / within,
            (Aim::Min | Aim::Max, None) => 0.0,
        };
        power(linear.clamp(0.0, 1.0), self.shape)
    }
}

/// A window in the unit of its column, bounds included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Window {
    above: f64,
    below: f64,
}

impl Window {
    pub(super) fn new(spec: &WindowSpec, unit: &Unit) -> Result<Self, RankError> {
        let bound = |key, number: &Option<Number>, default| {
            number.as_ref().map_or(Ok(default), |n| read(n, &spec.column, key, unit))
        };
        let above = bound("above", &spec.above, f64::NEG_INFINITY)?;
        let below = bound("below", &spec.below, f64::INFINITY)?;
        if (spec.above.is_none() && spec.below.is_none()) || above > below {
            let reason = "where needs above, below or both, above not larger than below".to_owned();
            return Err(RankError::Objective { column: spec.column.clone(), reason });
        }
        Ok(Self { above, below })
    }

    pub(super) fn accepts(&self, value: f64) -> bool {
        self.above <= value && value <= self.below
    }
}

/// `base^exponent` for a base in 0..=1, exact where the exponent is 1.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 1.0 { base } else { libm::pow(base, exponent) }
}

fn read(number: &Number, column: &str, key: &'static str, unit: &Unit) -> Result<f64, RankError> {
    parse_quantity(&number.text(), unit).map_err(|source| RankError::Quantity { column: column.into(), key, source })
}

fn positive(key: &'static str, value: Option<f64>) -> Result<f64, RankError> {
    let value = value.unwrap_or(1.0);
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(RankError::OutOfRange { key, value, expected: "a finite number above 0" })
    }
}
