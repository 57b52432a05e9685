//! Tree kernels against naive loops, at every instruction set of this processor.

use matsieve_kernels::dispatch::{Level, count_below, score_bits, score_bits_f32, walk_tree};
use matsieve_kernels::trees::{BitTree, CODES_TAIL, MISSING, Node, SCORE_LANES, ScoreTile, Step, Thresholds, WalkTree};

/// Whole numbers that look random: SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

#[test]
fn best_level_is_available_and_baseline_always_is() {
    let levels: Vec<Level> = Level::available().collect();
    assert_eq!(levels[0], Level::BASELINE);
    assert!(levels.contains(&Level::best()));
}

#[test]
fn count_below_equals_a_linear_count_for_all_lengths_and_odd_values() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 5e-324, -5e-324, 1.0, f64::MAX];
    for level in Level::available() {
        let mut numbers = Numbers(1);
        for num_edges in (0..=257_usize).chain([511, 512, 5000]) {
            let mut edges: Vec<f64> = (0..num_edges).map(|_| numbers.below(10_000) as f64 - 5000.0).collect();
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            for num_values in [num_edges, 0, 1, 31, 32, 33, 64] {
                let value = |i: usize| match i % 5 {
                    0 => odd[i / 5 % odd.len()],
                    // A tie, if there are thresholds.
                    1 => edges.get(i * 7 % num_edges.max(1)).copied().unwrap_or(0.0),
                    _ => numbers.below(10_000) as f64 - 5000.0,
                };
                let values: Vec<f64> = (0..num_values).map(value).collect();
                let mut counts = vec![7; num_values];
                count_below(level, &values, &Thresholds::new(&edges), &mut counts);
                for (value, count) in values.iter().zip(counts) {
                    let below = edges.iter().filter(|edge| *edge < value).count() as u16;
                    let expected = if value.is_nan() { MISSING } else { below };
                    assert_eq!(count, expected, "{value} among {num_edges} at {}", level.name());
                }
            }
        }
    }
}

/// A split as it was asked for, or the payload of a leaf.
#[derive(Copy, Clone)]
enum Plain {
    Split { feature: usize, missing_left: bool, code: u16, left: usize },
    Leaf(u64),
}

/// A random tree in the layout of `walk_tree`: children side by side, behind their parent.
fn random_tree(numbers: &mut Numbers, num_splits: usize, num_features: u64) -> Vec<Plain> {
    let leaf = |numbers: &mut Numbers| Plain::Leaf(numbers.next() >> 1);
    let mut nodes = vec![leaf(numbers)];
    let mut leaves = vec![0_usize];
    for _ in 0..num_splits {
        let parent = leaves.swap_remove(numbers.below(leaves.len() as u64) as usize);
        let left = nodes.len();
        nodes[parent] = Plain::Split {
            feature: numbers.below(num_features) as usize,
            missing_left: numbers.below(2) == 0,
            // The extremes as well.
            code: [0, 65_533, numbers.below(65_534) as u16, numbers.below(65_534) as u16][numbers.below(4) as usize],
            left,
        };
        nodes.extend([leaf(numbers), leaf(numbers)]);
        leaves.extend([left, left + 1]);
    }
    nodes
}

/// The payload at which a row ends.
fn naive_walk(nodes: &[Plain], row: &[u16]) -> u64 {
    let mut at = 0;
    loop {
        match nodes[at] {
            Plain::Leaf(payload) => return payload,
            Plain::Split { feature, missing_left, code, left } => {
                let goes_left = if row[feature] == MISSING { missing_left } else { row[feature] <= code };
                at = if goes_left { left } else { left + 1 };
            }
        }
    }
}

#[test]
fn walk_ends_where_a_naive_walk_ends() {
    for level in Level::available() {
        let mut numbers = Numbers(2);
        for num_splits in [0, 1, 2, 3, 7, 50, 257, 3000] {
            // More rows than are walked at once, and fewer; the width may exceed what the tree asks for.
            for (num_rows, width) in [(0, 5), (1, 5), (7, 6), (8, 9), (63, 5), (64, 5), (65, 290), (1000, 5)] {
                let plain = random_tree(&mut numbers, num_splits, 5);
                let nodes = plain.iter().map(|node| match *node {
                    Plain::Split { feature, missing_left, code, left } => {
                        Node::split(feature, missing_left, code, left)
                    }
                    Plain::Leaf(payload) => Node::leaf(payload),
                });
                let tree = WalkTree::new(nodes.collect());
                let mut code = || match numbers.below(4) {
                    0 => MISSING,
                    1 => [0, 65_534, 65_533][numbers.below(3) as usize],
                    _ => numbers.below(65_535) as u16,
                };
                let codes: Vec<u16> = (0..num_rows * width + CODES_TAIL).map(|_| code()).collect();
                let mut leaves = vec![u64::MAX; num_rows];
                walk_tree(level, &tree, &codes, width, &mut leaves);
                for (row, &leaf) in leaves.iter().enumerate() {
                    let expected = naive_walk(&plain, &codes[row * width..][..width]);
                    assert_eq!(leaf, expected, "row {row} of {num_rows}, {num_splits} splits at {}", level.name());
                }
            }
        }
    }
}

#[test]
fn a_lone_leaf_needs_no_codes() {
    let tree = WalkTree::new(vec![Node::leaf(7)]);
    for level in Level::available() {
        let mut leaves = [0; 100];
        walk_tree(level, &tree, &[0; CODES_TAIL], 0, &mut leaves);
        assert_eq!(leaves, [7; 100]);
    }
}

#[test]
fn leaf_keeps_63_bits() {
    for payload in [0, 1, u64::MAX >> 1, 0x7fff_ffff, 0x8000_0000, 0x0123_4567_89ab_cdef] {
        assert_eq!((Node::leaf(payload).payload(), Node::leaf(payload).is_leaf()), (payload, true));
    }
    assert!(!Node::split(32_767, true, 65_533, i32::MAX as usize).is_leaf());
}

#[test]
#[should_panic(expected = "lie outside")]
fn tree_with_a_child_outside_is_refused() {
    WalkTree::new(vec![Node::split(0, false, 0, 1), Node::leaf(0)]);
}

#[test]
#[should_panic(expected = "lie outside")]
fn tree_with_a_circle_is_refused() {
    WalkTree::new(vec![Node::split(0, false, 0, 0), Node::leaf(0)]);
}

#[test]
#[should_panic(expected = "in use")]
fn rows_narrower_than_the_tree_are_refused() {
    let tree = WalkTree::new(vec![Node::split(3, false, 0, 1), Node::leaf(0), Node::leaf(1)]);
    walk_tree(Level::best(), &tree, &[0; 3 + CODES_TAIL], 3, &mut [0]);
}

#[test]
#[should_panic(expected = "a tail")]
fn codes_without_their_tail_are_refused() {
    let tree = WalkTree::new(vec![Node::split(0, false, 0, 1), Node::leaf(0), Node::leaf(1)]);
    walk_tree(Level::best(), &tree, &[0; 4], 1, &mut [0; 4]);
}

/// A random tree in order: splits as (slot, code, leaves lost by rows that fail).
fn random_splits(
    numbers: &mut Numbers,
    leaves: std::ops::Range<usize>,
    splits: &mut Vec<(u16, u8, std::ops::Range<usize>)>,
) {
    if leaves.len() > 1 {
        let middle = leaves.start + 1 + numbers.below(leaves.len() as u64 - 1) as usize;
        splits.push((numbers.below(9) as u16, numbers.below(255) as u8, leaves.start..middle));
        random_splits(numbers, leaves.start..middle, splits);
        random_splits(numbers, middle..leaves.end, splits);
    }
}

#[test]
fn bit_vectors_add_the_leaf_that_no_failed_split_excludes() {
    for level in Level::available() {
        let mut numbers = Numbers(3);
        let codes: Vec<u8> = (0..9 * SCORE_LANES).map(|_| numbers.next() as u8).collect();
        let (mut trees, mut planes, mut steps, mut values) = (vec![], vec![], vec![], vec![]);
        let (mut expected, mut expected_f32) = ([0.5_f64; SCORE_LANES], [0.5_f32; SCORE_LANES]);
        for num_leaves in (1..=256).chain([256, 31, 8, 9]) {
            let mut splits = Vec::new();
            random_splits(&mut numbers, 0..num_leaves, &mut splits);
            let leaf_values: Vec<f64> = (0..num_leaves).map(|_| numbers.below(1 << 30) as f64 * 1e-7 - 50.0).collect();
            for plane in (0..num_leaves.div_ceil(8)).rev() {
                for (slot, code, lost) in &splits {
                    let survivors =
                        (0..8).filter(|bit| !lost.contains(&(plane * 8 + bit))).map(|bit| 1_u8 << bit).sum();
                    steps.push(Step { slot: *slot, code: *code, survivors });
                }
                planes.push(steps.len() as u32);
            }
            for (lane, (sum, sum_f32)) in expected.iter_mut().zip(&mut expected_f32).enumerate() {
                let failed = |(slot, code, _): &&(u16, u8, _)| codes[usize::from(*slot) * SCORE_LANES + lane] > *code;
                let excluded: Vec<_> = splits.iter().filter(failed).map(|split| split.2.clone()).collect();
                let exit = (0..num_leaves).find(|leaf| !excluded.iter().any(|lost| lost.contains(leaf)));
                let value = leaf_values[exit.expect("the last leaf is in no left subtree")];
                *sum += value;
                *sum_f32 += value as f32;
            }
            values.extend(leaf_values);
            values.resize(
                num_leaves.div_ceil(8) * 8 + trees.last().map_or(0, |tree: &BitTree| tree.values_end as usize),
                0.0,
            );
            trees.push(BitTree { planes_end: planes.len() as u32, values_end: values.len() as u32 });
        }
        let mut sums = [0.5; SCORE_LANES];
        score_bits(level, &trees, &planes, &steps, &values, ScoreTile { codes: &codes, sums: &mut sums });
        assert_eq!(sums.map(f64::to_bits), expected.map(f64::to_bits), "at {}", level.name());
        let mut sums = [0.5; SCORE_LANES];
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        score_bits_f32(level, &trees, &planes, &steps, &values, ScoreTile { codes: &codes, sums: &mut sums });
        assert_eq!(sums.map(f32::to_bits), expected_f32.map(f32::to_bits), "in f32 at {}", level.name());
    }
}
