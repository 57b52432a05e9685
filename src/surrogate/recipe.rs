//! Recipes: which members a model has, and how many folds stand behind its calibration.

use std::collections::BTreeMap;

use super::attention::{AttentionParameters, element_columns};
use super::dataset::Dataset;
use super::error::SurrogateError;
use super::gaussian_process::GaussianProcessParameters;
use super::member::{HURDLE_ROWS, MemberSpec};
use super::network::NetworkParameters;
use super::transform::TransformChoice;
use super::trees::{BoostingParameters, ExtraTreesParameters};

/// What is trained, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// The text it was made from: `quick`, `default`, `full` or a list.
    pub name: String,
    /// Members.
    pub members: Vec<MemberSpec>,
    /// Folds of the cross-validation behind weights and calibration.
    pub inner_folds: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What members learn of the target.
    pub transform: TransformChoice,
    /// Trains even where nothing can be learnt, instead of an error.
    pub accept_no_signal: bool,
}

const ALLOWED: &str = "quick, default, full, or a list of extra_trees[:TREES], boosting[:SEEDS], hurdle[:TREES], \
    attention[:NETWORKS], network[:NETWORKS], gaussian_process[:POINTS]";
/// Members of the named recipes, below and above [`LARGE`] rows.
const DEFAULT: &str = "extra_trees:500,boosting:2,hurdle:300,attention:4,network:4,gaussian_process";
const DEFAULT_LARGE: &str = "extra_trees:200,boosting:1,hurdle:100,attention:2,network:2";
const FULL: &str = "extra_trees:1000,boosting:5,hurdle:500,attention:16,network:16,gaussian_process";
const FULL_LARGE: &str = "extra_trees:500,boosting:2,hurdle:300,attention:8,network:8,gaussian_process";
/// Share of rows at one value from which a hurdle is worth its cost.
const HURDLE_SHARE: f64 = 0.2;
/// Above this many rows deep forests are thinned: their leaves outgrow any cache and gain nothing.
const LARGE: usize = 20_000;
/// Fewest columns named after elements that make a composition.
const LEAST_ELEMENTS: usize = 3;

impl Recipe {
    /// Reads `quick`, `default`, `full` or a list such as `extra_trees:200,boosting:2`, and fits sizes to the data.
    ///
    /// A hurdle is left out of the named recipes where no value has more than 20 % of the rows; in a list it is an error there.
    ///
    /// # Errors
    /// An unknown member, a member twice, a number outside its range.
    pub fn parse(text: &str, data: &Dataset, seed: u64) -> Result<Self, SurrogateError> {
        let bad = |reason: String| SurrogateError::BadRecipe { text: text.into(), reason };
        let rows = data.usable();
        let is_large = rows.len() >= LARGE;
        let (list, inner_folds) = match text {
            "quick" => ("extra_trees:100,hurdle:50", 3),
            "default" if is_large => (DEFAULT_LARGE, 3),
            "default" => (DEFAULT, 5),
            "full" if is_large => (FULL_LARGE, 5),
            "full" => (FULL, 10),
            list => (list, 5),
        };
        let is_list = list == text;
        let frequent = if data.is_classification() { None } else { frequent_value(&data.differences(&rows)) };
        let mut members: Vec<MemberSpec> = Vec::new();
        for entry in list.split(',').map(str::trim) {
            let (name, number) = match entry.split_once(':') {
                Some((name, number)) => {
                    let parsed = number.trim().parse::<usize>().ok().filter(|n| (1..=10_000).contains(n));
                    (
                        name.trim(),
                        Some(parsed.ok_or_else(|| bad(format!("\"{number}\" is no number from 1 to 10000")))?),
                    )
                }
                None => (entry, None),
            };
            let member = match name {
                "extra_trees" => MemberSpec::ExtraTrees { parameters: forest(number.unwrap_or(500), rows.len()) },
                "boosting" => match number.unwrap_or(2) {
                    seeds @ 1..=64 => MemberSpec::Boosting { parameters: boosting(rows.len()), seeds },
                    seeds => return Err(bad(format!("{seeds} seeds of boosting, expected 1 to 64"))),
                },
                "hurdle" => match frequent {
                    Some(at) => MemberSpec::Hurdle { at, parameters: forest(number.unwrap_or(300), rows.len()) },
                    None if is_list => {
                        return Err(bad("hurdle needs a regression target with 20 % of its rows at one value".into()));
                    }
                    None => continue,
                },
                "attention" => {
                    let elements = element_columns(data.features.columns());
                    if elements.len() < LEAST_ELEMENTS {
                        if is_list {
                            return Err(bad(
                                "attention needs columns named after elements: add element_fraction".into()
                            ));
                        }
                        continue;
                    }
                    match number.unwrap_or(4) {
                        networks @ 1..=64 => {
                            MemberSpec::Attention { parameters: attention(networks, rows.len()), elements }
                        }
                        networks => return Err(bad(format!("{networks} networks of attention, expected 1 to 64"))),
                    }
                }
                "network" => match number.unwrap_or(4) {
                    networks @ 1..=64 => MemberSpec::Network { parameters: network(networks, rows.len()) },
                    networks => return Err(bad(format!("{networks} networks, expected 1 to 64"))),
                },
                "gaussian_process" => match number.unwrap_or(1024) {
                    points @ 1..=1024 => {
                        let parameters = GaussianProcessParameters { points, ..Default::default() };
                        MemberSpec::GaussianProcess { parameters }
                    }
                    points => return Err(bad(format!("{points} inducing points, expected 1 to 1024"))),
                },
                _ => return Err(bad(format!("unknown member \"{name}\", expected {ALLOWED}"))),
            };
            if members.iter().any(|other| other.name() == member.name()) {
                return Err(bad(format!("member {name} is given twice")));
            }
            members.push(member);
        }
        Ok(Self {
            name: text.into(),
            members,
            inner_folds,
            seed,
            transform: TransformChoice::default(),
            accept_no_signal: false,
        })
    }
}

fn forest(num_trees: usize, rows: usize) -> ExtraTreesParameters {
    let min_samples_leaf = match rows {
        0..2000 => 1,
        2000..LARGE => 2,
        _ => 5,
    };
    ExtraTreesParameters { num_trees, min_samples_leaf, ..Default::default() }
}

fn boosting(rows: usize) -> BoostingParameters {
    let num_leaves = match rows {
        0..1000 => 8,
        1000..10_000 => 31,
        _ => 100,
    };
    BoostingParameters { num_leaves, ..Default::default() }
}

/// How often networks see every row: less often the more there are, at a cost that grows with the root of their number.
fn epochs(at_4000_rows: f64, rows: usize) -> usize {
    (at_4000_rows * (4000.0 / rows.max(1) as f64).sqrt()).clamp(0.5 * at_4000_rows, 3.0 * at_4000_rows) as usize
}

fn attention(num_networks: usize, rows: usize) -> AttentionParameters {
    let epochs = epochs(60.0, rows);
    match rows {
        0..LARGE => AttentionParameters { num_networks, epochs, ..Default::default() },
        // What is learnt from many rows needs room, and no noise against learning them by heart.
        _ => AttentionParameters { num_networks, epochs, width: 96, batch: 256, dropout: 0.0, ..Default::default() },
    }
}

fn network(num_networks: usize, rows: usize) -> NetworkParameters {
    let epochs = epochs(60.0, rows);
    match rows {
        0..LARGE => NetworkParameters { num_networks, epochs, ..Default::default() },
        _ => NetworkParameters {
            num_networks,
            epochs,
            columns: vec![256],
            batch: 256,
            dropout: 0.0,
            ..Default::default()
        },
    }
}

/// The most frequent target, if it has its share and enough rows have another.
fn frequent_value(values: &[f64]) -> Option<f64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for value in values {
        // Adding zero turns −0 into 0.
        *counts.entry((value + 0.0).to_bits()).or_default() += 1;
    }
    let (bits, count) = counts.into_iter().max_by_key(|&(bits, count)| (count, std::cmp::Reverse(bits)))?;
    let enough = count as f64 > HURDLE_SHARE * values.len() as f64 && values.len() - count >= 2 * HURDLE_ROWS;
    enough.then_some(f64::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use crate::candidate::Task;

    use super::super::dataset::tests::synthetic;
    use super::*;

    #[test]
    fn default_adds_a_hurdle_only_where_a_value_is_frequent() {
        let smooth = synthetic(200, 2, Task::Regression, |_, x| x[0]);
        let gaps = synthetic(200, 2, Task::Regression, |row, x| if row % 2 == 0 { 0.0 } else { x[0] });
        let names = |data: &Dataset| -> Vec<&str> {
            Recipe::parse("default", data, 0).expect("default").members.iter().map(MemberSpec::name).collect()
        };
        assert_eq!(names(&smooth), ["extra_trees", "boosting", "network", "gaussian_process"]);
        assert_eq!(names(&gaps), ["extra_trees", "boosting", "hurdle", "network", "gaussian_process"]);
    }

    #[test]
    fn unknown_members_numbers_and_repetitions_are_refused() {
        let data = synthetic(200, 2, Task::Regression, |_, x| x[0]);
        for text in [
            "",
            "forest",
            "extra_trees:0",
            "extra_trees:x",
            "boosting:65",
            "boosting,boosting",
            "hurdle",
            "attention",
            "network:65",
            "gaussian_process:1025",
        ] {
            assert!(matches!(Recipe::parse(text, &data, 0), Err(SurrogateError::BadRecipe { .. })), "{text}");
        }
    }
}
