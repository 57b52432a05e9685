//! Boosted trees: the sum of many small trees.

use matsieve_kernels::dispatch::{Level, score_bits, walk_tree};
use matsieve_kernels::trees::{MAX_BIT_LEAVES, MAX_BYTE_THRESHOLDS, SCORE_LANES, ScoreTile, WalkTree};

use super::layout::{self, BitTrees};
use super::loss::{Loss, sigmoid};
use super::tiles::Encoder;
use super::tree_set::TreeSet;
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};

/// Rows whose codes are held at once by the walk of large trees; each tree is fetched once a block.
const WALK_BLOCK: usize = 4096;

/// A trained sum of trees.
#[derive(Clone, Debug)]
pub struct Boosted {
    trees: TreeSet,
    values: Vec<f64>,
    start: f64,
    loss: Loss,
    encoder: Encoder,
    engine: Engine,
}

/// How the trees are scored; both ways add the same numbers in the same order.
#[derive(Clone, Debug)]
enum Engine {
    /// Every tree is small enough for bit vectors.
    Bits(BitTrees),
    /// Some tree is not: leaves carry their number in the whole ensemble.
    Walk(Vec<WalkTree>),
}

impl Boosted {
    /// Puts trained trees together; `values` in the order of the leaves of `trees`.
    pub(super) fn new(trees: TreeSet, values: Vec<f64>, start: f64, loss: Loss) -> Self {
        let encoder = Encoder::new(&trees);
        let is_small = encoder.max_thresholds() <= MAX_BYTE_THRESHOLDS
            && trees.trees().all(|tree| tree.len().div_ceil(2) <= MAX_BIT_LEAVES);
        let engine = if is_small { Engine::bits(&trees, &values, &encoder) } else { Engine::walk(&trees, &encoder) };
        Self { trees, values, start, loss, encoder, engine }
    }

    /// Number of trees.
    pub fn num_trees(&self) -> usize {
        self.trees.num_trees
    }

    /// Number of leaves of all trees.
    pub fn num_leaves(&self) -> usize {
        self.values.len()
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.trees.width
    }

    /// What it was trained to minimise.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// Predicts every row: in the unit of the target, or the probability of class 1 for [`Loss::Logistic`]. A row's
    /// bits depend on that row only.
    ///
    /// # Panics
    /// If `out` has not one entry a row, or the rows have another width than the training matrix.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64]) {
        self.predict_at(Level::best(), rows, out);
    }

    pub(super) fn predict_at(&self, level: Level, rows: Rows<'_>, out: &mut [f64]) {
        assert_eq!(rows.len(), out.len(), "one prediction a row");
        match &self.engine {
            Engine::Bits(trees) => self.score(level, trees, rows, out),
            Engine::Walk(trees) => self.walk(level, trees, rows, out),
        }
        if self.loss == Loss::Logistic {
            for prediction in out {
                *prediction = sigmoid(*prediction);
            }
        }
    }

    fn score(&self, level: Level, trees: &BitTrees, rows: Rows<'_>, out: &mut [f64]) {
        let mut codes = vec![0_u8; self.encoder.num_slots() * SCORE_LANES];
        for (number, out) in out.chunks_mut(SCORE_LANES).enumerate() {
            let start = number * SCORE_LANES;
            self.encoder.encode_tile(level, rows.slice(start..start + out.len()), &mut codes);
            let mut sums = [self.start; SCORE_LANES];
            let tile = ScoreTile { codes: &codes, sums: &mut sums };
            score_bits(level, &trees.trees, &trees.planes, &trees.steps, &trees.values, tile);
            out.copy_from_slice(&sums[..out.len()]);
        }
    }

    fn walk(&self, level: Level, trees: &[WalkTree], rows: Rows<'_>, out: &mut [f64]) {
        let (mut codes, mut leaves) = (Vec::new(), Vec::new());
        for (number, out) in out.chunks_mut(WALK_BLOCK).enumerate() {
            let start = number * WALK_BLOCK;
            leaves.resize(out.len(), 0);
            self.encoder.encode_rows(level, rows.slice(start..start + out.len()), &mut codes);
            out.fill(self.start);
            for tree in trees {
                walk_tree(level, tree, &codes, self.encoder.num_features(), &mut leaves);
                for (sum, &leaf) in out.iter_mut().zip(&leaves) {
                    *sum += self.values[leaf as usize];
                }
            }
        }
    }

    /// The model as tensors.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        self.trees.push(&mut tensors);
        let (code, probability) = match self.loss {
            Loss::L1 => (0, 0.5),
            Loss::Squared => (1, 0.5),
            Loss::Quantile(probability) => (2, probability),
            Loss::Logistic => (3, 0.5),
        };
        tensors.push_u8("loss", &[code]);
        tensors.push_f64("loss_quantile", &[probability]);
        tensors.push_f64("start", &[self.start]);
        tensors.push_real("leaf_value", &self.values);
        tensors
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, TensorError> {
        let trees = TreeSet::read(tensors)?;
        let values = tensors.real("leaf_value")?;
        if values.len() != trees.num_leaves() {
            let problem = format!("{} values for {} leaves", values.len(), trees.num_leaves());
            return Err(TensorError::invalid("leaf_value", problem));
        }
        let [start] = tensors.real("start")?[..] else {
            return Err(TensorError::invalid("start", "expected 1 element"));
        };
        let [probability] = tensors.real("loss_quantile")?[..] else {
            return Err(TensorError::invalid("loss_quantile", "expected 1 element"));
        };
        if !(probability > 0.0 && probability < 1.0) {
            return Err(TensorError::invalid("loss_quantile", format!("{probability}, expected a number in (0, 1)")));
        }
        let loss = match tensors.u8s("loss")?[..] {
            [0] => Loss::L1,
            [1] => Loss::Squared,
            [2] => Loss::Quantile(probability),
            [3] => Loss::Logistic,
            _ => return Err(TensorError::invalid("loss", "expected one of 0, 1, 2, 3")),
        };
        Ok(Self::new(trees, values, start, loss))
    }
}

impl Engine {
    fn bits(trees: &TreeSet, values: &[f64], encoder: &Encoder) -> Self {
        let mut bits = BitTrees::default();
        let mut rest = values;
        for tree in trees.trees() {
            let (own, others) = rest.split_at(tree.len().div_ceil(2));
            bits.push(tree, own, encoder);
            rest = others;
        }
        Self::Bits(bits)
    }

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
