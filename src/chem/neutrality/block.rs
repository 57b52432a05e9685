//! All stoichiometries of an element set at once: which of them balance.
//!
//! Meet in the middle: the elements are cut into two halves; for each distinct pair (or triple, …) of amounts of a half, the
//! charges it can reach are bits of a mask, those of the second half with their sign turned. A stoichiometry balances when the
//! masks of its halves share a bit. With amounts up to 8 there are 64 masks a half for 3,823 reduced quaternaries, so the work
//! a stoichiometry is a few word operations.

use std::ops::Range;

use super::FamilyRule;
use crate::chem::oxidation::StateSet;

/// Stoichiometries of element sets of one size, cut into halves; reused for one element set after the other.
#[derive(Clone, Debug)]
pub struct FamilyBlock {
    halves: [Half; 2],
    /// Row of each half, for each stoichiometry.
    pairs: Vec<[u32; 2]>,
}

/// One half of the elements.
#[derive(Clone, Debug)]
struct Half {
    /// Elements of the half.
    elements: Range<usize>,
    /// Distinct amounts, row-major, in lexicographic order.
    amounts: Vec<u8>,
    /// Largest amount of each element.
    most: Vec<u8>,
}

impl FamilyBlock {
    /// Stoichiometries of `num_elements` amounts each, row-major.
    ///
    /// # Panics
    /// If `amounts` is no whole number of rows.
    pub fn new(num_elements: usize, amounts: &[u8]) -> Self {
        assert!(num_elements > 0 && amounts.len().is_multiple_of(num_elements), "whole rows of amounts");
        let rows = || amounts.chunks_exact(num_elements);
        let middle = num_elements / 2;
        let half = |elements: Range<usize>| {
            let mut distinct: Vec<&[u8]> = rows().map(|row| &row[elements.clone()]).collect();
            distinct.sort_unstable();
            distinct.dedup();
            let most = elements.clone().map(|element| rows().map(|row| row[element]).max().unwrap_or(0)).collect();
            let numbers: Vec<u32> =
                rows().map(|row| distinct.partition_point(|&other| other < &row[elements.clone()]) as u32).collect();
            (Half { amounts: distinct.concat(), elements, most }, numbers)
        };
        let (first, first_numbers) = half(0..middle);
        let (second, second_numbers) = half(middle..num_elements);
        let pairs = first_numbers.into_iter().zip(second_numbers).map(|(a, b)| [a, b]).collect();
        Self { halves: [first, second], pairs }
    }

    /// Sets the bit of each stoichiometry in `span` that a choice of the family balances (row *i* in bit *i* mod 64 of word
    /// *i* / 64) and clears the others; bits of words that `span` does not touch stay.
    ///
    /// `false`, and nothing done, if charges are too large for the masks: judge singly then.
    ///
    /// # Panics
    /// If the family has another number of elements, or `balanced` is too short.
    pub fn balance(&self, family: &FamilyRule, span: Range<usize>, balanced: &mut [u64]) -> bool {
        let num_elements = self.halves[1].elements.end;
        assert_eq!(family.mixed.len(), num_elements, "a family of as many elements");
        let Some(reach) = family.choices.iter().map(|choice| self.reach(choice)).max() else {
            fill(balanced, &span, 0);
            return true;
        };
        // Sums from -reach to reach around the middle bit.
        match reach {
            0..64 => self.balance_in::<2>(family, span, balanced),
            64..128 => self.balance_in::<4>(family, span, balanced),
            128..256 => self.balance_in::<8>(family, span, balanced),
            256..512 => self.balance_in::<16>(family, span, balanced),
            _ => return false,
        }
        true
    }

    /// Largest magnitude of a sum of charges of one half.
    fn reach(&self, choice: &[StateSet]) -> i32 {
        let of_half = |half: &Half| {
            let elements = choice[half.elements.clone()].iter().zip(&half.most);
            elements.map(|(&states, &most)| i32::from(most) * magnitude(states)).sum()
        };
        self.halves.iter().map(of_half).max().unwrap_or(0)
    }

    fn balance_in<const N: usize>(&self, family: &FamilyRule, span: Range<usize>, balanced: &mut [u64]) {
        fill(balanced, &span, 0);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for choice in &family.choices {
            self.halves[0].masks::<N>(choice, &family.mixed, 1, &mut first);
            self.halves[1].masks::<N>(choice, &family.mixed, -1, &mut second);
            let words = span.start / 64..span.end.div_ceil(64);
            for (balanced, word) in balanced[words.clone()].iter_mut().zip(words) {
                let rows = span.start.max(word * 64)..span.end.min((word + 1) * 64);
                let mut bits = 0;
                for (row, [a, b]) in rows.clone().zip(&self.pairs[rows]) {
                    let (a, b) = (&first[*a as usize], &second[*b as usize]);
                    let common = a.iter().zip(b).fold(0, |common, (a, b)| common | a & b);
                    bits |= u64::from(common != 0) << (row % 64);
                }
                *balanced |= bits;
            }
        }
    }
}

impl Half {
    /// The charges that each row of amounts can reach, times `sign`: charge *c* is bit 32 `N` + *c*.
    fn masks<const N: usize>(&self, choice: &[StateSet], mixed: &[bool], sign: i32, out: &mut Vec<[u64; N]>) {
        let width = self.elements.len();
        let mut origin = [0; N];
        origin[N / 2] = 1;
        out.clear();
        if width == 0 {
            out.push(origin);
            return;
        }
        // Rows are in lexicographic order: what the first elements reach is kept for the rows that share them.
        let mut levels = vec![origin; width + 1];
        let mut previous: &[u8] = &[];
        for row in self.amounts.chunks_exact(width) {
            let shared = row.iter().zip(previous).take_while(|(a, b)| a == b).count();
            for level in shared..width {
                let element = self.elements.start + level;
                levels[level + 1] = add(&levels[level], choice[element], mixed[element], row[level], sign);
            }
            out.push(levels[width]);
            previous = row;
        }
    }
}

/// Charges reached from those of `before` with `amount` atoms more.
fn add<const N: usize>(before: &[u64; N], states: StateSet, is_mixed: bool, amount: u8, sign: i32) -> [u64; N] {
    let (rounds, stride) = if is_mixed { (amount, 1) } else { (1, i32::from(amount)) };
    let mut reached = *before;
    for _ in 0..rounds {
        let mut after = [0; N];
        for state in states.iter() {
            or_shifted(&mut after, &reached, sign * stride * i32::from(state));
        }
        reached = after;
    }
    reached
}

/// `target |= bits << shift`, to the right for negative shifts; bits beyond the ends are lost.
fn or_shifted<const N: usize>(target: &mut [u64; N], bits: &[u64; N], shift: i32) {
    let (words, shift) = (shift.div_euclid(64), shift.rem_euclid(64) as u32);
    let word = |place: i32| usize::try_from(place).ok().and_then(|place| bits.get(place)).copied().unwrap_or(0);
    for (place, target) in target.iter_mut().enumerate() {
        let place = place as i32 - words;
        // A shift by 64 is none: the lower word gives nothing when `shift` is 0.
        let carried = word(place - 1).checked_shr(64 - shift).unwrap_or(0);
        *target |= word(place) << shift | carried;
    }
}

fn magnitude(states: StateSet) -> i32 {
    let ends = [states.lowest(), states.highest()];
    ends.into_iter().flatten().map(|state| i32::from(state).abs()).max().unwrap_or(0)
}

fn fill(words: &mut [u64], span: &Range<usize>, value: u64) {
    words[span.start / 64..span.end.div_ceil(64)].fill(value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chem::Element;
    use crate::chem::neutrality::{Judgement, MixedValence, NeutralityRule, RuleOptions};
    use crate::chem::oxidation::{Evidence, OxidationTable};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_block_balances_what_the_family_judges_allowed(
            numbers in proptest::collection::btree_set(1u8..=103, 2..6),
            table in prop_oneof![Just("icsd24"), Just("smact14"), Just("pymatgen_icsd"), Just("wiki")],
            order in prop_oneof![Just(None), Just(Some(0.0)), Just(Some(0.5))],
            mixed_valence in prop_oneof![Just(MixedValence::None), Just(MixedValence::Listed), Just(MixedValence::All)],
            most in 1u8..24,
            picks in proptest::collection::vec(any::<u8>(), 150 * 6),
            cut in 0usize..150,
        ) {
            let elements: Vec<Element> = numbers.into_iter().filter_map(Element::from_atomic_number).collect();
            let table = OxidationTable::named(table, Evidence::default()).expect("named table");
            let options = RuleOptions { electronegativity_order: order, mixed_valence, ..RuleOptions::default() };
            let family = NeutralityRule::new(&table, &options).family(&elements);
            let amounts: Vec<u8> = picks[..150 * elements.len()].iter().map(|pick| pick % most + 1).collect();
            let block = FamilyBlock::new(elements.len(), &amounts);
            let mut balanced = [u64::MAX; 3];
            if family.known().is_none() && block.balance(&family, cut..150, &mut balanced) {
                let allowed = family.verdict_if_found();
                for (row, amounts) in amounts.chunks_exact(elements.len()).enumerate().skip(cut) {
                    let expected = if balanced[row / 64] >> (row % 64) & 1 == 1 { allowed } else { Judgement::Forbidden };
                    prop_assert_eq!(family.judge(amounts), expected, "{:?} {:?}", elements, amounts);
                }
            }
        }
    }

    #[test]
    fn shifts_cross_words_in_both_directions() {
        let shifted = |shift| {
            let mut target = [0; 2];
            or_shifted(&mut target, &[1 << 63, 1], shift);
            target
        };
        assert_eq!(shifted(0), [1 << 63, 1]);
        assert_eq!(shifted(1), [0, 3]);
        assert_eq!(shifted(-1), [1 << 62 | 1 << 63, 0]);
        assert_eq!(shifted(64), [0, 1 << 63]);
        assert_eq!(shifted(-64), [1, 0]);
        assert_eq!(shifted(-63), [1 | 1 << 1, 0]);
    }
}
