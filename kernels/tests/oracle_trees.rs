//! Tree kernels against naive loops, at every instruction set of this processor.

use matsieve_kernels::dispatch::{Level, count_below, score_bits, walk_tree};
use matsieve_kernels::trees::{BitTree, Node, SCORE_LANES, ScoreTile, Step, WALK_LANES};

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
        for num_edges in 0..=257_usize {
            let mut edges: Vec<f64> = (0..num_edges).map(|_| numbers.below(1000) as f64 - 500.0).collect();
            edges.sort_by(f64::total_cmp);
            edges.dedup();
            for num_values in [num_edges, 0, 1, 15, 16, 17] {
                let value = |i: usize| {
                    if i.is_multiple_of(5) { odd[i / 5 % odd.len()] } else { numbers.below(1000) as f64 - 500.0 }
                };
                let values: Vec<f64> = (0..num_values).map(value).collect();
                let mut counts = vec![7; num_values];
                count_below(level, &values, &edges, &mut counts);
                for (value, count) in values.iter().zip(counts) {
                    let below = edges.iter().filter(|edge| *edge < value).count() as u16;
                    let expected = if value.is_nan() { u16::MAX } else { below };
                    assert_eq!(count, expected, "{value} among {num_edges} at {}", level.name());
                }
            }
        }
    }
}

/// A random tree in the layout of `walk_tree`: children side by side.
fn random_tree(numbers: &mut Numbers, num_splits: usize, num_slots: u64) -> Vec<Node> {
    let mut nodes = vec![Node::leaf(0)];
    let mut leaves = vec![0_usize];
    for _ in 0..num_splits {
        let leaf = leaves.swap_remove(numbers.below(leaves.len() as u64) as usize);
        let left = nodes.len() as u32;
        nodes[leaf] = Node::split(numbers.below(num_slots) as u16, numbers.below(65_535) as u16, left);
        nodes.extend([Node::leaf(left), Node::leaf(left + 1)]);
        leaves.extend([left as usize, left as usize + 1]);
    }
    nodes
}

#[test]
fn walk_ends_where_a_naive_walk_ends() {
    for level in Level::available() {
        let mut numbers = Numbers(2);
        for num_splits in [0, 1, 2, 3, 7, 50, 257, 3000] {
            for num_tiles in [0, 1, 3] {
                let num_slots = 5;
                let nodes = random_tree(&mut numbers, num_splits, num_slots as u64);
                let mut tiles: Vec<u16> =
                    (0..num_tiles * num_slots * WALK_LANES).map(|_| numbers.next() as u16).collect();
                tiles.iter_mut().step_by(7).for_each(|code| *code = u16::MAX);
                let mut ends = vec![u32::MAX; num_tiles * WALK_LANES];
                walk_tree(level, &nodes, &tiles, num_slots, &mut ends);
                for (row, &end) in ends.iter().enumerate() {
                    let (tile, lane) = (row / WALK_LANES, row % WALK_LANES);
                    let mut at = 0;
                    // A leaf leads to itself.
                    loop {
                        let code = |slot: u16| tiles[(tile * num_slots + usize::from(slot)) * WALK_LANES + lane];
                        let next = nodes[at].next(code) as usize;
                        if next == at {
                            break;
                        }
                        at = next;
                    }
                    assert_eq!(end as usize, at, "row {row} of {num_splits} splits at {}", level.name());
                }
            }
        }
    }
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
        let mut expected = [0.5_f64; SCORE_LANES];
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
            for (lane, sum) in expected.iter_mut().enumerate() {
                let failed = |(slot, code, _): &&(u16, u8, _)| codes[usize::from(*slot) * SCORE_LANES + lane] > *code;
                let excluded: Vec<_> = splits.iter().filter(failed).map(|split| split.2.clone()).collect();
                let exit = (0..num_leaves).find(|leaf| !excluded.iter().any(|lost| lost.contains(leaf)));
                *sum += leaf_values[exit.expect("the last leaf is in no left subtree")];
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
    }
}
