//! `crystal_nn_fingerprint`: coordination numbers and motifs of the bonded neighbours (Zimmermann and Jain 2020).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::crystal::Coordination;
use crate::crystal::order_parameters::{MAX_COORDINATION, NUM_MOTIFS, Shell, motifs};
use crate::units::Unit;

use super::crystal_input::ordered_structure;
use super::site_pooling::SitePooling;
use super::site_statistics::MEAN_AND_DEVIATION;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// Largest coordination number that has a column.
const MAX_NUMBER: usize = 24;

/// Quantities of one site: a weight for each coordination number, and each motif.
const WIDTH: usize = MAX_NUMBER + NUM_MOTIFS;

/// Mean and standard deviation over sites of matminer's `CrystalNNFingerprint.from_preset("ops")`.
///
/// For each coordination number its weight by CrystalNN, then that weight times the order parameter of each of its motifs.
struct CrystalNnFingerprint {
    pooling: SitePooling,
    /// Where the weight of each number is, from 1; its motifs follow.
    places: [usize; MAX_NUMBER],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let pooling = SitePooling::alone("crystal_nn_fingerprint", parameters, MEAN_AND_DEVIATION)?;
    let before = |number| motifs().partition_point(|motif| motif.coordination < number);
    let places = std::array::from_fn(|place| place + before(place + 1));
    Ok(Box::new(CrystalNnFingerprint { pooling, places }))
}

impl Descriptor for CrystalNnFingerprint {
    fn columns(&self) -> Vec<Column> {
        let labels = (1..=MAX_NUMBER).flat_map(|number| {
            let names = motifs().iter().filter(move |motif| motif.coordination == number).map(|motif| &motif.name[..]);
            std::iter::once("wt").chain(names).map(move |name| (format!("{name} CN_{number}"), Unit::dimensionless()))
        });
        self.pooling.columns(labels)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1039/c9ra07755c", taken: "site fingerprint and order parameters" },
            Reference { doi: "10.1021/acs.inorgchem.0c02996", taken: "CrystalNN" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["motifs", "pymatgen", "covalent_radius", "ionic_radius"]
    }

    fn parameters(&self) -> serde_json::Value {
        self.pooling.parameters(serde_json::json!({}))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        scratch.find_bonds(structure, occupants)?;
        scratch.site_values.clear();
        for site in 0..structure.len() {
            let mut quantities = [0.0; WIDTH];
            self.fingerprint(scratch.bonds.of(site), &mut scratch.shell, &mut quantities);
            scratch.site_values.extend(quantities);
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}

impl CrystalNnFingerprint {
    fn fingerprint(&self, coordination: Coordination<'_>, shell: &mut Shell, quantities: &mut [f64; WIDTH]) {
        for (number, weight) in coordination.numbers().take_while(|(number, _)| *number <= MAX_NUMBER) {
            let place = self.places[number - 1];
            quantities[place] = weight;
            if number > MAX_COORDINATION {
                continue;
            }
            let first = place - (number - 1);
            let own = motifs()[first..].iter().take_while(|motif| motif.coordination == number);
            shell.set(coordination.neighbors()[..number].iter().map(|neighbor| (neighbor.vector, neighbor.rank)));
            for (quantity, motif) in quantities[place + 1..].iter_mut().zip(own) {
                *quantity = weight * motif.order_parameter.value(shell).unwrap_or(0.0);
            }
        }
    }
}
