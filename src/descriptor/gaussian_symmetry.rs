//! `gaussian_symmetry`: radial and angular symmetry functions of Behler.

use matsieve_kernels::angular::Neighborhood;
use matsieve_kernels::dispatch::{Level, angular_sums, gaussian_sum};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::site_sums::{CUTOFF, NUM_TERMS, polynomial};
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input};

/// Radius of the surroundings, in Å.
const RADIUS: f64 = 6.5;
/// η of the radial functions, in units of 1/RADIUS².
const RADIAL: [f64; 4] = [0.05, 4.0, 20.0, 80.0];
/// η of the angular functions, in units of 1/RADIUS².
const ANGULAR: f64 = 0.005;
/// Columns of a site: radial functions, then ζ = 1 and 4, λ = +1 and −1.
const LABELS: [&str; 8] = [
    "G2_0.05",
    "G2_4.0",
    "G2_20.0",
    "G2_80.0",
    "G4_0.005_1.0_1.0",
    "G4_0.005_1.0_-1.0",
    "G4_0.005_4.0_1.0",
    "G4_0.005_4.0_-1.0",
];
/// 2^(1−ζ).
const SCALES: [f64; 4] = [1.0, 1.0, 0.125, 0.125];

/// matminer's `GaussianSymmFunc`, mean and standard deviation over the sites; all neighbours are of one kind.
struct GaussianSymmetry {
    pooling: SitePooling,
    /// `exp(−η t) f(t)` of a pair of neighbours as a power series in t, their squared distance in units of RADIUS².
    envelope: [f64; NUM_TERMS],
    level: Level,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("gaussian_symmetry", parameters, MEAN_AND_DEVIATION)?;
    Ok(Box::new(GaussianSymmetry { pooling, envelope: envelope(), level: Level::best() }))
}

/// The product of the series of exp(−ANGULAR t) and of the cut-off function: what is cut off is below 1e-17.
fn envelope() -> [f64; NUM_TERMS] {
    let mut product = [0.0; NUM_TERMS];
    let mut term = 1.0;
    for power in 0..NUM_TERMS {
        for (place, cutoff) in CUTOFF[..NUM_TERMS - power].iter().enumerate() {
            product[power + place] += term * cutoff;
        }
        term *= -ANGULAR / (power + 1) as f64;
    }
    product
}

impl Descriptor for GaussianSymmetry {
    fn columns(&self) -> Vec<Column> {
        self.pooling.columns(LABELS.map(|label| (label, Unit::dimensionless())))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1063/1.3553717", taken: "functions G2 and G4, equations 6 and 8" },
            Reference { doi: "10.1016/j.cpc.2016.05.010", taken: "exponents in units of the squared cut-off radius" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        let Scratch { geometry, sites, site_values, .. } = &mut *scratch;
        let neighbors = geometry.neighbors(structure, RADIUS).map_err(crystal_input::geometry_fault)?;
        site_values.clear();
        for site in 0..structure.len() {
            let near = neighbors.within(site, RADIUS);
            sites.set(near, RADIUS, |square| polynomial(&CUTOFF, square));
            let count = sites.count();
            for exponent in RADIAL {
                let (squares, weights) = (&sites.squares[..count], &sites.weights[..count]);
                let sum = gaussian_sum(self.level, squares, weights, exponent / (RADIUS * RADIUS));
                site_values.push(sum);
            }
            // The two legs of a pair have the same envelope as its base.
            sites.set(near, RADIUS, |square| polynomial(&self.envelope, square));
            let [x, y, z] = &sites.directions;
            let neighborhood =
                Neighborhood { directions: [x, y, z], distances: &sites.distances, weights: &sites.weights };
            let mut sums = [0.0; 4];
            angular_sums(self.level, neighborhood, &self.envelope, &mut sums);
            site_values.extend(sums.iter().zip(SCALES).map(|(sum, scale)| sum * scale));
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}
