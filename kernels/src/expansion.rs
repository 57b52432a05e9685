//! Expansion of a density of Gaussians around a centre in radial functions and real spherical harmonics.

use crate::harmonics::SolidHarmonics;

/// Points of a stripe; lists of points are whole stripes long.
pub const LANES: usize = 8;

/// Points whose harmonics lie in memory at one time: 100 KB at degree 6.
const BLOCK: usize = 256;

/// Radial functions that one pass over the points serves: four sums and the harmonics fill half of the registers of AVX2.
const TILE: usize = 4;

type Lanes = [f64; LANES];

/// Prepared basis: `Σₖ mixing[l][k][n] exp(−rateₗₖ r²) rˡ Yₗₘ`.
#[derive(Clone, Debug)]
pub struct Expansion {
    harmonics: SolidHarmonics,
    num_radial: usize,
    /// Rate times log₂ e, and squared distance beyond which the function counts as 0, by degree and `k`.
    decays: Vec<[f64; 2]>,
    /// By degree, `k` and `n`.
    mixing: Vec<f64>,
}

impl Expansion {
    /// A basis of `num_radial` functions of each degree of `harmonics`.
    ///
    /// `rates` and `reaches` are listed by degree and `k`: the decay of each primitive function per squared distance
    /// (not negative), and the squared distance beyond which it counts as 0; `mixing` by degree, `k` and `n`.
    ///
    /// # Panics
    /// If lengths do not fit, or a rate is negative.
    pub fn new(harmonics: SolidHarmonics, num_radial: usize, rates: &[f64], reaches: &[f64], mixing: Vec<f64>) -> Self {
        let degrees = harmonics.degree() + 1;
        assert!(rates.len() == degrees * num_radial && reaches.len() == rates.len(), "one rate a function and degree");
        assert_eq!(mixing.len(), rates.len() * num_radial, "mixing is degrees × functions × functions");
        assert!(rates.iter().all(|&rate| rate >= 0.0), "functions decay");
        let decays = rates.iter().zip(reaches).map(|(rate, reach)| [rate * std::f64::consts::LOG2_E, *reach]).collect();
        Self { harmonics, num_radial, decays, mixing }
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

    /// Length of the working memory of [`expand`](crate::dispatch::expand).
    pub fn scratch_len(&self) -> usize {
        (self.num_harmonics() + TILE) * BLOCK + self.num_harmonics() * self.num_radial
    }
}

/// Points around a centre, ascending in distance; whole stripes of [`LANES`], filled up with points at the centre whose
/// `squares` are [`Points::FILLER`].
#[derive(Copy, Clone, Debug)]
pub struct Points<'a> {
    /// Coordinates, by axis.
    pub axes: [&'a [f64]; 3],
    /// Squared distances.
    pub squares: &'a [f64],
}

impl Points<'_> {
    /// Squared distance of the points that fill the last stripe: further than any function reaches.
    pub const FILLER: f64 = 1e300;
}

/// `2⁻ʸ`, relative error below 4e-16; `y` is not negative, above 1000 it counts as 1000.
///
/// Branch-free, so that a loop over it becomes vector code. The polynomial interpolates `2ᶠ` on [−½, ½] at the eleven
/// Chebyshev nodes: error 2.2e-16.
#[inline(always)]
fn half_power(y: f64) -> f64 {
    /// 1.5 · 2⁵²: adding it leaves a number rounded to a whole one in the low bits of the sum.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    const POLYNOMIAL: [f64; 11] = [
        7.072_585_949_269_223e-9,
        1.020_869_029_995_830_6e-7,
        1.321_544_258_792_169e-6,
        1.525_265_726_020_083_7e-5,
        1.540_353_044_173_605e-4,
        1.333_355_823_016_497_4e-3,
        9.618_129_107_606_888e-3,
        5.550_410_866_444_772e-2,
        2.402_265_069_590_996e-1,
        6.931_471_805_599_5e-1,
        1.0,
    ];
    let y = if y < 1000.0 { -y } else { -1000.0 };
    let shifted = y + SHIFT;
    let f = y - (shifted - SHIFT);
    let mut value = POLYNOMIAL[0];
    for coefficient in &POLYNOMIAL[1..] {
        value = value * f + coefficient;
    }
    value * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// Partial sums, added in halves: the same order on every processor.
#[inline(always)]
fn fold([a, b, c, d, e, f, g, h]: Lanes) -> f64 {
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Writes the coefficient of harmonic `h` and radial function `n` to `out[h · stride + n]`.
///
/// # Panics
/// If lengths do not fit: `scratch` holds [`Expansion::scratch_len`], points are whole stripes.
#[inline(always)]
pub(crate) fn expand(basis: &Expansion, points: Points<'_>, scratch: &mut [f64], out: &mut [f64], stride: usize) {
    let Points { axes, squares } = points;
    let (num_radial, num_harmonics) = (basis.num_radial, basis.num_harmonics());
    assert!(axes.iter().all(|axis| axis.len() == squares.len()) && squares.len().is_multiple_of(LANES));
    assert!(stride >= num_radial && out.len() >= (num_harmonics - 1) * stride + num_radial, "out is too short");
    assert_eq!(scratch.len(), basis.scratch_len());
    let (rows, rest) = scratch.split_at_mut(num_harmonics * BLOCK);
    let (decayed, sums) = rest.split_at_mut(TILE * BLOCK);
    sums.fill(0.0);
    for start in (0..squares.len()).step_by(BLOCK) {
        let end = squares.len().min(start + BLOCK);
        let squares = squares[start..end].as_chunks::<LANES>().0;
        let [x, y, z] = axes.map(|axis| axis[start..end].as_chunks::<LANES>().0);
        for (stripe, ((x, y), z)) in x.iter().zip(y).zip(z).enumerate() {
            basis.harmonics.stripe([x, y, z], rows, BLOCK, stripe * LANES);
        }
        for l in 0..=basis.degree() {
            let decays = &basis.decays[l * num_radial..][..num_radial];
            for first in (0..num_radial).step_by(TILE) {
                let tile = num_radial.min(first + TILE) - first;
                let mut stripes = 0;
                for (decay, decayed) in decays[first..first + tile].iter().zip(decayed.chunks_exact_mut(BLOCK)) {
                    let decayed = decayed.as_chunks_mut::<LANES>().0;
                    let reached = squares.partition_point(|stripe| stripe[0] <= decay[1]);
                    for (out, square) in decayed.iter_mut().zip(&squares[..reached]) {
                        for lane in 0..LANES {
                            out[lane] = half_power(square[lane] * decay[0]);
                        }
                    }
                    decayed[reached..squares.len()].as_flattened_mut().fill(0.0);
                    stripes = stripes.max(reached);
                }
                for h in l * l..(l + 1) * (l + 1) {
                    let row = &rows[h * BLOCK..][..stripes * LANES];
                    let sums = &mut sums[h * num_radial + first..][..tile];
                    match tile {
                        4 => add_products::<4>(row, decayed, sums),
                        3 => add_products::<3>(row, decayed, sums),
                        2 => add_products::<2>(row, decayed, sums),
                        _ => add_products::<1>(row, decayed, sums),
                    }
                }
            }
        }
    }
    for l in 0..=basis.degree() {
        let mixing = &basis.mixing[l * num_radial * num_radial..][..num_radial * num_radial];
        for h in l * l..(l + 1) * (l + 1) {
            let out = &mut out[h * stride..][..num_radial];
            out.fill(0.0);
            for (sum, mixing) in sums[h * num_radial..][..num_radial].iter().zip(mixing.chunks_exact(num_radial)) {
                for (out, mixing) in out.iter_mut().zip(mixing) {
                    *out += sum * mixing;
                }
            }
        }
    }
}

/// Adds the product of `row` with each of the first `K` rows of `decayed` to `sums`.
#[inline(always)]
fn add_products<const K: usize>(row: &[f64], decayed: &[f64], sums: &mut [f64]) {
    let mut partial = [[0.0; LANES]; K];
    let decayed: [&[Lanes]; K] = std::array::from_fn(|k| decayed[k * BLOCK..][..row.len()].as_chunks().0);
    for (stripe, row) in row.as_chunks::<LANES>().0.iter().enumerate() {
        for k in 0..K {
            let decayed = &decayed[k][stripe];
            for lane in 0..LANES {
                partial[k][lane] += decayed[lane] * row[lane];
            }
        }
    }
    for k in 0..K {
        sums[k] += fold(partial[k]);
    }
}
