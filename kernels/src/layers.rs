//! What networks do between matrix products, forwards and backwards, row by row.
//!
//! A gradient is named after what it is a gradient of: `d_output` is the derivative of the loss by the output.

use crate::single::{dot, exp, sum};

/// Added to a variance before its root is taken.
const NORM_EPSILON: f32 = 1e-5;
/// Above this the activation is the identity, and its exponential would overflow when squared.
const MISH_LINEAR: f32 = 20.0;

/// Mish: `x tanh ln(1 + eˣ)`.
///
/// # Panics
/// If lengths differ.
///
/// # References
/// arXiv 1908.08681 (D. Misra, Mish: a self regularized non-monotonic activation function).
#[inline(always)]
pub fn mish(input: &[f32], output: &mut [f32]) {
    assert_eq!(input.len(), output.len(), "one output an input");
    for (out, &x) in output.iter_mut().zip(input) {
        let e = exp(x.min(MISH_LINEAR));
        let n = e * (e + 2.0);
        *out = x * (n / (n + 2.0));
    }
}

/// Multiplies `gradient` by the derivative of [`mish`] at `input`.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn mish_backward(input: &[f32], gradient: &mut [f32]) {
    assert_eq!(input.len(), gradient.len(), "one gradient an input");
    for (gradient, &x) in gradient.iter_mut().zip(input) {
        let e = exp(x.min(MISH_LINEAR));
        let n = e * (e + 2.0);
        let d = n + 2.0;
        // tanh' with n' = 2e(e + 1): (n'd − nn')/d² = 2n'/d².
        let slope = n / d + x * (4.0 * e * (e + 1.0) / d / d);
        *gradient *= slope;
    }
}

/// Writes the same row into every row of `output`.
///
/// # Panics
/// If `output` is no whole number of rows.
#[inline(always)]
pub fn fill_rows(row: &[f32], output: &mut [f32]) {
    assert!(output.len().is_multiple_of(row.len()), "whole rows");
    for out in output.chunks_exact_mut(row.len()) {
        out.copy_from_slice(row);
    }
}

/// Adds every row of `input` to `sums`.
///
/// # Panics
/// If `input` is no whole number of rows.
#[inline(always)]
pub fn add_rows(input: &[f32], sums: &mut [f32]) {
    assert!(input.len().is_multiple_of(sums.len()), "whole rows");
    for row in input.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// Adds `input` to `sums`, element by element.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn add(input: &[f32], sums: &mut [f32]) {
    assert_eq!(input.len(), sums.len(), "one sum an input");
    for (sum, value) in sums.iter_mut().zip(input) {
        *sum += value;
    }
}

/// Multiplies `values` by `factors`, element by element.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn scale(factors: &[f32], values: &mut [f32]) {
    assert_eq!(factors.len(), values.len(), "one factor a value");
    for (value, factor) in values.iter_mut().zip(factors) {
        *value *= factor;
    }
}

/// Brings each row to mean 0 and variance 1, then scales and shifts it; keeps the normalised rows and the inverse of each
/// row's deviation for the way back.
///
/// # Panics
/// If lengths do not fit.
///
/// # References
/// arXiv 1607.06450 (J. L. Ba, J. R. Kiros, G. E. Hinton, Layer normalization).
#[inline(always)]
pub fn layer_norm(
    input: &[f32],
    gain: &[f32],
    shift: &[f32],
    normalised: &mut [f32],
    inverse: &mut [f32],
    output: &mut [f32],
) {
    let width = gain.len();
    assert!(shift.len() == width && input.len() == inverse.len() * width, "rows fit");
    assert!(normalised.len() == input.len() && output.len() == input.len(), "rows fit");
    let rows = input.chunks_exact(width).zip(normalised.chunks_exact_mut(width)).zip(output.chunks_exact_mut(width));
    for (((x, unit), out), inverse) in rows.zip(inverse) {
        let mean = sum(x) / width as f32;
        for (unit, x) in unit.iter_mut().zip(x) {
            *unit = x - mean;
        }
        *inverse = 1.0 / (dot(unit, unit) / width as f32 + NORM_EPSILON).sqrt();
        for (i, unit) in unit.iter_mut().enumerate() {
            *unit *= *inverse;
            out[i] = *unit * gain[i] + shift[i];
        }
    }
}

/// Adds to `d_input` what [`layer_norm`] passes back of `d_output`, and to the gradients of gain and shift; uses `d_output` up.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn layer_norm_backward(
    d_output: &mut [f32],
    gain: &[f32],
    normalised: &[f32],
    inverse: &[f32],
    [d_gain, d_shift]: [&mut [f32]; 2],
    d_input: &mut [f32],
) {
    let width = gain.len();
    assert!(d_gain.len() == width && d_shift.len() == width && d_output.len() == inverse.len() * width, "rows fit");
    assert!(normalised.len() == d_output.len() && d_input.len() == d_output.len(), "rows fit");
    let rows =
        d_output.chunks_exact_mut(width).zip(normalised.chunks_exact(width)).zip(d_input.chunks_exact_mut(width));
    for (((d, unit), out), inverse) in rows.zip(inverse) {
        for i in 0..width {
            d_gain[i] += d[i] * unit[i];
            d_shift[i] += d[i];
            d[i] *= gain[i];
        }
        let mean = sum(d) / width as f32;
        let along = dot(d, unit) / width as f32;
        for i in 0..width {
            out[i] += inverse * (d[i] - mean - unit[i] * along);
        }
    }
}

/// Pinball loss of rows of quantiles, and its gradient, both divided by the number of outputs.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn pinball(outputs: &[f32], targets: &[f32], levels: &[f32], gradient: &mut [f32]) -> f32 {
    let width = levels.len();
    assert!(outputs.len() == targets.len() * width && gradient.len() == outputs.len(), "one row a target");
    let share = 1.0 / outputs.len() as f32;
    let mut loss = 0.0;
    for ((row, d), target) in outputs.chunks_exact(width).zip(gradient.chunks_exact_mut(width)).zip(targets) {
        for i in 0..width {
            let miss = target - row[i];
            let is_above = f32::from(u8::from(miss > 0.0));
            let slope = is_above - 1.0 + levels[i];
            loss += slope * miss * share;
            d[i] = -slope * share;
        }
    }
    loss
}

/// Logistic loss of one output a row, and its gradient, both divided by the number of rows.
///
/// # Panics
/// If lengths differ.
#[inline(always)]
pub fn logistic(outputs: &[f32], targets: &[f32], gradient: &mut [f32]) -> f32 {
    assert!(outputs.len() == targets.len() && gradient.len() == outputs.len(), "one output a target");
    let share = 1.0 / outputs.len() as f32;
    let mut loss = 0.0;
    for ((&x, d), &target) in outputs.iter().zip(gradient).zip(targets) {
        let e = exp(-x.abs());
        let positive = if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
        let own = if target > 0.5 { positive } else { 1.0 - positive };
        // Only watched, never used: accuracy is enough.
        loss -= crate::ln::ln(f64::from(own.max(1e-30))) as f32 * share;
        *d = (positive - target) * share;
    }
    loss
}

/// Settings of one step of [`adam`].
#[derive(Copy, Clone, Debug)]
pub struct AdamStep {
    /// Learning rate, divided by the bias correction of the first moment.
    pub rate: f32,
    /// What stays of the first moment.
    pub momentum: f32,
    /// What stays of the second moment.
    pub memory: f32,
    /// One over the bias correction of the second moment.
    pub correction: f32,
    /// Factor of the parameters before the step: 1 − rate · decay.
    pub keep: f32,
}

/// One step of Adam with decoupled decay; gradients are cleared.
///
/// # Panics
/// If lengths differ.
///
/// # References
/// arXiv 1412.6980 (D. P. Kingma, J. Ba), algorithm 1; decay as in arXiv 1711.05101 (I. Loshchilov, F. Hutter).
#[inline(always)]
pub fn adam(step: AdamStep, gradients: &mut [f32], first: &mut [f32], second: &mut [f32], parameters: &mut [f32]) {
    let n = parameters.len();
    assert!(gradients.len() == n && first.len() == n && second.len() == n, "one state a parameter");
    for i in 0..n {
        let g = gradients[i];
        first[i] = step.momentum * first[i] + (1.0 - step.momentum) * g;
        second[i] = step.memory * second[i] + (1.0 - step.memory) * g * g;
        let root = (second[i] * step.correction).sqrt() + 1e-8;
        parameters[i] = parameters[i] * step.keep - step.rate * first[i] / root;
        gradients[i] = 0.0;
    }
}
