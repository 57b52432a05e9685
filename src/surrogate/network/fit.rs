//! Training of dense networks.

use matsieve_kernels::dispatch::{Level, logistic, pinball};
use matsieve_kernels::networks::{DenseShape, DenseState};
use rayon::prelude::*;

use super::super::networks::{LEVELS, Optimizer, Schedule, Stream, TargetScale};
use super::super::random::random_u64;
use super::super::trees::{Objective, TrainingMatrix};
use super::columns::ScaledColumns;
use super::relevance::{RelevanceTask, most_relevant};
use super::trained::Network;

/// Parameters of [`fit_network`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkParameters {
    /// Networks, of different random beginnings; their outputs are averaged.
    pub num_networks: usize,
    /// Columns that the networks see, the most relevant ones: the first network as many as the first entry says, and so on,
    /// in turn.
    pub columns: Vec<usize>,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// How often every row is seen.
    pub epochs: usize,
    /// Rows a step.
    pub batch: usize,
    /// Share of the activations that are dropped in training.
    pub dropout: f64,
    /// Learning rate and its like.
    pub schedule: Schedule,
}

impl Default for NetworkParameters {
    fn default() -> Self {
        Self {
            num_networks: 4,
            columns: vec![128, 64, 256],
            hidden: vec![256; 3],
            epochs: 100,
            batch: 128,
            dropout: 0.1,
            schedule: Schedule { memory: 0.95, ..Schedule::default() },
        }
    }
}

impl NetworkParameters {
    pub(super) fn shape(&self, inputs: usize, objective: Objective) -> DenseShape {
        let outputs = match objective {
            Objective::Regression => LEVELS.len(),
            Objective::Probability => 1,
        };
        let widths: Vec<usize> = [inputs].into_iter().chain(self.hidden.iter().copied()).chain([outputs]).collect();
        DenseShape::new(&widths)
    }

    /// Columns of network `number`, of `found` relevant ones.
    pub(super) fn num_columns(&self, number: usize, found: usize) -> usize {
        self.columns[number % self.columns.len()].min(found)
    }

    /// Whether sizes from a file are ones that a network can have.
    pub(super) fn are_valid(&self) -> bool {
        (1..=64).contains(&self.num_networks)
            && (1..=64).contains(&self.columns.len())
            && self.columns.iter().all(|&columns| (1..=32_767).contains(&columns))
            && self.hidden.len() <= 16
            && self.hidden.iter().all(|width| (1..=4096).contains(width))
    }
}

/// Trains networks on relevant columns. The same seed gives the same bits at any number of threads.
///
/// # Panics
/// If sizes disagree, there are no rows, or a parameter lies outside its range.
///
/// # References
/// arXiv 2407.04491 (D. Holzmüller, L. Grinsztajn, I. Steinwart, RealMLP): robust scaling, smooth clipping, Mish, a short
/// memory of second moments. We depart in quantiles for a mean, decay by a cosine, no numeric embeddings.
pub fn fit_network(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    parameters: &NetworkParameters,
    seed: u64,
) -> Network {
    assert!(parameters.are_valid() && parameters.epochs > 0 && parameters.batch > 0, "parameters lie in their ranges");
    assert!(x.values.len() == y.len() * x.width && !y.is_empty(), "one target a row");
    let (task, scale) = match objective {
        Objective::Regression => (RelevanceTask::Number, TargetScale::of(y)),
        Objective::Probability => (RelevanceTask::Class, TargetScale::IDENTITY),
    };
    let most = parameters.columns.iter().copied().max().unwrap_or(1);
    let mut chosen = most_relevant(x, y, task, most, seed);
    if chosen.is_empty() {
        // Nothing says anything: any column will do.
        chosen.push(0);
    }
    let columns = ScaledColumns::fit(x, &chosen);
    let targets: Vec<f32> = y.iter().map(|&y| scale.scaled(y)).collect();
    let networks: Vec<Vec<f32>> = (0..parameters.num_networks)
        .into_par_iter()
        .map(|number| {
            let seen = ScaledColumns(columns.0[..parameters.num_columns(number, columns.0.len())].to_vec());
            let mut inputs = Vec::with_capacity(y.len() * seen.num_inputs());
            for row in x.values.chunks_exact(x.width) {
                seen.push(row, &mut inputs);
            }
            let shape = parameters.shape(seen.num_inputs(), objective);
            let task = Task { inputs: &inputs, targets: &targets, objective, shape: &shape, parameters };
            task.train(random_u64(seed, "network", number as u64))
        })
        .collect();
    Network::new(x.width, columns, scale, objective, parameters.clone(), networks)
}

/// What one network is trained on.
struct Task<'a> {
    inputs: &'a [f32],
    targets: &'a [f32],
    objective: Objective,
    shape: &'a DenseShape,
    parameters: &'a NetworkParameters,
}

impl Task<'_> {
    fn train(&self, seed: u64) -> Vec<f32> {
        let level = Level::best();
        let (n, width) = (self.targets.len(), self.shape.inputs());
        let rows_a_step = self.parameters.batch.min(n);
        let steps_an_epoch = n.div_ceil(rows_a_step);
        let steps = steps_an_epoch * self.parameters.epochs;
        let mut optimizer = Optimizer::new(self.shape.parts(), &mut Stream::new(seed, "beginning"));
        let (mut order, mut stream) = ((0..n).collect::<Vec<_>>(), Stream::new(seed, "training"));
        let hidden: Vec<usize> = self.shape.hidden().collect();
        let (mut masks, mut state) = (vec![Vec::new(); hidden.len()], DenseState::default());
        let (mut batch, mut targets, mut gradient) = (Vec::new(), Vec::new(), Vec::new());
        for epoch in 0..self.parameters.epochs {
            stream.shuffle(&mut order);
            for (number, chosen) in order.chunks(rows_a_step).enumerate() {
                batch.clear();
                targets.clear();
                for &row in chosen {
                    batch.extend_from_slice(&self.inputs[row * width..][..width]);
                    targets.push(self.targets[row]);
                }
                for (mask, width) in masks.iter_mut().zip(&hidden) {
                    stream.mask(self.parameters.dropout as f32, width * chosen.len(), mask);
                }
                let outputs = self.shape.forward(level, &optimizer.parameters, &batch, &masks, &mut state);
                gradient.resize(outputs.len(), 0.0);
                match self.objective {
                    Objective::Regression => pinball(level, outputs, &targets, &LEVELS, &mut gradient),
                    Objective::Probability => logistic(level, outputs, &targets, &mut gradient),
                };
                let Optimizer { parameters, gradients, .. } = &mut optimizer;
                self.shape.backward(level, parameters, gradients, &batch, &masks, &gradient, None, &mut state);
                optimizer.step(level, &self.parameters.schedule, epoch * steps_an_epoch + number, steps);
            }
        }
        optimizer.parameters
    }
}
