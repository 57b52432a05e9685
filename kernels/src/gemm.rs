//! Matrix products: every element is one chain of fused multiply-adds over the inner index, in order.
//!
//! So its bits depend on its own row and column only: neither on the shape of the tiles, nor on how many rows are
//! multiplied at once, nor on the level. Processors without fused multiply-add emulate it, slowly and to the same bit.

mod real {
    /// What products need of `f32` and `f64`.
    pub trait Real: Copy + std::ops::Mul<Output = Self> {
        /// 0.
        const ZERO: Self;
        /// `self · factor + sum`, rounded once.
        fn fused(self, factor: Self, sum: Self) -> Self;
    }

    impl Real for f32 {
        const ZERO: Self = 0.0;
        #[inline(always)]
        fn fused(self, factor: Self, sum: Self) -> Self {
            self.mul_add(factor, sum)
        }
    }

    impl Real for f64 {
        const ZERO: Self = 0.0;
        #[inline(always)]
        fn fused(self, factor: Self, sum: Self) -> Self {
            self.mul_add(factor, sum)
        }
    }
}

pub(crate) use real::Real;

/// A matrix in memory, or the transpose of one.
#[derive(Copy, Clone, Debug)]
pub struct Matrix<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Distance between the rows of what is in memory.
    pub(crate) stride: usize,
    pub(crate) is_transposed: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// `rows` × `columns` values, row after row.
    ///
    /// # Panics
    /// If their number is another.
    pub fn new(values: &'a [T], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    /// The same where rows begin every `stride` values.
    ///
    /// # Panics
    /// If a row is longer than the stride or outside the values.
    pub fn strided(values: &'a [T], rows: usize, columns: usize, stride: usize) -> Self {
        assert!(columns <= stride, "a row fits its stride");
        assert!(rows == 0 || (rows - 1) * stride + columns <= values.len(), "rows lie inside the values");
        Self { values, rows, columns, stride, is_transposed: false }
    }

    /// The transpose.
    pub fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, is_transposed: !self.is_transposed, ..self }
    }
}

/// Widest panel of any level: what [`packed_len`] rounds up to.
const WIDEST: usize = 32;

/// Length of the scratch for a second factor of `inner` × `columns`.
pub fn packed_len(inner: usize, columns: usize) -> usize {
    inner * columns.next_multiple_of(WIDEST)
}

/// Rows and columns of a tile at the level of every processor.
const TILE: [usize; 2] = [4, 8];

/// Adds `scale · a · b` to the rows of `sum`, which begin every `stride` values.
///
/// # Panics
/// If shapes do not fit, or `packed` is shorter than [`packed_len`] of `b`.
#[inline(always)]
pub(crate) fn multiply_add<T: Real>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    scale: T,
    sum: &mut [T],
    stride: usize,
    packed: &mut [T],
) {
    let Some(packed) = pack(a, b, scale, sum, stride, packed, TILE[1]) else { return };
    for (number, panel) in packed.chunks_exact(a.columns * TILE[1]).enumerate() {
        let first = number * TILE[1];
        let width = TILE[1].min(b.columns - first);
        let mut row = 0;
        while row < a.rows {
            let tile = Tile { row, rows: TILE[0].min(a.rows - row), width };
            tile.add(a, panel, &mut sum[row * stride + first..], stride);
            row += TILE[0];
        }
    }
}

/// Checks shapes and copies `scale · b` into panels of `lanes` columns, each row after row, the last one filled up with
/// zeros. None if there is nothing to add.
#[inline(always)]
pub(crate) fn pack<'p, T: Real>(
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    scale: T,
    sum: &[T],
    stride: usize,
    packed: &'p mut [T],
    lanes: usize,
) -> Option<&'p [T]> {
    assert!(a.columns == b.rows && b.columns <= stride, "shapes fit");
    assert!(a.rows == 0 || (a.rows - 1) * stride + b.columns <= sum.len(), "the sum holds every row");
    if a.rows == 0 || b.rows == 0 || b.columns == 0 {
        return None;
    }
    let packed = &mut packed[..b.rows * b.columns.next_multiple_of(lanes)];
    for (number, panel) in packed.chunks_exact_mut(b.rows * lanes).enumerate() {
        let first = number * lanes;
        let width = lanes.min(b.columns - first);
        if width < lanes {
            panel.fill(T::ZERO);
        }
        if b.is_transposed {
            for column in 0..width {
                let source = &b.values[(first + column) * b.stride..][..b.rows];
                for (out, &value) in panel[column..].iter_mut().step_by(lanes).zip(source) {
                    *out = value * scale;
                }
            }
        } else {
            for (row, out) in panel.chunks_exact_mut(lanes).enumerate() {
                let source = &b.values[row * b.stride + first..][..width];
                for (out, &value) in out.iter_mut().zip(source) {
                    *out = value * scale;
                }
            }
        }
    }
    Some(packed)
}

/// Where a tile begins and how much of it there is.
struct Tile {
    row: usize,
    rows: usize,
    width: usize,
}

impl Tile {
    #[inline(always)]
    fn add<T: Real>(&self, a: Matrix<'_, T>, panel: &[T], sum: &mut [T], stride: usize) {
        let mut sums = [[T::ZERO; TILE[1]]; TILE[0]];
        for (i, sums) in sums[..self.rows].iter_mut().enumerate() {
            sums[..self.width].copy_from_slice(&sum[i * stride..][..self.width]);
        }
        let (row_step, step) = if a.is_transposed { (1, a.stride) } else { (a.stride, 1) };
        for (k, b) in panel.as_chunks::<{ TILE[1] }>().0.iter().enumerate() {
            for (i, sums) in sums[..self.rows].iter_mut().enumerate() {
                let factor = a.values[(self.row + i) * row_step + k * step];
                for (sum, &b) in sums.iter_mut().zip(b) {
                    *sum = factor.fused(b, *sum);
                }
            }
        }
        for (i, sums) in sums[..self.rows].iter().enumerate() {
            sum[i * stride..][..self.width].copy_from_slice(&sums[..self.width]);
        }
    }
}
