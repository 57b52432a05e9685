//! What several descriptors need of the same structure, computed once, when the first of them asks.

use super::Structure;

/// Geometry of one structure at a time; belongs to one worker and is reused from structure to structure.
#[derive(Debug, Default)]
pub struct Geometry {}

impl Geometry {
    /// Forgets what belongs to the structure before.
    pub fn begin(&mut self, structure: &Structure) {
        let _ = structure;
    }
}
