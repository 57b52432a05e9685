//! Oxidation states of the sites of a crystal, by the lengths of their bonds.

use crate::chem::Element;
use crate::chem::bond_valence::{BondValences, bond_valences};

use super::{Geometry, GeometryError, Structure, SymmetryError};

/// Radius within which bonds are counted, in Å.
const RADIUS: f64 = 4.0;
/// Distance within which sites are equivalent, in Å.
const SYMPREC: f64 = 0.1;
/// Lengths of relaxed structures are multiplied by it: functionals of the generalised gradient make bonds too long.
pub const RELAXED_SCALE: f64 = 1.015;
/// States less likely than this share of the likeliest are passed over.
const LEAST_SHARE: f64 = 0.01;
/// Most entries of a table of sums: 64 MB.
const MAX_ENTRIES: usize = 1 << 26;

/// Why bond valences give no oxidation states.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BondValenceError {
    /// A site is shared or partly filled.
    #[error("bond valences need ordered sites")]
    Disordered,
    /// There are no parameters for an element.
    #[error("no bond-valence parameters for {element}")]
    Unknown {
        /// The element.
        element: Element,
    },
    /// No likely states sum to zero.
    #[error("no choice of likely oxidation states is neutral")]
    NotBalanced,
    /// The cell is too large.
    #[error("the cell is too large to balance oxidation states")]
    TooLarge,
    /// The neighbours cannot be found.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// The symmetry cannot be found.
    #[error(transparent)]
    Symmetry(#[from] SymmetryError),
}

/// Equivalent sites and how likely their states are.
#[derive(Clone, Debug)]
struct Orbit {
    element: Element,
    num_sites: i32,
    /// State and logarithm of its probability.
    states: Vec<(i8, f64)>,
}

/// Assigns oxidation states as pymatgen's `BVAnalyzer` does: of all neutral choices of one state an orbit, whose states differ
/// by at most one within an element, the one with the largest product of posterior probabilities.
///
/// pymatgen walks through the choices and gives up after 100,000; here sums of charges are tables, so the best choice is
/// always found, and products are sums of logarithms, so they do not vanish in large cells.
///
/// # Errors
/// Disordered sites, elements without parameters, no neutral choice, a cell that is too large; overlapping atoms.
///
/// # References
/// O'Keeffe and Brese 1991, 10.1021/ja00009a002; pymatgen-core 2026.10.16, `BVAnalyzer.get_valences`.
pub fn bond_valence_states(
    structure: &Structure,
    geometry: &mut Geometry,
    scale: f64,
) -> Result<Vec<i8>, BondValenceError> {
    let tables = bond_valences();
    let occupants = structure.ordered().ok_or(BondValenceError::Disordered)?;
    if let Some(unknown) = occupants.iter().find(|occupant| !tables.has_parameters(occupant.element)) {
        return Err(BondValenceError::Unknown { element: unknown.element });
    }
    let first_of: Vec<usize> = geometry.symmetry(structure, SYMPREC)?.cell_orbits().to_vec();
    let neighbors = geometry.neighbors(structure, RADIUS)?;
    let mut orbits: Vec<Orbit> = Vec::new();
    let mut orbit_of = vec![0; occupants.len()];
    for (site, &first) in first_of.iter().enumerate() {
        if first != site {
            orbit_of[site] = orbit_of[first];
            orbits[orbit_of[site]].num_sites += 1;
            continue;
        }
        let element = occupants[site].element;
        let mut sum = 0.0;
        for neighbor in neighbors.within(site, RADIUS) {
            sum += tables.valence(element, occupants[neighbor.site as usize].element, neighbor.distance * scale);
        }
        orbit_of[site] = orbits.len();
        orbits.push(Orbit { element, num_sites: 1, states: likely_states(tables, element, sum) });
    }
    let states = balance(&mut orbits)?;
    Ok(orbit_of.into_iter().map(|orbit| states[orbit]).collect())
}

/// States of an ion whose bond valences sum to `sum`, with the logarithm of their posterior probability.
fn likely_states(tables: &BondValences, element: Element, sum: f64) -> Vec<(i8, f64)> {
    let mut states: Vec<(i8, f64)> = tables
        .ions(element)
        .iter()
        .map(|ion| {
            let distance = (sum - ion.mean) / ion.deviation;
            (ion.state, -0.5 * distance * distance - libm::log(ion.deviation) + libm::log(ion.occurrences))
        })
        .collect();
    let most = states.iter().map(|state| state.1).fold(f64::NEG_INFINITY, f64::max);
    states.retain(|state| state.1 > most + libm::log(LEAST_SHARE));
    // Normalising shifts all scores of an orbit alike and changes no choice.
    states
}

/// Charges from `lowest` on, and the best score that reaches each.
struct Sums {
    lowest: i32,
    scores: Vec<f64>,
}

impl Sums {
    fn score(&self, charge: i32) -> f64 {
        usize::try_from(charge - self.lowest)
            .ok()
            .and_then(|place| self.scores.get(place))
            .copied()
            .unwrap_or(f64::NEG_INFINITY)
    }
}

/// The best neutral choice, one state an orbit, in their order.
fn balance(orbits: &mut [Orbit]) -> Result<Vec<i8>, BondValenceError> {
    let mut elements: Vec<Element> = orbits.iter().map(|orbit| orbit.element).collect();
    elements.sort_unstable_by_key(|element| element.row());
    elements.dedup();
    // For each element: every window of two neighbouring states, and the best of them for each charge.
    let mut kinds = Vec::with_capacity(elements.len());
    for &element in &elements {
        let members: Vec<usize> = (0..orbits.len()).filter(|&orbit| orbits[orbit].element == element).collect();
        let mut windows: Vec<i8> =
            members.iter().flat_map(|&orbit| orbits[orbit].states.iter().map(|state| state.0)).collect();
        windows.sort_unstable();
        windows.dedup();
        let mut best = Sums { lowest: 0, scores: Vec::new() };
        let mut chosen: Vec<i8> = Vec::new();
        for &window in &windows {
            let Some(sums) = window_sums(orbits, &members, window)?.pop() else { continue };
            merge(&mut best, &mut chosen, &sums, window);
        }
        kinds.push((members, best, chosen));
    }
    // Elements one after the other.
    let mut partial = vec![Sums { lowest: 0, scores: vec![0.0] }];
    for (_, best, _) in &kinds {
        let before = partial.last().expect("one to start with");
        let mut after = Sums {
            lowest: before.lowest + best.lowest,
            scores: vec![f64::NEG_INFINITY; entries(before.scores.len() + best.scores.len(), kinds.len())?],
        };
        for (i, before) in before.scores.iter().enumerate() {
            for (j, own) in best.scores.iter().enumerate() {
                let score = before + own;
                if score > after.scores[i + j] {
                    after.scores[i + j] = score;
                }
            }
        }
        partial.push(after);
    }
    if partial.last().expect("one an element").score(0) == f64::NEG_INFINITY {
        return Err(BondValenceError::NotBalanced);
    }
    let mut states = vec![0; orbits.len()];
    let mut charge = 0;
    for (number, (members, best, chosen)) in kinds.iter().enumerate().rev() {
        let (before, total) = (&partial[number], partial[number + 1].score(charge));
        let own = (best.lowest..best.lowest + best.scores.len() as i32)
            .find(|&own| before.score(charge - own) + best.score(own) == total)
            .expect("the total was made of one of them");
        let window = chosen[(own - best.lowest) as usize];
        trace(orbits, members, window, own, &mut states)?;
        charge -= own;
    }
    Ok(states)
}

/// The states of an orbit within a window.
fn within(orbit: &Orbit, window: i8) -> impl Iterator<Item = (i32, f64, i8)> {
    let num_sites = orbit.num_sites;
    let inside = orbit.states.iter().filter(move |state| state.0 == window || state.0 == window + 1);
    inside.map(move |&(state, score)| (num_sites * i32::from(state), score, state))
}

/// Best scores by charge after each orbit of an element, all in states of one window; empty where an orbit has none there.
fn window_sums(orbits: &[Orbit], members: &[usize], window: i8) -> Result<Vec<Sums>, BondValenceError> {
    let mut levels = vec![Sums { lowest: 0, scores: vec![0.0] }];
    for &member in members {
        let orbit = &orbits[member];
        let before = levels.last().expect("one to start with");
        let Some(low) = within(orbit, window).map(|state| state.0).min() else { return Ok(Vec::new()) };
        let high = within(orbit, window).map(|state| state.0).max().unwrap_or(low);
        let length = entries(before.scores.len() + (high - low) as usize, members.len())?;
        let mut after = Sums { lowest: before.lowest + low, scores: vec![f64::NEG_INFINITY; length] };
        for (charge, score, _) in within(orbit, window) {
            for (place, before) in before.scores.iter().enumerate() {
                let slot = &mut after.scores[place + (charge - low) as usize];
                *slot = slot.max(before + score);
            }
        }
        levels.push(after);
    }
    Ok(levels)
}

/// The states that gave an element its charge.
fn trace(
    orbits: &[Orbit],
    members: &[usize],
    window: i8,
    mut charge: i32,
    states: &mut [i8],
) -> Result<(), BondValenceError> {
    let levels = window_sums(orbits, members, window)?;
    for (level, &member) in members.iter().enumerate().rev() {
        let total = levels[level + 1].score(charge);
        let (own, _, state) = within(&orbits[member], window)
            .find(|(own, score, _)| levels[level].score(charge - own) + score == total)
            .expect("the total was made of one of them");
        states[member] = state;
        charge -= own;
    }
    Ok(())
}

/// Keeps the better score for each charge, and the window that it came from; the lower window where both are equal.
fn merge(best: &mut Sums, chosen: &mut Vec<i8>, sums: &Sums, window: i8) {
    if best.scores.is_empty() {
        best.lowest = sums.lowest;
    }
    let lowest = best.lowest.min(sums.lowest);
    let end = (best.lowest + best.scores.len() as i32).max(sums.lowest + sums.scores.len() as i32);
    let mut merged = Sums { lowest, scores: vec![f64::NEG_INFINITY; (end - lowest) as usize] };
    let mut windows = vec![window; merged.scores.len()];
    for (place, slot) in merged.scores.iter_mut().enumerate() {
        let charge = lowest + place as i32;
        let (old, new) = (best.score(charge), sums.score(charge));
        *slot = old.max(new);
        if old >= new && old > f64::NEG_INFINITY {
            windows[place] = chosen[(charge - best.lowest) as usize];
        }
    }
    (*best, *chosen) = (merged, windows);
}

/// The length of a table, where so many of them fit into memory.
fn entries(length: usize, tables: usize) -> Result<usize, BondValenceError> {
    if length.saturating_mul(tables) > MAX_ENTRIES / 8 { Err(BondValenceError::TooLarge) } else { Ok(length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crystal::Lattice;

    fn states(structure: &Structure) -> Result<Vec<i8>, BondValenceError> {
        let mut geometry = Geometry::default();
        geometry.begin(structure);
        bond_valence_states(structure, &mut geometry, 1.0)
    }

    fn perovskite(a: f64, symbols: [&str; 3]) -> Structure {
        let mut structure = Structure::new(Lattice::cubic(a).expect("a cell"));
        let element = |symbol: &str| symbol.parse::<Element>().expect("symbol");
        structure.push([0.0; 3], element(symbols[0]));
        structure.push([0.5; 3], element(symbols[1]));
        for frac in [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]] {
            structure.push(frac, element(symbols[2]));
        }
        structure
    }

    #[test]
    fn strontium_titanate_is_two_four_and_two() {
        assert_eq!(states(&perovskite(3.905, ["Sr", "Ti", "O"])), Ok(vec![2, 4, -2, -2, -2]));
    }

    #[test]
    fn an_intermetallic_is_not_balanced() {
        assert_eq!(states(&perovskite(3.9, ["Fe", "Ti", "Al"])), Err(BondValenceError::NotBalanced));
        let helium = states(&perovskite(3.9, ["Fe", "Ti", "He"])).expect_err("no parameters");
        assert_eq!(helium.to_string(), "no bond-valence parameters for He");
    }

    #[test]
    fn the_best_neutral_choice_is_taken_not_the_likeliest_state_of_each() {
        let orbit = |symbol: &str, num_sites, states: &[(i8, f64)]| Orbit {
            element: symbol.parse().expect("symbol"),
            num_sites,
            states: states.to_vec(),
        };
        // Fe2 Fe O4 with oxygen 2−: one iron 2+, two 3+, though both orbits like 3+ best.
        let mut spinel = [
            orbit("Fe", 1, &[(2, -1.0), (3, -0.1)]),
            orbit("Fe", 2, &[(2, -1.0), (3, -0.1)]),
            orbit("O", 4, &[(-2, 0.0)]),
        ];
        assert_eq!(balance(&mut spinel), Ok(vec![2, 3, -2]));
        // States that differ by two within an element do not count: 2+ and 4+ would balance.
        let mut wide = [orbit("Mn", 1, &[(2, 0.0)]), orbit("Mn", 1, &[(4, 0.0)]), orbit("O", 3, &[(-2, 0.0)])];
        assert_eq!(balance(&mut wide), Err(BondValenceError::NotBalanced));
    }
}
