//! Walks of deep trees: many rows descend side by side, so that their waits for memory overlap.

use crate::thresholds::MAX_THRESHOLDS;

/// Entries that codes must have behind their last row: wide loads reach over the end.
pub const CODES_TAIL: usize = 1;

/// Most features of the rows that are walked.
pub const MAX_WALK_FEATURES: usize = 1 << 15;

/// Rows that descend side by side where the processor cannot gather.
const LANES: usize = 8;

/// Levels between two looks at whether all of them have arrived. Of 8 or 16 rows and 2, 4 or 8 levels this pair was the
/// fastest on trees of 4,600 leaves.
const STRIDE: usize = 2;

/// A split or a leaf, in eight bytes.
///
/// From the lowest bit: threshold (16), feature (15), is a leaf (1), left child (31), missing goes left (1). A leaf has
/// its own payload in place of all but the leaf bit.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Node(u64);

impl Node {
    const LEAF: u64 = 1 << 31;

    /// Rows whose code of `feature` is at most `code` go to node `left`, the others to `left + 1`; rows that miss the
    /// value as asked.
    ///
    /// # Panics
    /// If a number has no room.
    pub fn split(feature: usize, missing_left: bool, code: u16, left: usize) -> Self {
        assert!(feature < MAX_WALK_FEATURES, "feature {feature} has no room");
        assert!(usize::from(code) < MAX_THRESHOLDS, "code {code} is none");
        assert!(left < 1 << 31, "child {left} has no room");
        // With 1 added to code and threshold, a missing value becomes 0 and every other comparison stays as it was.
        let threshold = u64::from(code) + u64::from(missing_left);
        Self(u64::from(missing_left) << 63 | (left as u64) << 32 | (feature as u64) << 16 | threshold)
    }

    /// A leaf that carries the lower 63 bits of `payload`.
    pub const fn leaf(payload: u64) -> Self {
        Self(Self::LEAF | (payload & (Self::LEAF - 1)) | (payload >> 31) << 32)
    }

    /// What a leaf carries.
    #[inline(always)]
    pub const fn payload(self) -> u64 {
        (self.0 & (Self::LEAF - 1)) | (self.0 >> 32) << 31
    }

    /// Whether rows end here.
    #[inline(always)]
    pub const fn is_leaf(self) -> bool {
        self.0 & Self::LEAF != 0
    }

    #[inline(always)]
    fn feature(self) -> usize {
        (self.0 >> 16) as usize & (MAX_WALK_FEATURES - 1)
    }

    #[inline(always)]
    fn left(self) -> usize {
        (self.0 >> 32) as usize & (i32::MAX as usize)
    }

    /// The node that follows a split for a row with this code of the split's feature.
    #[inline(always)]
    fn next(self, code: u16) -> usize {
        let missing_left = (self.0 >> 63) as u16;
        self.left() + usize::from(code.wrapping_add(missing_left) > self.0 as u16)
    }
}

/// One tree as the kernel walks it: node 0 is the root, children lie behind their parent and next to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkTree {
    nodes: Vec<Node>,
    num_features: usize,
}

impl WalkTree {
    /// Takes the nodes of a tree.
    ///
    /// # Panics
    /// If there is none, or if a split's children do not lie behind it.
    pub fn new(nodes: Vec<Node>) -> Self {
        assert!(!nodes.is_empty(), "a tree has a root");
        let splits = || nodes.iter().enumerate().filter(|(_, node)| !node.is_leaf());
        for (position, node) in splits() {
            let children = node.left()..node.left() + 2;
            assert!(position < children.start && children.end <= nodes.len(), "{children:?} of {position} lie outside");
        }
        let num_features = splits().map(|(_, node)| node.feature() + 1).max().unwrap_or(0);
        Self { nodes, num_features }
    }

    /// The nodes, every child inside and behind its parent.
    #[inline(always)]
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Asserts that `num_rows` rows of `width` codes can be walked: that every code which a split may ask for is there.
    #[inline(always)]
    pub(crate) fn check(&self, codes: &[u16], width: usize, num_rows: usize) {
        assert!(self.num_features <= width || num_rows == 0, "{width} codes a row, {} in use", self.num_features);
        assert!(codes.len() >= num_rows * width + CODES_TAIL, "codes are rows × features, and a tail");
        assert!(codes.len() <= 1 << 30, "too many codes for one call");
    }
}

#[inline(always)]
pub(crate) fn walk_tree(tree: &WalkTree, codes: &[u16], width: usize, leaves: &mut [u64]) {
    tree.check(codes, width, leaves.len());
    let nodes = tree.nodes();
    for (number, leaves) in leaves.chunks_mut(LANES).enumerate() {
        // Lanes without a row walk with the last one.
        let codes: [&[u16]; LANES] = std::array::from_fn(|lane| {
            &codes[(number * LANES + lane.min(leaves.len() - 1)) * width..][..width + CODES_TAIL]
        });
        let mut at = [0_usize; LANES];
        loop {
            let before = at;
            for _ in 0..STRIDE {
                for lane in 0..LANES {
                    let node = nodes[at[lane]];
                    // A leaf leads to itself; without a branch, which would be mispredicted once a row.
                    let feature = if node.is_leaf() { 0 } else { node.feature() };
                    let next = node.next(codes[lane][feature]);
                    at[lane] = if node.is_leaf() { at[lane] } else { next };
                }
            }
            if at == before {
                break;
            }
        }
        for (leaf, at) in leaves.iter_mut().zip(at) {
            *leaf = nodes[at].payload();
        }
    }
}
