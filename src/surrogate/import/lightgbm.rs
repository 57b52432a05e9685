//! LightGBM's text model, `Booster.save_model` and `LGBMModel.booster_.save_model`.
//!
//! Lines `key=value`; a header, then one block of lines a tree. The bits of `decision_type` say whether a split is on
//! categories (1), where missing values go (2) and what is missing (4: zeros and NaN, 8: NaN; with neither NaN is 0).
//! LightGBM adds `f64` leaves in the order of the trees.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::ImportError;
use super::foreign::{Answer, Foreign, Node, Numbered, Question, Split, preorder};
use super::output::{Link, Output};
use crate::surrogate::trees::Precision;

const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
const MISSING_SHIFT: u8 = 2;

/// Lines `key=value` that belong together, with the number of each line.
type Fields<'a> = BTreeMap<&'a str, (usize, &'a str)>;

/// Reads a model.
///
/// # Errors
/// Truncated or damaged text, several classes, linear leaves, an unknown objective or version.
pub(super) fn read(text: &str) -> Result<Foreign, ImportError> {
    let mut lines = text.lines().map(str::trim_end).enumerate().map(|(number, line)| (number + 1, line)).peekable();
    lines.next();
    let header = fields(&mut lines);
    let version = text_of(&header, "version", "header")?.1;
    if !["v2", "v3", "v4"].contains(&version) {
        let what = format!("LightGBM text of version \"{version}\", read are v2, v3 and v4");
        return Err(ImportError::Unsupported { what, way_out: "save the model with LightGBM 2 to 4" });
    }
    for key in ["num_class", "num_tree_per_iteration"] {
        if let Some((_, value)) = header.get(key)
            && *value != "1"
        {
            let what = format!("a model of {value} classes or outputs ({key}={value}), only two classes or one number");
            return Err(ImportError::Unsupported {
                what,
                way_out: "train one model for each class against the others",
            });
        }
    }
    let (line, highest) = text_of(&header, "max_feature_idx", "header")?;
    let highest: usize = number(line, "max_feature_idx", highest)?;
    let (line, names) = text_of(&header, "feature_names", "header")?;
    let features: Vec<String> = names.split(' ').map(str::to_owned).collect();
    if Some(features.len()) != highest.checked_add(1) {
        let reason = format!("{} feature_names, max_feature_idx is {highest}", features.len());
        return Err(ImportError::at(format!("line {line}"), reason));
    }
    let mut foreign = Foreign {
        format: format!("LightGBM text {version}"),
        has_names: !features.iter().enumerate().all(|(number, name)| *name == format!("Column_{number}")),
        features,
        answer: Answer::Number,
        trees: Vec::new(),
        sets: Vec::new(),
        start: 0.0,
        precision: Precision::Double,
        output: Output::plain(Link::Identity),
        notes: Vec::new(),
    };
    objective(header.get("objective").map(|field| field.1), &mut foreign)?;
    loop {
        match lines.next() {
            Some((_, "end of trees")) => break,
            Some((line, tree)) if tree.starts_with("Tree=") => {
                let name = format!("line {line}, tree {}", foreign.trees.len());
                let tree = read_tree(&fields(&mut lines), &name, &mut foreign.sets)?;
                foreign.trees.push(tree);
            }
            Some((_, "")) => {}
            Some((line, other)) => {
                let shown: String = other.chars().take(40).collect();
                return Err(ImportError::at(format!("line {line}"), format!("\"{shown}\", expected Tree=…")));
            }
            None => return Err(ImportError::at("end of file", "\"end of trees\" is missing: the file is truncated")),
        }
    }
    if let Some((line, sizes)) = header.get("tree_sizes")
        && sizes.split_whitespace().count() != foreign.trees.len()
    {
        let reason =
            format!("{} trees are announced, {} are there", sizes.split_whitespace().count(), foreign.trees.len());
        return Err(ImportError::at(format!("line {line}"), reason));
    }
    if header.contains_key("average_output") {
        foreign.output.divide = u32::try_from(foreign.trees.len().max(1)).unwrap_or(u32::MAX);
    }
    foreign.checked()
}

/// Lines up to an empty one, the next tree or the end of the trees.
fn fields<'a>(lines: &mut std::iter::Peekable<impl Iterator<Item = (usize, &'a str)>>) -> Fields<'a> {
    let mut fields = Fields::new();
    while let Some((_, line)) = lines.peek() {
        if line.is_empty() && fields.is_empty() {
            lines.next();
            continue;
        }
        if line.is_empty() || line.starts_with("Tree=") || *line == "end of trees" {
            break;
        }
        if let Some((number, line)) = lines.next() {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            fields.insert(key, (number, value));
        }
    }
    fields
}

fn objective(text: Option<&str>, foreign: &mut Foreign) -> Result<(), ImportError> {
    let Some(text) = text else {
        foreign.notes.push("the file names no objective: predictions are the raw sums".into());
        return Ok(());
    };
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let options: Vec<&str> = words.collect();
    foreign.output.link = match name {
        "regression" if options.contains(&"sqrt") => Link::SignedSquare,
        "regression" | "regression_l2" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank"
        | "rank_xendcg" | "custom" => Link::Identity,
        "poisson" | "gamma" | "tweedie" => Link::Exp,
        "cross_entropy" => Link::Sigmoid { slope: 1.0 },
        "cross_entropy_lambda" => Link::Softplus,
        "binary" => {
            let slope = options.iter().find_map(|option| option.strip_prefix("sigmoid:")).unwrap_or("1");
            foreign.answer = Answer::Probability(None);
            Link::Sigmoid {
                slope: slope.parse().map_err(|_| ImportError::at("objective", format!("sigmoid {slope}")))?,
            }
        }
        _ => {
            let what = format!("LightGBM objective \"{text}\"");
            return Err(ImportError::Unsupported { what, way_out: "train with a regression or binary objective" });
        }
    };
    Ok(())
}

fn read_tree(fields: &Fields<'_>, name: &str, sets: &mut Vec<Vec<u32>>) -> Result<Vec<Node>, ImportError> {
    let (line, text) = text_of(fields, "num_leaves", name)?;
    let num_leaves: usize = number(line, "num_leaves", text)?;
    if fields.get("is_linear").is_some_and(|field| field.1 != "0") {
        let what = format!("{name}: linear leaves (linear_tree), only constant ones");
        return Err(ImportError::Unsupported { what, way_out: "train without linear_tree" });
    }
    let leaf_values: Vec<f64> = list(fields, "leaf_value", name, num_leaves)?;
    let num_splits = num_leaves
        .checked_sub(1)
        .ok_or_else(|| ImportError::at(format!("line {line}"), "num_leaves=0, a tree has a leaf"))?;
    if num_splits == 0 {
        return Ok(vec![Node::Leaf(leaf_values[0])]);
    }
    let features: Vec<usize> = list(fields, "split_feature", name, num_splits)?;
    let mut thresholds: Vec<f64> = list(fields, "threshold", name, num_splits)?;
    // LightGBM writes infinity where a split only tells missing values from others.
    thresholds.iter_mut().filter(|threshold| **threshold == f64::INFINITY).for_each(|threshold| *threshold = f64::MAX);
    let left: Vec<i64> = list(fields, "left_child", name, num_splits)?;
    let right: Vec<i64> = list(fields, "right_child", name, num_splits)?;
    let types: Vec<u8> = match fields.contains_key("decision_type") {
        true => list(fields, "decision_type", name, num_splits)?,
        false => vec![0; num_splits],
    };
    let first_set = sets.len();
    let num_sets = read_sets(fields, name, sets)?;
    // Splits first, then leaves; a child below zero is the leaf of its complement.
    let child = |child: i64| match child {
        0.. => usize::try_from(child).ok().filter(|&child| child < num_splits),
        _ => usize::try_from(!child).ok().filter(|&leaf| leaf < num_leaves).map(|leaf| num_splits + leaf),
    };
    preorder(num_splits + num_leaves, name, |node| {
        if let Some(leaf) = node.checked_sub(num_splits) {
            return Ok(Numbered::Leaf(leaf_values[leaf]));
        }
        let outside =
            |child: i64| ImportError::at(name, format!("child {child} of split {node}; there are {num_leaves} leaves"));
        let children = [left[node], right[node]].map(|number| child(number).ok_or(number));
        let [left, right] = children;
        let children = [left.map_err(outside)?, right.map_err(outside)?];
        let (question, missing_left) = match (types[node] & CATEGORICAL != 0, types[node] >> MISSING_SHIFT & 3) {
            (true, _) => {
                let set = thresholds[node];
                if !(set >= 0.0 && set < num_sets as f64 && set.fract() == 0.0) {
                    let reason = format!("split {node} asks for set {set} of categories, there are {num_sets}");
                    return Err(ImportError::at(name, reason));
                }
                (Question::OneOf(first_set + set as usize), false)
            }
            (false, 0) => (Question::AtMost(thresholds[node]), 0.0 <= thresholds[node]),
            (false, 1) => (Question::AtMostUnlessZero(thresholds[node]), types[node] & DEFAULT_LEFT != 0),
            (false, 2) => (Question::AtMost(thresholds[node]), types[node] & DEFAULT_LEFT != 0),
            (false, other) => {
                return Err(ImportError::at(name, format!("missing type {other} of split {node}, expected 0 to 2")));
            }
        };
        Ok(Numbered::Split(Split { feature: features[node], question, missing_left }, children))
    })
}

/// Appends the sets of categories of one tree; gives their number.
fn read_sets(fields: &Fields<'_>, name: &str, sets: &mut Vec<Vec<u32>>) -> Result<usize, ImportError> {
    let num_sets: usize = match fields.get("num_cat") {
        Some((line, text)) => number(*line, "num_cat", text)?,
        None => 0,
    };
    if num_sets == 0 {
        return Ok(0);
    }
    let ends: Vec<usize> = list(fields, "cat_boundaries", name, num_sets.saturating_add(1))?;
    let words: Vec<u32> = list(fields, "cat_threshold", name, ends[num_sets])?;
    for pair in ends.windows(2) {
        match words.get(pair[0]..pair[1]) {
            Some(set) => sets.push(set.to_vec()),
            None => return Err(ImportError::at(name, format!("cat_boundaries {} to {}", pair[0], pair[1]))),
        }
    }
    Ok(num_sets)
}

fn text_of<'a>(fields: &Fields<'a>, key: &str, name: &str) -> Result<(usize, &'a str), ImportError> {
    fields.get(key).copied().ok_or_else(|| ImportError::at(name, format!("\"{key}=\" is missing")))
}

fn number<T: FromStr>(line: usize, key: &str, text: &str) -> Result<T, ImportError> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        ImportError::at(format!("line {line}"), format!("{key}: \"{shown}\" is no number that it may be"))
    })
}

/// A list of as many numbers as announced; nothing is reserved before they are there.
fn list<T: FromStr>(fields: &Fields<'_>, key: &str, name: &str, len: usize) -> Result<Vec<T>, ImportError> {
    let (line, text) = text_of(fields, key, name)?;
    let values: Vec<T> = text.split_whitespace().map(|word| number(line, key, word)).collect::<Result<_, _>>()?;
    if values.len() != len {
        return Err(ImportError::at(
            format!("line {line}"),
            format!("{key}: {} numbers, expected {len}", values.len()),
        ));
    }
    Ok(values)
}
