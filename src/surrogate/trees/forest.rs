//! Forests of deep trees: mean, median, spread and quantiles of a row from the leaves it falls into.

use matsieve_kernels::dispatch::{Level, walk_tree};
use matsieve_kernels::trees::WalkTree;

use super::layout;
use super::tiles::Encoder;
use super::tree_set::TreeSet;
use crate::candidate::Rows;
use crate::surrogate::tensors::{TensorError, Tensors};

/// Rows whose codes and counts are held at once, about 0.9 kB a row.
///
/// Each tree is fetched once a block, which for 500 trees of 4,600 leaves takes as long as walking 600 rows. With 1024,
/// 2048, 4096 and 8192 rows a prediction took 27, 22, 20 and 18 µs a row; screening hands over 4096 rows at once.
const BLOCK: usize = 4096;

/// Trees that are walked before their leaves are added up, row by row: the counts of a row then stay in the cache.
const TREES_AT_ONCE: usize = 8;

/// What a leaf knows of the training targets that fell into it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Mean, in steps of [`Scale`].
    pub(super) mean: u16,
    /// Standard deviation, in steps of [`Scale`].
    pub(super) deviation: u8,
    /// Level of the mean of the lower half of the targets.
    pub(super) low: u8,
    /// Level of the mean of the upper half.
    pub(super) high: u8,
}

/// How leaves code real numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    /// Mean of code 0, and step.
    pub(super) mean: [f64; 2],
    /// Step of the standard deviation.
    pub(super) deviation: f64,
    /// Values of the levels, ascending; at most 256.
    pub(super) levels: Vec<f64>,
}

/// A trained forest.
///
/// The predictive distribution of a row gives every tree the same weight, and half of it to the lower and half to the
/// upper half of the targets in the row's leaf; leaves of up to two rows are represented exactly. This is a quantile
/// regression forest with two atoms a leaf.
///
/// # References
/// N. Meinshausen, Quantile regression forests, J. Mach. Learn. Res. 7 (2006) 983–999; 10.1007/s10994-006-6226-1
/// (extremely randomised trees).
#[derive(Clone, Debug)]
pub struct Forest {
    trees: TreeSet,
    leaves: Vec<Leaf>,
    scale: Scale,
    encoder: Encoder,
    /// Their leaves carry [`Leaf::payload`].
    walks: Vec<WalkTree>,
}

/// Predictions of a forest, one value a row, in the unit of the target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForestPrediction {
    /// Mean of the trees; for [`Objective::Probability`](super::Objective) the probability of the positive class.
    pub mean: Vec<f64>,
    /// Median of the predictive distribution.
    pub median: Vec<f64>,
    /// Standard deviation of the trees' means: how far the trees disagree.
    pub spread: Vec<f64>,
    /// Total: √(spread² + mean variance within leaves).
    pub std: Vec<f64>,
    /// The asked quantiles, rows × quantiles.
    pub quantiles: Vec<f64>,
}

impl Forest {
    /// Puts trained trees together; `leaves` in the order of the leaves of `trees`.
    pub(super) fn new(trees: TreeSet, leaves: Vec<Leaf>, scale: Scale) -> Self {
        let encoder = Encoder::new(&trees);
        let mut rest = leaves.as_slice();
        let walks = trees
            .trees()
            .map(|tree| {
                let (own, others) = rest.split_at(tree.len().div_ceil(2));
                rest = others;
                layout::walk_tree(tree, |leaf| own[leaf].payload(), &encoder)
            })
            .collect();
        Self { trees, leaves, scale, encoder, walks }
    }

    /// Number of trees.
    pub fn num_trees(&self) -> usize {
        self.trees.num_trees
    }

    /// Number of leaves of all trees.
    pub fn num_leaves(&self) -> usize {
        self.leaves.len()
    }

    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        self.trees.width
    }

    /// Predicts every row, and its quantiles at `probabilities` (each in 0..=1). A row's bits depend on that row only.
    ///
    /// # Panics
    /// If the rows have another width than the training matrix, or a probability lies outside.
    pub fn predict(&self, rows: Rows<'_>, probabilities: &[f64], out: &mut ForestPrediction) {
        self.predict_at(Level::best(), rows, probabilities, out);
    }

    pub(super) fn predict_at(&self, level: Level, rows: Rows<'_>, probabilities: &[f64], out: &mut ForestPrediction) {
        assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)), "probabilities lie in 0..=1");
        for column in [&mut out.mean, &mut out.median, &mut out.spread, &mut out.std, &mut out.quantiles] {
            column.clear();
        }
        let mut block = Block::new(self);
        for start in (0..rows.len()).step_by(BLOCK) {
            let rows = rows.slice(start..(start + BLOCK).min(rows.len()));
            block.fill(self, level, rows);
            block.finish(self, rows.len(), probabilities, out);
        }
    }

    /// The forest as tensors.
    pub fn tensors(&self) -> Tensors {
        let mut tensors = Tensors::default();
        self.trees.push(&mut tensors);
        tensors.push_f64("leaf_mean_scale", &self.scale.mean);
        tensors.push_f64("leaf_deviation_scale", &[self.scale.deviation]);
        tensors.push_real("levels", &self.scale.levels);
        tensors.push_u16("leaf_mean", &self.leaves.iter().map(|leaf| leaf.mean).collect::<Vec<_>>());
        tensors.push_u8("leaf_deviation", &self.leaves.iter().map(|leaf| leaf.deviation).collect::<Vec<_>>());
        tensors.push_u8("leaf_low", &self.leaves.iter().map(|leaf| leaf.low).collect::<Vec<_>>());
        tensors.push_u8("leaf_high", &self.leaves.iter().map(|leaf| leaf.high).collect::<Vec<_>>());
        tensors
    }

    /// Reads a forest back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn from_tensors(tensors: &Tensors) -> Result<Self, TensorError> {
        let trees = TreeSet::read(tensors)?;
        if trees.num_trees == 0 {
            return Err(TensorError::invalid("num_trees", "a forest has at least one tree"));
        }
        let [offset, step] = finite(tensors, "leaf_mean_scale")?;
        let [deviation] = finite(tensors, "leaf_deviation_scale")?;
        let levels = tensors.real("levels")?;
        if levels.is_empty() || levels.len() > 256 || !levels.is_sorted() {
            return Err(TensorError::invalid("levels", "expected 1 to 256 values, ascending"));
        }
        let means = tensors.u16s("leaf_mean")?;
        let mut columns = Vec::new();
        for name in ["leaf_deviation", "leaf_low", "leaf_high"] {
            columns.push((name, tensors.u8s(name)?));
        }
        let expected = trees.num_leaves();
        for (name, len) in
            columns.iter().map(|(name, column)| (*name, column.len())).chain([("leaf_mean", means.len())])
        {
            if len != expected {
                return Err(TensorError::invalid(name, format!("{len} entries for {expected} leaves")));
            }
        }
        for (name, column) in &columns[1..] {
            if let Some(level) = column.iter().find(|&&level| usize::from(level) >= levels.len()) {
                return Err(TensorError::invalid(name, format!("level {level} of {}", levels.len())));
            }
        }
        let leaf = |index: usize| Leaf {
            mean: means[index],
            deviation: columns[0].1[index],
            low: columns[1].1[index],
            high: columns[2].1[index],
        };
        let leaves = (0..expected).map(leaf).collect();
        Ok(Self::new(trees, leaves, Scale { mean: [offset, step], deviation, levels }))
    }
}

fn finite<const N: usize>(tensors: &Tensors, name: &str) -> Result<[f64; N], TensorError> {
    let values = tensors.real(name)?;
    let len = values.len();
    values.try_into().map_err(|_| TensorError::invalid(name, format!("{len} elements, expected {N}")))
}

impl Leaf {
    fn payload(self) -> u64 {
        let [mean_low, mean_high] = self.mean.to_le_bytes();
        u64::from_le_bytes([mean_low, mean_high, self.deviation, self.low, self.high, 0, 0, 0])
    }

    fn from_payload(payload: u64) -> Self {
        let [mean_low, mean_high, deviation, low, high, ..] = payload.to_le_bytes();
        Self { mean: u16::from_le_bytes([mean_low, mean_high]), deviation, low, high }
    }
}

/// Working memory of a block of rows.
struct Block {
    codes: Vec<u16>,
    leaves: Vec<u64>,
    sums: Vec<Sums>,
    counts: Vec<u16>,
    num_levels: usize,
}

/// Whole numbers, so that no order of adding can change them.
#[derive(Copy, Clone, Default)]
struct Sums {
    mean: u64,
    mean_squared: u64,
    deviation_squared: u64,
}

impl Block {
    fn new(forest: &Forest) -> Self {
        let num_levels = forest.scale.levels.len();
        Self { codes: Vec::new(), leaves: Vec::new(), sums: Vec::new(), counts: Vec::new(), num_levels }
    }

    fn fill(&mut self, forest: &Forest, level: Level, rows: Rows<'_>) {
        // A cache line more than rows: at a power of two, all trees' leaves of a row would share one set of the cache.
        let stride = rows.len() + 8;
        self.leaves.resize(stride * TREES_AT_ONCE, 0);
        self.sums.clear();
        self.sums.resize(rows.len(), Sums::default());
        self.counts.clear();
        self.counts.resize(rows.len() * self.num_levels, 0);
        forest.encoder.encode_rows(level, rows, &mut self.codes);
        for walks in forest.walks.chunks(TREES_AT_ONCE) {
            for (walk, leaves) in walks.iter().zip(self.leaves.chunks_exact_mut(stride)) {
                let leaves = &mut leaves[..rows.len()];
                walk_tree(level, walk, &self.codes, forest.encoder.num_features(), leaves);
            }
            let counts = self.counts.chunks_exact_mut(self.num_levels);
            for (row, (sums, counts)) in self.sums.iter_mut().zip(counts).enumerate() {
                for leaves in self.leaves.chunks_exact(stride).take(walks.len()) {
                    let leaf = Leaf::from_payload(leaves[row]);
                    let (mean, deviation) = (u64::from(leaf.mean), u64::from(leaf.deviation));
                    sums.mean += mean;
                    sums.mean_squared += mean * mean;
                    sums.deviation_squared += deviation * deviation;
                    counts[usize::from(leaf.low)] += 1;
                    counts[usize::from(leaf.high)] += 1;
                }
            }
        }
    }

    fn finish(&self, forest: &Forest, num_rows: usize, probabilities: &[f64], out: &mut ForestPrediction) {
        let num_trees = forest.num_trees() as u64;
        let trees = num_trees as f64;
        let Scale { mean: [offset, step], deviation, levels } = &forest.scale;
        for (sums, counts) in self.sums[..num_rows].iter().zip(self.counts.chunks_exact(self.num_levels)) {
            let spread_squared =
                (num_trees * sums.mean_squared - sums.mean * sums.mean) as f64 / (trees * trees) * step * step;
            let noise_squared = sums.deviation_squared as f64 / trees * deviation * deviation;
            out.mean.push(offset + step * (sums.mean as f64 / trees));
            out.spread.push(spread_squared.sqrt());
            out.std.push((spread_squared + noise_squared).sqrt());
            out.median.push(quantile(counts, levels, num_trees, 0.5));
            out.quantiles.extend(probabilities.iter().map(|&p| quantile(counts, levels, num_trees, p)));
        }
    }
}

/// Quantile of 2 × `num_trees` equally heavy atoms: the least level that enough of them reach, or the mean of two
/// levels where the count lies exactly between them (as the median of an even number of values).
fn quantile(counts: &[u16], levels: &[f64], num_trees: u64, probability: f64) -> f64 {
    let wanted = probability * (2 * num_trees) as f64;
    let mut below = 0_u64;
    let mut exact: Option<f64> = None;
    let mut last = levels[0];
    for (&count, &level) in counts.iter().zip(levels) {
        if count == 0 {
            continue;
        }
        if let Some(lower) = exact {
            return 0.5 * (lower + level);
        }
        below += u64::from(count);
        last = level;
        if below as f64 > wanted {
            return level;
        }
        if below as f64 == wanted {
            exact = Some(level);
        }
    }
    last
}
