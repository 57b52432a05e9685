//! The charge of each site: oxidation states as the structure gives them, else guessed from its composition.

use crate::crystal::Structure;

use super::Scratch;

/// Writes the charge of each site into `scratch.site_charges`, in e; false where no guess can be tried.
///
/// Given states count where every occupant has one; a shared or partly filled site has the sum of its occupants' states times
/// their occupancies. Otherwise all are guessed as pymatgen's `add_oxidation_state_by_guess` does: every atom of an element
/// has its mean state in the likeliest choice that balances, and all are 0 where none balances.
pub(super) fn site_charges(structure: &Structure, scratch: &mut Scratch) -> bool {
    let given = (0..structure.len()).flat_map(|site| structure.occupants(site)).all(|o| o.oxidation.is_some());
    scratch.mean_charges.clear();
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
