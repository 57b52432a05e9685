//! Outputs of several networks, averaged.

use super::{DEVIATION, LEVELS, MEDIAN, TargetScale};
use crate::surrogate::member::MemberPrediction;
use crate::surrogate::trees::Objective;

/// Sums over networks of what each says of the rows of a block.
#[derive(Clone, Debug, Default)]
pub(in crate::surrogate) struct Averages {
    is_regression: bool,
    value: Vec<f64>,
    square: Vec<f64>,
    width: Vec<f64>,
}

impl Averages {
    pub(in crate::surrogate) fn begin(&mut self, rows: usize, objective: Objective) {
        self.is_regression = objective == Objective::Regression;
        for sums in [&mut self.value, &mut self.square, &mut self.width] {
            sums.clear();
            sums.resize(rows, 0.0);
        }
    }

    /// Adds the outputs of one network.
    pub(in crate::surrogate) fn add(&mut self, outputs: &[f32]) {
        if !self.is_regression {
            for (sum, &output) in self.value.iter_mut().zip(outputs) {
                *sum += f64::from(output);
            }
            return;
        }
        for (place, quantiles) in outputs.chunks_exact(LEVELS.len()).enumerate() {
            let value = f64::from(quantiles[MEDIAN]);
            self.value[place] += value;
            self.square[place] += value * value;
            let half = f64::from(quantiles[DEVIATION[1]] - quantiles[DEVIATION[0]]) / 2.0;
            self.width[place] += half.max(0.0);
        }
    }

    /// Adds the averages to a prediction: the mean of the medians, with the width of the quantiles and the disagreement
    /// of the networks as variances; or the probability of the mean logit.
    pub(in crate::surrogate) fn finish(&self, networks: usize, scale: TargetScale, out: &mut MemberPrediction) {
        let n = networks as f64;
        for place in 0..self.value.len() {
            let mean = self.value[place] / n;
            if !self.is_regression {
                out.value.push(1.0 / (1.0 + libm::exp(-mean)));
                continue;
            }
            let width = self.width[place] / n;
            let spread = (self.square[place] / n - mean * mean).max(0.0);
            out.value.push(scale.original(mean));
            out.std.push(scale.unit * (width * width + spread).sqrt());
        }
    }
}
