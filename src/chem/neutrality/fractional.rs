//! Amounts that are no whole numbers: shares of a solid solution or a doped compound.

use smallvec::SmallVec;

use super::family::FamilyRule;
use super::rule::Judgement;

/// Charge an atom that counts as none.
const TOLERANCE: f64 = 1e-6;

/// Most choices that are tried before the verdict stays open.
const MAX_TRIALS: u32 = 100_000;

impl FamilyRule {
    /// Judges amounts of any size; see [`NeutralityRule::judge`](super::NeutralityRule::judge).
    ///
    /// # Panics
    /// If there are not as many amounts as elements.
    pub fn judge_shares(&self, amounts: &[f64]) -> Judgement {
        assert_eq!(amounts.len(), self.mixed.len(), "one amount an element");
        if let Some(known) = self.known() {
            return known;
        }
        let tolerance = TOLERANCE * amounts.iter().sum::<f64>();
        let mut verdict = Judgement::Forbidden;
        for choice in &self.choices {
            let mut search = Search { parts: SmallVec::new(), tolerance, trials: MAX_TRIALS };
            for ((&amount, states), &is_mixed) in amounts.iter().zip(choice).zip(&self.mixed) {
                let (Some(low), Some(high)) = (states.lowest(), states.highest()) else { continue };
                let bounds = (amount * f64::from(low), amount * f64::from(high));
                let charges = if is_mixed {
                    SmallVec::new()
                } else {
                    states.iter().map(|state| amount * f64::from(state)).collect()
                };
                search.parts.push(Part { charges, bounds });
            }
            let (low, high) = search.bounds(0);
            if low > tolerance || high < -tolerance {
                continue;
            }
            if search.finds(0, 0.0) {
                return self.verdict_if_found();
            }
            verdict = Judgement::Undecided;
        }
        verdict
    }
}

/// One element: its possible charges, or none where any between the bounds will do.
struct Part {
    charges: SmallVec<[f64; 12]>,
    bounds: (f64, f64),
}

struct Search {
    parts: SmallVec<[Part; 8]>,
    tolerance: f64,
    trials: u32,
}

impl Search {
    /// Least and largest charge of the parts from `first` on.
    fn bounds(&self, first: usize) -> (f64, f64) {
        self.parts[first..].iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.bounds.0, sum.1 + part.bounds.1))
    }

    /// Whether the parts from `next` on can bring `charge` to zero; false as well when the trials are used up.
    fn finds(&mut self, next: usize, charge: f64) -> bool {
        let (low, high) = self.bounds(next);
        if self.trials == 0 || charge + low > self.tolerance || charge + high < -self.tolerance {
            return false;
        }
        self.trials -= 1;
        let Some(place) = (next..self.parts.len()).find(|&place| !self.parts[place].charges.is_empty()) else {
            return true;
        };
        self.parts.swap(next, place);
        (0..self.parts[next].charges.len()).any(|choice| {
            let chosen = charge + self.parts[next].charges[choice];
            self.finds(next + 1, chosen)
        })
    }
}
