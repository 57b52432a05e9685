//! Histograms of gradients over codes, and the best split they show.
//!
//! Gradients are summed as whole numbers: exact, so that neither threads nor the subtraction of histograms can change
//! a bit, and one addition serves gradient and count of a row.

use super::edges::{Codes, MISSING};
use super::tree_set::Split;

/// Columns whose histograms are made by one task.
const BLOCK_COLUMNS: usize = 32;

/// Sums of a bin. The first word holds the gradient above [`Units::count_bits`] bits of count; the second, where the
/// loss has curvature of its own, the curvature.
pub(super) type Cell<const W: usize> = [i64; W];

type Histogram<const W: usize> = Vec<[Cell<W>; 256]>;

/// How real gradients become whole numbers, for one tree.
#[derive(Copy, Clone)]
pub(super) struct Units {
    count_bits: u32,
    gradient: f64,
    curvature: f64,
}

impl Units {
    /// Units for sums over up to `num_rows` rows with gradients up to `largest`.
    pub(super) fn new(num_rows: usize, largest: f64) -> Self {
        let count_bits = usize::BITS - num_rows.leading_zeros();
        // The sum of all gradients stays below 2^(62 - count_bits).
        let steps = (1_i64 << (62 - 2 * count_bits).min(40)) as f64;
        Self {
            count_bits,
            gradient: if largest > 0.0 { largest / steps } else { 1.0 },
            curvature: 1.0 / (1 << 30) as f64,
        }
    }

    pub(super) fn cell<const W: usize>(&self, (gradient, curvature): (f64, f64)) -> Cell<W> {
        let mut cell = [0; W];
        cell[0] = ((gradient / self.gradient).round() as i64) << self.count_bits | 1;
        if W > 1 {
            cell[1] = (curvature / self.curvature).round() as i64;
        }
        cell
    }

    fn count<const W: usize>(&self, cell: Cell<W>) -> usize {
        (cell[0] & ((1 << self.count_bits) - 1)) as usize
    }

    /// Gradient² / (curvature + λ): what a node with these rows takes off the loss, twice.
    fn score<const W: usize>(&self, cell: Cell<W>, lambda: f64) -> f64 {
        let gradient = (cell[0] >> self.count_bits) as f64 * self.gradient;
        let curvature = if W > 1 { cell[1] as f64 * self.curvature } else { self.count(cell) as f64 };
        gradient * gradient / (curvature + lambda).max(1e-12)
    }
}

/// Rules a split has to keep.
#[derive(Copy, Clone)]
pub(super) struct Rules {
    pub(super) min_samples_leaf: usize,
    pub(super) lambda: f64,
}

/// A split and what it gains.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(super) struct Best {
    pub(super) gain: f64,
    pub(super) split: Split,
}

/// Some columns of a tree: their codes row by row, and their histogram of every open leaf.
pub(super) struct Block<const W: usize> {
    columns: Vec<Column>,
    codes: Vec<u8>,
    histograms: Vec<Histogram<W>>,
    spare: Vec<Histogram<W>>,
}

struct Column {
    feature: u16,
    num_edges: usize,
}

/// Two children of a split, the one with fewer rows first.
pub(super) struct Children<'a> {
    pub(super) parent: usize,
    pub(super) small: usize,
    pub(super) large: usize,
    pub(super) small_rows: &'a [u32],
}

fn add<const W: usize>(sum: &mut Cell<W>, other: &Cell<W>) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}

impl<const W: usize> Block<W> {
    /// Blocks of all `features`, in order.
    pub(super) fn all(codes: &Codes, edges: &[Vec<f64>], features: &[u16], max_leaves: usize) -> Vec<Self> {
        features.chunks(BLOCK_COLUMNS).map(|features| Self::new(codes, edges, features, max_leaves)).collect()
    }

    fn new(codes: &Codes, edges: &[Vec<f64>], features: &[u16], max_leaves: usize) -> Self {
        let mut block = Self {
            columns: Vec::new(),
            codes: Vec::new(),
            histograms: (0..max_leaves).map(|_| Vec::new()).collect(),
            spare: Vec::new(),
        };
        block.choose(codes, edges, features);
        block
    }

    /// Replaces the columns, keeping memory.
    pub(super) fn choose(&mut self, codes: &Codes, edges: &[Vec<f64>], features: &[u16]) {
        self.columns.clear();
        self.columns
            .extend(features.iter().map(|&feature| Column { feature, num_edges: edges[usize::from(feature)].len() }));
        let width = features.len();
        self.codes.resize(codes.num_rows * width, 0);
        for (position, &feature) in features.iter().enumerate() {
            let column = codes.column(usize::from(feature));
            for (row, &code) in self.codes.chunks_exact_mut(width).zip(column) {
                row[position] = code;
            }
        }
    }

    /// Number of columns.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// The best split of the root.
    pub(super) fn root(&mut self, rows: &[u32], cells: &[Cell<W>], units: Units, rules: Rules) -> Option<Best> {
        self.fill(0, rows, cells);
        self.best(0, units, rules)
    }

    /// The best splits of two children: the histogram of the larger is the parent's less that of the smaller.
    pub(super) fn children(
        &mut self,
        children: &Children<'_>,
        cells: &[Cell<W>],
        units: Units,
        rules: Rules,
    ) -> (Option<Best>, Option<Best>) {
        let mut parent = std::mem::take(&mut self.histograms[children.parent]);
        self.fill(children.small, children.small_rows, cells);
        for (parent, small) in parent.iter_mut().zip(&self.histograms[children.small]) {
            for (parent, small) in parent.iter_mut().zip(small) {
                for (parent, small) in parent.iter_mut().zip(small) {
                    *parent -= small;
                }
            }
        }
        self.histograms[children.large] = parent;
        (self.best(children.small, units, rules), self.best(children.large, units, rules))
    }

    /// Forgets all leaves, for the next tree.
    pub(super) fn reset(&mut self) {
        for histogram in &mut self.histograms {
            if !histogram.is_empty() {
                self.spare.push(std::mem::take(histogram));
            }
        }
    }

    fn fill(&mut self, leaf: usize, rows: &[u32], cells: &[Cell<W>]) {
        let mut histogram = self.spare.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(self.columns.len(), [[0; W]; 256]);
        let width = self.columns.len();
        for &row in rows {
            let cell = cells[row as usize];
            let codes = &self.codes[row as usize * width..][..width];
            for (bins, &code) in histogram.iter_mut().zip(codes) {
                add(&mut bins[usize::from(code)], &cell);
            }
        }
        self.histograms[leaf] = histogram;
    }

    fn best(&self, leaf: usize, units: Units, rules: Rules) -> Option<Best> {
        let mut best: Option<Best> = None;
        for (column, bins) in self.columns.iter().zip(&self.histograms[leaf]) {
            let found = best_of_column(column, bins, units, rules);
            if let Some(found) = found.filter(|found| best.is_none_or(|best| found.gain > best.gain)) {
                best = Some(found);
            }
        }
        best
    }
}

fn best_of_column<const W: usize>(column: &Column, bins: &[Cell<W>; 256], units: Units, rules: Rules) -> Option<Best> {
    let missing = bins[usize::from(MISSING)];
    let has_missing = units.count(missing) > 0;
    let mut total = missing;
    for bin in &bins[..=column.num_edges] {
        add(&mut total, bin);
    }
    let num_rows = units.count(total);
    let without_split = units.score(total, rules.lambda);
    let mut best: Option<Best> = None;
    for missing_left in [false, true] {
        if missing_left && !has_missing {
            break;
        }
        let mut left = if missing_left { missing } else { [0; W] };
        for (code, bin) in bins[..column.num_edges].iter().enumerate() {
            if units.count(*bin) == 0 {
                continue;
            }
            add(&mut left, bin);
            let num_left = units.count(left);
            if num_left < rules.min_samples_leaf {
                continue;
            }
            if num_rows - num_left < rules.min_samples_leaf {
                break;
            }
            let mut right = total;
            for (right, left) in right.iter_mut().zip(&left) {
                *right -= left;
            }
            let gain = units.score(left, rules.lambda) + units.score(right, rules.lambda) - without_split;
            if gain > best.map_or(0.0, |best| best.gain) {
                // Rows that miss the value later, though none did here, follow the larger side.
                let missing_left = if has_missing { missing_left } else { 2 * num_left > num_rows };
                let split = Split { feature: column.feature, missing_left, code: code as u16 };
                best = Some(Best { gain, split });
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_number_sums_keep_gradients_of_both_signs_apart_from_counts() {
        let units = Units::new(1000, 2.0);
        let mut sum = [0_i64];
        for gradient in [2.0, -1.5, -2.0, 0.25] {
            add(&mut sum, &units.cell::<1>((gradient, 1.0)));
        }
        assert_eq!(units.count(sum), 4);
        // (2 - 1.5 - 2 + 0.25)² / (4 + 1) = 1.5625 / 5
        assert!((units.score(sum, 1.0) - 0.3125).abs() < 1e-9);
    }

    #[test]
    fn split_of_two_classes_gains_what_the_formula_says() {
        // Codes 0, 0, 1, 1 with gradients 1, 1, -1, -1: 2²/2 + 2²/2 - 0 = 4.
        let codes = Codes { num_rows: 4, values: vec![0, 0, 1, 1] };
        let mut block = Block::<1>::new(&codes, &[vec![0.5]], &[0], 4);
        let units = Units::new(4, 1.0);
        let cells: Vec<_> = [1.0, 1.0, -1.0, -1.0].iter().map(|&gradient| units.cell((gradient, 1.0))).collect();
        let rules = Rules { min_samples_leaf: 1, lambda: 0.0 };
        let best = block.root(&[0, 1, 2, 3], &cells, units, rules).expect("the column parts them");
        assert!((best.gain - 4.0).abs() < 1e-9);
        assert_eq!(
            block.children(&Children { parent: 0, small: 0, large: 1, small_rows: &[0, 1] }, &cells, units, rules),
            (None, None)
        );
    }
}
