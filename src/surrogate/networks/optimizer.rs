//! Adam on the parameters of a network, by a schedule.

use matsieve_kernels::dispatch::{Level, adam};
use matsieve_kernels::layers::AdamStep;
use matsieve_kernels::networks::{Kind, Part};

use super::Stream;

/// Learned vectors begin this small: properties speak first.
const TABLE_START: f32 = 0.1;

/// Parameters of a network in training.
pub(in crate::surrogate) struct Optimizer<'p> {
    parts: &'p [Part],
    pub(in crate::surrogate) parameters: Vec<f32>,
    pub(in crate::surrogate) gradients: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

/// Learning rate over a training: a short rise, then half a cosine down to 0.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Highest learning rate.
    pub rate: f64,
    /// Share of the steps in which the rate rises.
    pub rise: f64,
    /// Decay of weights, in units of the rate.
    pub decay: f64,
    /// What stays of Adam's second moment at each step.
    pub memory: f64,
    /// Longest gradient; longer ones are shortened to it.
    pub longest: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { rate: 2e-3, rise: 0.05, decay: 0.02, memory: 0.98, longest: 1.0 }
    }
}

/// What stays of Adam's first moment.
const MOMENTUM: f32 = 0.9;

impl Schedule {
    fn rate_at(&self, step: usize, steps: usize) -> f64 {
        let progress = (step as f64 + 0.5) / steps as f64;
        if progress < self.rise {
            return self.rate * progress / self.rise;
        }
        let rest = (progress - self.rise) / (1.0 - self.rise);
        self.rate * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * rest))
    }
}

impl<'p> Optimizer<'p> {
    /// Random parameters: weights by the number of their inputs, all else as [`Kind`] says.
    pub(in crate::surrogate) fn new(parts: &'p [Part], stream: &mut Stream) -> Self {
        let length = parts.last().map_or(0, |part| part.range.end);
        let mut parameters = vec![0.0; length];
        for part in parts {
            let own = &mut parameters[part.range.clone()];
            match part.kind {
                Kind::Weights(inputs) => {
                    let scale = 1.0 / (inputs as f32).sqrt();
                    own.fill_with(|| scale * stream.normal());
                }
                Kind::Table => own.fill_with(|| TABLE_START * stream.normal()),
                Kind::Gain => own.fill(1.0),
                Kind::Shift => {}
            }
        }
        let zeros = || vec![0.0; length];
        Self { parts, parameters, gradients: zeros(), first: zeros(), second: zeros(), steps: 0 }
    }

    /// One step against the gradients, which are cleared; `step` of `steps`.
    pub(in crate::surrogate) fn step(&mut self, level: Level, schedule: &Schedule, step: usize, steps: usize) {
        self.steps += 1;
        let rate = schedule.rate_at(step, steps) as f32;
        let memory = schedule.memory as f32;
        self.shorten(schedule.longest as f32);
        for part in self.parts {
            let decays = matches!(part.kind, Kind::Weights(_));
            let settings = AdamStep {
                rate: rate / (1.0 - power(MOMENTUM, self.steps)),
                momentum: MOMENTUM,
                memory,
                correction: 1.0 / (1.0 - power(memory, self.steps)),
                keep: if decays { 1.0 - rate * schedule.decay as f32 } else { 1.0 },
            };
            let range = part.range.clone();
            adam(
                level,
                settings,
                &mut self.gradients[range.clone()],
                &mut self.first[range.clone()],
                &mut self.second[range.clone()],
                &mut self.parameters[range],
            );
        }
    }

    fn shorten(&mut self, longest: f32) {
        let mut lanes = [0.0_f32; 16];
        for chunk in self.gradients.chunks(16) {
            for (lane, g) in lanes.iter_mut().zip(chunk) {
                *lane += g * g;
            }
        }
        let mut square = 0.0;
        for lane in lanes {
            square += lane;
        }
        let length = square.sqrt();
        if length > longest {
            for g in &mut self.gradients {
                *g *= longest / length;
            }
        }
    }
}

/// `baseⁿ` by repeated products: the same bits everywhere.
fn power(base: f32, n: i32) -> f32 {
    let (mut result, mut square, mut left) = (1.0, base, n);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_rises_to_its_peak_and_ends_near_zero() {
        let schedule = Schedule { rate: 1.0, rise: 0.1, ..Default::default() };
        assert!((schedule.rate_at(4, 100) - 0.45).abs() < 1e-12);
        assert!((schedule.rate_at(10, 100) - 1.0).abs() < 1e-3);
        assert!(schedule.rate_at(99, 100) < 1e-3);
    }

    #[test]
    fn power_of_a_half() {
        assert_eq!((power(0.5, 0), power(0.5, 5)), (1.0, 1.0 / 32.0));
    }
}
