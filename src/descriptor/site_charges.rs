//! The charge of each site: oxidation states as the structure gives them, else guessed from its composition or its bonds.

use crate::crystal::{Structure, bond_valence_states};

use super::Scratch;

/// Where oxidation states come from that a structure does not give.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum ChargeSource {
    /// Its composition.
    Composition,
    /// The valences of its bonds, whose lengths are multiplied by `scale`.
    BondValence {
        /// Factor of the lengths.
        scale: f64,
    },
}

/// Writes the charge of each site into `scratch.site_charges`, in e; false where no guess can be tried.
///
/// Given states count where every occupant has one; a shared or partly filled site has the sum of its occupants' states times
/// their occupancies. Otherwise all are guessed as pymatgen's `add_oxidation_state_by_guess` does: every atom of an element
/// has its mean state in the likeliest choice that balances, and all are 0 where none balances. Bond valences give each site
/// a state of its own; where they give none, there is no guess.
pub(super) fn site_charges(structure: &Structure, source: ChargeSource, scratch: &mut Scratch) -> bool {
    let given = (0..structure.len()).flat_map(|site| structure.occupants(site)).all(|o| o.oxidation.is_some());
    scratch.mean_charges.clear();
    if let (false, ChargeSource::BondValence { scale }) = (given, source) {
        scratch.site_charges.clear();
        let Ok(states) = bond_valence_states(structure, &mut scratch.geometry, scale) else { return false };
        scratch.site_charges.extend(states.into_iter().map(f64::from));
        return true;
    }
    if !given {
        let Some(species) = scratch.species() else { return false };
        let totals =
            species.iter().map(|s| (s.row, s.amount * s.charge, s.amount)).collect::<smallvec::SmallVec<[_; 16]>>();
        for (row, charge, amount) in totals {
            match scratch.mean_charges.iter_mut().find(|mean| mean.0 == row) {
                Some(mean) => {
                    mean.1 += charge;
                    mean.2 += amount;
                }
                None => scratch.mean_charges.push((row, charge, amount)),
            }
        }
    }
    let Scratch { mean_charges, site_charges, .. } = scratch;
    site_charges.clear();
    site_charges.extend((0..structure.len()).map(|site| {
        let mut charge = 0.0;
        for occupant in structure.occupants(site) {
            let guessed = || {
                let mean = mean_charges.iter().find(|mean| mean.0 == occupant.element.row());
                mean.map_or(0.0, |(_, charge, amount)| charge / amount)
            };
            let state = occupant.oxidation.filter(|_| given).unwrap_or_else(guessed);
            charge += state * occupant.occupancy;
        }
        charge
    }));
    true
}
