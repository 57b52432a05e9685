//! What members learn of a target: itself, its logarithm, or the difference to a cheap column (Δ-learning).
//!
//! Δ-learning: Ramakrishnan, Dral, Rupp, von Lilienfeld, J. Chem. Theory Comput. 11, 2087 (2015), doi 10.1021/acs.jctc.5b00099.

use serde::{Deserialize, Serialize};

use super::metrics::quantile_sorted;
use super::random::{permutation, random_u64};
use super::splits::stratified;
use super::trees::{BoostingParameters, Loss, TrainingMatrix, fit_boosting};
use crate::candidate::Rows;

/// Function of the target that members learn.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transform {
    /// The target itself.
    #[default]
    Identity,
    /// Its natural logarithm; the target is positive.
    Log,
}

/// How the transform of a recipe is chosen.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum TransformChoice {
    /// The logarithm where it lowers the out-of-fold error of a few boosted trees beyond chance; decided anew in each fold.
    /// Forests predict medians, which a logarithm does not change: it is not asked for where all members are forests.
    #[default]
    Auto,
    /// This one.
    Fixed(Transform),
}

/// Arguments of the exponential beyond which an answer would leave the range of numbers.
const MAX_EXPONENT: f64 = 700.0;
/// Targets are heavy-tailed where the greatest is so many times the median; others gain nothing from a logarithm.
const HEAVY_TAIL: f64 = 3.0;
/// Fewer rows cannot tell: 636 rows chose a logarithm by the error of single members that made the whole worse.
const LEAST_ROWS: usize = 1000;
/// The probe: rows, folds and trees.
const PROBE_ROWS: usize = 2000;
const PROBE_FOLDS: usize = 3;
const PROBE_TREES: usize = 150;
const PROBE_LEAVES: usize = 8;
const PROBE_RATE: f64 = 0.1;
/// Share of the error that the logarithm must save, beside being better beyond chance (one-sided, 5 %).
const LEAST_GAIN: f64 = 0.02;
const GAIN_SCORE: f64 = 1.645;

impl Transform {
    /// What members learn of a target; −∞ for the logarithm of a target that is not positive.
    pub fn forward(self, target: f64) -> f64 {
        match self {
            Self::Identity => target,
            Self::Log if target > 0.0 => libm::log(target),
            Self::Log => f64::NEG_INFINITY,
        }
    }

    /// The target again; finite for finite arguments.
    pub fn inverse(self, learned: f64) -> f64 {
        match self {
            Self::Identity => learned,
            Self::Log => libm::exp(learned.clamp(-MAX_EXPONENT, MAX_EXPONENT)),
        }
    }

    /// Difference of truth and prediction in what is learned; −∞ for the logarithm of a truth that is not positive.
    pub fn residual(self, truth: f64, value: f64) -> f64 {
        match self {
            Self::Identity => truth - value,
            Self::Log => self.forward(truth) - libm::log(value.max(f64::MIN_POSITIVE)),
        }
    }

    /// Spread of the target about `value` that belongs to a spread of what is learned (first order).
    pub fn spread(self, value: f64, learned_spread: f64) -> f64 {
        match self {
            Self::Identity => learned_spread,
            Self::Log => value * learned_spread,
        }
    }

    /// Ends of an interval about `value` that reaches `half` to either side of what is learned; infinite at most upwards.
    pub fn interval(self, value: f64, half: f64) -> (f64, f64) {
        match self {
            Self::Identity => (value - half, value + half),
            Self::Log => {
                let centre = libm::log(value.max(f64::MIN_POSITIVE));
                (self.inverse(centre - half), self.inverse(centre + half))
            }
        }
    }

    /// The name in cards and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "none",
            Self::Log => "log",
        }
    }
}

/// Whether boosted trees that learn the logarithm of `y` predict it better; decided on rows that they have not seen.
pub(super) fn chosen(x: TrainingMatrix<'_>, y: &[f64], seed: u64) -> Transform {
    let mut sorted = y.to_vec();
    sorted.sort_by(f64::total_cmp);
    if y.len() < LEAST_ROWS || sorted[0] <= 0.0 || sorted[sorted.len() - 1] < HEAVY_TAIL * quantile_sorted(&sorted, 0.5)
    {
        return Transform::Identity;
    }
    let rows: Vec<usize> = permutation(y.len(), seed, "transform").into_iter().take(PROBE_ROWS).collect();
    let target: Vec<f64> = rows.iter().map(|&row| y[row]).collect();
    let folds = stratified(&target, PROBE_FOLDS.min(rows.len() / 2).max(2), random_u64(seed, "transform folds", 0));
    let gains: Vec<(f64, f64)> = (0..PROBE_FOLDS).flat_map(|fold| probe(x, y, &rows, &folds, fold, seed)).collect();
    let n = gains.len() as f64;
    let (mut mean, mut error, mut squares) = (0.0, 0.0, 0.0);
    for (plain, log) in &gains {
        mean += (plain - log) / n;
        error += plain / n;
    }
    for (plain, log) in &gains {
        squares += (plain - log - mean) * (plain - log - mean);
    }
    let deviation = (squares / (n - 1.0) / n).sqrt();
    if mean > LEAST_GAIN * error && mean > GAIN_SCORE * deviation { Transform::Log } else { Transform::Identity }
}

/// Absolute errors of the rows of a fold: by trees that learned the target, and by trees that learned its logarithm.
fn probe(x: TrainingMatrix<'_>, y: &[f64], rows: &[usize], folds: &[usize], fold: usize, seed: u64) -> Vec<(f64, f64)> {
    let part = |inside: bool| -> Vec<usize> {
        rows.iter().zip(folds).filter(|pair| (*pair.1 == fold) == inside).map(|pair| *pair.0).collect()
    };
    let (test, train) = (part(true), part(false));
    let values: Vec<f64> =
        train.iter().flat_map(|&row| x.values[row * x.width..(row + 1) * x.width].iter().copied()).collect();
    let parameters = BoostingParameters {
        num_trees: PROBE_TREES,
        num_leaves: PROBE_LEAVES,
        learning_rate: PROBE_RATE,
        ..Default::default()
    };
    let columns: Vec<usize> = (0..x.width).collect();
    let error = |transform: Transform| -> Vec<f64> {
        let learned: Vec<f64> = train.iter().map(|&row| transform.forward(y[row])).collect();
        let matrix = TrainingMatrix { values: &values, width: x.width };
        let trees = fit_boosting(matrix, &learned, Loss::L1, &parameters, seed, None);
        let mut predicted = vec![0.0; test.len()];
        trees.predict(Rows::new(x.values, x.width, &test, &columns), &mut predicted);
        test.iter().zip(&predicted).map(|(&row, &z)| (y[row] - transform.inverse(z)).abs()).collect()
    };
    error(Transform::Identity).into_iter().zip(error(Transform::Log)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    #[test]
    fn interval_of_a_logarithm_is_the_image_of_its_ends() {
        // e^(ln 6 ± ln 2) = 3 and 12.
        let (lower, upper) = Transform::Log.interval(6.0, libm::log(2.0));
        assert!((lower - 3.0).abs() < 1e-12 && (upper - 12.0).abs() < 1e-12, "{lower} {upper}");
        assert_eq!(Transform::Identity.interval(6.0, 2.0), (4.0, 8.0));
    }

    #[test]
    fn no_answer_leaves_the_range_of_numbers() {
        for z in [1e9, -1e9, f64::NEG_INFINITY] {
            assert!(Transform::Log.inverse(z).is_finite());
        }
        assert_eq!(Transform::Log.forward(-1.0), f64::NEG_INFINITY);
    }

    /// Rows of `width` uniform columns.
    fn rows(n: u64, width: u64) -> Vec<f64> {
        (0..n * width).map(|i| uniform("feature", i)).collect()
    }

    #[test]
    fn logarithm_is_chosen_for_products_of_many_sizes_only() {
        let values = rows(1500, 3);
        let x = TrainingMatrix { values: &values, width: 3 };
        // Three factors from 1 to 20: a sum of three parts in the logarithm.
        let product: Vec<f64> = values
            .chunks_exact(3)
            .enumerate()
            .map(|(i, x)| libm::exp(3.0 * (x[0] + x[1] + x[2]) + 0.5 * (uniform("noise", i as u64) - 0.5)))
            .collect();
        assert_eq!(chosen(x, &product, 1), Transform::Log);
        // Errors that do not depend on the size, one great target: heavy-tailed, but nothing to gain.
        let mut sum: Vec<f64> = values.chunks_exact(3).map(|x| 1.0 + x[0] + x[1]).collect();
        sum[7] = 30.0;
        assert_eq!(chosen(x, &sum, 1), Transform::Identity);
        // Not positive: there is no logarithm.
        sum[8] = 0.0;
        assert_eq!(chosen(x, &sum, 1), Transform::Identity);
        // Too few rows to tell.
        let few = TrainingMatrix { values: &values[..900 * 3], width: 3 };
        assert_eq!(chosen(few, &product[..900], 1), Transform::Identity);
    }
}
