//! Statistics over the sites of a structure: what turns quantities of sites into numbers, for all descriptors that do.

use std::fmt;

use crate::units::{Unit, closest};

/// A statistic of one quantity over sites.
///
/// Sites have weights: all the same, or what shares one among the equivalent sites of an orbit.
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
    /// `(mean xᵖ)^(1/p)`; the geometric mean for p = 0.
    PowerMean(i8),
    /// `sqrt(exp(Σ ln²(x/x₀) / (n − 1)))` with the geometric mean x₀: matminer's formula, which is 1 without spread and
    /// not defined for a single site, for values that are not all above 0, and for a spread beyond all numbers.
    GeomStdDev,
}

use SiteStatistic::{AvgDev, GeomStdDev, Maximum, Mean, Minimum, PowerMean, Range, StdDev};

/// What matminer's `ward-prb-2017` presets take.
pub(super) const WARD: &[SiteStatistic] = &[Minimum, Maximum, Range, Mean, AvgDev];

/// What matminer's `SiteStatsFingerprint` takes unless told otherwise.
pub(super) const MEAN_AND_DEVIATION: &[SiteStatistic] = &[Mean, StdDev];

/// What matminer's `dejong2016` presets take.
#[rustfmt::skip]
pub(super) const DE_JONG: &[SiteStatistic] = &[
    PowerMean(-4), PowerMean(-3), PowerMean(-2), PowerMean(-1), PowerMean(0), PowerMean(1), PowerMean(2), PowerMean(3),
    PowerMean(4), StdDev, GeomStdDev,
];

/// Names without those of power means.
const NAMES: [(&str, SiteStatistic); 7] = [
    ("minimum", Minimum),
    ("maximum", Maximum),
    ("range", Range),
    ("mean", Mean),
    ("avg_dev", AvgDev),
    ("std_dev", StdDev),
    ("geom_std_dev", GeomStdDev),
];

/// Start of the name of a power mean; its power follows.
const POWER_MEAN: &str = "holder_mean::";

/// Largest power of a mean.
const MAX_POWER: i8 = 9;

impl fmt::Display for SiteStatistic {
    /// First word of the labels.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PowerMean(power) => write!(out, "{POWER_MEAN}{power}"),
            plain => {
                let (name, _) = NAMES.iter().find(|(_, known)| known == plain).expect("all others have a name");
                out.write_str(name)
            }
        }
    }
}

impl SiteStatistic {
    /// Reads a name.
    ///
    /// # Errors
    /// What there is.
    pub fn parse(name: &str) -> Result<Self, String> {
        let power = name.strip_prefix(POWER_MEAN).and_then(|power| power.parse().ok());
        if let Some(power) = power.filter(|power: &i8| power.abs() <= MAX_POWER) {
            return Ok(PowerMean(power));
        }
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, statistic)| *statistic).ok_or_else(|| {
            let hint = closest(name, NAMES.iter().map(|(known, _)| *known));
            let hint = hint.map(|known| format!(", did you mean \"{known}\"?")).unwrap_or_default();
            let names = NAMES.map(|(known, _)| known).join(", ");
            format!("\"{name}\" is no statistic{hint} (there are {names}, {POWER_MEAN}<power from -9 to 9>)")
        })
    }

    /// Unit of the statistic of a quantity.
    pub fn unit(self, quantity: &Unit) -> Unit {
        if self == GeomStdDev { Unit::dimensionless() } else { quantity.clone() }
    }

    /// The statistic of these values, each of the same weight; NaN where one of them is.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(self, values: impl Iterator<Item = f64> + Clone) -> f64 {
        let count = values.clone().count() as f64;
        self.weighted(values.map(|value| (value, 1.0)), count)
    }

    /// The statistic of values with weights above 0, which add up to `count`; NaN where a value is.
    ///
    /// # Panics
    /// If there are none.
    pub fn weighted(self, sample: impl Iterator<Item = (f64, f64)> + Clone, count: f64) -> f64 {
        let of = |map: &dyn Fn(f64) -> f64| mean(sample.clone().map(|(value, weight)| (map(value), weight)));
        match self {
            Minimum => extremes(sample).0,
            Maximum => extremes(sample).1,
            Range => {
                let (minimum, maximum) = extremes(sample);
                maximum - minimum
            }
            Mean => mean(sample),
            AvgDev => {
                let center = mean(sample.clone());
                of(&|value| (value - center).abs())
            }
            StdDev => {
                let center = mean(sample.clone());
                of(&|value| (value - center) * (value - center)).sqrt()
            }
            PowerMean(0) => libm::exp(of(&libm::log)),
            PowerMean(power) => {
                let power = f64::from(power);
                libm::pow(of(&|value| libm::pow(value, power)), 1.0 / power)
            }
            GeomStdDev if count < 2.0 => f64::NAN,
            GeomStdDev => {
                let geometric = PowerMean(0).weighted(sample.clone(), count);
                let squares = of(&|value| {
                    let log = libm::log(value / geometric);
                    log * log
                });
                let deviation = libm::exp(squares * count / (count - 1.0)).sqrt();
                if deviation.is_finite() { deviation } else { f64::NAN }
            }
        }
    }
}

/// Minimum and maximum.
fn extremes(sample: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    sample.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| {
        let smaller = value < low || value.is_nan();
        let larger = value > high || value.is_nan();
        (if smaller && !low.is_nan() { value } else { low }, if larger && !high.is_nan() { value } else { high })
    })
}

/// Weighted mean, summed in the order of the sites.
fn mean(sample: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (value, weight) in sample {
        sum += weight * value;
        total += weight;
    }
    assert!(total > 0.0, "a structure without sites is refused before");
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(statistics: &[SiteStatistic], values: &[f64]) -> Vec<f64> {
        statistics.iter().map(|statistic| statistic.of(values.iter().copied())).collect()
    }

    #[test]
    fn statistics_of_two_four_nine() {
        // Deviations from the mean 5 are 3, 1, 4.
        let found = all(&[WARD, &[StdDev]].concat(), &[2.0, 4.0, 9.0]);
        assert_eq!(found[..4], [2.0, 9.0, 7.0, 5.0]);
        assert!((found[4] - 8.0 / 3.0).abs() < 1e-15 && (found[5] - (26.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(all(WARD, &[0.5; 3]), [0.5, 0.5, 0.0, 0.5, 0.0]);
    }

    /// Of 1 and 4: 1/mean(1, 1/4), √(1 · 4), 5/2, √(17/2); √exp(2 ln² 2 / 1).
    #[test]
    fn power_means_of_one_and_four() {
        let found = all(&[PowerMean(-1), PowerMean(0), PowerMean(1), PowerMean(2), GeomStdDev], &[1.0, 4.0]);
        let square = std::f64::consts::LN_2 * std::f64::consts::LN_2;
        for (found, expected) in found.iter().zip([1.6, 2.0, 2.5, 8.5_f64.sqrt(), square.exp()]) {
            assert!((found - expected).abs() < 1e-14, "{found}, expected {expected}");
        }
        for values in [&[3.0][..], &[0.0, 1.0], &[1e-300, 1.0]] {
            assert!(GeomStdDev.of(values.iter().copied()).is_nan(), "{values:?}");
        }
    }

    /// Two orbits: 1 and 3 share the weight of one, 6 has the other: mean (2 + 6) / 2, variance (½ · 9 + ½ · 1 + 4) / 2.
    #[test]
    fn weights_count() {
        let sample = [(1.0, 0.5), (3.0, 0.5), (6.0, 1.0)].into_iter();
        let of = |statistic: SiteStatistic| statistic.weighted(sample.clone(), 2.0);
        assert_eq!([of(Minimum), of(Maximum), of(Mean), of(AvgDev)], [1.0, 6.0, 4.0, 2.0]);
        assert!((of(StdDev) - 4.5_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_site_without_value_leaves_the_quantity_without_statistics() {
        for values in [[f64::NAN, 1.0, 2.0], [1.0, f64::NAN, 2.0], [2.0, 1.0, f64::NAN]] {
            let found = all(&[WARD, DE_JONG].concat(), &values);
            assert!(found.iter().all(|value| value.is_nan()), "{found:?}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for statistic in [WARD, DE_JONG].concat() {
            assert_eq!(SiteStatistic::parse(&statistic.to_string()), Ok(statistic));
        }
        let error = SiteStatistic::parse("std").expect_err("no such name");
        assert!(error.starts_with("\"std\" is no statistic") && error.contains("holder_mean::<power"), "{error}");
        assert!(SiteStatistic::parse("holder_mean::10").is_err());
    }
}
