//! `soap`: power spectrum of the smoothed density of atoms around each site, averaged over the sites (Bartók 2013).

mod basis;
mod double_double;
mod layout;
mod lowdin;
mod parameters;

use matsieve_kernels::dispatch::{Level, add_power_spectrum, expand};
use matsieve_kernels::expansion::{Expansion, LANES, Points};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::Element;
use crate::crystal::{Neighbors, Structure};

use super::crystal_input::{geometry_fault, ordered_structure};
use super::species_list::SpeciesList;
use super::{Descriptor, DescriptorError, Needs, Scratch};

use layout::SpectrumLayout;
use parameters::{Average, Compression, Parameters};

/// `p = π √(8/(2l + 1)) Σₘ cₙₗₘ cₙ'ₗₘ`, where `cₙₗₘ` expands `Σ exp(−|r − rᵢ|²/2σ²)` over the atoms around a site, itself
/// included, in Gaussian type orbitals and real spherical harmonics: the conventions and the order of DScribe 2.1.2.
///
/// With compression "off" there is one density an element of `species`, and one block of columns a pair of them; absent
/// elements have 0. With "mu2" there is one density of all atoms: the sum of the former, so that `species` is not
/// needed; where it is given, structures with other elements fault all the same.
struct Soap {
    parameters: Parameters,
    species: Option<SpeciesList>,
    radius: f64,
    basis: Expansion,
    layout: SpectrumLayout,
}

/// Working memory.
#[derive(Default)]
pub(super) struct SoapScratch {
    /// Channel of each site.
    channels: Vec<usize>,
    /// Channels that occur, ascending.
    present: Vec<usize>,
    axes: [Vec<f64>; 3],
    squares: Vec<f64>,
    expansion: Vec<f64>,
    /// Coefficients of one site: harmonics × channels × radial functions, rows filled up to whole stripes.
    coefficients: Vec<f64>,
    /// The same, summed over the sites.
    total: Vec<f64>,
    sums: Vec<f64>,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let (parameters, species) = Parameters::parse(parameters)?;
    let Parameters { r_cut, n_max, l_max, sigma, .. } = parameters;
    let basis = basis::expansion(r_cut, n_max, l_max, sigma).ok_or_else(|| DescriptorError::Parameters {
        name: "soap".to_owned(),
        reason: format!(
            "{n_max} radial functions cannot be told apart up to {r_cut} Å: lower `n_max` or raise `r_cut`"
        ),
    })?;
    let channels = match (parameters.compression, &species) {
        (Compression::Off, Some(list)) => list.symbols().collect(),
        _ => vec!["mu2"],
    };
    let layout = SpectrumLayout::new(channels, n_max, l_max);
    let radius = basis::search_radius(r_cut, sigma);
    Ok(Box::new(Soap { parameters, species, radius, basis, layout }))
}

impl Soap {
    /// Finds the channel of every site, and which occur.
    fn assign_channels(&self, elements: impl Iterator<Item = Element>, scratch: &mut SoapScratch) -> Result<(), Fault> {
        scratch.channels.clear();
        scratch.present.clear();
        for element in elements {
            let place = self.species.as_ref().map_or(Ok(0), |list| list.place(element))?;
            let channel = if self.parameters.compression == Compression::Off { place } else { 0 };
            scratch.channels.push(channel);
            if let Err(at) = scratch.present.binary_search(&channel) {
                scratch.present.insert(at, channel);
            }
        }
        Ok(())
    }

    /// Sums up products or coefficients of all sites; returns the length of a row of coefficients.
    fn accumulate(&self, structure: &Structure, neighbors: &Neighbors, scratch: &mut SoapScratch) -> usize {
        let level = Level::best();
        let (num_harmonics, degree) = (self.basis.num_harmonics(), self.basis.degree());
        let width = (scratch.present.len() * self.basis.num_radial()).next_multiple_of(LANES);
        scratch.expansion.resize(self.basis.scratch_len(), 0.0);
        for (buffer, length) in [
            (&mut scratch.coefficients, num_harmonics * width),
            (&mut scratch.total, num_harmonics * width),
            (&mut scratch.sums, (degree + 1) * width * width),
        ] {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
        for site in 0..structure.len() {
            for place in 0..scratch.present.len() {
                self.collect_points(neighbors, site, scratch.present[place], scratch);
                let SoapScratch { axes: [x, y, z], squares, expansion, coefficients, .. } = scratch;
                let points = Points { axes: [&*x, &*y, &*z], squares: &*squares };
                expand(
                    level,
                    &self.basis,
                    points,
                    expansion,
                    &mut coefficients[place * self.basis.num_radial()..],
                    width,
                );
            }
            match self.parameters.average {
                Average::Outer => add_power_spectrum(level, &scratch.coefficients, degree, width, &mut scratch.sums),
                Average::Inner => {
                    for (total, coefficient) in scratch.total.iter_mut().zip(&scratch.coefficients) {
                        *total += coefficient;
                    }
                }
            }
        }
        if self.parameters.average == Average::Inner {
            add_power_spectrum(level, &scratch.total, degree, width, &mut scratch.sums);
        }
        width
    }

    /// Lists the atoms of one channel around a site, itself included, nearest first.
    fn collect_points(&self, neighbors: &Neighbors, site: usize, channel: usize, scratch: &mut SoapScratch) {
        let SoapScratch { channels, axes, squares, .. } = scratch;
        axes.iter_mut().for_each(Vec::clear);
        squares.clear();
        let mut push = |vector: [f64; 3], square: f64| {
            for (axis, x) in axes.iter_mut().zip(vector) {
                axis.push(x);
            }
            squares.push(square);
        };
        if channels[site] == channel {
            push([0.0; 3], 0.0);
        }
        let all = self.parameters.compression == Compression::Mu2;
        for neighbor in neighbors.within(site, self.radius) {
            if all || channels[neighbor.site as usize] == channel {
                push(neighbor.vector, neighbor.distance * neighbor.distance);
            }
        }
        let length = squares.len().next_multiple_of(LANES);
        scratch.axes.iter_mut().for_each(|axis| axis.resize(length, 0.0));
        scratch.squares.resize(length, Points::FILLER);
    }
}

impl Descriptor for Soap {
    fn columns(&self) -> Vec<Column> {
        self.layout.columns()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevB.87.184115", taken: "power spectrum" },
            Reference { doi: "10.1016/j.cpc.2019.106949", taken: "basis, constants and order, as DScribe 2.1.2" },
            Reference { doi: "10.1038/s41524-022-00847-y", taken: "compression mu2" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        serde_json::to_value(&self.parameters).expect("plain values")
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let Scratch { geometry, soap: scratch, .. } = scratch;
        self.assign_channels(occupants.iter().map(|occupant| occupant.element), scratch)?;
        let neighbors = geometry.neighbors(structure, self.radius).map_err(geometry_fault)?;
        let width = self.accumulate(structure, neighbors, scratch);
        let sites = structure.len() as f64;
        let scale = match self.parameters.average {
            Average::Outer => 1.0 / sites,
            Average::Inner => 1.0 / (sites * sites),
        };
        self.layout.write(&scratch.sums, width, &scratch.present, scale, out);
        Ok(())
    }
}
