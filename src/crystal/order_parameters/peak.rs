//! Order parameters of motifs with an axis: pyramids, bipyramids, planes, tetrahedra, octahedra.

use std::f64::consts::{FRAC_1_PI, PI};

use super::{MAX_COORDINATION as MAX, Shell};

/// Cosine of three eighths of a turn: how far from the meridian a rectangular see-saw looks.
const SEE_SAW_LIMIT: f64 = -std::f64::consts::FRAC_1_SQRT_2;

/// What weight an angle to the north pole gets: a Gaussian, in half turns.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Profile {
    /// Around one angle.
    At { target: f64, inverse_width: f64 },
    /// Around two angles, this far above and below the equator.
    Beside { offset: f64, inverse_width: f64 },
    /// Around 2/5 up to the split, around 4/5 beyond it: the other corners of a pentagon.
    Pentagon { split: f64, inverse_width: f64 },
}

impl Profile {
    fn weight(self, angle: f64) -> f64 {
        let halves = angle * FRAC_1_PI;
        match self {
            Self::At { target, inverse_width } => gaussian(inverse_width * (halves - target)),
            Self::Beside { offset, inverse_width } => gaussian(inverse_width * ((halves - 0.5).abs() - offset)),
            Self::Pentagon { split, inverse_width } => {
                let target = if angle <= split * PI { 0.4 } else { 0.8 };
                gaussian(inverse_width * (halves - target))
            }
        }
    }
}

/// `exp(-x²/2)`.
pub(super) fn gaussian(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

/// Neighbours opposite to the north pole: from which angle on (radians), and how exactly.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct South {
    pub from: f64,
    pub inverse_width: f64,
}

/// How often the squared cosine of the azimuth peaks in a turn: twice its factor.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Fold {
    Two,
    Three,
    Four,
    Five,
    Six,
}

impl Fold {
    /// The fold of a factor, which is half of it.
    pub fn of(factor: f64) -> Option<Self> {
        [Self::Two, Self::Three, Self::Four, Self::Five, Self::Six]
            .into_iter()
            .zip([1.0, 1.5, 2.0, 2.5, 3.0])
            .find_map(|(fold, known)| (known == factor).then_some(fold))
    }

    /// `cos²(n φ / 2) = (1 + cos n φ) / 2` from the cosine of φ, by Chebyshev polynomials.
    fn squared_cosine(self, c: f64) -> f64 {
        let double = 2.0 * c * c - 1.0;
        let triple = c * (2.0 * double - 1.0);
        match self {
            Self::Two => c * c,
            Self::Three => 0.5 * (1.0 + triple),
            Self::Four => double * double,
            Self::Five => 0.5 * (1.0 + 2.0 * double * triple - c),
            Self::Six => triple * triple,
        }
    }
}

/// The best agreement over all choices of north pole and meridian.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Peak {
    pub profile: Profile,
    pub south: Option<South>,
    pub fold: Fold,
    /// Whether neighbours more than three eighths of a turn from the meridian are left out.
    pub see_saw: bool,
}

impl Peak {
    /// `None` where there are fewer than two neighbours.
    pub fn value(&self, shell: &Shell) -> Option<f64> {
        let len = shell.len();
        if len < 2 {
            return None;
        }
        let south = self.south.unwrap_or(South { from: f64::INFINITY, inverse_width: 0.0 });
        let mut best = f64::NEG_INFINITY;
        let (mut weights, mut is_south) = ([0.0; MAX], [false; MAX]);
        for j in 0..len {
            for (k, &angle) in shell.angles(j).iter().enumerate() {
                is_south[k] = k != j && angle >= south.from;
                weights[k] = match (k == j, is_south[k]) {
                    (true, _) => 0.0,
                    (_, true) => gaussian(south.inverse_width * (angle * FRAC_1_PI - 1.0)),
                    (_, false) => self.profile.weight(angle),
                };
            }
            for k in (0..len).filter(|&k| k != j) {
                let (mut sum, mut count) = if is_south[k] { (0.0, 0.0) } else { (weights[k], 1.0) };
                if !shell.is_on_axis(j, k) {
                    for m in (0..len).filter(|&m| m != j && m != k) {
                        if is_south[m] {
                            sum += weights[m];
                            count += 1.0;
                        } else if !is_south[k] && !shell.is_on_axis(j, m) {
                            let cosine = shell.azimuth_cosine(j, k, m);
                            if !self.see_saw || cosine > SEE_SAW_LIMIT {
                                sum += self.fold.squared_cosine(cosine) * weights[m];
                                count += 1.0;
                            }
                        }
                    }
                }
                let value = if count > 0.0 { sum / count } else { 0.0 };
                best = best.max(value);
            }
        }
        Some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squared_cosines_of_multiples_follow_from_one_cosine() {
        let folds = [Fold::Two, Fold::Three, Fold::Four, Fold::Five, Fold::Six];
        for (fold, factor) in folds.into_iter().zip([1.0, 1.5, 2.0, 2.5, 3.0]) {
            for step in 0..=60 {
                let phi = PI * f64::from(step) / 60.0;
                let expected = libm::cos(factor * phi) * libm::cos(factor * phi);
                assert!((fold.squared_cosine(libm::cos(phi)) - expected).abs() < 1e-14, "{fold:?} {phi}");
            }
            assert_eq!(Fold::of(factor), Some(fold));
        }
        assert_eq!(Fold::of(0.7), None);
    }
}
