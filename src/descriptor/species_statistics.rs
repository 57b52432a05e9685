//! Weighted statistics of a few values: what the descriptors of oxidation states share.

/// Weighted mean `Σ w x / Σ w`; NaN for no values.
pub(super) fn mean(parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (value, amount) in parts {
        sum += amount * value;
        total += amount;
    }
    sum / total
}

/// Smallest and largest of some values; NaN if one of them is, or for no values.
pub(super) fn extremes(parts: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let mut found = (f64::NAN, f64::NAN);
    for (place, (value, _)) in parts.enumerate() {
        if value.is_nan() {
            return (f64::NAN, f64::NAN);
        }
        found = if place == 0 { (value, value) } else { (found.0.min(value), found.1.max(value)) };
    }
    found
}

/// `sqrt(W / (W² − Σ w²) · Σ w (x − mean)²)` with `W = Σ w`; 0 for a single value, as matminer defines it.
pub(super) fn std_dev(parts: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    if parts.clone().count() == 1 {
        return 0.0;
    }
    let mean = mean(parts.clone());
    let (mut variance, mut total, mut squares) = (0.0, 0.0, 0.0);
    for (value, amount) in parts {
        let difference = value - mean;
        variance += amount * (difference * difference);
        total += amount;
        squares += amount * amount;
    }
    (total / (total * total - squares) * variance).sqrt()
}
