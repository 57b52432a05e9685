//! Trees that were grown elsewhere, with their own thresholds and arithmetic.

use matsieve_kernels::dispatch::Level;
use matsieve_kernels::trees::{MAX_BIT_LEAVES, MAX_BYTE_THRESHOLDS, MAX_THRESHOLDS};

use super::tree_set::{MAX_TREES, Split, TreeSet};
use super::tree_sum::{Precision, TreeSum};
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};

/// A node of a tree in preorder: a split is followed by its left and then by its right subtree.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum PlainNode {
    /// Rows with `x[column] <= threshold` go left, others right, rows without a value as said.
    Split {
        /// Column.
        column: usize,
        /// Threshold, finite.
        threshold: f64,
        /// Where rows without a value go.
        missing_left: bool,
    },
    /// A leaf and what it adds.
    Leaf(f64),
}

/// The sum of one leaf a tree, on top of a start.
#[derive(Clone, Debug)]
pub struct SumOfTrees {
    sum: TreeSum,
    start: f64,
}

impl SumOfTrees {
    /// Most trees.
    pub const MAX_TREES: usize = MAX_TREES;
    /// Most columns.
    pub const MAX_COLUMNS: usize = u16::MAX as usize / 2;

    /// Most thresholds of a column.
    pub const MAX_THRESHOLDS: usize = MAX_THRESHOLDS;

    /// Thresholds that a column should not pass where the largest tree has so many leaves: with more, scoring is slower.
    pub fn thresholds_a_column(max_leaves: usize) -> usize {
        if max_leaves <= MAX_BIT_LEAVES { MAX_BYTE_THRESHOLDS } else { MAX_THRESHOLDS }
    }

    /// Puts complete trees in preorder together. With [`Precision::Single`] start and leaves are `f32`.
    ///
    /// # Panics
    /// If a tree is not complete, a number is not finite, or a limit of columns, trees or thresholds is passed.
    pub fn new(width: usize, trees: &[Vec<PlainNode>], start: f64, precision: Precision) -> Self {
        assert!((1..=Self::MAX_COLUMNS).contains(&width), "{width} columns");
        assert!(trees.len() <= MAX_TREES, "{} trees", trees.len());
        assert!(start.is_finite(), "the start is finite");
        let mut edges: Vec<Vec<f64>> = vec![Vec::new(); width];
        for node in trees.iter().flatten() {
            if let PlainNode::Split { column, threshold, .. } = *node {
                assert!(threshold.is_finite(), "thresholds are finite");
                // −0 becomes 0: they divide the numbers alike.
                edges[column].push(threshold + 0.0);
            }
        }
        for edges in &mut edges {
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            assert!(edges.len() <= MAX_THRESHOLDS, "{} thresholds of one column", edges.len());
        }
        let (mut nodes, mut values) = (Vec::new(), Vec::new());
        for tree in trees {
            let mut open = 1_usize;
            for node in tree {
                assert!(open > 0, "nodes behind the end of a tree");
                nodes.push(match *node {
                    PlainNode::Split { column, threshold, missing_left } => {
                        open += 1;
                        let code = edges[column].partition_point(|&edge| edge < threshold + 0.0) as u16;
                        Some(Split { feature: column as u16, missing_left, code })
                    }
                    PlainNode::Leaf(value) => {
                        assert!(value.is_finite(), "leaves are finite");
                        open -= 1;
                        values.push(value);
                        None
                    }
                });
            }
            assert!(open == 0, "a tree is not complete");
        }
        let trees = TreeSet { width, num_trees: trees.len(), edges, nodes };
        Self { sum: TreeSum::new(trees, values, precision), start }
    }

    /// Number of trees.
    pub fn num_trees(&self) -> usize {
        self.sum.trees().num_trees
    }

    /// Number of leaves of all trees.
    pub fn num_leaves(&self) -> usize {
        self.sum.num_leaves()
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.sum.trees().width
    }

    /// Thresholds of a column, ascending.
    pub fn thresholds(&self, column: usize) -> &[f64] {
        &self.sum.trees().edges[column]
    }

    /// Sums of every row. A row's bits depend on that row only.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        self.predict_at(Level::best(), rows, out);
    }

    /// The same with the instructions of a level; for tests that compare them.
    pub fn predict_at(&self, level: Level, rows: Rows<'_>, out: &mut [f64]) {
        self.sum.sum(level, self.start, rows, out);
    }

    /// Appends its tensors.
    pub fn push(&self, tensors: &mut Tensors) {
        self.sum.trees().push(tensors);
        tensors.push_f64("start", &[self.start]);
        self.sum.push_values(tensors);
    }

    /// Reads its tensors back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn read(tensors: &Tensors, precision: Precision) -> Result<Self, TensorError> {
        let sum = TreeSum::read(tensors, precision)?;
        let [start] = tensors.real("start")?[..] else {
            return Err(TensorError::invalid("start", "expected 1 element"));
        };
        if precision == Precision::Single && f64::from(start as f32) != start {
            return Err(TensorError::invalid("start", format!("{start} is no number of single precision")));
        }
        Ok(Self { sum, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_adds_in_single_precision_whichever_way_trees_are_scored() {
        // 2²⁴ + 1 is no f32: each of the ones is lost, where f64 would count them.
        let small = vec![PlainNode::Leaf(1.0)];
        let mut large = vec![PlainNode::Leaf(1.0)];
        for column in 0..300 {
            large.insert(0, PlainNode::Split { column: 0, threshold: f64::from(column), missing_left: true });
            large.push(PlainNode::Leaf(1.0));
        }
        let start = f64::from(1_u32 << 24);
        for level in Level::available() {
            for tree in [&small, &large] {
                let trees = vec![tree.clone(); 3];
                for (precision, expected) in [(Precision::Single, start), (Precision::Double, start + 3.0)] {
                    let model = SumOfTrees::new(1, &trees, start, precision);
                    let x = [0.5, f64::NAN, 299.5];
                    let mut out = [0.0; 3];
                    model.predict_at(level, Rows::new(&x, 1, &[0, 1, 2], &[0]), &mut out);
                    assert_eq!(out, [expected; 3], "{precision:?} at {}", level.name());
                }
            }
        }
    }

    #[test]
    fn zero_and_minus_zero_are_one_threshold() {
        let split = |threshold| PlainNode::Split { column: 0, threshold, missing_left: false };
        let trees =
            [0.0, -0.0].map(|threshold| vec![split(threshold), PlainNode::Leaf(1.0), PlainNode::Leaf(2.0)]).to_vec();
        let model = SumOfTrees::new(1, &trees, 0.0, Precision::Double);
        assert_eq!(model.thresholds(0), [0.0]);
        let mut out = [0.0; 4];
        model.predict(Rows::new(&[-0.0, 0.0, 1e-300, f64::NAN], 1, &[0, 1, 2, 3], &[0]), &mut out);
        assert_eq!(out, [2.0, 2.0, 4.0, 4.0]);
    }
}
