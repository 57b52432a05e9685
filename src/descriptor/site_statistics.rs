//! Statistics over the sites of a structure: what turns quantities of sites into columns, for all descriptors that do.

use crate::candidate::Column;
use crate::units::Unit;

/// A statistic of one quantity over all sites, every site with the same weight.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum SiteStatistic {
    Minimum,
    Maximum,
    Range,
    Mean,
    /// Mean absolute deviation from the mean.
    AvgDev,
    /// Standard deviation of the population (divided by the number of sites).
    StdDev,
}

/// What matminer's `ward-prb-2017` presets take.
pub(super) const WARD: &[SiteStatistic] =
    &[SiteStatistic::Minimum, SiteStatistic::Maximum, SiteStatistic::Range, SiteStatistic::Mean, SiteStatistic::AvgDev];

/// What matminer's `SiteStatsFingerprint` takes unless told otherwise.
pub(super) const MEAN_AND_DEVIATION: &[SiteStatistic] = &[SiteStatistic::Mean, SiteStatistic::StdDev];

impl SiteStatistic {
    /// First word of the labels.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Range => "range",
            Self::Mean => "mean",
            Self::AvgDev => "avg_dev",
            Self::StdDev => "std_dev",
        }
    }

    /// The statistic of these values; NaN where one of them is.
    ///
    /// # Panics
    /// If there are none.
    pub(super) fn of(self, values: impl Iterator<Item = f64> + Clone) -> f64 {
        match self {
            Self::Minimum => extremes(values).0,
            Self::Maximum => extremes(values).1,
            Self::Range => {
                let (minimum, maximum) = extremes(values);
                maximum - minimum
            }
            Self::Mean => mean(values),
            Self::AvgDev => {
                let centre = mean(values.clone());
                mean(values.map(|value| (value - centre).abs()))
            }
            Self::StdDev => {
                let centre = mean(values.clone());
                mean(values.map(|value| (value - centre) * (value - centre))).sqrt()
            }
        }
    }
}

/// Minimum and maximum.
fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        let smaller = value < low || value.is_nan();
        let larger = value > high || value.is_nan();
        (if smaller && !low.is_nan() { value } else { low }, if larger && !high.is_nan() { value } else { high })
    })
}

/// Arithmetic mean, summed in the order of the sites.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    assert!(count > 0.0, "a structure without sites is refused before");
    sum / count
}

/// Columns of quantities with these labels and units: all statistics of the first, then of the next, as matminer has them.
pub(super) fn columns(
    quantities: impl IntoIterator<Item = (impl AsRef<str>, Unit)>,
    statistics: &[SiteStatistic],
) -> Vec<Column> {
    let mut columns = Vec::new();
    for (label, unit) in quantities {
        for statistic in statistics {
            columns.push(Column::new(format!("{} {}", statistic.name(), label.as_ref()), unit.clone()));
        }
    }
    columns
}

/// Writes the statistics of quantities that lie site by site in `values`, in the order of [`columns`].
pub(super) fn write(values: &[f64], statistics: &[SiteStatistic], out: &mut [f64]) {
    let width = out.len() / statistics.len();
    for (quantity, out) in out.chunks_exact_mut(statistics.len()).enumerate() {
        let column = values.iter().skip(quantity).step_by(width).copied();
        for (statistic, out) in statistics.iter().zip(out) {
            *out = statistic.of(column.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_two_four_nine() {
        // Deviations from the mean 5 are 3, 1, 4.
        let mut out = [f64::INFINITY; 12];
        let all = [WARD, &[SiteStatistic::StdDev]].concat();
        write(&[2.0, 0.5, 4.0, 0.5, 9.0, 0.5], &all, &mut out);
        assert_eq!(out[..4], [2.0, 9.0, 7.0, 5.0]);
        assert!((out[4] - 8.0 / 3.0).abs() < 1e-15 && (out[5] - (26.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(out[6..], [0.5, 0.5, 0.0, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn a_site_without_value_leaves_the_quantity_without_statistics() {
        for values in [[f64::NAN, 1.0, 2.0], [1.0, f64::NAN, 2.0], [2.0, 1.0, f64::NAN]] {
            let mut out = [0.0; 5];
            write(&values, WARD, &mut out);
            assert!(out.iter().all(|value| value.is_nan()), "{out:?}");
        }
    }

    #[test]
    fn labels_name_the_statistic_first() {
        let labels: Vec<_> = columns([("a", Unit::dimensionless()), ("b", Unit::dimensionless())], MEAN_AND_DEVIATION)
            .into_iter()
            .map(|column| column.label)
            .collect();
        assert_eq!(labels, ["mean a", "std_dev a", "mean b", "std_dev b"]);
    }
}
