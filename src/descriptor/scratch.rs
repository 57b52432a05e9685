//! Working memory of one worker, shared by all descriptors of one candidate.

use crate::candidate::{Candidate, Fault, FaultCode, Stage};
use crate::chem::{Composition, NUM_ELEMENTS};

/// Reused memory, and what several descriptors need of the same candidate, computed once.
pub struct Scratch {
    /// The candidate's composition, reduced if all its amounts are whole; empty where it has none.
    pub composition: Composition,
    /// [`Element::row`](crate::chem::Element::row) of each element, in the order of the composition.
    pub(super) rows: Vec<usize>,
    /// Amount of each element, in the same order.
    pub(super) amounts: Vec<f64>,
    /// Atomic fraction of each element, in the same order.
    pub(super) fractions: Vec<f64>,
    /// Sums of charges, for `ion_property`.
    pub(super) charges: [Vec<f64>; 2],
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            composition: Composition::new(),
            rows: Vec::with_capacity(NUM_ELEMENTS),
            amounts: Vec::with_capacity(NUM_ELEMENTS),
            fractions: Vec::with_capacity(NUM_ELEMENTS),
            charges: [Vec::with_capacity(1024), Vec::with_capacity(1024)],
        }
    }
}

impl Scratch {
    /// Empty working memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Prepares for the next candidate. The engine calls it once before the descriptors of a row.
    pub fn begin(&mut self, candidate: &Candidate) {
        self.composition.clear();
        self.rows.clear();
        self.amounts.clear();
        self.fractions.clear();
        let Some(composition) = candidate.composition() else { return };
        let divisor = common_divisor(composition);
        for &(element, amount) in composition.pairs() {
            let amount = amount / divisor;
            self.composition.add(element, amount);
            self.rows.push(element.row());
            self.amounts.push(amount);
        }
        let mut total = 0.0;
        for amount in &self.amounts {
            total += amount;
        }
        self.fractions.extend(self.amounts.iter().map(|amount| amount / total));
    }

    /// Refuses a candidate without composition.
    pub(super) fn require_composition(&self) -> Result<(), Fault> {
        if self.rows.is_empty() {
            let detail = "the candidate has no composition, but a descriptor needs one";
            return Err(Fault::new(Stage::Describe, FaultCode::NoComposition, detail));
        }
        Ok(())
    }
}

/// Greatest common divisor of the amounts; 1 if one of them is not whole.
fn common_divisor(composition: &Composition) -> f64 {
    /// Whole numbers above this are not distinguished by f64.
    const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;
    let mut divisor = 0.0;
    for &(_, amount) in composition.pairs() {
        if amount.fract() != 0.0 || amount > LARGEST_WHOLE {
            return 1.0;
        }
        let (mut a, mut b) = (amount, divisor);
        while b != 0.0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1.0 {
            break;
        }
    }
    if divisor == 0.0 { 1.0 } else { divisor }
}
