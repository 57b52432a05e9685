//! What can no longer be ranked, known to all threads: the worst of the candidates that already fill every place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use super::RankPlan;
use super::plan::order;

/// Shared by the threads of a run. A candidate that it refuses would never be ranked, whatever else comes, so that it only saves
/// work: when a thread hears of it makes no difference to the ranking.
#[derive(Debug, Default)]
pub struct Cutoff {
    is_set: AtomicBool,
    worst: RwLock<Option<(Vec<f64>, u64)>>,
}

impl Cutoff {
    /// Notes the worst of `rows` of candidates that fill all places; does nothing where they do not. `values` as in
    /// [`RankPlan::prune`].
    pub fn tighten(&self, plan: &RankPlan, indices: &[u64], values: &[f64], rows: &[usize]) {
        let Some(worst) = plan.worst(indices, values, rows) else { return };
        let mut known = self.worst.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|(key, index)| order((&worst.0, worst.1), (key, *index)).is_lt()) {
            *known = Some(worst);
            self.is_set.store(true, Ordering::Release);
        }
    }

    /// The bound as it is now, for a block of candidates; `None` where nothing is refused yet.
    pub fn bound(&self) -> Option<Bound> {
        if !self.is_set.load(Ordering::Acquire) {
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
        cutoff.tighten(&plan, &[0], &[1.0], &[0]);
        assert!(cutoff.bound().is_none(), "one candidate does not fill two places");
        let (indices, values) = ([3, 4, 5], [1.0, f64::NAN, 2.0]);
        cutoff.tighten(&plan, &indices, &values, &plan.prune(&indices, &values));
        let bound = cutoff.bound().expect("two places are filled");
        let mut keys = Vec::new();
        let mut admits = |index, value: f64| bound.admits(&plan, index, &[value], &mut keys);
        assert!(admits(9, 1.5) && !admits(9, 0.5) && !admits(9, f64::NAN));
        assert!(admits(2, 1.0) && admits(3, 1.0) && !admits(4, 1.0), "ties go to the lower index");
    }
}
