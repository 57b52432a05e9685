//! What all networks share: how they begin, how they are trained, how targets are scaled.

mod averages;
mod optimizer;
mod scale;
mod stream;

pub(super) use averages::Averages;
pub(super) use optimizer::Optimizer;
pub use optimizer::Schedule;
pub(super) use scale::TargetScale;
pub(super) use stream::Stream;

use super::tensors::{TensorError, Tensors};

/// Quantiles that a network of a regression estimates; the middle one is its prediction.
pub(super) const LEVELS: [f32; 7] = [0.05, 0.16, 0.3, 0.5, 0.7, 0.84, 0.95];
/// The median among [`LEVELS`].
pub(super) const MEDIAN: usize = 3;
/// The two among [`LEVELS`] that lie one deviation of a normal distribution below and above.
pub(super) const DEVIATION: [usize; 2] = [1, 5];

/// Elements of a tensor of `f32`, all finite, as many as expected.
pub(super) fn finite(tensors: &Tensors, name: &str, expected: usize) -> Result<Vec<f32>, TensorError> {
    let values = tensors.f32s(name)?;
    if values.len() != expected {
        return Err(TensorError::invalid(name, format!("{} elements, expected {expected}", values.len())));
    }
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(TensorError::invalid(name, format!("element {value} is not finite"))),
        None => Ok(values),
    }
}
