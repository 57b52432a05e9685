//! Where each layer keeps its parameters, and the layers that have any.

use std::ops::Range;

use crate::dispatch::{Level, add_rows, fill_rows, layer_norm, layer_norm_backward, multiply_add_f32};
use crate::gemm::{Matrix, packed_len};

/// What parameters are: decides how they begin and whether they decay.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Factors of a layer with this many inputs.
    Weights(usize),
    /// Added numbers; begin at 0.
    Shift,
    /// Factors of normalised values; begin at 1.
    Gain,
    /// Vectors learned for each element; begin small.
    Table,
}

/// A run of parameters of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Places in the slice of parameters.
    pub range: Range<usize>,
    /// Kind.
    pub kind: Kind,
}

/// Hands out places.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) parts: Vec<Part>,
}

impl Layout {
    pub(super) fn len(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }

    pub(super) fn take(&mut self, length: usize, kind: Kind) -> Range<usize> {
        let range = self.len()..self.len() + length;
        self.parts.push(Part { range: range.clone(), kind });
        range
    }

    pub(super) fn linear(&mut self, inputs: usize, outputs: usize) -> Linear {
        let weights = self.take(inputs * outputs, Kind::Weights(inputs));
        Linear { weights, shift: self.take(outputs, Kind::Shift), inputs, outputs }
    }

    pub(super) fn norm(&mut self, width: usize) -> Norm {
        Norm { gain: self.take(width, Kind::Gain), shift: self.take(width, Kind::Shift) }
    }
}

/// `y = x W + b`.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub(super) weights: Range<usize>,
    shift: Range<usize>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

impl Linear {
    /// Scratch that products of up to `rows` rows need.
    pub(super) fn packed_len(&self, rows: usize) -> usize {
        packed_len(self.inputs, self.outputs)
            .max(packed_len(rows, self.outputs))
            .max(packed_len(self.outputs, self.inputs))
    }

    pub(super) fn forward(&self, level: Level, parameters: &[f32], x: &[f32], y: &mut [f32], packed: &mut [f32]) {
        fill_rows(level, &parameters[self.shift.clone()], y);
        self.add_forward(level, parameters, x, y, packed);
    }

    /// Adds `x W` to `y`.
    fn add_forward(&self, level: Level, parameters: &[f32], x: &[f32], y: &mut [f32], packed: &mut [f32]) {
        let weights = Matrix::new(&parameters[self.weights.clone()], self.inputs, self.outputs);
        let x = Matrix::new(x, x.len() / self.inputs, self.inputs);
        multiply_add_f32(level, x, weights, 1.0, y, self.outputs, packed);
    }

    /// Adds `x W + b` to `y`.
    pub(super) fn forward_onto(&self, level: Level, parameters: &[f32], x: &[f32], y: &mut [f32], packed: &mut [f32]) {
        for row in y.chunks_exact_mut(self.outputs) {
            crate::dispatch::add(level, &parameters[self.shift.clone()], row);
        }
        self.add_forward(level, parameters, x, y, packed);
    }

    /// Adds to the gradients of the parameters; writes that of the input, if it is asked for.
    pub(super) fn backward(
        &self,
        level: Level,
        parameters: &[f32],
        gradients: &mut [f32],
        (x, d_y): (&[f32], &[f32]),
        d_x: Option<&mut [f32]>,
        packed: &mut [f32],
    ) {
        let rows = d_y.len() / self.outputs;
        add_rows(level, d_y, &mut gradients[self.shift.clone()]);
        let d_y = Matrix::new(d_y, rows, self.outputs);
        let x = Matrix::new(x, rows, self.inputs).transposed();
        multiply_add_f32(level, x, d_y, 1.0, &mut gradients[self.weights.clone()], self.outputs, packed);
        if let Some(d_x) = d_x {
            d_x.fill(0.0);
            let weights = Matrix::new(&parameters[self.weights.clone()], self.inputs, self.outputs).transposed();
            multiply_add_f32(level, d_y, weights, 1.0, d_x, self.inputs, packed);
        }
    }
}

/// Layer normalisation.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    gain: Range<usize>,
    shift: Range<usize>,
}

/// What a normalisation keeps for the way back.
#[derive(Clone, Debug, Default)]
pub(super) struct NormState {
    normalised: Vec<f32>,
    inverse: Vec<f32>,
    pub(super) output: Vec<f32>,
}

impl Norm {
    pub(super) fn forward(&self, level: Level, parameters: &[f32], x: &[f32], state: &mut NormState) {
        state.normalised.resize(x.len(), 0.0);
        state.output.resize(x.len(), 0.0);
        state.inverse.resize(x.len() / self.gain.len(), 0.0);
        let (gain, shift) = (&parameters[self.gain.clone()], &parameters[self.shift.clone()]);
        layer_norm(level, x, gain, shift, &mut state.normalised, &mut state.inverse, &mut state.output);
    }

    /// Adds to `d_x`; `d_y` is used up.
    pub(super) fn backward(
        &self,
        level: Level,
        parameters: &[f32],
        gradients: &mut [f32],
        state: &NormState,
        d_y: &mut [f32],
        d_x: &mut [f32],
    ) {
        let gain = &parameters[self.gain.clone()];
        // The layout takes the gain first and the shift right behind it.
        let own = gradients[self.gain.start..self.shift.end].split_at_mut(self.gain.len());
        layer_norm_backward(level, d_y, gain, &state.normalised, &state.inverse, own.into(), d_x);
    }
}
