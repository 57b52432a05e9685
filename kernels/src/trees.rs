//! Decision trees over coded features.
//!
//! A value becomes the number of its feature's thresholds below it; `x <= threshold[c]` is then `code <= c`, so trees
//! compare small integers and route exactly as in f64. The largest code says that the value is missing.
//!
//! Deep trees are walked, many rows side by side; their nodes say where missing values go.
//!
//! Small trees (at most 256 leaves) are scored without walking, as in QuickScorer: every split that a row fails
//! erases the leaves of its left subtree from the row's bit vector, and the first leaf that is left is the exit. Here a
//! *slot* is a feature together with the way its missing values go: code 0 sends them left at every split, the largest
//! code sends them right. Rows are laid out in *tiles*, slot by slot, so that one comparison serves all rows of a tile.
//!
//! # References
//! 10.1145/2766462.2767733 (QuickScorer, bit vectors and their order); we keep the vectors of 64 rows in byte planes
//! and go tree by tree instead of feature by feature.

use std::ops::AddAssign;

pub use crate::thresholds::{MAX_THRESHOLDS, MISSING, Thresholds};
pub use crate::walk::{CODES_TAIL, MAX_WALK_FEATURES, Node, WalkTree};

/// Rows of a tile of [`score_bits`](crate::dispatch::score_bits).
pub const SCORE_LANES: usize = 64;

/// Most thresholds of a slot that fit the codes of [`score_bits`](crate::dispatch::score_bits).
pub const MAX_BYTE_THRESHOLDS: usize = 255;

/// Most leaves of a tree that [`score_bits`](crate::dispatch::score_bits) takes.
pub const MAX_BIT_LEAVES: usize = 256;

/// One split's effect on one plane: rows whose code is above `code` keep only the leaves in `survivors`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Slot that is compared.
    pub slot: u16,
    /// Rows with a code up to this one keep all leaves.
    pub code: u8,
    /// Leaves of the plane that the others keep.
    pub survivors: u8,
}

/// Where one tree ends in the lists of planes and values; it begins where the tree before it ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct BitTree {
    /// One past its last plane. Planes of 8 leaves come in *descending* order of leaves.
    pub planes_end: u32,
    /// One past its last leaf value; values come in ascending order of leaves, a multiple of 8.
    pub values_end: u32,
}

/// Codes and sums of 64 rows; `T` is `f64` or `f32`, and so is every addition.
#[derive(Debug)]
pub struct ScoreTile<'a, T> {
    /// Codes, slots × 64.
    pub codes: &'a [u8],
    /// One sum a row.
    pub sums: &'a mut [T; SCORE_LANES],
}

/// Erases the leaves that rows above the step's code cannot reach. Without a branch, so that it becomes a few vector
/// instructions; written with `if` it stayed a loop over single bytes.
#[inline(always)]
fn erase(bits: &mut [u8; SCORE_LANES], codes: &[u8; SCORE_LANES], step: Step) {
    for (bits, code) in bits.iter_mut().zip(codes) {
        *bits &= u8::from(*code <= step.code).wrapping_neg() | step.survivors;
    }
}

#[inline(always)]
pub(crate) fn score_bits<T: Copy + AddAssign>(
    trees: &[BitTree],
    planes: &[u32],
    steps: &[Step],
    values: &[T],
    tile: ScoreTile<'_, T>,
) {
    let (codes, rest) = tile.codes.as_chunks::<SCORE_LANES>();
    assert!(rest.is_empty(), "codes are slots × 64");
    let sums = tile.sums;
    let (mut plane, mut step, mut value) = (0, 0, 0);
    for tree in trees {
        let tree_planes = &planes[plane..tree.planes_end as usize];
        let tree_values = &values[value..tree.values_end as usize];
        assert_eq!(tree_planes.len() * 8, tree_values.len(), "eight leaves a plane");
        let mut exit_bits = [0_u8; SCORE_LANES];
        let mut exit_base = [0_u8; SCORE_LANES];
        for (index, &end) in tree_planes.iter().enumerate() {
            let mut bits = [0xff_u8; SCORE_LANES];
            for step in &steps[step..end as usize] {
                let codes = &codes[usize::from(step.slot)];
                erase(&mut bits, codes, *step);
            }
            step = end as usize;
            let base = ((tree_planes.len() - 1 - index) * 8) as u8;
            // Masks here too: with `if` this was four times the rest at AVX2, which has no masked moves of bytes.
            for lane in 0..SCORE_LANES {
                let is_empty = u8::from(bits[lane] == 0).wrapping_neg();
                exit_bits[lane] = bits[lane] | (exit_bits[lane] & is_empty);
                exit_base[lane] = (base & !is_empty) | (exit_base[lane] & is_empty);
            }
        }
        for lane in 0..SCORE_LANES {
            let low = exit_bits[lane] & exit_bits[lane].wrapping_neg();
            let offset =
                u8::from(low & 0xaa != 0) | (u8::from(low & 0xcc != 0) << 1) | (u8::from(low & 0xf0 != 0) << 2);
            exit_base[lane] |= offset;
        }
        for (sum, leaf) in sums.iter_mut().zip(exit_base) {
            *sum += tree_values[usize::from(leaf)];
        }
        plane = tree.planes_end as usize;
        value = tree.values_end as usize;
    }
}
