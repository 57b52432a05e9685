//! `bond_lengths`: power means of the mean bond length of each site (de Jong 2016).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters, power_means};

/// Mean distance of the neighbours that share a facet, weighted with its solid angle; eleven statistics over sites.
///
/// matminer's `SiteStatsFingerprint.from_preset("BondLength-dejong2016")`.
struct BondLengths;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("bond_lengths", parameters)?;
    Ok(Box::new(BondLengths))
}

impl Descriptor for BondLengths {
    fn columns(&self) -> Vec<Column> {
        power_means::columns("Average bond length", &Unit::parse("Å").expect("a known unit"))
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
            let (mut sum, mut total) = (0.0, 0.0);
            for facet in voronoi.of(site) {
                sum += facet.solid_angle * facet.distance;
                total += facet.solid_angle;
            }
            scratch.site_values.push(sum / total);
        }
        power_means::write(&scratch.site_values, out);
        Ok(())
    }
}
