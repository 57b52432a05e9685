//! Power means over sites, as de Jong 2016 takes them: what `bond_lengths` and `bond_angles` share.

use crate::candidate::{Column, Reference};
use crate::units::Unit;

use super::site_statistics::{SiteStatistic, mean};

/// Powers of the means; 0 stands for the geometric mean.
const POWERS: std::ops::RangeInclusive<i32> = -4..=4;

/// References of both.
pub(super) const REFERENCES: &[Reference] = &[
    Reference { doi: "10.1038/srep34256", taken: "power means of a site quantity" },
    Reference { doi: "10.1016/j.commatsci.2018.05.018", taken: "definition as in matminer 0.10.1" },
];

/// The eleven columns of a quantity of positive values.
pub(super) fn columns(label: &str, unit: &Unit) -> Vec<Column> {
    let mut columns: Vec<_> =
        POWERS.map(|power| Column::new(format!("holder_mean::{power} {label}"), unit.clone())).collect();
    columns.push(Column::new(format!("std_dev {label}"), unit.clone()));
    columns.push(Column::new(format!("geom_std_dev {label}"), Unit::dimensionless()));
    columns
}

/// Writes the power means, the standard deviation and the geometric one, `sqrt(exp(Σ ln²(x/x₀) / (n − 1)))` with the
/// geometric mean x₀: matminer's formula, which is 1 without spread and not defined for a single site.
pub(super) fn write(values: &[f64], out: &mut [f64]) {
    let all = values.iter().copied();
    for (power, out) in POWERS.zip(out.iter_mut()) {
        *out = if power == 0 {
            libm::exp(mean(all.clone().map(libm::log)))
        } else {
            let power = f64::from(power);
            libm::pow(mean(all.clone().map(|value| libm::pow(value, power))), 1.0 / power)
        };
    }
    let geometric = out[4];
    out[9] = SiteStatistic::StdDev.of(all.clone());
    let squares = all.map(|value| {
        let log = libm::log(value / geometric);
        log * log
    });
    let count = values.len() as f64;
    out[10] = libm::exp(mean(squares) * count / (count - 1.0)).sqrt();
    if values.len() < 2 {
        out[10] = f64::NAN;
    }
}
