//! Structures: a lattice and who sits where.

use crate::chem::{Composition, Element};

use super::Lattice;

/// One element on a site.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Occupant {
    /// Element; deuterium is hydrogen.
    pub element: Element,
    /// Share of the site, above 0, at most 1.
    pub occupancy: f64,
    /// Oxidation state, where the source gives one.
    pub oxidation: Option<f64>,
}

impl Occupant {
    /// An element that fills its site, without oxidation state.
    pub fn full(element: Element) -> Self {
        Self { element, occupancy: 1.0, oxidation: None }
    }
}

/// A crystal structure: every site of one cell.
///
/// Fractional coordinates are kept as given, not wrapped into the cell. A site with one full occupant is ordered; sites
/// with several occupants or a partial one are disordered.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    lattice: Lattice,
    fracs: Vec<[f64; 3]>,
    occupants: Vec<Occupant>,
    /// Where the occupants of each site end.
    ends: Vec<u32>,
}

impl Structure {
    /// A cell without sites.
    pub fn new(lattice: Lattice) -> Self {
        Self { lattice, fracs: Vec::new(), occupants: Vec::new(), ends: Vec::new() }
    }

    /// An empty cell again, with another lattice; keeps its allocations.
    pub fn reset(&mut self, lattice: Lattice) {
        self.lattice = lattice;
        self.fracs.clear();
        self.occupants.clear();
        self.ends.clear();
    }

    /// Adds an ordered site.
    pub fn push(&mut self, frac: [f64; 3], element: Element) {
        self.push_site(frac, &[Occupant::full(element)]);
    }

    /// Adds a site.
    ///
    /// # Panics
    /// If nobody sits there, or an occupancy is not above 0 and at most 1, or a coordinate is not finite: readers check.
    pub fn push_site(&mut self, frac: [f64; 3], occupants: &[Occupant]) {
        assert!(!occupants.is_empty(), "a site without occupants");
        assert!(occupants.iter().all(|o| o.occupancy > 0.0 && o.occupancy <= 1.0), "occupancies lie in (0, 1]");
        assert!(frac.iter().all(|x| x.is_finite()), "coordinates are finite");
        self.fracs.push(frac);
        self.occupants.extend_from_slice(occupants);
        self.ends.push(self.occupants.len() as u32);
    }

    /// The lattice.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.fracs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fracs.is_empty()
    }

    /// Fractional coordinates of all sites.
    pub fn fracs(&self) -> &[[f64; 3]] {
        &self.fracs
    }

    /// Cartesian coordinates of a site, in Å.
    pub fn cart(&self, site: usize) -> [f64; 3] {
        self.lattice.cart(self.fracs[site])
    }

    /// Who sits on a site.
    pub fn occupants(&self, site: usize) -> &[Occupant] {
        let start = if site == 0 { 0 } else { self.ends[site - 1] };
        &self.occupants[start as usize..self.ends[site] as usize]
    }

    /// Whether every site has one full occupant.
    pub fn is_ordered(&self) -> bool {
        self.occupants.len() == self.fracs.len() && self.occupants.iter().all(|o| o.occupancy == 1.0)
    }

    /// The occupants of an ordered structure, one a site; `None` where it is disordered.
    pub fn ordered(&self) -> Option<&[Occupant]> {
        self.is_ordered().then_some(&self.occupants)
    }

    /// Adds the amounts of the whole cell to `out`, in order of first appearance.
    pub fn composition_into(&self, out: &mut Composition) {
        for occupant in &self.occupants {
            out.add(occupant.element, occupant.occupancy);
        }
    }

    /// Amounts of the whole cell.
    pub fn composition(&self) -> Composition {
        let mut composition = Composition::new();
        self.composition_into(&mut composition);
        composition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(symbol: &str) -> Element {
        Element::from_symbol(symbol).expect("symbol")
    }

    #[test]
    fn a_partial_occupant_makes_a_structure_disordered() {
        let mut structure = Structure::new(Lattice::cubic(4.0).expect("a cell"));
        structure.push([0.0; 3], element("Na"));
        assert!(structure.is_ordered());
        let share = |symbol, occupancy| Occupant { element: element(symbol), occupancy, oxidation: None };
        structure.push_site([0.5; 3], &[share("Cl", 0.75), share("Br", 0.25)]);
        assert!(structure.ordered().is_none());
        assert_eq!(structure.occupants(1).len(), 2);
        assert_eq!(structure.composition().amount(element("Cl")), 0.75);
        structure.reset(Lattice::cubic(3.0).expect("a cell"));
        structure.push_site([0.5; 3], &[share("Cl", 0.5)]);
        assert!(!structure.is_ordered(), "one occupant a site, but not a full one");
    }
}
