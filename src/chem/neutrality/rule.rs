//! Tables and options of the rule.

use smallvec::SmallVec;

use super::FamilyRule;
use super::spread::SpreadStates;
use crate::chem::oxidation::{OxidationTable, StateSet, smact_element};
use crate::chem::{Composition, Element, NUM_ELEMENTS};

/// Largest reduced amount that is judged exactly.
const MAX_AMOUNT: f64 = 1e6;

/// What the rule says of a stoichiometry.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// A choice of states fulfils it.
    Allowed,
    /// No choice does.
    Forbidden,
    /// An element has no states or no electronegativity, non-integer amounts leave it open, or the amounts are beyond the
    /// bound of the search.
    Undecided,
}

/// Which elements may have atoms in several states within one compound.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MixedValence {
    /// None: one state an element.
    #[default]
    None,
    /// Those that SMACT lists (24 metals such as Fe, Mn, Cu, Ce).
    Listed,
    /// All.
    All,
}

/// Options of the rule besides the table of states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleOptions {
    /// `Some(tolerance)`: cations must be less electronegative than anions. With a tolerance of zero strictly so; otherwise
    /// `χ(cation) − χ(anion) ≤ tolerance`, as SMACT's `pauling_test` has it; negative ones demand a distance.
    pub electronegativity_order: Option<f64>,
    /// Which elements may have several states.
    pub mixed_valence: MixedValence,
    /// Whether compounds of metals alone are allowed whatever their states.
    pub allow_alloys: bool,
}

/// Everything the rule knows of one element.
#[derive(Copy, Clone, Debug)]
pub(super) struct ElementRule {
    pub states: StateSet,
    pub electronegativity: f64,
    pub is_metal: bool,
    pub is_mixed: bool,
}

impl ElementRule {
    /// Of no element.
    pub const NONE: Self =
        Self { states: StateSet::EMPTY, electronegativity: f64::NAN, is_metal: false, is_mixed: false };

    /// Whether it may be a cation, and whether an anion, where the least electronegative anion has electronegativity `least`.
    pub fn roles(&self, least: f64, tolerance: f64) -> (bool, bool) {
        let chi = self.electronegativity;
        (if tolerance == 0.0 { chi < least } else { chi - least <= tolerance }, chi >= least)
    }

    /// The states that keep the order where the least electronegative anion has electronegativity `least`.
    pub fn ordered_states(&self, least: f64, tolerance: f64) -> StateSet {
        let (may_be_cation, may_be_anion) = self.roles(least, tolerance);
        let cation = if may_be_cation { self.states.positive() } else { StateSet::EMPTY };
        let anion = if may_be_anion { self.states.negative() } else { StateSet::EMPTY };
        cation.union(anion).union(self.states.zero())
    }
}

/// The rule: a table of oxidation states with options. Electronegativities and element classes are SMACT's.
///
/// ```
/// use matsieve::chem::neutrality::{Judgement, NeutralityRule, RuleOptions};
/// use matsieve::chem::oxidation::{Evidence, OxidationTable};
/// use matsieve::chem::parse_formula;
/// let table = OxidationTable::named("smact14", Evidence::default()).unwrap();
/// let rule = NeutralityRule::new(&table, &RuleOptions::default());
/// assert_eq!(rule.judge(&parse_formula("NaCl").unwrap()), Judgement::Allowed);
/// assert_eq!(rule.judge(&parse_formula("CaF3").unwrap()), Judgement::Forbidden);
/// ```
#[derive(Clone, Debug)]
pub struct NeutralityRule {
    elements: Box<[ElementRule; NUM_ELEMENTS]>,
    pub(super) spread: SpreadStates,
    pub(super) electronegativity_order: Option<f64>,
    pub(super) allow_alloys: bool,
}

impl NeutralityRule {
    /// The rule for a table and options.
    pub fn new(table: &OxidationTable, options: &RuleOptions) -> Self {
        let elements: [ElementRule; NUM_ELEMENTS] = std::array::from_fn(|row| {
            let element = Element::from_atomic_number(row as u8 + 1).expect("rows count elements");
            let known = smact_element(element);
            ElementRule {
                states: table.states(element),
                electronegativity: known.electronegativity,
                is_metal: known.is_metal,
                is_mixed: match options.mixed_valence {
                    MixedValence::None => false,
                    MixedValence::Listed => known.is_mixed_valence,
                    MixedValence::All => true,
                },
            }
        });
        let &RuleOptions { electronegativity_order, allow_alloys, .. } = options;
        let spread = SpreadStates::new(&elements);
        Self { elements: Box::new(elements), spread, electronegativity_order, allow_alloys }
    }

    /// What the rule means for a set of elements.
    pub fn family(&self, elements: &[Element]) -> FamilyRule {
        FamilyRule::new(self, elements)
    }

    /// Judges a composition: amounts are divided by their greatest common divisor; elements alone are allowed.
    ///
    /// Amounts that are no whole numbers are judged as shares: a charge is balanced when it vanishes within 1e-6 an atom,
    /// mixed-valence elements take any mean between their lowest and highest state, and where one state an element does
    /// not balance but means would, the answer is undecided.
    pub fn judge(&self, composition: &Composition) -> Judgement {
        if let Some(verdict) = self.judge_single(composition.pairs()) {
            return verdict;
        }
        let elements: SmallVec<[Element; 16]> = composition.elements().collect();
        let family = self.family(&elements);
        if !composition.has_integer_amounts() {
            let amounts: SmallVec<[f64; 16]> = composition.pairs().iter().map(|(_, amount)| *amount).collect();
            return family.judge_shares(&amounts);
        }
        let mut divisor = 0;
        let mut amounts: SmallVec<[u32; 16]> = SmallVec::new();
        for (_, amount) in composition.pairs() {
            // Beyond this bound the search gives up anyway.
            if *amount > MAX_AMOUNT {
                return family.known().unwrap_or(Judgement::Undecided);
            }
            let amount = amount.round() as u32;
            divisor = greatest_common_divisor(divisor, amount);
            amounts.push(amount);
        }
        for amount in &mut amounts {
            *amount /= divisor.max(1);
        }
        family.judge(&amounts)
    }

    /// The verdict that does not depend on amounts, where there is one.
    pub(super) fn known(&self, elements: &[ElementRule]) -> Option<Judgement> {
        if elements.len() <= 1 || self.allow_alloys && elements.iter().all(|element| element.is_metal) {
            Some(Judgement::Allowed)
        } else if elements.iter().any(|element| element.states.is_empty()) {
            Some(Judgement::Undecided)
        } else {
            None
        }
    }

    pub(super) fn element(&self, element: Element) -> ElementRule {
        self.elements[element.row()]
    }
}

pub(super) fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
