//! Properties of elements as a network sees them.

use crate::chem::{Element, NUM_ELEMENTS, element_table};

/// Kinds of set members: the elements, and one for a row without any.
pub(super) const NUM_KINDS: usize = NUM_ELEMENTS + 1;
/// The kind of the only member of a row without elements.
pub(super) const NOTHING: u16 = NUM_ELEMENTS as u16;

/// Properties of every kind, row after row: each property has mean 0 and variance 1 over the elements that have it and
/// is held within about 3; a missing one is 0. Returns them with the number of properties.
pub(super) fn properties() -> (Vec<f32>, usize) {
    let tables = [element_table::magpie(), element_table::valence_subshells()];
    let columns: Vec<Vec<f64>> =
        tables.iter().flat_map(|table| &table.columns).filter_map(|column| standardised(&column.values[..])).collect();
    let width = columns.len();
    let mut values = vec![0.0; NUM_KINDS * width];
    for element in Element::all() {
        for (place, column) in columns.iter().enumerate() {
            values[element.row() * width + place] = column[element.row()] as f32;
        }
    }
    (values, width)
}

fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let (mut n, mut mean, mut square) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|value| !value.is_nan()) {
        n += 1.0;
        mean += value;
    }
    mean /= n;
    for value in values.iter().filter(|value| !value.is_nan()) {
        square += (value - mean) * (value - mean);
    }
    let deviation = (square / n).sqrt();
    // NaN where no element has the property.
    if deviation.is_nan() || deviation == 0.0 {
        return None;
    }
    let bounded = |value: &f64| {
        let unit = (value - mean) / deviation;
        if unit.is_nan() { 0.0 } else { unit / (1.0 + unit * unit / 9.0).sqrt() }
    };
    Some(values.iter().map(bounded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_of_order_one_and_tell_all_elements_apart() {
        let (values, width) = properties();
        assert!(width > 60 && values.iter().all(|value| value.abs() <= 3.0), "{width}");
        let rows: Vec<&[f32]> = values.chunks_exact(width).take(103).collect();
        for (i, row) in rows.iter().enumerate() {
            assert!(rows[..i].iter().all(|other| other != row), "element {}", i + 1);
        }
    }
}
