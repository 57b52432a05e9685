//! Counter-based random numbers: a function of (seed, purpose, counter), so that no order of work can change them.

use crate::random::{STEP, splitmix};

/// SplitMix64 over seed, purpose and counter.
pub fn random_u64(seed: u64, purpose: &str, counter: u64) -> u64 {
    let mut state = seed;
    for byte in purpose.bytes() {
        state = splitmix(state.wrapping_add(u64::from(byte)));
    }
    splitmix(state.wrapping_add(counter.wrapping_mul(STEP)))
}

/// Numbers 0 to `n − 1` in random order.
pub fn permutation(n: usize, seed: u64, purpose: &str) -> Vec<usize> {
    let mut order: Vec<(u64, usize)> = (0..n).map(|i| (random_u64(seed, purpose, i as u64), i)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutation_holds_every_number_once_and_depends_on_the_purpose() {
        let order = permutation(100, 7, "folds");
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_ne!(order, permutation(100, 7, "sample"));
    }
}
