//! What trees are trained on.

/// Row-major features; NaN = missing.
#[derive(Copy, Clone, Debug)]
pub struct TrainingMatrix<'a> {
    /// Values, rows × width.
    pub values: &'a [f64],
    /// Number of columns.
    pub width: usize,
}

impl TrainingMatrix<'_> {
    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// Panics where training has no meaning; `y` are the targets of the rows.
    pub(super) fn check(&self, y: &[f64]) {
        assert!(self.width > 0 && self.width <= usize::from(u16::MAX) / 2, "between 1 and 32,767 columns");
        assert_eq!(self.values.len(), y.len() * self.width, "one target a row");
        assert!(!y.is_empty() && u32::try_from(y.len()).is_ok(), "between 1 and 2^32 - 1 rows");
        assert!(y.iter().all(|y| y.is_finite()), "targets are finite");
        assert!(!self.values.iter().any(|x| x.is_infinite()), "features are finite or missing");
    }
}
