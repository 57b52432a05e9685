//! One order parameter: a formula with its numbers.

use std::f64::consts::FRAC_1_PI;

use super::Shell;
use super::body_centered::BodyCentered;
use super::cuboctahedron::Cuboctahedron;
use super::peak::{Fold, Peak, Profile, South, gaussian};
use super::steinhardt::Degree;

/// A local order parameter with its parameters.
///
/// # References
/// Zimmermann and Jain 2020, 10.1039/c9ra07755c; formulae as in pymatgen-core 2026.10.16, `LocalStructOrderParams`.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct OrderParameter(Formula);

#[derive(Copy, Clone, Debug, PartialEq)]
enum Formula {
    SingleBond,
    Bent { target: f64, inverse_width: f64 },
    Peak(Peak),
    BodyCentered(BodyCentered),
    Cuboctahedron(Cuboctahedron),
    Steinhardt(Degree),
}

impl OrderParameter {
    /// The order parameter that pymatgen calls `kind`; `parameter` gives the value of a column of `data/order_parameters`.
    ///
    /// `None` where there is no such kind, or a parameter that it reads is missing.
    pub(super) fn new(kind: &str, parameter: impl Fn(&str) -> Option<f64>) -> Option<Self> {
        let at_target = || Some(Profile::At { target: parameter("TA")?, inverse_width: parameter("IGW_TA")? });
        let at_equator = || Some(Profile::At { target: 0.5, inverse_width: parameter("IGW_EP")? });
        let south = || Some(South { from: parameter("min_SPP")?, inverse_width: parameter("IGW_SPP")? });
        let fold = || Fold::of(parameter("fac_AA")?);
        let pyramid = |profile, south| Some(Peak { profile, south, fold: fold()?, see_saw: false });
        let formula = match kind {
            "sgl_bd" => Formula::SingleBond,
            "bent" => Formula::Bent { target: parameter("TA")?, inverse_width: parameter("IGW_TA")? },
            "tri_plan_max" | "tet_max" => Formula::Peak(pyramid(at_target()?, None)?),
            "T" | "tri_pyr" | "sq_pyr" | "pent_pyr" | "hex_pyr" => Formula::Peak(pyramid(at_equator()?, None)?),
            "oct_max" | "sq_plan_max" | "tri_bipyr" | "pent_bipyr" | "hex_bipyr" => {
                Formula::Peak(pyramid(at_equator()?, Some(south()?))?)
            }
            "see_saw_rect" => Formula::Peak(Peak { see_saw: true, ..pyramid(at_equator()?, Some(south()?))? }),
            "hex_plan_max" => {
                let profile = Profile::Beside { offset: parameter("TA")?, inverse_width: parameter("IGW_TA")? };
                Formula::Peak(pyramid(profile, Some(south()?))?)
            }
            "pent_plan_max" => {
                let profile = Profile::Pentagon { split: parameter("TA")?, inverse_width: parameter("IGW_TA")? };
                Formula::Peak(Peak { profile, south: None, fold: Fold::Two, see_saw: false })
            }
            "bcc" => Formula::BodyCentered(BodyCentered {
                south_from: parameter("min_SPP")?,
                south_inverse_width: parameter("IGW_SPP")?,
                south_weight: parameter("w_SPP")?,
            }),
            "cuboct_max" => Formula::Cuboctahedron(Cuboctahedron {
                south_from: parameter("min_SPP")?,
                south_inverse_width: parameter("IGW_SPP")?,
                south_weight: parameter("w_SPP")?,
                band: [parameter("cuboct_north")?, parameter("cuboct_south")?],
                equator_inverse_width: parameter("cuboct_equator")?,
                caps_inverse_width: parameter("cuboct_caps")?,
            }),
            "q2" => Formula::Steinhardt(Degree::Two),
            "q4" => Formula::Steinhardt(Degree::Four),
            "q6" => Formula::Steinhardt(Degree::Six),
            _ => return None,
        };
        Some(Self(formula))
    }

    /// Its value for these neighbours; `None` where they are too few for it to be defined.
    pub fn value(&self, shell: &Shell) -> Option<f64> {
        match &self.0 {
            Formula::SingleBond => Some(single_bond(shell.distances())),
            Formula::Bent { target, inverse_width } => bent(shell, *target, *inverse_width),
            Formula::Peak(peak) => peak.value(shell),
            Formula::BodyCentered(cube) => cube.value(shell),
            Formula::Cuboctahedron(cuboctahedron) => cuboctahedron.value(shell),
            Formula::Steinhardt(degree) => degree.value(shell),
        }
    }
}

/// How much nearer the nearest neighbour is than the next: `1 - d₁/d₂`; 1 for a single one, 0 without any.
fn single_bond(distances: &[f64]) -> f64 {
    let (mut first, mut second) = (f64::INFINITY, f64::INFINITY);
    for &distance in distances {
        if distance < first {
            (first, second) = (distance, first);
        } else {
            second = second.min(distance);
        }
    }
    match distances.len() {
        0 => 0.0,
        1 => 1.0,
        _ => 1.0 - first / second,
    }
}

/// Mean weight of the angles between two neighbours.
fn bent(shell: &Shell, target: f64, inverse_width: f64) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for j in 0..shell.len() {
        for (k, angle) in shell.angles(j).iter().enumerate() {
            if j != k {
                sum += gaussian(inverse_width * (angle * FRAC_1_PI - target));
                count += 1.0;
            }
        }
    }
    (count > 0.0).then(|| sum / count)
}
