//! Löwdin's symmetric orthonormalisation: the inverse square root of an overlap matrix.

use super::double_double::DoubleDouble;

/// Sweeps after which a Jacobi iteration of at most 20 × 20 numbers has long converged.
const MAX_SWEEPS: usize = 60;

/// `S^(−1/2)` of a symmetric positive matrix of `n` rows; `None` where an eigenvalue is not above 0.
///
/// Jacobi rotations in [`DoubleDouble`]: radial functions overlap so much that the eigenvalues of twelve of them span
/// eleven orders of magnitude, twenty of them more than an `f64` resolves.
pub(super) fn inverse_square_root(matrix: Vec<DoubleDouble>, n: usize) -> Option<Vec<f64>> {
    let (values, vectors) = eigen(matrix, n);
    if values.iter().any(|value| value.value().partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater)) {
        return None;
    }
    let scales: Vec<_> = values.iter().map(|value| DoubleDouble::ONE / value.sqrt()).collect();
    let mut root = Vec::with_capacity(n * n);
    for i in 0..n {
        for j in 0..n {
            let mut sum = DoubleDouble::ZERO;
            for (k, &scale) in scales.iter().enumerate() {
                sum = sum + vectors[i * n + k] * scale * vectors[j * n + k];
            }
            root.push(sum.value());
        }
    }
    Some(root)
}

/// Eigenvalues, and eigenvectors in columns, of a symmetric matrix.
fn eigen(mut a: Vec<DoubleDouble>, n: usize) -> (Vec<DoubleDouble>, Vec<DoubleDouble>) {
    let mut vectors = vec![DoubleDouble::ZERO; n * n];
    for i in 0..n {
        vectors[i * n + i] = DoubleDouble::ONE;
    }
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let off = a[p * n + q];
                let scale = (a[p * n + p].value() * a[q * n + q].value()).abs().sqrt();
                if off.value().abs() <= 1e-33 * scale {
                    continue;
                }
                rotated = true;
                let [cosine, sine] = rotation(a[p * n + p], a[q * n + q], off);
                for k in 0..n {
                    let (left, right) = (a[k * n + p], a[k * n + q]);
                    a[k * n + p] = cosine * left - sine * right;
                    a[k * n + q] = sine * left + cosine * right;
                }
                for k in 0..n {
                    let (left, right) = (a[p * n + k], a[q * n + k]);
                    a[p * n + k] = cosine * left - sine * right;
                    a[q * n + k] = sine * left + cosine * right;
                    let (left, right) = (vectors[k * n + p], vectors[k * n + q]);
                    vectors[k * n + p] = cosine * left - sine * right;
                    vectors[k * n + q] = sine * left + cosine * right;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), vectors)
}

/// Cosine and sine of the rotation that makes `off` vanish.
fn rotation(first: DoubleDouble, second: DoubleDouble, off: DoubleDouble) -> [DoubleDouble; 2] {
    let slope = (second - first) / (off + off);
    let length = (slope * slope + DoubleDouble::ONE).sqrt();
    let tangent = DoubleDouble::ONE / (slope.abs() + length);
    let tangent = if slope.value() < 0.0 { -tangent } else { tangent };
    let cosine = DoubleDouble::ONE / (tangent * tangent + DoubleDouble::ONE).sqrt();
    [cosine, tangent * cosine]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[f64]) -> Vec<DoubleDouble> {
        rows.iter().copied().map(DoubleDouble::from).collect()
    }

    /// Eigenvalues 1 and 9 along (1, ∓1)/√2, so S^(−1/2) = ½ (1 + ⅓, −1 + ⅓; …).
    #[test]
    fn inverse_root_of_5_4_4_5_is_two_thirds_and_minus_one_third() {
        let root = inverse_square_root(matrix(&[5.0, 4.0, 4.0, 5.0]), 2).expect("positive");
        for (value, expected) in root.iter().zip([2.0 / 3.0, -1.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0]) {
            assert!((value - expected).abs() < 1e-16, "{root:?}");
        }
    }

    #[test]
    fn a_matrix_with_a_negative_eigenvalue_has_none() {
        assert!(inverse_square_root(matrix(&[1.0, 2.0, 2.0, 1.0]), 2).is_none());
    }

    /// The Hilbert matrix of order 12 has condition 1.7e16: no `f64` iteration finds its smallest eigenvalue.
    #[test]
    fn smallest_eigenvalue_of_the_hilbert_matrix_has_13_digits() {
        let n = 12;
        let hilbert: Vec<_> =
            (0..n * n).map(|at| DoubleDouble::ONE / DoubleDouble::from((at / n + at % n + 1) as f64)).collect();
        let (values, vectors) = eigen(hilbert.clone(), n);
        let smallest = values.iter().map(|value| value.value()).fold(f64::INFINITY, f64::min);
        // mpmath 1.3, 60 digits: min(eigsy(hilbert(12))).
        assert!((smallest / 1.047_946_397_962_226_7e-16 - 1.0).abs() < 1e-13, "{smallest}");
        let column = values.iter().position(|value| value.value() == smallest).expect("it is one of them");
        for i in 0..n {
            let mut sum = DoubleDouble::ZERO;
            for j in 0..n {
                sum = sum + hilbert[i * n + j] * vectors[j * n + column];
            }
            let rest = (sum - values[column] * vectors[i * n + column]).value();
            assert!(rest.abs() < 1e-29, "row {i}: {rest}");
        }
    }
}
