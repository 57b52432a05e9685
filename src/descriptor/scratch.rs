//! Working memory of one worker, shared by all descriptors of one candidate.

use crate::candidate::Candidate;
use crate::chem::Composition;

/// Reused memory, and what several descriptors need of the same candidate, computed once.
#[derive(Default)]
pub struct Scratch {
    /// The candidate's composition; empty where it has none.
    pub composition: Composition,
}

impl Scratch {
    /// Empty working memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Prepares for the next candidate. The engine calls it once before the descriptors of a row.
    pub fn begin(&mut self, candidate: &Candidate) {
        self.composition.clear();
        if let Some(composition) = candidate.composition() {
            self.composition.clone_from(composition);
        }
    }
}
