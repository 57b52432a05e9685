//! Scores of predictions: errors, classification, calibration. All sums run in row order.

/// Mean of `f` over the rows; NaN for no rows.
fn mean_of(n: usize, f: impl Fn(usize) -> f64) -> f64 {
    let mut sum = 0.0;
    for row in 0..n {
        sum += f(row);
    }
    sum / n as f64
}

/// Mean absolute error.
pub fn mean_absolute_error(truth: &[f64], predicted: &[f64]) -> f64 {
    mean_of(truth.len(), |i| (truth[i] - predicted[i]).abs())
}

/// Root mean squared error.
pub fn root_mean_squared_error(truth: &[f64], predicted: &[f64]) -> f64 {
    mean_of(truth.len(), |i| (truth[i] - predicted[i]) * (truth[i] - predicted[i])).sqrt()
}

/// Coefficient of determination, `1 − Σ(y−ŷ)² / Σ(y−ȳ)²`; NaN if the truth is constant.
pub fn coefficient_of_determination(truth: &[f64], predicted: &[f64]) -> f64 {
    let mean = mean_of(truth.len(), |i| truth[i]);
    let total = mean_of(truth.len(), |i| (truth[i] - mean) * (truth[i] - mean));
    if total > 0.0 {
        1.0 - mean_of(truth.len(), |i| (truth[i] - predicted[i]) * (truth[i] - predicted[i])) / total
    } else {
        f64::NAN
    }
}

/// Mean absolute deviation of the truth from its mean: the yardstick of `mad_ratio`.
pub fn mean_absolute_deviation(truth: &[f64]) -> f64 {
    let mean = mean_of(truth.len(), |i| truth[i]);
    mean_of(truth.len(), |i| (truth[i] - mean).abs())
}

/// Mean over the two classes of the share that is recognised; NaN if a class is absent. `true` is the positive class.
///
/// Leaderboards of Matbench call this number "ROC-AUC", because labels are thresholded before it is computed.
pub fn balanced_accuracy(truth: &[bool], predicted: &[bool]) -> f64 {
    let mut right = [0usize; 2];
    let mut count = [0usize; 2];
    for (&t, &p) in truth.iter().zip(predicted) {
        count[usize::from(t)] += 1;
        right[usize::from(t)] += usize::from(t == p);
    }
    (right[0] as f64 / count[0] as f64 + right[1] as f64 / count[1] as f64) / 2.0
}

/// Area under the ROC curve of a score: probability that a positive row scores above a negative one, ties counted half.
/// NaN if a class is absent.
pub fn roc_auc(truth: &[bool], score: &[f64]) -> f64 {
    let ranks = average_ranks(score);
    let positives = truth.iter().filter(|&&t| t).count() as f64;
    let negatives = truth.len() as f64 - positives;
    let mut sum = 0.0;
    for (&t, rank) in truth.iter().zip(&ranks) {
        if t {
            sum += rank;
        }
    }
    (sum - positives * (positives + 1.0) / 2.0) / (positives * negatives)
}

/// Mean over the classes that occur of the share that is recognised; NaN for no rows.
pub fn class_accuracy(truth: &[usize], predicted: &[usize], classes: usize) -> f64 {
    let (mut right, mut count) = (vec![0usize; classes], vec![0usize; classes]);
    for (&t, &p) in truth.iter().zip(predicted) {
        count[t] += 1;
        right[t] += usize::from(t == p);
    }
    let recalls: Vec<f64> = count
        .iter()
        .zip(&right)
        .filter(|pair| *pair.0 > 0)
        .map(|(&count, &right)| right as f64 / count as f64)
        .collect();
    mean_of(recalls.len(), |class| recalls[class])
}

/// Mean area under the ROC curves of each class against all others, over the classes that occur; `probability` is
/// rows × classes. NaN if only one class occurs.
pub fn class_auc(truth: &[usize], probability: &[f64], classes: usize) -> f64 {
    let areas: Vec<f64> = (0..classes)
        .map(|class| {
            let is_class: Vec<bool> = truth.iter().map(|&t| t == class).collect();
            let score: Vec<f64> = probability.iter().skip(class).step_by(classes).copied().collect();
            roc_auc(&is_class, &score)
        })
        .filter(|area| !area.is_nan())
        .collect();
    mean_of(areas.len(), |class| areas[class])
}

/// Mean negative log-likelihood of the classes, probabilities clipped to [1e-15, 1 − 1e-15].
pub fn log_loss(truth: &[bool], probability: &[f64]) -> f64 {
    mean_of(truth.len(), |i| {
        let p = probability[i].clamp(1e-15, 1.0 - 1e-15);
        -libm::log(if truth[i] { p } else { 1.0 - p })
    })
}

/// Share of rows whose truth lies within `lower..=upper`.
pub fn coverage(truth: &[f64], lower: &[f64], upper: &[f64]) -> f64 {
    mean_of(truth.len(), |i| f64::from(u8::from(truth[i] >= lower[i] && truth[i] <= upper[i])))
}

/// Rank correlation of Spearman, ties at their mean rank; NaN if one side is constant.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (average_ranks(a), average_ranks(b));
    let n = a.len();
    let (mean_a, mean_b) = (mean_of(n, |i| a[i]), mean_of(n, |i| b[i]));
    let covariance = mean_of(n, |i| (a[i] - mean_a) * (b[i] - mean_b));
    let variance_a = mean_of(n, |i| (a[i] - mean_a) * (a[i] - mean_a));
    let variance_b = mean_of(n, |i| (b[i] - mean_b) * (b[i] - mean_b));
    covariance / (variance_a * variance_b).sqrt()
}

/// Expected normalised calibration error: rows sorted by `std` in `bins` groups of equal size, mean over the groups of
/// `|RMS std − RMS error| / RMS std`.
///
/// # References
/// Levi, Gispan, Giladi, Fetaya, Sensors 22, 5540 (2022), doi 10.3390/s22155540, equation 8.
pub fn expected_normalised_calibration_error(residual: &[f64], std: &[f64], bins: usize) -> f64 {
    let order = ascending(std);
    let groups = equal_groups(order.len(), bins);
    let mut sum = 0.0;
    for group in &groups {
        let rows = &order[group.clone()];
        let spread = mean_of(rows.len(), |i| std[rows[i]] * std[rows[i]]).sqrt();
        let error = mean_of(rows.len(), |i| residual[rows[i]] * residual[rows[i]]).sqrt();
        sum += (spread - error).abs() / spread;
    }
    sum / groups.len() as f64
}

/// Negative log-likelihood of a residual under a normal distribution of mean 0.
pub fn normal_nll(residual: f64, std: f64) -> f64 {
    let scaled = residual / std;
    0.5 * (scaled * scaled + (2.0 * std::f64::consts::PI * std * std).ln())
}

/// Weighted interval score of symmetric central intervals around the prediction: approximates the continuous ranked
/// probability score, of which it is the sum over quantiles. `reaches` are the distances of the ends from the prediction, downwards and
/// upwards, at the nominal coverages `levels`.
///
/// # References
/// Bracher, Ray, Gneiting, Reich, PLoS Comput. Biol. 17, e1008618 (2021), doi 10.1371/journal.pcbi.1008618, equation 1.
pub fn weighted_interval_score(residual: f64, levels: &[f64], reaches: &[(f64, f64)]) -> f64 {
    let error = residual.abs();
    let mut sum = 0.5 * error;
    for (level, (down, up)) in levels.iter().zip(reaches) {
        // α/2 times the interval score u + d + (2/α)((r − u)₊ + (−r − d)₊).
        let outside = if residual < 0.0 { error - down } else { error - up };
        sum += (1.0 - level) * (0.5 * (down + up)) + outside.max(0.0);
    }
    sum / (levels.len() as f64 + 0.5)
}

/// Area between the calibration curve and the diagonal, by the trapezoidal rule over (0, 0), the given points and (1, 1).
pub fn miscalibration_area(nominal: &[f64], observed: &[f64]) -> f64 {
    let mut area = 0.0;
    let (mut x, mut gap) = (0.0, 0.0);
    for (&p, &q) in nominal.iter().zip(observed).chain([(&1.0, &1.0)]) {
        let next: f64 = q - p;
        // Where the curve crosses the diagonal the two triangles are added, not the signed trapezium.
        let piece = if gap * next >= 0.0 {
            (gap.abs() + next.abs()) / 2.0
        } else {
            (gap * gap + next * next) / (2.0 * (gap.abs() + next.abs()))
        };
        area += piece * (p - x);
        (x, gap) = (p, next);
    }
    area
}

/// Quantile of sorted values by linear interpolation (numpy's default); NaN for none.
pub fn quantile_sorted(sorted: &[f64], level: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = level.clamp(0.0, 1.0) * last as f64;
    let low = position.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (position - low as f64) * (sorted[high] - sorted[low])
}

/// Median of any values; NaN for none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_sorted(&sorted, 0.5)
}

/// Row numbers in ascending order of value, ties by row.
pub fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}

/// Ranges that cut `n` rows into at most `groups` groups whose sizes differ by at most one.
pub fn equal_groups(n: usize, groups: usize) -> Vec<std::ops::Range<usize>> {
    let groups = groups.clamp(1, n.max(1));
    (0..groups).map(|g| g * n / groups..(g + 1) * n / groups).collect()
}

fn average_ranks(values: &[f64]) -> Vec<f64> {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        for &row in &order[start..end] {
            ranks[row] = (start + end + 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values: scikit-learn 1.9 and scipy on the same literals where no arithmetic is shown.
    const TRUTH: [f64; 4] = [3.0, -0.5, 2.0, 7.0];
    const GUESS: [f64; 4] = [2.5, 0.0, 2.0, 8.0];

    #[test]
    fn errors_of_the_scikit_learn_manual_example() {
        assert_eq!(mean_absolute_error(&TRUTH, &GUESS), 0.5);
        assert!((root_mean_squared_error(&TRUTH, &GUESS) - 0.375f64.sqrt()).abs() < 1e-15);
        assert!((coefficient_of_determination(&TRUTH, &GUESS) - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    #[test]
    fn auc_counts_ties_half() {
        // Pairs (positive, negative): 0.35>0.1, 0.35<0.4, 0.8>0.1, 0.8>0.4 gives 3/4; with a tie 0.4=0.4 it is 3.5/4.
        let truth = [false, false, true, true];
        assert_eq!(roc_auc(&truth, &[0.1, 0.4, 0.35, 0.8]), 0.75);
        assert_eq!(roc_auc(&truth, &[0.1, 0.4, 0.4, 0.8]), 0.875);
    }

    #[test]
    fn balanced_accuracy_weighs_classes_not_rows() {
        let truth = [true, true, true, true, false];
        assert_eq!(balanced_accuracy(&truth, &[true; 5]), 0.5);
        assert_eq!(balanced_accuracy(&truth, &[true, true, true, false, false]), 0.875);
    }

    /// scikit-learn 1.9.1: balanced_accuracy_score, roc_auc_score(multi_class="ovr", average="macro").
    #[test]
    fn classes_score_as_in_scikit_learn() {
        let truth = [0, 0, 1, 1, 1, 2, 2, 0];
        #[rustfmt::skip]
        let probability = [
            0.7, 0.2, 0.1, 0.3, 0.5, 0.2, 0.2, 0.6, 0.2, 0.1, 0.8, 0.1,
            0.4, 0.3, 0.3, 0.2, 0.2, 0.6, 0.3, 0.4, 0.3, 0.5, 0.25, 0.25,
        ];
        let answers = [0, 1, 1, 1, 0, 2, 1, 0];
        assert!((class_accuracy(&truth, &answers, 3) - 0.611_111_111_111_111).abs() < 1e-15);
        assert!((class_auc(&truth, &probability, 3) - 0.908_333_333_333_333_3).abs() < 1e-15);
        // A class that does not occur has no recall and no curve.
        assert_eq!(class_accuracy(&[0, 0], &[0, 1], 3), 0.5);
        assert!(class_auc(&[0, 0], &[0.5; 6], 3).is_nan());
    }

    #[test]
    fn spearman_of_a_monotone_map_is_one() {
        assert!((spearman(&[1.0, 2.0, 5.0, 9.0], &[0.1, 0.2, 0.3, 70.0]) - 1.0).abs() < 1e-15);
        // Ranks (1,2,3,4) against (1,2.5,2.5,4): 4.5 / sqrt(5 * 4.5).
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 2.0, 4.0]) - 4.5 / (5.0f64 * 4.5).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn calibrated_std_has_no_normalised_calibration_error() {
        let residual = [1.0, -1.0, 2.0, -2.0];
        assert_eq!(expected_normalised_calibration_error(&residual, &[1.0, 1.0, 2.0, 2.0], 2), 0.0);
        // Twice too wide: |2 - 1| / 2 and |4 - 2| / 4.
        assert_eq!(expected_normalised_calibration_error(&residual, &[2.0, 2.0, 4.0, 4.0], 2), 0.5);
    }

    #[test]
    fn miscalibration_area_of_a_known_curve() {
        // Tent of height 0.2 over the unit interval: 0.1. Crossing curve: two triangles of base 1/2 and height 0.1.
        assert!((miscalibration_area(&[0.5], &[0.7]) - 0.1).abs() < 1e-15);
        let crossing = miscalibration_area(&[0.25, 0.75], &[0.35, 0.65]);
        assert!((crossing - 2.0 * 0.5 * 0.5 * 0.1).abs() < 1e-15);
    }

    #[test]
    fn groups_cover_all_rows_once() {
        let groups = equal_groups(10, 3);
        assert_eq!(groups, [0..3, 3..6, 6..10]);
        assert_eq!(equal_groups(2, 5).len(), 2);
    }

    /// By hand: ½(0.25 + ln 8π) at residual 1 and std 2.
    #[test]
    fn likelihood_of_half_a_standard_deviation() {
        assert!((normal_nll(1.0, 2.0) - 0.5 * (0.25 + (8.0 * std::f64::consts::PI).ln())).abs() < 1e-15);
    }

    /// The score of a standard normal forecast at its mean is (√2 − 1)/√π = 0.2337 (Gneiting & Raftery 2007, eq. 21).
    #[test]
    fn interval_score_of_a_normal_forecast_approaches_its_crps() {
        let levels: Vec<f64> = (1..400).map(|i| f64::from(i) / 400.0).collect();
        // Half-widths by bisection of erf, from the mean of the density.
        let coverage = |h: f64| {
            let steps = 2000;
            let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            (0..steps)
                .map(|i| 2.0 * density((f64::from(i) + 0.5) * h / f64::from(steps)) * h / f64::from(steps))
                .sum::<f64>()
        };
        let halves: Vec<f64> = levels
            .iter()
            .map(|level| {
                let (mut low, mut high) = (0.0, 6.0);
                for _ in 0..40 {
                    let middle = 0.5 * (low + high);
                    if coverage(middle) < *level { low = middle } else { high = middle }
                }
                low
            })
            .collect();
        let score = weighted_interval_score(0.0, &levels, &halves.iter().map(|&half| (half, half)).collect::<Vec<_>>());
        assert!((score - (2f64.sqrt() - 1.0) / std::f64::consts::PI.sqrt()).abs() < 0.002, "{score}");
    }
}
