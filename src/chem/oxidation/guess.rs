//! The most likely oxidation states of a formula, as pymatgen guesses them.

use std::sync::OnceLock;

use super::sums::{Sum, sums};
use super::tables::{counts, lists};
use crate::chem::table::{self, TableError};
use crate::chem::{Composition, Element, NUM_ELEMENTS};

/// Most atoms of one element in a reduced formula.
pub const MAX_ATOMS: u16 = 128;

/// What came out of a guess.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum GuessOutcome {
    /// States that sum to zero: the likeliest are in the scratch.
    Found,
    /// No states sum to zero, or an element has no states.
    NotBalanced,
    /// The reduced formula has more atoms than `max_sites`, or more than [`MAX_ATOMS`] of one element.
    TooManySites,
    /// An amount of the reduced formula is no whole number.
    NotInteger,
}

/// Atoms of one element in one state.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct SpeciesAmount {
    /// The element.
    pub element: Element,
    /// Its oxidation state.
    pub state: i8,
    /// Atoms in the reduced formula.
    pub count: u32,
}

/// Memory of a guess, to be reused; holds the result.
#[derive(Clone, Debug, Default)]
pub struct GuessScratch {
    species: Vec<SpeciesAmount>,
    reduced: Composition,
    tails: Vec<Option<i64>>,
}

impl GuessScratch {
    /// Species of the last guess that was [`GuessOutcome::Found`], else empty: elements in the order of the formula, the
    /// states of each in the order of pymatgen's list.
    pub fn species(&self) -> &[SpeciesAmount] {
        &self.species
    }

    /// Mean oxidation state of an element in the last guess; `None` where it was not found.
    pub fn mean_state(&self, element: Element) -> Option<f64> {
        let of_element = self.species.iter().filter(|species| species.element == element);
        let (charge, count) = of_element.fold((0i64, 0u32), |(charge, count), species| {
            (charge + i64::from(species.state) * i64::from(species.count), count + species.count)
        });
        (count > 0).then(|| charge as f64 / f64::from(count))
    }
}

/// Guesses oxidation states as `Composition.oxi_state_guesses` of pymatgen-core 2026.10.16 does.
///
/// The formula is reduced as pymatgen reduces it (`H2`, `Li2O2` stay). Each atom takes a state of pymatgen's ICSD list, else of
/// its common list. Of all choices with charge zero the one with the largest sum of ICSD occurrences wins; of equal ones the
/// first in pymatgen's enumeration, which follows the order of the elements in the formula. pymatgen lists all combinations;
/// here both halves are dynamic programmes over charges, and what the atoms of one element can carry is computed once per
/// element and number of atoms.
///
/// A formula of one element is treated like any other, as matminer's `CompositionToOxidComposition` does through
/// `add_charges_from_oxi_state_guesses` (pymatgen's public `oxi_state_guesses` answers zero for it).
///
/// ```
/// use matsieve::chem::oxidation::{GuessOutcome, GuessScratch, OxidationGuesser};
/// let mut scratch = GuessScratch::default();
/// let magnetite = matsieve::chem::parse_formula("Fe3O4").unwrap();
/// assert_eq!(OxidationGuesser::pymatgen().guess(&magnetite, Some(50), &mut scratch), GuessOutcome::Found);
/// let found: Vec<_> = scratch.species().iter().map(|s| (s.element.symbol(), s.state, s.count)).collect();
/// assert_eq!(found, [("Fe", 2, 1), ("Fe", 3, 2), ("O", -2, 4)]);
/// ```
#[derive(Debug)]
pub struct OxidationGuesser {
    elements: Vec<ElementStates>,
    /// [`Sum`]s by element and number of atoms, filled on first use: a pure function of the tables.
    sums: Vec<OnceLock<Vec<Sum>>>,
}

#[derive(Clone, Debug, Default)]
struct ElementStates {
    states: Vec<i8>,
    priors: Vec<i64>,
}

impl OxidationGuesser {
    /// The guesser with pymatgen's tables, shared by all threads.
    pub fn pymatgen() -> &'static Self {
        static GUESSER: OnceLock<OxidationGuesser> = OnceLock::new();
        GUESSER.get_or_init(|| Self::from_tables().expect("a test reads every oxidation table"))
    }

    fn from_tables() -> Result<Self, TableError> {
        let common = lists(table::table("pymatgen_common")?)?;
        let occurrence = counts(table::table("pymatgen_occurrence")?)?;
        let mut elements = Vec::with_capacity(NUM_ELEMENTS);
        for (row, icsd) in lists(table::table("pymatgen_icsd")?)?.into_iter().enumerate() {
            let states = if icsd.is_empty() { common[row].clone() } else { icsd };
            let prior = |state: &i8| {
                let known = occurrence.iter().find(|(element, q, _)| element.row() == row && q == state);
                known.map_or(0, |(_, _, count)| i64::from(*count))
            };
            let priors = states.iter().map(prior).collect();
            elements.push(ElementStates { states, priors });
        }
        let sums = std::iter::repeat_with(OnceLock::new).take(NUM_ELEMENTS * usize::from(MAX_ATOMS)).collect();
        Ok(Self { elements, sums })
    }

    /// Guesses the states of a composition; with `max_sites`, reduced formulas of more atoms are refused (matminer: 50).
    ///
    /// Does not allocate once `scratch` has grown and the sums of the elements are known.
    pub fn guess(&self, composition: &Composition, max_sites: Option<u32>, scratch: &mut GuessScratch) -> GuessOutcome {
        let GuessScratch { species, reduced, tails } = scratch;
        species.clear();
        reduced.copy_from(composition);
        reduced.reduce();
        if max_sites.is_some_and(|limit| reduced.num_atoms() > f64::from(limit)) {
            return GuessOutcome::TooManySites;
        }
        if reduced.pairs().iter().any(|(_, amount)| amount.fract() != 0.0) {
            return GuessOutcome::NotInteger;
        }
        if reduced.pairs().iter().any(|(_, amount)| *amount > f64::from(MAX_ATOMS)) {
            return GuessOutcome::TooManySites;
        }
        let pairs = reduced.pairs();
        let Some(range) = self.range(pairs) else { return GuessOutcome::NotBalanced };
        let Some(mut best) = self.fill_tails(pairs, range, tails) else { return GuessOutcome::NotBalanced };
        // The first total of each element that keeps the best score is the one that a stable sort puts first.
        let mut charge = 0;
        for (place, &(element, amount)) in pairs.iter().enumerate() {
            let tail = |charge: i32| range.tail(tails, place + 1, charge);
            let chosen = self
                .sums(element, amount)
                .iter()
                .find(|sum| tail(charge + sum.charge).is_some_and(|rest| rest + sum.score == best));
            let Some(sum) = chosen else { return GuessOutcome::NotBalanced };
            charge += sum.charge;
            best -= sum.score;
            let states = &self.elements[element.row()].states;
            for (&state, &count) in states.iter().zip(&sum.counts).filter(|(_, count)| **count > 0) {
                species.push(SpeciesAmount { element, state, count: u32::from(count) });
            }
        }
        GuessOutcome::Found
    }

    fn sums(&self, element: Element, amount: f64) -> &[Sum] {
        let num_atoms = amount as u16;
        let place = element.row() * usize::from(MAX_ATOMS) + usize::from(num_atoms) - 1;
        let ElementStates { states, priors } = &self.elements[element.row()];
        self.sums[place].get_or_init(|| sums(states, priors, num_atoms))
    }

    /// Charges that the first elements can leave to the others; `None` where an element has no states.
    fn range(&self, pairs: &[(Element, f64)]) -> Option<Range> {
        let (mut lowest, mut highest) = (0, 0);
        for &(element, amount) in pairs {
            let states = &self.elements[element.row()].states;
            lowest += i32::from(*states.iter().min()?).min(0) * amount as i32;
            highest += i32::from(*states.iter().max()?).max(0) * amount as i32;
        }
        Some(Range { lowest, width: (highest - lowest) as usize + 1 })
    }

    /// Fills, for each element and each charge of those before it, the best score of it and those after it that brings the charge
    /// to zero; returns the best of all.
    fn fill_tails(&self, pairs: &[(Element, f64)], range: Range, tails: &mut Vec<Option<i64>>) -> Option<i64> {
        tails.clear();
        tails.resize(range.width * (pairs.len() + 1), None);
        tails[pairs.len() * range.width + (-range.lowest) as usize] = Some(0);
        for (place, &(element, amount)) in pairs.iter().enumerate().rev() {
            let (heads, rests) = tails.split_at_mut((place + 1) * range.width);
            let (head, rest) = (&mut heads[place * range.width..], &rests[..range.width]);
            let sums = self.sums(element, amount);
            if place == 0 {
                let at_zero = (-range.lowest) as usize;
                return sums
                    .iter()
                    .filter_map(|sum| Some(sum.score + (*rest.get((at_zero as i32 + sum.charge) as usize)?)?))
                    .max();
            }
            for sum in sums {
                for (after, score) in rest.iter().enumerate() {
                    let (Some(score), before) = (score, after as i32 - sum.charge) else { continue };
                    if let Some(best) = usize::try_from(before).ok().and_then(|before| head.get_mut(before)) {
                        *best = (*best).max(Some(score + sum.score));
                    }
                }
            }
        }
        None
    }
}

/// Charges from `lowest` on, `width` of them.
#[derive(Copy, Clone)]
struct Range {
    lowest: i32,
    width: usize,
}

impl Range {
    fn tail(self, tails: &[Option<i64>], place: usize, charge: i32) -> Option<i64> {
        let offset = usize::try_from(charge - self.lowest).ok().filter(|offset| *offset < self.width)?;
        tails[place * self.width + offset]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::parse_formula;

    fn guess(formula: &str) -> (GuessOutcome, Vec<(&'static str, i8, u32)>) {
        let mut scratch = GuessScratch::default();
        let composition = parse_formula(formula).expect("formula");
        let outcome = OxidationGuesser::pymatgen().guess(&composition, Some(50), &mut scratch);
        (outcome, scratch.species().iter().map(|s| (s.element.symbol(), s.state, s.count)).collect())
    }

    #[test]
    fn hematite_is_iron_three_with_oxygen_minus_two() {
        assert_eq!(guess("Fe4O6"), (GuessOutcome::Found, vec![("Fe", 3, 2), ("O", -2, 3)]));
    }

    #[test]
    fn peroxides_have_no_balance_because_oxygen_is_listed_at_minus_two_only() {
        assert_eq!(guess("Na2O2").0, GuessOutcome::NotBalanced);
    }

    #[test]
    fn hydrogen_alone_is_reduced_to_h2_and_split_into_plus_and_minus() {
        // pymatgen: Composition("H").reduced_composition is H2, its ICSD states are 1 and -1.
        assert_eq!(guess("H"), (GuessOutcome::Found, vec![("H", 1, 1), ("H", -1, 1)]));
    }

    #[test]
    fn large_and_fractional_formulas_get_no_guess() {
        assert_eq!(guess("NaF2").0, GuessOutcome::NotBalanced);
        assert_eq!(guess("C29H51").0, GuessOutcome::TooManySites);
        assert_eq!(guess("Fe0.5O").0, GuessOutcome::NotInteger);
        assert_eq!(guess("HeO").0, GuessOutcome::NotBalanced);
    }

    #[test]
    fn mean_states_are_weighted_by_atoms() {
        let mut scratch = GuessScratch::default();
        let magnetite = parse_formula("Fe3O4").expect("formula");
        OxidationGuesser::pymatgen().guess(&magnetite, None, &mut scratch);
        // (2 + 3 + 3) / 3.
        assert_eq!(scratch.mean_state("Fe".parse().expect("iron")), Some(8.0 / 3.0));
        assert_eq!(scratch.mean_state("H".parse().expect("hydrogen")), None);
    }
}
