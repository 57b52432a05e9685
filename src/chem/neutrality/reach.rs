//! Which charges can be reached: sums as bits of a word.

use crate::chem::oxidation::StateSet;

/// Bits of the widest search: charges beyond it stay undecided.
pub(super) const WIDE: usize = 32 * 1024;
const WORDS: usize = WIDE / 64;

/// One element's part in a sum.
#[derive(Copy, Clone)]
pub(super) struct Share {
    /// Atoms.
    pub amount: u32,
    /// States to choose from, at least one.
    pub states: StateSet,
    /// Whether each atom chooses for itself.
    pub is_mixed: bool,
}

/// Whether a choice of states sums to zero; `None` if the charges are too large for the search.
pub(super) fn is_balanced(shares: impl Iterator<Item = Share> + Clone) -> Option<bool> {
    let (mut lowest, mut highest) = (0i64, 0i64);
    for Share { amount, states, .. } in shares.clone() {
        let (Some(low), Some(high)) = (states.lowest(), states.highest()) else { return Some(false) };
        lowest += i64::from(amount) * i64::from(low);
        highest += i64::from(amount) * i64::from(high);
    }
    if lowest > 0 || highest < 0 {
        return Some(false);
    }
    // Steps are counted from the end that is closer to zero, so that fewer bits do.
    let from_top = highest < -lowest;
    let target = if from_top { highest } else { -lowest } as usize;
    match target {
        0..64 => Some(reach_u64(shares, from_top, target as u32)),
        64..128 => Some(reach_u128(shares, from_top, target as u32)),
        128..WIDE => Some(reach_wide(shares, from_top, target)),
        _ => None,
    }
}

/// Steps of one atom from the end of the element's states.
fn steps(states: StateSet, from_top: bool) -> impl Iterator<Item = u32> {
    let low = states.lowest().unwrap_or(0);
    let high = states.highest().unwrap_or(0);
    states.iter().map(move |state| if from_top { high - state } else { state - low } as u32)
}

macro_rules! reach_in_one_word {
    ($name:ident, $word:ty) => {
        fn $name(shares: impl Iterator<Item = Share>, from_top: bool, target: u32) -> bool {
            let mut reached: $word = 1;
            for Share { amount, states, is_mixed } in shares {
                let (rounds, stride) = if is_mixed { (amount, 1) } else { (1, amount) };
                for _ in 0..rounds {
                    let before = reached;
                    let mut after = 0;
                    for step in steps(states, from_top) {
                        let shift = step.saturating_mul(stride);
                        if shift <= target {
                            after |= before << shift;
                        }
                    }
                    reached = after;
                    if reached == before {
                        break;
                    }
                }
            }
            reached >> target & 1 == 1
        }
    };
}

reach_in_one_word!(reach_u64, u64);
reach_in_one_word!(reach_u128, u128);

fn reach_wide(shares: impl Iterator<Item = Share>, from_top: bool, target: usize) -> bool {
    let words = target / 64 + 1;
    let (mut reached, mut after) = ([0u64; WORDS], [0u64; WORDS]);
    reached[0] = 1;
    for Share { amount, states, is_mixed } in shares {
        let (rounds, stride) = if is_mixed { (amount, 1) } else { (1, amount) };
        for _ in 0..rounds {
            after[..words].fill(0);
            for step in steps(states, from_top) {
                let shift = step as usize * stride as usize;
                if shift <= target {
                    or_shifted(&mut after[..words], &reached[..words], shift);
                }
            }
            let is_fixed = after[..words] == reached[..words];
            std::mem::swap(&mut reached, &mut after);
            if is_fixed {
                break;
            }
        }
    }
    reached[target / 64] >> (target % 64) & 1 == 1
}

/// `target |= source << shift`, what leaves the end is lost.
fn or_shifted(target: &mut [u64], source: &[u64], shift: usize) {
    let (whole, part) = (shift / 64, shift % 64);
    for (place, word) in target.iter_mut().enumerate().skip(whole) {
        let from = place - whole;
        *word |= source[from] << part;
        if part > 0 && from > 0 {
            *word |= source[from - 1] >> (64 - part);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All sums, one by one.
    fn by_enumeration(shares: &[Share]) -> bool {
        let mut sums = std::collections::BTreeSet::from([0i64]);
        for share in shares {
            let (rounds, weight) = if share.is_mixed { (share.amount, 1) } else { (1, i64::from(share.amount)) };
            for _ in 0..rounds {
                sums = sums
                    .iter()
                    .flat_map(|sum| share.states.iter().map(move |state| sum + weight * i64::from(state)))
                    .collect();
            }
        }
        sums.contains(&0)
    }

    proptest! {
        #[test]
        fn words_of_every_width_find_what_enumeration_finds(
            parts in proptest::collection::vec(
                (1u32..60, proptest::collection::vec(-7i8..=8, 1..5), proptest::bool::weighted(0.2)), 1..5),
        ) {
            let shares: Vec<_> = parts.into_iter()
                .map(|(amount, states, is_mixed)| Share { amount, states: states.into_iter().collect(), is_mixed })
                .collect();
            prop_assert_eq!(is_balanced(shares.iter().copied()), Some(by_enumeration(&shares)));
        }
    }

    #[test]
    fn charges_beyond_the_bound_are_not_decided() {
        let share = |states: &[i8], amount| Share { amount, states: states.iter().copied().collect(), is_mixed: false };
        assert_eq!(is_balanced([share(&[1, 2], 40_000), share(&[-1, -2], 40_001)].into_iter()), None);
    }
}
