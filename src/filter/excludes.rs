//! `excludes`: which elements must not be there.

use serde_json::Value;

use crate::candidate::{BlockJudge, BlockRule, ColumnResolver, Fault, Row, Stoichiometries, Verdict};
use crate::chem::{Element, ElementSet};

use super::subset::{SubsetJudge, composition, verdict};
use super::{Filter, NeedsOf, parameters};

/// Passes compositions without any of `elements`. Never undecided.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Excludes {
    elements: ElementSet,
}

impl Excludes {
    pub(super) fn from_parameters(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
        let rule: Self = parameters::read(value)?;
        if rule.elements.is_empty() {
            return Err("`elements` is empty".into());
        }
        Ok(Box::new(rule))
    }

    fn decide(&self, mut elements: impl Iterator<Item = Element>) -> Verdict {
        verdict(!elements.any(|element| self.elements.contains(element)))
    }
}

impl Filter for Excludes {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        serde_json::json!({ "elements": self.elements })
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        Ok(self.decide(composition(row)?.elements()))
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(self)
    }
}

impl BlockRule for Excludes {
    fn judge_blocks<'a>(&'a self, _stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a> {
        Box::new(SubsetJudge(|elements: &[Element]| self.decide(elements.iter().copied())))
    }
}
