//! Walks of deep trees: the rows of a tile descend side by side, so that their waits for memory overlap.

/// Rows of a tile of [`walk_tree`](crate::dispatch::walk_tree).
pub const WALK_LANES: usize = 16;

/// Levels between two looks at whether all rows of a tile have arrived.
const STRIDE: usize = 4;

/// A split or a leaf, in eight bytes. The right child lies next to the left one; a leaf leads to itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Node(u64);

impl Node {
    /// Rows whose code in `slot` is at most `code` go to node `left`, the others to `left + 1`.
    pub const fn split(slot: u16, code: u16, left: u32) -> Self {
        Self((left as u64) << 32 | (slot as u64) << 16 | code as u64)
    }

    /// A leaf at position `position`.
    pub const fn leaf(position: u32) -> Self {
        Self::split(0, u16::MAX, position)
    }

    /// The node that follows for a row with these codes by slot.
    #[inline(always)]
    pub fn next(self, code: impl Fn(u16) -> u16) -> u32 {
        (self.0 >> 32) as u32 + u32::from(code((self.0 >> 16) as u16) > self.0 as u16)
    }
}

#[inline(always)]
pub(crate) fn walk_tree(nodes: &[Node], tiles: &[u16], num_slots: usize, leaves: &mut [u32]) {
    let (tiles, rest) = tiles.as_chunks::<WALK_LANES>();
    let (leaves, rest_leaves) = leaves.as_chunks_mut::<WALK_LANES>();
    assert!(rest.is_empty() && rest_leaves.is_empty(), "whole tiles only");
    assert_eq!(tiles.len(), leaves.len() * num_slots, "codes are tiles × slots × {WALK_LANES}");
    for (tile, leaves) in tiles.chunks_exact(num_slots).zip(leaves) {
        let mut at = [0_u32; WALK_LANES];
        loop {
            let before = at;
            for _ in 0..STRIDE {
                for lane in 0..WALK_LANES {
                    at[lane] = nodes[at[lane] as usize].next(|slot| tile[usize::from(slot)][lane]);
                }
            }
            if at == before {
                break;
            }
        }
        *leaves = at;
    }
}
