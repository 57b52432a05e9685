//! Descriptors: what turns a candidate into features. One file each; the registry below is the only list.

use crate::candidate::{Candidate, Column, Fault, Reference};

mod scratch;

pub use scratch::Scratch;

/// What a descriptor needs of a candidate, beside a composition.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// A crystal structure.
    pub structure: bool,
    /// A guess of oxidation states.
    pub oxidation_states: bool,
}

/// Computes a fixed set of columns for one candidate at a time.
pub trait Descriptor: Send + Sync {
    /// Columns, in the order of `out` in [`describe`](Self::describe).
    fn columns(&self) -> Vec<Column>;

    /// What it needs.
    fn needs(&self) -> Needs;

    /// Version of the definition; a change of numbers is a new version.
    fn version(&self) -> u32;

    /// Where the definition comes from.
    fn references(&self) -> &'static [Reference];

    /// Its parameters, defaults filled in.
    fn parameters(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    /// Writes one row; `out.len()` equals the number of columns, its content is unspecified on `Err`.
    ///
    /// NaN means: not defined for this candidate by the descriptor's own definition.
    ///
    /// # Errors
    /// The fault that quarantines the candidate.
    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault>;
}

/// A line of the registry.
pub struct Entry {
    /// Name in plans and results.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Builds it from the parameters of the plan (an object; unknown keys are refused).
    pub build: fn(&serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError>,
}

/// All descriptors, in the order in which they are listed.
pub const REGISTRY: &[Entry] = &[];

/// Why a descriptor cannot be built from a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// No descriptor of that name.
    #[error("unknown descriptor \"{name}\"{}", .suggestion.as_ref().map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The closest known name.
        suggestion: Option<String>,
    },
    /// A parameter is unknown or out of range.
    #[error("descriptor \"{name}\": {reason}")]
    Parameters {
        /// The descriptor.
        name: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
}
