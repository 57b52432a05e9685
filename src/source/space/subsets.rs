//! Element sets of one size in lexicographic order: counted, found by number, stepped through.
//!
//! A combinatorial number system with side conditions: the number of ways to complete a partial choice such that every
//! required group is met, tabulated once, turns a rank into a subset and back into steps.

use crate::chem::{Element, ElementSet};

/// Element sets of `size` elements that contain all required ones and at least one of each group.
#[derive(Clone, Debug)]
pub(super) struct Subsets {
    required: Vec<Element>,
    free: Vec<Element>,
    /// Bit *g* = the free element is in group *g*.
    groups_of: Vec<u32>,
    num_groups: u32,
    /// Elements to choose from `free`.
    choices: usize,
    /// Ways to complete: `[position][still to choose][groups met]`.
    completions: Vec<u128>,
}

/// A place in the sequence of element sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    /// Positions in `free`, ascending.
    positions: Vec<usize>,
    /// Groups met before each slot.
    met: Vec<usize>,
    /// The element set, ascending atomic number.
    pub elements: Vec<Element>,
}

impl Subsets {
    /// `None` if the number of sets overflows u128.
    pub fn new(required: ElementSet, free: ElementSet, groups: &[ElementSet], size: usize) -> Option<Self> {
        let free: Vec<Element> = free.iter().collect();
        let groups_of = free
            .iter()
            .map(|&element| (0..groups.len()).filter(|&g| groups[g].contains(element)).map(|g| 1 << g).sum())
            .collect();
        let mut subsets = Self {
            required: required.iter().collect(),
            groups_of,
            num_groups: groups.len() as u32,
            // A size below the number of required elements has no sets; the table then stays all zero.
            choices: size.checked_sub(required.len()).unwrap_or(usize::MAX),
            completions: Vec::new(),
            free,
        };
        if subsets.choices <= subsets.free.len() {
            subsets.tabulate()?;
        }
        Some(subsets)
    }

    fn slot(&self, position: usize, remaining: usize, met: usize) -> usize {
        ((position * (self.choices + 1) + remaining) << self.num_groups) + met
    }

    fn tabulate(&mut self) -> Option<()> {
        let (n, all) = (self.free.len(), (1usize << self.num_groups) - 1);
        self.completions = vec![0; self.slot(n + 1, 0, 0)];
        for position in (0..=n).rev() {
            for remaining in 0..=self.choices.min(n - position) {
                for met in 0..=all {
                    let ways = if remaining == 0 {
                        u128::from(met == all)
                    } else {
                        let with = met | self.groups_of[position] as usize;
                        self.ways(position + 1, remaining - 1, with).checked_add(self.ways(
                            position + 1,
                            remaining,
                            met,
                        ))?
                    };
                    let slot = self.slot(position, remaining, met);
                    self.completions[slot] = ways;
                }
            }
        }
        Some(())
    }

    /// Number of ways to choose `remaining` elements from `free[position..]` such that all groups are met.
    fn ways(&self, position: usize, remaining: usize, met: usize) -> u128 {
        self.completions.get(self.slot(position, remaining, met)).copied().unwrap_or(0)
    }

    /// Number of element sets.
    pub fn count(&self) -> u128 {
        if self.completions.is_empty() { 0 } else { self.ways(0, self.choices, 0) }
    }

    /// Moves the cursor to the element set of this rank.
    ///
    /// # Panics
    /// If `rank` is not below [`count`](Self::count).
    pub fn seek(&self, mut rank: u128, cursor: &mut Cursor) {
        assert!(rank < self.count(), "rank {rank} of {} element sets", self.count());
        cursor.positions.clear();
        cursor.met.clear();
        let (mut position, mut met) = (0, 0);
        for remaining in (0..self.choices).rev() {
            loop {
                let ways = self.ways(position + 1, remaining, met | self.groups_of[position] as usize);
                if rank < ways {
                    break;
                }
                rank -= ways;
                position += 1;
            }
            cursor.positions.push(position);
            cursor.met.push(met);
            met |= self.groups_of[position] as usize;
            position += 1;
        }
        self.name(cursor);
    }

    /// Moves the cursor to the next element set; `false` after the last.
    pub fn advance(&self, cursor: &mut Cursor) -> bool {
        let n = self.free.len();
        while let (Some(last), Some(met)) = (cursor.positions.pop(), cursor.met.pop()) {
            let mut remaining = self.choices - cursor.positions.len() - 1;
            let possible = |position: usize, met: usize, after: usize| {
                self.ways(position + 1, after, met | self.groups_of[position] as usize) > 0
            };
            let Some(mut position) = (last + 1..n).find(|&position| possible(position, met, remaining)) else {
                continue;
            };
            let mut met = met;
            loop {
                cursor.positions.push(position);
                cursor.met.push(met);
                met |= self.groups_of[position] as usize;
                if remaining == 0 {
                    self.name(cursor);
                    return true;
                }
                remaining -= 1;
                position = (position + 1..n)
                    .find(|&position| possible(position, met, remaining))
                    .expect("the table says that the choice can be completed");
            }
        }
        false
    }

    /// Merges required and chosen elements, both ascending.
    fn name(&self, cursor: &mut Cursor) {
        cursor.elements.clear();
        let mut required = self.required.iter().copied().peekable();
        for &position in &cursor.positions {
            let element = self.free[position];
            while let Some(earlier) = required.next_if(|&r| r < element) {
                cursor.elements.push(earlier);
            }
            cursor.elements.push(element);
        }
        cursor.elements.extend(required);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(bits: u32) -> ElementSet {
        Element::all().take(10).enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, element)| element).collect()
    }

    proptest! {
        #[test]
        fn every_subset_that_meets_the_conditions_comes_once_in_lexicographic_order(
            available in 0u32..1024, required in 0u32..1024, groups in proptest::collection::vec(1u32..1024, 0..4), size in 0usize..6,
        ) {
            let required = required & available;
            let free = available & !required;
            let unmet: Vec<u32> = groups.into_iter().filter(|group| group & required == 0).map(|group| group & free).collect();
            let sets: Vec<ElementSet> = unmet.iter().map(|&group| set(group)).collect();
            let subsets = Subsets::new(set(required), set(free), &sets, size).expect("small");
            // Brute force over all subsets of the free elements.
            let mut expected: Vec<Vec<Element>> = (0u32..1024)
                .filter(|chosen| chosen & !free == 0 && (chosen | required).count_ones() as usize == size)
                .filter(|chosen| unmet.iter().all(|group| group & chosen != 0))
                .map(|chosen| set(chosen).iter().collect())
                .collect();
            expected.sort();
            let expected: Vec<ElementSet> =
                expected.into_iter().map(|chosen| chosen.into_iter().chain(set(required).iter()).collect()).collect();
            prop_assert_eq!(subsets.count(), expected.len() as u128);
            let mut stepped = Cursor::default();
            for (rank, wanted) in expected.iter().enumerate() {
                let mut cursor = Cursor::default();
                subsets.seek(rank as u128, &mut cursor);
                if rank == 0 {
                    subsets.seek(0, &mut stepped);
                } else {
                    prop_assert!(subsets.advance(&mut stepped));
                }
                let wanted: Vec<Element> = wanted.iter().collect();
                prop_assert_eq!(&cursor.elements, &wanted);
                prop_assert_eq!(&stepped.elements, &wanted);
            }
            prop_assert!(expected.is_empty() || !subsets.advance(&mut stepped));
        }
    }
}
