//! `contains`: which elements must be there.

use serde_json::Value;

use crate::candidate::{BlockJudge, BlockRule, ColumnResolver, Fault, Row, Stoichiometries, Verdict};
use crate::chem::{Element, ElementSet};

use super::subset::{SubsetJudge, composition, verdict};
use super::{Filter, NeedsOf, parameters};

/// Passes compositions that have all elements of `all` and, if given, at least one of `any`. Never undecided.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contains {
    #[serde(default)]
    all: ElementSet,
    #[serde(default)]
    any: ElementSet,
}

impl Contains {
    pub(super) fn from_parameters(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
        let rule: Self = parameters::read(value)?;
        if rule.all.is_empty() && rule.any.is_empty() {
            return Err("expected `all` or `any`, a list of elements".into());
        }
        Ok(Box::new(rule))
    }

    fn decide(&self, elements: impl Iterator<Item = Element>) -> Verdict {
        let present: ElementSet = elements.collect();
        verdict(self.all.is_subset(present) && (self.any.is_empty() || !self.any.is_disjoint(present)))
    }
}

impl Filter for Contains {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        serde_json::json!({ "all": self.all, "any": self.any })
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        Ok(self.decide(composition(row)?.elements()))
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(self)
    }
}

impl BlockRule for Contains {
    fn judge_blocks<'a>(&'a self, _stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a> {
        Box::new(SubsetJudge(|elements: &[Element]| self.decide(elements.iter().copied())))
    }
}
