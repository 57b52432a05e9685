//! What boosting minimises.

/// Loss of one prediction.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// |y - f|: estimates the median.
    L1,
    /// (y - f)²/2: estimates the mean.
    Squared,
    /// Pinball loss: estimates this quantile, in (0, 1).
    Quantile(f64),
    /// Log-loss of the probability of class 1; targets are 0 or 1.
    Logistic,
}

impl Loss {
    /// The constant with the least loss, before any tree; log-odds for [`Loss::Logistic`].
    pub(super) fn start(self, y: &[f64]) -> f64 {
        match self {
            Self::L1 => quantile(&mut y.to_vec(), 0.5),
            Self::Quantile(probability) => quantile(&mut y.to_vec(), probability),
            Self::Squared => y.iter().fold(0.0, |sum, y| sum + y) / y.len() as f64,
            Self::Logistic => {
                // One half of a row is added to each class, so that one class alone does not give infinite odds.
                let positive = y.iter().fold(0.0, |sum, y| sum + y) + 0.5;
                libm::log(positive / (y.len() as f64 + 1.0 - positive))
            }
        }
    }

    /// Negative gradient and curvature at a prediction.
    pub(super) fn pull(self, y: f64, prediction: f64) -> (f64, f64) {
        match self {
            Self::L1 => (
                if y > prediction {
                    1.0
                } else if y < prediction {
                    -1.0
                } else {
                    0.0
                },
                1.0,
            ),
            Self::Quantile(probability) => (if y > prediction { probability } else { probability - 1.0 }, 1.0),
            Self::Squared => (y - prediction, 1.0),
            Self::Logistic => {
                let probability = sigmoid(prediction);
                (y - probability, probability * (1.0 - probability))
            }
        }
    }

    /// Whether every row has curvature 1.
    pub(super) fn has_unit_curvature(self) -> bool {
        !matches!(self, Self::Logistic)
    }

    /// The value of a leaf with these rows, (target, prediction) each; before shrinkage.
    pub(super) fn leaf(self, rows: impl Iterator<Item = (f64, f64)>, lambda: f64, scratch: &mut Vec<f64>) -> f64 {
        match self {
            Self::L1 | Self::Quantile(_) => {
                scratch.clear();
                scratch.extend(rows.map(|(y, prediction)| y - prediction));
                quantile(scratch, if let Self::Quantile(probability) = self { probability } else { 0.5 })
            }
            Self::Squared | Self::Logistic => {
                let (mut pull, mut curvature) = (0.0, 0.0);
                for (y, prediction) in rows {
                    let (own_pull, own_curvature) = self.pull(y, prediction);
                    pull += own_pull;
                    curvature += own_curvature;
                }
                // Where the probabilities are 0 or 1 to the last bit there is neither pull nor curvature.
                if pull == 0.0 { 0.0 } else { pull / (curvature + lambda).max(1e-12) }
            }
        }
    }

    /// Mean loss of predictions.
    pub(super) fn mean(self, y: &[f64], predictions: &[f64]) -> f64 {
        let total = y.iter().zip(predictions).fold(0.0, |sum, (&y, &prediction)| {
            let error = y - prediction;
            sum + match self {
                Self::L1 => error.abs(),
                Self::Squared => 0.5 * error * error,
                Self::Quantile(probability) => (probability * error).max((probability - 1.0) * error),
                // log(1 + exp(-z)), arranged so that the exponential cannot overflow.
                Self::Logistic => {
                    let z = if y > 0.5 { prediction } else { -prediction };
                    (-z).max(0.0) + libm::log1p(libm::exp(-z.abs()))
                }
            }
        });
        total / y.len() as f64
    }
}

/// 1 / (1 + exp(-z)).
pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

/// Sample quantile, interpolated between neighbours; reorders the values.
///
/// # References
/// 10.1080/00031305.1996.10473566 (Hyndman and Fan, definition 7).
fn quantile(values: &mut [f64], probability: f64) -> f64 {
    let position = probability * (values.len() - 1) as f64;
    let index = (position as usize).min(values.len() - 1);
    let (_, &mut lower, above) = values.select_nth_unstable_by(index, f64::total_cmp);
    let fraction = position - index as f64;
    match above.iter().copied().min_by(f64::total_cmp) {
        Some(upper) if fraction > 0.0 => lower + fraction * (upper - lower),
        _ => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_definition_7() {
        // numpy.quantile([4, 1, 3, 2], [0, .25, .5, .9, 1]) = [1, 1.75, 2.5, 3.7, 4]
        for (probability, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 2.5), (0.9, 3.7), (1.0, 4.0)] {
            assert!((quantile(&mut [4.0, 1.0, 3.0, 2.0], probability) - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn constants_before_the_first_tree_minimise_the_loss() {
        let y = [0.0, 1.0, 1.0, 5.0, 13.0];
        for loss in [Loss::L1, Loss::Squared, Loss::Quantile(0.75)] {
            let start = loss.start(&y);
            let at = |constant: f64| loss.mean(&y, &[constant; 5]);
            assert!(at(start) <= at(start + 0.01) && at(start) <= at(start - 0.01), "{loss:?}");
        }
        // Three of four, with half a row added to each class: log(3.5 / 1.5).
        assert!((Loss::Logistic.start(&[1.0, 1.0, 0.0, 1.0]) - 0.847_297_860_387_203_6).abs() < 1e-15);
    }

    #[test]
    fn log_loss_of_certain_predictions_does_not_overflow() {
        assert_eq!(Loss::Logistic.mean(&[1.0], &[-1000.0]), 1000.0);
        assert_eq!(Loss::Logistic.mean(&[1.0], &[1000.0]), 0.0);
        // -log(1/2)
        assert!((Loss::Logistic.mean(&[0.0], &[0.0]) - 0.693_147_180_559_945_3).abs() < 1e-15);
    }

    #[test]
    fn pull_is_the_slope_of_the_loss() {
        for loss in [Loss::L1, Loss::Squared, Loss::Quantile(0.1), Loss::Logistic] {
            for (y, prediction) in [(1.0, 0.3), (0.0, 0.3), (1.0, -2.0)] {
                let step = 1e-6;
                let slope =
                    (loss.mean(&[y], &[prediction + step]) - loss.mean(&[y], &[prediction - step])) / (2.0 * step);
                // Central difference: error of the order of step² and of rounding / step.
                assert!((loss.pull(y, prediction).0 + slope).abs() < 1e-8, "{loss:?} at {y}, {prediction}");
            }
        }
    }
}
