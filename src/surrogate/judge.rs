//! What out-of-fold predictions say: weights of members, calibration, scores, and whether there is any signal.

use crate::candidate::Predictions;

use super::calibration::{Bounds, Calibration, Evidence};
use super::card::{Metrics, Uncertainty};
use super::class_probability::{ClassCalibration, class_spread, frequencies, mean_shares, most_probable, shares};
use super::dataset::Dataset;
use super::error::SurrogateError;
use super::member::MemberPrediction;
use super::metrics::{log_loss, median};
use super::model::spread;
use super::probability::ProbabilityCalibration;
use super::scores::{
    class_metrics, class_metrics_and_curve, classification_metrics, point_metrics, probability_metrics,
    regression_metrics,
};
use super::stack::{self, Stack};
use super::transform::Transform;
use super::trees::Objective;

/// One-sided 5 % point of the normal distribution: how sure the gain over the constant answer must be.
const SIGNAL_SCORE: f64 = 1.645;

/// Rows with what members said of them without having seen them.
pub(super) struct OutOfFold<'a> {
    /// Targets as given.
    pub truth: &'a [f64],
    /// What members learned, for each of their outputs.
    pub learned: &'a [Vec<f64>],
    /// What members' answers are added to, in Δ-learning.
    pub base: Option<&'a [f64]>,
    pub transform: Transform,
    /// Fold of each row.
    pub folds: &'a [usize],
    /// Members; the outputs of one follow each other.
    pub members: &'a [MemberPrediction],
    pub distances: &'a [f64],
}

/// What follows from the out-of-fold predictions.
pub(super) struct Judged {
    pub stack: Stack,
    pub uncertainty: Uncertainty,
    /// Predictions of each row by weights and calibration fitted without its fold.
    pub predictions: Predictions,
    pub scores: Metrics,
    pub baseline: Metrics,
    pub curve: Vec<[f64; 2]>,
    pub member_scores: Vec<Metrics>,
    /// Loss of the constant answer minus loss of the model, row by row.
    gains: Vec<f64>,
}

impl OutOfFold<'_> {
    fn values(&self) -> Vec<Vec<f64>> {
        self.members.iter().map(|member| member.value.clone()).collect()
    }

    fn rows_outside(&self, fold: usize) -> Vec<usize> {
        (0..self.folds.len()).filter(|&row| self.folds[row] != fold).collect()
    }

    fn num_folds(&self) -> usize {
        self.folds.iter().max().map_or(0, |&last| last + 1)
    }

    /// Weights, calibration and scores of a regression.
    pub fn judge_regression(&self) -> Judged {
        let truth = self.truth;
        let n = truth.len();
        let (transform, bounds) = (self.transform, Bounds::of(truth));
        let (stack, combined) =
            Stack::fit(&self.values(), &self.learned[0], self.folds, stack::Objective::AbsoluteError);
        let value: Vec<f64> = (0..n).map(|row| bounds.clip(self.answer(combined[row], row))).collect();
        let spreads: Vec<f64> = (0..n).map(|row| spread(&stack.weights, self.members, row)).collect();
        let fit = |rows: &[usize]| {
            let of = |column: &dyn Fn(usize) -> f64| rows.iter().map(|&row| column(row)).collect::<Vec<_>>();
            Calibration::fit(
                &Evidence {
                    value: &of(&|row| value[row]),
                    truth: &of(&|row| truth[row]),
                    spread: &of(&|row| spreads[row]),
                    distance: &of(&|row| self.distances[row]),
                },
                transform,
                bounds.clone(),
            )
        };
        let crossed: Vec<Calibration> = (0..self.num_folds()).map(|fold| fit(&self.rows_outside(fold))).collect();
        let mut predictions = Predictions::default();
        predictions.reset(n, 0);
        for row in 0..n {
            let calibration = &crossed[self.folds[row]];
            let (std, lower, upper) = calibration.uncertainty(value[row], spreads[row], self.distances[row]);
            (predictions.value[row], predictions.std[row]) = (value[row], std);
            (predictions.lower[row], predictions.upper[row]) = (lower, upper);
            predictions.domain_distance[row] = self.distances[row];
        }
        let used: Vec<&Calibration> = self.folds.iter().map(|&fold| &crossed[fold]).collect();
        let (scores, curve) = regression_metrics(truth, &predictions, &spreads, &used);
        let constant = self.constant_answer();
        // In what members learn: a few great targets do not decide whether a logarithm is known.
        let loss = |row: usize, answer: f64| transform.residual(truth[row], answer).abs();
        let gains = (0..n).map(|row| loss(row, constant[row]) - loss(row, value[row])).collect();
        let alone = |member: &MemberPrediction| {
            let values: Vec<f64> = (0..n).map(|row| self.answer(member.value[row], row)).collect();
            point_metrics(truth, &values)
        };
        Judged {
            stack,
            uncertainty: Uncertainty::Regression(fit(&(0..n).collect::<Vec<_>>())),
            predictions,
            scores,
            baseline: point_metrics(truth, &constant),
            curve,
            member_scores: self.members.iter().map(alone).collect(),
            gains,
        }
    }

    /// The target that belongs to what members predict of a row.
    fn answer(&self, learned: f64, row: usize) -> f64 {
        let value = self.transform.inverse(learned);
        self.base.map_or(value, |base| value + base[row])
    }

    /// The answer that needs no features: the median, in Δ-learning the base and the median difference to it.
    fn constant_answer(&self) -> Vec<f64> {
        match self.base {
            None => vec![median(self.truth); self.truth.len()],
            Some(base) => {
                let shift = median(&self.learned[0]);
                base.iter().map(|base| base + shift).collect()
            }
        }
    }

    /// Weights, calibration and scores of two classes.
    pub fn judge_classification(&self) -> Judged {
        let truth = self.truth;
        let n = truth.len();
        let (stack, combined) = Stack::fit(&self.values(), truth, self.folds, stack::Objective::LogLoss);
        let fit = |rows: &[usize]| {
            let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<_>>();
            ProbabilityCalibration::fit(&of(&combined), &of(truth))
        };
        let crossed: Vec<ProbabilityCalibration> =
            (0..self.num_folds()).map(|fold| fit(&self.rows_outside(fold))).collect();
        let mut predictions = Predictions::default();
        predictions.reset(n, 2);
        for row in 0..n {
            let calibration = &crossed[self.folds[row]];
            let probability = calibration.apply(combined[row]);
            let std = calibration.std(probability, spread(&stack.weights, self.members, row));
            (predictions.value[row], predictions.std[row]) = (probability, std);
        }
        let (scores, curve) = classification_metrics(truth, &predictions.value);
        let mut positive = 0.0;
        for value in truth {
            positive += value;
        }
        let frequency = positive / n as f64;
        let loss = |row: usize, p: f64| log_loss(&[truth[row] > 0.5], &[p]);
        let gains = (0..n).map(|row| loss(row, frequency) - loss(row, predictions.value[row])).collect();
        Judged {
            stack,
            uncertainty: Uncertainty::Classification(fit(&(0..n).collect::<Vec<_>>())),
            predictions,
            scores,
            baseline: probability_metrics(truth, &vec![frequency; n]),
            curve,
            member_scores: self.members.iter().map(|member| probability_metrics(truth, &member.value)).collect(),
            gains,
        }
    }
    /// Weights, calibration and scores of three and more classes.
    pub fn judge_classes(&self, classes: usize) -> Judged {
        let n = self.truth.len();
        let labels: Vec<usize> = self.truth.iter().map(|&class| class as usize).collect();
        let members: Vec<Vec<f64>> = self.members.chunks_exact(classes).map(|member| shares(member, n)).collect();
        // The likelihood of a weighted mean needs the probabilities of the true class only.
        let of_truth: Vec<Vec<f64>> = members
            .iter()
            .map(|shares| labels.iter().enumerate().map(|(row, label)| shares[row * classes + label]).collect())
            .collect();
        let (stack, crossed_weights) = Stack::fit_likelihood(&of_truth, self.folds);
        let mut combined = vec![0.0; n * classes];
        for row in 0..n {
            let own = &mut combined[row * classes..(row + 1) * classes];
            mean_shares(&crossed_weights[self.folds[row]], &members, row, own);
        }
        let fit = |rows: &[usize]| {
            let shares: Vec<f64> =
                rows.iter().flat_map(|&row| combined[row * classes..(row + 1) * classes].iter().copied()).collect();
            ClassCalibration::fit(&shares, &rows.iter().map(|&row| labels[row]).collect::<Vec<_>>())
        };
        let crossed: Vec<ClassCalibration> = (0..self.num_folds()).map(|fold| fit(&self.rows_outside(fold))).collect();
        let mut predictions = Predictions::default();
        predictions.reset(n, classes);
        for row in 0..n {
            let calibration = &crossed[self.folds[row]];
            let own = row * classes..(row + 1) * classes;
            let probability = &mut predictions.probability[own.clone()];
            probability.copy_from_slice(&combined[own]);
            calibration.apply(probability);
            let answer = most_probable(probability);
            let spread = class_spread(&stack.weights, &members, (row, classes), answer);
            // The parity plot shows how sure the answer is, as it shows the probability of the positive of two classes.
            predictions.value[row] = probability[answer];
            predictions.std[row] = calibration.std(probability[answer], spread);
        }
        let (scores, curve) = class_metrics_and_curve(&labels, &predictions.probability, classes);
        let frequencies = frequencies(&labels, classes);
        let constant: Vec<f64> = (0..n).flat_map(|_| frequencies.iter().copied()).collect();
        let loss = |probability: f64| -libm::log(probability.clamp(1e-15, 1.0));
        let gains = (0..n)
            .map(|row| {
                let place = row * classes + labels[row];
                loss(constant[place]) - loss(predictions.probability[place])
            })
            .collect();
        Judged {
            stack,
            uncertainty: Uncertainty::Classes(fit(&(0..n).collect::<Vec<_>>())),
            predictions,
            scores,
            baseline: class_metrics(&labels, &constant, classes),
            curve,
            member_scores: members.iter().map(|shares| class_metrics(&labels, shares, classes)).collect(),
            gains,
        }
    }
}

impl Judged {
    /// An error unless the mean gain over the constant answer is larger than chance explains (one-sided, 5 %).
    pub fn require_signal(&self, data: &Dataset, objective: Objective) -> Result<(), SurrogateError> {
        let n = self.gains.len() as f64;
        let (mut mean, mut squares) = (0.0, 0.0);
        for gain in &self.gains {
            mean += gain / n;
        }
        for gain in &self.gains {
            squares += (gain - mean) * (gain - mean);
        }
        let error = (squares / (n - 1.0) / n).sqrt();
        if mean > SIGNAL_SCORE * error {
            return Ok(());
        }
        let (metric, model, reference, answer) = match objective {
            Objective::Regression => ("mean absolute error", self.scores.mae, self.baseline.mae, "median"),
            Objective::Probability => ("log-loss", self.scores.log_loss, self.baseline.log_loss, "class frequencies"),
        };
        Err(SurrogateError::NoSignal {
            target: data.target.label.clone(),
            metric,
            model: model.unwrap_or(f64::NAN),
            reference: reference.unwrap_or(f64::NAN),
            answer,
        })
    }
}
