//! A network over sets: compositions as sets of elements with amounts.

use std::ops::Range;

use crate::attention::Sets;
use crate::dispatch::{Level, add, attend, attend_backward, mish, mish_backward, pool, pool_backward, scale};

use super::dense::{DenseShape, DenseState};
use super::layout::{Kind, Layout, Linear, Norm, NormState, Part};

/// Sizes and places of a network over sets.
///
/// A member of a set enters as a row of inputs and a learned vector by its kind; layers of attention and dense layers
/// follow, with normalisation before each and a sum around it. Behind them members are averaged, by their shares and
/// plainly, and a stack of dense layers gives the outputs.
#[derive(Clone, Debug)]
pub struct SetNetworkShape {
    width: usize,
    heads: usize,
    context: usize,
    entry: Linear,
    table: Range<usize>,
    layers: Vec<Layer>,
    last: Norm,
    head: DenseShape,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Layer {
    before_attention: Norm,
    project: Linear,
    slopes: Range<usize>,
    join: Linear,
    before_dense: Norm,
    widen: Linear,
    narrow: Linear,
}

/// A batch of sets, members one after another.
#[derive(Copy, Clone, Debug)]
pub struct SetBatch<'a> {
    /// Members of each set.
    pub sizes: &'a [u32],
    /// Kind of each member: row of the table.
    pub kinds: &'a [u16],
    /// Inputs of each member, row after row.
    pub inputs: &'a [f32],
    /// Share of each member; shares of a set sum to 1.
    pub shares: &'a [f32],
    /// Bias of each member in attention.
    pub bias: &'a [f32],
    /// What is known of each set beside its members, row after row.
    pub context: &'a [f32],
}

/// What a pass keeps for the way back.
#[derive(Clone, Debug, Default)]
pub struct SetNetworkState {
    layers: Vec<LayerState>,
    flow: Vec<f32>,
    last: NormState,
    pooled: Vec<f32>,
    head: DenseState,
    packed: Vec<f32>,
    d_pooled: Vec<f32>,
    d_flow: Vec<f32>,
    d_narrow: Vec<f32>,
    d_wide: Vec<f32>,
}

#[derive(Clone, Debug, Default)]
struct LayerState {
    before_attention: NormState,
    projected: Vec<f32>,
    weights: Vec<f32>,
    attended: Vec<f32>,
    before_dense: NormState,
    wide: Vec<f32>,
    active: Vec<f32>,
}

/// How much wider than the members the dense layers of a layer are.
const WIDENING: usize = 2;

impl SetNetworkShape {
    /// `inputs` numbers a member, `kinds` rows of the table, `width` numbers for a member inside (a multiple of `heads`),
    /// `context` numbers a set, dense layers of the widths `hidden` behind the sets.
    ///
    /// # Panics
    /// If a size is 0 or the heads do not divide the width.
    #[expect(clippy::too_many_arguments, reason = "one size each")]
    pub fn new(
        inputs: usize,
        kinds: usize,
        width: usize,
        heads: usize,
        num_layers: usize,
        context: usize,
        hidden: &[usize],
        outputs: usize,
    ) -> Self {
        assert!(heads > 0 && width > 0 && width.is_multiple_of(heads), "heads divide the width");
        let mut layout = Layout::default();
        let entry = layout.linear(inputs, width);
        let table = layout.take(kinds * width, Kind::Table);
        let layer = |_| Layer {
            before_attention: layout.norm(width),
            project: layout.linear(width, 3 * width),
            slopes: layout.take(heads, Kind::Gain),
            join: layout.linear(width, width),
            before_dense: layout.norm(width),
            widen: layout.linear(width, WIDENING * width),
            narrow: layout.linear(WIDENING * width, width),
        };
        let layers = (0..num_layers).map(layer).collect();
        let last = layout.norm(width);
        let widths: Vec<usize> =
            std::iter::once(2 * width + context).chain(hidden.iter().copied()).chain([outputs]).collect();
        let head = DenseShape::within(&widths, &mut layout);
        Self { width, heads, context, entry, table, layers, last, head, parts: layout.parts }
    }

    /// Parameters by kind, in order and without gaps.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Number of parameters.
    pub fn num_parameters(&self) -> usize {
        self.parts.last().map_or(0, |part| part.range.end)
    }

    /// Widths of the masks: one number a member in each layer, then one a set in each hidden dense layer.
    pub fn mask_widths(&self) -> (Vec<usize>, Vec<usize>) {
        (vec![WIDENING * self.width; self.layers.len()], self.head.hidden().collect())
    }

    /// Outputs of every set. `masks`: factors of the activations inside each layer, then of the dense layers behind, or none.
    ///
    /// # Panics
    /// If lengths do not fit, or a kind lies outside the table.
    pub fn forward<'s>(
        &self,
        level: Level,
        parameters: &[f32],
        batch: SetBatch<'_>,
        masks: &[Vec<f32>],
        state: &'s mut SetNetworkState,
    ) -> &'s [f32] {
        let members = batch.kinds.len();
        assert_eq!(batch.inputs.len(), members * self.entry.inputs, "one row a member");
        let width = self.width;
        state.reserve(self, members);
        let SetNetworkState { layers, flow, last, pooled, head, packed, .. } = state;
        flow.resize(members * width, 0.0);
        self.entry.forward(level, parameters, batch.inputs, flow, packed);
        for (row, &kind) in flow.chunks_exact_mut(width).zip(batch.kinds) {
            add(level, &parameters[self.table.clone()][usize::from(kind) * width..][..width], row);
        }
        for (number, (layer, own)) in self.layers.iter().zip(layers).enumerate() {
            layer.before_attention.forward(level, parameters, flow, &mut own.before_attention);
            own.projected.resize(3 * members * width, 0.0);
            layer.project.forward(level, parameters, &own.before_attention.output, &mut own.projected, packed);
            let sets = self.sets(batch);
            own.weights.resize(sets.num_weights(), 0.0);
            own.attended.resize(members * width, 0.0);
            let slopes = &parameters[layer.slopes.clone()];
            attend(level, sets, slopes, &own.projected, &mut own.weights, &mut own.attended);
            layer.join.forward_onto(level, parameters, &own.attended, flow, packed);
            layer.before_dense.forward(level, parameters, flow, &mut own.before_dense);
            own.wide.resize(WIDENING * members * width, 0.0);
            own.active.resize(WIDENING * members * width, 0.0);
            layer.widen.forward(level, parameters, &own.before_dense.output, &mut own.wide, packed);
            mish(level, &own.wide, &mut own.active);
            if let Some(mask) = masks.get(number) {
                scale(level, mask, &mut own.active);
            }
            layer.narrow.forward_onto(level, parameters, &own.active, flow, packed);
        }
        self.last.forward(level, parameters, flow, last);
        let stride = self.head.inputs();
        pooled.resize(batch.sizes.len() * stride, 0.0);
        pool(level, batch.sizes, batch.shares, width, &last.output, pooled, stride);
        if self.context > 0 {
            assert_eq!(batch.context.len(), batch.sizes.len() * self.context, "one context a set");
            for (row, context) in pooled.chunks_exact_mut(stride).zip(batch.context.chunks_exact(self.context)) {
                row[2 * width..].copy_from_slice(context);
            }
        }
        self.head.forward(level, parameters, pooled, self.head_masks(masks), head)
    }

    /// Adds to `gradients` what the last pass forward, with the same arguments, makes of `d_output`.
    ///
    /// # Panics
    /// If lengths do not fit.
    #[expect(clippy::too_many_arguments, reason = "state, parameters and gradients of one pass")]
    pub fn backward(
        &self,
        level: Level,
        parameters: &[f32],
        gradients: &mut [f32],
        batch: SetBatch<'_>,
        masks: &[Vec<f32>],
        d_output: &[f32],
        state: &mut SetNetworkState,
    ) {
        let width = self.width;
        let SetNetworkState { layers, flow, last, pooled, head, packed, d_pooled, d_flow, d_narrow, d_wide } = state;
        d_pooled.resize(pooled.len(), 0.0);
        let head_masks = self.head_masks(masks);
        self.head.backward(level, parameters, gradients, pooled, head_masks, d_output, Some(d_pooled), head);
        d_narrow.resize(flow.len(), 0.0);
        pool_backward(level, batch.sizes, batch.shares, width, d_pooled, self.head.inputs(), d_narrow);
        d_flow.clear();
        d_flow.resize(flow.len(), 0.0);
        self.last.backward(level, parameters, gradients, last, d_narrow, d_flow);
        for (number, (layer, own)) in self.layers.iter().zip(layers).enumerate().rev() {
            d_wide.resize(own.wide.len(), 0.0);
            layer.narrow.backward(level, parameters, gradients, (&own.active, d_flow), Some(d_wide), packed);
            if let Some(mask) = masks.get(number) {
                scale(level, mask, d_wide);
            }
            mish_backward(level, &own.wide, d_wide);
            let x = &own.before_dense.output;
            layer.widen.backward(level, parameters, gradients, (x, d_wide), Some(d_narrow), packed);
            layer.before_dense.backward(level, parameters, gradients, &own.before_dense, d_narrow, d_flow);

            layer.join.backward(level, parameters, gradients, (&own.attended, d_flow), Some(d_narrow), packed);
            d_wide.resize(own.projected.len(), 0.0);
            let d_slopes = &mut gradients[layer.slopes.clone()];
            attend_backward(level, self.sets(batch), &own.projected, &own.weights, d_narrow, d_slopes, d_wide);
            let x = &own.before_attention.output;
            layer.project.backward(level, parameters, gradients, (x, d_wide), Some(d_narrow), packed);
            layer.before_attention.backward(level, parameters, gradients, &own.before_attention, d_narrow, d_flow);
        }
        self.entry.backward(level, parameters, gradients, (batch.inputs, d_flow), None, packed);
        for (row, &kind) in d_flow.chunks_exact(width).zip(batch.kinds) {
            add(level, row, &mut gradients[self.table.clone()][usize::from(kind) * width..][..width]);
        }
    }

    fn sets<'a>(&self, batch: SetBatch<'a>) -> Sets<'a> {
        Sets { sizes: batch.sizes, bias: batch.bias, heads: self.heads, width: self.width }
    }

    fn head_masks<'m>(&self, masks: &'m [Vec<f32>]) -> &'m [Vec<f32>] {
        masks.get(self.layers.len()..).unwrap_or(&[])
    }
}

impl SetNetworkState {
    fn reserve(&mut self, shape: &SetNetworkShape, members: usize) {
        self.layers.resize_with(shape.layers.len(), LayerState::default);
        let of_layers =
            shape.layers.iter().flat_map(|layer| [&layer.project, &layer.join, &layer.widen, &layer.narrow]);
        let needed = of_layers.chain([&shape.entry]).map(|linear| linear.packed_len(members)).max().unwrap_or(0);
        if self.packed.len() < needed {
            self.packed.resize(needed, 0.0);
        }
    }
}
