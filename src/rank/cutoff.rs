//! What can no longer be ranked, known to all threads: the worst of the candidates that already fill every place.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::atomic::{self, AtomicBool};
use std::sync::{Mutex, PoisonError, RwLock};

use super::RankPlan;
use super::plan::order;

/// Shared by the threads of a run. A candidate that it refuses would never be ranked, whatever else comes, so that it only saves
/// work: when a thread hears of it makes no difference to the ranking.
///
/// It remembers keys of the best candidates, not their rows: these lie in segments by then, each of which may hold fewer than
/// there are places.
#[derive(Debug, Default)]
pub struct Cutoff {
    is_set: AtomicBool,
    worst: RwLock<Option<(Vec<f64>, u64)>>,
    places: Mutex<Places>,
}

/// Who fills the places so far.
#[derive(Debug, Default)]
struct Places {
    /// The worst on top.
    taken: BinaryHeap<Place>,
    /// The last candidate that was looked at.
    last: Option<u64>,
}

#[derive(Debug)]
struct Place {
    key: Box<[f64]>,
    index: u64,
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        order((&self.key, self.index), (&other.key, other.index))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Place {}

impl Cutoff {
    /// Looks at further candidates, in order of index; those up to the last one that was seen are passed over. `values` as
    /// in [`RankPlan::prune`].
    pub fn offer(&self, plan: &RankPlan, indices: &[u64], values: &[f64]) {
        let Some(places) = plan.places() else { return };
        let mut known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let new = known.last.map_or(0, |last| indices.partition_point(|&index| index <= last));
        let mut keys = Vec::new();
        for (&index, values) in indices.iter().zip(values.chunks_exact(plan.width())).skip(new) {
            keys.clear();
            if plan.keys(values, &mut keys).is_err() {
                continue;
            }
            if known.taken.len() == places {
                if known.taken.peek().is_some_and(|worst| order((&keys, index), (&worst.key, worst.index)).is_ge()) {
                    continue;
                }
                known.taken.pop();
            }
            known.taken.push(Place { key: keys.as_slice().into(), index });
        }
        known.last = indices.last().copied().or(known.last);
        if let Some(worst) = known.taken.peek().filter(|_| known.taken.len() == places) {
            *self.worst.write().unwrap_or_else(PoisonError::into_inner) = Some((worst.key.to_vec(), worst.index));
            self.is_set.store(true, atomic::Ordering::Release);
        }
    }

    /// Looks at candidates, and returns the rows that can still be ranked, as [`RankPlan::prune`] does but knowing what came before.
    pub fn prune(&self, plan: &RankPlan, indices: &[u64], values: &[f64]) -> Vec<usize> {
        self.offer(plan, indices, values);
        let mut rows = plan.prune(indices, values);
        if let Some(bound) = self.bound() {
            let mut keys = Vec::new();
            let width = plan.width();
            rows.retain(|&row| bound.admits(plan, indices[row], &values[row * width..][..width], &mut keys));
        }
        rows
    }

    /// The bound as it is now, for a block of candidates; `None` where nothing is refused yet.
    pub fn bound(&self) -> Option<Bound> {
        if !self.is_set.load(atomic::Ordering::Acquire) {
            return None;
        }
        self.worst.read().unwrap_or_else(PoisonError::into_inner).clone().map(|(key, index)| Bound { key, index })
    }
}

/// The worst candidate that still has a place.
#[derive(Clone, Debug)]
pub struct Bound {
    key: Vec<f64>,
    index: u64,
}

impl Bound {
    /// Whether a candidate with these values can still be ranked; `keys` is working memory.
    pub fn admits(&self, plan: &RankPlan, index: u64, values: &[f64], keys: &mut Vec<f64>) -> bool {
        keys.clear();
        plan.keys(values, keys).is_ok() && order((keys, index), (&self.key, self.index)).is_le()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::candidate::ColumnRef;
    use crate::rank::RankSpec;
    use crate::units::Unit;

    #[test]
    fn what_all_places_are_better_than_is_refused() {
        let spec = json!({"by": [{"column": "a", "direction": "max"}], "keep": 2});
        let resolver =
            |_: &str| -> Result<(ColumnRef, Unit), String> { Ok((ColumnRef::Feature(0), Unit::dimensionless())) };
        let plan = RankSpec::read(&spec).expect("a table").resolve(&resolver).expect("a plan");
        let cutoff = Cutoff::default();
        cutoff.offer(&plan, &[0], &[1.0]);
        assert!(cutoff.bound().is_none(), "one candidate does not fill two places");
        assert_eq!(cutoff.prune(&plan, &[3, 4, 5], &[1.0, f64::NAN, 2.0]), [2]);
        let bound = cutoff.bound().expect("two places are filled");
        let mut keys = Vec::new();
        let mut admits = |index, value: f64| bound.admits(&plan, index, &[value], &mut keys);
        assert!(admits(9, 1.5) && !admits(9, 0.5) && !admits(9, f64::NAN));
        assert!(admits(0, 1.0) && !admits(1, 1.0), "ties go to the lower index");
        // What was seen before counts once, however often it comes; parts smaller than the places fill them together.
        assert_eq!(cutoff.prune(&plan, &[5, 6], &[2.0, 0.5]), [0]);
        assert_eq!(cutoff.prune(&plan, &[7], &[3.0]), [0]);
        let bound = cutoff.bound().expect("two places are filled");
        assert!(!bound.admits(&plan, 8, &[1.5], &mut keys) && bound.admits(&plan, 8, &[2.5], &mut keys));
    }
}
