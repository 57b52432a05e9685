//! Columns of a power spectrum, in the order of DScribe.

use crate::candidate::Column;
use crate::units::Unit;

/// Blocks of columns, one for each pair of species channels; mu2 has a single channel.
#[derive(Clone, Debug)]
pub(super) struct SpectrumLayout {
    /// Names of the channels: element symbols, or `mu2` alone.
    channels: Vec<&'static str>,
    n_max: usize,
    l_max: usize,
    /// `π √(8/(2l + 1))` by degree: the square root of what a dot product of two spectra would carry (erratum of
    /// Bartók 2013).
    prefactors: Vec<f64>,
}

impl SpectrumLayout {
    pub fn new(channels: Vec<&'static str>, n_max: usize, l_max: usize) -> Self {
        let prefactor = |l: usize| std::f64::consts::PI * (8.0 / (2 * l + 1) as f64).sqrt();
        Self { channels, n_max, l_max, prefactors: (0..=l_max).map(prefactor).collect() }
    }

    /// One column for each pair of channels, degree and pair of radial functions, last fastest.
    ///
    /// A channel with itself has the pairs n1 ≤ n2, two channels have all.
    pub fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("angstrom^3").expect("a unit");
        let mut columns = Vec::new();
        for (first, left) in self.channels.iter().enumerate() {
            for (second, right) in self.channels.iter().enumerate().skip(first) {
                let pair = if self.channels.len() == 1 && *left == "mu2" {
                    "mu2".to_owned()
                } else {
                    format!("{left} {right}")
                };
                for l in 0..=self.l_max {
                    for n1 in 0..self.n_max {
                        for n2 in if first == second { n1 } else { 0 }..self.n_max {
                            let label = format!("soap {pair} n1={} n2={} l={l}", n1 + 1, n2 + 1);
                            columns.push(Column::new(label, unit.clone()));
                        }
                    }
                }
            }
        }
        columns
    }

    /// Writes a row. `sums[(l · width + a) · width + b]` are products of the coefficients `a` and `b ≥ a`, which count the
    /// radial functions of the `present` channels (ascending) through; pairs with a channel that is not present get 0.
    pub fn write(&self, sums: &[f64], width: usize, present: &[usize], scale: f64, out: &mut [f64]) {
        out.fill(0.0);
        let mut rest = out;
        let mut left = present.iter().peekable();
        let mut first_place = 0;
        for first in 0..self.channels.len() {
            let has_first = left.next_if(|&&channel| channel == first).is_some();
            let mut second_place = first_place;
            let mut right = present[first_place..].iter().peekable();
            for second in first..self.channels.len() {
                let has_second = right.next_if(|&&channel| channel == second).is_some();
                let pairs = if first == second { self.n_max * (self.n_max + 1) / 2 } else { self.n_max * self.n_max };
                let (block, after) = rest.split_at_mut(pairs * (self.l_max + 1));
                rest = after;
                if has_first && has_second {
                    self.write_block(sums, width, [first_place, second_place], scale, block);
                }
                second_place += usize::from(has_second);
            }
            first_place += usize::from(has_first);
        }
    }

    fn write_block(&self, sums: &[f64], width: usize, [first, second]: [usize; 2], scale: f64, block: &mut [f64]) {
        let mut at = 0;
        for (l, prefactor) in self.prefactors.iter().enumerate() {
            let factor = prefactor * scale;
            for n1 in 0..self.n_max {
                let row = &sums[(l * width + first * self.n_max + n1) * width..][..width];
                let start = if first == second { n1 } else { 0 };
                let values = &row[second * self.n_max + start..(second + 1) * self.n_max];
                for (out, value) in block[at..at + values.len()].iter_mut().zip(values) {
                    *out = value * factor;
                }
                at += values.len();
            }
        }
    }
}
