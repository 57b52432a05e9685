//! Calibrated probability of a binary classification.
//!
//! The combined probability `p` becomes `σ(slope · logit p + intercept)`, fitted to out-of-fold predictions (Platt 1999 on the
//! logit; slope alone would be temperature scaling). Its standard deviation joins the disagreement of the members
//! with what the reliability diagram leaves open: the error and the standard error of the observed frequency at that
//! probability. The interval is ± 1.645 std, cut to [0, 1].

use serde::{Deserialize, Serialize};

use super::metrics::{ascending, equal_groups};

/// Two-sided 90 % point of the normal distribution.
const NORMAL_90: f64 = 1.644_853_626_951_472_6;
const RELIABILITY_BINS: usize = 10;
const CLIP: f64 = 1e-6;
/// Weight of the prior "already calibrated" in the fit, in rows: keeps separable data finite.
const PRIOR_ROWS: f64 = 1.0;

/// One group of rows of similar probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    /// Largest calibrated probability of the group.
    pub upper: f64,
    /// Rows.
    pub rows: usize,
    /// Mean calibrated probability.
    pub probability: f64,
    /// Share of positive rows.
    pub frequency: f64,
}

/// The fitted calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbabilityCalibration {
    /// Factor of the logit.
    pub slope: f64,
    /// Added to it.
    pub intercept: f64,
    /// Reliability diagram of the calibrated out-of-fold probabilities, ascending.
    pub reliability: Vec<ReliabilityBin>,
}

impl ProbabilityCalibration {
    /// Fits to out-of-fold probabilities and classes (1 = positive).
    pub fn fit(probability: &[f64], truth: &[f64]) -> Self {
        let logits: Vec<f64> = probability.iter().map(|&p| logit(p)).collect();
        let (slope, intercept) = fit_logistic(&logits, truth);
        let mut calibration = Self { slope, intercept, reliability: Vec::new() };
        let calibrated: Vec<f64> = probability.iter().map(|&p| calibration.apply(p)).collect();
        calibration.reliability = reliability(&calibrated, truth);
        calibration
    }

    /// Calibrated probability.
    pub fn apply(&self, probability: f64) -> f64 {
        logistic(self.slope * logit(probability) + self.intercept)
    }

    /// Standard deviation of a calibrated probability; `spread` is the standard deviation of the members' probabilities.
    pub fn std(&self, calibrated: f64, spread: f64) -> f64 {
        reliability_std(&self.reliability, calibrated, spread)
    }

    /// Ends of the 90 % interval of the probability.
    pub fn interval(&self, calibrated: f64, std: f64) -> (f64, f64) {
        probability_interval(calibrated, std)
    }

    /// Whether the numbers of a file make sense.
    pub fn is_valid(&self) -> bool {
        self.slope.is_finite()
            && self.intercept.is_finite()
            && !self.reliability.is_empty()
            && self.reliability.iter().all(ReliabilityBin::is_valid)
    }
}

impl ReliabilityBin {
    /// Whether the numbers of a file make sense.
    pub(super) fn is_valid(&self) -> bool {
        self.rows > 0 && [self.upper, self.probability, self.frequency].iter().all(|x| (0.0..=1.0).contains(x))
    }
}

/// Groups of rows of similar calibrated probability; `truth` is 1 where what the probability speaks of is so.
pub(super) fn reliability(calibrated: &[f64], truth: &[f64]) -> Vec<ReliabilityBin> {
    let order = ascending(calibrated);
    let mut bins = Vec::new();
    for group in equal_groups(order.len(), RELIABILITY_BINS.min(order.len() / 10)) {
        let rows = &order[group];
        let (mut mean, mut positive) = (0.0, 0.0);
        for &row in rows {
            mean += calibrated[row];
            positive += truth[row];
        }
        let count = rows.len() as f64;
        bins.push(ReliabilityBin {
            upper: calibrated[rows[rows.len() - 1]],
            rows: rows.len(),
            probability: mean / count,
            frequency: positive / count,
        });
    }
    bins
}

/// Standard deviation of a calibrated probability: the members' disagreement, and error and standard error of its bin.
pub(super) fn reliability_std(bins: &[ReliabilityBin], calibrated: f64, spread: f64) -> f64 {
    let place = bins.iter().position(|bin| calibrated <= bin.upper);
    let Some(bin) = place.map_or(bins.last(), |place| bins.get(place)) else {
        return spread;
    };
    // Laplace's rule keeps the standard error of a pure bin above zero.
    let count = bin.rows as f64;
    let frequency = (bin.frequency * count + 1.0) / (count + 2.0);
    let bias = bin.frequency - bin.probability;
    (spread * spread + frequency * (1.0 - frequency) / count + bias * bias).sqrt()
}

/// Ends of the 90 % interval of a probability.
pub(super) fn probability_interval(calibrated: f64, std: f64) -> (f64, f64) {
    ((calibrated - NORMAL_90 * std).max(0.0), (calibrated + NORMAL_90 * std).min(1.0))
}

fn logit(probability: f64) -> f64 {
    let p = probability.clamp(CLIP, 1.0 - CLIP);
    libm::log(p / (1.0 - p))
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Newton's method for slope and intercept, with a quadratic prior at (1, 0).
fn fit_logistic(logits: &[f64], truth: &[f64]) -> (f64, f64) {
    let (mut slope, mut intercept) = (1.0, 0.0);
    for _ in 0..50 {
        let (mut g0, mut g1) = (PRIOR_ROWS * (slope - 1.0), PRIOR_ROWS * intercept);
        let (mut h00, mut h01, mut h11) = (PRIOR_ROWS, 0.0, PRIOR_ROWS);
        for (&x, &y) in logits.iter().zip(truth) {
            let p = logistic(slope * x + intercept);
            let w = p * (1.0 - p);
            g0 += (p - y) * x;
            g1 += p - y;
            h00 += w * x * x;
            h01 += w * x;
            h11 += w;
        }
        let determinant = h00 * h11 - h01 * h01;
        let (d0, d1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
        // Halved where the plain step would leave the region in which the quadratic model holds.
        let damping = 1.0 / (1.0 + d0.abs().max(d1.abs()));
        slope -= damping * d0;
        intercept -= damping * d1;
        if d0.abs().max(d1.abs()) < 1e-10 {
            break;
        }
    }
    // A negative slope would turn the order of the rows round.
    (slope.max(0.01), intercept)
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    /// Classes drawn with probability σ(logit/2 + 0.3): the given probabilities are overconfident by a factor of two.
    fn overconfident(n: u64) -> (Vec<f64>, Vec<f64>) {
        let probability: Vec<f64> = (0..n).map(|i| logistic(8.0 * (uniform("logit", i) - 0.5))).collect();
        let truth = probability
            .iter()
            .enumerate()
            .map(|(i, &p)| f64::from(u8::from(uniform("class", i as u64) < logistic(0.5 * logit(p) + 0.3))))
            .collect();
        (probability, truth)
    }

    #[test]
    fn overconfidence_of_two_is_found_and_undone() {
        let (probability, truth) = overconfident(20_000);
        let calibration = ProbabilityCalibration::fit(&probability, &truth);
        assert!((calibration.slope - 0.5).abs() < 0.03, "{calibration:?}");
        assert!((calibration.intercept - 0.3).abs() < 0.05, "{calibration:?}");
        for bin in &calibration.reliability {
            assert!((bin.probability - bin.frequency).abs() < 0.05, "{bin:?}");
        }
    }

    #[test]
    fn separable_classes_keep_the_slope_finite() {
        let probability = [0.1, 0.1, 0.2, 0.2, 0.1, 0.9, 0.9, 0.8, 0.8, 0.9];
        let truth = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let calibration = ProbabilityCalibration::fit(&probability, &truth);
        assert!(calibration.slope > 1.0 && calibration.slope < 100.0, "{}", calibration.slope);
        let p = calibration.apply(0.9);
        let (lower, upper) = calibration.interval(p, calibration.std(p, 0.0));
        assert!(0.0 <= lower && lower < p && p <= upper && upper <= 1.0);
    }
}
