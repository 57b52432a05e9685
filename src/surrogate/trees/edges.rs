//! Thresholds of features: chosen once before training, from the values that occur.

use matsieve_kernels::dispatch::{Level, count_below};
use matsieve_kernels::trees::Thresholds;
use rayon::prelude::*;

use super::TrainingMatrix;

/// Code of a missing value in training.
pub(super) const MISSING: u8 = u8::MAX;

/// Most thresholds of one feature, so that codes 0..=254 and [`MISSING`] fit a byte.
pub(super) const MAX_EDGES: usize = 254;

/// Where the threshold lies between two neighbouring values.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Gaps {
    /// One threshold, in the middle: what boosting needs.
    Middle,
    /// As many as there is room for, evenly: randomised trees then differ inside wide gaps and smooth their average.
    Filled,
}

/// Thresholds of every feature, ascending; a value's code is the number of thresholds below it.
pub(super) struct Edges {
    pub(super) of: Vec<Vec<f64>>,
}

/// Codes of a training matrix, column by column.
pub(super) struct Codes {
    pub(super) num_rows: usize,
    pub(super) values: Vec<u8>,
}

impl Codes {
    pub(super) fn column(&self, feature: usize) -> &[u8] {
        &self.values[feature * self.num_rows..(feature + 1) * self.num_rows]
    }
}

impl Edges {
    /// Chooses thresholds for every column and codes the matrix with them.
    pub(super) fn fit(x: TrainingMatrix<'_>, max_edges: usize, gaps: Gaps) -> (Self, Codes) {
        let of: Vec<Vec<f64>> = (0..x.width)
            .into_par_iter()
            .map(|feature| {
                let mut values: Vec<f64> = column(x, feature).filter(|value| !value.is_nan()).collect();
                let has_missing = values.len() < x.num_rows();
                values.sort_unstable_by(f64::total_cmp);
                choose(&values, max_edges.min(MAX_EDGES), gaps, has_missing)
            })
            .collect();
        let edges = Self { of };
        let codes = edges.encode(x);
        (edges, codes)
    }

    /// Codes a matrix with the same columns.
    pub(super) fn encode(&self, x: TrainingMatrix<'_>) -> Codes {
        let num_rows = x.num_rows();
        let mut values = vec![0_u8; num_rows * x.width];
        values.par_chunks_mut(num_rows.max(1)).enumerate().for_each(|(feature, codes)| {
            let column: Vec<f64> = column(x, feature).collect();
            let mut counts = vec![0_u16; num_rows];
            count_below(Level::best(), &column, &Thresholds::new(&self.of[feature]), &mut counts);
            for (code, count) in codes.iter_mut().zip(counts) {
                *code = u8::try_from(count).unwrap_or(MISSING);
            }
        });
        Codes { num_rows, values }
    }
}

fn column<'a>(x: TrainingMatrix<'a>, feature: usize) -> impl Iterator<Item = f64> + 'a {
    x.values.iter().skip(feature).step_by(x.width).copied()
}

/// Thresholds for ascending values.
fn choose(sorted: &[f64], max_edges: usize, gaps: Gaps, has_missing: bool) -> Vec<f64> {
    let runs: Vec<(f64, usize)> = sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect();
    let num_gaps = runs.len().saturating_sub(1);
    let mut edges = Vec::new();
    // Where values are missing, the last threshold asks "missing or not".
    let max_edges = max_edges - usize::from(has_missing);
    if num_gaps <= max_edges {
        let per_gap = if gaps == Gaps::Filled { (max_edges / num_gaps.max(1)).min(16) } else { 1 };
        for pair in runs.windows(2) {
            for step in 0..per_gap {
                push_between(&mut edges, pair[0].0, pair[1].0, (step as f64 + 0.5) / per_gap as f64);
            }
        }
    } else {
        // Bins of equal weight; a value heavier than that fills its own, and what is left is shared out anew.
        let (mut rows_left, mut bins_left, mut rows_in_bin) = (sorted.len(), max_edges + 1, 0);
        for pair in runs.windows(2) {
            rows_in_bin += pair[0].1;
            let is_next_heavy = pair[1].1 * bins_left > 2 * rows_left;
            if bins_left > 1 && (rows_in_bin * bins_left >= rows_left || is_next_heavy) {
                push_between(&mut edges, pair[0].0, pair[1].0, 0.5);
                rows_left -= rows_in_bin;
                bins_left -= 1;
                rows_in_bin = 0;
            }
        }
    }
    if has_missing {
        edges.extend(runs.last().map(|run| run.0));
    }
    edges
}

/// Appends a threshold in `low..high`, at `fraction` of the way; in f32 where that still parts the two.
fn push_between(edges: &mut Vec<f64>, low: f64, high: f64, fraction: f64) {
    let exact = low * (1.0 - fraction) + high * fraction;
    let short = f64::from(exact as f32);
    let edge = if (low..high).contains(&short) {
        short
    } else if (low..high).contains(&exact) {
        exact
    } else {
        low
    };
    if edges.last().is_none_or(|&last| last < edge) {
        edges.push(edge);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_are_parted_in_their_middles() {
        assert_eq!(choose(&[1.0, 1.0, 2.0, 4.0], 254, Gaps::Middle, false), [1.5, 3.0]);
        assert_eq!(choose(&[0.0, 1.0], 2, Gaps::Filled, false), [0.25, 0.75]);
    }

    #[test]
    fn constant_column_has_a_threshold_only_where_values_are_missing() {
        assert!(choose(&[7.0, 7.0], 254, Gaps::Middle, false).is_empty());
        assert_eq!(choose(&[7.0, 7.0], 254, Gaps::Middle, true), [7.0]);
    }

    #[test]
    fn neighbours_in_f64_are_parted_although_f32_cannot() {
        let next = 1.0_f64.next_up();
        assert_eq!(choose(&[1.0, next], 254, Gaps::Middle, false), [1.0]);
    }

    #[test]
    fn heavy_value_does_not_take_thresholds_from_the_others() {
        let mut values = vec![0.0; 1000];
        values.extend((1..=1000).map(f64::from));
        let edges = choose(&values, 100, Gaps::Middle, false);
        assert!(edges.len() > 90 && edges.len() <= 100, "{} thresholds", edges.len());
        assert_eq!(edges[0], 0.5);
    }

    proptest! {
        #[test]
        fn thresholds_ascend_and_lie_within_the_values(mut values in prop::collection::vec(-1e6..1e6_f64, 2..600), max in 1..254_usize) {
            values.sort_unstable_by(f64::total_cmp);
            for gaps in [Gaps::Middle, Gaps::Filled] {
                let edges = choose(&values, max, gaps, false);
                prop_assert!(edges.len() <= max);
                prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(edges.iter().all(|edge| (values[0]..values[values.len() - 1]).contains(edge)));
            }
        }
    }
}
