//! What `n` atoms of one element can carry together, and how likely: the inner half of the guess.

/// One total charge of the atoms of an element.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sum {
    /// Total charge.
    pub charge: i32,
    /// Sum of the priors of the most likely combination.
    pub score: i64,
    /// Atoms in each state, in the order of the element's list.
    pub counts: Box<[u16]>,
}

/// All totals that `num_atoms` atoms can have, in the order in which `combinations_with_replacement` first meets them.
///
/// Of equally likely combinations for one total the first in that order is kept. `combinations_with_replacement` yields index
/// tuples in lexicographic order, which is the falling lexicographic order of the counts: so *first* means *most atoms in the
/// first state, then in the second, …*, and no combination needs to be listed. Time and memory are proportional to states ×
/// atoms × (atoms × spread of the states).
pub(super) fn sums(states: &[i8], priors: &[i64], num_atoms: u16) -> Vec<Sum> {
    let (Some(&lowest), Some(&highest)) = (states.iter().min(), states.iter().max()) else { return Vec::new() };
    let width = usize::from(num_atoms) * (i32::from(highest) - i32::from(lowest)) as usize + 1;
    let table = Table::new(states, priors, usize::from(num_atoms), lowest, width);
    let mut found: Vec<(Vec<u16>, Sum)> = Vec::new();
    for rise in 0..width {
        let Some(score) = table.score(0, usize::from(num_atoms), rise) else { continue };
        let charge = rise as i32 + i32::from(num_atoms) * i32::from(lowest);
        let first_met = table.counts(rise, |_, _| true);
        let counts = table.counts(rise, |score, through| score == through);
        found.push((first_met, Sum { charge, score, counts: counts.into() }));
    }
    found.sort_by(|a, b| b.0.cmp(&a.0));
    found.into_iter().map(|(_, sum)| sum).collect()
}

/// Best score of `atoms` atoms in the states from `first` on with total `rise` above the lowest, or none.
struct Table<'a> {
    priors: &'a [i64],
    steps: Vec<usize>,
    num_atoms: usize,
    width: usize,
    scores: Vec<i64>,
}

const UNREACHABLE: i64 = i64::MIN;

impl<'a> Table<'a> {
    fn new(states: &[i8], priors: &'a [i64], num_atoms: usize, lowest: i8, width: usize) -> Self {
        let steps: Vec<_> = states.iter().map(|&state| (i32::from(state) - i32::from(lowest)) as usize).collect();
        let scores = vec![UNREACHABLE; (steps.len() + 1) * (num_atoms + 1) * width];
        let mut table = Self { priors, steps, num_atoms, width, scores };
        let end = table.steps.len();
        let origin = table.place(end, 0, 0);
        table.scores[origin] = 0;
        for first in (0..end).rev() {
            for atoms in 0..=num_atoms {
                for rise in 0..width {
                    let without = table.score(first + 1, atoms, rise);
                    let with = table.one_less(first, atoms, rise).map(|score| score + priors[first]);
                    let place = table.place(first, atoms, rise);
                    table.scores[place] = without.max(with).unwrap_or(UNREACHABLE);
                }
            }
        }
        table
    }

    fn place(&self, first: usize, atoms: usize, rise: usize) -> usize {
        (first * (self.num_atoms + 1) + atoms) * self.width + rise
    }

    fn score(&self, first: usize, atoms: usize, rise: usize) -> Option<i64> {
        Some(self.scores[self.place(first, atoms, rise)]).filter(|score| *score != UNREACHABLE)
    }

    /// Score of what is left when one atom takes the state `first`.
    fn one_less(&self, first: usize, atoms: usize, rise: usize) -> Option<i64> {
        self.score(first, atoms.checked_sub(1)?, rise.checked_sub(self.steps[first])?)
    }

    /// The first counts that reach `rise`, taking an atom into a state whenever `accept(score, score through it)` holds.
    fn counts(&self, mut rise: usize, accept: impl Fn(i64, i64) -> bool) -> Vec<u16> {
        let mut atoms = self.num_atoms;
        (0..self.steps.len())
            .map(|state| {
                let mut count = 0;
                while let (Some(score), Some(rest)) =
                    (self.score(state, atoms, rise), self.one_less(state, atoms, rise))
                {
                    if !accept(score, rest + self.priors[state]) {
                        break;
                    }
                    count += 1;
                    atoms -= 1;
                    rise -= self.steps[state];
                }
                count
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_come_in_the_order_of_combinations_with_replacement() {
        // States 1 and -1, two atoms: (1, 1), (1, -1), (-1, -1).
        let sums = sums(&[1, -1], &[10, 1], 2);
        let found: Vec<_> = sums.iter().map(|sum| (sum.charge, sum.score, sum.counts.to_vec())).collect();
        assert_eq!(found, [(2, 20, vec![2, 0]), (0, 11, vec![1, 1]), (-2, 2, vec![0, 2])]);
    }

    #[test]
    fn of_combinations_with_one_total_the_likeliest_is_kept_and_the_first_of_equals() {
        // Three states, two atoms, total 4: (3, 1) scores 2, (2, 2) scores 10 and comes later; its rank is that of (3, 1).
        let likely = sums(&[3, 1, 2], &[1, 1, 5], 2);
        let four = likely.iter().position(|sum| sum.charge == 4).expect("reachable");
        assert_eq!((four, likely[four].score, likely[four].counts.to_vec()), (1, 10, vec![0, 0, 2]));
        let equal = sums(&[3, 1, 2], &[0, 0, 0], 2);
        assert_eq!(equal[1].counts.to_vec(), [1, 1, 0]);
    }

    #[test]
    fn an_element_without_states_has_no_total() {
        assert!(sums(&[], &[], 2).is_empty());
    }
}
