//! Exact non-dominated sorting.
//!
//! Up to three objectives: a sweep in lexicographic order with one staircase a front, O(n log n log t). More: sequential
//! comparison with the members of each front, those that dominated something last being asked first, O(n · front size).
//!
//! # References
//! H. T. Kung, F. Luccio, F. P. Preparata, *J. ACM* 22 (1975) 469, DOI 10.1145/321906.321910: the staircase sweep in three
//! dimensions. X. Zhang et al., *IEEE Trans. Evol. Comput.* 19 (2015) 201, DOI 10.1109/TEVC.2014.2308305: insertion into
//! fronts in lexicographic order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Front of each row of the row-major `costs` (`width` finite numbers a row, smaller is better): 1 = not dominated by any
/// row, f = one more than the longest chain of rows that dominate it; 0 = beyond `limit`.
///
/// A row dominates another if it is nowhere worse and somewhere better; equal rows share a front.
///
/// # Panics
/// If `width` is 0 or does not divide the number of values.
///
/// ```
/// use matsieve::rank::fronts;
/// // (1, 2) and (2, 1) are both on the first front; (2, 2) is dominated by both; (3, 3) also by (2, 2).
/// assert_eq!(fronts(&[1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 2.0, 2.0], 2, 2), [1, 0, 1, 2]);
/// ```
pub fn fronts(costs: &[f64], width: usize, limit: u32) -> Vec<u32> {
    assert!(width > 0 && costs.len().is_multiple_of(width), "rows of {width} costs expected");
    let row = |i: usize| &costs[i * width..(i + 1) * width];
    let mut order: Vec<usize> = (0..costs.len() / width).collect();
    order.sort_unstable_by(|&a, &b| compare(row(a), row(b)).then(a.cmp(&b)));
    let mut levels: Vec<Level> = Vec::new();
    let mut fronts = vec![0u32; order.len()];
    let mut previous: Option<usize> = None;
    for &i in &order {
        let point = row(i);
        if let Some(p) = previous
            && compare(row(p), point) == Ordering::Equal
        {
            fronts[i] = fronts[p];
            continue;
        }
        previous = Some(i);
        // What a front dominates, every earlier front dominates too: chains are nested.
        let mut level = 0;
        while level < levels.len() && levels[level].dominates(point) {
            level += 1;
        }
        if level >= limit as usize {
            continue;
        }
        if level == levels.len() {
            levels.push(Level::new(width));
        }
        levels[level].insert(point);
        fronts[i] = level as u32 + 1;
    }
    fronts
}

/// Lexicographic order of two rows of finite costs.
pub(super) fn compare(a: &[f64], b: &[f64]) -> Ordering {
    a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Whether row `a` is nowhere worse and somewhere better than row `b`.
pub(super) fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut better = false;
    for (x, y) in a.iter().zip(b) {
        if x > y {
            return false;
        }
        better |= x < y;
    }
    better
}

/// One front while points arrive in lexicographic order, distinct ones only: an earlier point that is nowhere worse in
/// the coordinates after the first then dominates.
enum Level {
    /// Second coordinate → third, strictly falling; missing coordinates count as zero.
    Staircase(BTreeMap<Key, f64>),
    /// All members, row-major.
    List { width: usize, members: Vec<f64> },
}

impl Level {
    fn new(width: usize) -> Self {
        if width <= 3 { Self::Staircase(BTreeMap::new()) } else { Self::List { width, members: Vec::new() } }
    }

    fn dominates(&mut self, point: &[f64]) -> bool {
        match self {
            Self::Staircase(steps) => {
                let (second, third) = tail(point);
                steps.range(..=Key(second)).next_back().is_some_and(|(_, &step)| step <= third)
            }
            Self::List { width, members } => {
                let Some(found) = members.chunks_exact(*width).position(|member| dominates(member, point)) else {
                    return false;
                };
                if found > 0 {
                    let (head, rest) = members.split_at_mut(found * *width);
                    head[..*width].swap_with_slice(&mut rest[..*width]);
                }
                true
            }
        }
    }

    fn insert(&mut self, point: &[f64]) {
        match self {
            Self::Staircase(steps) => {
                let (second, third) = tail(point);
                while let Some((&key, &step)) = steps.range(Key(second)..).next()
                    && step >= third
                {
                    steps.remove(&key);
                }
                steps.insert(Key(second), third);
            }
            Self::List { members, .. } => members.extend_from_slice(point),
        }
    }
}

fn tail(point: &[f64]) -> (f64, f64) {
    (point.get(1).copied().unwrap_or(0.0), point.get(2).copied().unwrap_or(0.0))
}

/// A finite number with its total order.
#[derive(Copy, Clone, Debug)]
struct Key(f64);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Peeling by definition: a row's front is one more than the largest front of the rows that dominate it.
    fn by_definition(costs: &[f64], width: usize, limit: u32) -> Vec<u32> {
        let rows: Vec<&[f64]> = costs.chunks_exact(width).collect();
        let mut front = vec![0u32; rows.len()];
        let mut number = 1;
        while front.contains(&0) {
            let open: Vec<usize> = (0..rows.len()).filter(|&i| front[i] == 0).collect();
            for &i in &open {
                if !open.iter().any(|&j| dominates(rows[j], rows[i])) {
                    front[i] = number;
                }
            }
            number += 1;
        }
        front.into_iter().map(|f| if f > limit { 0 } else { f }).collect()
    }

    proptest! {
        #[test]
        fn fronts_equal_repeated_peeling(width in 1usize..6, limit in 1u32..5, raw in prop::collection::vec(-3i8..4, 0..240)) {
            let costs: Vec<f64> = raw.iter().take(raw.len() / width * width).map(|&v| f64::from(v)).collect();
            prop_assert_eq!(fronts(&costs, width, limit), by_definition(&costs, width, limit));
        }
    }

    #[test]
    fn equal_rows_share_the_first_front() {
        assert_eq!(fronts(&[1.0, 1.0, 1.0, 1.0], 2, 1), [1, 1]);
    }
}
