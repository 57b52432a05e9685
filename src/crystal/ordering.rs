//! Ordered stand-ins for disordered structures.

use crate::random::{STEP, splitmix};

use super::neighbors::{NeighborSearch, Neighbors};
use super::{GeometryError, Occupant, Structure};

/// Partly filled sites nearer than this, in Å, exclude one another: the shortest bond there is, H₂, has 0.74 Å.
pub const EXCLUSION: f64 = 0.7;

/// How far a share may lie beside another one and count as equal: files write 0.3333 for one third.
const SHARE_TOLERANCE: f64 = 1e-3;

impl Structure {
    /// The structure in which every site holds the occupant with the largest share; of equal ones the first.
    ///
    /// A site stays empty where the share that nobody holds, there and on the sites within [`EXCLUSION`] of it, is larger
    /// than that of its largest occupant. Of partly filled sites within [`EXCLUSION`] of one another, the fullest is
    /// held and the others stay empty; of equal ones the first.
    ///
    /// # Errors
    /// Partly filled sites nearer than [`MIN_DISTANCE`](super::MIN_DISTANCE): those are one site.
    pub fn majority(&self) -> Result<Self, GeometryError> {
        let exclusion = Exclusion::among(self)?;
        let largest: Vec<usize> = (0..self.len()).map(|site| largest(self.occupants(site))).collect();
        let share = |site: usize| self.occupants(site)[largest[site]].occupancy;
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| share(b).total_cmp(&share(a)));
        let mut held = vec![None; self.len()];
        for site in order {
            let filled: f64 = total(self, site) + exclusion.others(site).map(|other| total(self, other)).sum::<f64>();
            let is_void = exclusion.is_partial(site) && 1.0 - filled > share(site) + SHARE_TOLERANCE;
            if !is_void && exclusion.others(site).all(|other| held[other].is_none()) {
                held[site] = Some(largest[site]);
            }
        }
        Ok(self.holding(&held))
    }

    /// The structure in which the occupants of equal sites (the same elements with the same shares) are dealt out at random.
    ///
    /// Each occupant gets as many of the equal sites as its share says, parts by the largest remainder, so that the
    /// composition changes as little as can be. Partly filled sites within [`EXCLUSION`] of a held one stay empty. Equal
    /// keys deal equally.
    ///
    /// # Errors
    /// As [`majority`](Self::majority).
    pub fn dealt(&self, key: u64) -> Result<Self, GeometryError> {
        let exclusion = Exclusion::among(self)?;
        let mut held = vec![None; self.len()];
        for mut sites in self.equal_sites() {
            let counts = counts(self.occupants(sites[0]), sites.len());
            // Every site has a number of its own, so the order is one of all orders, whatever the other sites are.
            let number = |site: usize| splitmix(key.wrapping_add((site as u64 + 1).wrapping_mul(STEP)));
            sites.sort_by_key(|&site| (number(site), site));
            let mut hands = counts.iter().enumerate().flat_map(|(place, &count)| std::iter::repeat_n(place, count));
            for site in sites {
                if exclusion.others(site).all(|other| held[other].is_none()) {
                    held[site] = hands.next();
                }
            }
        }
        Ok(self.holding(&held))
    }

    /// Sites with equal occupants, together; in order of their first sites.
    fn equal_sites(&self) -> Vec<Vec<usize>> {
        let key = |site: usize| -> Vec<(u8, u64, Option<u64>)> {
            let bits = |o: &Occupant| (o.element.atomic_number(), o.occupancy.to_bits(), o.oxidation.map(f64::to_bits));
            self.occupants(site).iter().map(bits).collect()
        };
        let mut keyed: Vec<_> = (0..self.len()).map(|site| (key(site), site)).collect();
        keyed.sort();
        let mut groups: Vec<Vec<usize>> =
            keyed.chunk_by(|a, b| a.0 == b.0).map(|group| group.iter().map(|(_, site)| *site).collect()).collect();
        groups.sort();
        groups
    }

    /// The same cell with these occupants alone, each of them full.
    fn holding(&self, held: &[Option<usize>]) -> Self {
        let mut ordered = Self::new(*self.lattice());
        for (site, place) in held.iter().enumerate() {
            if let Some(place) = place {
                let occupant = Occupant { occupancy: 1.0, ..self.occupants(site)[*place] };
                ordered.push_site(self.fracs()[site], &[occupant]);
            }
        }
        ordered
    }
}

/// Share of a site that anybody holds.
fn total(structure: &Structure, site: usize) -> f64 {
    structure.occupants(site).iter().map(|occupant| occupant.occupancy).sum()
}

/// The first of the occupants with the largest share.
fn largest(occupants: &[Occupant]) -> usize {
    (1..occupants.len()).fold(0, |best, place| {
        let is_larger = occupants[place].occupancy > occupants[best].occupancy + SHARE_TOLERANCE;
        if is_larger { place } else { best }
    })
}

/// How many of `sites` equal sites each occupant gets: parts are rounded by the largest remainder, the void one of the parties.
fn counts(occupants: &[Occupant], sites: usize) -> Vec<usize> {
    let void = 1.0 - occupants.iter().map(|occupant| occupant.occupancy).sum::<f64>();
    let quotas = occupants.iter().map(|occupant| occupant.occupancy).chain([void.max(0.0)]);
    let quotas: Vec<f64> = quotas.map(|share| share * sites as f64).collect();
    let mut counts: Vec<usize> = quotas.iter().map(|quota| (quota + SHARE_TOLERANCE).floor() as usize).collect();
    let mut order: Vec<usize> = (0..quotas.len()).collect();
    order.sort_by(|&a, &b| (quotas[b] - counts[b] as f64).total_cmp(&(quotas[a] - counts[a] as f64)));
    let missing = sites.saturating_sub(counts.iter().sum());
    for place in order.into_iter().take(missing) {
        counts[place] += 1;
    }
    counts.truncate(occupants.len());
    counts
}

/// Partly filled sites, and which of them exclude one another.
struct Exclusion {
    /// Place among the partly filled sites.
    places: Vec<Option<usize>>,
    /// Sites of the places.
    sites: Vec<usize>,
    neighbors: Neighbors,
}

impl Exclusion {
    fn among(structure: &Structure) -> Result<Self, GeometryError> {
        let is_partial = |site: &usize| total(structure, *site) < 1.0 - SHARE_TOLERANCE;
        let sites: Vec<usize> = (0..structure.len()).filter(is_partial).collect();
        let mut places = vec![None; structure.len()];
        let mut partial = Structure::new(*structure.lattice());
        for (place, &site) in sites.iter().enumerate() {
            places[site] = Some(place);
            partial.push_site(structure.fracs()[site], structure.occupants(site));
        }
        let mut neighbors = Neighbors::default();
        NeighborSearch::default().run(&partial, EXCLUSION, &mut neighbors).map_err(|error| match error {
            GeometryError::OverlappingAtoms { first, second, distance } => {
                GeometryError::OverlappingAtoms { first: sites[first], second: sites[second], distance }
            }
            error => error,
        })?;
        Ok(Self { places, sites, neighbors })
    }

    fn is_partial(&self, site: usize) -> bool {
        self.places[site].is_some()
    }

    /// Sites that exclude this one. Its own images do not: there is no ordering without it in the same cell.
    fn others(&self, site: usize) -> impl Iterator<Item = usize> {
        let neighbors = self.places[site].map_or(&[][..], |place| self.neighbors.of(place));
        neighbors.iter().map(|neighbor| self.sites[neighbor.site as usize]).filter(move |&other| other != site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;
    use crate::crystal::Lattice;

    fn structure(sites: &[(f64, &[(&str, f64)])]) -> Structure {
        let mut structure = Structure::new(Lattice::cubic(10.0).expect("a cell"));
        for (x, occupants) in sites {
            let share = |&(symbol, occupancy): &(&str, f64)| Occupant {
                element: Element::from_symbol(symbol).expect("symbol"),
                occupancy,
                oxidation: None,
            };
            structure.push_site([*x, 0.0, 0.0], &occupants.iter().map(share).collect::<Vec<_>>());
        }
        structure
    }

    fn sites(structure: &Structure) -> Vec<(f64, &'static str)> {
        let occupants = structure.ordered().expect("ordered");
        structure.fracs().iter().zip(occupants).map(|(frac, o)| (frac[0], o.element.symbol())).collect()
    }

    #[test]
    fn the_larger_share_holds_a_site_and_the_void_is_a_share_too() {
        let mixed = structure(&[
            (0.0, &[("Fe", 0.4), ("Ni", 0.6)]),
            (0.2, &[("Fe", 0.5), ("Ni", 0.5)]),
            (0.4, &[("Li", 0.3)]),
            (0.6, &[("Li", 0.5)]),
            (0.8, &[("O", 1.0)]),
        ]);
        let ordered = mixed.majority().expect("ordered");
        assert_eq!(sites(&ordered), [(0.0, "Ni"), (0.2, "Fe"), (0.6, "Li"), (0.8, "O")]);
        assert_eq!(ordered.majority().expect("ordered"), ordered);
    }

    /// Three places of one atom, 0.5 Å apart in a cell of 10 Å: together they are full, so one of them is held.
    #[test]
    fn of_split_sites_one_is_held() {
        let split =
            structure(&[(0.0, &[("O", 0.3)]), (0.05, &[("O", 0.4)]), (0.1, &[("O", 0.3)]), (0.5, &[("Si", 1.0)])]);
        assert_eq!(sites(&split.majority().expect("ordered")), [(0.05, "O"), (0.5, "Si")]);
        for key in 0..20 {
            let held = split.dealt(key).expect("ordered");
            assert!(held.composition().amount(Element::from_symbol("O").expect("symbol")) <= 2.0);
            let at = sites(&held);
            assert!(!(at.contains(&(0.0, "O")) && at.contains(&(0.05, "O"))), "{at:?}");
        }
    }

    /// Eight sites of Fe₃Ni: six and two, whatever the key; different keys deal differently.
    #[test]
    fn dealing_keeps_the_composition_and_follows_the_key() {
        let site = |i: u32| (f64::from(i) / 8.0, &[("Fe", 0.75), ("Ni", 0.25)][..]);
        let alloy = structure(&(0..8).map(site).collect::<Vec<_>>());
        let nickel = |key| -> Vec<f64> {
            let dealt = alloy.dealt(key).expect("ordered");
            sites(&dealt).into_iter().filter(|(_, symbol)| *symbol == "Ni").map(|(x, _)| x).collect()
        };
        let all: Vec<_> = (0..50).map(nickel).collect();
        assert!(all.iter().all(|places| places.len() == 2));
        assert!(all.iter().any(|places| *places != all[0]));
        assert_eq!(nickel(7), nickel(7));
        // Every site gets its turn: 50 draws of 2 among 8 miss a given one with probability 0.75⁵⁰ ≈ 6e-7.
        assert!((0..8).all(|i| all.iter().flatten().any(|x| *x == f64::from(i) / 8.0)));
    }

    /// 0.3333 of three sites is one, the rest stays empty: 0.9999 atoms round to 1, 2.0001 voids to 2.
    #[test]
    fn shares_round_by_the_largest_remainder() {
        assert_eq!(counts(structure(&[(0.0, &[("Li", 0.3333)])]).occupants(0), 3), [1]);
        assert_eq!(counts(structure(&[(0.0, &[("Li", 0.5)])]).occupants(0), 3), [2]);
        assert_eq!(counts(structure(&[(0.0, &[("Fe", 0.6), ("Ni", 0.4)])]).occupants(0), 4), [2, 2]);
        assert_eq!(counts(structure(&[(0.0, &[("Fe", 0.3), ("Ni", 0.3), ("Co", 0.4)])]).occupants(0), 1), [0, 0, 1]);
    }

    #[test]
    fn partly_filled_sites_on_one_place_are_told_by_their_numbers() {
        let twice = structure(&[(0.5, &[("O", 1.0)]), (0.0, &[("Fe", 0.5)]), (0.0005, &[("Ni", 0.5)])]);
        let error = twice.majority().expect_err("overlap");
        assert!(matches!(error, GeometryError::OverlappingAtoms { first: 1, second: 2, .. }), "{error:?}");
    }
}
