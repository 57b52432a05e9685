//! Rows as sets of elements.

use matsieve_kernels::networks::SetBatch;

use crate::candidate::Column;
use crate::chem::Element;

use super::elements::{NOTHING, NUM_KINDS};

/// A column that holds amounts of an element.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElementColumn {
    /// Place of the column in a row.
    pub column: usize,
    /// Element.
    pub atomic_number: u8,
}

/// Columns that are named after elements, as those of `element_fraction` are; the first one of each element.
pub(in crate::surrogate) fn element_columns(columns: &[Column]) -> Vec<ElementColumn> {
    let mut found: Vec<ElementColumn> = Vec::new();
    for (column, own) in columns.iter().enumerate() {
        let Some(element) = Element::from_symbol(&own.label) else { continue };
        let atomic_number = element.atomic_number();
        if found.iter().all(|other| other.atomic_number != atomic_number) {
            found.push(ElementColumn { column, atomic_number });
        }
    }
    found
}

/// Shares below this are noise of unit conversion, not chemistry.
const LEAST_SHARE: f64 = 1e-6;
/// Tents over the share, and over its logarithm.
const LINEAR_TENTS: usize = 17;
const LOG_TENTS: usize = 13;
/// Logarithm (base 10) at the foot of the log scale.
const LOG_FOOT: f64 = -4.0;
/// Numbers that code a share: the tents, the share, its root.
pub(super) const SHARE_WIDTH: usize = LINEAR_TENTS + LOG_TENTS + 2;

/// Many sets, each a run of elements with shares that sum to 1.
#[derive(Clone, Debug, Default)]
pub(super) struct ElementSets {
    kinds: Vec<u16>,
    shares: Vec<f64>,
    /// Where each set begins, and the end of the last.
    starts: Vec<usize>,
}

/// Sets ready for a network.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    sizes: Vec<u32>,
    kinds: Vec<u16>,
    inputs: Vec<f32>,
    shares: Vec<f32>,
    bias: Vec<f32>,
}

impl ElementSets {
    pub(super) fn clear(&mut self) {
        self.kinds.clear();
        self.shares.clear();
        self.starts.clear();
        self.starts.push(0);
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Adds the set of one row; what is not a positive number counts as nothing.
    pub(super) fn push(&mut self, columns: &[ElementColumn], row: &[f64]) {
        let amount = |own: &ElementColumn| Some(row[own.column]).filter(|amount| amount.is_finite() && *amount > 0.0);
        let mut total = 0.0;
        for own in columns {
            total += amount(own).unwrap_or(0.0);
        }
        for own in columns {
            let share = amount(own).map_or(0.0, |amount| amount / total);
            if share >= LEAST_SHARE {
                self.kinds.push(u16::from(own.atomic_number) - 1);
                self.shares.push(share);
            }
        }
        if self.starts.last() == Some(&self.kinds.len()) {
            self.kinds.push(NOTHING);
            self.shares.push(1.0);
        }
        self.starts.push(self.kinds.len());
    }

    /// Puts chosen sets into a batch, shares multiplied by what `blur` gives for each.
    pub(super) fn fill(
        &self,
        chosen: impl Iterator<Item = usize>,
        (properties, width): (&[f32], usize),
        mut blur: impl FnMut() -> f64,
        batch: &mut Batch,
    ) {
        batch.sizes.clear();
        batch.kinds.clear();
        batch.inputs.clear();
        batch.shares.clear();
        batch.bias.clear();
        let mut shares: smallvec::SmallVec<[f64; 16]> = smallvec::SmallVec::new();
        for set in chosen {
            let range = self.starts[set]..self.starts[set + 1];
            batch.sizes.push(range.len() as u32);
            shares.clear();
            let mut total = 0.0;
            for &share in &self.shares[range.clone()] {
                let share = share * blur();
                total += share;
                shares.push(share);
            }
            for (&kind, share) in self.kinds[range].iter().zip(&shares) {
                let share = share / total;
                batch.kinds.push(kind);
                batch.inputs.extend_from_slice(&properties[usize::from(kind) * width..][..width]);
                batch.bias.push(push_share(share, &mut batch.inputs));
                batch.shares.push(share as f32);
            }
        }
    }
}

impl Batch {
    pub(super) fn view(&self) -> SetBatch<'_> {
        SetBatch {
            sizes: &self.sizes,
            kinds: &self.kinds,
            inputs: &self.inputs,
            shares: &self.shares,
            bias: &self.bias,
            context: &[],
        }
    }

    pub(super) fn num_members(&self) -> usize {
        self.kinds.len()
    }
}

/// Adds the code of a share to the inputs; returns its natural logarithm.
fn push_share(share: f64, inputs: &mut Vec<f32>) -> f32 {
    let log = libm::log(share);
    let start = inputs.len();
    inputs.resize(start + SHARE_WIDTH, 0.0);
    let out = &mut inputs[start..];
    tent(share, &mut out[..LINEAR_TENTS]);
    tent(1.0 - log / std::f64::consts::LN_10 / LOG_FOOT, &mut out[LINEAR_TENTS..LINEAR_TENTS + LOG_TENTS]);
    out[SHARE_WIDTH - 2] = share as f32;
    out[SHARE_WIDTH - 1] = share.sqrt() as f32;
    log as f32
}

/// Spreads a place between 0 and 1 over the two nearest of evenly spaced tents.
fn tent(place: f64, tents: &mut [f32]) {
    let last = (tents.len() - 1) as f64;
    let position = place.clamp(0.0, 1.0) * last;
    let left = position.floor().min(last - 1.0);
    let part = (position - left) as f32;
    tents[left as usize] = 1.0 - part;
    tents[left as usize + 1] = part;
}

/// Whether columns from a file can be those of rows of `width`.
pub(super) fn are_valid(columns: &[ElementColumn], width: usize) -> bool {
    let ascending = columns.windows(2).all(|pair| pair[0].column < pair[1].column);
    let inside = |own: &ElementColumn| own.column < width && (1..NUM_KINDS).contains(&usize::from(own.atomic_number));
    (1..NUM_KINDS).contains(&columns.len()) && ascending && columns.iter().all(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<ElementColumn> {
        [(0, 8), (2, 26)].map(|(column, atomic_number)| ElementColumn { column, atomic_number }).to_vec()
    }

    #[test]
    fn amounts_become_shares_and_an_empty_row_has_one_member() {
        let mut sets = ElementSets::default();
        sets.clear();
        sets.push(&columns(), &[3.0, 99.0, 1.0]);
        sets.push(&columns(), &[f64::NAN, 99.0, -1.0]);
        assert_eq!(sets.kinds, [7, 25, NOTHING]);
        assert_eq!(sets.shares, [0.75, 0.25, 1.0]);
        assert_eq!(sets.starts, [0, 2, 3]);
    }

    #[test]
    fn columns_of_a_file_that_would_make_too_large_a_set_are_not_valid() {
        let many: Vec<ElementColumn> = (0..119).map(|column| ElementColumn { column, atomic_number: 8 }).collect();
        assert!(are_valid(&many[..118], 200) && !are_valid(&many, 200) && !are_valid(&many[..118], 117));
        assert!(!are_valid(&[ElementColumn { column: 0, atomic_number: 119 }], 1) && !are_valid(&[], 1));
    }

    #[test]
    fn only_columns_named_after_elements_count_and_each_element_once() {
        let column = |label: &str| Column::new(label, crate::units::Unit::dimensionless());
        let columns = ["O", "mean O", "Fe", "O", "fe"].map(column);
        let found: Vec<_> = element_columns(&columns).iter().map(|own| (own.column, own.atomic_number)).collect();
        assert_eq!(found, [(0, 8), (2, 26)]);
    }

    #[test]
    fn tents_between_two_knots_share_the_place() {
        let mut tents = [0.0; 5];
        tent(0.3125, &mut tents);
        assert_eq!(tents, [0.0, 0.75, 0.25, 0.0, 0.0]);
        let mut tents = [0.0; 5];
        tent(1.0, &mut tents);
        assert_eq!(tents, [0.0, 0.0, 0.0, 0.0, 1.0]);
    }
}
