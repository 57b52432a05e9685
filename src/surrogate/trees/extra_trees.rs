//! Extremely randomised trees: random thresholds on random columns, the best of a few kept.

use matsieve_kernels::dispatch::{Level, partial_sums};
use matsieve_kernels::partial_sums::LANES;
use rayon::prelude::*;

use super::TrainingMatrix;
use super::buckets::Buckets;
use super::edges::{Codes, Edges, Gaps, MAX_EDGES, MISSING};
use super::forest::{Forest, Leaf, Scale};
use super::grow::part;
use super::random::{Purpose, Stream};
use super::tree_set::{MAX_TREES, Split, TreeSet};

/// What the trees estimate.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Objective {
    /// A number.
    Regression,
    /// The probability of class 1; targets are 0 or 1. Reducing variance is then reducing Gini impurity.
    Probability,
}

/// Rows that each tree sees.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// All of them.
    All,
    /// As many as there are, drawn with replacement.
    Bootstrap,
    /// This fraction, drawn without replacement.
    Fraction(f64),
}

/// Parameters of [`fit_extra_trees`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtraTreesParameters {
    /// Number of trees, 1 to 32,767.
    pub num_trees: usize,
    /// Fraction of the columns tried at each split, in (0, 1]; columns that are constant there do not count.
    pub max_features: f64,
    /// Fewest rows of a leaf.
    pub min_samples_leaf: usize,
    /// Rows of each tree.
    pub sampling: Sampling,
}

impl Default for ExtraTreesParameters {
    fn default() -> Self {
        Self { num_trees: 500, max_features: 0.25, min_samples_leaf: 2, sampling: Sampling::Fraction(0.8) }
    }
}

/// Trains a forest. The same seed gives the same bits at any number of threads.
///
/// Thresholds are drawn evenly between the least and the greatest value of a column among the rows of a node, as
/// published, then moved to the nearest of at most 254 thresholds per column chosen beforehand. A column with missing
/// values is tried with them on either side.
///
/// # Panics
/// If sizes disagree, targets are not finite, there are no rows, or a parameter lies outside its range.
///
/// # References
/// 10.1007/s10994-006-6226-1 (P. Geurts, D. Ernst, L. Wehenkel, Extremely randomized trees).
pub fn fit_extra_trees(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    parameters: &ExtraTreesParameters,
    seed: u64,
) -> Forest {
    let (edges, coder, grown) = grow_trees(x, y, objective, parameters, seed);
    let (mut nodes, mut leaves) = (Vec::new(), Vec::new());
    for tree in grown {
        nodes.extend(tree.nodes);
        leaves.extend(tree.leaves);
    }
    Forest::new(TreeSet::new(&edges.of, parameters.num_trees, nodes), leaves, coder.scale)
}

/// What each column is worth to the trees that [`fit_extra_trees`] would grow: the squared error (Gini impurity) that splits on it take
/// away, as a share of all; zeros where no tree has a split.
///
/// # Panics
/// As [`fit_extra_trees`].
pub fn column_importance(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    parameters: &ExtraTreesParameters,
    seed: u64,
) -> Vec<f64> {
    let (_, _, grown) = grow_trees(x, y, objective, parameters, seed);
    let mut importance = vec![0.0; x.width];
    let mut total = 0.0;
    for (feature, gain) in grown.iter().flat_map(|tree| &tree.gains) {
        importance[usize::from(*feature)] += gain;
        total += gain;
    }
    if total > 0.0 {
        importance.iter_mut().for_each(|share| *share /= total);
    }
    importance
}

/// A tree, and what its splits gained.
struct Grown {
    nodes: Vec<Option<Split>>,
    leaves: Vec<Leaf>,
    gains: Vec<(u16, f64)>,
}

fn grow_trees(
    x: TrainingMatrix<'_>,
    y: &[f64],
    objective: Objective,
    parameters: &ExtraTreesParameters,
    seed: u64,
) -> (Edges, LeafCoder, Vec<Grown>) {
    x.check(y);
    assert!((1..=MAX_TREES).contains(&parameters.num_trees), "between 1 and {MAX_TREES} trees");
    assert!(parameters.max_features > 0.0 && parameters.max_features <= 1.0, "max_features lies in (0, 1]");
    assert!(parameters.min_samples_leaf > 0, "a leaf has at least one row");
    if objective == Objective::Probability {
        assert!(y.iter().all(|&y| y == 0.0 || y == 1.0), "classes are 0 and 1");
    }
    let (edges, codes) = Edges::fit(x, MAX_EDGES, Gaps::Filled);
    let centers = bin_centers(x, &edges, &codes);
    let buckets: Vec<Buckets> = edges.of.iter().map(|edges| Buckets::new(edges)).collect();
    let leaf_coder = LeafCoder::new(y);
    let num_features = (parameters.max_features * x.width as f64).round().max(1.0) as usize;
    let task = Task {
        codes: &codes,
        edges: &edges.of,
        centers: &centers,
        buckets: &buckets,
        y,
        parameters,
        num_features,
        seed,
    };
    let grown: Vec<Grown> = (0..parameters.num_trees)
        .into_par_iter()
        .map_init(Vec::new, |scratch, tree| Grower::new(&task, tree).grow(&leaf_coder, scratch))
        .collect();
    (edges, leaf_coder, grown)
}

/// Mean training value of every code of every column: where thresholds are drawn between.
fn bin_centers(x: TrainingMatrix<'_>, edges: &Edges, codes: &Codes) -> Vec<Vec<f64>> {
    (0..x.width)
        .into_par_iter()
        .map(|feature| {
            let edges = &edges.of[feature];
            let mut sums = vec![(0.0, 0_u32); edges.len() + 1];
            for (&code, row) in codes.column(feature).iter().zip(x.values.chunks_exact(x.width)) {
                if code != MISSING {
                    let (sum, count) = &mut sums[usize::from(code)];
                    *sum += row[feature];
                    *count += 1;
                }
            }
            // A code without rows never is the least or greatest of a node; its center is never read.
            sums.into_iter().map(|(sum, count)| sum / f64::from(count)).collect()
        })
        .collect()
}

/// Turns the targets of a leaf into its record.
struct LeafCoder {
    scale: Scale,
    level_edges: Vec<f64>,
}

impl LeafCoder {
    fn new(y: &[f64]) -> Self {
        let least = y.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = greatest - least;
        let (edges, codes) = Edges::fit(TrainingMatrix { values: y, width: 1 }, MAX_EDGES, Gaps::Middle);
        let mut sums = vec![(0.0, 0_u32); edges.of[0].len() + 1];
        for (&code, y) in codes.values.iter().zip(y) {
            let (sum, count) = &mut sums[usize::from(code)];
            *sum += y;
            *count += 1;
        }
        // Every level has rows: its thresholds part values that occur. Rounding a mean keeps levels in order.
        let levels: Vec<f64> = sums.iter().map(|(sum, count)| sum / f64::from(*count)).collect();
        // A deviation is at most half the range.
        let scale = Scale { mean: [least, range / 65_535.0], deviation: range / 510.0, levels };
        let level_edges = edges.of.into_iter().next().unwrap_or_default();
        Self { scale, level_edges }
    }

    /// The record of these targets, which get sorted.
    fn leaf(&self, y: &mut [f64]) -> Leaf {
        y.sort_unstable_by(f64::total_cmp);
        let mean = mean_of(y);
        let half = y.len().div_ceil(2);
        let variance = y.iter().map(|y| (y - mean) * (y - mean)).fold(0.0, |sum, square| sum + square) / y.len() as f64;
        let steps = |value: f64, step: f64| if step > 0.0 { (value / step).round() } else { 0.0 };
        Leaf {
            mean: steps(mean - self.scale.mean[0], self.scale.mean[1]) as u16,
            deviation: steps(variance.sqrt(), self.scale.deviation) as u8,
            low: self.level(mean_of(&y[..half])),
            high: self.level(mean_of(&y[y.len() - half..])),
        }
    }

    fn level(&self, y: f64) -> u8 {
        self.level_edges.partition_point(|edge| *edge < y) as u8
    }
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value) / values.len() as f64
}

/// What all trees of a forest share.
struct Task<'a> {
    codes: &'a Codes,
    edges: &'a [Vec<f64>],
    centers: &'a [Vec<f64>],
    buckets: &'a [Buckets],
    y: &'a [f64],
    parameters: &'a ExtraTreesParameters,
    num_features: usize,
    seed: u64,
}

/// One tree in the making.
struct Grower<'a> {
    task: &'a Task<'a>,
    random: Stream,
    /// Rows, each node's in one stretch.
    rows: Vec<u32>,
    /// Columns that may still vary, of each open node one after the other.
    columns: Vec<u16>,
    /// Codes of the columns of a batch, for each row of a node.
    codes: Vec<[u8; LANES]>,
}

/// Columns whose thresholds are drawn and whose sums are not known yet.
#[derive(Default)]
struct Batch {
    features: [u16; LANES],
    limits: [u8; LANES],
    has_missing: [bool; LANES],
    len: usize,
}

/// Rows of a node, and where its parent's columns lie.
struct Pending {
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
}

/// The best split so far: what it gains, the question, and how many rows go left.
struct Candidate {
    score: f64,
    split: Split,
}

/// Sums over some rows of a node.
#[derive(Copy, Clone, Default)]
struct Side {
    sum: f64,
    count: usize,
}

impl<'a> Grower<'a> {
    fn new(task: &'a Task<'a>, tree: usize) -> Self {
        let num_rows = task.y.len();
        let mut random = Stream::new(task.seed, tree, Purpose::Rows);
        let rows = match task.parameters.sampling {
            Sampling::All => (0..num_rows as u32).collect(),
            Sampling::Bootstrap => {
                let mut rows: Vec<u32> = (0..num_rows).map(|_| random.below(num_rows) as u32).collect();
                rows.sort_unstable();
                rows
            }
            Sampling::Fraction(fraction) => {
                assert!(fraction > 0.0 && fraction <= 1.0, "the fraction of rows lies in (0, 1]");
                random.sample(num_rows, ((fraction * num_rows as f64).round() as usize).max(1))
            }
        };
        let columns = (0..task.edges.len() as u16).filter(|&feature| !task.edges[usize::from(feature)].is_empty());
        Self {
            task,
            random: Stream::new(task.seed, tree, Purpose::Splits),
            rows,
            columns: columns.collect(),
            codes: Vec::new(),
        }
    }

    fn grow(mut self, coder: &LeafCoder, targets: &mut Vec<f64>) -> Grown {
        let (mut nodes, mut leaves, mut gains, mut scratch) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut open = vec![Pending { rows: 0..self.rows.len(), columns: 0..self.columns.len() }];
        while let Some(node) = open.pop() {
            self.columns.truncate(node.columns.end);
            targets.clear();
            targets.extend(self.rows[node.rows.clone()].iter().map(|&row| self.task.y[row as usize]));
            let Some((split, gain)) = self.best_split(&node, targets) else {
                nodes.push(None);
                leaves.push(coder.leaf(targets));
                continue;
            };
            nodes.push(Some(split));
            gains.push((split.feature, gain));
            let middle =
                node.rows.start + part(self.task.codes, split, &mut self.rows[node.rows.clone()], &mut scratch);
            let columns = node.columns.end..self.columns.len();
            open.push(Pending { rows: middle..node.rows.end, columns: columns.clone() });
            open.push(Pending { rows: node.rows.start..middle, columns });
        }
        Grown { nodes, leaves, gains }
    }

    /// Tries columns until enough of them varied; leaves those that may vary at the end of `columns`. Also gives the squared error
    /// that the split takes away.
    fn best_split(&mut self, node: &Pending, targets: &[f64]) -> Option<(Split, f64)> {
        let min_leaf = self.task.parameters.min_samples_leaf;
        if targets.len() < 2 * min_leaf || targets.iter().all(|y| *y == targets[0]) {
            return None;
        }
        let start = self.columns.len();
        self.columns.extend_from_within(node.columns.clone());
        let rows = &self.rows[node.rows.clone()];
        let total = Side { sum: targets.iter().fold(0.0, |sum, y| sum + y), count: targets.len() };
        let mut best: Option<Candidate> = None;
        let mut batch = Batch::default();
        if self.codes.len() < rows.len() {
            self.codes.resize(rows.len(), [0; LANES]);
        }
        let codes = &mut self.codes[..rows.len()];
        let (mut next, mut tried) = (start, 0);
        while next < self.columns.len() && tried < self.task.num_features {
            let drawn = next + self.random.below(self.columns.len() - next);
            self.columns.swap(next, drawn);
            let feature = self.columns[next];
            let column = self.task.codes.column(usize::from(feature));
            let Some((code, has_missing)) =
                self.task.draw(feature, column, rows, (batch.len, &mut *codes), &mut self.random)
            else {
                self.columns.swap_remove(next);
                continue;
            };
            next += 1;
            tried += 1;
            (batch.features[batch.len], batch.limits[batch.len]) = (feature, code);
            batch.has_missing[batch.len] = has_missing;
            batch.len += 1;
            if batch.len == LANES {
                batch.judge(codes, targets, (total, min_leaf), &mut best);
                batch.len = 0;
            }
        }
        if batch.len > 0 {
            batch.judge(codes, targets, (total, min_leaf), &mut best);
        }
        let before = total.sum * total.sum / total.count as f64;
        best.map(|best| (best.split, (best.score - before).max(0.0)))
    }
}

impl Task<'_> {
    /// A random threshold of a column among some rows, and whether any of them misses the value; `None` if the rows
    /// do not differ. Their codes are kept in one lane of `codes`.
    fn draw(
        &self,
        feature: u16,
        column: &[u8],
        rows: &[u32],
        (lane, codes): (usize, &mut [[u8; LANES]]),
        random: &mut Stream,
    ) -> Option<(u8, bool)> {
        let (mut least, mut greatest, mut ored) = (MISSING, 0_u8, 0_u8);
        for (&row, kept) in rows.iter().zip(codes) {
            let code = column[row as usize];
            kept[lane] = code;
            least = least.min(code);
            ored = ored.max(code);
            greatest = greatest.max(if code == MISSING { 0 } else { code });
        }
        let has_missing = ored == MISSING;
        if least == MISSING || (least == greatest && !has_missing) {
            return None;
        }
        let edges = &self.edges[usize::from(feature)];
        if least == greatest {
            // All values lie on one side of any threshold; only missing or not parts the rows.
            return Some((least.min((edges.len() - 1) as u8), true));
        }
        let centers = &self.centers[usize::from(feature)];
        let (low, high) = (centers[usize::from(least)], centers[usize::from(greatest)]);
        let wanted = low + random.unit() * (high - low);
        let between = &edges[usize::from(least)..usize::from(greatest)];
        let below = self.buckets[usize::from(feature)].count_below(edges, wanted);
        let above = below.clamp(usize::from(least), usize::from(greatest)) - usize::from(least);
        let nearest = match above {
            0 => 0,
            _ if above == between.len() => above - 1,
            _ if wanted - between[above - 1] < between[above] - wanted => above - 1,
            _ => above,
        };
        Some((least + nearest as u8, has_missing))
    }
}

impl Batch {
    /// Compares the splits of the batch, in order, with the best so far.
    fn judge(
        &self,
        codes: &[[u8; LANES]],
        targets: &[f64],
        (total, min_leaf): (Side, usize),
        best: &mut Option<Candidate>,
    ) {
        let (mut sums, mut counts) = ([0.0; LANES], [0; LANES]);
        partial_sums(Level::best(), codes, targets, &self.limits, &mut sums, &mut counts);
        for lane in 0..self.len {
            let left = Side { sum: sums[lane], count: counts[lane] as usize };
            let missing = if self.has_missing[lane] { missing_side(codes, targets, lane) } else { Side::default() };
            for missing_left in [false, true] {
                if missing_left && missing.count == 0 {
                    continue;
                }
                let left = if missing_left {
                    Side { sum: left.sum + missing.sum, count: left.count + missing.count }
                } else {
                    left
                };
                let right = Side { sum: total.sum - left.sum, count: total.count - left.count };
                if left.count < min_leaf || right.count < min_leaf {
                    continue;
                }
                let score = left.sum * left.sum / left.count as f64 + right.sum * right.sum / right.count as f64;
                if best.as_ref().is_none_or(|best| score > best.score) {
                    // Rows that miss the value later, though none did here, follow the larger side.
                    let missing_left = if missing.count == 0 { left.count > right.count } else { missing_left };
                    let split =
                        Split { feature: self.features[lane], missing_left, code: u16::from(self.limits[lane]) };
                    *best = Some(Candidate { score, split });
                }
            }
        }
    }
}

/// Sum over the rows that miss the value of a column.
fn missing_side(codes: &[[u8; LANES]], targets: &[f64], lane: usize) -> Side {
    let mut missing = Side::default();
    for (row, &y) in codes.iter().zip(targets) {
        if row[lane] == MISSING {
            missing.sum += y;
            missing.count += 1;
        }
    }
    missing
}
