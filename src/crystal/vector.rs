//! Arithmetic of vectors in three dimensions.

/// A vector in Å, or fractional coordinates.
pub(super) type Vector = [f64; 3];

/// `a + b`.
pub(super) fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

/// `a − b`.
pub(super) fn sub(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// `factor · a`.
pub(super) fn scale(factor: f64, a: Vector) -> Vector {
    [factor * a[0], factor * a[1], factor * a[2]]
}

/// Scalar product.
pub(super) fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Length.
pub(super) fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

/// Vector product.
pub(super) fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// `row · matrix`, the matrix given by its rows.
pub(super) fn multiply(row: Vector, matrix: &[Vector; 3]) -> Vector {
    std::array::from_fn(|j| row[0] * matrix[0][j] + row[1] * matrix[1][j] + row[2] * matrix[2][j])
}
