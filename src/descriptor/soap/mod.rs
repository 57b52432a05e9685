//! `soap`: power spectrum of the smoothed density of atoms around each site, averaged over the sites (Bartók 2013).

mod basis;
mod density;
mod double_double;
mod layout;
mod lowdin;
mod parameters;

use matsieve_kernels::dispatch::{Level, add_power_spectrum};
use matsieve_kernels::expansion::{Expansion, LANES};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::Element;

use super::crystal_input::ordered_structure;
use super::species_list::SpeciesList;
use super::{Descriptor, DescriptorError, Needs, Scratch};

use density::{Density, DensityScratch};
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
    /// What an atom adds to the coefficients of its own site.
    own: Vec<f64>,
    layout: SpectrumLayout,
}

/// Working memory.
#[derive(Default)]
pub(super) struct SoapScratch {
    /// Place of each site's channel among those that occur.
    channels: Vec<usize>,
    /// Channels that occur, ascending.
    present: Vec<usize>,
    densities: DensityScratch,
    /// Coefficients, summed over the sites.
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
    let own = density::own(&basis);
    Ok(Box::new(Soap { parameters, species, radius, basis, own, layout }))
}

impl Soap {
    /// Finds which channels occur, and the place of every site's among them.
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
        for channel in &mut scratch.channels {
            *channel = scratch.present.partition_point(|present| present < channel);
        }
        Ok(())
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
        let SoapScratch { channels, present, densities, total, sums } = scratch;
        let level = Level::best();
        let (basis, degree) = (&self.basis, self.basis.degree());
        let width = (present.len() * basis.num_radial()).next_multiple_of(LANES);
        for (buffer, length) in
            [(&mut *total, basis.num_harmonics() * width), (&mut *sums, (degree + 1) * width * width)]
        {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
        let density =
            Density { basis, own: &self.own, radius: self.radius, channels, num_channels: present.len(), width };
        density.around_sites(structure, geometry, densities, |coefficients| match self.parameters.average {
            Average::Outer => add_power_spectrum(level, coefficients, degree, width, sums),
            Average::Inner => {
                for (total, coefficient) in total.iter_mut().zip(coefficients) {
                    *total += coefficient;
                }
            }
        })?;
        let sites = structure.len() as f64;
        let scale = match self.parameters.average {
            Average::Outer => 1.0 / sites,
            Average::Inner => {
                add_power_spectrum(level, total, degree, width, sums);
                1.0 / (sites * sites)
            }
        };
        self.layout.write(sums, width, present, scale, out);
        Ok(())
    }
}
