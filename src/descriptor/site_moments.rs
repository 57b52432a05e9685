//! Mean and standard deviation over the sites of a structure, two columns a site quantity.

use crate::candidate::Column;
use crate::units::Unit;

/// The columns of quantities with these labels, in the order of matminer's `SiteStatsFingerprint`.
pub(super) fn site_columns(labels: impl Iterator<Item = String>, unit: &Unit) -> Vec<Column> {
    labels
        .flat_map(|label| ["mean", "std_dev"].map(|name| Column::new(format!("{name} {label}"), unit.clone())))
        .collect()
}

/// Running moments in the row itself: mean, then sum of squared deviations, until it is finished (Welford's recurrence).
pub(super) struct SiteMoments<'a> {
    row: &'a mut [f64],
    sites: f64,
}

impl<'a> SiteMoments<'a> {
    /// No sites yet.
    pub fn begin(row: &'a mut [f64]) -> Self {
        row.fill(0.0);
        Self { row, sites: 0.0 }
    }

    /// Takes the quantities of another site.
    pub fn add(&mut self, quantities: impl Iterator<Item = f64>) {
        self.sites += 1.0;
        for (pair, value) in self.row.chunks_exact_mut(2).zip(quantities) {
            let deviation = value - pair[0];
            pair[0] += deviation / self.sites;
            pair[1] += deviation * (value - pair[0]);
        }
    }

    /// Leaves mean and standard deviation of the population.
    pub fn finish(self) {
        for pair in self.row.chunks_exact_mut(2) {
            pair[1] = (pair[1] / self.sites).sqrt();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_four_nine_have_mean_5_and_the_deviation_of_the_population() {
        let mut row = [f64::NAN; 4];
        let mut moments = SiteMoments::begin(&mut row);
        for value in [2.0, 4.0, 9.0] {
            moments.add([value, 0.1].into_iter());
        }
        moments.finish();
        // (9 + 1 + 16) / 3; a constant does not deviate.
        assert!((row[0] - 5.0).abs() < 1e-15 && (row[1] - (26.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(row[2..], [0.1, 0.0]);
    }
}
