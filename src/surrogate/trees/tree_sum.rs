//! Sums over trees: a start, and the value of one leaf of every tree, added in the order of the trees.

use matsieve_kernels::dispatch::{Level, score_bits, score_bits_f32, walk_tree};
use matsieve_kernels::trees::{MAX_BIT_LEAVES, MAX_BYTE_THRESHOLDS, SCORE_LANES, ScoreTile, WalkTree};

use super::layout::{self, BitTrees};
use super::tiles::Encoder;
use super::tree_set::TreeSet;
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};

/// Rows whose codes are held at once by the walk of large trees; each tree is fetched once a block.
const WALK_BLOCK: usize = 4096;

/// In which arithmetic leaves are added.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// IEEE 754 binary32: start and leaves are `f32`, and every sum is rounded to one.
    Single,
    /// IEEE 754 binary64.
    Double,
}

/// Trees with one value a leaf.
#[derive(Clone, Debug)]
pub(super) struct TreeSum {
    trees: TreeSet,
    values: Vec<f64>,
    precision: Precision,
    encoder: Encoder,
    engine: Engine,
}

/// How the trees are scored; all ways add the same numbers in the same order.
#[derive(Clone, Debug)]
enum Engine {
    /// Every tree is small enough for bit vectors.
    Bits(BitTrees<f64>),
    /// The same in single precision.
    BitsSingle(BitTrees<f32>),
    /// Some tree is not: leaves carry their number in the whole ensemble.
    Walk(Vec<WalkTree>),
}

impl TreeSum {
    /// Puts trees together; `values` in the order of the leaves of `trees`.
    pub(super) fn new(trees: TreeSet, values: Vec<f64>, precision: Precision) -> Self {
        let encoder = Encoder::new(&trees);
        let is_small = encoder.max_thresholds() <= MAX_BYTE_THRESHOLDS
            && trees.trees().all(|tree| tree.len().div_ceil(2) <= MAX_BIT_LEAVES);
        let engine = match precision {
            _ if !is_small => Engine::walk(&trees, &encoder),
            Precision::Single => Engine::BitsSingle(bits(&trees, &values, &encoder, |value| value as f32)),
            Precision::Double => Engine::Bits(bits(&trees, &values, &encoder, |value| value)),
        };
        Self { trees, values, precision, encoder, engine }
    }

    pub(super) fn trees(&self) -> &TreeSet {
        &self.trees
    }

    pub(super) fn num_leaves(&self) -> usize {
        self.values.len()
    }

    /// Adds to `start` what each row's leaves hold.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width than the trees.
    pub(super) fn sum(&self, level: Level, start: f64, rows: Rows<'_>, out: &mut [f64]) {
        assert_eq!(rows.len(), out.len(), "one prediction a row");
        match &self.engine {
            Engine::Bits(trees) => self.tiles(level, rows, |codes, at| {
                let mut sums = [start; SCORE_LANES];
                let tile = ScoreTile { codes, sums: &mut sums };
                score_bits(level, &trees.trees, &trees.planes, &trees.steps, &trees.values, tile);
                let out = &mut out[at..];
                let len = out.len().min(SCORE_LANES);
                out[..len].copy_from_slice(&sums[..len]);
            }),
            Engine::BitsSingle(trees) => self.tiles(level, rows, |codes, at| {
                let mut sums = [start as f32; SCORE_LANES];
                let tile = ScoreTile { codes, sums: &mut sums };
                score_bits_f32(level, &trees.trees, &trees.planes, &trees.steps, &trees.values, tile);
                for (out, sum) in out[at..].iter_mut().zip(sums) {
                    *out = f64::from(sum);
                }
            }),
            Engine::Walk(trees) => self.walk(level, trees, start, rows, out),
        }
    }

    /// Codes the rows, 64 at a time, and hands codes and first row of each tile over.
    fn tiles(&self, level: Level, rows: Rows<'_>, mut take: impl FnMut(&[u8], usize)) {
        let mut codes = vec![0_u8; self.encoder.num_slots() * SCORE_LANES];
        for start in (0..rows.len()).step_by(SCORE_LANES) {
            let end = (start + SCORE_LANES).min(rows.len());
            self.encoder.encode_tile(level, rows.slice(start..end), &mut codes);
            take(&codes, start);
        }
    }

    fn walk(&self, level: Level, trees: &[WalkTree], start: f64, rows: Rows<'_>, out: &mut [f64]) {
        let (mut codes, mut leaves) = (Vec::new(), Vec::new());
        for (number, out) in out.chunks_mut(WALK_BLOCK).enumerate() {
            let first = number * WALK_BLOCK;
            leaves.resize(out.len(), 0);
            self.encoder.encode_rows(level, rows.slice(first..first + out.len()), &mut codes);
            out.fill(start);
            for tree in trees {
                walk_tree(level, tree, &codes, self.encoder.num_features(), &mut leaves);
                let sums = out.iter_mut().zip(&leaves);
                match self.precision {
                    Precision::Double => sums.for_each(|(sum, &leaf)| *sum += self.values[leaf as usize]),
                    // A sum of two f32 rounded to f64 and then to f32 is the sum rounded to f32 at once: 53 ≥ 2 · 24 + 2.
                    Precision::Single => {
                        sums.for_each(|(sum, &leaf)| *sum = f64::from((*sum + self.values[leaf as usize]) as f32))
                    }
                }
            }
        }
    }

    /// Appends the values of the leaves to a model's tensors; [`TreeSet::push`] appends the trees.
    pub(super) fn push_values(&self, tensors: &mut Tensors) {
        tensors.push_real("leaf_value", &self.values);
    }

    /// Reads trees and values back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub(super) fn read(tensors: &Tensors, precision: Precision) -> Result<Self, TensorError> {
        let trees = TreeSet::read(tensors)?;
        let values = tensors.real("leaf_value")?;
        if values.len() != trees.num_leaves() {
            let problem = format!("{} values for {} leaves", values.len(), trees.num_leaves());
            return Err(TensorError::invalid("leaf_value", problem));
        }
        if precision == Precision::Single
            && let Some(value) = values.iter().find(|&&value| f64::from(value as f32) != value)
        {
            return Err(TensorError::invalid("leaf_value", format!("{value} is no number of single precision")));
        }
        Ok(Self::new(trees, values, precision))
    }
}

fn bits<T: Copy + Default>(trees: &TreeSet, values: &[f64], encoder: &Encoder, cast: fn(f64) -> T) -> BitTrees<T> {
    let mut bits = BitTrees::default();
    let mut rest = values;
    for tree in trees.trees() {
        let (own, others) = rest.split_at(tree.len().div_ceil(2));
        bits.push(tree, own.iter().copied().map(cast), encoder);
        rest = others;
    }
    bits
}

impl Engine {
    fn walk(trees: &TreeSet, encoder: &Encoder) -> Self {
        let mut first_leaf = 0;
        let walk = |tree: &[_]| {
            let walk = layout::walk_tree(tree, |leaf| (first_leaf + leaf) as u64, encoder);
            first_leaf += tree.len().div_ceil(2);
            walk
        };
        Self::Walk(trees.trees().map(walk).collect())
    }
}
