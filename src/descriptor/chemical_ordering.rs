//! `chemical_ordering`: how far the elements in the neighbour shells of each site are from random (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::{Facet, Voronoi};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Mean over sites and elements of `|1 − Σ w_t / (x_t Σ w)|` for the first three shells.
///
/// Shell n is where paths of n steps from facet to facet end that visit no site twice; the weight of a path is the product
/// of the areas of its facets, each divided by the largest of its cell. A structure of one element has 0. matminer's
/// `ChemicalOrdering`, a Warren–Cowley parameter.
struct ChemicalOrdering;

const SHELLS: usize = 3;

/// A step from a site to a neighbour.
#[derive(Copy, Clone, Debug)]
pub(super) struct Step {
    site: usize,
    image: [i32; 3],
    weight: f64,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("chemical_ordering", parameters)?;
    Ok(Box::new(ChemicalOrdering))
}

impl Descriptor for ChemicalOrdering {
    fn columns(&self) -> Vec<Column> {
        let label = |shell| format!("mean ordering parameter shell {shell}");
        (1..=SHELLS).map(|shell| Column::new(label(shell), Unit::dimensionless())).collect()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevB.96.024104", taken: "ordering parameters of the first three shells" },
            Reference { doi: "10.1103/PhysRev.77.669", taken: "order parameter of Cowley" },
        ]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let composition = candidate.composition().map(|composition| composition.pairs()).unwrap_or_default();
        out.fill(0.0);
        if composition.len() < 2 {
            return Ok(());
        }
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        let paths = &mut scratch.paths;
        paths.set(voronoi);
        paths.types.clear();
        let place =
            |element| composition.iter().position(|pair| pair.0 == element).expect("counted from the same sites");
        paths.types.extend(occupants.iter().map(|occupant| place(occupant.element)));
        let sites = structure.len() as f64;
        for site in 0..structure.len() {
            paths.walk(site, composition.len());
            for (out, weights) in out.iter_mut().zip(paths.weights.chunks_exact(composition.len())) {
                let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
                for (weight, (_, amount)) in weights.iter().zip(composition) {
                    *out += (1.0 - weight / total / (amount / sites)).abs();
                }
            }
        }
        for out in out {
            *out /= sites * composition.len() as f64;
        }
        Ok(())
    }
}

/// Paths over the facets of a tessellation; kept from structure to structure.
#[derive(Debug, Default)]
pub(super) struct Paths {
    steps: Vec<Step>,
    /// Where the steps of each site end.
    ends: Vec<usize>,
    /// Which element of the composition each site is.
    types: Vec<usize>,
    /// Summed weights of the paths that end at each element, shell by shell.
    weights: Vec<f64>,
}

impl Paths {
    fn set(&mut self, voronoi: &Voronoi) {
        self.steps.clear();
        self.ends.clear();
        for site in 0..voronoi.len() {
            let largest = voronoi.of(site).iter().fold(0.0_f64, |largest, facet| largest.max(facet.area));
            let step =
                |facet: &Facet| Step { site: facet.site as usize, image: facet.image, weight: facet.area / largest };
            self.steps.extend(voronoi.of(site).iter().map(step));
            self.ends.push(self.steps.len());
        }
    }

    fn from(&self, site: usize) -> &[Step] {
        let start = if site == 0 { 0 } else { self.ends[site - 1] };
        &self.steps[start..self.ends[site]]
    }

    /// Weighs all paths of one, two and three steps from a site.
    fn walk(&mut self, site: usize, elements: usize) {
        let mut weights = std::mem::take(&mut self.weights);
        weights.clear();
        weights.resize(SHELLS * elements, 0.0);
        for first in self.from(site) {
            weights[self.types[first.site]] += first.weight;
            for second in self.from(first.site) {
                let image = sum(first.image, second.image);
                if second.site == site && image == [0; 3] {
                    continue;
                }
                let weight = first.weight * second.weight;
                weights[elements + self.types[second.site]] += weight;
                for third in self.from(second.site) {
                    let end = sum(image, third.image);
                    let back = third.site == site && end == [0; 3] || third.site == first.site && end == first.image;
                    if !back {
                        weights[2 * elements + self.types[third.site]] += weight * third.weight;
                    }
                }
            }
        }
        self.weights = weights;
    }
}

fn sum(a: [i32; 3], b: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|k| a[k].wrapping_add(b[k]))
}
