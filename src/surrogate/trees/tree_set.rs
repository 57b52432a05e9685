//! The trees of an ensemble in their stored form: splits in preorder, so that no child index can be wrong.

use crate::surrogate::tensors::{TensorError, Tensors};

/// One question: rows with `x[feature] <= edges[feature][code]` go left.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Split {
    pub(super) feature: u16,
    /// Where rows without a value go.
    pub(super) missing_left: bool,
    pub(super) code: u16,
}

/// Most trees of an ensemble; keeps the integer sums of forests exact.
pub(super) const MAX_TREES: usize = 32_767;

/// Trees over one set of thresholds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TreeSet {
    /// Number of columns of the rows.
    pub(super) width: usize,
    pub(super) num_trees: usize,
    /// Thresholds in use of every feature, ascending.
    pub(super) edges: Vec<Vec<f64>>,
    /// All trees one after the other, each in preorder, left before right; `None` is a leaf.
    pub(super) nodes: Vec<Option<Split>>,
}

impl TreeSet {
    /// Keeps of `edges` what `nodes` use.
    pub(super) fn new(edges: &[Vec<f64>], num_trees: usize, mut nodes: Vec<Option<Split>>) -> Self {
        let mut used: Vec<Vec<bool>> = edges.iter().map(|edges| vec![false; edges.len()]).collect();
        for split in nodes.iter().flatten() {
            used[usize::from(split.feature)][usize::from(split.code)] = true;
        }
        let new_code: Vec<Vec<u16>> = used
            .iter()
            .map(|used| {
                let before = used.iter().scan(0, |count, &is_used| {
                    let code = *count;
                    *count += u16::from(is_used);
                    Some(code)
                });
                before.collect()
            })
            .collect();
        for split in nodes.iter_mut().flatten() {
            split.code = new_code[usize::from(split.feature)][usize::from(split.code)];
        }
        let keep = |(edges, used): (&Vec<f64>, &Vec<bool>)| {
            edges.iter().zip(used).filter(|(_, used)| **used).map(|(edge, _)| *edge).collect()
        };
        let edges = edges.iter().zip(&used).map(keep).collect();
        Self { width: used.len(), num_trees, edges, nodes }
    }

    /// Number of leaves of all trees.
    pub(super) fn num_leaves(&self) -> usize {
        (self.nodes.len() + self.num_trees) / 2
    }

    /// The nodes of each tree.
    pub(super) fn trees(&self) -> impl Iterator<Item = &[Option<Split>]> {
        let mut rest = self.nodes.as_slice();
        (0..self.num_trees).map(move |_| {
            let (tree, others) = rest.split_at(tree_len(rest));
            rest = others;
            tree
        })
    }

    /// Appends the trees to a model's tensors.
    pub(super) fn push(&self, tensors: &mut Tensors) {
        let splits: Vec<Split> = self.nodes.iter().flatten().copied().collect();
        let mut slots: Vec<(u16, bool)> = splits.iter().map(|split| (split.feature, split.missing_left)).collect();
        slots.sort_unstable();
        slots.dedup();
        let slot_of = |split: &Split| slots.partition_point(|slot| *slot < (split.feature, split.missing_left)) as u32;
        let mut shape = vec![0_u8; self.nodes.len().div_ceil(8)];
        for (position, node) in self.nodes.iter().enumerate() {
            shape[position / 8] |= u8::from(node.is_some()) << (position % 8);
        }
        tensors.push_u32("num_columns", &[self.width as u32]);
        tensors.push_u32("num_trees", &[self.num_trees as u32]);
        tensors.push_narrow("num_edges", &self.edges.iter().map(|edges| edges.len() as u32).collect::<Vec<_>>());
        tensors.push_real("edges", &self.edges.concat());
        tensors.push_narrow("slot_feature", &slots.iter().map(|slot| u32::from(slot.0)).collect::<Vec<_>>());
        tensors.push_u8("slot_missing_left", &slots.iter().map(|slot| u8::from(slot.1)).collect::<Vec<_>>());
        tensors.push_u8("shape", &shape);
        tensors.push_narrow("split_slot", &splits.iter().map(slot_of).collect::<Vec<_>>());
        tensors.push_narrow("split_code", &splits.iter().map(|split| u32::from(split.code)).collect::<Vec<_>>());
    }

    /// Reads trees back, trusting nothing.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another.
    pub(super) fn read(tensors: &Tensors) -> Result<Self, TensorError> {
        let width = single(tensors, "num_columns")?;
        if width == 0 || width > usize::from(u16::MAX) / 2 {
            return Err(TensorError::invalid("num_columns", format!("{width} columns, expected 1 to 32767")));
        }
        let num_trees = single(tensors, "num_trees")?;
        if num_trees > MAX_TREES {
            return Err(TensorError::invalid("num_trees", format!("{num_trees} trees, expected at most {MAX_TREES}")));
        }
        let edges = read_edges(tensors, width)?;
        let slots = read_slots(tensors, width)?;
        let split_slots = tensors.narrow("split_slot")?;
        let split_codes = tensors.narrow("split_code")?;
        if split_slots.len() != split_codes.len() {
            let problem = format!("{} codes for {} splits", split_codes.len(), split_slots.len());
            return Err(TensorError::invalid("split_code", problem));
        }
        let mut splits = Vec::with_capacity(split_slots.len());
        for (&slot, &code) in split_slots.iter().zip(&split_codes) {
            let Some(&(feature, missing_left)) = slots.get(slot as usize) else {
                return Err(TensorError::invalid("split_slot", format!("slot {slot} of {}", slots.len())));
            };
            let num_edges = edges[usize::from(feature)].len();
            if code as usize >= num_edges {
                let problem = format!("threshold {code} of column {feature}, which has {num_edges}");
                return Err(TensorError::invalid("split_code", problem));
            }
            splits.push(Split { feature, missing_left, code: code as u16 });
        }
        let nodes = read_shape(&tensors.u8s("shape")?, &splits, num_trees)?;
        Ok(Self { width, num_trees, edges, nodes })
    }
}

/// Number of nodes of the first tree of `nodes`.
fn tree_len(nodes: &[Option<Split>]) -> usize {
    let mut open = 1_usize;
    for (position, node) in nodes.iter().enumerate() {
        open = if node.is_some() { open + 1 } else { open - 1 };
        if open == 0 {
            return position + 1;
        }
    }
    unreachable!("trees are complete: built so, or checked when read")
}

fn single(tensors: &Tensors, name: &str) -> Result<usize, TensorError> {
    match tensors.u32s(name)?[..] {
        [value] => Ok(value as usize),
        ref values => Err(TensorError::invalid(name, format!("{} elements, expected 1", values.len()))),
    }
}

fn read_edges(tensors: &Tensors, width: usize) -> Result<Vec<Vec<f64>>, TensorError> {
    let counts = tensors.narrow("num_edges")?;
    if counts.len() != width {
        return Err(TensorError::invalid("num_edges", format!("{} entries for {width} columns", counts.len())));
    }
    if let Some(count) = counts.iter().find(|&&count| count >= u32::from(u16::MAX)) {
        return Err(TensorError::invalid("num_edges", format!("{count} thresholds, expected at most 65534")));
    }
    let all = tensors.real("edges")?;
    let total: usize = counts.iter().map(|&count| count as usize).sum();
    if total != all.len() {
        return Err(TensorError::invalid("edges", format!("{} thresholds, expected {total}", all.len())));
    }
    let mut rest = all.as_slice();
    let mut edges = Vec::with_capacity(width);
    for count in counts {
        let (own, others) = rest.split_at(count as usize);
        if let Some(pair) = own.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(TensorError::invalid(
                "edges",
                format!("{} is followed by {}, not ascending", pair[0], pair[1]),
            ));
        }
        edges.push(own.to_vec());
        rest = others;
    }
    Ok(edges)
}

fn read_slots(tensors: &Tensors, width: usize) -> Result<Vec<(u16, bool)>, TensorError> {
    let features = tensors.narrow("slot_feature")?;
    let directions = tensors.u8s("slot_missing_left")?;
    if features.len() != directions.len() {
        let problem = format!("{} directions for {} slots", directions.len(), features.len());
        return Err(TensorError::invalid("slot_missing_left", problem));
    }
    let mut slots = Vec::with_capacity(features.len());
    for (feature, direction) in features.into_iter().zip(directions) {
        if feature as usize >= width {
            return Err(TensorError::invalid("slot_feature", format!("column {feature} of {width}")));
        }
        if direction > 1 {
            return Err(TensorError::invalid("slot_missing_left", format!("{direction}, expected 0 or 1")));
        }
        slots.push((feature as u16, direction == 1));
    }
    Ok(slots)
}

fn read_shape(shape: &[u8], splits: &[Split], num_trees: usize) -> Result<Vec<Option<Split>>, TensorError> {
    let num_nodes = 2 * splits.len() + num_trees;
    if shape.len() != num_nodes.div_ceil(8) {
        return Err(TensorError::invalid("shape", format!("{} bytes for {num_nodes} nodes", shape.len())));
    }
    let mut nodes = Vec::with_capacity(num_nodes);
    let mut splits = splits.iter();
    // Nodes still to come of the tree that is open, and trees still to come.
    let (mut open, mut trees) = (0_usize, num_trees);
    for position in 0..num_nodes {
        if open == 0 {
            trees = trees.checked_sub(1).ok_or_else(|| TensorError::invalid("shape", "more trees than announced"))?;
            open = 1;
        }
        if shape[position / 8] >> (position % 8) & 1 == 1 {
            let split = splits.next().ok_or_else(|| TensorError::invalid("shape", "more splits than announced"))?;
            nodes.push(Some(*split));
            open += 1;
        } else {
            nodes.push(None);
            open -= 1;
        }
    }
    if open != 0 || trees != 0 {
        return Err(TensorError::invalid("shape", "the last tree is not complete"));
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> TreeSet {
        let split = |feature, code, missing_left| Some(Split { feature, missing_left, code });
        let edges = vec![vec![0.5, 1.5, 2.5], vec![], vec![0.1]];
        // Two trees: a split whose left child is a split, and a lone leaf.
        TreeSet::new(&edges, 2, vec![split(0, 2, false), split(2, 0, true), None, None, None, None])
    }

    fn tensors() -> Tensors {
        let mut tensors = Tensors::default();
        example().push(&mut tensors);
        tensors
    }

    #[test]
    fn thresholds_that_no_split_uses_are_dropped() {
        assert_eq!(example().edges, [vec![2.5], vec![], vec![0.1]]);
        assert_eq!(example().num_leaves(), 4);
        assert_eq!(example().trees().map(<[_]>::len).collect::<Vec<_>>(), [5, 1]);
    }

    #[test]
    fn trees_survive_being_stored() {
        assert_eq!(TreeSet::read(&tensors()), Ok(example()));
    }

    #[test]
    fn contradicting_tensors_are_errors_that_name_them() {
        for (name, byte) in
            [("shape", 0), ("split_slot", 9), ("split_code", 7), ("slot_feature", 3), ("slot_missing_left", 2)]
        {
            let mut tensors = tensors();
            let tensor = tensors.0.iter_mut().find(|tensor| tensor.name == name);
            tensor.expect("the example has it").data[0] = byte;
            let error = TreeSet::read(&tensors).expect_err(name);
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_damage_of_a_stored_tree_panics(tensor in 0..9_usize, byte in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<bool>()) {
            let mut tensors = tensors();
            let tensor = &mut tensors.0[tensor];
            let position = byte.index(tensor.data.len());
            tensor.data[position] = value;
            if cut {
                tensor.data.truncate(position);
                tensor.shape = vec![(position / tensor.dtype.size()) as u64];
            }
            if let Ok(trees) = TreeSet::read(&tensors) {
                prop_assert_eq!(trees.trees().map(<[_]>::len).sum::<usize>(), trees.nodes.len());
            }
        }
    }
}
