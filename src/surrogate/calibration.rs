//! Calibrated uncertainty of a regression: standard deviation and intervals fitted to out-of-fold residuals.
//!
//! Members say how far they disagree: the spread. Rows of equal spread have errors of a common size, but not of a common
//! shape: where most rows are hit exactly and few are missed by far (metals and gaps), root mean square and typical error
//! differ by an order of magnitude. So two maps are fitted. `std` is a non-decreasing function of the spread with the root mean
//! square residual of rows of that spread (see `std_curve`; a linear map, as in Palmer et al., npj
//! Comput. Mater. 8, 115 (2022), doi 10.1038/s41524-022-00794-8, bends too little for such targets). Intervals are
//! `value ± t · width`, where `width = scale · spread + offset` follows the typical error and `t` is the conformal quantile of
//! `|residual| / width` among rows at a similar distance from the training data (normalised conformal prediction with Mondrian
//! categories: Boström, Johansson, Löfström, COPA 2021, PMLR 152). Under exchangeability coverage is at least nominal.

use serde::{Deserialize, Serialize};

use super::metrics::{ascending, equal_groups};
use super::std_curve::{interpolate, std_curve};
use super::transform::Transform;

/// Nominal coverages for which quantiles are stored.
pub const LEVELS: [f64; 20] = [
    0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.68, 0.70, 0.75, 0.80, 0.85, 0.90,
    0.95,
];
/// Place of 0.90, the coverage of `lower..upper`, in [`LEVELS`].
pub const INTERVAL_LEVEL: usize = 18;
/// Groups of equal spread that the width is fitted to.
const SPREAD_GROUPS: usize = 20;
/// Rows that a Mondrian category needs: a 90 % quantile of 150 values has a standard error of 2.4 points of coverage.
const CATEGORY_ROWS: usize = 150;
const MAX_CATEGORIES: usize = 4;
/// Smallest std and width as a share of the overall root mean square residual: no row is more certain than that.
const FLOOR_SHARE: f64 = 0.01;

/// Physical range that intervals are clipped to, seen in the training target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// No target lies below, and a mass of rows lies exactly here.
    pub lower: Option<f64>,
    /// No target lies above, and a mass of rows lies exactly here.
    pub upper: Option<f64>,
}

/// Share of rows that must lie exactly at the end of the range for it to be taken as physical.
const BOUND_SHARE: f64 = 0.01;

impl Bounds {
    /// Finds ends of the range at which at least 1 % of the values pile up (gaps of metals, amounts of zero, shares of one).
    pub fn of(values: &[f64]) -> Self {
        let end = |extreme: f64| {
            let at = values.iter().filter(|&&value| value == extreme).count();
            (at >= 3 && at as f64 >= BOUND_SHARE * values.len() as f64).then_some(extreme)
        };
        Self {
            lower: end(values.iter().copied().fold(f64::INFINITY, f64::min)),
            upper: end(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        }
    }

    /// The value, moved into the range.
    pub fn clip(&self, value: f64) -> f64 {
        let raised = self.lower.map_or(value, |lower| value.max(lower));
        self.upper.map_or(raised, |upper| raised.min(upper))
    }
}

/// The fitted calibration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Spreads at which `stds` are known, ascending.
    pub spreads: Vec<f64>,
    /// Standard deviation at each of them, not decreasing.
    pub stds: Vec<f64>,
    /// Factor of the spread in the width of intervals.
    pub scale: f64,
    /// Added to it, in the unit of the target.
    pub offset: f64,
    /// Smallest width, and smallest std unless `std_floor` says another.
    pub floor: f64,
    /// Smallest std, where widths are those of a transformed target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std_floor: Option<f64>,
    /// What spreads given to the calibration, and widths, are those of. Std is always that of the target.
    #[serde(default, skip_serializing_if = "is_identity")]
    pub transform: Transform,
    /// Domain distances that separate the Mondrian categories, ascending.
    pub edges: Vec<f64>,
    /// Nominal coverages.
    pub levels: Vec<f64>,
    /// For each category, `t` at each level.
    pub quantiles: Vec<Vec<f64>>,
    /// For each category, the share of rows whose residual is exactly zero.
    pub exact: Vec<f64>,
    /// Range that value and interval are clipped to.
    pub bounds: Bounds,
}

/// Rows that members have not seen.
#[derive(Copy, Clone, Debug)]
pub struct Evidence<'a> {
    /// Predictions, clipped.
    pub value: &'a [f64],
    /// Targets.
    pub truth: &'a [f64],
    /// Spread of the members, in what they learned.
    pub spread: &'a [f64],
    /// Distance to the training data.
    pub distance: &'a [f64],
}

impl Calibration {
    /// Fits to rows that members have not seen.
    pub fn fit(rows: &Evidence<'_>, transform: Transform, bounds: Bounds) -> Self {
        let n = rows.truth.len();
        let residual: Vec<f64> = (0..n).map(|row| transform.residual(rows.truth[row], rows.value[row])).collect();
        let (spread, distance) = (rows.spread, rows.distance);
        let (scale, offset) = fit_scale(&group_points(&residual, spread));
        let order = ascending(distance);
        let categories = (n / CATEGORY_ROWS).clamp(1, MAX_CATEGORIES);
        let groups = equal_groups(order.len(), categories);
        let edges = groups[1..].iter().map(|group| distance[order[group.start]]).collect();
        let mut calibration = Self {
            spreads: Vec::new(),
            stds: Vec::new(),
            scale,
            offset,
            floor: floor(&residual),
            std_floor: None,
            transform,
            edges,
            levels: LEVELS.to_vec(),
            quantiles: Vec::new(),
            exact: Vec::new(),
            bounds,
        };
        (calibration.spreads, calibration.stds) = match transform {
            Transform::Identity => std_curve(&residual, spread),
            Transform::Log => {
                let errors: Vec<f64> = (0..n).map(|row| rows.truth[row] - rows.value[row]).collect();
                let spreads: Vec<f64> = (0..n).map(|row| transform.spread(rows.value[row], spread[row])).collect();
                calibration.std_floor = Some(floor(&errors));
                std_curve(&errors, &spreads)
            }
        };
        for category in 0..groups.len() {
            // Ties of distance at an edge: membership by the same rule as in prediction.
            let mut scores: Vec<f64> = (0..n)
                .filter(|&row| calibration.category(distance[row]) == category)
                .map(|row| residual[row].abs() / calibration.width(spread[row]))
                .collect();
            scores.sort_by(f64::total_cmp);
            let zeros = scores.iter().filter(|&&score| score == 0.0).count();
            calibration.exact.push(zeros as f64 / scores.len().max(1) as f64);
            calibration.quantiles.push(LEVELS.iter().map(|&level| conformal_quantile(&scores, level)).collect());
        }
        calibration
    }

    /// Standard deviation and ends of the 90 % interval about a clipped value.
    pub fn uncertainty(&self, value: f64, spread: f64, distance: f64) -> (f64, f64, f64) {
        let (lower, upper) = self.interval(value, spread, distance, INTERVAL_LEVEL);
        (self.std(self.transform.spread(value, spread)), lower, upper)
    }

    /// Standard deviation of a row from the spread of its members' targets: linear between the fitted points, constant below the first,
    /// proportional to the spread above the last.
    pub fn std(&self, spread: f64) -> f64 {
        interpolate(&self.spreads, &self.stds, spread).max(self.std_floor.unwrap_or(self.floor))
    }

    /// What intervals are multiples of.
    pub fn width(&self, spread: f64) -> f64 {
        (self.scale * spread + self.offset).max(self.floor)
    }

    /// Half of the width of the interval of level [`LEVELS`]`[level]`, in what members learned, before it is clipped.
    pub fn half_width(&self, spread: f64, distance: f64, level: usize) -> f64 {
        self.quantiles[self.category(distance)][level] * self.width(spread)
    }

    /// Ends of the interval of level [`LEVELS`]`[level]`, clipped to the bounds.
    pub fn interval(&self, value: f64, spread: f64, distance: f64, level: usize) -> (f64, f64) {
        let (lower, upper) = self.transform.interval(value, self.half_width(spread, distance, level));
        (self.bounds.clip(lower), self.bounds.clip(upper))
    }

    /// Mondrian category of a row.
    pub fn category(&self, distance: f64) -> usize {
        self.edges.iter().take_while(|&&edge| distance >= edge).count()
    }

    /// Share of a row's coverage at a level: 1 inside, 0 outside; a residual of exactly zero counts for its share of the
    /// level where zeros are more frequent than the level, so that a mass of exact hits does not look like over-coverage
    /// (the mid-distribution of Czado, Gneiting, Held, Biometrics 65, 1254 (2009), doi 10.1111/j.1541-0420.2009.01191.x).
    pub fn covered(&self, residual: f64, spread: f64, distance: f64, level: usize) -> f64 {
        let category = self.category(distance);
        if residual == 0.0 {
            return (self.levels[level] / self.exact[category]).min(1.0);
        }
        f64::from(u8::from(residual.abs() <= self.quantiles[category][level] * self.width(spread)))
    }

    /// Whether the numbers of a file make sense: lengths agree, everything is finite and non-negative.
    pub fn is_valid(&self) -> bool {
        let categories = self.edges.len() + 1;
        self.levels == LEVELS
            && self.quantiles.len() == categories
            && self.exact.len() == categories
            && self.quantiles.iter().all(|q| q.len() == LEVELS.len() && q.iter().all(|t| t.is_finite() && *t >= 0.0))
            && !self.spreads.is_empty()
            && self.spreads.len() == self.stds.len()
            && self.spreads.is_sorted()
            && self.edges.is_sorted()
            && self.spreads.iter().chain(&self.stds).all(|x| x.is_finite() && *x >= 0.0)
            && [self.scale, self.offset, self.floor].iter().all(|x| x.is_finite() && *x >= 0.0)
            && self.std_floor.is_none_or(|x| x.is_finite() && x >= 0.0)
    }
}

fn is_identity(transform: &Transform) -> bool {
    *transform == Transform::Identity
}

/// Smallest std or width for these residuals.
fn floor(residual: &[f64]) -> f64 {
    let mut squares = 0.0;
    for r in residual {
        squares += r * r;
    }
    (FLOOR_SHARE * (squares / residual.len() as f64).sqrt()).max(f64::MIN_POSITIVE)
}

/// Smallest score such that at least `level` of n + 1 exchangeable scores lie at or below it; the largest if n is too small.
fn conformal_quantile(sorted: &[f64], level: f64) -> f64 {
    // The product is rounded first: 0.9 · 10 must give rank 9 and not 10.
    let rank = ((sorted.len() + 1) as f64 * level * 1e9).round() / 1e9;
    sorted.get((rank.ceil() as usize).clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

/// Root mean square spread and residual of groups of equal spread.
fn group_points(residual: &[f64], spread: &[f64]) -> Vec<(f64, f64)> {
    let order = ascending(spread);
    equal_groups(order.len(), SPREAD_GROUPS.min(order.len() / 10).max(1))
        .into_iter()
        .map(|group| {
            let rows = &order[group];
            let (mut x, mut y) = (0.0, 0.0);
            for &row in rows {
                x += spread[row] * spread[row];
                y += residual[row] * residual[row];
            }
            ((x / rows.len() as f64).sqrt(), (y / rows.len() as f64).sqrt())
        })
        .collect()
}

/// Non-negative `scale` and `offset` for which `scale · spread + offset` meets the residuals of the groups in the sense of
/// least squares of the relative deviations; over-estimates weigh more, which is why it follows the typical error.
fn fit_scale(points: &[(f64, f64)]) -> (f64, f64) {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(|point| point.1 > 0.0).collect();
    // Normal equations of Σ ((s·x + o)/y − 1)².
    let [mut xx, mut x1, mut oo, mut bx, mut bo] = [0.0; 5];
    for &(x, y) in &points {
        let (u, v) = (x / y, 1.0 / y);
        xx += u * u;
        x1 += u * v;
        oo += v * v;
        bx += u;
        bo += v;
    }
    let determinant = xx * oo - x1 * x1;
    if determinant > 1e-12 * xx * oo {
        let (scale, offset) = ((bx * oo - bo * x1) / determinant, (xx * bo - x1 * bx) / determinant);
        if scale >= 0.0 && offset >= 0.0 {
            return (scale, offset);
        }
    }
    // A bound is active: the better of the two one-parameter fits.
    let loss = |s: f64, o: f64| {
        let mut sum = 0.0;
        for &(x, y) in &points {
            sum += ((s * x + o) / y - 1.0) * ((s * x + o) / y - 1.0);
        }
        sum
    };
    let only_scale = if xx > 0.0 { bx / xx } else { 0.0 };
    let only_offset = if oo > 0.0 { bo / oo } else { 0.0 };
    if loss(only_scale, 0.0) < loss(0.0, only_offset) { (only_scale, 0.0) } else { (0.0, only_offset) }
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    /// Calibrated on predictions of zero, so that truth and residual are the same.
    fn fit(residual: &[f64], spread: &[f64], distance: &[f64]) -> Calibration {
        let value = vec![0.0; residual.len()];
        let rows = Evidence { value: &value, truth: residual, spread, distance };
        Calibration::fit(&rows, Transform::Identity, Bounds::default())
    }

    /// Residuals uniform in ±3·spread (standard deviation √3·spread), spread between 1 and 2.
    fn sample(n: u64, purpose: &str) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let spread: Vec<f64> = (0..n).map(|i| 1.0 + uniform("spread", i)).collect();
        let residual = spread.iter().enumerate().map(|(i, s)| 6.0 * s * (uniform(purpose, i as u64) - 0.5)).collect();
        let distance = (0..n).map(|i| uniform("distance", i)).collect();
        (residual, spread, distance)
    }

    #[test]
    fn rescaling_finds_the_factor_between_spread_and_error() {
        let (residual, spread, distance) = sample(20_000, "a");
        let calibration = fit(&residual, &spread, &distance);
        for s in [1.2, 1.8] {
            // Root mean square of a uniform distribution of half width 3s: 3s/√3.
            assert!((calibration.std(s) / (3f64.sqrt() * s) - 1.0).abs() < 0.02, "{} at {s}", calibration.std(s));
        }
    }

    #[test]
    fn intervals_cover_fresh_rows_as_often_as_they_say() {
        let (residual, spread, distance) = sample(4000, "a");
        let calibration = fit(&residual, &spread, &distance);
        let (fresh, ..) = sample(4000, "b");
        for (level, nominal) in LEVELS.iter().enumerate() {
            let mut covered = 0.0;
            for row in 0..fresh.len() {
                covered += calibration.covered(fresh[row], spread[row], distance[row], level);
            }
            let observed = covered / fresh.len() as f64;
            // Twice four standard errors: calibration and test are both samples.
            assert!((observed - nominal).abs() < 8.0 * (0.25f64 / 4000.0).sqrt(), "{observed} at {nominal}");
        }
    }

    #[test]
    fn conformal_rank_is_the_textbook_one() {
        let scores: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(conformal_quantile(&scores, 0.9), 9.0); // ⌈10 · 0.9⌉
        assert_eq!(conformal_quantile(&scores, 0.5), 5.0);
        assert_eq!(conformal_quantile(&scores, 0.95), 9.0); // more than n: the largest
    }

    #[test]
    fn level_of_interval_is_ninety_percent() {
        assert_eq!(LEVELS[INTERVAL_LEVEL], 0.90);
    }

    #[test]
    fn mass_at_zero_bounds_the_interval_from_below_only() {
        let mut gaps = vec![0.0; 50];
        gaps.extend((1..50).map(f64::from));
        let bounds = Bounds::of(&gaps);
        assert_eq!((bounds.lower, bounds.upper), (Some(0.0), None));
        assert_eq!(bounds.clip(-0.3), 0.0);
        assert_eq!(bounds.clip(99.0), 99.0);
    }
}
