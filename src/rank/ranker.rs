//! The bounded collector of candidates to rank.

use std::sync::Arc;

use crate::candidate::Ranking;

use super::plan::{Excluded, order};
use super::{Method, RankError, RankPlan, pareto};

/// Candidates collected at least between two prunings.
const MIN_BUFFER: usize = 4096;

/// Members of the last front that an offered candidate is compared with before it is collected at all.
const NUM_GUARDS: usize = 32;

/// Collects candidates in any order and keeps those that can still be ranked.
///
/// Memory: `top` and `desirability` hold at most twice `keep` candidates (or `keep` and 4096, if that is more). `pareto` holds
/// the fronts so far twice, and gives up with [`RankError::FrontTooLarge`] once they exceed sixteen times `max_front` and a
/// million candidates, although later candidates might have dominated some of them.
#[derive(Clone, Debug)]
pub struct Ranker {
    plan: Arc<RankPlan>,
    index: Vec<u64>,
    values: Vec<f64>,
    keys: Vec<f64>,
    limit: usize,
    /// Worst candidate that is kept, once there are `keep` of them.
    cutoff: Option<(Vec<f64>, u64)>,
    /// Some members of the last front: what they dominate is not ranked.
    guards: Vec<f64>,
    undefined: u64,
    outside: u64,
}

impl Ranker {
    /// An empty collector.
    pub fn new(plan: Arc<RankPlan>) -> Self {
        let limit = match plan.spec().method {
            Method::Pareto => MIN_BUFFER,
            Method::Top | Method::Desirability => plan.spec().keep.saturating_add(plan.spec().keep.max(MIN_BUFFER)),
        };
        Self {
            plan,
            index: Vec::new(),
            values: Vec::new(),
            keys: Vec::new(),
            limit,
            cutoff: None,
            guards: Vec::new(),
            undefined: 0,
            outside: 0,
        }
    }

    /// Takes one candidate; `values` as [`RankPlan::objectives`] gives them.
    ///
    /// # Errors
    /// The fronts grow beyond all bounds.
    ///
    /// # Panics
    /// If there is not one value a column.
    pub fn offer(&mut self, index: u64, values: &[f64]) -> Result<(), RankError> {
        assert_eq!(values.len(), self.plan.width(), "one value a column");
        let start = self.keys.len();
        match self.plan.keys(values, &mut self.keys) {
            Err(Excluded::Undefined) => self.undefined += 1,
            Err(Excluded::Outside) => self.outside += 1,
            Ok(()) if self.is_beaten(index, start) => self.keys.truncate(start),
            Ok(()) => {
                self.index.push(index);
                self.values.extend_from_slice(values);
                if self.index.len() >= self.limit {
                    self.prune()?;
                }
            }
        }
        Ok(())
    }

    /// Adds the candidates of another collector of the same plan.
    ///
    /// # Errors
    /// The fronts grow beyond all bounds.
    ///
    /// # Panics
    /// If the plans differ.
    pub fn merge(mut self, other: Self) -> Result<Self, RankError> {
        assert!(self.plan == other.plan, "rankings of different plans");
        self.undefined += other.undefined;
        self.outside += other.outside;
        self.index.extend(other.index);
        self.values.extend(other.values);
        self.keys.extend(other.keys);
        if self.index.len() >= self.limit {
            self.prune()?;
        }
        Ok(self)
    }

    /// Candidates that were not ranked because a value is not a finite number.
    pub fn num_undefined(&self) -> u64 {
        self.undefined
    }

    /// Candidates that were not ranked because they lie outside a window.
    pub fn num_outside(&self) -> u64 {
        self.outside
    }

    /// The ranking, best first.
    ///
    /// Scores, higher is better: for `top` the first objective, negated where small is good, or minus the distance to
    /// its target; for `desirability` the overall desirability; for `pareto`, within a front, 1 − weighted root mean square
    /// distance to the ideal point, each objective scaled by its range over the first front (P. L. Yu, *Manag. Sci.* 19
    /// (1973) 936, DOI 10.1287/mnsc.19.8.936).
    ///
    /// # Errors
    /// The fronts hold more than `max_front` candidates.
    pub fn finish(self) -> Result<Ranking, RankError> {
        let (plan, width) = (&*self.plan, self.plan.num_keys());
        let key = |row: usize| &self.keys[row * width..(row + 1) * width];
        let mut parameters =
            serde_json::to_value(plan.spec()).map_err(|e| RankError::Table { reason: e.to_string() })?;
        let (mut rows, score, front);
        if plan.spec().method == Method::Pareto {
            front = pareto::fronts(&self.keys, width, plan.fronts());
            rows = (0..front.len()).filter(|&row| front[row] > 0).collect::<Vec<_>>();
            if rows.len() > plan.max_front() {
                return Err(too_large(plan, rows.len()));
            }
            score = self.compromise(&front);
            rows.sort_unstable_by(|&a, &b| {
                let by_front = front[a].cmp(&front[b]).then(score[b].total_cmp(&score[a]));
                by_front.then(order((key(a), self.index[a]), (key(b), self.index[b])))
            });
            let sizes: Vec<usize> =
                (1..=plan.fronts()).map(|f| rows.iter().filter(|&&row| front[row] == f).count()).collect();
            parameters["front_sizes"] = sizes.into();
            parameters["not_listed"] = rows.len().saturating_sub(plan.spec().keep).into();
        } else {
            rows = plan.survivors(&self.index, &self.keys);
            rows.sort_unstable_by(|&a, &b| order((key(a), self.index[a]), (key(b), self.index[b])));
            score = (0..self.index.len()).map(|row| -key(row)[0] + 0.0).collect();
            front = vec![0; self.index.len()];
        }
        rows.truncate(plan.spec().keep);
        let columns = plan.width();
        Ok(Ranking {
            index: rows.iter().map(|&row| self.index[row]).collect(),
            score: rows.iter().map(|&row| score[row]).collect(),
            front: rows.iter().map(|&row| front[row]).collect(),
            objectives: plan.columns().to_vec(),
            values: rows.iter().flat_map(|&row| &self.values[row * columns..(row + 1) * columns]).copied().collect(),
            parameters,
            duplicates: None,
        })
    }

    /// Whether candidates already collected keep this one, whose keys start at `start`, out of the ranking.
    fn is_beaten(&self, index: u64, start: usize) -> bool {
        let key = &self.keys[start..];
        let cut = self.cutoff.as_ref().is_some_and(|(worst, last)| order((key, index), (worst, *last)).is_gt());
        cut || self.guards.chunks_exact(key.len()).any(|guard| pareto::dominates(guard, key))
    }

    fn prune(&mut self) -> Result<(), RankError> {
        let (columns, width) = (self.plan.width(), self.plan.num_keys());
        let kept = if self.plan.spec().method == Method::Pareto {
            let front = pareto::fronts(&self.keys, width, self.plan.fronts());
            self.choose_guards(&front);
            (0..front.len()).filter(|&row| front[row] > 0).collect()
        } else {
            self.plan.survivors(&self.index, &self.keys)
        };
        for (to, &from) in kept.iter().enumerate() {
            self.index[to] = self.index[from];
            self.values.copy_within(from * columns..(from + 1) * columns, to * columns);
            self.keys.copy_within(from * width..(from + 1) * width, to * width);
        }
        self.index.truncate(kept.len());
        self.values.truncate(kept.len() * columns);
        self.keys.truncate(kept.len() * width);
        if self.plan.spec().method == Method::Pareto {
            if kept.len() > self.plan.max_front().saturating_mul(16).max(1 << 20) {
                return Err(too_large(&self.plan, kept.len()));
            }
            self.limit = (2 * kept.len()).max(MIN_BUFFER);
        } else if kept.len() == self.plan.spec().keep {
            let rows = self.keys.chunks_exact(width).zip(&self.index);
            let worst = rows.max_by(|a, b| order((a.0, *a.1), (b.0, *b.1)));
            self.cutoff = worst.map(|(key, &index)| (key.to_vec(), index));
        }
        Ok(())
    }

    /// Keeps the members of the last front whose scaled keys have the smallest sums: those that dominate most.
    fn choose_guards(&mut self, front: &[u32]) {
        let width = self.plan.num_keys();
        let last: Vec<&[f64]> = self
            .keys
            .chunks_exact(width)
            .zip(front)
            .filter(|(_, f)| **f == self.plan.fronts())
            .map(|(k, _)| k)
            .collect();
        let ranges = ranges(last.iter().copied(), width);
        let mut sums: Vec<(f64, usize)> = last
            .iter()
            .enumerate()
            .map(|(i, key)| (key.iter().zip(&ranges).map(|(&k, &(low, high))| scaled(k, low, high)).sum(), i))
            .collect();
        sums.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.guards = sums.iter().take(NUM_GUARDS).flat_map(|&(_, i)| last[i]).copied().collect();
    }

    /// Closeness of each collected candidate to the ideal point of the first front.
    fn compromise(&self, front: &[u32]) -> Vec<f64> {
        let width = self.plan.num_keys();
        let first = self.keys.chunks_exact(width).zip(front).filter(|(_, f)| **f == 1).map(|(key, _)| key);
        let ranges = ranges(first, width);
        let weights: Vec<f64> = self.plan.weights().collect();
        let total: f64 = weights.iter().sum();
        let score = |key: &[f64]| {
            let mut sum = 0.0;
            for ((&k, &(low, high)), weight) in key.iter().zip(&ranges).zip(&weights) {
                let distance = scaled(k, low, high);
                sum += weight * distance * distance;
            }
            1.0 - (sum / total).sqrt()
        };
        self.keys.chunks_exact(width).map(score).collect()
    }
}

fn too_large(plan: &RankPlan, found: usize) -> RankError {
    RankError::FrontTooLarge { fronts: plan.fronts(), found, limit: plan.max_front() }
}

/// Smallest and largest key of each objective.
fn ranges<'a>(keys: impl Iterator<Item = &'a [f64]>, width: usize) -> Vec<(f64, f64)> {
    let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); width];
    for key in keys {
        for (range, &value) in ranges.iter_mut().zip(key) {
            *range = (range.0.min(value), range.1.max(value));
        }
    }
    ranges
}

/// Position in a range; where the range is a point, everything lies on it.
fn scaled(value: f64, low: f64, high: f64) -> f64 {
    if high > low { (value - low) / (high - low) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::ColumnRef;
    use crate::rank::RankSpec;
    use crate::units::Unit;
    use proptest::prelude::*;
    use serde_json::json;

    fn plan(table: serde_json::Value) -> Arc<RankPlan> {
        let names = ["a", "b", "c", "d"];
        let spec = RankSpec::read(&table).expect("a table");
        let resolver = |name: &str| -> Result<(ColumnRef, Unit), String> {
            let column = names.iter().position(|n| *n == name).ok_or("no such column")?;
            Ok((ColumnRef::Feature(column), Unit::dimensionless()))
        };
        Arc::new(spec.resolve(&resolver).expect("a plan"))
    }

    fn ranked(plan: &Arc<RankPlan>, rows: &[(u64, Vec<f64>)]) -> Ranking {
        let mut ranker = Ranker::new(Arc::clone(plan));
        for (index, values) in rows {
            ranker.offer(*index, values).expect("bounded");
        }
        ranker.finish().expect("a ranking")
    }

    fn tables() -> [serde_json::Value; 5] {
        let two = json!([{"column": "a", "direction": "min"}, {"column": "b", "direction": "max"}]);
        let four = json!([{"column": "a", "direction": "min"}, {"column": "b", "direction": "max"}, {"column": "c", "target": 1}, {"column": "d", "direction": "min"}]);
        [
            json!({"by": two, "keep": 5}),
            json!({"by": two, "keep": 7, "where": [{"column": "c", "above": -2}]}),
            json!({"by": [{"column": "a", "direction": "min", "low": -3, "high": 3, "weight": 2}, {"column": "b", "target": 0.5, "within": 3, "shape": 2}], "method": "desirability", "keep": 6}),
            json!({"by": two, "method": "pareto", "fronts": 2, "max_front": 1000, "keep": 9}),
            json!({"by": four, "method": "pareto", "max_front": 1000}),
        ]
    }

    proptest! {
        #[test]
        fn ranking_of_all_is_ranking_of_pruned_parts_in_any_cut_and_order(
            which in 0usize..5,
            raw in prop::collection::vec((-4i8..5, -4i8..5, -4i8..5, -4i8..5, 0u8..4), 0..160),
            shuffle in any::<u64>(),
        ) {
            let plan = plan(tables()[which].clone());
            let rows: Vec<(u64, Vec<f64>)> = raw.iter().enumerate().map(|(i, r)| {
                let all = [r.0, r.1, r.2, r.3].map(|v| if v == 4 { f64::NAN } else { f64::from(v) / 2.0 });
                (i as u64, all[..plan.width()].to_vec())
            }).collect();
            let whole = ranked(&plan, &rows);
            // Parts by the drawn label, pruned one by one, merged in the order of the labels.
            let mut parts: Vec<Vec<(u64, Vec<f64>)>> = vec![Vec::new(); 4];
            for (row, r) in rows.iter().zip(&raw) {
                parts[usize::from(r.4)].push(row.clone());
            }
            let mut merged = Ranker::new(Arc::clone(&plan));
            let mut left = Vec::new();
            for part in &mut parts {
                part.sort_by_key(|(index, _)| index.wrapping_mul(shuffle | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let indices: Vec<u64> = part.iter().map(|p| p.0).collect();
                let values: Vec<f64> = part.iter().flat_map(|p| p.1.clone()).collect();
                let kept = plan.prune(&indices, &values);
                prop_assert!(kept.is_sorted());
                left.extend(kept.iter().map(|&row| part[row].clone()));
                let mut ranker = Ranker::new(Arc::clone(&plan));
                for &row in &kept {
                    ranker.offer(part[row].0, &part[row].1).expect("bounded");
                }
                ranker.prune().expect("bounded");
                merged = merged.merge(ranker).expect("bounded");
            }
            prop_assert_eq!(&merged.finish().expect("a ranking"), &whole);
            prop_assert_eq!(&ranked(&plan, &left), &whole);
        }
    }

    #[test]
    fn ties_go_to_the_next_objective_and_then_to_the_lower_index() {
        let plan = plan(json!({"by": [{"column": "a", "direction": "min"}, {"column": "b", "direction": "max"}]}));
        let rows = [(9, vec![1.0, 5.0]), (3, vec![1.0, 5.0]), (4, vec![1.0, 6.0]), (5, vec![0.5, 0.0])];
        let ranking = ranked(&plan, &rows);
        assert_eq!(ranking.index, [5, 4, 3, 9]);
        assert_eq!(ranking.score, [-0.5, -1.0, -1.0, -1.0]);
        assert_eq!(ranking.values[..2], [0.5, 0.0]);
    }

    #[test]
    fn undefined_and_outside_candidates_are_counted_not_ranked() {
        let plan = plan(json!({"by": [{"column": "a", "target": 1.0, "within": 0.5}]}));
        let mut ranker = Ranker::new(plan);
        for (index, value) in [f64::NAN, f64::INFINITY, 2.0, 1.5, 0.9].into_iter().enumerate() {
            ranker.offer(index as u64, &[value]).expect("bounded");
        }
        assert_eq!((ranker.num_undefined(), ranker.num_outside()), (2, 1));
        assert_eq!(ranker.finish().expect("a ranking").index, [4, 3]);
    }

    #[test]
    fn desirability_is_the_weighted_geometric_mean_of_ramps() {
        // a: (10 − 2.5)/(10 − 0) = 0.75 with weight 1; b: 1 − |3 − 2|/4 = 0.75, squared 0.5625, weight 3.
        // D = 0.75^(1/4) · 0.5625^(3/4) = 0.75^(7/4).
        let plan = plan(json!({"by": [{"column": "a", "direction": "min", "low": 0, "high": 10},
            {"column": "b", "target": 2, "within": 4, "shape": 2, "weight": 3}], "method": "desirability"}));
        let score = ranked(&plan, &[(0, vec![2.5, 3.0])]).score[0];
        assert!((score - 0.75f64.powf(1.75)).abs() < 1e-15, "{score}");
    }

    #[test]
    fn front_above_max_front_is_an_error_that_names_both_numbers() {
        let plan = plan(
            json!({"by": [{"column": "a", "direction": "min"}, {"column": "b", "direction": "min"}], "method": "pareto", "max_front": 2}),
        );
        let mut ranker = Ranker::new(plan);
        for i in 0..3 {
            ranker.offer(i, &[i as f64, -(i as f64)]).expect("bounded");
        }
        let error = ranker.finish().expect_err("three candidates on the front");
        assert_eq!(error, RankError::FrontTooLarge { fronts: 1, found: 3, limit: 2 });
    }

    #[test]
    fn million_candidates_leave_a_bounded_buffer() {
        let plan = plan(json!({"by": [{"column": "a", "direction": "max"}], "keep": 100}));
        let mut ranker = Ranker::new(plan);
        for i in 0..1_000_000u64 {
            ranker.offer(i, &[(i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as f64]).expect("bounded");
            assert!(ranker.index.len() <= 4196);
        }
        assert_eq!(ranker.finish().expect("a ranking").len(), 100);
    }

    #[test]
    fn misspelt_keys_get_a_suggestion() {
        let error = RankSpec::read(&json!({"by": [], "metod": "top"})).expect_err("unknown key");
        assert!(error.to_string().ends_with("did you mean `method`?"), "{error}");
    }

    #[test]
    fn contradicting_keys_are_refused() {
        for (by, message) in [
            (json!({"column": "a"}), "expected direction"),
            (json!({"column": "a", "direction": "min", "target": 1}), "exclude one another"),
            (json!({"column": "a", "direction": "min", "weight": 2}), "weight does not belong to method = \"top\""),
            (json!({"column": "a", "direction": "min", "low": 0, "high": 1}), "low does not belong"),
            (json!({"column": "x", "direction": "min"}), "no such column"),
            (json!({"column": "a", "target": "1 eV"}), "target of column \"a\""),
        ] {
            let spec = RankSpec::read(&json!({"by": [by]})).expect("a table");
            let resolver = |name: &str| match name {
                "a" => Ok((ColumnRef::Feature(0), Unit::dimensionless())),
                _ => Err("no such column".to_owned()),
            };
            let error = spec.resolve(&resolver).expect_err(message).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
