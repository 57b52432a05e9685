//! Sums over the neighbours of each site: what `agni`, `gaussian_symmetry` and `grdf` share.

use matsieve_kernels::angular::PADDING;

use crate::crystal::Neighbor;

/// Neighbours of one site by component.
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
}
