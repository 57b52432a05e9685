//! Trees of scikit-learn in the JSON that `scripts/export_sklearn.py` writes; its header documents every key.

use serde::Deserialize;

use super::error::ImportError;
use super::foreign::{Answer, Foreign, Node, Numbered, Question, Split, preorder};
use super::output::{Link, Output};
use super::threshold::at_most_single;
use super::values::Names;
use crate::surrogate::trees::Precision;

/// What `format` says.
pub(super) const FORMAT: &str = "matsieve-trees";
const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    library: String,
    estimator: String,
    features: Names,
    has_names: bool,
    #[serde(default)]
    classes: Option<[String; 2]>,
    input: Input,
    start: f64,
    divide: u32,
    link: Step,
    #[serde(default)]
    slope: Option<f64>,
    trees: Vec<Tree>,
}

/// How values are compared.
#[derive(Copy, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Input {
    /// Rounded to single precision first.
    F32,
    /// As they are.
    F64,
}

#[derive(Copy, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Identity,
    Sigmoid,
    Exp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    missing_left: Vec<u8>,
    value: Vec<f64>,
}

/// Reads a model.
///
/// # Errors
/// Truncated or damaged text, a newer version.
pub(super) fn read(bytes: &[u8]) -> Result<Foreign, ImportError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_slice(bytes).map_err(super::recognise::json_error)?;
    if version != VERSION {
        let what = format!("{FORMAT} of version {version}, read is {VERSION}");
        return Err(ImportError::Unsupported { what, way_out: "export the model with the script of this program" });
    }
    let document: Document = serde_json::from_slice(bytes).map_err(super::recognise::json_error)?;
    let slope = document.slope.unwrap_or(1.0);
    let link = match document.link {
        Step::Identity => Link::Identity,
        Step::Sigmoid => Link::Sigmoid { slope },
        Step::Exp => Link::Exp,
    };
    let trees = document
        .trees
        .iter()
        .enumerate()
        .map(|(number, tree)| read_tree(tree, document.input, &format!("trees[{number}]")))
        .collect::<Result<_, _>>()?;
    let foreign = Foreign {
        format: format!("{} {}", document.library, document.estimator),
        features: document.features.0,
        has_names: document.has_names,
        answer: document.classes.map_or(Answer::Number, |classes| Answer::Probability(Some(classes))),
        trees,
        sets: Vec::new(),
        start: document.start,
        precision: Precision::Double,
        output: Output { divide: document.divide, ..Output::plain(link) },
        notes: Vec::new(),
    };
    foreign.checked()
}

fn read_tree(tree: &Tree, input: Input, place: &str) -> Result<Vec<Node>, ImportError> {
    let len = tree.left.len();
    for (name, found) in [
        ("right", tree.right.len()),
        ("feature", tree.feature.len()),
        ("threshold", tree.threshold.len()),
        ("missing_left", tree.missing_left.len()),
        ("value", tree.value.len()),
    ] {
        if found != len {
            return Err(ImportError::at(format!("{place}.{name}"), format!("{found} entries, left has {len}")));
        }
    }
    preorder(len, place, |node| {
        let (left, right) = (tree.left[node], tree.right[node]);
        if left == -1 && right == -1 {
            return Ok(Numbered::Leaf(tree.value[node]));
        }
        let whole = |number: i64, what: &str| {
            usize::try_from(number).map_err(|_| ImportError::at(place, format!("{what} {number} of node {node}")))
        };
        let threshold = match input {
            Input::F32 => at_most_single(tree.threshold[node]),
            Input::F64 => tree.threshold[node],
        };
        let split = Split {
            feature: whole(tree.feature[node], "feature")?,
            question: Question::AtMost(threshold),
            missing_left: tree.missing_left[node] != 0,
        };
        Ok(Numbered::Split(split, [whole(left, "child")?, whole(right, "child")?]))
    })
}
