//! Networks put together from [`layers`](crate::layers), [`attention`](crate::attention) and [`gemm`](crate::gemm): all
//! parameters in one slice, gradients in another of the same length.
//!
//! What a network says of a row depends on that row only, whatever else is in the batch.

mod dense;
mod layout;
mod set_network;

pub use dense::{DenseShape, DenseState};
pub use layout::{Kind, Part};
pub use set_network::{SetBatch, SetNetworkShape, SetNetworkState};
