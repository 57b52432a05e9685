//! How much each column counts in distances between rows: by what it says of the target.

use super::random::{permutation, random_u64};
use super::trees::{ExtraTreesParameters, Objective, TrainingMatrix, column_importance};

/// Trees that are asked, of all outputs together.
const TREES: usize = 64;
/// Trees of one output at least.
const FEWEST: usize = 8;
/// Rows that are asked at most.
const MAX_ROWS: usize = 5000;
/// What every column gets besides: this share of all importance, evenly. What never mattered in training may matter elsewhere.
const EVEN: f64 = 0.1;

/// A weight for each column of row-major `values`: the root of its importance in forests that learn each of the `outputs`; the squares
/// of the weights have mean 1.
pub(super) fn column_weights(
    values: &[f64],
    width: usize,
    outputs: &[Vec<f64>],
    objective: Objective,
    seed: u64,
) -> Vec<f64> {
    let num_rows = values.len() / width;
    let sample: Vec<usize> = permutation(num_rows, seed, "column weights").into_iter().take(MAX_ROWS).collect();
    let rows: Vec<f64> = sample.iter().flat_map(|&row| &values[row * width..(row + 1) * width]).copied().collect();
    let x = TrainingMatrix { values: &rows, width };
    let num_trees = (TREES / outputs.len().max(1)).max(FEWEST);
    let parameters = ExtraTreesParameters { num_trees, ..Default::default() };
    let mut sums = vec![0.0; width];
    for (number, output) in outputs.iter().enumerate() {
        let y: Vec<f64> = sample.iter().map(|&row| output[row]).collect();
        let seed = random_u64(seed, "column weights", number as u64);
        for (sum, share) in sums.iter_mut().zip(column_importance(x, &y, objective, &parameters, seed)) {
            *sum += share;
        }
    }
    let total = sums.iter().fold(0.0, |total, share| total + share);
    let share = |sum: f64| if total > 0.0 { sum / total } else { 1.0 / width as f64 };
    sums.iter().map(|&sum| (width as f64 * (1.0 - EVEN) * share(sum) + EVEN).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use crate::candidate::Task;

    use super::super::dataset::tests::synthetic;
    use super::*;

    #[test]
    fn the_column_behind_the_target_has_most_weight() {
        let data = synthetic(400, 3, Task::Regression, |_, x| x[1]);
        let values = data.features.values();
        let column: Vec<f64> = values.chunks_exact(3).map(|row| row[1]).collect();
        let middle = column.iter().fold(0.0, |sum, x| sum + x) / 400.0;
        let classes: Vec<f64> = column.iter().map(|&x| f64::from(u8::from(x > middle))).collect();
        let others = classes.iter().map(|class| 1.0 - class).collect();
        for (outputs, objective) in [
            (vec![column], Objective::Regression),
            (vec![classes.clone()], Objective::Probability),
            (vec![classes, others], Objective::Probability),
        ] {
            let weights = column_weights(values, 3, &outputs, objective, 7);
            let mean = weights.iter().map(|w| w * w).fold(0.0, |sum, square| sum + square) / 3.0;
            assert!((mean - 1.0).abs() < 1e-12, "{weights:?}");
            assert!(weights[1] > 2.0 * weights[0] && weights[1] > 2.0 * weights[2], "{weights:?}");
        }
    }

    #[test]
    fn targets_without_any_difference_weigh_all_columns_equally() {
        let data = synthetic(50, 3, Task::Regression, |_, x| x[0]);
        let weights = column_weights(data.features.values(), 3, &[vec![1.0; 50]], Objective::Regression, 0);
        assert!(weights.iter().all(|weight| (weight - 1.0).abs() < 1e-12), "{weights:?}");
    }
}
