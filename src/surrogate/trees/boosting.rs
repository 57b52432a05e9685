//! Gradient boosting on histograms, leaf by leaf.

use super::TrainingMatrix;
use super::boosted::Boosted;
use super::edges::{Codes, Edges, Gaps, MAX_EDGES};
use super::grow::{goes_left, grow};
use super::histogram::{Block, Cell, Rules, Units};
use super::loss::Loss;
use super::random::{Purpose, Stream};
use super::tree_set::{MAX_TREES, Split, TreeSet};

/// Parameters of [`fit_boosting`].
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoostingParameters {
    /// Most trees, up to 32,767.
    pub num_trees: usize,
    /// Part of each leaf's value that is taken.
    pub learning_rate: f64,
    /// Most leaves of a tree.
    pub num_leaves: usize,
    /// Fewest rows of a leaf.
    pub min_samples_leaf: usize,
    /// Fraction of the rows that each tree sees, in (0, 1].
    pub subsample: f64,
    /// Fraction of the columns that each tree sees, in (0, 1].
    pub colsample: f64,
    /// Added to the curvature of a node (L2 regularisation of leaf values).
    pub lambda: f64,
    /// Most thresholds of a column, up to 254.
    pub max_edges: usize,
    /// Trees without a better loss on the validation rows after which training stops; the best number of trees is kept.
    pub patience: usize,
}

impl Default for BoostingParameters {
    fn default() -> Self {
        Self {
            num_trees: 1000,
            learning_rate: 0.05,
            num_leaves: 31,
            min_samples_leaf: 3,
            subsample: 0.7,
            colsample: 0.2,
            lambda: 1.0,
            max_edges: MAX_EDGES,
            patience: 100,
        }
    }
}

/// Trains boosted trees; with `validation` rows, stops early by their loss. The same seed gives the same bits at any
/// number of threads.
///
/// Leaf values minimise the loss over their rows: median or quantile of the residuals for [`Loss::L1`] and
/// [`Loss::Quantile`], a Newton step for the others; they are rounded to f32 before the next tree is grown, so that
/// the stored model is the trained one.
///
/// # Panics
/// If sizes disagree, targets are not finite, there are no rows, or a parameter lies outside its range.
///
/// # References
/// 10.1214/aos/1013203451 (J. H. Friedman, gradient boosting, leaf values by loss); G. Ke et al., LightGBM, Adv.
/// Neural Inf. Process. Syst. 30 (2017) (histograms, leaf-wise growth).
pub fn fit_boosting(
    x: TrainingMatrix<'_>,
    y: &[f64],
    loss: Loss,
    parameters: &BoostingParameters,
    seed: u64,
    validation: Option<(TrainingMatrix<'_>, &[f64])>,
) -> Boosted {
    x.check(y);
    parameters.check();
    if let Loss::Quantile(probability) = loss {
        assert!(probability > 0.0 && probability < 1.0, "the quantile lies in (0, 1)");
    }
    if loss == Loss::Logistic {
        assert!(y.iter().all(|&y| y == 0.0 || y == 1.0), "classes are 0 and 1");
    }
    let (edges, codes) = Edges::fit(x, parameters.max_edges, Gaps::Middle);
    let start = loss.start(y);
    let watched = validation.map(|(validation_x, validation_y)| {
        validation_x.check(validation_y);
        assert_eq!(validation_x.width, x.width, "validation rows have the columns of the training rows");
        Watched { codes: edges.encode(validation_x), y: validation_y, predictions: vec![start; validation_y.len()] }
    });
    let booster = Booster { edges: &edges.of, codes: &codes, y, loss, parameters, seed };
    let trees =
        if loss.has_unit_curvature() { booster.fit::<1>(start, watched) } else { booster.fit::<2>(start, watched) };
    let nodes = trees.iter().flat_map(|tree| tree.nodes.iter().copied()).collect();
    let values = trees.iter().flat_map(|tree| tree.values.iter().copied()).collect();
    Boosted::new(TreeSet::new(&edges.of, trees.len(), nodes), values, start, loss)
}

impl BoostingParameters {
    fn check(&self) {
        let is_fraction = |value: f64| value > 0.0 && value <= 1.0;
        assert!((1..=MAX_TREES).contains(&self.num_trees), "between 1 and {MAX_TREES} trees");
        assert!(is_fraction(self.learning_rate), "the learning rate lies in (0, 1]");
        assert!(self.num_leaves >= 2, "a tree has at least two leaves");
        assert!(self.min_samples_leaf > 0, "a leaf has at least one row");
        assert!(is_fraction(self.subsample) && is_fraction(self.colsample), "fractions lie in (0, 1]");
        assert!(self.lambda >= 0.0 && self.lambda.is_finite(), "lambda is not negative");
        assert!((1..=MAX_EDGES).contains(&self.max_edges), "between 1 and {MAX_EDGES} thresholds");
    }
}

/// Rows that early stopping watches.
struct Watched<'a> {
    codes: Codes,
    y: &'a [f64],
    predictions: Vec<f64>,
}

struct Tree {
    nodes: Vec<Option<Split>>,
    values: Vec<f64>,
}

struct Booster<'a> {
    edges: &'a [Vec<f64>],
    codes: &'a Codes,
    y: &'a [f64],
    loss: Loss,
    parameters: &'a BoostingParameters,
    seed: u64,
}

impl Booster<'_> {
    fn fit<const W: usize>(&self, start: f64, mut watched: Option<Watched<'_>>) -> Vec<Tree> {
        let features: Vec<u16> =
            (0..self.edges.len() as u16).filter(|&feature| !self.edges[usize::from(feature)].is_empty()).collect();
        let num_columns = part_of(features.len(), self.parameters.colsample);
        let num_rows = part_of(self.y.len(), self.parameters.subsample);
        let rules = Rules { min_samples_leaf: self.parameters.min_samples_leaf, lambda: self.parameters.lambda };
        let mut predictions = vec![start; self.y.len()];
        let mut pulls = vec![(0.0, 0.0); self.y.len()];
        let mut cells: Vec<Cell<W>> = vec![[0; W]; self.y.len()];
        let mut blocks: Vec<Block<W>> = Vec::new();
        let mut scratch = Vec::new();
        let mut trees: Vec<Tree> = Vec::new();
        let mut best = (watched.as_ref().map_or(0.0, |watched| self.loss.mean(watched.y, &watched.predictions)), 0);
        if features.is_empty() {
            return trees;
        }
        for number in 0..self.parameters.num_trees {
            for ((pull, &y), &prediction) in pulls.iter_mut().zip(self.y).zip(&predictions) {
                *pull = self.loss.pull(y, prediction);
            }
            let largest = pulls.iter().fold(0.0_f64, |largest, pull| largest.max(pull.0.abs()));
            let units = Units::new(self.y.len(), largest);
            for (cell, &pull) in cells.iter_mut().zip(&pulls) {
                *cell = units.cell(pull);
            }
            self.choose_columns(number, &features, num_columns, &mut blocks);
            let mut rows = Stream::new(self.seed, number, Purpose::Rows).sample(self.y.len(), num_rows);
            let unseen = complement(&rows, self.y.len());
            let num_leaves = self.parameters.num_leaves;
            let grown = grow(self.codes, &mut blocks, (&cells, units), rules, num_leaves, &mut rows);
            let mut values = Vec::with_capacity(grown.leaves.len());
            for leaf in &grown.leaves {
                let own = rows[leaf.clone()].iter().map(|&row| (self.y[row as usize], predictions[row as usize]));
                let step = self.parameters.learning_rate * self.loss.leaf(own, self.parameters.lambda, &mut scratch);
                values.push(f64::from(step as f32));
            }
            for (leaf, value) in grown.leaves.iter().zip(&values) {
                for &row in &rows[leaf.clone()] {
                    predictions[row as usize] += value;
                }
            }
            let tree = Tree { nodes: grown.nodes, values };
            tree.add(self.codes, unseen.into_iter(), &mut predictions);
            if let Some(watched) = &mut watched {
                tree.add(&watched.codes, 0..watched.y.len() as u32, &mut watched.predictions);
                let loss = self.loss.mean(watched.y, &watched.predictions);
                if loss < best.0 {
                    best = (loss, number + 1);
                }
            }
            trees.push(tree);
            if watched.is_some() && number + 1 - best.1 >= self.parameters.patience {
                break;
            }
        }
        if watched.is_some() {
            trees.truncate(best.1);
        }
        trees
    }

    fn choose_columns<const W: usize>(
        &self,
        number: usize,
        features: &[u16],
        num_columns: usize,
        blocks: &mut Vec<Block<W>>,
    ) {
        if num_columns == features.len() && !blocks.is_empty() {
            return;
        }
        let chosen = Stream::new(self.seed, number, Purpose::Columns).sample(features.len(), num_columns);
        let chosen: Vec<u16> = chosen.into_iter().map(|position| features[position as usize]).collect();
        if blocks.is_empty() {
            *blocks = Block::all(self.codes, self.edges, &chosen, self.parameters.num_leaves);
        } else {
            let mut rest = chosen.as_slice();
            for block in blocks {
                let (own, others) = rest.split_at(block.width());
                block.choose(self.codes, self.edges, own);
                rest = others;
            }
        }
    }
}

impl Tree {
    /// Adds this tree to the predictions of some rows.
    fn add(&self, codes: &Codes, rows: impl Iterator<Item = u32>, predictions: &mut [f64]) {
        let right = super::layout::right_children(&self.nodes);
        let ranks = super::layout::leaf_ranks(&self.nodes);
        for row in rows {
            let mut at = 0;
            while let Some(split) = self.nodes[at] {
                let code = codes.column(usize::from(split.feature))[row as usize];
                at = if goes_left(split, code) { at + 1 } else { right[at] };
            }
            predictions[row as usize] += self.values[ranks[at]];
        }
    }
}

fn part_of(all: usize, fraction: f64) -> usize {
    ((all as f64 * fraction).round() as usize).max(1)
}

/// Numbers below `bound` that are not among these ascending ones.
fn complement(chosen: &[u32], bound: usize) -> Vec<u32> {
    let mut chosen = chosen.iter().copied().peekable();
    (0..bound as u32).filter(|row| chosen.next_if_eq(row).is_none()).collect()
}
