//! [`walk_tree`](crate::walk::walk_tree) with gathers. The compiler cannot make them itself: it does not know that nodes
//! point inside their tree, and a check of every index would undo them.
//!
//! Lanes never wait for the deepest row: one that arrives takes the next row at once.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use crate::walk::{Node, WalkTree};

/// Vectors of 16 rows that descend side by side.
const GROUPS: usize = 4;

/// Arrivals that are collected before they are written by row.
const CAPACITY: usize = 256;

/// Arrived rows and their leaves.
struct Arrivals {
    rows: [u32; CAPACITY],
    nodes: [u32; CAPACITY],
    len: usize,
}

impl Arrivals {
    /// Appends the lanes in `mask`; there is room for 16.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
    fn push(&mut self, mask: __mmask16, rows: __m512i, nodes: __m512i) {
        assert!(self.len <= CAPACITY - 16);
        // SAFETY: 16 entries from `len` on are inside, as just checked.
        unsafe {
            _mm512_storeu_si512(self.rows.as_mut_ptr().add(self.len).cast(), _mm512_maskz_compress_epi32(mask, rows));
            _mm512_storeu_si512(self.nodes.as_mut_ptr().add(self.len).cast(), _mm512_maskz_compress_epi32(mask, nodes));
        }
        self.len += mask.count_ones() as usize;
    }

    fn flush(&mut self, nodes: &[Node], leaves: &mut [u64]) {
        for (&row, &node) in self.rows[..self.len].iter().zip(&self.nodes[..self.len]) {
            leaves[row as usize] = nodes[node as usize].payload();
        }
        self.len = 0;
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(crate) fn walk_tree(tree: &WalkTree, codes: &[u16], width: usize, leaves: &mut [u64]) {
    tree.check(codes, width, leaves.len());
    let num_rows = leaves.len() as u32;
    let Some(last_row) = num_rows.checked_sub(1) else { return };
    let nodes = tree.nodes();
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let num_rows_lanes = _mm512_set1_epi32(num_rows as i32);
    let last_row = _mm512_set1_epi32(last_row as i32);
    let width = _mm512_set1_epi32(width as i32);
    let low_words = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let high_words = _mm512_or_si512(low_words, _mm512_set1_epi32(1));
    let code_bits = _mm512_set1_epi32(0xffff);
    let left_bits = _mm512_set1_epi32(i32::MAX);
    let one = _mm512_set1_epi32(1);

    // Rows of the lanes; a lane for which no row is left goes on with the last one and is not in `waited_for`.
    let mut row = [_mm512_setzero_si512(); GROUPS];
    let mut waited_for = [0; GROUPS];
    let mut at = [_mm512_setzero_si512(); GROUPS];
    let mut next_row = 0_u32;
    for group in 0..GROUPS {
        let asked = _mm512_add_epi32(lanes, _mm512_set1_epi32(next_row as i32));
        row[group] = _mm512_min_epu32(asked, last_row);
        waited_for[group] = _mm512_cmplt_epu32_mask(asked, num_rows_lanes);
        next_row += 16;
    }
    let mut arrivals = Arrivals { rows: [0; CAPACITY], nodes: [0; CAPACITY], len: 0 };
    while waited_for != [0; GROUPS] {
        for group in 0..GROUPS {
            // SAFETY: `at` starts at the root and otherwise comes from splits, whose children `WalkTree` found inside.
            let (first, second) = unsafe {
                let base = nodes.as_ptr().cast();
                (
                    _mm512_i32gather_epi64::<8>(_mm512_castsi512_si256(at[group]), base),
                    _mm512_i32gather_epi64::<8>(_mm512_extracti64x4_epi64::<1>(at[group]), base),
                )
            };
            let low = _mm512_permutex2var_epi32(first, low_words, second);
            let high = _mm512_permutex2var_epi32(first, high_words, second);
            let arrived = _mm512_movepi32_mask(low);
            let offset = _mm512_mullo_epi32(row[group], width);
            let place = _mm512_add_epi32(offset, _mm512_srli_epi32::<16>(low));
            // SAFETY: `check` found every row's codes and one more inside, and a split asks for one of them; lanes at a
            // leaf do not load.
            let code = unsafe {
                _mm512_mask_i32gather_epi32::<2>(_mm512_setzero_si512(), !arrived, place, codes.as_ptr().cast())
            };
            let code = _mm512_add_epi16(code, _mm512_srli_epi32::<31>(high));
            let goes_right = _mm512_test_epi32_mask(_mm512_subs_epu16(code, low), code_bits);
            let left = _mm512_and_si512(high, left_bits);
            let next = _mm512_mask_add_epi32(left, goes_right, left, one);

            arrivals.push(arrived & waited_for[group], row[group], at[group]);
            at[group] = _mm512_maskz_mov_epi32(!arrived, next);
            let asked = _mm512_add_epi32(lanes, _mm512_set1_epi32(next_row as i32));
            let is_there = _mm512_cmplt_epu32_mask(_mm512_maskz_expand_epi32(arrived, asked), num_rows_lanes);
            row[group] = _mm512_mask_expand_epi32(row[group], arrived, _mm512_min_epu32(asked, last_row));
            waited_for[group] &= !arrived | is_there;
            next_row = next_row.saturating_add(arrived.count_ones());
        }
        if arrivals.len > CAPACITY - 16 * GROUPS {
            arrivals.flush(nodes, leaves);
        }
    }
    arrivals.flush(nodes, leaves);
}
