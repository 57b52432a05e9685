//! Training of the attention network.

use matsieve_kernels::dispatch::{Level, logistic, pinball};
use matsieve_kernels::networks::{SetNetworkShape, SetNetworkState};
use rayon::prelude::*;

use super::super::networks::{LEVELS, Optimizer, Schedule, Stream, TargetScale};
use super::super::random::random_u64;
use super::super::trees::{Objective, TrainingMatrix};
use super::elements::{NUM_KINDS, properties};
use super::network::{Attention, Member};
use super::sets::{Batch, ElementColumn, ElementSets, SHARE_WIDTH};

/// Parameters of [`fit_attention`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttentionParameters {
    /// Networks, of different random beginnings; their outputs are averaged.
    pub num_networks: usize,
    /// Width of an element inside, a multiple of the heads.
    pub width: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Layers of attention.
    pub num_layers: usize,
    /// Widths of the dense layers behind the sets.
    pub hidden: Vec<usize>,
    /// How often every row is seen.
    pub epochs: usize,
    /// Rows a step.
    pub batch: usize,
    /// Share of the activations that are dropped in training.
    pub dropout: f64,
    /// Relative deviation by which shares are blurred in training.
    pub blur: f64,
    /// Learning rate and its like.
    pub schedule: Schedule,
}

impl Default for AttentionParameters {
    fn default() -> Self {
        Self {
            num_networks: 4,
            width: 64,
            heads: 4,
            num_layers: 2,
            hidden: vec![128, 64],
            epochs: 100,
            batch: 64,
            dropout: 0.1,
            blur: 0.02,
            schedule: Schedule::default(),
        }
    }
}

impl AttentionParameters {
    pub(super) fn shape(&self, properties: usize, objective: Objective) -> SetNetworkShape {
        let outputs = match objective {
            Objective::Regression => LEVELS.len(),
            Objective::Probability => 1,
        };
        let inputs = properties + SHARE_WIDTH;
        SetNetworkShape::new(inputs, NUM_KINDS, self.width, self.heads, self.num_layers, 0, &self.hidden, outputs)
    }

    /// Whether sizes from a file are ones that a network can have.
    pub(super) fn are_valid(&self) -> bool {
        (1..=64).contains(&self.num_networks)
            && (1..=1024).contains(&self.width)
            && (1..=64).contains(&self.heads)
            && self.width.is_multiple_of(self.heads)
            && self.num_layers <= 16
            && self.hidden.len() <= 8
            && self.hidden.iter().all(|width| (1..=4096).contains(width))
    }
}

/// Trains networks on the elements of each row. The same seed gives the same bits at any number of threads.
///
/// # Panics
/// If sizes disagree, there are no rows, or a parameter lies outside its range.
///
/// # References
/// 10.1038/s41524-021-00545-1 (A. Y.-T. Wang, S. K. Kauwe, R. J. Murdock, T. D. Sparks, CrabNet): attention over elements,
/// shares on a linear and a logarithmic scale, blurred shares. We depart in tents for sines, shares as a bias of attention,
/// normalisation before each layer, quantiles for a Laplace distribution, Adam for Lamb.
pub fn fit_attention(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    columns: &[ElementColumn],
    parameters: &AttentionParameters,
    seed: u64,
) -> Attention {
    assert!(parameters.are_valid() && parameters.epochs > 0 && parameters.batch > 0, "parameters lie in their ranges");
    assert_eq!(x.values.len(), y.len() * x.width, "one target a row");
    let mut sets = ElementSets::default();
    sets.clear();
    for row in x.values.chunks_exact(x.width) {
        sets.push(columns, row);
    }
    let scale = match objective {
        Objective::Regression => TargetScale::of(y),
        Objective::Probability => TargetScale::IDENTITY,
    };
    let (properties, num_properties) = properties();
    let shape = parameters.shape(num_properties, objective);
    let task = Task {
        sets: &sets,
        targets: &y.iter().map(|&y| scale.scaled(y)).collect::<Vec<_>>(),
        objective,
        shape: &shape,
        properties: (&properties, num_properties),
        parameters,
    };
    let seeds: Vec<u64> = (0..parameters.num_networks as u64).map(|n| random_u64(seed, "attention", n)).collect();
    let members: Vec<Vec<f32>> = seeds.par_iter().map(|&seed| task.train(seed)).collect();
    Attention::new(x.width, columns.to_vec(), scale, Member { shape, objective, properties, num_properties }, members)
}

/// What every network of a member is trained on.
struct Task<'a> {
    sets: &'a ElementSets,
    targets: &'a [f32],
    objective: Objective,
    shape: &'a SetNetworkShape,
    properties: (&'a [f32], usize),
    parameters: &'a AttentionParameters,
}

impl Task<'_> {
    fn train(&self, seed: u64) -> Vec<f32> {
        let level = Level::best();
        let n = self.sets.len();
        let rows_a_step = self.parameters.batch.min(n);
        let steps_an_epoch = n.div_ceil(rows_a_step);
        let steps = steps_an_epoch * self.parameters.epochs;
        let mut optimizer = Optimizer::new(self.shape.parts(), &mut Stream::new(seed, "beginning"));
        let (mut order, mut stream) = ((0..n).collect::<Vec<_>>(), Stream::new(seed, "training"));
        let (mut batch, mut state) = (Batch::default(), SetNetworkState::default());
        let (inner, outer) = self.shape.mask_widths();
        let mut masks = vec![Vec::new(); inner.len() + outer.len()];
        let (mut targets, mut gradient) = (Vec::new(), Vec::new());
        for epoch in 0..self.parameters.epochs {
            stream.shuffle(&mut order);
            for (number, chosen) in order.chunks(rows_a_step).enumerate() {
                let blur = self.parameters.blur;
                let blur = || (1.0 + blur * f64::from(stream.normal())).max(0.1);
                self.sets.fill(chosen.iter().copied(), self.properties, blur, &mut batch);
                for (mask, width) in masks.iter_mut().zip(&inner) {
                    stream.mask(self.parameters.dropout as f32, width * batch.num_members(), mask);
                }
                for (mask, width) in masks[inner.len()..].iter_mut().zip(&outer) {
                    stream.mask(self.parameters.dropout as f32, width * chosen.len(), mask);
                }
                targets.clear();
                targets.extend(chosen.iter().map(|&row| self.targets[row]));
                let outputs = self.shape.forward(level, &optimizer.parameters, batch.view(), &masks, &mut state);
                gradient.resize(outputs.len(), 0.0);
                match self.objective {
                    Objective::Regression => pinball(level, outputs, &targets, &LEVELS, &mut gradient),
                    Objective::Probability => logistic(level, outputs, &targets, &mut gradient),
                };
                let Optimizer { parameters, gradients, .. } = &mut optimizer;
                self.shape.backward(level, parameters, gradients, batch.view(), &masks, &gradient, &mut state);
                optimizer.step(level, &self.parameters.schedule, epoch * steps_an_epoch + number, steps);
            }
        }
        optimizer.parameters
    }
}
