//! Ranking: bounded, deterministic, mergeable.
//!
//! A [`RankSpec`] is the plan's `[rank]` table; [`RankSpec::resolve`] checks every name and unit and gives a [`RankPlan`];
//! a [`Ranker`] takes candidates in any order and any number of parts and gives one [`Ranking`](crate::candidate::Ranking).
//!
//! - `top`: the `keep` best by the first objective; ties go to the next objective, then to the lower candidate index.
//! - `desirability`: the `keep` best by the weighted geometric mean of Derringer–Suich desirabilities; ties as above.
//! - `pareto`: the exact fronts 1 to `fronts` (a candidate's front is one more than the longest chain of candidates that
//!   dominate it); more than `max_front` candidates in them is an error, never a cut.
//!
//! A candidate with an objective that is not a finite number, or outside a `where` window, is not ranked; both are counted.
//! Whatever way the candidates are cut into parts, ranking what [`RankPlan::prune`] leaves of each part gives the ranking
//! of all of them.

mod cutoff;
mod error;
mod objective;
mod pareto;
mod plan;
mod ranker;
mod spec;

pub use cutoff::{Bound, Cutoff};
pub use error::RankError;
pub use pareto::fronts;
pub use plan::RankPlan;
pub use ranker::Ranker;
pub use spec::{Direction, DuplicateRule, Method, Number, ObjectiveSpec, RankSpec, WindowSpec};
