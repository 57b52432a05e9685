//! Working memory of one worker, shared by all descriptors of one candidate.

use crate::candidate::{Candidate, Fault, FaultCode, Stage};
use crate::chem::oxidation::{GuessOutcome, GuessScratch, OxidationGuesser};
use crate::chem::{Composition, NUM_ELEMENTS};
use crate::crystal::order_parameters::Shell;
use crate::crystal::{BondGraph, CrystalNn, Geometry, Occupant, Structure};

use super::acsf::AcsfScratch;
use super::chemical_ordering::Paths;
use super::crystal_input::bond_fault;
use super::soap::SoapScratch;

/// Most atoms in the reduced formula of a guess, as matminer's `CompositionToOxidComposition` has it.
const MAX_SITES: u32 = 50;

/// Tables that a guess of oxidation states reads.
pub(super) const GUESS_TABLES: &[&str] = &["pymatgen_icsd", "pymatgen_common", "pymatgen_occurrence"];

/// Atoms of one element in one guessed oxidation state.
#[derive(Copy, Clone, Debug)]
pub(super) struct Species {
    /// [`Element::row`](crate::chem::Element::row).
    pub row: usize,
    /// Oxidation state.
    pub charge: f64,
    /// Amount in the reduced formula.
    pub amount: f64,
}

/// Reused memory, and what several descriptors need of the same candidate, computed once.
pub struct Scratch {
    /// The candidate's composition, reduced as pymatgen reduces it; empty where it has none.
    pub composition: Composition,
    /// [`Element::row`](crate::chem::Element::row) of each element, in the order of the composition.
    pub(super) rows: Vec<usize>,
    /// Amount of each element, in the same order.
    pub(super) amounts: Vec<f64>,
    /// Atomic fraction of each element, in the same order.
    pub(super) fractions: Vec<f64>,
    /// Sums of charges, for `ion_property`.
    pub(super) charges: [Vec<f64>; 2],
    /// Geometry of the candidate's structure, for descriptors that need one.
    pub(super) geometry: Geometry,
    /// Counts, for `structural_complexity`.
    pub(super) counts: Vec<u32>,
    /// Charge of each site, as `site_charges` left it.
    pub(super) site_charges: Vec<f64>,
    /// [`Element::row`](crate::chem::Element::row), total charge and amount of each element, for `site_charges`.
    pub(super) mean_charges: Vec<(usize, f64, f64)>,
    /// Working memory of `ewald_energy`.
    pub(super) ewald: super::ewald_energy::Work,
    /// Working memory of `coulomb_matrix` and `sine_matrix`.
    pub(super) matrix: super::atomic_matrix::Work,
    /// Working memory of `xrd`.
    pub(super) xrd: super::xrd::Work,
    /// Working memory of `agni`, `gaussian_symmetry` and `grdf`.
    pub(super) sites: super::site_sums::Work,
    /// Working memory of `acsf`.
    pub(super) acsf: AcsfScratch,
    /// Working memory of `soap`.
    pub(super) soap: SoapScratch,
    /// Neighbours whose order is judged.
    pub(super) shell: Shell,
    /// Bonds, once [`find_bonds`](Self::find_bonds) has found them.
    pub(super) bonds: CrystalNn,
    has_bonds: bool,
    /// For `dimensionality`.
    pub(super) bond_graph: BondGraph,
    /// Quantities of sites, site by site.
    pub(super) site_values: Vec<f64>,
    /// Weights of sites, for `site_pooling`.
    pub(super) site_weights: Vec<f64>,
    /// Paths over Voronoi facets, for `chemical_ordering`.
    pub(super) paths: Paths,
    guess: GuessScratch,
    outcome: Option<GuessOutcome>,
    species: Vec<Species>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            composition: Composition::new(),
            rows: Vec::with_capacity(NUM_ELEMENTS),
            amounts: Vec::with_capacity(NUM_ELEMENTS),
            fractions: Vec::with_capacity(NUM_ELEMENTS),
            charges: [Vec::with_capacity(1024), Vec::with_capacity(1024)],
            geometry: Geometry::default(),
            counts: Vec::new(),
            site_charges: Vec::new(),
            mean_charges: Vec::with_capacity(NUM_ELEMENTS),
            ewald: Default::default(),
            matrix: Default::default(),
            xrd: Default::default(),
            sites: Default::default(),
            acsf: AcsfScratch::default(),
            soap: SoapScratch::default(),
            shell: Shell::default(),
            bonds: CrystalNn::default(),
            has_bonds: false,
            bond_graph: BondGraph::default(),
            site_values: Vec::new(),
            site_weights: Vec::new(),
            paths: Paths::default(),
            guess: GuessScratch::default(),
            outcome: None,
            species: Vec::with_capacity(NUM_ELEMENTS),
        }
    }
}

impl Scratch {
    /// Empty working memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Prepares for the next candidate. The engine calls it once before the descriptors of a row.
    pub fn begin(&mut self, candidate: &Candidate) {
        self.composition.clear();
        self.rows.clear();
        self.amounts.clear();
        self.fractions.clear();
        self.outcome = None;
        self.has_bonds = false;
        if let Some(structure) = candidate.structure() {
            self.geometry.begin(structure);
        }
        let Some(composition) = candidate.composition() else { return };
        self.composition.copy_from(composition);
        self.composition.reduce();
        for &(element, amount) in self.composition.pairs() {
            self.rows.push(element.row());
            self.amounts.push(amount);
        }
        let mut total = 0.0;
        for amount in &self.amounts {
            total += amount;
        }
        self.fractions.extend(self.amounts.iter().map(|amount| amount / total));
    }

    /// The species of the likeliest oxidation states, guessed once a candidate.
    ///
    /// Without states that balance, every element is a species of charge 0, as in pymatgen's
    /// `add_charges_from_oxi_state_guesses`. `None` where no guess can be tried: amounts that are not whole, or too many atoms.
    pub(super) fn species(&mut self) -> Option<&[Species]> {
        if self.outcome.is_none() {
            let outcome = OxidationGuesser::pymatgen().guess(&self.composition, Some(MAX_SITES), &mut self.guess);
            self.outcome = Some(outcome);
            self.species.clear();
            if outcome == GuessOutcome::Found {
                self.species.extend(self.guess.species().iter().map(|found| Species {
                    row: found.element.row(),
                    charge: f64::from(found.state),
                    amount: f64::from(found.count),
                }));
            } else {
                let neutral = self.rows.iter().zip(&self.amounts);
                self.species.extend(neutral.map(|(&row, &amount)| Species { row, charge: 0.0, amount }));
            }
        }
        matches!(self.outcome, Some(GuessOutcome::Found | GuessOutcome::NotBalanced)).then_some(&self.species)
    }

    /// Finds the bonds of the candidate's structure by CrystalNN, once a candidate.
    pub(super) fn find_bonds(&mut self, structure: &Structure, occupants: &[Occupant]) -> Result<(), Fault> {
        if !self.has_bonds {
            self.bonds.run(structure, occupants, &mut self.geometry).map_err(bond_fault)?;
            self.has_bonds = true;
        }
        Ok(())
    }

    /// Refuses a candidate without composition.
    pub(super) fn require_composition(&self) -> Result<(), Fault> {
        if self.rows.is_empty() {
            let detail = "the candidate has no composition, but a descriptor needs one";
            return Err(Fault::new(Stage::Describe, FaultCode::NoComposition, detail));
        }
        Ok(())
    }
}
