//! Networks in ONNX files, predicted by ONNX Runtime, which is loaded when the first such model is opened.
//!
//! The arithmetic is the runtime's, in single precision mostly. Rows go through it one by one, so that a row's bits depend
//! on that row only; between versions of the runtime and between processors the last bits may differ.

mod network;
mod pool;
#[cfg(feature = "onnx")]
mod runtime;
#[cfg(not(feature = "onnx"))]
#[path = "no_runtime.rs"]
mod runtime;
mod signature;

pub use network::{Onnx, OnnxRequest, OnnxSpec};
pub use signature::Element;
