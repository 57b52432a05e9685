//! A foreign model as its reader understood it, before it is fitted to our kernels.

use super::brought::About;
use super::error::ImportError;
use super::output::Output;
use crate::surrogate::trees::{Precision, SumOfTrees};

/// Most nodes of all trees: a forest of 32,767 trees has 4,000 each.
pub(super) const MAX_NODES: usize = 1 << 27;
/// Most features, used or not.
pub(super) const MAX_FEATURES: usize = 1 << 20;

/// A foreign model.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// Library and format, `LightGBM text v4`.
    pub format: String,
    /// Names of the features, in the order of its columns; its own default names where it has none.
    pub features: Vec<String>,
    /// Whether somebody gave these names.
    pub has_names: bool,
    /// What it answers.
    pub answer: Answer,
    /// Trees in order, each in preorder.
    pub trees: Vec<Vec<Node>>,
    /// Sets of categories, as bits of words; `Question::OneOf` points here.
    pub sets: Vec<Vec<u32>>,
    /// What the sum starts with.
    pub start: f64,
    /// Arithmetic of the sum.
    pub precision: Precision,
    /// What follows the sum.
    pub output: Output,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// What a model answers, as far as its file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A number.
    Number,
    /// The probability of the second of two classes, with their names where the file has them.
    Probability(Option<[String; 2]>),
}

/// A node in preorder.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Node {
    /// Followed by the left and then by the right subtree.
    Split(Split),
    /// A leaf.
    Leaf(f64),
}

/// A question about one feature.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Split {
    /// Number of the feature.
    pub feature: usize,
    /// What leads left.
    pub question: Question,
    /// Whether rows without a value go left.
    pub missing_left: bool,
}

/// What leads left.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Question {
    /// `x <= threshold`.
    AtMost(f64),
    /// The same, but values within 1e-35 of zero are missing ones.
    AtMostUnlessZero(f64),
    /// The whole part of `x` is in this set. Rows without a value go right.
    OneOf(usize),
}

/// A node with numbers for its children, as files have them.
pub(super) enum Numbered {
    /// A split, its left and its right child.
    Split(Split, [usize; 2]),
    /// A leaf.
    Leaf(f64),
}

/// Puts the nodes of one tree in preorder, from node 0; nodes that are not reached are left out.
///
/// # Errors
/// What `node` says; a child outside; a node that is reached twice, so that there is no end.
pub(super) fn preorder(
    num_nodes: usize,
    place: &str,
    node: impl Fn(usize) -> Result<Numbered, ImportError>,
) -> Result<Vec<Node>, ImportError> {
    let mut seen = vec![false; num_nodes];
    let mut nodes = Vec::with_capacity(num_nodes);
    let mut waiting = vec![0];
    while let Some(number) = waiting.pop() {
        match seen.get_mut(number) {
            None => return Err(ImportError::at(place, format!("node {number} is a child, there are {num_nodes}"))),
            Some(true) => {
                return Err(ImportError::at(place, format!("node {number} is reached twice, a tree has no cycles")));
            }
            Some(seen) => *seen = true,
        }
        match node(number)? {
            Numbered::Leaf(value) => nodes.push(Node::Leaf(value)),
            Numbered::Split(split, [left, right]) => {
                nodes.push(Node::Split(split));
                waiting.extend([right, left]);
            }
        }
    }
    Ok(nodes)
}

/// A finite number.
///
/// # Errors
/// Infinite or NaN.
pub(super) fn finite(value: f64, place: impl FnOnce() -> String) -> Result<f64, ImportError> {
    if value.is_finite() { Ok(value) } else { Err(ImportError::at(place(), format!("{value}, expected a number"))) }
}

impl Foreign {
    /// Checks what all readers owe: features, sizes and numbers.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub(super) fn checked(self) -> Result<Self, ImportError> {
        let limits = [
            ("number of trees", self.trees.len(), SumOfTrees::MAX_TREES),
            ("number of features", self.features.len(), MAX_FEATURES),
            ("number of nodes", self.trees.iter().map(Vec::len).sum(), MAX_NODES),
        ];
        for (part, found, limit) in limits {
            if found > limit {
                let (part, found, limit) = (part.to_owned(), found as u64, limit as u64);
                return Err(ImportError::TooLarge { part, found, limit });
            }
        }
        for (number, tree) in self.trees.iter().enumerate() {
            let place = || format!("tree {number}");
            for node in tree {
                match *node {
                    Node::Leaf(value) => {
                        finite(value, || format!("tree {number}, value of a leaf"))?;
                    }
                    Node::Split(Split { feature, question, .. }) => {
                        if feature >= self.features.len() {
                            let reason = format!("feature {feature} is asked for, there are {}", self.features.len());
                            return Err(ImportError::at(place(), reason));
                        }
                        match question {
                            Question::AtMost(threshold) | Question::AtMostUnlessZero(threshold) => {
                                finite(threshold, || format!("tree {number}, threshold"))?;
                            }
                            Question::OneOf(set) if set >= self.sets.len() => {
                                let reason = format!("set {set} of categories, there are {}", self.sets.len());
                                return Err(ImportError::at(place(), reason));
                            }
                            Question::OneOf(_) => {}
                        }
                    }
                }
            }
        }
        finite(self.start, || "start of the sum".into())?;
        if !self.output.is_valid() {
            return Err(ImportError::at("output", format!("{:?}, expected finite numbers", self.output)));
        }
        Ok(self)
    }

    /// What is known of it beside its trees.
    pub fn about(&self) -> About {
        About {
            format: self.format.clone(),
            features: self.features.clone(),
            has_names: self.has_names,
            answer: self.answer.clone(),
            may_be_probability: self.output.is_probability(),
            notes: self.notes.clone(),
        }
    }

    /// Keeps the first trees only.
    ///
    /// # Errors
    /// More than there are, or trees of which a mean is taken.
    pub fn keep_trees(&mut self, num_trees: usize) -> Result<(), ImportError> {
        if num_trees == 0 || num_trees > self.trees.len() || self.output.divide > 1 {
            let reason = match self.output.divide {
                1 => format!("{num_trees} trees are asked for, the model has {}", self.trees.len()),
                _ => "the model takes the mean of its trees, some of them are another model".into(),
            };
            return Err(ImportError::Request { reason, way_out: None });
        }
        self.trees.truncate(num_trees);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(children: [usize; 2]) -> Numbered {
        Numbered::Split(Split { feature: 0, question: Question::AtMost(0.0), missing_left: true }, children)
    }

    #[test]
    fn nodes_come_in_preorder_and_orphans_stay_behind() {
        let node = |number| {
            Ok(match number {
                0 => split([3, 1]),
                3 => split([4, 5]),
                number => Numbered::Leaf(number as f64),
            })
        };
        let nodes = preorder(7, "tree", node).expect("a tree");
        let leaves: Vec<f64> =
            nodes.iter().filter_map(|node| if let Node::Leaf(value) = node { Some(*value) } else { None }).collect();
        assert_eq!((nodes.len(), leaves), (5, vec![4.0, 5.0, 1.0]));
    }

    #[test]
    fn cycles_and_children_outside_are_errors() {
        for children in [[0, 1], [1, 1], [1, 7]] {
            let node = |number| Ok(if number == 0 { split(children) } else { Numbered::Leaf(0.0) });
            assert!(matches!(preorder(3, "tree 4", node), Err(ImportError::Malformed { .. })), "{children:?}");
        }
    }
}
