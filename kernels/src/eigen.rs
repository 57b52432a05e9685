//! Eigenvalues of real symmetric matrices.

use crate::exp::{LANES, fold};

/// Most steps that one eigenvalue may take; two to three are usual.
const MAX_STEPS: usize = 60;

/// Writes the eigenvalues of a symmetric matrix into `values`, in no particular order.
///
/// `matrix` holds n rows of n numbers, of which the lower triangle is read and destroyed; `off_diagonal` is working memory of
/// n numbers. Householder's reduction to tridiagonal form, then the implicit QL method: EISPACK's `tred1` and `imtql1`
/// (Smith et al., 1976, doi 10.1007/3-540-07546-1).
///
/// Answers false where an eigenvalue was not found: entries that are not finite.
///
/// # Panics
/// If lengths do not fit.
#[inline(always)]
pub fn symmetric_eigenvalues(matrix: &mut [f64], values: &mut [f64], off_diagonal: &mut [f64]) -> bool {
    let n = values.len();
    assert!(matrix.len() == n * n && off_diagonal.len() == n);
    tridiagonal(matrix, values, off_diagonal);
    ql(values, off_diagonal)
}

#[inline(always)]
fn tridiagonal(matrix: &mut [f64], diagonal: &mut [f64], off: &mut [f64]) {
    let n = diagonal.len();
    for i in (1..n).rev() {
        let (above, row) = matrix.split_at_mut(i * n);
        let v = &mut row[..i];
        let scale = v.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        if i == 1 || scale == 0.0 {
            off[i] = v[i - 1];
            continue;
        }
        for x in v.iter_mut() {
            *x /= scale;
        }
        let mut h = dot(v, v);
        let last = v[i - 1];
        let g = if last >= 0.0 { -h.sqrt() } else { h.sqrt() };
        off[i] = scale * g;
        h -= last * g;
        v[i - 1] = last - g;
        // p = A v / h over the lower triangle, row by row.
        let p = &mut off[..i];
        p.fill(0.0);
        for j in 0..i {
            let lower = &above[j * n..j * n + j];
            let x = v[j];
            p[j] = p[j] + dot(lower, &v[..j]) + above[j * n + j] * x;
            for (p, a) in p[..j].iter_mut().zip(lower) {
                *p += a * x;
            }
        }
        for p in p.iter_mut() {
            *p /= h;
        }
        let half = dot(p, v) / (h + h);
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p -= half * v;
        }
        for j in 0..i {
            let (f, g) = (v[j], p[j]);
            for ((a, p), v) in above[j * n..=j * n + j].iter_mut().zip(p.iter()).zip(v.iter()) {
                *a -= f * p + g * v;
            }
        }
    }
    for (i, d) in diagonal.iter_mut().enumerate() {
        *d = matrix[i * n + i];
    }
    if let Some(first) = off.first_mut() {
        *first = 0.0;
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let ((stripes_a, rest_a), (stripes_b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in stripes_a.iter().zip(stripes_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        sums[lane] += a * b;
    }
    fold(sums)
}

/// `off[i]` couples `i − 1` and `i`; `off[0]` is not read.
#[inline(always)]
fn ql(d: &mut [f64], off: &mut [f64]) -> bool {
    let n = d.len();
    if n == 0 {
        return true;
    }
    for i in 1..n {
        off[i - 1] = off[i];
    }
    off[n - 1] = 0.0;
    for l in 0..n {
        for step in 0.. {
            // The block that ends where a coupling is negligible.
            let negligible = |m: usize| off[m].abs() <= f64::EPSILON * (d[m].abs() + d[m + 1].abs());
            let m = (l..n - 1).find(|&m| negligible(m)).unwrap_or(n - 1);
            if m == l {
                break;
            }
            if step == MAX_STEPS {
                return false;
            }
            let mut g = (d[l + 1] - d[l]) / (2.0 * off[l]);
            let mut r = (g * g + 1.0).sqrt();
            g = d[m] - d[l] + off[l] / (g + if g >= 0.0 { r } else { -r });
            let (mut sine, mut cosine, mut p) = (1.0, 1.0, 0.0);
            let mut split = false;
            for i in (l..m).rev() {
                let f = sine * off[i];
                let b = cosine * off[i];
                r = (f * f + g * g).sqrt();
                off[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    off[m] = 0.0;
                    split = true;
                    break;
                }
                sine = f / r;
                cosine = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * sine + 2.0 * cosine * b;
                p = sine * r;
                d[i + 1] = g + p;
                g = cosine * r - b;
            }
            if !split {
                d[l] -= p;
                off[l] = g;
                off[m] = 0.0;
            }
        }
    }
    d.iter().all(|value| value.is_finite())
}
