//! Builds without the feature `onnx`: no network can be opened.

use super::signature::{Element, Port, Signature};

/// No session can be made.
pub(super) enum Session {}

/// Always an error that says why.
pub(super) fn open(_graph: &[u8]) -> Result<Session, String> {
    Err("this build of matsieve has no part for ONNX (cargo feature \"onnx\")".into())
}

/// Never called.
pub(super) fn version() -> String {
    String::new()
}

impl Session {
    /// Never called.
    pub(super) fn signature(&self) -> Result<Signature, String> {
        match *self {}
    }

    /// Never called.
    pub(super) fn outputs_of(&mut self, _: &[f64], _: Element, _: &[String]) -> Result<Vec<Port>, String> {
        match *self {}
    }

    /// Never called.
    pub(super) fn run(&mut self, _: &[f64], _: Element, _: (&[String], &str, usize)) -> Result<f64, String> {
        match *self {}
    }
}
