//! `bond_angles`: power means of the mean angle between neighbouring bonds of each site (de Jong 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters, power_means};

/// Mean, over the neighbours that share a facet, of the angle to the nearest other one; eleven statistics over sites.
///
/// matminer's `SiteStatsFingerprint.from_preset("BondAngle-dejong2016")`. Every facet counts alike, however small: a
/// crystal that is not quite symmetric has other neighbours than the ideal one.
struct BondAngles;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("bond_angles", parameters)?;
    Ok(Box::new(BondAngles))
}

impl Descriptor for BondAngles {
    fn columns(&self) -> Vec<Column> {
        power_means::columns("Average bond angle", &Unit::parse("rad").expect("a known unit"))
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        power_means::REFERENCES
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, _) = ordered_structure(candidate)?;
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
        power_means::write(&scratch.site_values, out);
        Ok(())
    }
}
