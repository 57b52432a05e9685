//! Columns brought to order one, missing values told apart.

use crate::surrogate::metrics::quantile_sorted;
use crate::surrogate::tensors::{TensorError, Tensors};
use crate::surrogate::trees::TrainingMatrix;

/// How one column becomes an input.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(in crate::surrogate) struct ColumnScale {
    /// Place in a row.
    pub(in crate::surrogate) column: usize,
    center: f64,
    factor: f64,
    /// Whether training rows miss it: then a second input says so.
    is_sparse: bool,
}

/// Inputs of a network, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::surrogate) struct ScaledColumns(pub(in crate::surrogate) Vec<ColumnScale>);

/// Scaled values are bent smoothly to stay within ± this.
const BOUND: f64 = 3.0;

impl ScaledColumns {
    /// Scales of chosen columns: median and range of the middle half, or where that is 0 half of the whole range.
    pub(in crate::surrogate) fn fit(x: TrainingMatrix<'_>, chosen: &[usize]) -> Self {
        let scale = |&column: &usize| {
            let all = x.values.iter().skip(column).step_by(x.width).copied();
            let mut values: Vec<f64> = all.filter(|value| !value.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            let is_sparse = values.len() < x.num_rows();
            let (Some(&least), Some(&greatest)) = (values.first(), values.last()) else {
                return ColumnScale { column, center: 0.0, factor: 0.0, is_sparse };
            };
            let [lower, center, upper] = [0.25, 0.5, 0.75].map(|level| quantile_sorted(&values, level));
            let range = if upper > lower { upper - lower } else { (greatest - least) / 2.0 };
            let factor = if range > 0.0 { 1.0 / range } else { 0.0 };
            ColumnScale { column, center, factor: if factor.is_finite() { factor } else { 0.0 }, is_sparse }
        };
        Self(chosen.iter().map(scale).collect())
    }

    /// Number of inputs.
    pub(in crate::surrogate) fn num_inputs(&self) -> usize {
        self.0.iter().map(|column| 1 + usize::from(column.is_sparse)).sum()
    }

    /// Adds the inputs of one row.
    pub(in crate::surrogate) fn push(&self, row: &[f64], inputs: &mut Vec<f32>) {
        for scale in &self.0 {
            let unit = (row[scale.column] - scale.center) * scale.factor;
            let bent = unit / (1.0 + unit * unit / (BOUND * BOUND)).sqrt();
            inputs.push(if bent.is_nan() { 0.0 } else { bent as f32 });
            if scale.is_sparse {
                inputs.push(f32::from(u8::from(row[scale.column].is_nan())));
            }
        }
    }

    pub(in crate::surrogate) fn write(&self, tensors: &mut Tensors) {
        tensors.push_narrow("column", &self.0.iter().map(|scale| scale.column as u32).collect::<Vec<_>>());
        tensors.push_real("column_center", &self.0.iter().map(|scale| scale.center).collect::<Vec<_>>());
        tensors.push_real("column_factor", &self.0.iter().map(|scale| scale.factor).collect::<Vec<_>>());
        tensors.push_u8("column_sparse", &self.0.iter().map(|scale| u8::from(scale.is_sparse)).collect::<Vec<_>>());
    }

    /// Reads the columns of rows of `width` back.
    pub(in crate::surrogate) fn read(tensors: &Tensors, width: usize) -> Result<Self, TensorError> {
        let columns = tensors.narrow("column")?;
        let (centers, factors) = (tensors.real("column_center")?, tensors.real("column_factor")?);
        let sparse = tensors.u8s("column_sparse")?;
        if [centers.len(), factors.len(), sparse.len()] != [columns.len(); 3] {
            return Err(TensorError::invalid("column", "parts of different lengths"));
        }
        if columns.iter().any(|&column| column as usize >= width) {
            return Err(TensorError::invalid("column", format!("a column outside a row of {width}")));
        }
        let scale = |place: usize| ColumnScale {
            column: columns[place] as usize,
            center: centers[place],
            factor: factors[place],
            is_sparse: sparse[place] != 0,
        };
        Ok(Self((0..columns.len()).map(scale).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_value_is_zero_with_a_mark_and_outliers_are_bounded() {
        let values = [1.0, 5.0, 2.0, f64::NAN, 3.0, 5.0, 4.0, 5.0, 5.0, 5.0];
        let x = TrainingMatrix { values: &values, width: 2 };
        let columns = ScaledColumns::fit(x, &[1, 0]);
        assert_eq!(columns.num_inputs(), 3);
        let mut inputs = Vec::new();
        columns.push(&[1e9, f64::NAN], &mut inputs);
        // The second column never varies: 0, and marked as missing.
        assert_eq!(inputs, [0.0, 1.0, 3.0]);
        inputs.clear();
        columns.push(&[3.0, 5.0], &mut inputs);
        assert_eq!(inputs, [0.0, 0.0, 0.0]);
    }
}
