//! Sums over the neighbours of each site, and their mean and standard deviation over the sites: what `agni`,
//! `gaussian_symmetry` and `grdf` share.

use matsieve_kernels::angular::PADDING;

use crate::candidate::Column;
use crate::crystal::Neighbor;
use crate::units::Unit;

/// Neighbours of one site by component, and the values of all sites.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Distances, in units of the cut-off where a descriptor has one, else in Å.
    pub distances: Vec<f64>,
    /// Squares of the distances, in Å².
    pub squares: Vec<f64>,
    /// Unit vectors to the neighbours, by axis.
    pub directions: [Vec<f64>; 3],
    /// Weights.
    pub weights: Vec<f64>,
    /// One row a site.
    pub values: Vec<f64>,
}

impl Work {
    /// Takes the neighbours of a site, distances in units of `unit` Å; `weight` is a function of (distance / unit)².
    ///
    /// Zeros for the angular kernel follow the last neighbour; [`count`](Self::count) leaves them out.
    pub fn set(&mut self, neighbors: &[Neighbor], unit: f64, weight: impl Fn(f64) -> f64) {
        let Self { distances, squares, directions, weights, .. } = self;
        for list in [&mut *distances, squares, weights] {
            list.clear();
        }
        for list in directions.iter_mut() {
            list.clear();
        }
        for neighbor in neighbors {
            let distance = neighbor.distance / unit;
            distances.push(distance);
            squares.push(neighbor.distance * neighbor.distance);
            weights.push(weight(distance * distance));
            for (list, x) in directions.iter_mut().zip(neighbor.vector) {
                list.push(x / neighbor.distance);
            }
        }
        for list in [distances, squares, weights].into_iter().chain(directions) {
            list.resize(neighbors.len() + PADDING, 0.0);
        }
    }

    /// Number of neighbours of the site.
    pub fn count(&self) -> usize {
        self.distances.len() - PADDING
    }
}

/// `mean x` and `std_dev x` for each label.
pub(super) fn columns(labels: &[String], unit: &Unit) -> Vec<Column> {
    let of =
        |label: &String| ["mean", "std_dev"].map(|statistic| Column::new(format!("{statistic} {label}"), unit.clone()));
    labels.iter().flat_map(of).collect()
}

/// Writes mean and standard deviation (of the sites, not of a sample of them) of each column of `values`, whose rows are sites.
pub(super) fn mean_and_std(values: &[f64], out: &mut [f64]) {
    let width = out.len() / 2;
    let num_sites = (values.len() / width) as f64;
    for column in 0..width {
        let of_sites = || values.iter().skip(column).step_by(width);
        let mut sum = 0.0;
        for value in of_sites() {
            sum += value;
        }
        let mean = sum / num_sites;
        let mut squares = 0.0;
        for value in of_sites() {
            squares += (value - mean) * (value - mean);
        }
        out[2 * column] = mean;
        out[2 * column + 1] = (squares / num_sites).sqrt();
    }
}

/// Number of coefficients of [`CUTOFF`].
pub(super) const NUM_TERMS: usize = 16;

/// The cut-off function ½ (cos(πu) + 1) as a power series in u²: −π²ᵏ / (2k)! in turn, below 1e-17 after these for u ≤ 1.
///
/// A function of the square needs no root and no cosine, and has the same bits everywhere.
pub(super) const CUTOFF: [f64; NUM_TERMS] = {
    let square = std::f64::consts::PI * std::f64::consts::PI;
    let mut terms = [0.0; NUM_TERMS];
    let mut term = 0.5;
    let mut k = 0;
    while k < NUM_TERMS {
        terms[k] = term;
        term *= -square / ((2 * k + 1) as f64 * (2 * k + 2) as f64);
        k += 1;
    }
    terms[0] = 1.0;
    terms
};

/// Value of a power series.
pub(super) fn polynomial(terms: &[f64; NUM_TERMS], x: f64) -> f64 {
    let mut value = 0.0;
    for term in terms.iter().rev() {
        value = value * x + term;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_cut_off_function() {
        for step in 0..=100 {
            let u = f64::from(step) / 100.0;
            let expected = 0.5 * ((std::f64::consts::PI * u).cos() + 1.0);
            assert!((polynomial(&CUTOFF, u * u) - expected).abs() < 4e-15, "at {u}");
        }
    }

    /// Sites (1, 10), (2, 10), (6, 13): means 3 and 11, variances (4 + 1 + 9) / 3 and (1 + 1 + 4) / 3.
    #[test]
    fn statistics_of_two_columns() {
        let mut out = [0.0; 4];
        mean_and_std(&[1.0, 10.0, 2.0, 10.0, 6.0, 13.0], &mut out);
        assert_eq!(out, [3.0, (14.0f64 / 3.0).sqrt(), 11.0, 2.0f64.sqrt()]);
    }
}
