//! Ranking: bounded, deterministic, mergeable.
