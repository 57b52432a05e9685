//! The statistics of `moments` against the definitions written out property by property, at every level of this processor.

use matsieve_kernels::dispatch::{Level, range_mean_deviation_mode_24, range_mean_std_16};

/// Multiplicative congruential numbers (Lehmer 1951, modulus 2³¹ − 1), uniform in 0..1.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }
}

fn table<const W: usize>(numbers: &mut Numbers) -> Vec<[f64; W]> {
    let value = |numbers: &mut Numbers| match (numbers.next() * 20.0) as u32 {
        0 => f64::NAN,
        1 => 0.0,
        2 => -1e-310,
        _ => 200.0 * numbers.next() - 100.0,
    };
    (0..118).map(|_| std::array::from_fn(|_| value(numbers))).collect()
}

/// Distinct rows and their amounts: whole, fractional or all equal.
fn composition(numbers: &mut Numbers, length: usize) -> (Vec<usize>, Vec<f64>) {
    let start = (numbers.next() * 118.0) as usize;
    let rows = (0..length).map(|k| (start + 37 * k) % 118).collect();
    let kind = (numbers.next() * 3.0) as u32;
    let amounts = (0..length)
        .map(|_| match kind {
            0 => 1.0 + (numbers.next() * 8.0).floor(),
            1 => numbers.next() + 1e-3,
            _ => 0.25,
        })
        .collect();
    (rows, amounts)
}

fn naive(values: &[f64], amounts: &[f64]) -> [f64; 7] {
    let total: f64 = amounts.iter().sum();
    let mean = values.iter().zip(amounts).map(|(x, w)| w * x).sum::<f64>() / total;
    let deviation = values.iter().zip(amounts).map(|(x, w)| w * (x - mean).abs()).sum::<f64>() / total;
    let beta = total / (total * total - amounts.iter().map(|w| w * w).sum::<f64>());
    let variance = values.iter().zip(amounts).map(|(x, w)| w * ((x - mean) * (x - mean))).sum::<f64>();
    let std = if values.len() == 1 { 0.0 } else { (beta * variance).sqrt() };
    let largest = amounts.iter().copied().fold(0.0, f64::max);
    let frequent = values.iter().zip(amounts).filter(|(_, w)| (**w - largest).abs() <= 1e-8 + 1e-5 * largest);
    let smallest = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) };
    let mode = frequent.map(|(x, _)| *x).fold(f64::INFINITY, smallest);
    let minimum = values.iter().copied().fold(f64::INFINITY, smallest);
    let maximum = -values.iter().map(|x| -x).fold(f64::INFINITY, smallest);
    [minimum, maximum, maximum - minimum, mean, deviation, mode, std]
}

fn same(value: f64, expected: f64) -> bool {
    value == expected || (value.is_nan() && expected.is_nan())
}

#[test]
fn statistics_equal_their_definitions_at_every_level() {
    let mut numbers = Numbers(20_161_205);
    let (wide, narrow) = (table::<24>(&mut numbers), table::<16>(&mut numbers));
    for length in (1..=9).chain([31, 118]) {
        for _ in 0..40 {
            let (rows, amounts) = composition(&mut numbers, length);
            for level in Level::available() {
                let (mut six, mut five) = ([0.0; 22 * 6], [0.0; 13 * 5]);
                range_mean_deviation_mode_24(level, &wide, &rows, &amounts, &mut six);
                range_mean_std_16(level, &narrow, &rows, &amounts, &mut five);
                for (property, found) in six.chunks(6).enumerate() {
                    let values: Vec<_> = rows.iter().map(|&row| wide[row][property]).collect();
                    let expected = naive(&values, &amounts);
                    let agrees = found.iter().zip(&expected[..6]).all(|(a, b)| same(*a, *b));
                    assert!(agrees, "{}: {found:?}, expected {expected:?}", level.name());
                }
                for (property, found) in five.chunks(5).enumerate() {
                    let values: Vec<_> = rows.iter().map(|&row| narrow[row][property]).collect();
                    let [minimum, maximum, range, mean, .., std] = naive(&values, &amounts);
                    let expected = [minimum, maximum, range, mean, std];
                    let agrees = found.iter().zip(&expected).all(|(a, b)| same(*a, *b));
                    assert!(agrees, "{}: {found:?}, expected {expected:?}", level.name());
                }
            }
        }
    }
}
