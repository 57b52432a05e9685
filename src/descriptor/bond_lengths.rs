//! `bond_lengths`: power means of the mean bond length of each site (de Jong 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_statistics::DE_JONG;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// Mean distance of the neighbours that share a facet, weighted with its solid angle; eleven statistics over sites.
///
/// matminer's `SiteStatsFingerprint.from_preset("BondLength-dejong2016")`.
struct BondLengths {
    pooling: SitePooling,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    Ok(Box::new(BondLengths { pooling: SitePooling::alone("bond_lengths", parameters, DE_JONG)? }))
}

impl Descriptor for BondLengths {
    fn columns(&self) -> Vec<Column> {
        self.pooling.columns([("Average bond length", Unit::parse("Å").expect("a known unit"))])
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1038/srep34256", taken: "power means of a site quantity" },
            Reference { doi: "10.1016/j.commatsci.2018.05.018", taken: "definition as in matminer 0.10.1" },
        ]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let (mut sum, mut total) = (0.0, 0.0);
            for facet in voronoi.of(site) {
                sum += facet.solid_angle * facet.distance;
                total += facet.solid_angle;
            }
            scratch.site_values.push(sum / total);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}
