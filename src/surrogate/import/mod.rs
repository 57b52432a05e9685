//! Models that were trained elsewhere: read, understood down to the last bit of their own arithmetic, and made ours.
//!
//! Each format of trees has one reader that turns a file into a [`Foreign`] model; [`Imported`] is the member that predicts it with
//! the tree kernels. Networks in ONNX files are predicted by their runtime ([`onnx`](super::onnx)). Nothing of a file is trusted: children, features, numbers and sizes are checked where they are read.
//! Files that can run code (pickles and their relatives) are recognised by their content and refused.

mod brought;
mod build;
mod calibrate;
mod catboost;
mod columns;
mod compare;
mod error;
mod foreign;
mod imported;
mod lightgbm;
mod names;
mod output;
mod recognise;
mod sklearn;
mod table;
mod threshold;
mod ubjson;
mod values;
mod xgboost;

pub use brought::{About, Brought};
pub use build::{ImportRequest, import};
pub use calibrate::calibrate;
pub use compare::{Expected, compare};
pub use error::ImportError;
pub use foreign::{Answer, Foreign};
pub use imported::{Imported, ImportedSpec};
pub use names::{Mapping, Offer, Origin, Renaming, map_features};
pub use output::{Link, Output};
pub use recognise::{Content, read, read_bytes};
pub use table::NumberTable;
