//! A trained Gaussian process.

use matsieve_kernels::cholesky::{scratch_len, solve};
use matsieve_kernels::dispatch::Level;

use crate::candidate::Rows;

use super::super::member::MemberPrediction;
use super::super::network::ScaledColumns;
use super::super::networks::TargetScale;
use super::super::tensors::{TensorError, Tensors};
use super::super::trees::Objective;
use super::covariance::{Hyperparameters, Points};
use super::fit::{Fitted, JITTER, MAX_EXACT, MAX_POINTS, factored};

/// Rows predicted at once.
const BLOCK: usize = 128;
/// Probabilities stay this far from 0 and 1.
const LEAST_PROBABILITY: f64 = 0.005;
/// Standard deviations behind the asinh beyond this say nothing more.
const MAX_DEVIATION: f64 = 5.0;

/// A Gaussian process on scaled columns.
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    width: usize,
    columns: ScaledColumns,
    warp: Warp,
    hyper: Hyperparameters,
    variance: f64,
    points: Points,
    weights: Vec<f64>,
    lower: Vec<f64>,
    learnt: Vec<f64>,
}

/// How targets become numbers of a nearly normal distribution around 0.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Warp {
    scale: TargetScale,
    is_bent: bool,
    mean: f64,
    least: f64,
    greatest: f64,
}

impl Warp {
    /// The warp and the warped targets.
    pub(super) fn fit(y: &[f64], scale: TargetScale, objective: Objective) -> (Self, Vec<f64>) {
        let is_bent = objective == Objective::Regression;
        let warped = |&y: &f64| {
            let unit = (y - scale.center) / scale.unit;
            if is_bent { libm::asinh(unit) } else { unit }
        };
        let mut targets: Vec<f64> = y.iter().map(warped).collect();
        let mut mean = 0.0;
        for target in &targets {
            mean += target / targets.len() as f64;
        }
        for target in &mut targets {
            *target -= mean;
        }
        let least = targets.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (Self { scale, is_bent, mean, least, greatest }, targets)
    }

    fn push(&self, value: f64, deviation: f64, out: &mut MemberPrediction) {
        let place = value.clamp(self.least, self.greatest) + self.mean;
        if self.is_bent {
            out.value.push(self.scale.original(libm::sinh(place)));
            // Half the way between sinh(z − σ) and sinh(z + σ).
            out.std.push(self.scale.unit * libm::cosh(place) * libm::sinh(deviation.min(MAX_DEVIATION)));
        } else {
            out.value.push(place.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY));
        }
    }
}

impl GaussianProcess {
    pub(super) fn new(
        width: usize,
        columns: ScaledColumns,
        warp: Warp,
        hyper: Hyperparameters,
        variance: f64,
        fitted: Fitted,
    ) -> Self {
        let Fitted { points, weights, lower, learnt } = fitted;
        Self { width, columns, warp, hyper, variance, points, weights, lower, learnt }
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Predicts every row; the bits of a row depend on that row only.
    pub fn predict(&self, rows: Rows<'_>, out: &mut MemberPrediction) {
        let (level, m) = (Level::best(), self.points.len());
        let mut scratch = vec![0.0; scratch_len(m, BLOCK)];
        let (mut row, mut inputs, mut covariances) = (vec![0.0; self.width], Vec::new(), Vec::new());
        let mut start = 0;
        while start < rows.len() {
            let block = rows.slice(start..rows.len().min(start + BLOCK));
            let sides = block.len();
            inputs.clear();
            for number in 0..sides {
                block.gather(number, &mut row);
                self.columns.push(&row, &mut inputs);
            }
            let values = inputs.iter().map(|&value| f64::from(value)).collect();
            let seen = Points::new(values, self.points.width);
            self.points.covariances(&seen, self.hyper, &mut covariances, &mut scratch);
            let mut means = vec![0.0; sides];
            for (row, weight) in covariances.chunks_exact(sides).zip(&self.weights) {
                for (mean, value) in means.iter_mut().zip(row) {
                    *mean += weight * value;
                }
            }
            let mut gained = vec![0.0; sides];
            if !self.learnt.is_empty() {
                let mut solved = covariances.clone();
                solve(level, &self.learnt, m, &mut solved, sides, &mut scratch);
                add_squares(&solved, &mut gained);
            }
            solve(level, &self.lower, m, &mut covariances, sides, &mut scratch);
            let mut known = vec![0.0; sides];
            add_squares(&covariances, &mut known);
            for side in 0..sides {
                let left = (seen.own(side, self.hyper) - known[side]).max(0.0);
                let unit = left + self.hyper.noise * (gained[side] + 1.0);
                self.warp.push(means[side], (self.variance * unit).sqrt(), out);
            }
            start += BLOCK;
        }
    }

    /// The member as tensors; the factor of the points is computed again when it is read.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        tensors.push_u32("width", &[self.width as u32]);
        tensors.push_f64("scale", &[self.warp.scale.center, self.warp.scale.unit]);
        tensors.push_f64("warp", &[self.warp.mean, self.warp.least, self.warp.greatest]);
        let Hyperparameters { length, trend, noise } = self.hyper;
        tensors.push_f64("hyperparameters", &[length, trend, noise, self.variance]);
        self.columns.write(&mut tensors);
        tensors.push_real("points", &self.points.values);
        tensors.push_f64("weights", &self.weights);
        let m = self.points.len();
        let triangle: Vec<f64> =
            self.learnt.chunks_exact(m).enumerate().flat_map(|(row, values)| values[..=row].iter().copied()).collect();
        tensors.push_f64("learnt", &triangle);
        tensors
    }

    /// Reads a member back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn from_tensors(objective: Objective, tensors: &Tensors) -> Result<Self, TensorError> {
        let [width] = tensors.u32s("width")?[..] else {
            return Err(TensorError::invalid("width", "expected 1 element"));
        };
        let width = width as usize;
        let columns = ScaledColumns::read(tensors, width)?;
        let is_bent = objective == Objective::Regression;
        let [mean, least, greatest] = tensors.real("warp")?[..] else {
            return Err(TensorError::invalid("warp", "expected 3 elements"));
        };
        if least > greatest {
            return Err(TensorError::invalid("warp", "the least target is above the greatest"));
        }
        let [length, trend, noise, variance] = tensors.real("hyperparameters")?[..] else {
            return Err(TensorError::invalid("hyperparameters", "expected 4 elements"));
        };
        if !(length > 0.0 && trend >= 0.0 && noise > 0.0 && variance > 0.0) {
            return Err(TensorError::invalid("hyperparameters", "expected positive numbers"));
        }
        let hyper = Hyperparameters { length, trend, noise };
        let weights = tensors.real("weights")?;
        let (m, inputs) = (weights.len(), columns.num_inputs());
        let triangle = tensors.real("learnt")?;
        let is_exact = triangle.is_empty();
        if m == 0 || inputs == 0 || m > if is_exact { MAX_EXACT } else { MAX_POINTS } {
            return Err(TensorError::invalid("weights", format!("{m} points on {inputs} inputs")));
        }
        let values = tensors.real("points")?;
        if values.len() != m * inputs || !(is_exact || triangle.len() == m * (m + 1) / 2) {
            return Err(TensorError::invalid("points", format!("expected {m} points on {inputs} inputs")));
        }
        let points = Points::new(values, inputs);
        let singular = || TensorError::invalid("points", "their covariances are not positive definite");
        let lower = factored(&points, hyper, if is_exact { noise } else { JITTER }).ok_or_else(singular)?;
        let mut learnt = Vec::new();
        if !is_exact {
            learnt.resize(m * m, 0.0);
            let mut rest = triangle.as_slice();
            for (row, out) in learnt.chunks_exact_mut(m).enumerate() {
                let (own, others) = rest.split_at(row + 1);
                if own[row] <= 0.0 {
                    return Err(TensorError::invalid("learnt", "expected a positive diagonal"));
                }
                out[..=row].copy_from_slice(own);
                rest = others;
            }
        }
        let warp = Warp { scale: TargetScale::read(tensors)?, is_bent, mean, least, greatest };
        Ok(Self { width, columns, warp, hyper, variance, points, weights, lower, learnt })
    }
}

/// Adds the squares of every column, row after row.
fn add_squares(values: &[f64], sums: &mut [f64]) {
    for row in values.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value * value;
        }
    }
}
