//! Sums over pairs of neighbours of one centre: angular symmetry functions of any exponent.
//!
//! [`angular`](crate::angular) has those of one set of exponents, faster.

use crate::exp::{LANES, exp, fold};
use crate::ln::power;

/// Zeros that every list of a [`Shell`] holds after its last neighbour.
pub const PADDING: usize = LANES;

/// Lists of the length of a shell that [`add_angular_functions`] needs as working memory.
pub const ROWS: usize = 4;

type Lanes = [f64; LANES];

/// `2 (½ (1 + λ cos θ))^ζ exp(−η (r₁² + r₂²))`, and with a closed triangle also `exp(−η r₃²) f(r₃)` of its third side.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct AngularFunction {
    /// η, not negative; the part that belongs to the two legs lies in the weights of the shells.
    pub decay: f64,
    /// ζ, above 0.
    pub exponent: f64,
    /// λ, from −1 to 1.
    pub sign: f64,
    /// Whether the third side counts.
    pub is_closed: bool,
}

/// The functions of a descriptor.
#[derive(Copy, Clone, Debug)]
pub struct AngularTerms<'a> {
    /// The functions.
    pub functions: &'a [AngularFunction],
    /// Length up to which the third side counts.
    pub cutoff: f64,
    /// f of the third side, a power series in the square of its share of the cut-off.
    pub envelope: &'a [f64; 16],
}

/// Neighbours of one centre that are of one kind, each list [`PADDING`] zeros longer than there are neighbours.
#[derive(Copy, Clone, Debug)]
pub struct Shell<'a> {
    /// Unit vectors to the neighbours, by axis.
    pub directions: [&'a [f64]; 3],
    /// Distances.
    pub distances: &'a [f64],
    /// One list a function: `f(r) exp(−η r²)`.
    pub weights: &'a [f64],
}

impl Shell<'_> {
    fn check(&self, functions: usize) -> usize {
        let length = self.distances.len();
        assert!(self.directions.iter().all(|axis| axis.len() == length) && length >= PADDING);
        assert_eq!(self.weights.len(), functions * length, "one list of weights a function");
        length
    }
}

/// Adds each function of all pairs of a neighbour in `left` and one in `right` to `sums`; where `is_same`, both are one
/// shell, of which every pair counts once.
///
/// # Panics
/// If lengths do not fit: `rows` holds [`ROWS`] lists as long as those of `right`.
#[inline(always)]
pub fn add_angular_functions(
    terms: AngularTerms<'_>,
    left: Shell<'_>,
    right: Shell<'_>,
    is_same: bool,
    rows: &mut [f64],
    sums: &mut [f64],
) {
    let AngularTerms { functions, cutoff, envelope } = terms;
    let (lefts, rights) = (left.check(functions.len()), right.check(functions.len()));
    assert!(sums.len() == functions.len() && rows.len() == ROWS * rights);
    let [cosines, squares, envelopes, decayed] = lists(rows, rights);
    let is_any_closed = functions.iter().any(|function| function.is_closed);
    let count = rights - PADDING;
    for j in 0..lefts - PADDING {
        let start = if is_same { j + 1 } else { 0 };
        let stripes = (count - start).div_ceil(LANES);
        let [x, y, z] = left.directions.map(|axis| axis[j]);
        let distance = left.distances[j];
        for stripe in 0..stripes {
            let at = start + stripe * LANES;
            let [vx, vy, vz] = right.directions.map(|axis| lanes(axis, at));
            let r = lanes(right.distances, at);
            for lane in 0..LANES {
                let cosine = x * vx[lane] + y * vy[lane] + z * vz[lane];
                cosines[stripe][lane] = cosine;
                squares[stripe][lane] = distance * distance + r[lane] * r[lane] - 2.0 * distance * r[lane] * cosine;
            }
        }
        if is_any_closed {
            let scale = 1.0 / (cutoff * cutoff);
            for (out, square) in envelopes[..stripes].iter_mut().zip(&squares[..stripes]) {
                for lane in 0..LANES {
                    let share = square[lane] * scale;
                    let mut value = envelope[15];
                    for coefficient in envelope[..15].iter().rev() {
                        value = value * share + coefficient;
                    }
                    out[lane] = if share <= 1.0 { value } else { 0.0 };
                }
            }
        }
        let mut decay = f64::NAN;
        for (place, (function, sum)) in functions.iter().zip(sums.iter_mut()).enumerate() {
            // Functions that differ in angles only share the exponentials of the third side.
            if function.is_closed && function.decay != decay {
                decay = function.decay;
                for ((out, square), envelope) in decayed[..stripes].iter_mut().zip(&*squares).zip(&*envelopes) {
                    for lane in 0..LANES {
                        out[lane] = envelope[lane] * exp(-decay * square[lane]);
                    }
                }
            }
            let weights = &right.weights[place * rights..][..rights];
            let third = function.is_closed.then_some(&decayed[..stripes]);
            let total = row_sum(function, &cosines[..stripes], weights, start, third);
            *sum += 2.0 * left.weights[place * lefts + j] * total;
        }
    }
}

/// The sum over one row of pairs.
#[inline(always)]
fn row_sum(
    function: &AngularFunction,
    cosines: &[Lanes],
    weights: &[f64],
    start: usize,
    third: Option<&[Lanes]>,
) -> f64 {
    let mut partial = [0.0; LANES];
    let whole = function.exponent as u32;
    let is_whole = f64::from(whole) == function.exponent;
    for (stripe, cosine) in cosines.iter().enumerate() {
        let mut value = lanes(weights, start + stripe * LANES);
        if let Some(third) = third {
            for lane in 0..LANES {
                value[lane] *= third[stripe][lane];
            }
        }
        let mut base = [0.0; LANES];
        for lane in 0..LANES {
            let half = 0.5 * (1.0 + function.sign * cosine[lane]);
            // Of opposite neighbours rounding may leave less than nothing.
            base[lane] = if half > 0.0 { half } else { 0.0 };
        }
        if is_whole {
            let mut rest = whole;
            while rest > 0 {
                if rest & 1 == 1 {
                    for lane in 0..LANES {
                        value[lane] *= base[lane];
                    }
                }
                rest >>= 1;
                if rest > 0 {
                    for lane in &mut base {
                        *lane *= *lane;
                    }
                }
            }
        } else {
            for lane in 0..LANES {
                value[lane] *= power(base[lane], function.exponent);
            }
        }
        for lane in 0..LANES {
            partial[lane] += value[lane];
        }
    }
    fold(partial)
}

#[inline(always)]
fn lanes(values: &[f64], at: usize) -> Lanes {
    *values[at..].first_chunk().expect("padding follows the last neighbour")
}

/// Lists of whole stripes.
#[inline(always)]
fn lists(rows: &mut [f64], length: usize) -> [&mut [Lanes]; ROWS] {
    let mut rest = rows;
    std::array::from_fn(|_| {
        let (list, after) = std::mem::take(&mut rest).split_at_mut(length);
        rest = after;
        list.as_chunks_mut().0
    })
}
