//! `charge_neutral`: whether listed oxidation states can balance.

use serde_json::Value;

use crate::candidate::{BlockRule, ColumnResolver, Fault, Row, Verdict};
use crate::chem::neutrality::{MixedValence, NeutralityRule, RuleOptions};
use crate::chem::oxidation::{Evidence, OxidationTable};
use crate::chem::table;

use super::subset::composition;
use super::{Filter, NeedsOf, parameters};

/// Parameters of `charge_neutral` and `electronegativity_order`.
#[derive(Debug, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parameters {
    /// Table of oxidation states.
    oxidation_states: String,
    /// Least number of reports of a state; `icsd24` only.
    consensus: Option<u32>,
    /// Least share of an element's reports in per cent; `icsd24` only.
    commonality: Option<f64>,
    /// Whether zero is a state; `icsd24` only.
    include_zero: Option<bool>,
    /// Elements whose atoms may differ in state.
    mixed_valence: MixedValence,
    /// Whether compounds of metals alone pass.
    alloys: bool,
    /// By how much a cation may be more electronegative than an anion; `electronegativity_order` only.
    tolerance: Option<f64>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            oxidation_states: "icsd24".into(),
            consensus: None,
            commonality: None,
            include_zero: None,
            mixed_valence: MixedValence::None,
            alloys: false,
            tolerance: None,
        }
    }
}

/// Which of the two rules is built.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Charges must balance.
    Neutral,
    /// They must balance with cations less electronegative than anions.
    Ordered,
}

/// Passes compositions for which a choice of listed states fulfils the rule; see [`NeutralityRule`] for what stays undecided.
pub(super) struct OxidationRule {
    rule: NeutralityRule,
    record: Value,
}

/// Builds `charge_neutral`.
pub(super) fn build(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
    Ok(Box::new(OxidationRule::from_parameters(value, Kind::Neutral)?))
}

impl OxidationRule {
    pub(super) fn from_parameters(value: &Value, kind: Kind) -> Result<Self, String> {
        let given: Parameters = parameters::read(value)?;
        if given.tolerance.is_some_and(|tolerance| kind == Kind::Neutral || !tolerance.is_finite()) {
            return Err("`tolerance` is a finite number and belongs to electronegativity_order alone".into());
        }
        let counts_given = given.consensus.is_some() || given.commonality.is_some() || given.include_zero.is_some();
        if counts_given && given.oxidation_states != "icsd24" {
            let table = given.oxidation_states;
            return Err(format!(
                "`consensus`, `commonality` and `include_zero` apply to the table \"icsd24\", \"{table}\" holds no counts"
            ));
        }
        if given.commonality.is_some_and(|share| !(0.0..=100.0).contains(&share)) {
            return Err("`commonality` is a share in per cent, expected 0 to 100".into());
        }
        let usual = Evidence::default();
        let evidence = Evidence {
            consensus: given.consensus.unwrap_or(usual.consensus),
            commonality: given.commonality.unwrap_or(usual.commonality),
            include_zero: given.include_zero.unwrap_or(usual.include_zero),
        };
        let table = OxidationTable::named(&given.oxidation_states, evidence).map_err(|error| error.to_string())?;
        let tolerance = given.tolerance.unwrap_or(0.0);
        let options = RuleOptions {
            electronegativity_order: (kind == Kind::Ordered).then_some(tolerance),
            mixed_valence: given.mixed_valence,
            allow_alloys: given.alloys,
        };
        let mut record = serde_json::json!({
            "oxidation_states": table.record(),
            "mixed_valence": given.mixed_valence,
            "alloys": given.alloys,
        });
        let elements = table::table("smact_elements").map_err(|error| error.to_string())?.card();
        record["elements"] =
            serde_json::json!({ "table": elements.name, "version": elements.version, "sha256": elements.sha256 });
        if kind == Kind::Ordered {
            record["tolerance"] = tolerance.into();
        }
        Ok(Self { rule: NeutralityRule::new(&table, &options), record })
    }
}

impl Filter for OxidationRule {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        self.record.clone()
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        Ok(self.rule.judge(composition(row)?).into())
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(&self.rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::{Candidate, CandidateIndex, CandidateKind};
    use crate::chem::parse_formula;

    fn judge(kind: Kind, parameters: &Value, formula: &str) -> Verdict {
        let filter = OxidationRule::from_parameters(parameters, kind).expect("parameters");
        let kind = CandidateKind::Composition(parse_formula(formula).expect("formula"));
        let candidate = Candidate { index: CandidateIndex(0), kind, values: Vec::new() };
        filter.judge(Row { candidate: &candidate, features: &[], predictions: &[], prediction_row: 0 }).expect("judged")
    }

    fn refused(parameters: &Value) -> String {
        match OxidationRule::from_parameters(parameters, Kind::Neutral) {
            Ok(_) => panic!("{parameters} was taken"),
            Err(reason) => reason,
        }
    }

    #[test]
    fn table_and_thresholds_change_the_verdict() {
        // Sr 4+ has 7 reports in icsd24: SrF4 balances, unless a tenth of all reports is asked for.
        assert_eq!(judge(Kind::Neutral, &serde_json::json!({}), "SrO2"), Verdict::Pass);
        assert_eq!(judge(Kind::Neutral, &serde_json::json!({ "commonality": 10 }), "SrF4"), Verdict::Fail);
        assert_eq!(judge(Kind::Neutral, &serde_json::json!({}), "SrF4"), Verdict::Pass);
        assert_eq!(
            judge(Kind::Neutral, &serde_json::json!({ "oxidation_states": "smact14" }), "HeF2"),
            Verdict::Undecided
        );
    }

    #[test]
    fn the_order_is_asked_for_by_electronegativity_order_alone() {
        // N is -3 1 3 5 and Br -1 3 5 7: NBr5 balances only with N 5+ (3.04) beside Br 1- (2.96), the wrong order.
        let table = serde_json::json!({ "oxidation_states": "pymatgen_sp" });
        assert_eq!(judge(Kind::Neutral, &table, "NBr5"), Verdict::Pass);
        assert_eq!(judge(Kind::Ordered, &table, "NBr5"), Verdict::Fail);
    }

    #[test]
    fn record_names_tables_and_thresholds() {
        let filter =
            OxidationRule::from_parameters(&serde_json::json!({ "consensus": 6 }), Kind::Ordered).expect("built");
        let record = filter.parameters();
        assert_eq!(record["oxidation_states"]["table"], "icsd24");
        assert_eq!(record["oxidation_states"]["consensus"], 6);
        assert_eq!(record["tolerance"], 0.0);
        assert_eq!(record["elements"]["table"], "smact_elements");
    }

    #[test]
    fn bad_parameters_are_refused_with_what_is_allowed() {
        assert_eq!(refused(&serde_json::json!({ "consensu": 3 })), "unknown key `consensu`, did you mean `consensus`?");
        assert!(refused(&serde_json::json!({ "oxidation_states": "icsd" })).contains("there are icsd24, smact14"));
        assert!(
            refused(&serde_json::json!({ "oxidation_states": "wiki", "consensus": 3 })).contains("holds no counts")
        );
        assert!(refused(&serde_json::json!({ "commonality": 101 })).contains("0 to 100"));
        assert!(refused(&serde_json::json!({ "tolerance": 0.1 })).contains("electronegativity_order alone"));
        assert!(refused(&serde_json::json!({ "mixed_valence": "some" })).contains("unknown variant"));
    }
}
