//! Standard deviation as a function of the members' spread, fitted to out-of-fold residuals.
//!
//! `ln std²` is a piecewise linear function of `ln spread`, fitted by the quasi-likelihood of squared residuals
//! (`Σ r²/σ² + ln σ²`, which asks only that the mean square is right, whatever the shape). Errors of materials data have kurtoses
//! of 10 to 400: the root mean square of a group of 100 rows is then uncertain by 10 to 100 %, and a map through the groups'
//! own values repeats their noise. So bends of the curve are penalised in proportion to the dispersion of the scaled squares: it
//! follows well-behaved residuals closely and shrinks to `std ∝ spread` where a few rows rule the sum.
//!
//! # References
//! Quasi-likelihood and dispersion: McCullagh and Nelder, Generalized Linear Models, 2nd ed. (1989), chapters 8.3 and 9.2;
//! penalised splines with few knots: Ruppert, Wand, Carroll, Semiparametric Regression (2003), chapter 5.

use nalgebra::{DMatrix, DVector};

/// Pieces of the curve, and rows that each needs at least.
const PIECES: usize = 8;
const PIECE_ROWS: usize = 40;
/// Expected size of a bend: change of `d ln std² / d ln spread` from piece to piece.
const BEND: f64 = 1.5;
/// Expected deviation of the first slope from 2, which is `std ∝ spread`.
const SLOPE: f64 = 1.0;
/// Dispersion of scaled squares of a normal distribution: no sample is trusted more.
const NORMAL_DISPERSION: f64 = 2.0;
/// Spreads below this share of their root mean square are taken as equal.
const LEAST_SPREAD: f64 = 1e-3;
/// Points at which the curve is stored.
const POINTS: usize = 33;
const MAX_DISPERSION_ROUNDS: usize = 8;
const MAX_STEPS: usize = 60;

/// Spreads in ascending order and the standard deviation at each, not decreasing. Rows count alike; their order does not
/// matter beyond rounding.
pub(super) fn std_curve(residual: &[f64], spread: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let least = LEAST_SPREAD * root_mean_square(spread);
    let scale = root_mean_square(residual);
    let x: Vec<f64> = spread.iter().map(|&s| libm::log(s.max(least).max(f64::MIN_POSITIVE))).collect();
    let mut sorted = x.clone();
    sorted.sort_by(f64::total_cmp);
    let (first, last) = (sorted[0], sorted[sorted.len() - 1]);
    if scale == 0.0 || last - first < 1e-9 {
        return (vec![libm::exp(last)], vec![scale]);
    }
    let squares: Vec<f64> = residual.iter().map(|r| (r / scale) * (r / scale)).collect();
    let pieces = PIECES.min(x.len() / PIECE_ROWS + 1);
    let mut knots: Vec<f64> = (1..pieces).map(|i| sorted[i * sorted.len() / pieces]).collect();
    knots.dedup();
    let curve = Curve::fit(&x, &squares, knots);
    let mut at: Vec<f64> = (0..POINTS).map(|i| sorted[i * (sorted.len() - 1) / (POINTS - 1)]).collect();
    at.dedup();
    let mut greatest = f64::NEG_INFINITY;
    let stds = at.iter().map(|&x| {
        greatest = greatest.max(curve.at(x));
        scale * libm::exp(greatest / 2.0)
    });
    let mut stds: Vec<f64> = stds.collect();
    let spreads: Vec<f64> = at.iter().map(|&x| libm::exp(x)).collect();
    // Levelling falling stretches changes the level: it is set so that the mean scaled square is one again.
    let mut mean = 0.0;
    for (&r, x) in residual.iter().zip(&x) {
        let z = r / interpolate(&spreads, &stds, libm::exp(*x));
        mean += z * z / residual.len() as f64;
    }
    stds.iter_mut().for_each(|std| *std *= mean.sqrt());
    (spreads, stds)
}

/// Linear between the points, constant below the first, proportional to the spread above the last.
pub(super) fn interpolate(spreads: &[f64], stds: &[f64], spread: f64) -> f64 {
    let above = spreads.partition_point(|&known| known < spread);
    if above == 0 {
        stds[0]
    } else if above == spreads.len() {
        let last = spreads[above - 1];
        if last > 0.0 { stds[above - 1] * (spread / last) } else { stds[above - 1] }
    } else {
        let share = (spread - spreads[above - 1]) / (spreads[above] - spreads[above - 1]);
        stds[above - 1] + share * (stds[above] - stds[above - 1])
    }
}

/// `level + slope · (x − centre) + Σ bend · ((x − knot)₊ − its value at the centre)`.
struct Curve {
    centre: f64,
    knots: Vec<f64>,
    /// Level, slope, bends.
    coefficients: DVector<f64>,
}

impl Curve {
    fn fit(x: &[f64], squares: &[f64], knots: Vec<f64>) -> Self {
        let mut centre = 0.0;
        for value in x {
            centre += value / x.len() as f64;
        }
        let width = 2 + knots.len();
        let mut start = DVector::zeros(width);
        start[1] = 2.0;
        let mut curve = Self { centre, knots, coefficients: start.clone() };
        let rows: Vec<DVector<f64>> = x.iter().map(|&x| curve.basis(x)).collect();
        let mut dispersion = NORMAL_DISPERSION;
        for _ in 0..MAX_DISPERSION_ROUNDS {
            let penalty = DVector::from_fn(width, |place, _| match place {
                0 => 0.0,
                1 => dispersion / (SLOPE * SLOPE),
                _ => dispersion / (BEND * BEND),
            });
            curve.score(&rows, squares, &penalty, &start);
            let mut found = 0.0;
            for (row, square) in rows.iter().zip(squares) {
                let z = square / libm::exp(row.dot(&curve.coefficients)) - 1.0;
                found += z * z / x.len() as f64;
            }
            let found = found.max(NORMAL_DISPERSION);
            if (found - dispersion).abs() < 1e-6 * dispersion {
                break;
            }
            dispersion = found;
        }
        curve
    }

    fn basis(&self, x: f64) -> DVector<f64> {
        DVector::from_fn(2 + self.knots.len(), |place, _| match place {
            0 => 1.0,
            1 => x - self.centre,
            _ => {
                let knot = self.knots[place - 2];
                (x - knot).max(0.0) - (self.centre - knot).max(0.0)
            }
        })
    }

    fn at(&self, x: f64) -> f64 {
        self.basis(x).dot(&self.coefficients)
    }

    /// Fisher scoring of the penalised quasi-likelihood; its expected information does not depend on the coefficients.
    fn score(&mut self, rows: &[DVector<f64>], squares: &[f64], penalty: &DVector<f64>, prior: &DVector<f64>) {
        let width = penalty.len();
        let mut information = DMatrix::from_diagonal(penalty);
        for row in rows {
            information.ger(1.0, row, row, 1.0);
        }
        // A column that never varies has no information of its own; the diagonal keeps the factor defined.
        for place in 0..width {
            information[(place, place)] += 1e-9 * rows.len() as f64;
        }
        let Some(factor) = information.cholesky() else { return };
        for _ in 0..MAX_STEPS {
            let mut gradient = penalty.component_mul(&(&self.coefficients - prior));
            for (row, square) in rows.iter().zip(squares) {
                gradient.axpy(1.0 - square / libm::exp(row.dot(&self.coefficients)), row, 1.0);
            }
            let step = factor.solve(&gradient);
            let largest = rows.iter().map(|row| row.dot(&step).abs()).fold(0.0, f64::max);
            // Shorter where the plain step would leave the region in which the linear model of the exponential holds.
            self.coefficients.axpy(-1.0 / (1.0 + largest / 2.0), &step, 1.0);
            if largest < 1e-9 {
                return;
            }
        }
    }
}

fn root_mean_square(values: &[f64]) -> f64 {
    let mut sum = 0.0;
    for value in values {
        sum += value * value;
    }
    (sum / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    /// Spreads from 0.1 to 10, evenly in the logarithm; residuals uniform with the standard deviation `std` of the spread.
    fn sample(n: u64, std: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<f64>) {
        let spread: Vec<f64> = (0..n).map(|i| libm::exp(4.6 * (uniform("spread", i) - 0.5))).collect();
        let residual = spread.iter().enumerate().map(|(i, &s)| 12f64.sqrt() * std(s) * (uniform("r", i as u64) - 0.5));
        (residual.collect(), spread)
    }

    #[test]
    fn curve_follows_a_law_that_bends() {
        let law = |s: f64| if s < 1.0 { 0.5 } else { 0.5 * s * s };
        let (residual, spread) = sample(20_000, law);
        let (spreads, stds) = std_curve(&residual, &spread);
        for s in [0.2, 0.5, 2.0, 5.0] {
            let ratio = interpolate(&spreads, &stds, s) / law(s);
            assert!((0.85..1.18).contains(&ratio), "{ratio} at {s}");
        }
    }

    #[test]
    fn one_large_error_among_few_rows_does_not_bend_the_curve() {
        let (mut residual, spread) = sample(120, |s| s);
        let middle =
            (0..120).min_by(|&a, &b| (spread[a] - 1.0).abs().total_cmp(&(spread[b] - 1.0).abs())).expect("rows");
        residual[middle] = 30.0;
        let (spreads, stds) = std_curve(&residual, &spread);
        // Proportional to the spread: from 0.2 to 5 it grows 25 times; a map through groups would jump at 1 and stay.
        let growth = interpolate(&spreads, &stds, 5.0) / interpolate(&spreads, &stds, 0.2);
        assert!((8.0..60.0).contains(&growth), "{growth}");
    }

    #[test]
    fn mean_scaled_square_is_one() {
        let (residual, spread) = sample(500, |s| 0.3 + s);
        let (spreads, stds) = std_curve(&residual, &spread);
        let mut sum = 0.0;
        for (r, &s) in residual.iter().zip(&spread) {
            sum += (r / interpolate(&spreads, &stds, s)).powi(2) / 500.0;
        }
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn exact_predictions_and_equal_spreads_give_one_point() {
        assert_eq!(std_curve(&[0.0; 20], &[1.0; 20]).1, [0.0]);
        assert_eq!(std_curve(&[3.0, -4.0], &[0.0; 2]).1, [12.5f64.sqrt()]);
    }

    #[test]
    fn interpolation_is_linear_between_and_proportional_beyond() {
        let std = |s: f64| interpolate(&[1.0, 3.0], &[2.0, 4.0], s);
        assert_eq!([std(0.5), std(1.0), std(2.0), std(6.0)], [2.0, 2.0, 3.0, 8.0]);
    }
}
