//! Random numbers of one training: a pure function of its key.

use crate::random::{STEP, mix};
use crate::surrogate::random::random_u64;

/// SplitMix64.
pub(in crate::surrogate) struct Stream(u64);

impl Stream {
    /// The stream of one purpose.
    pub(in crate::surrogate) fn new(seed: u64, purpose: &str) -> Self {
        Self(random_u64(seed, purpose, 0))
    }

    pub(in crate::surrogate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A whole number below `bound` (bias below 2^-32 for bounds below 2^32).
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// A number of mean 0 and variance 1, nearly normal: the sum of four even ones.
    pub(in crate::surrogate) fn normal(&mut self) -> f32 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|i| bits >> (16 * i) & 0xffff).sum();
        // Four even numbers below 2^16: mean 2·(2^16 − 1), variance 4·(2^32 − 1)/12.
        (sum as f32 - 131_070.0) * (1.0 / 37_837.23)
    }

    /// Puts numbers in random order.
    pub(in crate::surrogate) fn shuffle(&mut self, numbers: &mut [usize]) {
        for last in (1..numbers.len()).rev() {
            let other = self.below(last + 1);
            numbers.swap(last, other);
        }
    }

    /// Factors that drop a share of `rate` and keep the mean: 0 or 1/(1 − rate), the rate in 256ths.
    pub(in crate::surrogate) fn mask(&mut self, rate: f32, length: usize, mask: &mut Vec<f32>) {
        let threshold = (rate * 256.0) as u8;
        let kept = 256.0 / (256.0 - f32::from(threshold));
        mask.resize(length, 0.0);
        for factors in mask.chunks_mut(8) {
            let bytes = self.next().to_le_bytes();
            for (factor, byte) in factors.iter_mut().zip(bytes) {
                *factor = if byte < threshold { 0.0 } else { kept };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_the_mean_and_normals_have_unit_variance() {
        let mut stream = Stream::new(1, "test");
        let mut mask = Vec::new();
        stream.mask(0.25, 100_000, &mut mask);
        let mean: f32 = mask.iter().sum::<f32>() / 1e5;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        let numbers: Vec<f64> = (0..100_000).map(|_| f64::from(stream.normal())).collect();
        let mean = numbers.iter().sum::<f64>() / 1e5;
        let variance = numbers.iter().map(|x| x * x).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn shuffled_numbers_are_the_same_numbers() {
        let mut numbers: Vec<usize> = (0..50).collect();
        Stream::new(1, "test").shuffle(&mut numbers);
        assert!(numbers != (0..50).collect::<Vec<_>>());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    }
}
