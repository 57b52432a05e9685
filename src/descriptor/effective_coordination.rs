//! `effective_coordination`: how many neighbours share the surface of the Voronoi cells (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_statistics::WARD;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// `(Σ A)² / Σ A²` over the areas of a site's facets; five statistics over sites.
///
/// matminer's `SiteStatsFingerprint.from_preset("CoordinationNumber_ward-prb-2017")`.
struct EffectiveCoordination {
    pooling: SitePooling,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    Ok(Box::new(EffectiveCoordination { pooling: SitePooling::alone("effective_coordination", parameters, WARD)? }))
}

impl Descriptor for EffectiveCoordination {
    fn columns(&self) -> Vec<Column> {
        self.pooling.columns([("CN_VoronoiNN", Unit::dimensionless())])
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.96.024104", taken: "effective coordination number and its statistics" }]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let (mut sum, mut squares) = (0.0, 0.0);
            for facet in voronoi.of(site) {
                sum += facet.area;
                squares += facet.area * facet.area;
            }
            scratch.site_values.push(sum * sum / squares);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}
