//! Columns, and rows of numbers.

use std::sync::Arc;

use crate::units::Unit;

/// What the numbers of one column are and in which unit. Travels with every matrix, model and data set.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Column {
    /// Label of the reference implementation, e.g. `MagpieData mean Number`.
    pub label: String,
    /// Unit of the values.
    pub unit: Unit,
}

impl Column {
    /// A column.
    pub fn new(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit }
    }
}

/// A publication, and what was taken from it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reference {
    /// DOI without resolver, or a URL where there is none.
    pub doi: &'static str,
    /// What was taken: definition, table, equation number.
    pub taken: &'static str,
}

/// Row-major block of numbers; columns are fixed for the run.
#[derive(Clone, Debug)]
pub struct FeatureMatrix {
    columns: Arc<[Column]>,
    values: Vec<f64>,
}

impl FeatureMatrix {
    /// A matrix without rows.
    pub fn new(columns: Arc<[Column]>) -> Self {
        Self { columns, values: Vec::new() }
    }

    /// Columns, in order.
    pub fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Number of rows (0 for a matrix without columns).
    pub fn num_rows(&self) -> usize {
        self.values.len().checked_div(self.width()).unwrap_or(0)
    }

    /// Makes room for `rows` rows of NaN, keeping the allocation.
    pub fn reset(&mut self, rows: usize) {
        self.values.clear();
        self.values.resize(rows * self.width(), f64::NAN);
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row-major, to be filled.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.width();
        &self.values[row * width..(row + 1) * width]
    }
}

/// A read-only view of some rows and some columns of a row-major matrix: what a surrogate sees.
#[derive(Copy, Clone, Debug)]
pub struct Rows<'a> {
    values: &'a [f64],
    stride: usize,
    rows: &'a [usize],
    columns: &'a [usize],
}

impl<'a> Rows<'a> {
    /// `rows` are row numbers and `columns` column numbers of the row-major `values` of width `stride`.
    ///
    /// # Panics
    /// If a row or column lies outside.
    pub fn new(values: &'a [f64], stride: usize, rows: &'a [usize], columns: &'a [usize]) -> Self {
        assert!(columns.iter().all(|&column| column < stride), "column outside the matrix");
        assert!(rows.iter().all(|&row| (row + 1) * stride <= values.len()), "row outside the matrix");
        Self { values, stride, rows, columns }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// One value; `row` and `column` count within the view.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.values[self.rows[row] * self.stride + self.columns[column]]
    }

    /// Position of every column of the view in a row of [`matrix_row`](Self::matrix_row).
    pub fn columns(&self) -> &'a [usize] {
        self.columns
    }

    /// One row with all columns of the matrix behind the view; for loops that take many rows of one column.
    pub fn matrix_row(&self, row: usize) -> &'a [f64] {
        &self.values[self.rows[row] * self.stride..][..self.stride]
    }

    /// Copies one row of the view into `out` (`width` values).
    pub fn gather(&self, row: usize, out: &mut [f64]) {
        let source = &self.values[self.rows[row] * self.stride..][..self.stride];
        for (value, &column) in out.iter_mut().zip(self.columns) {
            *value = source[column];
        }
    }

    /// The same columns of a part of the rows.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self { rows: &self.rows[range], ..*self }
    }
}
