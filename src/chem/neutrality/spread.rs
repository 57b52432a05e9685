//! Charges of one element's atoms as bits of one word: which sums vanish is then a matter of shifts.

use super::rule::ElementRule;
use crate::chem::oxidation::StateSet;
use crate::chem::{Element, NUM_ELEMENTS};

/// Largest amount with a ready-made word.
const MOST_AMOUNT: usize = 8;

/// The bit of charge zero; charge *c* is bit `ORIGIN` + *c*.
const ORIGIN: u32 = 64;

/// A set of charges from −63 to +63.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Charges(u128);

impl Charges {
    /// What `amount` atoms carry, all in the same state; `None` if a charge is beyond the word.
    fn of(states: StateSet, amount: usize) -> Option<Self> {
        let mut bits = 0;
        for state in states.iter() {
            let charge = i32::from(state) * amount as i32;
            if charge.unsigned_abs() >= ORIGIN {
                return None;
            }
            bits |= 1 << (ORIGIN as i32 + charge);
        }
        Some(Self(bits))
    }

    /// Zero, the positive ones where the element may be a cation, and the negative ones where it may be an anion.
    pub(super) fn restricted(self, may_be_cation: bool, may_be_anion: bool) -> Self {
        const POSITIVE: u128 = !0 << (ORIGIN + 1);
        const NEGATIVE: u128 = (1 << ORIGIN) - 1;
        let cation = if may_be_cation { POSITIVE } else { 0 };
        let anion = if may_be_anion { NEGATIVE } else { 0 };
        Self(self.0 & (cation | anion | 1 << ORIGIN))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn negated(self) -> u128 {
        // Bit 64 + c goes to 63 − c and on to 64 − c.
        self.0.reverse_bits() << 1
    }

    /// Largest magnitude.
    fn extent(self) -> u32 {
        let (highest, lowest) = (127 - self.0.leading_zeros() as i32, self.0.trailing_zeros() as i32);
        (highest - ORIGIN as i32).unsigned_abs().max((lowest - ORIGIN as i32).unsigned_abs())
    }

    /// All sums of a charge of `self` and one of `other`; those beyond the word are lost.
    fn sums(self, other: Self) -> Self {
        let (mut few, many) =
            if self.0.count_ones() < other.0.count_ones() { (self.0, other.0) } else { (other.0, self.0) };
        let mut sums = 0;
        while few != 0 {
            let bit = few.trailing_zeros();
            sums |= if bit >= ORIGIN { many << (bit - ORIGIN) } else { many >> (ORIGIN - bit) };
            few &= few - 1;
        }
        Self(sums)
    }
}

/// Whether one charge of each set, two sets at least, can sum to zero; `None` if that takes more than a word.
pub(super) fn can_vanish(sets: &[Charges]) -> Option<bool> {
    match sets {
        [a, b] => Some(a.0 & b.negated() != 0),
        // A sum of two that is lost is larger than any charge that could make up for it.
        [a, b, c] => {
            let (a, b, c) = if a.0.count_ones() > c.0.count_ones() { (c, b, a) } else { (a, b, c) };
            Some(a.sums(*b).0 & c.negated() != 0)
        }
        _ => {
            let halves = sets.split_at(sets.len() / 2);
            let fits = |half: &[Charges]| half.iter().map(|set| set.extent()).sum::<u32>() < ORIGIN;
            let sum = |half: &[Charges]| half.iter().fold(Charges(1 << ORIGIN), |sum, &set| sum.sums(set));
            (fits(halves.0) && fits(halves.1)).then(|| sum(halves.0).0 & sum(halves.1).negated() != 0)
        }
    }
}

/// The charges of every element in small amounts; empty where there is no word for them.
#[derive(Clone, Debug)]
pub(super) struct SpreadStates(Box<[[Charges; MOST_AMOUNT]; NUM_ELEMENTS]>);

impl SpreadStates {
    pub(super) fn new(elements: &[ElementRule; NUM_ELEMENTS]) -> Self {
        let charges = |row: usize, amount| Charges::of(elements[row].states, amount).unwrap_or_default();
        Self(Box::new(std::array::from_fn(|row| std::array::from_fn(|place| charges(row, place + 1)))))
    }

    /// The charges of so many atoms, all in the same state, where there is a word for them.
    pub(super) fn charges(&self, element: Element, amount: u32) -> Option<Charges> {
        let charges = *self.0[element.row()].get((amount as usize).wrapping_sub(1))?;
        (!charges.is_empty()).then_some(charges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charges(states: &[i8], amount: usize) -> Charges {
        Charges::of(states.iter().copied().collect(), amount).expect("fits")
    }

    #[test]
    fn charges_of_two_atoms_are_twice_the_states() {
        assert_eq!(charges(&[2, 3], 2), Charges(1 << 68 | 1 << 70));
        assert_eq!(Charges::of([8].into_iter().collect(), 8), None);
    }

    #[test]
    fn hematite_vanishes_and_wustite_with_iron_three_does_not() {
        assert_eq!(can_vanish(&[charges(&[3], 2), charges(&[-2], 3)]), Some(true));
        assert_eq!(can_vanish(&[charges(&[3], 1), charges(&[-2], 1)]), Some(false));
    }

    #[test]
    fn sums_of_four_elements_vanish_in_halves() {
        // K Na Ti O3 with Ti 4+: 1 + 1 + 4 − 6 = 0.
        let sets = [charges(&[1], 1), charges(&[1], 1), charges(&[2, 3, 4], 1), charges(&[-2], 3)];
        assert_eq!(can_vanish(&sets), Some(true));
        let wide = [charges(&[7], 8), charges(&[7], 8), charges(&[-7], 8), charges(&[-7], 8)];
        assert_eq!(can_vanish(&wide), None);
    }

    #[test]
    fn restriction_keeps_zero_and_the_allowed_sign() {
        let all = charges(&[-2, 0, 2], 1);
        assert_eq!(all.restricted(true, false), charges(&[0, 2], 1));
        assert_eq!(all.restricted(false, true), charges(&[-2, 0], 1));
    }
}
