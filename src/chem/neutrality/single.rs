//! The rule for one composition: no list of choices is kept, and the first choice that balances ends the search.

use super::reach::{self, Share};
use super::rule::{ElementRule, Judgement, NeutralityRule, greatest_common_divisor};
use super::spread::{Charges, can_vanish};
use crate::chem::Element;
use crate::chem::oxidation::StateSet;

/// Most elements; compositions of more are judged through their [`FamilyRule`](super::FamilyRule).
const MOST_ELEMENTS: usize = 8;

/// Largest whole amount; charges beyond it are for the general search.
const MOST_ATOMS: f64 = 1e6;

impl NeutralityRule {
    /// The verdict of [`judge`](Self::judge) on whole amounts of few elements; `None` for others.
    pub(super) fn judge_single(&self, pairs: &[(Element, f64)]) -> Option<Judgement> {
        let count = pairs.len();
        if count > MOST_ELEMENTS {
            return None;
        }
        let mut elements = [ElementRule::NONE; MOST_ELEMENTS];
        for (rule, (element, _)) in elements.iter_mut().zip(pairs) {
            *rule = self.element(*element);
        }
        let elements = &elements[..count];
        if let Some(known) = self.known(elements) {
            return Some(known);
        }
        let mut amounts = [0_u32; MOST_ELEMENTS];
        let mut divisor = 0;
        for (whole, &(_, amount)) in amounts.iter_mut().zip(pairs) {
            *whole = amount as u32;
            if f64::from(*whole) != amount || amount > MOST_ATOMS {
                return None;
            }
            divisor = greatest_common_divisor(divisor, *whole);
        }
        if divisor > 1 {
            amounts.iter_mut().for_each(|amount| *amount /= divisor);
        }
        let amounts = &amounts[..count];
        if let Some(verdict) = self.judge_spread(pairs, elements, amounts) {
            return Some(verdict);
        }
        let Some(tolerance) = self.electronegativity_order else {
            return Some(balance(elements, amounts, |element| element.states, Judgement::Allowed));
        };
        // Without all electronegativities an order cannot be shown, but a charge that never balances can.
        if elements.iter().any(|element| element.electronegativity.is_nan()) {
            return Some(balance(elements, amounts, |element| element.states, Judgement::Undecided));
        }
        let mut verdict = Judgement::Forbidden;
        for least in least_electronegative_anions(elements) {
            match balance(elements, amounts, |element| element.ordered_states(least, tolerance), Judgement::Allowed) {
                Judgement::Allowed => return Some(Judgement::Allowed),
                Judgement::Undecided => verdict = Judgement::Undecided,
                Judgement::Forbidden => {}
            }
        }
        Some(verdict)
    }

    /// The same where every element has one state and small charges, by whole words; `None` elsewhere.
    fn judge_spread(&self, pairs: &[(Element, f64)], elements: &[ElementRule], amounts: &[u32]) -> Option<Judgement> {
        let count = pairs.len();
        let mut charges = [Charges::default(); MOST_ELEMENTS];
        let mut is_ordered = true;
        for (i, (element, _)) in pairs.iter().enumerate() {
            if elements[i].is_mixed {
                return None;
            }
            charges[i] = self.spread.charges(*element, amounts[i])?;
            is_ordered &= !elements[i].electronegativity.is_nan();
        }
        let charges = &charges[..count];
        let Some(tolerance) = self.electronegativity_order.filter(|_| is_ordered) else {
            let found = if self.electronegativity_order.is_none() { Judgement::Allowed } else { Judgement::Undecided };
            return Some(if can_vanish(charges)? { found } else { Judgement::Forbidden });
        };
        let mut allowed = [Charges::default(); MOST_ELEMENTS];
        for least in least_electronegative_anions(elements) {
            let mut is_possible = true;
            for i in 0..count {
                let (may_be_cation, may_be_anion) = elements[i].roles(least, tolerance);
                allowed[i] = charges[i].restricted(may_be_cation, may_be_anion);
                is_possible &= !allowed[i].is_empty();
            }
            if is_possible && can_vanish(&allowed[..count])? {
                return Some(Judgement::Allowed);
            }
        }
        Some(Judgement::Forbidden)
    }
}

/// Electronegativities that the least electronegative anion may have.
///
/// An element without negative states cannot be that anion: the next one above it allows all that it would. Where nobody
/// has any, only zeros balance, and every element allows those.
fn least_electronegative_anions(elements: &[ElementRule]) -> impl Iterator<Item = f64> {
    let anyone = elements.iter().any(|element| !element.states.negative().is_empty());
    let may_be = move |element: &&ElementRule| !anyone || !element.states.negative().is_empty();
    elements.iter().filter(may_be).map(|element| element.electronegativity)
}

/// `found` where a choice of these states balances.
fn balance(
    elements: &[ElementRule],
    amounts: &[u32],
    states: impl Fn(&ElementRule) -> StateSet,
    found: Judgement,
) -> Judgement {
    let mut shares = [Share { amount: 0, states: StateSet::EMPTY, is_mixed: false }; MOST_ELEMENTS];
    for ((share, element), &amount) in shares.iter_mut().zip(elements).zip(amounts) {
        *share = Share { amount, states: states(element), is_mixed: element.is_mixed };
    }
    match reach::is_balanced(shares[..elements.len()].iter().copied()) {
        Some(true) => found,
        Some(false) => Judgement::Forbidden,
        None => Judgement::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chem::neutrality::{MixedValence, RuleOptions};
    use crate::chem::oxidation::{Evidence, OxidationTable};

    proptest! {
        /// The general way is tested against SMACT (`tests/chemistry_peers.rs`).
        #[test]
        fn single_compositions_are_judged_as_their_family(
            pairs in proptest::collection::btree_map(1u8..=103, 1u32..40, 1..7),
            order in proptest::option::of(-1.0..1.0_f64), strict in any::<bool>(),
            mixed in any::<bool>(), allow_alloys in any::<bool>(),
        ) {
            let table = OxidationTable::named("icsd24", Evidence::default()).expect("named table");
            let rule = NeutralityRule::new(&table, &RuleOptions {
                electronegativity_order: if strict { Some(0.0) } else { order },
                mixed_valence: if mixed { MixedValence::Listed } else { MixedValence::None },
                allow_alloys,
            });
            let element = |z: &u8| Element::from_atomic_number(*z).expect("known");
            let elements: Vec<Element> = pairs.keys().map(element).collect();
            let amounts: Vec<u32> = pairs.values().copied().collect();
            let whole: Vec<(Element, f64)> =
                pairs.iter().map(|(z, amount)| (element(z), f64::from(*amount))).collect();
            prop_assert_eq!(rule.judge_single(&whole), Some(rule.family(&elements).judge(&amounts)));
        }
    }
}
