//! Symmetric positive definite systems, in blocks whose products are those of [`gemm`](crate::gemm).
//!
//! Matrices are square, row after row; of a symmetric one and of its factor only the lower triangle counts. What a right-hand
//! side becomes depends on that side only, not on how many are solved at once.

use crate::dispatch::{Level, divide_rows, factor_block, multiply_add_f64};
use crate::gemm::{Matrix, packed_len};

/// Rows of a block.
const BLOCK: usize = 64;

/// Length of the scratch of [`factor`] and [`solve`] for `size` rows and `sides` right-hand sides.
pub fn scratch_len(size: usize, sides: usize) -> usize {
    size * BLOCK + packed_len(BLOCK, size.max(sides).max(BLOCK))
}

/// Replaces the lower triangle by its Cholesky factor; false if the matrix is not positive definite.
///
/// # Panics
/// If lengths do not fit, or the scratch is shorter than [`scratch_len`].
pub fn factor(level: Level, matrix: &mut [f64], size: usize, scratch: &mut [f64]) -> bool {
    assert_eq!(matrix.len(), size * size, "a square matrix");
    let (column, packed) = scratch.split_at_mut(size * BLOCK);
    let mut start = 0;
    while start < size {
        let end = size.min(start + BLOCK);
        let width = end - start;
        if !factor_block(level, &mut matrix[start * size..], size, start, width) {
            return false;
        }
        let below = size - end;
        let column = &mut column[..below * width];
        for (row, out) in column.chunks_exact_mut(width).enumerate() {
            out.copy_from_slice(&matrix[(end + row) * size + start..][..width]);
        }
        let mut first = end;
        while first < size {
            let last = size.min(first + BLOCK);
            let rows = Matrix::new(&column[(first - end) * width..], size - first, width);
            let own = Matrix::new(&column[(first - end) * width..], last - first, width).transposed();
            multiply_add_f64(level, rows, own, -1.0, &mut matrix[first * size + first..], size, packed);
            first = last;
        }
        start = end;
    }
    true
}

/// Replaces the `sides` columns of `right` by the solutions of `L x = right`.
///
/// # Panics
/// If lengths do not fit, or the scratch is shorter than [`scratch_len`].
pub fn solve(level: Level, lower: &[f64], size: usize, right: &mut [f64], sides: usize, scratch: &mut [f64]) {
    assert!(lower.len() == size * size && right.len() == size * sides, "a square matrix and its right-hand sides");
    let mut start = 0;
    while start < size {
        let end = size.min(start + BLOCK);
        let (own, below) = right[start * sides..].split_at_mut((end - start) * sides);
        divide_rows(level, &lower[start * size + start..], size, own, sides);
        if end < size {
            let factors = Matrix::strided(&lower[end * size + start..], size - end, end - start, size);
            multiply_add_f64(level, factors, Matrix::new(own, end - start, sides), -1.0, below, sides, scratch);
        }
        start = end;
    }
}

/// Replaces `right` by the solution of `Lᵀ x = right`.
///
/// # Panics
/// If lengths do not fit.
pub fn solve_transposed(lower: &[f64], size: usize, right: &mut [f64]) {
    assert!(lower.len() == size * size && right.len() == size, "a square matrix and its right-hand side");
    for row in (0..size).rev() {
        right[row] /= lower[row * size + row];
        let value = right[row];
        for (out, factor) in right[..row].iter_mut().zip(&lower[row * size..]) {
            *out -= factor * value;
        }
    }
}

/// Factors `width` columns from `start` on, in all rows from `start` on.
#[inline(always)]
pub(crate) fn block(matrix: &mut [f64], size: usize, start: usize, width: usize) -> bool {
    let rows = size - start;
    for i in 0..rows {
        let (above, own) = matrix.split_at_mut(i * size);
        let own = &mut own[start..start + width];
        for j in 0..width.min(i) {
            let other = &above[j * size + start..][..width];
            let mut value = own[j];
            for k in 0..j {
                value -= own[k] * other[k];
            }
            own[j] = value / other[j];
        }
        if i < width {
            let mut value = own[i];
            for factor in &own[..i] {
                value -= factor * factor;
            }
            if value.is_nan() || value <= 0.0 {
                return false;
            }
            own[i] = value.sqrt();
        }
    }
    true
}

/// Solves the system of one diagonal block, for all sides at once.
#[inline(always)]
pub(crate) fn divide(lower: &[f64], size: usize, right: &mut [f64], sides: usize) {
    for row in 0..right.len() / sides {
        let (above, own) = right.split_at_mut(row * sides);
        let own = &mut own[..sides];
        for (done, factor) in above.chunks_exact(sides).zip(&lower[row * size..]) {
            for (out, value) in own.iter_mut().zip(done) {
                *out -= factor * value;
            }
        }
        let diagonal = lower[row * size + row];
        for out in own {
            *out /= diagonal;
        }
    }
}

/// Replaces squared distances by Matérn covariances of smoothness 5/2 at the length `1 / inverse`:
/// `(1 + s + s²/3) e^−s`, `s = √5 r`.
///
/// # References
/// C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006), equation 4.17.
#[inline(always)]
pub fn matern(squares: &mut [f64], inverse: f64) {
    for square in squares {
        let s = (5.0 * square.max(0.0)).sqrt() * inverse;
        *square = (1.0 + s + s * s / 3.0) * crate::exp::exp(-s);
    }
}
