//! Rows to codes: what the kernels compare.

use matsieve_kernels::dispatch::{Level, count_below};
use matsieve_kernels::trees::{CODES_TAIL, MISSING, SCORE_LANES, Thresholds};

use super::tree_set::{Split, TreeSet};
use crate::candidate::Rows;

/// How the rows of one model are coded; built once, then shared by all threads.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    width: usize,
    /// Features that trees ask for, ascending.
    features: Vec<CodedFeature>,
    /// Slots of tiles by (feature, missing goes left), ascending.
    slots: Vec<(u16, bool)>,
}

#[derive(Clone, Debug)]
struct CodedFeature {
    feature: usize,
    thresholds: Thresholds,
    missing_left_slot: Option<usize>,
    missing_right_slot: Option<usize>,
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
                let thresholds = Thresholds::new(&trees.edges[feature]);
                features.push(CodedFeature { feature, thresholds, missing_left_slot: None, missing_right_slot: None });
            }
            let last = features.last_mut().expect("pushed above");
            *(if missing_left { &mut last.missing_left_slot } else { &mut last.missing_right_slot }) = Some(slot);
        }
        Self { width: trees.width, features, slots }
    }

    /// Slots of a tile.
    pub(super) fn num_slots(&self) -> usize {
        self.slots.len()
    }

    /// The slot that a split compares.
    pub(super) fn slot(&self, split: Split) -> u16 {
        self.slots.partition_point(|slot| *slot < (split.feature, split.missing_left)) as u16
    }

    /// Number of features in use: codes of a row.
    pub(super) fn num_features(&self) -> usize {
        self.features.len()
    }

    /// Position of a split's feature among those in use.
    pub(super) fn position(&self, split: Split) -> usize {
        self.features.partition_point(|coded| coded.feature < usize::from(split.feature))
    }

    /// Most thresholds of a feature.
    pub(super) fn max_thresholds(&self) -> usize {
        self.features.iter().map(|feature| feature.thresholds.len()).max().unwrap_or(0)
    }

    /// Codes up to 64 rows into `tile`, slots × 64 bytes; lanes without a row repeat the last one.
    ///
    /// # Panics
    /// If the rows have another width than the model, or are none or too many, or a feature has more than 255 thresholds.
    pub(super) fn encode_tile(&self, level: Level, rows: Rows<'_>, tile: &mut [u8]) {
        let (slots, _) = tile.as_chunks_mut::<SCORE_LANES>();
        self.count(level, rows, |_, coded, counts| {
            if let Some(slot) = coded.missing_right_slot {
                // Where a value is missing the code is the largest.
                slots[slot] = counts.map(|count| count.min(u16::from(u8::MAX)) as u8);
            }
            if let Some(slot) = coded.missing_left_slot {
                slots[slot] = counts.map(|count| if count == MISSING { 0 } else { count as u8 });
            }
        });
    }

    /// Codes rows one after the other, as walks take them: features in use, and the tail of the last row.
    ///
    /// # Panics
    /// If the rows have another width than the model.
    pub(super) fn encode_rows(&self, level: Level, rows: Rows<'_>, codes: &mut Vec<u16>) {
        let num_features = self.num_features();
        codes.clear();
        codes.resize(rows.len() * num_features + CODES_TAIL, 0);
        for start in (0..rows.len()).step_by(SCORE_LANES) {
            let tile = rows.slice(start..(start + SCORE_LANES).min(rows.len()));
            let codes = &mut codes[start * num_features..];
            self.count(level, tile, |position, _, counts| {
                for (lane, &count) in counts[..tile.len()].iter().enumerate() {
                    codes[lane * num_features + position] = count;
                }
            });
        }
    }

    /// Counts the thresholds below the values of up to 64 rows, feature by feature.
    fn count(&self, level: Level, rows: Rows<'_>, mut take: impl FnMut(usize, &CodedFeature, &[u16; SCORE_LANES])) {
        assert_eq!(rows.width(), self.width, "rows have the columns of the model");
        assert!((1..=SCORE_LANES).contains(&rows.len()), "rows of one tile");
        let sources: [&[f64]; SCORE_LANES] = std::array::from_fn(|lane| rows.matrix_row(lane.min(rows.len() - 1)));
        let mut counts = [0_u16; SCORE_LANES];
        for (position, coded) in self.features.iter().enumerate() {
            let column = rows.columns()[coded.feature];
            let values = sources.map(|source| source[column]);
            count_below(level, &values, &coded.thresholds, &mut counts);
            take(position, coded, &counts);
        }
    }
}
