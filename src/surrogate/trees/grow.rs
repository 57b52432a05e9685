//! Leaf-wise growth: always splits the leaf that gains most.

use std::ops::Range;

use rayon::prelude::*;

use super::edges::{Codes, MISSING};
use super::histogram::{Best, Block, Cell, Children, Rules, Units};
use super::tree_set::Split;

/// Additions to histograms below which a task is not worth handing to another thread.
const MIN_PARALLEL_WORK: usize = 1 << 16;

/// A grown tree: its nodes in preorder, and the rows of every leaf in the same order.
pub(super) struct Grown {
    pub(super) nodes: Vec<Option<Split>>,
    pub(super) leaves: Vec<Range<usize>>,
}

struct OpenLeaf {
    rows: Range<usize>,
    best: Option<Best>,
    node: usize,
}

struct Grower<'a, const W: usize> {
    blocks: &'a mut [Block<W>],
    cells: &'a [Cell<W>],
    units: Units,
    rules: Rules,
    width: usize,
}

/// Grows one tree over `rows`, which get reordered so that each leaf's lie together.
pub(super) fn grow<const W: usize>(
    codes: &Codes,
    blocks: &mut [Block<W>],
    (cells, units): (&[Cell<W>], Units),
    rules: Rules,
    num_leaves: usize,
    rows: &mut [u32],
) -> Grown {
    let width = blocks.iter().map(Block::width).sum();
    let mut grower = Grower { blocks, cells, units, rules, width };
    // Split and children of every node; `None` while it is a leaf.
    let mut nodes: Vec<Option<(Split, [usize; 2])>> = vec![None];
    let best = if rows.len() >= 2 * rules.min_samples_leaf && num_leaves > 1 { grower.root(rows) } else { None };
    let mut leaves = vec![OpenLeaf { rows: 0..rows.len(), best, node: 0 }];
    let mut scratch = Vec::new();
    while leaves.len() < num_leaves {
        let mut chosen: Option<(usize, Best)> = None;
        for (position, leaf) in leaves.iter().enumerate() {
            if let Some(best) = leaf.best.filter(|best| chosen.is_none_or(|(_, chosen)| best.gain > chosen.gain)) {
                chosen = Some((position, best));
            }
        }
        let Some((parent, best)) = chosen else { break };
        let range = leaves[parent].rows.clone();
        let num_left = part(codes, best.split, &mut rows[range.clone()], &mut scratch);
        let middle = range.start + num_left;
        let (left, right) = (range.start..middle, middle..range.end);
        nodes[leaves[parent].node] = Some((best.split, [nodes.len(), nodes.len() + 1]));
        let new = leaves.len();
        leaves[parent] = OpenLeaf { rows: left.clone(), best: None, node: nodes.len() };
        leaves.push(OpenLeaf { rows: right.clone(), best: None, node: nodes.len() + 1 });
        nodes.extend([None, None]);
        if leaves.len() < num_leaves && range.len() >= 2 * rules.min_samples_leaf {
            let is_left_small = left.len() <= right.len();
            let (small, large) = if is_left_small { (parent, new) } else { (new, parent) };
            let small_rows = &rows[leaves[small].rows.clone()];
            let (best_small, best_large) = grower.children(&Children { parent, small, large, small_rows });
            leaves[small].best = best_small;
            leaves[large].best = best_large;
        }
    }
    for block in grower.blocks {
        block.reset();
    }
    preorder(&nodes, &leaves)
}

impl<const W: usize> Grower<'_, W> {
    fn root(&mut self, rows: &[u32]) -> Option<Best> {
        let Self { cells, units, rules, .. } = *self;
        let work = rows.len() * self.width;
        let found = for_blocks(self.blocks, work, |block| block.root(rows, cells, units, rules));
        best_of(found.into_iter())
    }

    fn children(&mut self, children: &Children<'_>) -> (Option<Best>, Option<Best>) {
        let Self { cells, units, rules, .. } = *self;
        // Looking through 256 bins of two children costs more than a few hundred rows.
        let work = (children.small_rows.len() + 512) * self.width;
        let found = for_blocks(self.blocks, work, |block| block.children(children, cells, units, rules));
        (best_of(found.iter().map(|found| found.0)), best_of(found.iter().map(|found| found.1)))
    }
}

/// Results of all blocks, in order.
fn for_blocks<const W: usize, T: Send>(
    blocks: &mut [Block<W>],
    work: usize,
    job: impl Fn(&mut Block<W>) -> T + Send + Sync,
) -> Vec<T> {
    if work < MIN_PARALLEL_WORK || blocks.len() == 1 || rayon::current_num_threads() == 1 {
        blocks.iter_mut().map(job).collect()
    } else {
        blocks.par_iter_mut().map(job).collect()
    }
}

/// The greatest gain; the first of equals, so that blocks do not matter.
fn best_of(found: impl Iterator<Item = Option<Best>>) -> Option<Best> {
    found.flatten().reduce(|best, other| if other.gain > best.gain { other } else { best })
}

/// Whether a row with this code goes left.
pub(super) fn goes_left(split: Split, code: u8) -> bool {
    if code == MISSING { split.missing_left } else { u16::from(code) <= split.code }
}

/// Moves rows that go left to the front, keeping order on both sides; returns their number.
pub(super) fn part(codes: &Codes, split: Split, rows: &mut [u32], scratch: &mut Vec<u32>) -> usize {
    let column = codes.column(usize::from(split.feature));
    scratch.clear();
    let mut num_left = 0;
    for position in 0..rows.len() {
        let row = rows[position];
        if goes_left(split, column[row as usize]) {
            rows[num_left] = row;
            num_left += 1;
        } else {
            scratch.push(row);
        }
    }
    rows[num_left..].copy_from_slice(scratch);
    num_left
}

fn preorder(nodes: &[Option<(Split, [usize; 2])>], leaves: &[OpenLeaf]) -> Grown {
    let mut rows_of = vec![0..0; nodes.len()];
    for leaf in leaves {
        rows_of[leaf.node] = leaf.rows.clone();
    }
    let mut grown = Grown { nodes: Vec::with_capacity(nodes.len()), leaves: Vec::with_capacity(leaves.len()) };
    let mut waiting = vec![0];
    while let Some(node) = waiting.pop() {
        grown.nodes.push(nodes[node].map(|(split, _)| split));
        match nodes[node] {
            Some((_, [left, right])) => waiting.extend([right, left]),
            None => grown.leaves.push(rows_of[node].clone()),
        }
    }
    grown
}
