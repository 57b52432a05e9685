//! Columns that the tree kernels compare: the features that trees ask for, and what is derived from them.
//!
//! The kernels know one question, `x <= threshold`, with a limited number of thresholds a column. What a foreign model
//! asks beyond that becomes a column of its own: whether a category is in a set, a value whose zeros are missing, a
//! feature a second time for the rest of its thresholds.

use std::collections::BTreeMap;

use super::foreign::{Foreign, Node, Question, Split};
use super::{ImportError, Imported, ImportedSpec};
use crate::surrogate::tensors::{TensorError, Tensors};
use crate::surrogate::trees::{PlainNode, SumOfTrees};

/// Values nearer to zero are missing ones where LightGBM says so.
const ZERO: f64 = 1e-35_f32 as f64;
/// Where a row whose category is in the set is told from others.
const IN_SET: f64 = 0.0;
const NOT_IN_SET: f64 = 1.0;
const SET_THRESHOLD: f64 = 0.5;

/// A column that is computed from a feature.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Derived {
    /// Column of the model.
    pub(super) source: usize,
    /// What is computed.
    pub(super) kind: Kind,
}

/// What is computed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The value itself.
    Copy,
    /// The value, missing where it is zero.
    ZeroIsMissing,
    /// 0 where the whole part is in this set, else 1.
    InSet(usize),
}

impl Derived {
    /// The value of the column for a value of its source.
    pub(super) fn value(self, x: f64, sets: &[Vec<u32>]) -> f64 {
        match self.kind {
            Kind::Copy => x,
            Kind::ZeroIsMissing if (-ZERO..=ZERO).contains(&x) => f64::NAN,
            Kind::ZeroIsMissing => x,
            // The cast cuts towards zero, and gives 0 for NaN, which is in no set.
            Kind::InSet(set) if x > -1.0 && contains(&sets[set], x as u64) => IN_SET,
            Kind::InSet(_) => NOT_IN_SET,
        }
    }
}

fn contains(set: &[u32], number: u64) -> bool {
    usize::try_from(number / 32).ok().and_then(|word| set.get(word)).is_some_and(|word| word >> (number % 32) & 1 == 1)
}

/// Thresholds of one feature seen in one way, and the first of the columns that compare them.
struct Asked {
    thresholds: Vec<f64>,
    columns: Vec<usize>,
}

impl Imported {
    /// Fits a foreign model to the kernels; also gives the features in use, ascending: its columns.
    ///
    /// # Errors
    /// No question at all; more columns than there may be.
    pub fn fit(foreign: &Foreign) -> Result<(Self, Vec<usize>), ImportError> {
        let mut asked: BTreeMap<(usize, Kind), Asked> = BTreeMap::new();
        for node in foreign.trees.iter().flatten() {
            if let Node::Split(split) = node {
                let (kind, threshold) = split.key();
                let asked = asked
                    .entry((split.feature, kind))
                    .or_insert_with(|| Asked { thresholds: Vec::new(), columns: Vec::new() });
                asked.thresholds.push(threshold);
            }
        }
        let mut used: Vec<usize> = asked.keys().map(|(feature, _)| *feature).collect();
        used.dedup();
        if used.is_empty() {
            let what = "no tree asks anything: the model is a constant".into();
            return Err(ImportError::Unsupported { what, way_out: "train it on features that say something" });
        }
        for asked in asked.values_mut() {
            asked.thresholds.sort_by(f64::total_cmp);
            asked.thresholds.dedup();
        }
        let largest = foreign.trees.iter().map(|tree| tree.len().div_ceil(2)).max().unwrap_or(0);
        let limit = SumOfTrees::thresholds_a_column(largest);
        let placed = match place(&mut asked, &used, limit) {
            Ok(placed) => placed,
            // Too many thresholds for the fastest kernel: fewer columns with more thresholds, then.
            Err(_) => place(&mut asked, &used, SumOfTrees::MAX_THRESHOLDS)?,
        };
        let trees: Vec<Vec<PlainNode>> = foreign
            .trees
            .iter()
            .map(|tree| tree.iter().map(|node| plain(node, &asked, placed.limit)).collect())
            .collect();
        let width = used.len() + placed.columns.len();
        let sum = SumOfTrees::new(width, &trees, foreign.start, foreign.precision);
        let spec = ImportedSpec {
            format: foreign.format.clone(),
            precision: foreign.precision,
            output: foreign.output.clone(),
            trees: sum.num_trees(),
            leaves: sum.num_leaves(),
        };
        Ok((Self::new(used.len(), placed.columns, foreign.sets.clone(), sum, spec), used))
    }
}

/// Columns beyond the features, and how many thresholds each column took.
struct Placed {
    columns: Vec<Derived>,
    limit: usize,
}

fn place(asked: &mut BTreeMap<(usize, Kind), Asked>, used: &[usize], limit: usize) -> Result<Placed, ImportError> {
    let mut columns: Vec<Derived> = Vec::new();
    for ((feature, kind), asked) in asked {
        let source = used.binary_search(feature).expect("all features in use are listed");
        asked.columns.clear();
        for part in 0..asked.thresholds.len().div_ceil(limit) {
            if *kind == Kind::Copy && part == 0 {
                asked.columns.push(source);
            } else {
                asked.columns.push(used.len() + columns.len());
                columns.push(Derived { source, kind: *kind });
            }
        }
        if used.len() + columns.len() > SumOfTrees::MAX_COLUMNS {
            return Err(ImportError::TooLarge {
                part: "columns that are compared".into(),
                found: (used.len() + columns.len()) as u64,
                limit: SumOfTrees::MAX_COLUMNS as u64,
            });
        }
    }
    Ok(Placed { columns, limit })
}

impl Split {
    fn key(&self) -> (Kind, f64) {
        match self.question {
            // Adding zero turns −0 into 0: they divide the numbers alike.
            Question::AtMost(threshold) => (Kind::Copy, threshold + 0.0),
            Question::AtMostUnlessZero(threshold) => (Kind::ZeroIsMissing, threshold + 0.0),
            Question::OneOf(set) => (Kind::InSet(set), SET_THRESHOLD),
        }
    }
}

fn plain(node: &Node, asked: &BTreeMap<(usize, Kind), Asked>, limit: usize) -> PlainNode {
    match node {
        Node::Leaf(value) => PlainNode::Leaf(*value),
        Node::Split(split) => {
            let (kind, threshold) = split.key();
            let asked = &asked[&(split.feature, kind)];
            let rank = asked.thresholds.partition_point(|&other| other < threshold);
            PlainNode::Split { column: asked.columns[rank / limit], threshold, missing_left: split.missing_left }
        }
    }
}

/// Appends derived columns and sets to a model's tensors.
pub(super) fn push(derived: &[Derived], sets: &[Vec<u32>], tensors: &mut Tensors) {
    let codes: Vec<u32> = derived
        .iter()
        .map(|derived| match derived.kind {
            Kind::Copy => 0,
            Kind::ZeroIsMissing => 1,
            Kind::InSet(set) => 2 + set as u32,
        })
        .collect();
    tensors.push_narrow("derived_source", &derived.iter().map(|derived| derived.source as u32).collect::<Vec<_>>());
    tensors.push_narrow("derived_kind", &codes);
    tensors.push_narrow("set_words", &sets.iter().map(|set| set.len() as u32).collect::<Vec<_>>());
    tensors.push_u32("sets", &sets.concat());
}

/// Reads them back; `width` is the number of features.
///
/// # Errors
/// If a tensor is missing or contradicts another.
pub(super) fn read(tensors: &Tensors, width: usize) -> Result<(Vec<Derived>, Vec<Vec<u32>>), TensorError> {
    let words = tensors.narrow("set_words")?;
    let all = tensors.u32s("sets")?;
    let mut rest = all.as_slice();
    let mut sets = Vec::with_capacity(words.len());
    for count in words {
        let Some((own, others)) = rest.split_at_checked(count as usize) else {
            return Err(TensorError::invalid("sets", "fewer words than announced"));
        };
        sets.push(own.to_vec());
        rest = others;
    }
    if !rest.is_empty() {
        return Err(TensorError::invalid("sets", "more words than announced"));
    }
    let (sources, kinds) = (tensors.narrow("derived_source")?, tensors.narrow("derived_kind")?);
    if sources.len() != kinds.len() {
        let problem = format!("{} entries for {} columns", kinds.len(), sources.len());
        return Err(TensorError::invalid("derived_kind", problem));
    }
    let derived = sources.into_iter().zip(kinds).map(|(source, kind)| {
        let kind = match kind {
            0 => Kind::Copy,
            1 => Kind::ZeroIsMissing,
            other if (other as usize - 2) < sets.len() => Kind::InSet(other as usize - 2),
            other => return Err(TensorError::invalid("derived_kind", format!("{other} is none"))),
        };
        let source = source as usize;
        if source >= width {
            return Err(TensorError::invalid("derived_source", format!("column {source} of {width}")));
        }
        Ok(Derived { source, kind })
    });
    Ok((derived.collect::<Result<_, _>>()?, sets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_cut_towards_zero_and_what_is_none_is_in_no_set() {
        let sets = vec![vec![0b101, 0b1]];
        let column = Derived { source: 0, kind: Kind::InSet(0) };
        for x in [0.0, -0.9, 2.0, 2.9, 32.0] {
            assert_eq!(column.value(x, &sets), IN_SET, "{x}");
        }
        for x in [1.0, -1.0, 33.0, 64.0, 1e30, f64::NAN, f64::INFINITY] {
            assert_eq!(column.value(x, &sets), NOT_IN_SET, "{x}");
        }
    }

    #[test]
    fn zeros_are_missing_within_the_rounding_of_lightgbm() {
        let column = Derived { source: 0, kind: Kind::ZeroIsMissing };
        for x in [0.0, -0.0, 1e-36, -1e-36, f64::NAN] {
            assert!(column.value(x, &[]).is_nan(), "{x}");
        }
        assert_eq!(column.value(1e-34, &[]), 1e-34);
    }
}
