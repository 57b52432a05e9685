//! The rule for one set of elements.

use smallvec::SmallVec;

use super::reach::{self, Share};
use super::rule::{ElementRule, Judgement, NeutralityRule};
use crate::chem::Element;
use crate::chem::oxidation::StateSet;

/// Sets of states, one an element, from which every choice is ordered.
pub(super) type Choice = SmallVec<[StateSet; 6]>;

/// The rule for one set of elements; judging a stoichiometry does not allocate for up to sixteen of them.
///
/// ```
/// use matsieve::chem::neutrality::{Judgement, NeutralityRule, RuleOptions};
/// use matsieve::chem::oxidation::{Evidence, OxidationTable};
/// let table = OxidationTable::named("pymatgen_icsd", Evidence::default()).unwrap();
/// let rule = NeutralityRule::new(&table, &RuleOptions::default());
/// let iron_oxides = rule.family(&["Fe".parse().unwrap(), "O".parse().unwrap()]);
/// assert_eq!(iron_oxides.judge(&[2u8, 3]), Judgement::Allowed);
/// assert_eq!(iron_oxides.judge(&[3u8, 4]), Judgement::Forbidden); // magnetite needs mixed valence
/// ```
#[derive(Clone, Debug)]
pub struct FamilyRule {
    /// Verdict that does not depend on amounts.
    known: Option<Judgement>,
    /// Verdict where one balances.
    found: Judgement,
    pub(super) choices: SmallVec<[Choice; 4]>,
    pub(super) mixed: SmallVec<[bool; 8]>,
}

impl FamilyRule {
    pub(super) fn new(rule: &NeutralityRule, elements: &[Element]) -> Self {
        let elements: SmallVec<[ElementRule; 8]> = elements.iter().map(|&element| rule.element(element)).collect();
        let mut family = Self {
            known: None,
            found: Judgement::Allowed,
            choices: SmallVec::new(),
            mixed: elements.iter().map(|element| element.is_mixed).collect(),
        };
        family.known = rule.known(&elements);
        if family.known.is_none() {
            match rule.electronegativity_order {
                Some(tolerance) if elements.iter().all(|element| !element.electronegativity.is_nan()) => {
                    family.choices = ordered_choices(&elements, tolerance);
                }
                // Without all electronegativities an order cannot be shown, but a charge that never balances can.
                Some(_) => {
                    family.found = Judgement::Undecided;
                    family.choices.push(elements.iter().map(|element| element.states).collect());
                }
                None => family.choices.push(elements.iter().map(|element| element.states).collect()),
            }
            if family.choices.is_empty() {
                family.known = Some(Judgement::Forbidden);
            }
        }
        family
    }

    /// The verdict, where it is the same for all stoichiometries.
    pub fn known(&self) -> Option<Judgement> {
        self.known
    }

    /// Judges a stoichiometry: amounts in the order of the elements.
    ///
    /// # Panics
    /// If there are not as many amounts as elements.
    pub fn judge<A: Copy + Into<u32>>(&self, amounts: &[A]) -> Judgement {
        assert_eq!(amounts.len(), self.mixed.len(), "one amount an element");
        if let Some(known) = self.known {
            return known;
        }
        let mut verdict = Judgement::Forbidden;
        for choice in &self.choices {
            let shares = amounts.iter().zip(choice).zip(&self.mixed).map(|((&amount, &states), &is_mixed)| Share {
                amount: amount.into(),
                states,
                is_mixed,
            });
            match reach::is_balanced(shares) {
                Some(true) => return self.found,
                Some(false) => {}
                None => verdict = Judgement::Undecided,
            }
        }
        verdict
    }

    /// The verdict on stoichiometries that a choice balances.
    pub fn verdict_if_found(&self) -> Judgement {
        self.found
    }
}

/// For each electronegativity that the least electronegative anion may have: who may be what.
fn ordered_choices(elements: &[ElementRule], tolerance: f64) -> SmallVec<[Choice; 4]> {
    let mut choices: SmallVec<[Choice; 4]> = SmallVec::new();
    for anion in elements {
        let choice: Choice =
            elements.iter().map(|element| element.ordered_states(anion.electronegativity, tolerance)).collect();
        if choice.iter().all(|states| !states.is_empty()) && !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::neutrality::{MixedValence, RuleOptions};
    use crate::chem::oxidation::{Evidence, OxidationTable};
    use crate::chem::parse_formula;

    fn judge(table: &str, options: &RuleOptions, formula: &str) -> Judgement {
        let table = OxidationTable::named(table, Evidence::default()).expect("named table");
        NeutralityRule::new(&table, options).judge(&parse_formula(formula).expect("formula"))
    }

    fn ordered() -> RuleOptions {
        RuleOptions { electronegativity_order: Some(0.0), ..RuleOptions::default() }
    }

    #[test]
    fn one_state_an_element_must_balance() {
        // pymatgen's ICSD lists: Fe 2 3, O -2, Na 1, Cl -1 3 5 7.
        let options = RuleOptions::default();
        assert_eq!(judge("pymatgen_icsd", &options, "Fe4O6"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_icsd", &options, "Fe3O4"), Judgement::Forbidden);
        assert_eq!(judge("pymatgen_icsd", &options, "Na2Cl"), Judgement::Forbidden);
    }

    #[test]
    fn mixed_valence_lets_atoms_differ() {
        // Magnetite: one Fe 2+, two Fe 3+, four O 2-.
        for mixed_valence in [MixedValence::Listed, MixedValence::All] {
            let options = RuleOptions { mixed_valence, ..RuleOptions::default() };
            assert_eq!(judge("pymatgen_icsd", &options, "Fe3O4"), Judgement::Allowed);
            assert_eq!(judge("pymatgen_icsd", &options, "FeO2"), Judgement::Forbidden);
        }
    }

    #[test]
    fn cations_must_be_less_electronegative_than_anions() {
        // smact14: Cl 1 with O -2, and Cl (3.16) < O (3.44).
        assert_eq!(judge("smact14", &ordered(), "Cl2O"), Judgement::Allowed);
        // O 2 with F -1: 3.44 < 3.98.
        assert_eq!(judge("smact14", &ordered(), "OF2"), Judgement::Allowed);
        // Au -1 (2.4) and Cs +1 (0.79) are ordered, the structure predictor's list has no anion of gold.
        assert_eq!(judge("icsd24", &ordered(), "CsAu"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_sp", &ordered(), "CsAu"), Judgement::Forbidden);
        // wiki has Cl 1 and F -1 0, F 3.98 is no cation beside any other element: ClF is Cl 1, F -1.
        assert_eq!(judge("wiki", &ordered(), "ClF"), Judgement::Allowed);
    }

    #[test]
    fn a_tolerance_lets_close_pairs_pass_and_a_negative_one_demands_distance() {
        // P 2.19 and H 2.20: PH3 has P 3+ with H 1- (difference 0.01); P 3- with H 1+ is the wrong way round.
        let with = |tolerance| RuleOptions { electronegativity_order: Some(tolerance), ..RuleOptions::default() };
        assert_eq!(judge("smact14", &with(0.0), "PH3"), Judgement::Allowed);
        assert_eq!(judge("smact14", &with(-0.5), "PH3"), Judgement::Forbidden);
        assert_eq!(judge("smact14", &with(-0.5), "NaCl"), Judgement::Allowed);
    }

    #[test]
    fn elements_alone_and_on_request_alloys_are_allowed() {
        // The structure predictor's list has no negative state of a metal.
        assert_eq!(judge("pymatgen_sp", &ordered(), "Fe"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_sp", &ordered(), "FeNi"), Judgement::Forbidden);
        let alloys = RuleOptions { allow_alloys: true, ..ordered() };
        assert_eq!(judge("pymatgen_sp", &alloys, "FeNi"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_sp", &alloys, "Al0.3FeNi2"), Judgement::Allowed);
    }

    #[test]
    fn elements_without_states_or_electronegativity_leave_it_undecided() {
        assert_eq!(judge("smact14", &ordered(), "HeO"), Judgement::Undecided);
        // Pm has states in smact14 but no electronegativity: Pm2O3 balances, PmO7 never does.
        assert_eq!(judge("smact14", &ordered(), "Pm2O3"), Judgement::Undecided);
        assert_eq!(judge("smact14", &ordered(), "Pm7O"), Judgement::Forbidden);
    }

    #[test]
    fn shares_balance_as_means_only_where_mixed_valence_is_allowed() {
        // La 3, Sr 2, O -2: Cu must be 2.15 on average; Cu 1 2 3 in pymatgen's list.
        let listed = RuleOptions { mixed_valence: MixedValence::Listed, ..RuleOptions::default() };
        assert_eq!(judge("pymatgen_sp", &listed, "La1.85Sr0.15CuO4"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_sp", &RuleOptions::default(), "La1.85Sr0.15CuO4"), Judgement::Undecided);
        // Zr0.5Ti0.5O2 balances with one state each; nothing brings Na0.5Cl0.4 to zero but Cl is -1 at least.
        assert_eq!(judge("pymatgen_sp", &RuleOptions::default(), "Zr0.5Ti0.5O2"), Judgement::Allowed);
        assert_eq!(judge("pymatgen_sp", &RuleOptions::default(), "Na0.5F0.4"), Judgement::Forbidden);
    }
}
