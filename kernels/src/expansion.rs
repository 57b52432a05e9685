//! Expansion of a density of Gaussians around a centre in radial functions and real spherical harmonics.

use std::ops::Range;

use crate::exp::exp;
use crate::harmonics::SolidHarmonics;

/// Points of a stripe, and radial functions of one.
pub const LANES: usize = 8;

/// Points whose harmonics lie in memory at one time: 25 KB at degree 6.
const BLOCK: usize = 64;

/// Degree of the polynomials that stand for the radial functions.
const ORDER: usize = 6;

/// Intervals of an octave of the shifted squared distance: two to the power of this.
const OCTAVE_BITS: u32 = 5;

type Lanes = [f64; LANES];

/// One stripe of radial functions in one interval: coefficients of falling powers, each a whole cache line.
#[derive(Copy, Clone, Debug)]
#[repr(align(64))]
struct Piece([Lanes; ORDER + 1]);

/// Radial functions of the points of a block.
#[repr(align(64))]
struct Radial([Lanes; BLOCK]);

/// Prepared basis: `Σₖ mixing[l][k][n] exp(−rateₗₖ r²) rˡ Yₗₘ`.
///
/// The sums over `k` are entire functions of the squared distance, so they are tabulated: one polynomial an interval, the
/// intervals evenly spaced where even the fastest function hardly changes, wider further out, where only slow functions
/// are left. Relative to each exponential's own maximum the interpolation errs by less than 2e-14, less than the sums
/// over `k` lose by rounding.
#[derive(Clone, Debug)]
pub struct Expansion {
    harmonics: SolidHarmonics,
    num_radial: usize,
    /// What is added to squared distances, so that equal steps of the logarithm begin with the step wanted at 0.
    shift: f64,
    /// By interval, degree and stripe of radial functions; the last interval holds zeros.
    pieces: Vec<Piece>,
}

impl Expansion {
    /// A basis of `num_radial` functions of each degree of `harmonics`, for points within the squared distance `reach`.
    ///
    /// `rates` are listed by degree and `k`: the decay of each exponential per squared distance (above 0); `mixing` by
    /// degree, `k` and `n`. Costs about a thousand evaluations of every function.
    ///
    /// # Panics
    /// If lengths do not fit, a rate is not above 0, or `reach` is not finite.
    pub fn new(harmonics: SolidHarmonics, num_radial: usize, rates: &[f64], mixing: &[f64], reach: f64) -> Self {
        let degrees = harmonics.degree() + 1;
        assert_eq!(rates.len(), degrees * num_radial, "one rate a function and degree");
        assert_eq!(mixing.len(), rates.len() * num_radial, "mixing is degrees × functions × functions");
        assert!(rates.iter().all(|&rate| rate > 0.0) && reach >= 0.0 && reach.is_finite(), "functions decay");
        let fastest = rates.iter().fold(0.0, |most: f64, &rate| most.max(rate));
        // At this shift the first interval is an eighth of the decay length of the fastest function.
        let shift = 4.0 / fastest;
        let stripes = num_radial.div_ceil(LANES);
        let first = key(shift);
        let num_intervals = (key((reach + shift) * (1.0 + 1e-9)) - first + 1) as usize;
        let mut pieces = vec![Piece([[0.0; LANES]; ORDER + 1]); (num_intervals + 1) * degrees * stripes];
        let interpolation = Interpolation::new();
        let mut values = vec![[0.0; ORDER + 1]; num_radial];
        for (interval, pieces) in pieces.chunks_exact_mut(degrees * stripes).take(num_intervals).enumerate() {
            let border = |step: u64| f64::from_bits((first + interval as u64 + step) << (52 - OCTAVE_BITS)) - shift;
            let (start, end) = (border(0), border(1));
            for (l, pieces) in pieces.chunks_exact_mut(stripes).enumerate() {
                values.fill([0.0; ORDER + 1]);
                for (at, node) in NODES.iter().enumerate() {
                    let square = start + 0.5 * (end - start) * (node + 1.0);
                    for k in 0..num_radial {
                        let decayed = exp(-rates[l * num_radial + k] * square);
                        let mixing = &mixing[(l * num_radial + k) * num_radial..][..num_radial];
                        for (value, mixing) in values.iter_mut().zip(mixing) {
                            value[at] += decayed * mixing;
                        }
                    }
                }
                for (n, values) in values.iter().enumerate() {
                    for (power, coefficient) in interpolation.coefficients(values).into_iter().enumerate() {
                        pieces[n / LANES].0[ORDER - power][n % LANES] = coefficient;
                    }
                }
            }
        }
        Self { harmonics, num_radial, shift, pieces }
    }

    /// Highest degree.
    pub fn degree(&self) -> usize {
        self.harmonics.degree()
    }

    /// Number of radial functions of each degree.
    pub fn num_radial(&self) -> usize {
        self.num_radial
    }

    /// Harmonics: pairs of degree and order.
    pub fn num_harmonics(&self) -> usize {
        (self.degree() + 1) * (self.degree() + 1)
    }

    /// Length of a row of coefficients: radial functions, filled up to whole stripes.
    pub fn width(&self) -> usize {
        self.num_radial.next_multiple_of(LANES)
    }

    /// Length of the working memory of [`expand`](crate::dispatch::expand).
    pub fn scratch_len(&self) -> usize {
        self.num_harmonics() * BLOCK
    }
}

/// Interval of a shifted squared distance, counted from zero: exponent and first bits of the fraction.
fn key(shifted: f64) -> u64 {
    shifted.to_bits() >> (52 - OCTAVE_BITS)
}

/// Chebyshev nodes of [−1, 1]: cos (2i + 1)π/14.
const NODES: [f64; ORDER + 1] = [
    0.974_927_912_181_823_6,
    0.781_831_482_468_029_8,
    0.433_883_739_117_558_1,
    0.0,
    -0.433_883_739_117_558_1,
    -0.781_831_482_468_029_8,
    -0.974_927_912_181_823_6,
];

/// Polynomial interpolation at [`NODES`].
struct Interpolation {
    /// Coefficients by power of the polynomial that is 1 at one node and 0 at the others.
    bases: [[f64; ORDER + 1]; ORDER + 1],
}

impl Interpolation {
    fn new() -> Self {
        let bases = std::array::from_fn(|own| {
            let mut basis = [0.0; ORDER + 1];
            basis[0] = 1.0;
            for (other, node) in NODES.iter().enumerate() {
                if other != own {
                    let distance = NODES[own] - node;
                    for power in (0..=ORDER).rev() {
                        let lower = if power > 0 { basis[power - 1] } else { 0.0 };
                        basis[power] = (lower - node * basis[power]) / distance;
                    }
                }
            }
            basis
        });
        Self { bases }
    }

    /// Coefficients by power of the polynomial through `values`.
    fn coefficients(&self, values: &[f64; ORDER + 1]) -> [f64; ORDER + 1] {
        let mut sums = [0.0; ORDER + 1];
        for (value, basis) in values.iter().zip(&self.bases) {
            for (sum, coefficient) in sums.iter_mut().zip(basis) {
                *sum += value * coefficient;
            }
        }
        sums
    }
}

/// Points around centres, group after group; points beyond the reach of the basis count for nothing.
#[derive(Copy, Clone, Debug)]
pub struct Points<'a> {
    /// Coordinates, by axis.
    pub axes: [&'a [f64]; 3],
    /// Squared distances.
    pub squares: &'a [f64],
    /// Groups in the order of their points.
    pub groups: &'a [Group],
}

/// Points that add to the same coefficients.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where its points end; they begin where those of the group before end.
    pub end: usize,
    /// What they add to.
    pub target: Target,
}

/// Where coefficients begin that points add to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// At one centre.
    One(usize),
    /// At the centre, and at that of the atoms at the points, from where it lies opposite.
    Two(usize, usize),
    /// At one centre, to which each point and the one opposite add.
    Opposite(usize),
}

/// Points of one group in a block.
#[derive(Copy, Clone, Debug)]
struct Segment {
    target: Target,
    start: usize,
    end: usize,
}

/// Adds what every point is to its centre: the coefficient of harmonic `h` and radial function `n` to `sums[at + h · stride + n]`,
/// where `at` is the target of its group; zeros are added up to [`Expansion::width`]. Seen from the opposite end, harmonics of odd
/// degree change their sign. Harmonics of one degree are summed at most `TILE` at a time, as many as the registers hold; this
/// changes no bit.
///
/// # Panics
/// If lengths do not fit: `scratch` holds [`Expansion::scratch_len`].
#[inline(always)]
pub(crate) fn expand<const TILE: usize>(
    basis: &Expansion,
    points: Points<'_>,
    scratch: &mut [f64],
    sums: &mut [f64],
    stride: usize,
) {
    let Points { axes, squares, groups } = points;
    let total = groups.last().map_or(0, |group| group.end);
    assert!(axes.iter().all(|axis| axis.len() == total) && squares.len() == total, "one coordinate a point");
    assert_eq!(scratch.len(), basis.scratch_len());
    let rows = scratch;
    let stripes = basis.num_radial.div_ceil(LANES);
    let of_interval = (basis.degree() + 1) * stripes;
    let first = key(basis.shift);
    let outside = basis.pieces.len() / of_interval - 1;
    let mut intervals = [0; BLOCK];
    let mut places = [0.0; BLOCK];
    let mut radial = Radial([[0.0; LANES]; BLOCK]);
    let mut segments = [Segment { target: Target::One(0), start: 0, end: 0 }; BLOCK];
    let mut groups = groups.iter();
    let mut group = groups.next();
    for start in (0..total).step_by(BLOCK) {
        let count = (total - start).min(BLOCK);
        let (mut at, mut num_segments) = (0, 0);
        while let Some(&Group { end, target }) = group {
            let last = end.min(start + count) - start;
            if last > at {
                segments[num_segments] = Segment { target, start: at, end: last };
                num_segments += 1;
                at = last;
            }
            if end > start + count || at == count {
                break;
            }
            group = groups.next();
        }
        let segments = &segments[..num_segments];
        for ((interval, place), square) in intervals.iter_mut().zip(&mut places).zip(&squares[start..start + count]) {
            let bits = (square + basis.shift).to_bits();
            *interval = outside.min(((bits >> (52 - OCTAVE_BITS)) - first) as usize) * of_interval;
            // The rest of the fraction, as a number from 1 to 1 + 2^−OCTAVE_BITS: exact.
            let rest = f64::from_bits((bits & ((1 << (52 - OCTAVE_BITS)) - 1)) | 1.0f64.to_bits());
            *place = (rest - 1.0) * f64::from(2u32 << OCTAVE_BITS) - 1.0;
        }
        for first in (0..count).step_by(LANES) {
            let [x, y, z] = axes.map(|axis| stripe(axis, start + first));
            basis.harmonics.stripe([&x, &y, &z], rows, BLOCK, first);
        }
        for l in 0..=basis.degree() {
            for stripe in 0..stripes {
                let offset = l * stripes + stripe;
                for ((radial, &interval), &place) in radial.0.iter_mut().zip(&intervals).zip(&places).take(count) {
                    let Piece([highest, others @ ..]) = &basis.pieces[interval + offset];
                    let mut value = *highest;
                    for coefficients in others {
                        for lane in 0..LANES {
                            value[lane] = value[lane].mul_add(place, coefficients[lane]);
                        }
                    }
                    *radial = value;
                }
                for segment in segments {
                    let is_odd = l % 2 == 1;
                    if is_odd && matches!(segment.target, Target::Opposite(_)) {
                        continue;
                    }
                    let mut sums = Sums { sums, stride, stripe, target: segment.target, is_odd };
                    let range = segment.start..segment.end;
                    let (mut h, end) = (l * l, (l + 1) * (l + 1));
                    while h < end {
                        let rest = end - h;
                        let tile = rest.div_ceil(rest.div_ceil(TILE));
                        let rows = &rows[h * BLOCK..];
                        h += match (l, tile) {
                            (0, _) => sums.add(h, products_in_turns::<1>(rows, &radial, range.clone())),
                            (1, _) => sums.add(h, products_in_turns::<3>(rows, &radial, range.clone())),
                            (_, 13..) => sums.add(h, products::<13>(rows, &radial, range.clone())),
                            (_, 11..) => sums.add(h, products::<11>(rows, &radial, range.clone())),
                            (_, 9..) => sums.add(h, products::<9>(rows, &radial, range.clone())),
                            (_, 7..) => sums.add(h, products::<7>(rows, &radial, range.clone())),
                            (_, 6) => sums.add(h, products::<6>(rows, &radial, range.clone())),
                            (_, 5) => sums.add(h, products::<5>(rows, &radial, range.clone())),
                            (_, 4) => sums.add(h, products::<4>(rows, &radial, range.clone())),
                            (_, 3) => sums.add(h, products::<3>(rows, &radial, range.clone())),
                            (_, 2) => sums.add(h, products::<2>(rows, &radial, range.clone())),
                            _ => sums.add(h, products::<1>(rows, &radial, range.clone())),
                        };
                    }
                }
            }
        }
    }
}

/// Where the sums of one segment, degree and stripe go.
struct Sums<'a> {
    sums: &'a mut [f64],
    stride: usize,
    stripe: usize,
    target: Target,
    is_odd: bool,
}

impl Sums<'_> {
    /// Adds those of `K` harmonics from `h` on; returns `K`.
    #[inline(always)]
    fn add<const K: usize>(&mut self, h: usize, added: [Lanes; K]) -> usize {
        let offset = h * self.stride + self.stripe * LANES;
        match self.target {
            Target::One(at) => self.add_to(at + offset, added, |sum, x| sum + x),
            Target::Two(near, far) => {
                self.add_to(near + offset, added, |sum, x| sum + x);
                if self.is_odd {
                    self.add_to(far + offset, added, |sum, x| sum - x);
                } else {
                    self.add_to(far + offset, added, |sum, x| sum + x);
                }
            }
            Target::Opposite(at) => self.add_to(at + offset, added, |sum, x| sum + (x + x)),
        }
        K
    }

    #[inline(always)]
    fn add_to<const K: usize>(&mut self, at: usize, added: [Lanes; K], add: impl Fn(f64, f64) -> f64) {
        for (k, added) in added.iter().enumerate() {
            let sums: &mut Lanes = self.sums[at + k * self.stride..].first_chunk_mut().expect("room for whole stripes");
            for lane in 0..LANES {
                sums[lane] = add(sums[lane], added[lane]);
            }
        }
    }
}

/// Numbers from `start` on, filled up with zeros.
#[inline(always)]
fn stripe(axis: &[f64], start: usize) -> Lanes {
    let axis = &axis[start..];
    axis.first_chunk().copied().unwrap_or_else(|| std::array::from_fn(|lane| axis.get(lane).copied().unwrap_or(0.0)))
}

/// Sums of the products of each of the first `K` rows with the radial functions of some points of the block.
#[inline(always)]
fn products<const K: usize>(rows: &[f64], radial: &Radial, range: Range<usize>) -> [Lanes; K] {
    let rows: &[[f64; BLOCK]; K] = rows.as_chunks().0.first_chunk().expect("one row a harmonic");
    let mut total = [[0.0; LANES]; K];
    let mut at = range.start;
    while at < range.end.min(BLOCK) {
        for k in 0..K {
            total[k] = add_product(total[k], &radial.0[at], rows[k][at]);
        }
        at += 1;
    }
    total
}

/// The same with sums of their own for every other point: so few chains of additions would wait for themselves.
#[inline(always)]
fn products_in_turns<const K: usize>(rows: &[f64], radial: &Radial, range: Range<usize>) -> [Lanes; K] {
    let rows: &[[f64; BLOCK]; K] = rows.as_chunks().0.first_chunk().expect("one row a harmonic");
    let (mut total, mut others) = ([[0.0; LANES]; K], [[0.0; LANES]; K]);
    let end = range.end.min(BLOCK);
    let mut at = range.start;
    while at + 1 < end {
        for k in 0..K {
            total[k] = add_product(total[k], &radial.0[at], rows[k][at]);
            others[k] = add_product(others[k], &radial.0[at + 1], rows[k][at + 1]);
        }
        at += 2;
    }
    if at < end {
        for k in 0..K {
            total[k] = add_product(total[k], &radial.0[at], rows[k][at]);
        }
    }
    for k in 0..K {
        for lane in 0..LANES {
            total[k][lane] += others[k][lane];
        }
    }
    total
}

#[inline(always)]
fn add_product(mut total: Lanes, radial: &Lanes, factor: f64) -> Lanes {
    for lane in 0..LANES {
        total[lane] = radial[lane].mul_add(factor, total[lane]);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two functions of degrees 0 and 1 at points along the axes, against the formula.
    #[test]
    fn tabulated_functions_are_the_sums_of_exponentials() {
        let rates = [2.5, 0.3, 2.0, 0.11];
        let mixing = [1.5, -0.25, 0.5, 2.0, 1.0, 3.0, -1.0, 0.125];
        let basis = Expansion::new(SolidHarmonics::new(1), 2, &rates, &mixing, 50.0);
        let mut scratch = vec![0.0; basis.scratch_len()];
        for step in 0..7000 {
            let z = step as f64 * 1e-3;
            let mut out = [0.0; 4 * LANES];
            let groups = [Group { end: 1, target: Target::One(0) }];
            let points = Points { axes: [&[0.0], &[0.0], &[z]], squares: &[z * z], groups: &groups };
            expand::<6>(&basis, points, &mut scratch, &mut out, LANES);
            // Y₀₀ = 1/√4π, r Y₁₀ = √(3/4π) z, which is harmonic 2.
            for (harmonic, l, angular) in [(0, 0, 1.0), (2, 1, 3.0f64.sqrt() * z)] {
                let angular = angular / (4.0 * std::f64::consts::PI).sqrt();
                for n in 0..2 {
                    let radial: f64 =
                        (0..2).map(|k| mixing[(l * 2 + k) * 2 + n] * (-rates[l * 2 + k] * z * z).exp()).sum();
                    let found = out[harmonic * LANES + n];
                    assert!((found - radial * angular).abs() < 1e-13, "r = {z}, l = {l}, n = {n}: {found}");
                }
            }
        }
    }

    #[test]
    fn points_beyond_the_reach_count_for_nothing() {
        let basis = Expansion::new(SolidHarmonics::new(0), 1, &[0.001], &[1.0], 4.0);
        let mut scratch = vec![0.0; basis.scratch_len()];
        let groups = [Group { end: 1, target: Target::One(0) }];
        let points = Points { axes: [&[100.0]; 3], squares: &[30_000.0], groups: &groups };
        let mut out = [0.0; LANES];
        expand::<6>(&basis, points, &mut scratch, &mut out, LANES);
        assert_eq!(out, [0.0; LANES]);
    }
}
