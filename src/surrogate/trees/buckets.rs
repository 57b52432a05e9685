//! Where a value lies among the thresholds of a column, without a search through all of them.

/// Buckets of equal width that a column's thresholds are sorted into; 64 of one byte are a cache line.
const BUCKETS: usize = 64;

/// For each bucket, how many thresholds lie in those before it.
pub(super) struct Buckets {
    least: f64,
    /// Buckets per unit.
    density: f64,
    starts: [u8; BUCKETS + 1],
}

impl Buckets {
    /// Sorts at most 254 ascending thresholds.
    pub(super) fn new(edges: &[f64]) -> Self {
        let least = edges.first().copied().unwrap_or(0.0);
        let range = edges.last().map_or(0.0, |last| last - least);
        let density = if range > 0.0 { BUCKETS as f64 / range } else { 0.0 };
        let mut buckets = Self { least, density, starts: [0; BUCKETS + 1] };
        for &edge in edges {
            let own = buckets.of(edge);
            buckets.starts[own + 1..].iter_mut().for_each(|start| *start += 1);
        }
        buckets
    }

    /// Not decreasing in the value, so that a threshold of a bucket before a value's is below the value.
    fn of(&self, value: f64) -> usize {
        // The conversion takes what lies below the first bucket as 0.
        (((value - self.least) * self.density) as usize).min(BUCKETS - 1)
    }

    /// Number of thresholds below a value; `edges` are those that were sorted.
    pub(super) fn count_below(&self, edges: &[f64], value: f64) -> usize {
        let own = self.of(value);
        let (start, end) = (usize::from(self.starts[own]), usize::from(self.starts[own + 1]));
        start + edges[start..end].partition_point(|edge| *edge < value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_a_search_through_all() {
        let columns: [Vec<f64>; 4] = [
            (0..254).map(f64::from).collect(),
            (0..254).map(|i| libm::exp(f64::from(i) / 9.0)).collect(),
            vec![-0.5],
            vec![1e300, 2e300],
        ];
        for edges in &columns {
            let buckets = Buckets::new(edges);
            let around = edges.iter().flat_map(|&edge| [edge.next_down(), edge, edge.next_up(), edge + 0.4]);
            for value in around.chain([-1e308, 1e308]) {
                let expected = edges.partition_point(|edge| *edge < value);
                assert_eq!(buckets.count_below(edges, value), expected, "{value}");
            }
        }
    }
}
