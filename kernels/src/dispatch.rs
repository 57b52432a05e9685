//! Instruction sets: compiles one body per kernel for each level and picks at run time.
//!
//! The only file with `unsafe` but for kernels of intrinsics: calling a function compiled for a level is sound because a
//! [`Level`] can only be obtained where the processor has it.
#![allow(unsafe_code)]

/// An instruction set that this processor has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Set {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The level of the process.
static CHOSEN: std::sync::OnceLock<Level> = std::sync::OnceLock::new();

impl Level {
    /// What every processor of the architecture has.
    pub const BASELINE: Self = Self(Set::Baseline);

    /// The level that was [chosen](Self::choose), else the widest that this processor has. Cheap: it is looked for once.
    pub fn best() -> Self {
        *CHOSEN.get_or_init(|| Self::available().last().unwrap_or(Self::BASELINE))
    }

    /// Makes this the level of the whole process; `false` where another one is in use already.
    pub fn choose(self) -> bool {
        *CHOSEN.get_or_init(|| self) == self
    }

    /// All levels that this processor has, narrowest first; for tests that compare them.
    pub fn available() -> impl Iterator<Item = Self> {
        let levels = [
            Some(Self::BASELINE),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt"))
            .then_some(Self(Set::Avx2)),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt"))
            .then_some(Self(Set::Avx512)),
        ];
        levels.into_iter().flatten()
    }

    /// `baseline`, `avx2` or `avx512`.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Set::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }
}

/// Declares `pub fn name(level, arguments…)`, which runs the `#[inline(always)]` function `body` compiled for `level`; at
/// AVX2 and AVX-512 another function, where one is named.
macro_rules! dispatched {
    ($($(#[$meta:meta])* pub fn $name:ident($($argument:ident: $type:ty),+ $(,)?) $(-> $result:ty)? = $body:path
        $(, avx2 = $avx2:path)? $(, avx512 = $avx512:path)?;)+) => {$(
        $(#[$meta])*
        pub fn $name(level: Level, $($argument: $type),+) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($argument: $type),+) $(-> $result)? {
                dispatched!(@first $($avx2,)? $body)($($argument),+)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx512($($argument: $type),+) $(-> $result)? {
                dispatched!(@first $($avx512,)? $body)($($argument),+)
            }
            match level.0 {
                Set::Baseline => $body($($argument),+),
                // SAFETY: `Level::available` hands this level out only where these features were detected.
                #[cfg(target_arch = "x86_64")]
                Set::Avx2 => unsafe { avx2($($argument),+) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Set::Avx512 => unsafe { avx512($($argument),+) },
            }
        }
    )+};
    (@first $first:path $(, $other:path)?) => { $first };
}

use crate::angular::Neighborhood;
use crate::attention::Sets;
use crate::expansion::{Expansion, Points};
use crate::gemm::Matrix;
use crate::layers::AdamStep;
use crate::structure_factor::Phases;
use crate::symmetry_functions::{AngularTerms, Shell};
use crate::trees::{BitTree, ScoreTile, Step, Thresholds, WalkTree};
use crate::{
    angular, attention, cholesky, eigen, exp, expansion, gemm, layers, moments, partial_sums, power_spectrum, radial,
    structure_factor, symmetry_functions, thresholds, trees, walk,
};
#[cfg(target_arch = "x86_64")]
use crate::{gemm_x86, walk_avx512};

dispatched! {
    /// Numbers of `thresholds` below each value; [`MISSING`](trees::MISSING) for NaN. See [`trees`].
    ///
    /// # Panics
    /// If lengths differ.
    pub fn count_below(values: &[f64], thresholds: &Thresholds, counts: &mut [u16]) = thresholds::count_below;

    /// Sum and number of the `targets` whose code in each column is at most the column's limit. See [`partial_sums`](mod@crate::partial_sums).
    ///
    /// # Panics
    /// If lengths differ.
    pub fn partial_sums(
        codes: &[[u8; partial_sums::LANES]],
        targets: &[f64],
        limits: &[u8; partial_sums::LANES],
        sums: &mut [f64; partial_sums::LANES],
        counts: &mut [u32; partial_sums::LANES],
    ) = partial_sums::partial_sums;

    /// Walks rows of `width` codes each down one tree; `leaves` receives the payload of the leaf in which each ends. See
    /// [`trees`].
    ///
    /// # Panics
    /// If the tree asks for a feature beyond `width`, if `codes` does not hold [`CODES_TAIL`](trees::CODES_TAIL) entries
    /// more than all rows have, or if it holds more than 2³⁰.
    pub fn walk_tree(tree: &WalkTree, codes: &[u16], width: usize, leaves: &mut [u64])
        = walk::walk_tree, avx512 = walk_avx512::walk_tree;

    /// Adds the leaf values of all `trees`, in order, to the sums of one tile of 64 rows. See [`trees`].
    ///
    /// # Panics
    /// If lengths do not fit, or if a step or tree points outside.
    pub fn score_bits(trees: &[BitTree], planes: &[u32], steps: &[Step], values: &[f64], tile: ScoreTile<'_, f64>)
        = trees::score_bits;

    /// [`score_bits`] with every addition in `f32`.
    ///
    /// # Panics
    /// As there.
    pub fn score_bits_f32(trees: &[BitTree], planes: &[u32], steps: &[Step], values: &[f32], tile: ScoreTile<'_, f32>)
        = trees::score_bits;

    /// [`moments::range_mean_deviation_mode`] of a table 24 properties wide.
    ///
    /// # Panics
    /// As there.
    pub fn range_mean_deviation_mode_24(table: &[[f64; 24]], rows: &[usize], amounts: &[f64], out: &mut [f64])
        = moments::range_mean_deviation_mode::<24>;

    /// [`moments::range_mean_std`] of a table 16 properties wide.
    ///
    /// # Panics
    /// As there.
    pub fn range_mean_std_16(table: &[[f64; 16]], rows: &[usize], amounts: &[f64], out: &mut [f64])
        = moments::range_mean_std::<16>;

    /// [`exp::exp_in_place`].
    pub fn exp_in_place(values: &mut [f64]) = exp::exp_in_place;

    /// [`radial::gaussian_sum`].
    ///
    /// # Panics
    /// As there.
    pub fn gaussian_sum(squares: &[f64], weights: &[f64], exponent: f64) -> f64 = radial::gaussian_sum;

    /// [`radial::gaussian_moments`].
    ///
    /// # Panics
    /// As there.
    pub fn gaussian_moments(squares: &[f64], weights: &[f64], directions: [&[f64]; 3], exponent: f64) -> [f64; 4]
        = radial::gaussian_moments;

    /// [`radial::shifted_gaussian_sum`].
    pub fn shifted_gaussian_sum(distances: &[f64], center: f64) -> f64 = radial::shifted_gaussian_sum;

    /// [`radial::weighted_gaussian_sum`].
    ///
    /// # Panics
    /// As there.
    pub fn weighted_gaussian_sum(distances: &[f64], weights: &[f64], center: f64, exponent: f64) -> f64
        = radial::weighted_gaussian_sum;

    /// [`symmetry_functions::add_angular_functions`].
    ///
    /// # Panics
    /// As there.
    pub fn add_angular_functions(
        terms: AngularTerms<'_>,
        left: Shell<'_>,
        right: Shell<'_>,
        is_same: bool,
        rows: &mut [f64],
        sums: &mut [f64],
    ) = symmetry_functions::add_angular_functions;

    /// [`angular::angular_sums`].
    ///
    /// # Panics
    /// As there.
    pub fn angular_sums(neighborhood: Neighborhood<'_>, envelope: &[f64; 16], sums: &mut [f64; 4])
        = angular::angular_sums;

    /// [`eigen::symmetric_eigenvalues`].
    ///
    /// # Panics
    /// As there.
    pub fn symmetric_eigenvalues(matrix: &mut [f64], values: &mut [f64], off_diagonal: &mut [f64]) -> bool
        = eigen::symmetric_eigenvalues;

    /// [`structure_factor::phase_sums`].
    ///
    /// # Panics
    /// As there.
    pub fn phase_sums(
        factors: [&[f64]; 2],
        phases: Phases<'_>,
        start: usize,
        real: &mut [f64],
        imaginary: &mut [f64],
    ) = structure_factor::phase_sums;

    /// [`structure_factor::add_scattered`].
    ///
    /// # Panics
    /// As there.
    pub fn add_scattered(
        atomic_number: f64,
        coefficients: &[[f64; 2]; 4],
        squares: &[f64],
        sums: [&[f64]; 2],
        total: [&mut [f64]; 2],
    ) = structure_factor::add_scattered;
    /// Adds what every point is to its centre: the coefficient of harmonic `h = l² + l + m` and radial function `n` to
    /// `sums[at + h · stride + n]`, where `at` is the target of its group. See [`expansion`].
    ///
    /// # Panics
    /// If lengths do not fit: whole stripes of zeros are added behind the last function, `scratch` is [`Expansion::scratch_len`].
    pub fn expand(basis: &Expansion, points: Points<'_>, scratch: &mut [f64], sums: &mut [f64], stride: usize)
        = expansion::expand::<6>, avx512 = expansion::expand::<13>;

    /// [`power_spectrum::add_power_spectrum`].
    ///
    /// # Panics
    /// As there.
    pub fn add_power_spectrum(coefficients: &[f64], degree: usize, width: usize, sums: &mut [f64])
        = power_spectrum::add_power_spectrum;

    /// Adds `scale · a · b` to the rows of `sum`, which begin every `stride` values. See [`gemm`].
    ///
    /// # Panics
    /// If shapes do not fit, or `packed` is shorter than [`gemm::packed_len`] of `b`.
    pub fn multiply_add_f32(
        a: Matrix<'_, f32>,
        b: Matrix<'_, f32>,
        scale: f32,
        sum: &mut [f32],
        stride: usize,
        packed: &mut [f32],
    ) = gemm::multiply_add::<f32>, avx2 = gemm_x86::multiply_add_f32_avx2,
        avx512 = gemm_x86::multiply_add_f32_avx512;

    /// The same in double precision.
    ///
    /// # Panics
    /// As there.
    pub fn multiply_add_f64(
        a: Matrix<'_, f64>,
        b: Matrix<'_, f64>,
        scale: f64,
        sum: &mut [f64],
        stride: usize,
        packed: &mut [f64],
    ) = gemm::multiply_add::<f64>, avx2 = gemm_x86::multiply_add_f64_avx2,
        avx512 = gemm_x86::multiply_add_f64_avx512;

    /// [`layers::mish`].
    ///
    /// # Panics
    /// As there.
    pub fn mish(input: &[f32], output: &mut [f32]) = layers::mish;

    /// [`layers::mish_backward`].
    ///
    /// # Panics
    /// As there.
    pub fn mish_backward(input: &[f32], gradient: &mut [f32]) = layers::mish_backward;

    /// [`layers::fill_rows`].
    ///
    /// # Panics
    /// As there.
    pub fn fill_rows(row: &[f32], output: &mut [f32]) = layers::fill_rows;

    /// [`layers::add_rows`].
    ///
    /// # Panics
    /// As there.
    pub fn add_rows(input: &[f32], sums: &mut [f32]) = layers::add_rows;

    /// [`layers::add`].
    ///
    /// # Panics
    /// As there.
    pub fn add(input: &[f32], sums: &mut [f32]) = layers::add;

    /// [`layers::scale`].
    ///
    /// # Panics
    /// As there.
    pub fn scale(factors: &[f32], values: &mut [f32]) = layers::scale;

    /// [`layers::layer_norm`].
    ///
    /// # Panics
    /// As there.
    pub fn layer_norm(
        input: &[f32],
        gain: &[f32],
        shift: &[f32],
        normalised: &mut [f32],
        inverse: &mut [f32],
        output: &mut [f32],
    ) = layers::layer_norm;

    /// [`layers::layer_norm_backward`].
    ///
    /// # Panics
    /// As there.
    pub fn layer_norm_backward(
        d_output: &mut [f32],
        gain: &[f32],
        normalised: &[f32],
        inverse: &[f32],
        d_parameters: [&mut [f32]; 2],
        d_input: &mut [f32],
    ) = layers::layer_norm_backward;

    /// [`layers::pinball`].
    ///
    /// # Panics
    /// As there.
    pub fn pinball(outputs: &[f32], targets: &[f32], levels: &[f32], gradient: &mut [f32]) -> f32 = layers::pinball;

    /// [`layers::logistic`].
    ///
    /// # Panics
    /// As there.
    pub fn logistic(outputs: &[f32], targets: &[f32], gradient: &mut [f32]) -> f32 = layers::logistic;

    /// [`layers::adam`].
    ///
    /// # Panics
    /// As there.
    pub fn adam(
        step: AdamStep,
        gradients: &mut [f32],
        first: &mut [f32],
        second: &mut [f32],
        parameters: &mut [f32],
    ) = layers::adam;

    /// [`attention::attend`].
    ///
    /// # Panics
    /// As there.
    pub fn attend(sets: Sets<'_>, slopes: &[f32], projected: &[f32], weights: &mut [f32], output: &mut [f32])
        = attention::attend;

    /// [`attention::attend_backward`].
    ///
    /// # Panics
    /// As there.
    pub fn attend_backward(
        sets: Sets<'_>,
        projected: &[f32],
        weights: &[f32],
        d_output: &[f32],
        d_slopes: &mut [f32],
        d_projected: &mut [f32],
    ) = attention::attend_backward;

    /// [`attention::pool`].
    ///
    /// # Panics
    /// As there.
    pub fn pool(sizes: &[u32], shares: &[f32], width: usize, members: &[f32], output: &mut [f32], stride: usize)
        = attention::pool;

    /// [`attention::pool_backward`].
    ///
    /// # Panics
    /// As there.
    pub fn pool_backward(
        sizes: &[u32],
        shares: &[f32],
        width: usize,
        d_output: &[f32],
        stride: usize,
        d_members: &mut [f32],
    ) = attention::pool_backward;

    /// Factors `width` columns from `start` on in the rows from `start` on, which `rows` holds; false if the block is not
    /// positive definite. See [`cholesky`].
    pub fn factor_block(rows: &mut [f64], size: usize, start: usize, width: usize) -> bool = cholesky::block;

    /// Solves the system of one diagonal block of a factor for `sides` right-hand sides. See [`cholesky`].
    pub fn divide_rows(lower: &[f64], size: usize, right: &mut [f64], sides: usize) = cholesky::divide;

    /// [`cholesky::matern`].
    pub fn matern(squares: &mut [f64], inverse: f64) = cholesky::matern;
}
