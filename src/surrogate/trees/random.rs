//! Counter-based randomness: a stream is a pure function of its key, so threads cannot change it.

use crate::random::{STEP, mix};

/// What a stream is for; part of its key, so that two uses never share numbers.
#[derive(Copy, Clone)]
pub(super) enum Purpose {
    /// Which rows a tree sees.
    Rows = 1,
    /// Which columns a tree sees.
    Columns = 2,
    /// Candidate splits of randomised trees.
    Splits = 3,
}

/// SplitMix64, keyed by (seed, tree, purpose).
pub(super) struct Stream(u64);

impl Stream {
    /// The stream of one tree for one purpose.
    pub(super) fn new(seed: u64, tree: usize, purpose: Purpose) -> Self {
        let key = mix(seed ^ 0x6d61_7473_6965_7665);
        Self(mix(key.wrapping_add(mix((tree as u64) << 8 | purpose as u64))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A whole number below `bound` (bias below 2^-32 for bounds below 2^32).
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// A number in [0, 1), a multiple of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// `count` distinct numbers below `bound`, ascending.
    pub(super) fn sample(&mut self, bound: usize, count: usize) -> Vec<u32> {
        let mut chosen = Vec::with_capacity(count);
        // Selection sampling: item i is taken with probability (still needed) / (still to come).
        for item in 0..bound {
            if self.below(bound - item) < count - chosen.len() {
                chosen.push(item as u32);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_has_the_asked_number_of_distinct_ascending_items() {
        for count in [0, 1, 7, 20] {
            let sample = Stream::new(3, 5, Purpose::Rows).sample(20, count);
            assert_eq!(sample.len(), count);
            assert!(sample.windows(2).all(|pair| pair[0] < pair[1]) && sample.iter().all(|&item| item < 20));
        }
    }

    #[test]
    fn streams_of_neighbouring_trees_and_purposes_differ() {
        let first = |tree, purpose| Stream::new(0, tree, purpose).next();
        assert_ne!(first(0, Purpose::Rows), first(1, Purpose::Rows));
        assert_ne!(first(0, Purpose::Rows), first(0, Purpose::Columns));
    }
}
