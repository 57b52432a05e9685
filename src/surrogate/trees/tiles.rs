//! Rows to tiles of codes: what the kernels compare.

use matsieve_kernels::dispatch::{Level, count_below};

use super::tree_set::{Split, TreeSet};
use crate::candidate::Rows;

/// How the rows of one model are coded; built once, then shared by all threads.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    width: usize,
    features: Vec<CodedFeature>,
    /// Slots by (feature, missing goes left), ascending.
    slots: Vec<(u16, bool)>,
}

#[derive(Clone, Debug)]
struct CodedFeature {
    feature: usize,
    edges: Vec<f64>,
    missing_left_slot: Option<usize>,
    missing_right_slot: Option<usize>,
}

/// Integer type of codes.
pub(super) trait Code: Copy {
    /// The code of a count of thresholds; the largest for a missing value that goes right.
    fn from_count(count: u16) -> Self;
}

impl Code for u16 {
    fn from_count(count: u16) -> Self {
        count
    }
}

impl Code for u8 {
    fn from_count(count: u16) -> Self {
        Self::try_from(count).unwrap_or(Self::MAX)
    }
}

impl Encoder {
    pub(super) fn new(trees: &TreeSet) -> Self {
        let mut slots: Vec<(u16, bool)> =
            trees.nodes.iter().flatten().map(|split| (split.feature, split.missing_left)).collect();
        slots.sort_unstable();
        slots.dedup();
        let mut features: Vec<CodedFeature> = Vec::new();
        for (slot, &(feature, missing_left)) in slots.iter().enumerate() {
            let feature = usize::from(feature);
            if features.last().is_none_or(|last| last.feature != feature) {
                let edges = trees.edges[feature].clone();
                features.push(CodedFeature { feature, edges, missing_left_slot: None, missing_right_slot: None });
            }
            let last = features.last_mut().expect("pushed above");
            *(if missing_left { &mut last.missing_left_slot } else { &mut last.missing_right_slot }) = Some(slot);
        }
        Self { width: trees.width, features, slots }
    }

    /// Slots of a tile; at least one, since leaves are walked through slot 0.
    pub(super) fn num_slots(&self) -> usize {
        self.slots.len().max(1)
    }

    /// The slot that a split compares.
    pub(super) fn slot(&self, split: Split) -> u16 {
        self.slots.partition_point(|slot| *slot < (split.feature, split.missing_left)) as u16
    }

    /// Most thresholds of a feature.
    pub(super) fn max_edges(&self) -> usize {
        self.features.iter().map(|feature| feature.edges.len()).max().unwrap_or(0)
    }

    /// Codes rows into whole tiles of `LANES` rows, slots × lanes each; lanes without a row repeat the last one.
    ///
    /// # Panics
    /// If the rows have another width than the model, or `tiles` has not the room.
    pub(super) fn encode<const LANES: usize, C: Code>(&self, rows: Rows<'_>, tiles: &mut [C]) {
        assert_eq!(rows.width(), self.width, "rows have the columns of the model");
        let level = Level::best();
        let num_tiles = rows.len().div_ceil(LANES);
        assert_eq!(tiles.len(), num_tiles * self.num_slots() * LANES, "room for whole tiles");
        let mut values = vec![0.0; LANES * self.width];
        let mut column = [0.0; LANES];
        let mut counts = [0_u16; LANES];
        for (number, tile) in tiles.chunks_exact_mut(self.num_slots() * LANES).enumerate() {
            for (lane, row) in values.chunks_exact_mut(self.width).enumerate() {
                rows.gather((number * LANES + lane).min(rows.len() - 1), row);
            }
            for coded in &self.features {
                for (value, row) in column.iter_mut().zip(values.chunks_exact(self.width)) {
                    *value = row[coded.feature];
                }
                count_below(level, &column, &coded.edges, &mut counts);
                if let Some(slot) = coded.missing_right_slot {
                    for (code, &count) in tile[slot * LANES..][..LANES].iter_mut().zip(&counts) {
                        *code = C::from_count(count);
                    }
                }
                if let Some(slot) = coded.missing_left_slot {
                    for ((code, &count), value) in tile[slot * LANES..][..LANES].iter_mut().zip(&counts).zip(&column) {
                        *code = C::from_count(if value.is_nan() { 0 } else { count });
                    }
                }
            }
        }
    }
}
