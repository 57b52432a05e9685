//! `acsf`: atom-centred symmetry functions of the elements around each site (Behler 2011).

mod parameters;

use matsieve_kernels::dispatch::{Level, add_angular_functions, exp_in_place, weighted_gaussian_sum};
use matsieve_kernels::symmetry_functions::{AngularFunction, AngularTerms, PADDING, ROWS, Shell};

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::crystal::Neighbor;
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_sums::{CUTOFF, polynomial};
use super::species_list::SpeciesList;
use super::{Descriptor, DescriptorError, Needs, Scratch};

use parameters::{NAME, Parameters};

/// Most values of all sites of one structure: 512 MiB.
const MAX_VALUES: usize = 1 << 26;

/// DScribe's `ACSF` with periodic boundaries; statistics over the sites, of which the mean is the default.
///
/// With `f(r) = ½ (cos(πr/r_cut) + 1)`, for each element of the neighbours: G1 `Σ f`, G2 `Σ exp(−η (r − Rₛ)²) f`,
/// G3 `Σ cos(κ r) f`; for each pair of elements: G4 `2^(1−ζ) Σ (1 + λ cos θ)^ζ exp(−η (r₁² + r₂² + r₃²)) f f f` over pairs
/// of neighbours, and G5, the same without the third side. The element of the site itself makes no difference, unless columns
/// are resolved by species. Where rounding makes `1 + λ cos θ` of opposite neighbours negative, DScribe has no number for
/// a ζ that is not whole; here it is 0.
struct Acsf {
    parameters: Parameters,
    species: SpeciesList,
    pooling: SitePooling,
    angular: Vec<AngularFunction>,
    level: Level,
}

/// Working memory: the neighbours of one site, element after element.
#[derive(Debug, Default)]
pub(super) struct AcsfScratch {
    /// Place in `species` of each site.
    places: Vec<usize>,
    /// Places that occur, ascending.
    present: Vec<usize>,
    /// Where the lists of each present element end, padding included.
    ends: Vec<usize>,
    directions: [Vec<f64>; 3],
    distances: Vec<f64>,
    cutoffs: Vec<f64>,
    /// For each present element one list a function: `f(r) exp(−η r²)`.
    weights: Vec<f64>,
    rows: Vec<f64>,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let (parameters, species, pooling) = Parameters::parse(parameters)?;
    let angular = parameters.angular_functions();
    Ok(Box::new(Acsf { parameters, species, pooling, angular, level: Level::best() }))
}

impl Acsf {
    fn quantities(&self) -> Vec<String> {
        let Parameters { g2_params, g3_params, g4_params, g5_params, .. } = &self.parameters;
        let mut labels = Vec::new();
        for symbol in self.species.symbols() {
            labels.push(format!("ACSF G1 {symbol}"));
            labels.extend(g2_params.iter().map(|[eta, shift]| format!("ACSF G2 eta={eta} Rs={shift} {symbol}")));
            labels.extend(g3_params.iter().map(|kappa| format!("ACSF G3 kappa={kappa} {symbol}")));
        }
        for (place, second) in self.species.symbols().enumerate() {
            for first in self.species.symbols().take(place + 1) {
                for (name, list) in [("G4", g4_params), ("G5", g5_params)] {
                    labels.extend(list.iter().map(|[eta, zeta, lambda]| {
                        format!("ACSF {name} eta={eta} zeta={zeta} lambda={lambda} {first} {second}")
                    }));
                }
            }
        }
        labels
    }

    /// Number of quantities of a site.
    fn width(&self) -> usize {
        let species = self.species.elements().len();
        species * self.parameters.num_radial() + species * (species + 1) / 2 * self.parameters.num_angular()
    }

    /// Writes the functions of one site, whose neighbours `scratch` holds.
    fn describe_site(&self, scratch: &mut AcsfScratch, out: &mut [f64]) {
        let (radial, angular) = (self.parameters.num_radial(), self.parameters.num_angular());
        let (radials, angulars) = out.split_at_mut(self.species.elements().len() * radial);
        let AcsfScratch { present, ends, directions, distances, cutoffs, weights, rows, .. } = scratch;
        let range = |place: usize| if place == 0 { 0 } else { ends[place - 1] }..ends[place];
        for (place, &kind) in present.iter().enumerate() {
            let range = range(place);
            let inside = range.start..range.end - PADDING;
            self.write_radial(&distances[inside.clone()], &cutoffs[inside], &mut radials[kind * radial..][..radial]);
        }
        if angular == 0 {
            return;
        }
        let terms = AngularTerms { functions: &self.angular, cutoff: self.parameters.r_cut, envelope: &CUTOFF };
        let shell = |place: usize| {
            let range = range(place);
            Shell {
                directions: directions.each_ref().map(|axis| &axis[range.clone()]),
                distances: &distances[range.clone()],
                weights: &weights[angular * range.start..angular * range.end],
            }
        };
        for (place, &second) in present.iter().enumerate() {
            for (other, &first) in present[..=place].iter().enumerate() {
                let (left, right) = (shell(other), shell(place));
                rows.resize(ROWS * right.distances.len(), 0.0);
                let sums = &mut angulars[(second * (second + 1) / 2 + first) * angular..][..angular];
                add_angular_functions(self.level, terms, left, right, other == place, rows, sums);
            }
        }
    }

    fn write_radial(&self, distances: &[f64], cutoffs: &[f64], out: &mut [f64]) {
        out[0] = cutoffs.iter().fold(0.0, |sum, cutoff| sum + cutoff);
        let (g2, g3) = out[1..].split_at_mut(self.parameters.g2_params.len());
        for (out, [eta, shift]) in g2.iter_mut().zip(&self.parameters.g2_params) {
            *out = weighted_gaussian_sum(self.level, distances, cutoffs, *shift, *eta);
        }
        for (out, kappa) in g3.iter_mut().zip(&self.parameters.g3_params) {
            let terms = distances.iter().zip(cutoffs).map(|(distance, cutoff)| libm::cos(distance * kappa) * cutoff);
            *out = terms.fold(0.0, |sum, term| sum + term);
        }
    }

    /// Sorts the neighbours of a site by element.
    fn collect(&self, neighbors: &[Neighbor], scratch: &mut AcsfScratch) {
        let AcsfScratch { places, present, ends, directions, distances, cutoffs, weights, .. } = scratch;
        ends.clear();
        directions.iter_mut().for_each(Vec::clear);
        for list in [&mut *distances, cutoffs, weights] {
            list.clear();
        }
        for &kind in &*present {
            let start = distances.len();
            for neighbor in neighbors.iter().filter(|neighbor| places[neighbor.site as usize] == kind) {
                distances.push(neighbor.distance);
                let share = neighbor.distance / self.parameters.r_cut;
                cutoffs.push(polynomial(&CUTOFF, share * share));
                for (axis, x) in directions.iter_mut().zip(neighbor.vector) {
                    axis.push(x / neighbor.distance);
                }
            }
            let end = distances.len() + PADDING;
            for list in [&mut *distances, cutoffs].into_iter().chain(directions.iter_mut()) {
                list.resize(end, 0.0);
            }
            ends.push(end);
            for function in &self.angular {
                let begin = weights.len();
                weights.extend(distances[start..end].iter().map(|distance| -function.decay * distance * distance));
                exp_in_place(self.level, &mut weights[begin..]);
                for (weight, cutoff) in weights[begin..].iter_mut().zip(&cutoffs[start..end]) {
                    *weight *= cutoff;
                }
            }
        }
    }
}

impl Descriptor for Acsf {
    fn columns(&self) -> Vec<Column> {
        self.pooling.columns(self.quantities().into_iter().map(|label| (label, Unit::dimensionless())))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1063/1.3553717", taken: "functions G1 to G5, equations 4 to 9" },
            Reference { doi: "10.1016/j.cpc.2019.106949", taken: "elements, units and order, as DScribe 2.1.2" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::to_value(&self.parameters).expect("plain values"))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let (width, sites) = (self.width(), structure.len());
        if width * sites > MAX_VALUES {
            let detail =
                format!("{NAME}: {width} values of each of {sites} atoms, expected at most {MAX_VALUES} in all");
            return Err(Fault::new(Stage::Describe, FaultCode::TooManyAtoms, detail));
        }
        let Scratch { geometry, acsf: work, site_values, .. } = &mut *scratch;
        work.places.clear();
        work.present.clear();
        for occupant in occupants {
            let place = self.species.place(occupant.element)?;
            work.places.push(place);
            if let Err(at) = work.present.binary_search(&place) {
                work.present.insert(at, place);
            }
        }
        let r_cut = self.parameters.r_cut;
        let neighbors = geometry.neighbors(structure, r_cut).map_err(geometry_fault)?;
        site_values.clear();
        site_values.resize(width * sites, 0.0);
        for (site, values) in site_values.chunks_exact_mut(width).enumerate() {
            self.collect(neighbors.within(site, r_cut), work);
            self.describe_site(work, values);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::crystal_input::tests::{cubic, row};
    use super::*;

    /// Simple cubic, a = 3 Å, r_cut = 4 Å: six neighbours at 3 Å, f = ½ (cos(¾π) + 1); twelve pairs at a right angle whose
    /// third side of 4.24 Å is cut off, three at 180°.
    #[test]
    fn functions_of_a_simple_cubic_crystal_by_hand() {
        let parameters = serde_json::json!({
            "species": ["Po"], "r_cut": 4.0, "g2_params": [[0.5, 2.0]], "g3_params": [1.0],
            "g4_params": [[0.0, 1.0, 1.0]], "g5_params": [[0.1, 2.0, 1.0], [0.1, 1.5, -1.0]],
        });
        let descriptor = build(&parameters).expect("good parameters");
        let found = row(&*descriptor, &cubic(3.0, &[([0.1; 3], "Po")])).expect("described");
        let f = 0.5 * (1.0 - 0.5_f64.sqrt());
        let legs = f * f * (-0.1 * 18.0_f64).exp();
        let angles = |right: f64, straight: f64| legs * 2.0 * (12.0 * right + 3.0 * straight);
        let expected = [
            6.0 * f,
            6.0 * f * (-0.5_f64).exp(),
            6.0 * f * 3.0_f64.cos(),
            0.0,
            angles(0.25, 0.0),
            angles(0.5_f64 * 0.5_f64.sqrt(), 1.0),
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        }
    }
}
