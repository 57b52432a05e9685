//! A stack of dense layers.

use crate::dispatch::{Level, mish, mish_backward, scale};

use super::layout::{Layout, Linear, Part};

/// Sizes and places of a stack of dense layers with Mish between them.
#[derive(Clone, Debug)]
pub struct DenseShape {
    layers: Vec<Linear>,
    parts: Vec<Part>,
}

/// What a pass keeps for the way back.
#[derive(Clone, Debug, Default)]
pub struct DenseState {
    /// Sums of each layer, before activation.
    sums: Vec<Vec<f32>>,
    /// Activations behind each hidden layer.
    active: Vec<Vec<f32>>,
    gradient: Vec<f32>,
    lower: Vec<f32>,
    packed: Vec<f32>,
}

impl DenseShape {
    /// Widths of the input, of every hidden layer and of the output.
    ///
    /// # Panics
    /// If there are fewer than two, or one is 0.
    pub fn new(widths: &[usize]) -> Self {
        let mut layout = Layout::default();
        let layers = Self::layers(widths, &mut layout);
        Self { layers, parts: layout.parts }
    }

    fn layers(widths: &[usize], layout: &mut Layout) -> Vec<Linear> {
        assert!(widths.len() >= 2 && widths.iter().all(|&width| width > 0), "an input and an output");
        widths.windows(2).map(|pair| layout.linear(pair[0], pair[1])).collect()
    }

    /// The same as a part of a larger network.
    pub(super) fn within(widths: &[usize], layout: &mut Layout) -> Self {
        Self { layers: Self::layers(widths, layout), parts: Vec::new() }
    }

    /// Parameters by kind, in order and without gaps.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Number of parameters.
    pub fn num_parameters(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }

    /// Width of a row of inputs.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Outputs of rows of inputs. `masks`: factors of the activations of each hidden layer, or none.
    ///
    /// # Panics
    /// If lengths do not fit.
    pub fn forward<'s>(
        &self,
        level: Level,
        parameters: &[f32],
        input: &[f32],
        masks: &[Vec<f32>],
        state: &'s mut DenseState,
    ) -> &'s [f32] {
        assert!(input.len().is_multiple_of(self.inputs()), "whole rows");
        let rows = input.len() / self.inputs();
        state.sums.resize_with(self.layers.len(), Vec::new);
        state.active.resize_with(self.layers.len() - 1, Vec::new);
        let packed = self.layers.iter().map(|layer| layer.packed_len(rows)).max().unwrap_or(0);
        if state.packed.len() < packed {
            state.packed.resize(packed, 0.0);
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let (done, rest) = state.active.split_at_mut(number);
            let x = done.last().map_or(input, Vec::as_slice);
            let sums = &mut state.sums[number];
            sums.resize(rows * layer.outputs, 0.0);
            layer.forward(level, parameters, x, sums, &mut state.packed);
            if let Some(active) = rest.first_mut() {
                active.resize(sums.len(), 0.0);
                mish(level, sums, active);
                if let Some(mask) = masks.get(number) {
                    scale(level, mask, active);
                }
            }
        }
        state.sums.last().map_or(&[], Vec::as_slice)
    }

    /// Adds to `gradients` what the last pass forward makes of `d_output`; the gradient of the input, if asked for.
    ///
    /// # Panics
    /// If lengths do not fit.
    #[expect(clippy::too_many_arguments, reason = "state, parameters and gradients of one pass")]
    pub fn backward(
        &self,
        level: Level,
        parameters: &[f32],
        gradients: &mut [f32],
        input: &[f32],
        masks: &[Vec<f32>],
        d_output: &[f32],
        d_input: Option<&mut [f32]>,
        state: &mut DenseState,
    ) {
        let DenseState { sums, active, gradient, lower, packed } = state;
        gradient.clear();
        gradient.extend_from_slice(d_output);
        let mut d_input = d_input;
        for (number, layer) in self.layers.iter().enumerate().rev() {
            if number == 0 {
                layer.backward(level, parameters, gradients, (input, gradient), d_input.take(), packed);
                break;
            }
            let x = &active[number - 1];
            lower.resize(x.len(), 0.0);
            layer.backward(level, parameters, gradients, (x, gradient), Some(lower), packed);
            if let Some(mask) = masks.get(number - 1) {
                scale(level, mask, lower);
            }
            mish_backward(level, &sums[number - 1], lower);
            std::mem::swap(gradient, lower);
        }
    }

    /// Widths of the hidden layers: those of the rows of masks.
    pub fn hidden(&self) -> impl Iterator<Item = usize> + '_ {
        self.layers[..self.layers.len() - 1].iter().map(|layer| layer.outputs)
    }

    /// Places of the weights of the first layer; they answer for single inputs.
    pub fn first_weights(&self) -> std::ops::Range<usize> {
        self.layers[0].weights.clone()
    }
}
