//! Reduced bases: the shortest vectors that span a lattice, so that searches for images stay small however skewed the cell.

use super::Lattice;
use super::vector::{Vector, dot, multiply, scale, sub};

/// Rounds after which a reduction stops as it is; each shortens a vector, so it is a bound for inputs at the edge of
/// what f64 holds (a reduced basis makes searches fast, their result does not depend on it).
const MAX_ROUNDS: usize = 1000;

/// A basis of a lattice whose vectors are as short as possible, the shortest one last.
///
/// Minkowski reduction in three dimensions: Semaev (2001), doi 10.1007/3-540-44670-2_13.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reduction {
    /// The vectors, in Å.
    pub rows: [Vector; 3],
    /// `rows = transform · lattice`, whole numbers of determinant ±1.
    transform: [[i64; 3]; 3],
    /// Inverse of `transform`, as numbers to multiply fractional coordinates with.
    inverse: [Vector; 3],
}

impl Reduction {
    /// Reduces the basis of a lattice.
    pub fn new(lattice: &Lattice) -> Self {
        let mut rows = *lattice.rows();
        let mut transform = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        for _ in 0..MAX_ROUNDS {
            sort(&mut rows, &mut transform);
            reduce_pair(&mut rows, &mut transform);
            sort(&mut rows, &mut transform);
            if !reduce_longest(&mut rows, &mut transform) {
                break;
            }
        }
        let exact = transform.map(|row| multiply(row.map(|n| n as f64), lattice.rows()));
        let inverse = inverse(&transform);
        Self { rows: exact, transform, inverse }
    }

    /// Fractional coordinates in the reduced basis.
    pub fn frac(&self, frac: Vector) -> Vector {
        multiply(frac, &self.inverse)
    }

    /// The reduced vectors in steps of the lattice; means nothing beyond ±2³¹ of them.
    pub fn steps(&self) -> [[i32; 3]; 3] {
        self.transform.map(|row| row.map(|n| n as i32))
    }
}

/// Longest first; vectors of equal length keep their order, so that a reduced cell stays as it is.
fn sort(rows: &mut [Vector; 3], transform: &mut [[i64; 3]; 3]) {
    for (i, j) in [(0, 1), (1, 2), (0, 1)] {
        if dot(rows[i], rows[i]) < dot(rows[j], rows[j]) {
            rows.swap(i, j);
            transform.swap(i, j);
        }
    }
}

/// Gauss reduction of the two shortest vectors.
fn reduce_pair(rows: &mut [Vector; 3], transform: &mut [[i64; 3]; 3]) {
    for _ in 0..MAX_ROUNDS {
        let factor = (dot(rows[1], rows[2]) / dot(rows[2], rows[2])).round_ties_even();
        if !subtract(rows, transform, 1, [0.0, 0.0, factor]) {
            return;
        }
        if dot(rows[1], rows[1]) < dot(rows[2], rows[2]) {
            rows.swap(1, 2);
            transform.swap(1, 2);
        }
    }
}

/// Shortens the longest vector by the best of the whole combinations of the others; whether there was one.
fn reduce_longest(rows: &mut [Vector; 3], transform: &mut [[i64; 3]; 3]) -> bool {
    let [a, b, c] = *rows;
    let (bb, bc, cc) = (dot(b, b), dot(b, c), dot(c, c));
    let determinant = bb * cc - bc * bc;
    if determinant <= 0.0 {
        return false;
    }
    let (ab, ac) = (dot(a, b), dot(a, c));
    let centre = [(ab * cc - ac * bc) / determinant, (ac * bb - ab * bc) / determinant].map(f64::round_ties_even);
    let mut best = ([0.0; 3], dot(a, a));
    for i in [-1.0, 0.0, 1.0] {
        for j in [-1.0, 0.0, 1.0] {
            let factors = [0.0, centre[0] + i, centre[1] + j];
            let shorter = sub(sub(a, scale(factors[1], b)), scale(factors[2], c));
            let square = dot(shorter, shorter);
            if square < best.1 {
                best = (factors, square);
            }
        }
    }
    subtract(rows, transform, 0, best.0)
}

/// `rows[which] -= factors · rows`, if that shortens it by more than rounding does.
fn subtract(rows: &mut [Vector; 3], transform: &mut [[i64; 3]; 3], which: usize, factors: Vector) -> bool {
    let mut shorter = rows[which];
    for (factor, row) in factors.iter().zip(*rows) {
        shorter = sub(shorter, scale(*factor, row));
    }
    if dot(shorter, shorter) >= dot(rows[which], rows[which]) * (1.0 - 1e-10) {
        return false;
    }
    rows[which] = shorter;
    let mut whole = transform[which];
    for (factor, row) in factors.iter().zip(*transform) {
        for (target, value) in whole.iter_mut().zip(row) {
            *target = target.saturating_sub((*factor as i64).saturating_mul(value));
        }
    }
    transform[which] = whole;
    true
}

/// Inverse of a whole matrix of determinant ±1: its adjugate, with the sign of the determinant.
fn inverse(m: &[[i64; 3]; 3]) -> [Vector; 3] {
    let cofactor = |i: usize, j: usize| {
        let (r, s) = ((i + 1) % 3, (i + 2) % 3);
        let (t, u) = ((j + 1) % 3, (j + 2) % 3);
        i128::from(m[r][t]) * i128::from(m[s][u]) - i128::from(m[r][u]) * i128::from(m[s][t])
    };
    let determinant: i128 = (0..3).map(|j| i128::from(m[0][j]) * cofactor(0, j)).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| (cofactor(j, i) * determinant) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crystal::vector::norm;

    #[test]
    fn a_skewed_cubic_cell_becomes_the_cube() {
        let lattice = Lattice::new([[3.0, 0.0, 0.0], [150.0, 3.0, 0.0], [-21.0, 600.0, 3.0]]).expect("a cell");
        let reduction = Reduction::new(&lattice);
        for row in reduction.rows {
            assert!((norm(row) - 3.0).abs() < 1e-10, "{:?}", reduction.rows);
        }
    }

    #[test]
    fn a_reduced_cell_is_kept_longest_first() {
        let reduction =
            Reduction::new(&Lattice::new([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 1.0, 4.0]]).expect("a cell"));
        assert_eq!(reduction.rows, [[0.0, 1.0, 4.0], [0.0, 3.0, 0.0], [2.0, 0.0, 0.0]]);
        assert_eq!(reduction.frac([0.1, 0.2, 0.3]), [0.3, 0.2, 0.1]);
        assert_eq!(reduction.steps(), [[0, 0, 1], [0, 1, 0], [1, 0, 0]]);
    }

    #[test]
    fn coordinates_and_images_keep_their_place() {
        let lattice = Lattice::new([[3.1, 0.2, 0.0], [-8.0, 2.9, 0.4], [11.0, 7.0, 5.0]]).expect("a cell");
        let reduction = Reduction::new(&lattice);
        let close = |a: Vector, b: Vector| assert!(norm(sub(a, b)) < 1e-12, "{a:?} {b:?}");
        close(multiply(reduction.frac([0.3, -0.6, 0.9]), &reduction.rows), lattice.cart([0.3, -0.6, 0.9]));
        for (steps, row) in reduction.steps().iter().zip(reduction.rows) {
            close(lattice.cart(steps.map(f64::from)), row);
        }
    }
}
