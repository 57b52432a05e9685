//! Covariances between rows.

use matsieve_kernels::dispatch::{Level, matern, multiply_add_f64};
use matsieve_kernels::gemm::{Matrix, packed_len};

/// What the marginal likelihood chooses.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Hyperparameters {
    /// Length ℓ of the Matérn part.
    pub(super) length: f64,
    /// Weight a of the linear part.
    pub(super) trend: f64,
    /// Noise b.
    pub(super) noise: f64,
}

/// Rows of `width` numbers with their squared lengths.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    pub(super) values: Vec<f64>,
    squares: Vec<f64>,
    pub(super) width: usize,
}

impl Points {
    pub(super) fn new(values: Vec<f64>, width: usize) -> Self {
        let square = |row: &[f64]| row.iter().fold(0.0, |sum, value| sum + value * value);
        let squares = values.chunks_exact(width).map(square).collect();
        Self { values, squares, width }
    }

    pub(super) fn len(&self) -> usize {
        self.squares.len()
    }

    pub(super) fn choose(&self, rows: &[usize]) -> Self {
        let values = rows.iter().flat_map(|&row| self.row(row).iter().copied()).collect();
        Self::new(values, self.width)
    }

    pub(super) fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            values: self.values[range.start * self.width..range.end * self.width].to_vec(),
            squares: self.squares[range].to_vec(),
            width: self.width,
        }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// Covariances without noise and scale of every row of `self` (slow axis) with every row of `other`.
    pub(super) fn covariances(&self, other: &Self, hyper: Hyperparameters, out: &mut Vec<f64>, packed: &mut Vec<f64>) {
        let level = Level::best();
        let (rows, columns) = (self.len(), other.len());
        packed.resize(packed.len().max(packed_len(self.width, columns)), 0.0);
        let mut products = vec![0.0; rows * columns];
        let turned = Matrix::new(&other.values, columns, self.width).transposed();
        multiply_add_f64(
            level,
            Matrix::new(&self.values, rows, self.width),
            turned,
            1.0,
            &mut products,
            columns,
            packed,
        );
        out.clear();
        out.reserve(rows * columns);
        for (products, square) in products.chunks_exact(columns).zip(&self.squares) {
            out.extend(products.iter().zip(&other.squares).map(|(product, own)| square + own - 2.0 * product));
        }
        matern(level, out, 1.0 / hyper.length);
        let trend = hyper.trend / self.width as f64;
        for (out, product) in out.iter_mut().zip(&products) {
            *out += trend * product;
        }
    }

    /// Covariance of a row with itself, without noise and scale.
    pub(super) fn own(&self, row: usize, hyper: Hyperparameters) -> f64 {
        1.0 + hyper.trend / self.width as f64 * self.squares[row]
    }
}
