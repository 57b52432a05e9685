//! `num_elements`: how many elements there may be.

use serde_json::Value;

use crate::candidate::{BlockJudge, BlockRule, ColumnResolver, Fault, Row, Stoichiometries, Verdict};
use crate::chem::{Element, NUM_ELEMENTS};

use super::subset::{SubsetJudge, composition, verdict};
use super::{Filter, NeedsOf, parameters};

/// Passes compositions of `min` to `max` elements, both included. Never undecided.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct NumElements {
    min: usize,
    max: usize,
}

impl Default for NumElements {
    fn default() -> Self {
        Self { min: 1, max: NUM_ELEMENTS }
    }
}

impl NumElements {
    pub(super) fn from_parameters(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
        let rule: Self = parameters::read(value)?;
        if value.get("min").is_none() && value.get("max").is_none() {
            return Err("expected `min`, `max` or both".into());
        }
        if rule.min > rule.max {
            return Err(format!("`min` = {} is greater than `max` = {}", rule.min, rule.max));
        }
        Ok(Box::new(rule))
    }

    fn decide(&self, count: usize) -> Verdict {
        verdict(self.min <= count && count <= self.max)
    }
}

impl Filter for NumElements {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        serde_json::json!({ "min": self.min, "max": self.max })
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        Ok(self.decide(composition(row)?.num_elements()))
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(self)
    }
}

impl BlockRule for NumElements {
    fn judge_blocks<'a>(&'a self, _stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a> {
        Box::new(SubsetJudge(|elements: &[Element]| self.decide(elements.len())))
    }
}
