//! Scores of predictions with their uncertainty, as cards and evaluations report them.

use crate::candidate::Predictions;

use super::calibration::{Calibration, LEVELS};
use super::card::Metrics;
use super::class_probability::most_probable;
use super::metrics::{
    ascending, balanced_accuracy, class_accuracy, class_auc, coefficient_of_determination, coverage, equal_groups,
    expected_normalised_calibration_error, log_loss, mean_absolute_deviation, mean_absolute_error, miscalibration_area,
    normal_nll, roc_auc, root_mean_squared_error, spearman, weighted_interval_score,
};
use super::transform::Transform;

/// Groups of the calibration error and of reliability diagrams.
const GROUPS: usize = 10;

/// Errors of point predictions.
pub fn point_metrics(truth: &[f64], predicted: &[f64]) -> Metrics {
    let mae = mean_absolute_error(truth, predicted);
    Metrics {
        mae: finite(mae),
        rmse: finite(root_mean_squared_error(truth, predicted)),
        r2: finite(coefficient_of_determination(truth, predicted)),
        mad_ratio: finite(mae / mean_absolute_deviation(truth)),
        ..Metrics::default()
    }
}

/// Scores of probabilities of the positive class; `truth` is 0 or 1.
pub fn probability_metrics(truth: &[f64], probability: &[f64]) -> Metrics {
    let classes: Vec<bool> = truth.iter().map(|&t| t > 0.5).collect();
    let answers: Vec<bool> = probability.iter().map(|&p| p >= 0.5).collect();
    Metrics {
        balanced_accuracy: finite(balanced_accuracy(&classes, &answers)),
        roc_auc: finite(roc_auc(&classes, probability)),
        log_loss: finite(log_loss(&classes, probability)),
        ..Metrics::default()
    }
}

/// Scores of the probabilities of three and more classes, rows × classes.
pub fn class_metrics(labels: &[usize], probability: &[f64], classes: usize) -> Metrics {
    let answers: Vec<usize> = probability.chunks_exact(classes).map(most_probable).collect();
    let own: Vec<f64> = labels.iter().enumerate().map(|(row, label)| probability[row * classes + label]).collect();
    Metrics {
        balanced_accuracy: finite(class_accuracy(labels, &answers, classes)),
        roc_auc: finite(class_auc(labels, probability, classes)),
        log_loss: finite(log_loss(&vec![true; own.len()], &own)),
        ..Metrics::default()
    }
}

/// The same with the error of the answers' probabilities, and their reliability diagram.
pub fn class_metrics_and_curve(labels: &[usize], probability: &[f64], classes: usize) -> (Metrics, Vec<[f64; 2]>) {
    let (mut sure, mut right) = (Vec::new(), Vec::new());
    for (row, &label) in probability.chunks_exact(classes).zip(labels) {
        let answer = most_probable(row);
        sure.push(row[answer]);
        right.push(f64::from(u8::from(answer == label)));
    }
    let (miscalibration, curve) = reliability_curve(&right, &sure);
    (Metrics { miscalibration, ..class_metrics(labels, probability, classes) }, curve)
}

/// Everything about a regression, and the calibration curve; row *i* was predicted with `calibrations[i]` from `spreads[i]`.
pub fn regression_metrics(
    truth: &[f64],
    predicted: &Predictions,
    spreads: &[f64],
    calibrations: &[&Calibration],
) -> (Metrics, Vec<[f64; 2]>) {
    let n = truth.len();
    let residual: Vec<f64> = truth.iter().zip(&predicted.value).map(|(t, p)| t - p).collect();
    let error: Vec<f64> = residual.iter().map(|r| r.abs()).collect();
    // What intervals are about: the residual of what members learned.
    let learned: Vec<f64> =
        (0..n).map(|row| calibrations[row].transform.residual(truth[row], predicted.value[row])).collect();
    let observed: [f64; LEVELS.len()] = std::array::from_fn(|place| {
        let mut sum = 0.0;
        for row in 0..n {
            sum += calibrations[row].covered(learned[row], spreads[row], predicted.domain_distance[row], place);
        }
        sum / n as f64
    });
    let at = |level: f64| LEVELS.iter().position(|&l| l == level).and_then(|place| finite(observed[place]));
    let (mut squares, mut width) = (0.0, 0.0);
    for row in 0..n {
        squares += predicted.std[row] * predicted.std[row];
        width += predicted.upper[row] - predicted.lower[row];
    }
    let intervals = |row: usize| {
        let (calibration, value) = (calibrations[row], predicted.value[row]);
        std::array::from_fn::<(f64, f64), { LEVELS.len() }, _>(|place| {
            let half = calibration.half_width(spreads[row], predicted.domain_distance[row], place);
            match calibration.transform {
                Transform::Identity => (half, half),
                transform => {
                    let (lower, upper) = transform.interval(value, half);
                    (value - lower, upper - value)
                }
            }
        })
    };
    let (mut likelihood, mut score) = (0.0, 0.0);
    for (row, (&residual, &std)) in residual.iter().zip(&predicted.std).enumerate() {
        likelihood += normal_nll(residual, std);
        score += weighted_interval_score(residual, &LEVELS, &intervals(row));
    }
    let metrics = Metrics {
        nll: finite(likelihood / n as f64),
        crps: finite(score / n as f64),
        coverage_50: at(0.50),
        coverage_68: at(0.68),
        coverage_90: finite(coverage(truth, &predicted.lower, &predicted.upper)),
        coverage_95: at(0.95),
        miscalibration: finite(miscalibration_area(&LEVELS, &observed)),
        ence: finite(expected_normalised_calibration_error(&residual, &predicted.std, GROUPS)),
        sharpness: finite((squares / n as f64).sqrt()),
        interval_width: finite(width / n as f64),
        error_std_spearman: finite(spearman(&error, &predicted.std)),
        ..point_metrics(truth, &predicted.value)
    };
    (metrics, LEVELS.iter().zip(observed).map(|(&nominal, seen)| [nominal, seen]).collect())
}

/// Coverage, calibration error and sharpness of value, std and interval, without a calibration behind them.
pub fn normal_metrics(truth: &[f64], predicted: &Predictions) -> Metrics {
    let n = truth.len() as f64;
    let residual: Vec<f64> = truth.iter().zip(&predicted.value).map(|(t, p)| t - p).collect();
    let error: Vec<f64> = residual.iter().map(|r| r.abs()).collect();
    let (mut squares, mut width, mut likelihood) = (0.0, 0.0, 0.0);
    for (row, &std) in predicted.std.iter().enumerate() {
        squares += std * std;
        width += predicted.upper[row] - predicted.lower[row];
        likelihood += normal_nll(residual[row], std);
    }
    Metrics {
        coverage_90: finite(coverage(truth, &predicted.lower, &predicted.upper)),
        ence: finite(expected_normalised_calibration_error(&residual, &predicted.std, GROUPS)),
        sharpness: finite((squares / n).sqrt()),
        interval_width: finite(width / n),
        nll: finite(likelihood / n),
        error_std_spearman: finite(spearman(&error, &predicted.std)),
        ..point_metrics(truth, &predicted.value)
    }
}

/// Everything about a classification, and the reliability diagram.
pub fn classification_metrics(truth: &[f64], probability: &[f64]) -> (Metrics, Vec<[f64; 2]>) {
    let (miscalibration, curve) = reliability_curve(truth, probability);
    (Metrics { miscalibration, ..probability_metrics(truth, probability) }, curve)
}

/// Mean difference of probability and frequency over groups of equal size, and both of each group.
fn reliability_curve(truth: &[f64], probability: &[f64]) -> (Option<f64>, Vec<[f64; 2]>) {
    let order = ascending(probability);
    let (mut curve, mut area) = (Vec::new(), 0.0);
    for group in equal_groups(order.len(), GROUPS) {
        let rows = &order[group];
        let (mut mean, mut frequency) = (0.0, 0.0);
        for &row in rows {
            mean += probability[row];
            frequency += truth[row];
        }
        let count = rows.len() as f64;
        curve.push([mean / count, frequency / count]);
        area += (mean - frequency).abs();
    }
    (finite(area / truth.len() as f64), curve)
}

/// Mean over folds of every score that all folds have.
pub fn mean_metrics(folds: &[Metrics]) -> Metrics {
    let maps: Vec<_> = folds.iter().map(|metrics| serde_json::to_value(metrics).unwrap_or_default()).collect();
    let mut mean = serde_json::Map::new();
    if let Some(first) = maps.first().and_then(|value| value.as_object()) {
        for name in first.keys() {
            let values: Option<Vec<f64>> = maps.iter().map(|map| map[name].as_f64()).collect();
            if let Some(values) = values {
                let mut sum = 0.0;
                for value in &values {
                    sum += value;
                }
                mean.insert(name.clone(), (sum / values.len() as f64).into());
            }
        }
    }
    serde_json::from_value(mean.into()).expect("the names are those of the structure")
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_over_folds_keep_only_scores_that_every_fold_has() {
        let fold = |mae, r2| Metrics { mae: Some(mae), r2, ..Metrics::default() };
        let mean = mean_metrics(&[fold(1.0, Some(0.5)), fold(2.0, None)]);
        assert_eq!((mean.mae, mean.r2, mean.rmse), (Some(1.5), None, None));
    }

    #[test]
    fn reliability_of_honest_probabilities_has_no_area() {
        let probability: Vec<f64> = (0..100).map(|i| if i < 50 { 0.2 } else { 0.8 }).collect();
        let truth: Vec<f64> =
            (0..100).map(|i| f64::from(u8::from(if i < 50 { i % 5 == 0 } else { i % 5 != 0 }))).collect();
        let (metrics, curve) = classification_metrics(&truth, &probability);
        assert!(metrics.miscalibration.expect("defined") < 1e-12);
        assert_eq!(curve.len(), 10);
        assert_eq!(metrics.balanced_accuracy, Some(0.8));
    }
}
