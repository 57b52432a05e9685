//! Attention over the elements of a composition.
//!
//! A row becomes the set of its elements: each one enters with its properties, a learned vector, and its share coded by
//! tents over the share and over its logarithm. Elements look at one another (`kernels::networks`), are averaged, and
//! dense layers give quantiles of the target, or the logit of a class.
//!
//! Compositions reach the network through the columns of the descriptor `element_fraction`, or any columns that are named
//! after elements: so a model needs nothing beside its columns, wherever it predicts.

mod elements;
mod fit;
mod network;
mod sets;

pub use fit::{AttentionParameters, fit_attention};
pub use network::Attention;
pub use sets::ElementColumn;

pub(super) use sets::element_columns;
