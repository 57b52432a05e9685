//! Dense networks on the columns that say most of the target and least of one another.

mod columns;
mod fit;
mod relevance;
mod trained;

pub use fit::{NetworkParameters, fit_network};
pub use trained::Network;

pub(super) use columns::ScaledColumns;
pub(super) use relevance::{RelevanceTask, most_relevant};
