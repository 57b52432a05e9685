//! Columns by relevance and redundancy.

use super::super::metrics::quantile_sorted;
use super::super::networks::Stream;
use super::super::trees::TrainingMatrix;

/// Quantile bins of a column; missing values have one more of their own.
const BINS: usize = 16;
const CODES: usize = BINS + 1;
/// Rows from which information is estimated: the bias of an estimate, (16 − 1)²/2n, is then 2 % of one nat.
const MAX_SAMPLE: usize = 5000;

/// What the columns are to say something about.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::surrogate) enum RelevanceTask {
    /// A number, in quantile bins.
    Number,
    /// Class 0 or 1.
    Class,
}

/// Up to `count` columns, the most useful first: the next one has the largest
/// `min over chosen s of I(f, y) / (I(f, s)^p + c)`, `I` the normalised mutual information of binned values,
/// `p = max(0.1, 4.5 − 0.4 k^0.4)`, `c = min(10⁵, 10⁻⁶ k³)` at `k` chosen columns. Columns that are constant or say nothing
/// are left out.
///
/// # References
/// 10.1038/s41524-021-00552-2 (P.-P. De Breuck, G. Hautier, G.-M. Rignanese, MODNet), equations 2 to 4; p and c as in its code.
pub(in crate::surrogate) fn most_relevant(
    x: TrainingMatrix<'_>,
    y: &[f64],
    task: RelevanceTask,
    count: usize,
    seed: u64,
) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..y.len()).collect();
    Stream::new(seed, "relevance").shuffle(&mut rows);
    rows.truncate(MAX_SAMPLE);
    let binned: Vec<Binned> = (0..x.width)
        .map(|column| Binned::new(&rows.iter().map(|&row| x.values[row * x.width + column]).collect::<Vec<_>>()))
        .collect();
    let targets: Vec<f64> = rows.iter().map(|&row| y[row]).collect();
    let target = match task {
        RelevanceTask::Number => Binned::new(&targets),
        RelevanceTask::Class => Binned::of_codes(targets.iter().map(|&class| u8::from(class > 0.5)).collect()),
    };
    let relevance: Vec<f64> = binned.iter().map(|column| column.information(&target)).collect();
    let mut redundancy = vec![0.0_f64; x.width];
    let mut left: Vec<usize> = (0..x.width).filter(|&column| relevance[column] > 0.0).collect();
    let mut chosen = Vec::new();
    while chosen.len() < count && !left.is_empty() {
        let k = chosen.len() as f64;
        let power = (4.5 - 0.4 * libm::pow(k, 0.4)).max(0.1);
        let floor = (1e-6 * k * k * k).min(1e5);
        let score = |column: usize| match chosen.is_empty() {
            true => relevance[column],
            // Nothing in common and no floor yet: as good as can be.
            false => relevance[column] / (libm::pow(redundancy[column], power) + floor).max(1e-12),
        };
        let mut best = 0;
        for place in 1..left.len() {
            if score(left[place]) > score(left[best]) {
                best = place;
            }
        }
        let next = left.remove(best);
        chosen.push(next);
        for &column in &left {
            redundancy[column] = redundancy[column].max(binned[column].information(&binned[next]));
        }
    }
    chosen
}

/// A column in bins.
struct Binned {
    codes: Vec<u8>,
    entropy: f64,
}

impl Binned {
    fn new(values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut edges: Vec<f64> = match sorted.is_empty() {
            true => Vec::new(),
            false => (1..BINS).map(|edge| quantile_sorted(&sorted, edge as f64 / BINS as f64)).collect(),
        };
        edges.dedup();
        let code = |value: &f64| match value.is_nan() {
            true => BINS as u8,
            false => edges.partition_point(|edge| edge < value) as u8,
        };
        Self::of_codes(values.iter().map(code).collect())
    }

    fn of_codes(codes: Vec<u8>) -> Self {
        let mut counts = [0_u32; CODES];
        for &code in &codes {
            counts[usize::from(code)] += 1;
        }
        let entropy = entropy(&counts, codes.len());
        Self { codes, entropy }
    }

    /// Mutual information divided by the mean of both entropies.
    fn information(&self, other: &Self) -> f64 {
        let both = (self.entropy + other.entropy) / 2.0;
        if self.entropy <= 0.0 || other.entropy <= 0.0 {
            return 0.0;
        }
        let mut counts = [0_u32; CODES * CODES];
        for (&a, &b) in self.codes.iter().zip(&other.codes) {
            counts[usize::from(a) * CODES + usize::from(b)] += 1;
        }
        (self.entropy + other.entropy - entropy(&counts, self.codes.len())).max(0.0) / both
    }
}

/// In nats.
fn entropy(counts: &[u32], total: usize) -> f64 {
    let mut sum = 0.0;
    for &count in counts.iter().filter(|&&count| count > 0) {
        let share = f64::from(count) / total as f64;
        sum -= share * libm::log(share);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of: the answer, its copy, half of the answer, a constant, a value that is missing where that half is large.
    fn table() -> (Vec<f64>, Vec<f64>) {
        let mut stream = Stream::new(5, "table");
        let (mut values, mut targets) = (Vec::new(), Vec::new());
        for _ in 0..2000 {
            let (a, b) = (f64::from(stream.normal()), f64::from(stream.normal()));
            values.extend([a, a, b, 1.0, if b > 1.0 { f64::NAN } else { 0.0 }]);
            targets.push(a + 0.7 * b);
        }
        (values, targets)
    }

    #[test]
    fn copy_of_a_chosen_column_comes_last_and_a_constant_never() {
        let (values, targets) = table();
        let x = TrainingMatrix { values: &values, width: 5 };
        let chosen = most_relevant(x, &targets, RelevanceTask::Number, 5, 1);
        assert_eq!(chosen[0], 0);
        assert_eq!(chosen[3], 1);
        assert!(!chosen.contains(&3) && chosen.contains(&4), "{chosen:?}");
    }

    #[test]
    fn information_of_a_column_with_itself_is_one_and_with_a_coin_nothing() {
        let values: Vec<f64> = (0..1600).map(f64::from).collect();
        let ramp = Binned::new(&values);
        assert!((ramp.information(&ramp) - 1.0).abs() < 1e-12);
        let coin = Binned::of_codes((0..1600).map(|i| (i % 2) as u8).collect());
        assert!(ramp.information(&coin) < 1e-12);
    }
}
