//! `bond_angles`: power means of the mean angle between neighbouring bonds of each site (de Jong 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::site_pooling::SitePooling;
use super::site_statistics::DE_JONG;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// Mean, over the neighbours that share a facet, of the angle to the nearest other one; eleven statistics over sites.
///
/// matminer's `SiteStatsFingerprint.from_preset("BondAngle-dejong2016")`. Every facet counts alike, however small: a
/// crystal that is not quite symmetric has other neighbours than the ideal one.
struct BondAngles {
    pooling: SitePooling,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    Ok(Box::new(BondAngles { pooling: SitePooling::alone("bond_angles", parameters, DE_JONG)? }))
}

impl Descriptor for BondAngles {
    fn columns(&self) -> Vec<Column> {
        self.pooling.columns([("Average bond angle", Unit::parse("rad").expect("a known unit"))])
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
            let facets = voronoi.of(site);
            let mut sum = 0.0;
            for (place, facet) in facets.iter().enumerate() {
                let mut nearest = -1.0_f64;
                for (other, another) in facets.iter().enumerate() {
                    if other != place {
                        let [a, b] = [facet.vector, another.vector];
                        let product = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
                        nearest = nearest.max(product / (facet.distance * another.distance));
                    }
                }
                sum += libm::acos(nearest.min(1.0));
            }
            scratch.site_values.push(sum / facets.len() as f64);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}
