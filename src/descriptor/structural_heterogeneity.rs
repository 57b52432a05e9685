//! `structural_heterogeneity`: how much bond lengths and Voronoi cells vary within a structure (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_statistics::{SiteStatistic, WARD};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Variation of the mean bond length between sites, of bond lengths around each site, and of the volume of cells.
///
/// Bonds lead to the neighbours that share a facet, weighted with its area. matminer's `StructuralHeterogeneity`.
struct StructuralHeterogeneity;

/// Quantities of one site: mean bond length, its relative mean deviation, volume.
const WIDTH: usize = 3;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("structural_heterogeneity", parameters)?;
    Ok(Box::new(StructuralHeterogeneity))
}

impl Descriptor for StructuralHeterogeneity {
    fn columns(&self) -> Vec<Column> {
        let first =
            ["mean absolute deviation in relative bond length", "max relative bond length", "min relative bond length"];
        let variation = WARD.iter().map(|statistic| format!("{statistic} neighbor distance variation"));
        let labels = first.map(str::to_owned).into_iter().chain(variation);
        let last = "mean absolute deviation in relative cell size".to_owned();
        labels.chain([last]).map(|label| Column::new(label, Unit::dimensionless())).collect()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.96.024104", taken: "structural heterogeneity attributes" }]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, _) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let (mut sum, mut area) = (0.0, 0.0);
            for facet in voronoi.of(site) {
                sum += facet.area * facet.distance;
                area += facet.area;
            }
            let length = sum / area;
            let mut deviation = 0.0;
            for facet in voronoi.of(site) {
                deviation += facet.area * (facet.distance - length).abs();
            }
            scratch.site_values.extend([length, deviation / area / length, voronoi.volume(site)]);
        }
        let quantity = |place: usize| scratch.site_values.iter().skip(place).step_by(WIDTH).copied();
        let length = SiteStatistic::Mean.of(quantity(0));
        let relative = quantity(0).map(|value| value / length);
        out[0] = SiteStatistic::AvgDev.of(relative.clone());
        out[1] = SiteStatistic::Maximum.of(relative.clone());
        out[2] = SiteStatistic::Minimum.of(relative);
        for (statistic, out) in WARD.iter().zip(&mut out[3..]) {
            *out = statistic.of(quantity(1));
        }
        out[8] = SiteStatistic::AvgDev.of(quantity(2)) / SiteStatistic::Mean.of(quantity(2));
        Ok(())
    }
}
