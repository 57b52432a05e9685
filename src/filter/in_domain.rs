//! `in_domain`: a surrogate must know the neighbourhood of the candidate.

use serde_json::Value;

use crate::candidate::{ColumnRef, ColumnResolver, Fault, PredictionField, Row, Verdict};

use super::subset::verdict;
use super::{Filter, NeedsOf, parameters};

/// Passes rows that a surrogate calls inside its applicability domain; undecided where it has no distance (NaN).
///
/// With `max_distance` the rule is the surrogate's distance to its training data against that bound instead of its own flag
/// (1 is the edge of the domain).
pub(super) struct InDomain {
    surrogate: String,
    flag: ColumnRef,
    distance: ColumnRef,
    max_distance: Option<f64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    surrogate: String,
    max_distance: Option<f64>,
}

impl InDomain {
    pub(super) fn from_parameters(value: &Value, resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
        let Parameters { surrogate, max_distance } = parameters::read(value)?;
        if max_distance.is_some_and(|limit| !limit.is_finite() || limit < 0.0) {
            return Err("`max_distance` is a number from 0 on".into());
        }
        let field = |name: &str, expected: PredictionField| match resolver.resolve(&format!("{surrogate}.{name}"))?.0 {
            column @ ColumnRef::Prediction { field, .. } if field == expected => Ok(column),
            _ => Err(format!("\"{surrogate}\" is no surrogate of the plan")),
        };
        let flag = field("in_domain", PredictionField::InDomain)?;
        let distance = field("domain_distance", PredictionField::DomainDistance)?;
        Ok(Box::new(Self { surrogate, flag, distance, max_distance }))
    }
}

impl Filter for InDomain {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Predictions
    }

    fn parameters(&self) -> Value {
        serde_json::json!({ "surrogate": self.surrogate, "max_distance": self.max_distance })
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        let distance = row.value(self.distance);
        if distance.is_nan() {
            return Ok(Verdict::Undecided);
        }
        Ok(verdict(match self.max_distance {
            Some(limit) => distance <= limit,
            None => row.value(self.flag) == 1.0,
        }))
    }
}
