//! `window`: a column must lie above, below or between bounds.

use serde_json::Value;

use crate::candidate::{ColumnRef, ColumnResolver, Fault, Row, Verdict};
use crate::units::{Unit, parse_quantity};

use super::subset::verdict;
use super::{Filter, NeedsOf, parameters};

/// Passes rows whose column lies within the bounds, both included; undecided where the column is undefined (NaN).
pub(super) struct Window {
    name: String,
    column: ColumnRef,
    unit: Unit,
    above: Option<f64>,
    below: Option<f64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    column: String,
    above: Option<Value>,
    below: Option<Value>,
    between: Option<[Value; 2]>,
}

impl Window {
    pub(super) fn from_parameters(value: &Value, resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
        let Parameters { column: name, mut above, mut below, between } = parameters::read(value)?;
        match (&above, &below, between) {
            (None, None, Some([low, high])) => (above, below) = (Some(low), Some(high)),
            (None, None, None) => return Err("expected `above`, `below`, both, or `between`".into()),
            (_, _, Some(_)) => return Err("`between` stands alone, without `above` and `below`".into()),
            (_, _, None) => {}
        }
        let (column, unit) = resolver.resolve(&name)?;
        let above = above.map(|value| quantity("above", &value, &unit)).transpose()?;
        let below = below.map(|value| quantity("below", &value, &unit)).transpose()?;
        if let (Some(low), Some(high)) = (above, below)
            && low > high
        {
            return Err(format!("the window from {low} {unit} to {high} {unit} is empty"));
        }
        Ok(Box::new(Self { name, column, unit, above, below }))
    }
}

/// A finite bound in the unit of the column; a bare number only where the column has none.
pub(super) fn quantity(key: &str, value: &Value, unit: &Unit) -> Result<f64, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(format!("`{key}` is a quantity such as \"1.1 eV\", found {other}")),
    };
    parse_quantity(&text, unit).map_err(|error| format!("`{key}`: {error}"))
}

impl Filter for Window {
    fn needs(&self) -> NeedsOf {
        match self.column {
            ColumnRef::Feature(_) => NeedsOf::Features,
            ColumnRef::Prediction { .. } => NeedsOf::Predictions,
        }
    }

    fn parameters(&self) -> Value {
        serde_json::json!({ "column": self.name, "unit": self.unit, "above": self.above, "below": self.below })
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        let value = row.value(self.column);
        if value.is_nan() {
            return Ok(Verdict::Undecided);
        }
        Ok(verdict(self.above.is_none_or(|low| value >= low) && self.below.is_none_or(|high| value <= high)))
    }
}
