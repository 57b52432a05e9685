//! `max_packing_efficiency`: how much of the cell touching spheres could fill (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::Unit;

use super::crystal_input::{geometry_fault, ordered_structure};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// `4π/3 Σ r³ / V`, r of a site being half the distance of its nearest neighbour. matminer's `MaximumPackingEfficiency`.
struct MaxPackingEfficiency;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("max_packing_efficiency", parameters)?;
    Ok(Box::new(MaxPackingEfficiency))
}

impl Descriptor for MaxPackingEfficiency {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("max packing efficiency", Unit::dimensionless())]
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.96.024104", taken: "maximum packing efficiency" }]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, _) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        let mut sum = 0.0;
        for site in 0..structure.len() {
            let radius = voronoi.of(site).iter().fold(f64::INFINITY, |least, facet| least.min(facet.plane_distance()));
            sum += radius * radius * radius;
        }
        out[0] = 4.0 / 3.0 * std::f64::consts::PI * sum / structure.lattice().volume();
        Ok(())
    }
}
