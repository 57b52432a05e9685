//! `dimensionality`: molecules, chains, layers or a framework (Larsen 2019).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::Bond;
use crate::units::Unit;

use super::crystal_input::ordered_structure;
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Highest dimensionality of a bonded component, bonds by CrystalNN. matminer's `Dimensionality`.
struct Dimensionality;

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("dimensionality", parameters)?;
    Ok(Box::new(Dimensionality))
}

impl Descriptor for Dimensionality {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("dimensionality", Unit::dimensionless())]
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevMaterials.3.034003", taken: "dimensionality of bonded components" },
            Reference { doi: "10.1021/acs.inorgchem.0c02996", taken: "CrystalNN" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pymatgen", "covalent_radius", "ionic_radius"]
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        scratch.find_bonds(structure, occupants)?;
        let Scratch { bonds, bond_graph, .. } = scratch;
        let all = (0..structure.len()).flat_map(|site| {
            let bonded = bonds.of(site).bonded();
            bonded.iter().map(move |neighbor| Bond { from: site as u32, to: neighbor.site, image: neighbor.image })
        });
        out[0] = f64::from(bond_graph.dimensionality(structure.len(), all));
        Ok(())
    }
}
