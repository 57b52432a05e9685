//! XGBoost's models in JSON and in UBJSON, `Booster.save_model`.
//!
//! Both say the same with the same names. A value goes left where its nearest `f32` is less than the threshold; the sum
//! starts with the base score as a margin and adds `f32` leaves in the order of the trees, in `f32`. Trees that lost
//! nodes by pruning keep them as orphans.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::error::ImportError;
use super::foreign::{Answer, Foreign, Node, Numbered, Question, Split, preorder};
use super::output::{Link, Output, ln_single, logit_single};
use super::threshold::below_single;
use super::ubjson;
use super::values::Names;
use crate::surrogate::trees::Precision;

#[derive(Deserialize)]
struct Document {
    learner: Learner,
    #[serde(default)]
    version: Vec<u32>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    feature_names: Names,
    gradient_booster: Booster,
    learner_model_param: LearnerParam,
    objective: Objective,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
struct Attributes {
    best_iteration: Option<String>,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct LearnerParam {
    base_score: String,
    num_feature: String,
    #[serde(default)]
    num_class: Option<String>,
    #[serde(default)]
    num_target: Option<String>,
}

#[derive(Deserialize)]
struct Booster {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    model: Option<Model>,
    /// Around the trees of `dart`, before version 3.
    #[serde(default)]
    gbtree: Option<Inner>,
    #[serde(default)]
    weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Inner {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    trees: Vec<Tree>,
    #[serde(default)]
    weight_drop: Option<Vec<f32>>,
    #[serde(default)]
    gbtree_model_param: ModelParam,
}

#[derive(Default, Deserialize)]
struct ModelParam {
    #[serde(default)]
    num_parallel_tree: Option<String>,
}

#[derive(Deserialize)]
struct Tree {
    left_children: Vec<i32>,
    right_children: Vec<i32>,
    split_indices: Vec<u32>,
    split_conditions: Vec<f32>,
    default_left: Vec<Flag>,
    #[serde(default)]
    split_type: Vec<u8>,
    #[serde(default)]
    tree_param: TreeParam,
}

#[derive(Default, Deserialize)]
struct TreeParam {
    #[serde(default)]
    size_leaf_vector: Option<String>,
}

/// A truth value, written as one or as a number.
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Flag;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("0, 1, true or false")
            }

            fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Flag, E> {
                match value {
                    0 | 1 => Ok(Flag(value == 1)),
                    _ => Err(E::custom(format!("{value}, expected 0 or 1"))),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads JSON.
///
/// # Errors
/// Truncated or damaged text; what [`understand`] does not take.
pub(super) fn read_json(bytes: &[u8]) -> Result<Foreign, ImportError> {
    let document = serde_json::from_slice(bytes).map_err(super::recognise::json_error)?;
    understand(document, "JSON")
}

/// Reads UBJSON.
///
/// # Errors
/// As [`read_json`].
pub(super) fn read_ubjson(bytes: &[u8]) -> Result<Foreign, ImportError> {
    let document = ubjson::from_slice(bytes)
        .map_err(|error| ImportError::at(format!("byte {}", error.byte()), error.to_string()))?;
    understand(document, "UBJSON")
}

/// Whether a document in UBJSON is XGBoost's, and not that of another program.
pub(super) fn is_ubjson(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "learner")]
        _learner: IgnoredAny,
    }
    // A truncated one is told from a foreign one by the word itself.
    bytes.windows(7).take(4096).any(|window| window == b"learner") || ubjson::from_slice::<Probe>(bytes).is_ok()
}

fn understand(document: Document, encoding: &str) -> Result<Foreign, ImportError> {
    let Document { learner, version } = document;
    let version: Vec<String> = version.iter().map(u32::to_string).collect();
    let parameter = &learner.learner_model_param;
    let unsupported = |what: String, way_out| Err(ImportError::Unsupported { what, way_out });
    let one_model_each = "train one model for each class or target";
    for (key, value) in [("num_class", &parameter.num_class), ("num_target", &parameter.num_target)] {
        if let Some(value) = value.as_deref().filter(|value| !["0", "1"].contains(value)) {
            return unsupported(format!("a model of several outputs ({key} is {value})"), one_model_each);
        }
    }
    let Booster { name, model, gbtree, weight_drop } = learner.gradient_booster;
    let Some(model) = model.or(gbtree.map(|inner| inner.model)) else {
        let what = format!("booster \"{}\" without trees", name.unwrap_or_default());
        return unsupported(what, "train with booster gbtree or dart");
    };
    if name.as_deref() == Some("gblinear") {
        return unsupported("booster \"gblinear\"".into(), "train with booster gbtree or dart");
    }
    let num_features: usize = whole("learner.learner_model_param.num_feature", &parameter.num_feature)?;
    if num_features > super::foreign::MAX_FEATURES {
        let (found, limit) = (num_features as u64, super::foreign::MAX_FEATURES as u64);
        return Err(ImportError::TooLarge { part: "number of features".into(), found, limit });
    }
    let has_names = !learner.feature_names.0.is_empty();
    if has_names && learner.feature_names.0.len() != num_features {
        let reason = format!("{} names, num_feature is {num_features}", learner.feature_names.0.len());
        return Err(ImportError::at("learner.feature_names", reason));
    }
    let features = match has_names {
        true => learner.feature_names.0,
        false => (0..num_features).map(|number| format!("f{number}")).collect(),
    };
    let base = base_score(&parameter.base_score)?;
    let (link, answer, start) = objective(&learner.objective.name, base)?;
    let weights = weight_drop.or(model.weight_drop).unwrap_or_default();
    if !weights.is_empty() && weights.len() != model.trees.len() {
        let reason = format!("{} weights for {} trees", weights.len(), model.trees.len());
        return Err(ImportError::at("learner.gradient_booster.weight_drop", reason));
    }
    let mut notes = Vec::new();
    let parallel = model.gbtree_model_param.num_parallel_tree.and_then(|text| text.parse().ok()).unwrap_or(1_usize);
    if let Some(best) = learner.attributes.best_iteration.and_then(|text| text.parse::<usize>().ok()) {
        let best = best.saturating_add(1).saturating_mul(parallel.max(1));
        if best < model.trees.len() {
            notes.push(format!(
                "training stopped early: XGBModel.predict uses the first {best} of {} trees, Booster.predict all of \
                 them; taken are all, --trees {best} takes those",
                model.trees.len()
            ));
        }
    }
    let trees = model
        .trees
        .iter()
        .enumerate()
        .map(|(number, tree)| read_tree(tree, number, weights.get(number).copied()))
        .collect::<Result<_, _>>()?;
    let foreign = Foreign {
        format: format!("XGBoost {encoding} {}", version.join(".")).trim_end().to_owned(),
        features,
        has_names,
        answer,
        trees,
        sets: Vec::new(),
        start: f64::from(start),
        precision: Precision::Single,
        output: Output::plain(link),
        notes,
    };
    foreign.checked()
}

fn whole(place: &str, text: &str) -> Result<usize, ImportError> {
    text.parse().map_err(|_| ImportError::at(place, format!("\"{text}\" is no whole number")))
}

/// One number, or since version 3.1 a list with one for each output.
fn base_score(text: &str) -> Result<f32, ImportError> {
    const PLACE: &str = "learner.learner_model_param.base_score";
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    if inner.contains(',') {
        let what = format!("{PLACE}: one base score for each of several outputs");
        return Err(ImportError::Unsupported { what, way_out: "train one model for each class or target" });
    }
    inner
        .parse()
        .ok()
        .filter(|value: &f32| value.is_finite())
        .ok_or_else(|| ImportError::at(PLACE, format!("\"{text}\" is no number")))
}

/// What follows the sum, what the model answers, and what the sum starts with.
fn objective(name: &str, base: f32) -> Result<(Link, Answer, f32), ImportError> {
    let sigmoid = Link::Sigmoid { slope: 1.0 };
    Ok(match name {
        "binary:logistic" => (sigmoid, Answer::Probability(None), probability(base)?),
        "reg:logistic" => (sigmoid, Answer::Number, probability(base)?),
        "count:poisson" | "reg:gamma" | "reg:tweedie" => {
            let start = ln_single(base);
            if !start.is_finite() {
                let reason = format!("{base}, {name} needs a positive number");
                return Err(ImportError::at("learner.learner_model_param.base_score", reason));
            }
            (Link::Exp, Answer::Number, start)
        }
        // XGBoost takes the base score of raw logits as it is.
        "binary:logitraw"
        | "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:absoluteerror"
        | "reg:pseudohubererror"
        | "reg:quantileerror"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Link::Identity, Answer::Number, base),
        _ => {
            return Err(ImportError::Unsupported {
                what: format!("XGBoost objective \"{name}\""),
                way_out: "train with a reg: objective or binary:logistic",
            });
        }
    })
}

fn probability(base: f32) -> Result<f32, ImportError> {
    match base > 0.0 && base < 1.0 {
        true => Ok(logit_single(base)),
        false => {
            let reason = format!("{base}, a logistic objective needs a number between 0 and 1");
            Err(ImportError::at("learner.learner_model_param.base_score", reason))
        }
    }
}

fn read_tree(tree: &Tree, number: usize, weight: Option<f32>) -> Result<Vec<Node>, ImportError> {
    let place = format!("learner.gradient_booster.model.trees[{number}]");
    if tree.tree_param.size_leaf_vector.as_deref().is_some_and(|size| !["0", "1"].contains(&size)) {
        let what = format!("{place}: leaves of several outputs");
        return Err(ImportError::Unsupported { what, way_out: "train with multi_strategy one_output_per_tree" });
    }
    if tree.split_type.iter().any(|&kind| kind != 0) {
        let what = format!("{place}: splits on categories");
        return Err(ImportError::Unsupported { what, way_out: "one-hot encode the categories and train again" });
    }
    let len = tree.left_children.len();
    for (name, found) in [
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
    ] {
        if found != len {
            return Err(ImportError::at(
                format!("{place}.{name}"),
                format!("{found} entries, left_children has {len}"),
            ));
        }
    }
    preorder(len, &place, |node| {
        let condition = tree.split_conditions[node];
        // Infinite where every value goes left; leaves are checked with all others.
        if condition.is_nan() || condition == f32::NEG_INFINITY {
            let reason = format!("{condition}, expected a number");
            return Err(ImportError::at(format!("{place}.split_conditions[{node}]"), reason));
        }
        let children = [tree.left_children[node], tree.right_children[node]];
        if children == [-1, -1] {
            return Ok(Numbered::Leaf(f64::from(weight.map_or(condition, |weight| weight * condition))));
        }
        let child = |child: i32| {
            usize::try_from(child).map_err(|_| ImportError::at(&place, format!("child {child} of node {node}")))
        };
        let split = Split {
            feature: tree.split_indices[node] as usize,
            question: Question::AtMost(below_single(condition)),
            missing_left: tree.default_left[node].0,
        };
        Ok(Numbered::Split(split, [child(children[0])?, child(children[1])?]))
    })
}
