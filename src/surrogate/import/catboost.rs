//! CatBoost's model in JSON, `save_model(…, format="json")`.
//!
//! Oblivious trees ask one question a level, leaves are numbered by the answers; other growing policies give ordinary
//! trees. A value goes right where its nearest `f32` is above the border. Leaves are added in `f64` in the order of the trees;
//! then comes `scale · sum + bias`.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::ImportError;
use super::foreign::{Answer, Foreign, Node, Question, Split};
use super::output::{Link, Output};
use super::threshold::at_most_single;
use super::values::{Names, OneOrMore};
use crate::surrogate::trees::Precision;

/// CatBoost's own limit.
const MAX_DEPTH: usize = 16;

#[derive(Deserialize)]
struct Document {
    features_info: FeaturesInfo,
    #[serde(default)]
    model_info: ModelInfo,
    #[serde(default)]
    oblivious_trees: Option<Vec<Oblivious>>,
    #[serde(default)]
    trees: Option<Vec<Branch>>,
    scale_and_bias: (f64, OneOrMore),
}

#[derive(Deserialize)]
struct FeaturesInfo {
    #[serde(default)]
    float_features: Vec<FloatFeature>,
    #[serde(default)]
    categorical_features: Vec<IgnoredAny>,
    #[serde(default)]
    text_features: Vec<IgnoredAny>,
    #[serde(default)]
    embedding_features: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct FloatFeature {
    #[serde(default)]
    feature_id: Option<String>,
    flat_feature_index: usize,
    #[serde(default)]
    nan_value_treatment: Option<String>,
}

#[derive(Default, Deserialize)]
struct ModelInfo {
    #[serde(default)]
    params: Params,
    #[serde(default)]
    class_params: Option<ClassParams>,
}

#[derive(Default, Deserialize)]
struct Params {
    #[serde(default)]
    loss_function: Option<LossFunction>,
}

#[derive(Deserialize)]
struct LossFunction {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct ClassParams {
    #[serde(default)]
    class_names: Names,
}

impl OneOrMore {
    fn one(&self, what: &str) -> Result<f64, ImportError> {
        match self.0.as_slice() {
            [value] => Ok(*value),
            values => Err(several(&format!("{what} has {} numbers", values.len()))),
        }
    }
}

#[derive(Deserialize)]
struct Oblivious {
    leaf_values: Vec<f64>,
    #[serde(default)]
    splits: Option<Vec<Border>>,
}

#[derive(Deserialize)]
struct Branch {
    #[serde(default)]
    value: Option<OneOrMore>,
    #[serde(default)]
    split: Option<Border>,
    #[serde(default)]
    left: Option<Box<Branch>>,
    #[serde(default)]
    right: Option<Box<Branch>>,
}

#[derive(Deserialize)]
struct Border {
    #[serde(default)]
    border: f32,
    #[serde(default)]
    float_feature_index: usize,
    split_type: String,
}

/// Reads a model.
///
/// # Errors
/// Truncated or damaged text, features that are no numbers, several classes, an unknown loss.
pub(super) fn read(bytes: &[u8]) -> Result<Foreign, ImportError> {
    let document: Document = serde_json::from_slice(bytes).map_err(super::recognise::json_error)?;
    let info = &document.features_info;
    for (kind, count) in [
        ("categorical", info.categorical_features.len()),
        ("text", info.text_features.len()),
        ("embedding", info.embedding_features.len()),
    ] {
        if count > 0 {
            return Err(ImportError::Unsupported {
                what: format!("features_info: {count} {kind} features, only numeric ones"),
                way_out: "encode them as numbers (one-hot, for example) and train again",
            });
        }
    }
    let flat = info.float_features.iter().map(|feature| feature.flat_feature_index);
    let num_features = flat.max().map_or(0, |last| last.saturating_add(1));
    if num_features > super::foreign::MAX_FEATURES {
        let (found, limit) = (num_features as u64, super::foreign::MAX_FEATURES as u64);
        return Err(ImportError::TooLarge { part: "number of features".into(), found, limit });
    }
    let mut features: Vec<String> = (0..num_features).map(|number| number.to_string()).collect();
    let mut has_names = false;
    for feature in &info.float_features {
        if let Some(name) = feature.feature_id.as_ref().filter(|name| !name.is_empty()) {
            has_names |= *name != feature.flat_feature_index.to_string();
            features[feature.flat_feature_index].clone_from(name);
        }
    }
    let (link, answer) = objective(&document.model_info)?;
    let trees = match (&document.oblivious_trees, &document.trees) {
        (Some(trees), None) => {
            let tree = |(number, tree)| oblivious(tree, &format!("oblivious_trees[{number}]"), info);
            trees.iter().enumerate().map(tree).collect::<Result<Vec<_>, _>>()?
        }
        (None, Some(trees)) => {
            let tree = |(number, tree)| {
                let mut nodes = Vec::new();
                branch(tree, &format!("trees[{number}]"), info, &mut nodes).map(|()| nodes)
            };
            trees.iter().enumerate().map(tree).collect::<Result<Vec<_>, _>>()?
        }
        _ => return Err(ImportError::at("document", "either \"oblivious_trees\" or \"trees\" is expected")),
    };
    let (scale, bias) = &document.scale_and_bias;
    let foreign = Foreign {
        format: "CatBoost JSON".into(),
        features,
        has_names,
        answer,
        trees,
        sets: Vec::new(),
        start: 0.0,
        precision: Precision::Double,
        output: Output { divide: 1, scale: *scale, bias: bias.one("scale_and_bias")?, link },
        notes: Vec::new(),
    };
    foreign.checked()
}

fn several(what: &str) -> ImportError {
    ImportError::Unsupported {
        what: format!("a model of several classes or outputs: {what}"),
        way_out: "train one model for each class or target",
    }
}

fn objective(info: &ModelInfo) -> Result<(Link, Answer), ImportError> {
    let loss = info.params.loss_function.as_ref().map_or("RMSE", |loss| loss.kind.as_str());
    let names = info.class_params.as_ref().map(|parameters| parameters.class_names.0.as_slice()).unwrap_or_default();
    let classes = match names {
        [no, yes] => Some([no.clone(), yes.clone()]),
        _ => None,
    };
    let sigmoid = Link::Sigmoid { slope: 1.0 };
    match loss {
        "RMSE" | "MAE" | "Quantile" | "MAPE" | "Huber" | "Expectile" | "LogLinQuantile" | "Lq" => {
            Ok((Link::Identity, Answer::Number))
        }
        "Poisson" | "Tweedie" => Ok((Link::Exp, Answer::Number)),
        "Logloss" | "CrossEntropy" => Ok((sigmoid, Answer::Probability(classes))),
        "MultiClass" | "MultiClassOneVsAll" | "MultiRMSE" | "RMSEWithUncertainty" => Err(several(loss)),
        _ => Err(ImportError::Unsupported {
            what: format!("CatBoost loss \"{loss}\""),
            way_out: "train with RMSE, MAE, Quantile or Logloss",
        }),
    }
}

fn question(border: &Border, place: &str, info: &FeaturesInfo) -> Result<Split, ImportError> {
    if border.split_type != "FloatFeature" {
        return Err(ImportError::Unsupported {
            what: format!("{place}: a split of type \"{}\", only those on numeric features", border.split_type),
            way_out: "encode categories as numbers (one-hot, for example) and train again",
        });
    }
    let Some(feature) = info.float_features.get(border.float_feature_index) else {
        let reason = format!("float feature {} of {}", border.float_feature_index, info.float_features.len());
        return Err(ImportError::at(place, reason));
    };
    if !border.border.is_finite() {
        return Err(ImportError::at(place, format!("border {}, expected a number", border.border)));
    }
    let missing_left = match feature.nan_value_treatment.as_deref() {
        Some("AsTrue") => false,
        // As it is, no border is below it.
        None | Some("AsFalse" | "AsIs") => true,
        Some(other) => return Err(ImportError::at(place, format!("nan_value_treatment \"{other}\""))),
    };
    let question = Question::AtMost(at_most_single(f64::from(border.border)));
    Ok(Split { feature: feature.flat_feature_index, question, missing_left })
}

fn oblivious(tree: &Oblivious, place: &str, info: &FeaturesInfo) -> Result<Vec<Node>, ImportError> {
    let borders = tree.splits.as_deref().unwrap_or_default();
    if borders.len() > MAX_DEPTH {
        let (found, limit) = (borders.len() as u64, MAX_DEPTH as u64);
        return Err(ImportError::TooLarge { part: format!("{place}: depth"), found, limit });
    }
    let num_leaves = 1_usize << borders.len();
    if tree.leaf_values.len() != num_leaves {
        let found = tree.leaf_values.len();
        if found > num_leaves && found.is_multiple_of(num_leaves) {
            return Err(several(&format!("{place} has {} numbers a leaf", found / num_leaves)));
        }
        let reason = format!("{found} leaf_values, {} splits make {num_leaves} leaves", borders.len());
        return Err(ImportError::at(place, reason));
    }
    let splits: Vec<Split> = borders.iter().map(|border| question(border, place, info)).collect::<Result<_, _>>()?;
    // The last split is the highest bit of a leaf's number, so it stands at the root and leaves come in order.
    let mut nodes = Vec::with_capacity(2 * num_leaves - 1);
    for (leaf, &value) in tree.leaf_values.iter().enumerate() {
        // Splits that begin before this leaf: those of which it is the first one.
        let levels = if leaf == 0 { splits.len() } else { leaf.trailing_zeros() as usize };
        nodes.extend(splits[..levels].iter().rev().map(|&split| Node::Split(split)));
        nodes.push(Node::Leaf(value));
    }
    Ok(nodes)
}

/// Appends a subtree; the parser of JSON bounds the depth.
fn branch(tree: &Branch, place: &str, info: &FeaturesInfo, nodes: &mut Vec<Node>) -> Result<(), ImportError> {
    match (&tree.split, &tree.left, &tree.right, &tree.value) {
        (Some(border), Some(left), Some(right), _) => {
            nodes.push(Node::Split(question(border, place, info)?));
            branch(left, place, info, nodes)?;
            branch(right, place, info, nodes)
        }
        (None, None, None, Some(value)) => {
            nodes.push(Node::Leaf(value.one(place)?));
            Ok(())
        }
        _ => Err(ImportError::at(place, "a node has either split, left and right, or a value")),
    }
}
