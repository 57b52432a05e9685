//! Training of Gaussian processes.

use matsieve_kernels::cholesky::{factor, scratch_len, solve, solve_transposed};
use matsieve_kernels::dispatch::{Level, multiply_add_f64};
use matsieve_kernels::gemm::{Matrix, packed_len};

use super::super::network::{RelevanceTask, ScaledColumns, most_relevant};
use super::super::networks::TargetScale;
use super::super::random::permutation;
use super::super::trees::{Objective, TrainingMatrix};
use super::covariance::{Hyperparameters, Points};
use super::search::search;
use super::trained::{GaussianProcess, Warp};

/// Parameters of [`fit_gaussian_process`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GaussianProcessParameters {
    /// Columns that it sees, the most relevant ones.
    pub columns: usize,
    /// Up to this many rows it is exact, 1 to 4096.
    pub exact_rows: usize,
    /// Inducing points above, 1 to 1024.
    pub points: usize,
    /// Rows on which hyperparameters are chosen.
    pub sample: usize,
}

impl Default for GaussianProcessParameters {
    fn default() -> Self {
        Self { columns: 64, exact_rows: 2000, points: 1024, sample: 600 }
    }
}

/// Most rows of an exact process.
pub(super) const MAX_EXACT: usize = 4096;
/// Most inducing points.
pub(super) const MAX_POINTS: usize = 1024;
/// Rows whose covariances with the points are held at once.
const BLOCK: usize = 1024;
/// Added to the diagonal of the covariances of inducing points.
pub(super) const JITTER: f64 = 1e-6;

/// Trains a process; inducing points are a sample of the rows. The same seed gives the same bits.
///
/// Targets of a regression are bent by asinh in units of their spread, so that a heavy tail does not rule the fit; classes
/// are numbers 0 and 1.
///
/// # Panics
/// If sizes disagree, there are no rows, or a parameter lies outside its range.
///
/// # References
/// J. Quiñonero-Candela, C. E. Rasmussen, J. Mach. Learn. Res. 6, 1939 (2005), section 5 (deterministic training conditional).
pub fn fit_gaussian_process(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    parameters: &GaussianProcessParameters,
    seed: u64,
) -> GaussianProcess {
    assert!((1..=MAX_EXACT).contains(&parameters.exact_rows), "exact for at most {MAX_EXACT} rows");
    assert!((1..=MAX_POINTS).contains(&parameters.points), "at most {MAX_POINTS} inducing points");
    assert!(x.values.len() == y.len() * x.width && !y.is_empty(), "one target a row");
    let (task, scale) = match objective {
        Objective::Regression => (RelevanceTask::Number, TargetScale::of(y)),
        Objective::Probability => (RelevanceTask::Class, TargetScale::IDENTITY),
    };
    let mut chosen = most_relevant(x, y, task, parameters.columns.max(1), seed);
    if chosen.is_empty() {
        // Nothing says anything: any column will do.
        chosen.push(0);
    }
    let columns = ScaledColumns::fit(x, &chosen);
    let mut inputs = Vec::with_capacity(y.len() * columns.num_inputs());
    for row in x.values.chunks_exact(x.width) {
        columns.push(row, &mut inputs);
    }
    let points = Points::new(inputs.iter().map(|&value| f64::from(value)).collect(), columns.num_inputs());
    let (warp, targets) = Warp::fit(y, scale, objective);

    let order = permutation(y.len(), seed, "gaussian process");
    let sample = &order[..order.len().min(parameters.sample.max(2))];
    let of = |rows: &[usize]| rows.iter().map(|&row| targets[row]).collect::<Vec<_>>();
    let (mut hyper, variance) = search(&points.choose(sample), &of(sample));
    let is_exact = y.len() <= parameters.exact_rows;
    let fitted = loop {
        let fitted = if is_exact {
            exact(&points, &targets, hyper)
        } else {
            let chosen = &order[..parameters.points.min(order.len())];
            induced(&points, &targets, points.choose(chosen), hyper)
        };
        match fitted {
            Some(fitted) => break fitted,
            // Rows repeat more often than the sample showed.
            None => hyper.noise *= 10.0,
        }
    };
    GaussianProcess::new(x.width, columns, warp, hyper, variance, fitted)
}

/// What prediction needs beside the hyperparameters.
pub(super) struct Fitted {
    pub(super) points: Points,
    pub(super) weights: Vec<f64>,
    /// Factor of the covariances of the points (with noise where the process is exact).
    pub(super) lower: Vec<f64>,
    /// Factor of what inducing points have learnt of all rows; empty where the process is exact.
    pub(super) learnt: Vec<f64>,
}

/// Factor of the covariances of points, with something added to the diagonal.
pub(super) fn factored(points: &Points, hyper: Hyperparameters, diagonal: f64) -> Option<Vec<f64>> {
    let n = points.len();
    let (mut matrix, mut scratch) = (Vec::new(), vec![0.0; scratch_len(n, 1)]);
    points.covariances(points, hyper, &mut matrix, &mut scratch);
    for row in 0..n {
        matrix[row * n + row] += diagonal;
    }
    factor(Level::best(), &mut matrix, n, &mut scratch).then_some(matrix)
}

fn exact(points: &Points, targets: &[f64], hyper: Hyperparameters) -> Option<Fitted> {
    let lower = factored(points, hyper, hyper.noise)?;
    let mut weights = targets.to_vec();
    solve_both(&lower, &mut weights);
    Some(Fitted { points: points.clone(), weights, lower, learnt: Vec::new() })
}

fn induced(all: &Points, targets: &[f64], points: Points, hyper: Hyperparameters) -> Option<Fitted> {
    let m = points.len();
    let level = Level::best();
    let lower = factored(&points, hyper, JITTER)?;
    let (mut covariances, mut packed) = (Vec::new(), vec![0.0; packed_len(BLOCK, m)]);
    points.covariances(&points, hyper, &mut covariances, &mut packed);
    let mut learnt: Vec<f64> = covariances.iter().map(|value| hyper.noise * value).collect();
    for row in 0..m {
        learnt[row * m + row] += hyper.noise * JITTER;
    }
    let mut weights = vec![0.0; m];
    for start in (0..all.len()).step_by(BLOCK) {
        let end = all.len().min(start + BLOCK);
        all.slice(start..end).covariances(&points, hyper, &mut covariances, &mut packed);
        for (row, target) in covariances.chunks_exact(m).zip(&targets[start..end]) {
            for (weight, value) in weights.iter_mut().zip(row) {
                *weight += value * target;
            }
        }
        let rows = Matrix::new(&covariances, end - start, m);
        multiply_add_f64(level, rows.transposed(), rows, 1.0, &mut learnt, m, &mut packed);
    }
    if !factor(level, &mut learnt, m, &mut vec![0.0; scratch_len(m, 1)]) {
        return None;
    }
    solve_both(&learnt, &mut weights);
    // Single precision is enough for a deviation and halves the file.
    for value in &mut learnt {
        *value = f64::from(*value as f32);
    }
    Some(Fitted { points, weights, lower, learnt })
}

fn solve_both(lower: &[f64], right: &mut [f64]) {
    let n = right.len();
    solve(Level::best(), lower, n, right, 1, &mut vec![0.0; scratch_len(n, 1)]);
    solve_transposed(lower, n, right);
}
