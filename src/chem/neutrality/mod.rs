//! Charge neutrality and the order of electronegativities: may these amounts of these elements balance?
//!
//! [`NeutralityRule`] holds the tables and options, [`FamilyRule`] what they mean for one set of elements; the latter judges
//! one stoichiometry after another without allocating, for formulas and enumerated spaces alike.
//!
//! *Neutral*: there is a choice of one listed state for each element (for each atom, where mixed valence is allowed) whose
//! charges sum to zero. *Ordered* (the Pauling test of SMACT): in one such choice every cation is less electronegative than
//! every anion. SMACT tries all combinations; here the order is turned into at most one pair of sets (who may be cation, who
//! anion) for each electronegativity that occurs, and the sums that can be reached are bits of a word, shifted by each state.
//!
//! # References
//! Davies et al. 2016, 10.1016/j.chempr.2016.09.010 (the two rules); SMACT 4.0.2, `smact.screening.smact_validity`.

mod block;
mod family;
mod fractional;
mod reach;
mod rule;
mod single;
mod spread;

pub use block::FamilyBlock;
pub use family::FamilyRule;
pub use rule::{Judgement, MixedValence, NeutralityRule, RuleOptions};
