//! Hyperparameters by marginal likelihood.

use matsieve_kernels::cholesky::{factor, scratch_len, solve};
use matsieve_kernels::dispatch::Level;

use super::covariance::{Hyperparameters, Points};

/// Marginal likelihood of targets of mean 0, with the best scale; the scale beside it. None if the matrix is singular.
pub(super) fn likelihood(points: &Points, targets: &[f64], hyper: Hyperparameters) -> Option<(f64, f64)> {
    let (n, level) = (points.len(), Level::best());
    let (mut matrix, mut scratch) = (Vec::new(), vec![0.0; scratch_len(n, n)]);
    points.covariances(points, hyper, &mut matrix, &mut scratch);
    for row in 0..n {
        matrix[row * n + row] += hyper.noise;
    }
    if !factor(level, &mut matrix, n, &mut scratch) {
        return None;
    }
    let mut solved = targets.to_vec();
    solve(level, &matrix, n, &mut solved, 1, &mut scratch);
    let (mut square, mut log_root) = (0.0, 0.0);
    for (row, value) in solved.iter().enumerate() {
        square += value * value;
        log_root += libm::log(matrix[row * n + row]);
    }
    let scale = (square / n as f64).max(1e-12);
    Some((-0.5 * n as f64 * libm::log(scale) - log_root, scale))
}

/// Climbs along one hyperparameter after the other, in ever smaller factors.
pub(super) fn search(points: &Points, targets: &[f64]) -> (Hyperparameters, f64) {
    let typical = (points.width as f64).sqrt();
    let mut best = Hyperparameters { length: typical, trend: 0.1, noise: 0.1 };
    let mut reached = likelihood(points, targets, best).unwrap_or((f64::NEG_INFINITY, 1.0));
    for factor in [4.0, 2.0, 1.4] {
        let mut improved = true;
        let mut rounds = 0;
        while improved && rounds < 3 {
            improved = false;
            rounds += 1;
            for part in 0..3 {
                for step in [factor, 1.0 / factor] {
                    let mut trial = best;
                    match part {
                        0 => trial.length = (trial.length * step).clamp(1e-2 * typical, 1e2 * typical),
                        1 => trial.trend = (trial.trend * step).clamp(1e-4, 1e3),
                        _ => trial.noise = (trial.noise * step).clamp(1e-4, 1e2),
                    }
                    if trial == best {
                        continue;
                    }
                    if let Some(found) = likelihood(points, targets, trial).filter(|found| found.0 > reached.0) {
                        (best, reached, improved) = (trial, found, true);
                    }
                }
            }
        }
    }
    (best, reached.1)
}

#[cfg(test)]
mod tests {
    use super::super::super::networks::Stream;
    use super::*;

    #[test]
    fn likelihood_of_two_rows_is_the_one_by_hand() {
        // Far apart and without trend the matrix is (1 + noise) times the identity: scale (1 + 4)/(2·1.5), determinant 1.5².
        let points = Points::new(vec![0.0, 1e6], 1);
        let hyper = Hyperparameters { length: 1.0, trend: 0.0, noise: 0.5 };
        let (value, scale) = likelihood(&points, &[1.0, 2.0], hyper).expect("definite");
        assert!((scale - 5.0 / 3.0).abs() < 1e-12, "{scale}");
        assert!((value - (-(5.0_f64 / 3.0).ln() - 1.5_f64.ln())).abs() < 1e-12, "{value}");
    }

    #[test]
    fn noise_is_found_where_there_is_some() {
        let mut stream = Stream::new(3, "noise");
        let x: Vec<f64> = (0..300).map(|_| f64::from(stream.normal())).collect();
        let smooth: Vec<f64> = x.iter().map(|x| (2.0 * x).sin()).collect();
        let noisy: Vec<f64> = smooth.iter().map(|y| y + 0.5 * f64::from(stream.normal())).collect();
        let points = Points::new(x, 1);
        let (clean, _) = search(&points, &smooth);
        let (rough, scale) = search(&points, &noisy);
        assert!(clean.noise < 1e-2, "{clean:?}");
        // Noise of variance 0.25.
        assert!((0.15..0.4).contains(&(rough.noise * scale)), "{rough:?} {scale}");
    }
}
