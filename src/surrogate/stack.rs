//! Combination of members by their out-of-fold predictions.

use serde::{Deserialize, Serialize};

use super::metrics::{log_loss, mean_absolute_error};
use super::random::permutation;

/// How members are combined.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Weighted mean.
    Mean,
    /// Weighted median: the value at which half of the weight is reached.
    Median,
}

/// What the weights minimise.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Mean absolute error.
    AbsoluteError,
    /// Negative log-likelihood of 0/1 targets.
    LogLoss,
}

/// A rule and the weight of each member; weights are non-negative and sum to one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// Rule.
    pub rule: Rule,
    /// Weights, in the order of the members.
    pub weights: Vec<f64>,
}

/// Rows from which weights are fitted to three and more members.
const MANY_ROWS: usize = 1000;
/// Rows at which the shrinkage towards equal weights is one half.
const SHRINKAGE_ROWS: f64 = 50.0;
/// Half samples whose weights are averaged: one fit to a few hundred rows gives all weight to one of several equals.
const BAGS: u64 = 16;

impl Stack {
    /// Combines the values of one row, in member order.
    pub fn combine(&self, values: &[f64]) -> f64 {
        match self.rule {
            Rule::Mean => {
                let mut sum = 0.0;
                for (weight, value) in self.weights.iter().zip(values) {
                    sum += weight * value;
                }
                sum
            }
            Rule::Median => self.weighted_median(values),
        }
    }

    fn weighted_median(&self, values: &[f64]) -> f64 {
        let mut order: smallvec::SmallVec<[(f64, f64); 8]> =
            values.iter().copied().zip(self.weights.iter().copied()).filter(|pair| pair.1 > 0.0).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut reached = 0.0;
        for (i, &(value, weight)) in order.iter().enumerate() {
            reached += weight;
            if (reached - 0.5).abs() < 1e-12 && i + 1 < order.len() {
                return (value + order[i + 1].0) / 2.0;
            }
            if reached > 0.5 {
                return value;
            }
        }
        order.last().map_or(f64::NAN, |last| last.0)
    }

    /// Chooses rule and weights for `members` (one vector of out-of-fold predictions each).
    ///
    /// Weights minimise the objective of the weighted mean and are shrunk towards equal ones. Whether mean or median
    /// is better is decided by cross-validation over `folds` (fold number of each row). Also gives the
    /// predictions that each row gets from weights fitted without its fold: those are fit for calibration.
    ///
    /// Below 1,000 rows three or more members of a regression are combined by their plain median: so few rows cannot tell
    /// good members from lucky ones, and a member with half of the weight would be the weighted median alone.
    pub fn fit(members: &[Vec<f64>], truth: &[f64], folds: &[usize], objective: Objective) -> (Self, Vec<f64>) {
        if members.len() > 2 && truth.len() < MANY_ROWS && objective == Objective::AbsoluteError {
            let plain = Self { rule: Rule::Median, weights: vec![1.0 / members.len() as f64; members.len()] };
            let mut values = vec![0.0; members.len()];
            let predicted = (0..truth.len())
                .map(|row| {
                    gather(members, row, &mut values);
                    plain.combine(&values)
                })
                .collect();
            return (plain, predicted);
        }
        let num_folds = folds.iter().max().map_or(0, |&last| last + 1);
        let all: Vec<usize> = (0..truth.len()).collect();
        let crossed: Vec<Self> = (0..num_folds)
            .map(|fold| {
                let rows: Vec<usize> = all.iter().copied().filter(|&row| folds[row] != fold).collect();
                Self { rule: Rule::Mean, weights: fit_weights(members, truth, &rows, objective) }
            })
            .collect();
        let weights = fit_weights(members, truth, &all, objective);
        let rules: &[Rule] = match objective {
            Objective::AbsoluteError if members.len() > 2 => &[Rule::Mean, Rule::Median],
            _ => &[Rule::Mean],
        };
        let mut best: Option<(f64, Rule, Vec<f64>)> = None;
        let mut values = vec![0.0; members.len()];
        for &rule in rules {
            let predicted: Vec<f64> = all
                .iter()
                .map(|&row| {
                    gather(members, row, &mut values);
                    Self { rule, weights: crossed[folds[row]].weights.clone() }.combine(&values)
                })
                .collect();
            let loss = objective.of(truth, &predicted);
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                best = Some((loss, rule, predicted));
            }
        }
        let (_, rule, predicted) = best.expect("the list of rules is not empty");
        (Self { rule, weights }, predicted)
    }
}

impl Stack {
    /// Weights for probabilities that members give to what is true, one vector each; they maximise the likelihood of
    /// the weighted mean. Also gives the weights that were fitted without each fold.
    pub(super) fn fit_likelihood(of_truth: &[Vec<f64>], folds: &[usize]) -> (Self, Vec<Vec<f64>>) {
        let truth = vec![1.0; folds.len()];
        let num_folds = folds.iter().max().map_or(0, |&last| last + 1);
        let fit = |rows: &[usize]| fit_weights(of_truth, &truth, rows, Objective::LogLoss);
        let outside = |fold: usize| (0..folds.len()).filter(|&row| folds[row] != fold).collect::<Vec<_>>();
        let crossed = (0..num_folds).map(|fold| fit(&outside(fold))).collect();
        (Self { rule: Rule::Mean, weights: fit(&(0..folds.len()).collect::<Vec<_>>()) }, crossed)
    }
}

impl Objective {
    fn of(self, truth: &[f64], predicted: &[f64]) -> f64 {
        match self {
            Self::AbsoluteError => mean_absolute_error(truth, predicted),
            Self::LogLoss => {
                let classes: Vec<bool> = truth.iter().map(|&t| t > 0.5).collect();
                log_loss(&classes, predicted)
            }
        }
    }
}

/// Copies the members' values of one row.
pub(super) fn gather(members: &[Vec<f64>], row: usize, out: &mut [f64]) {
    for (value, member) in out.iter_mut().zip(members) {
        *value = member[row];
    }
}

/// Weights that minimise the objective, averaged over random halves of the rows and shrunk towards equal ones.
fn fit_weights(members: &[Vec<f64>], truth: &[f64], rows: &[usize], objective: Objective) -> Vec<f64> {
    let count = members.len();
    let equal = 1.0 / count as f64;
    if count == 1 || rows.is_empty() {
        return vec![equal; count];
    }
    let mut weights = vec![0.0; count];
    for bag in 0..BAGS {
        let order = permutation(rows.len(), bag, "half of the rows");
        let half: Vec<usize> = order.iter().take(rows.len().div_ceil(2)).map(|&place| rows[place]).collect();
        for (sum, weight) in weights.iter_mut().zip(least_loss(members, truth, &half, objective)) {
            *sum += weight / BAGS as f64;
        }
    }
    let shrinkage = SHRINKAGE_ROWS / (SHRINKAGE_ROWS + rows.len() as f64);
    for weight in &mut weights {
        *weight = (1.0 - shrinkage) * *weight + shrinkage * equal;
    }
    weights
}

/// Minimises the objective over the simplex by moving weight between pairs of members, in ever smaller steps.
///
/// The objective is convex and members are few, so this needs no gradient and gives the same weights everywhere.
fn least_loss(members: &[Vec<f64>], truth: &[f64], rows: &[usize], objective: Objective) -> Vec<f64> {
    let count = members.len();
    let target: Vec<f64> = rows.iter().map(|&row| truth[row]).collect();
    let mut blend: Vec<f64> = vec![0.0; rows.len()];
    let mut loss_of = |weights: &[f64]| {
        for (value, &row) in blend.iter_mut().zip(rows) {
            *value = 0.0;
            for (weight, member) in weights.iter().zip(members) {
                *value += weight * member[row];
            }
        }
        objective.of(&target, &blend)
    };
    let mut weights = vec![1.0 / count as f64; count];
    let mut least = loss_of(&weights);
    for step in [0.25, 0.1, 0.05, 0.02, 0.01] {
        loop {
            let mut improved = false;
            for from in 0..count {
                for to in 0..count {
                    let moved = f64::min(step, weights[from]);
                    if from == to || moved <= 0.0 {
                        continue;
                    }
                    let mut trial = weights.clone();
                    trial[from] -= moved;
                    trial[to] += moved;
                    let loss = loss_of(&trial);
                    if loss < least {
                        (weights, least, improved) = (trial, loss, true);
                    }
                }
            }
            if !improved {
                break;
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    #[test]
    fn weighted_median_is_where_half_of_the_weight_is_reached() {
        let stack = Stack { rule: Rule::Median, weights: vec![0.2, 0.3, 0.5] };
        assert_eq!(stack.combine(&[1.0, 2.0, 9.0]), 5.5); // exactly half: middle of the two
        let stack = Stack { rule: Rule::Median, weights: vec![0.2, 0.35, 0.45] };
        assert_eq!(stack.combine(&[9.0, 2.0, 1.0]), 2.0);
    }

    #[test]
    fn useless_member_loses_its_weight_and_a_good_pair_is_averaged() {
        let n = 2000;
        let truth: Vec<f64> = (0..n).map(|i| uniform("truth", i)).collect();
        let noisy = |purpose: &str, size: f64| -> Vec<f64> {
            truth.iter().enumerate().map(|(i, t)| t + size * (uniform(purpose, i as u64) - 0.5)).collect()
        };
        let members = [noisy("a", 0.2), noisy("b", 0.2), noisy("c", 5.0)];
        let folds: Vec<usize> = (0..truth.len()).map(|i| i % 5).collect();
        let (stack, predicted) = Stack::fit(&members, &truth, &folds, Objective::AbsoluteError);
        // Shrinkage of 50/2050 towards 1/3 leaves 0.8 % to a member of weight zero.
        assert!(stack.weights[2] < 0.03, "{stack:?}");
        assert!((stack.weights[0] - 0.5).abs() < 0.1, "{stack:?}");
        assert!(mean_absolute_error(&truth, &predicted) < mean_absolute_error(&truth, &members[0]));
    }

    #[test]
    fn few_rows_give_the_plain_median_of_three_members() {
        let truth: Vec<f64> = (0..10).map(f64::from).collect();
        let shifted = |by: f64| truth.iter().map(|t| t + by).collect::<Vec<f64>>();
        let folds: Vec<usize> = (0..10).map(|i| i % 5).collect();
        let members = [truth.clone(), shifted(1.0), shifted(9.0)];
        let (stack, predicted) = Stack::fit(&members, &truth, &folds, Objective::AbsoluteError);
        assert_eq!(stack, Stack { rule: Rule::Median, weights: vec![1.0 / 3.0; 3] });
        assert_eq!(predicted, shifted(1.0));
    }

    #[test]
    fn few_rows_leave_the_weights_of_two_members_near_uniform() {
        let truth: Vec<f64> = (0..10).map(f64::from).collect();
        let members = [truth.clone(), truth.iter().map(|t| t + 1.0).collect()];
        let folds: Vec<usize> = (0..10).map(|i| i % 5).collect();
        let (stack, _) = Stack::fit(&members, &truth, &folds, Objective::AbsoluteError);
        // Shrinkage 50/60: weight of the perfect member is 1/6 + 5/12.
        assert!((stack.weights[0] - 7.0 / 12.0).abs() < 1e-12, "{stack:?}");
    }
}
