//! The plan's `[rank]` table, as written.

use crate::candidate::ColumnResolver;
use crate::units::closest;

use super::{RankError, RankPlan};

/// The plan's `[rank]` table.
///
/// ```
/// use matsieve::rank::{Method, RankSpec};
/// let table = serde_json::json!({ "by": [{ "column": "e_form.value", "direction": "min" }], "keep": 100 });
/// let spec = RankSpec::read(&table).unwrap();
/// assert_eq!(spec.method, Method::Top);
/// assert_eq!(spec.keep, 100);
/// ```
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankSpec {
    /// Objectives, the most important first.
    pub by: Vec<ObjectiveSpec>,
    /// How objectives become an order.
    #[serde(default)]
    pub method: Method,
    /// Candidates in the ranking; for `pareto` the default of `max_front`.
    #[serde(default = "default_keep")]
    pub keep: usize,
    /// Windows that a ranked candidate lies in, bounds included.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowSpec>,
    /// `pareto`: the largest number of candidates in the fronts that is no error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_front: Option<usize>,
    /// `pareto`: how many fronts to list; 1 = only candidates that no other dominates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fronts: Option<u32>,
    /// Whether candidates that are the structure of an earlier one are ranked.
    #[serde(default, skip_serializing_if = "DuplicateRule::is_default")]
    pub duplicates: DuplicateRule,
}

/// What happens to candidates that are the structure of an earlier one.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuplicateRule {
    /// Nobody looks for them.
    #[default]
    Keep,
    /// They are listed, and not ranked; candidates of one structure digest are compared.
    Remove,
    /// The same, but candidates of one reduced formula are compared, whatever their symmetry was found to be.
    Match,
}

impl DuplicateRule {
    fn is_default(&self) -> bool {
        *self == Self::Keep
    }

    /// Whether duplicates are looked for.
    pub fn removes(self) -> bool {
        self != Self::Keep
    }
}

/// How objectives become an order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By the first objective; ties by the next.
    #[default]
    Top,
    /// By the weighted geometric mean of desirabilities.
    Desirability,
    /// By Pareto front.
    Pareto,
}

impl Method {
    /// The word of the plan.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Desirability => "desirability",
            Self::Pareto => "pareto",
        }
    }
}

/// Which end of a column is good.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Small values.
    Min,
    /// Large values.
    Max,
}

/// One objective.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveSpec {
    /// Name of the column, e.g. `e_form.value`.
    pub column: String,
    /// Which end is good; not together with `target`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The value to come close to; not together with `direction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Number>,
    /// Farther from the target than this is not ranked; `desirability` falls to zero there and needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Number>,
    /// Importance, 1 by default; not for `top`, whose objectives only break ties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// `desirability`: where it is 1 (direction min) or 0 (max).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<Number>,
    /// `desirability`: where it is 0 (direction min) or 1 (max).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<Number>,
    /// `desirability`: exponent of the ramp, 1 (linear) by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<f64>,
}

/// A window on a column; at least one bound.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSpec {
    /// Name of the column.
    pub column: String,
    /// Smallest value that is ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Number>,
    /// Largest value that is ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Number>,
}

/// A number as plans write it: with a unit as a string, bare where the column has none.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// Without unit.
    Bare(f64),
    /// `"1.34 eV"`
    Quantity(String),
}

impl Number {
    /// The text, as [`crate::units::parse_quantity`] reads it.
    pub fn text(&self) -> String {
        match self {
            Self::Bare(value) => value.to_string(),
            Self::Quantity(text) => text.clone(),
        }
    }
}

impl RankSpec {
    /// Reads the table of a plan.
    ///
    /// # Errors
    /// Unknown or missing keys, wrong types.
    pub fn read(table: &serde_json::Value) -> Result<Self, RankError> {
        serde_json::from_value(table.clone()).map_err(|error| RankError::Table { reason: suggest(&error.to_string()) })
    }

    /// Names of the columns that it reads: one for each objective, then one for each window.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let objectives = self.by.iter().map(|objective| objective.column.as_str());
        objectives.chain(self.windows.iter().map(|window| window.column.as_str()))
    }

    /// Checks every name, unit and key; `resolver` finds a column and its unit by name.
    ///
    /// # Errors
    /// Unknown columns, units that do not fit, keys that contradict one another or the method, numbers out of range.
    pub fn resolve(&self, resolver: &dyn ColumnResolver) -> Result<RankPlan, RankError> {
        RankPlan::new(self, resolver)
    }
}

/// Adds the closest name that is known to the parser's message on one that is not.
fn suggest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown").then(|| quoted.next()).flatten();
    match unknown.and_then(|word| closest(word, quoted)) {
        Some(word) => format!("{message}, did you mean `{word}`?"),
        None => message.to_owned(),
    }
}

fn default_keep() -> usize {
    10_000
}
