//! Targets brought to order one, whatever their unit and outliers.

use crate::surrogate::metrics::{median, quantile_sorted};
use crate::surrogate::tensors::{TensorError, Tensors};

/// Median and spread of the targets of a training.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(in crate::surrogate) struct TargetScale {
    /// What becomes 0.
    pub(in crate::surrogate) center: f64,
    /// What becomes 1.
    pub(in crate::surrogate) unit: f64,
}

impl TargetScale {
    /// Classes stay what they are.
    pub(in crate::surrogate) const IDENTITY: Self = Self { center: 0.0, unit: 1.0 };

    /// The half range of the middle 68 %, or, where that is 0, the mean distance to the median.
    pub(in crate::surrogate) fn of(targets: &[f64]) -> Self {
        let mut sorted = targets.to_vec();
        sorted.sort_by(f64::total_cmp);
        let center = median(targets);
        let mut distance = 0.0;
        for target in targets {
            distance += (target - center).abs() / targets.len() as f64;
        }
        let half = (quantile_sorted(&sorted, 0.84) - quantile_sorted(&sorted, 0.16)) / 2.0;
        let unit = if half > 0.0 { half } else { distance };
        Self { center, unit: if unit > 0.0 && unit.is_finite() { unit } else { 1.0 } }
    }

    pub(in crate::surrogate) fn scaled(self, target: f64) -> f32 {
        ((target - self.center) / self.unit) as f32
    }

    pub(in crate::surrogate) fn original(self, output: f64) -> f64 {
        self.center + self.unit * output
    }

    /// Reads the tensor `scale`.
    pub(in crate::surrogate) fn read(tensors: &Tensors) -> Result<Self, TensorError> {
        match tensors.real("scale")?[..] {
            [center, unit] if unit > 0.0 => Ok(Self { center, unit }),
            _ => Err(TensorError::invalid("scale", "expected a center and a positive unit")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_do_not_move_the_scale() {
        let mut targets: Vec<f64> = (0..=100).map(f64::from).collect();
        targets[100] = 1e9;
        let scale = TargetScale::of(&targets);
        assert_eq!((scale.center, scale.unit), (50.0, 34.0));
        assert_eq!(scale.original(f64::from(scale.scaled(84.0))), 84.0);
    }

    #[test]
    fn one_frequent_value_does_not_make_the_scale_zero() {
        let mut targets = vec![0.0; 100];
        targets[0] = 10.0;
        assert_eq!(TargetScale::of(&targets), TargetScale { center: 0.0, unit: 0.1 });
    }
}
