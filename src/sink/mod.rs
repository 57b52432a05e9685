//! The result file: HDF5 segments, merge, seal, digests, reader, export.

mod error;
mod options;

pub use error::SinkError;
pub use options::{Identity, Progress, Prune, RootAttributes, StoreOptions, StoreRows, Summary};
