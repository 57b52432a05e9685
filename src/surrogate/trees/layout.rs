//! From trees in preorder to the forms that the kernels read.

use matsieve_kernels::trees::{BitTree, Node, Step, WalkTree};

use super::tiles::Encoder;
use super::tree_set::Split;

/// Preorder position of the right child of every split of one tree.
pub(super) fn right_children(tree: &[Option<Split>]) -> Vec<usize> {
    let mut right = vec![0; tree.len()];
    let mut waiting = Vec::new();
    for (position, node) in tree.iter().enumerate() {
        if node.is_some() {
            waiting.push(position);
        } else if let Some(parent) = waiting.pop() {
            // A left subtree ended here; what follows is the right child of the split that waits longest for it.
            right[parent] = position + 1;
        }
    }
    right
}

/// Number of leaves before every preorder position; of a leaf, its own number.
pub(super) fn leaf_ranks(tree: &[Option<Split>]) -> Vec<usize> {
    let count = |count: &mut usize, node: &Option<Split>| {
        let rank = *count;
        *count += usize::from(node.is_none());
        Some(rank)
    };
    tree.iter().scan(0, count).collect()
}

/// A tree level by level, children side by side; leaves carry `payloads`, given in the order of the leaves.
pub(super) fn walk_tree(tree: &[Option<Split>], payloads: impl Fn(usize) -> u64, encoder: &Encoder) -> WalkTree {
    let (right, ranks) = (right_children(tree), leaf_ranks(tree));
    let mut nodes = Vec::with_capacity(tree.len());
    // Preorder position of every node in the new order; grows as its head is read.
    let mut order = vec![0_usize];
    while nodes.len() < order.len() {
        let preorder = order[nodes.len()];
        match tree[preorder] {
            Some(split) => {
                nodes.push(Node::split(encoder.position(split), split.missing_left, split.code, order.len()));
                order.extend([preorder + 1, right[preorder]]);
            }
            None => nodes.push(Node::leaf(payloads(ranks[preorder]))),
        }
    }
    WalkTree::new(nodes)
}

/// Small trees as bit vectors over their leaves, and the values of the leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct BitTrees<T> {
    pub(super) trees: Vec<BitTree>,
    pub(super) planes: Vec<u32>,
    pub(super) steps: Vec<Step>,
    pub(super) values: Vec<T>,
}

impl<T: Copy + Default> BitTrees<T> {
    /// Appends a tree of at most 256 leaves.
    pub(super) fn push(
        &mut self,
        tree: &[Option<Split>],
        leaf_values: impl ExactSizeIterator<Item = T>,
        encoder: &Encoder,
    ) {
        let (right, ranks) = (right_children(tree), leaf_ranks(tree));
        let num_planes = leaf_values.len().div_ceil(8);
        let mut planes: Vec<Vec<Step>> = vec![Vec::new(); num_planes];
        for (position, node) in tree.iter().enumerate() {
            let Some(split) = node else { continue };
            // Leaves of the left subtree: what a row that fails the question cannot reach.
            let lost = ranks[position]..ranks[right[position]];
            for (plane, steps) in planes.iter_mut().enumerate() {
                let is_lost = |bit: &usize| lost.contains(&(plane * 8 + bit));
                let survivors = (0..8).filter(|bit| !is_lost(bit)).fold(0_u8, |bits, bit| bits | 1 << bit);
                if survivors != u8::MAX {
                    steps.push(Step { slot: encoder.slot(*split), code: split.code as u8, survivors });
                }
            }
        }
        for steps in planes.into_iter().rev() {
            self.steps.extend(steps);
            self.planes.push(self.steps.len() as u32);
        }
        self.values.extend(leaf_values);
        self.values.resize(self.values.len().next_multiple_of(8), T::default());
        self.trees.push(BitTree { planes_end: self.planes.len() as u32, values_end: self.values.len() as u32 });
    }
}
