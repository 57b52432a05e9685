//! Filters: rules with three-valued verdicts. One file per rule; the registry below is the only list.

mod charge_neutral;
mod contains;
mod electronegativity_order;
mod excludes;
mod in_domain;
mod num_elements;
mod parameters;
mod policy;
mod subset;
mod window;

use serde_json::Value;

use crate::candidate::{BlockRule, ColumnResolver, Fault, Row, Verdict};

/// The earliest point at which a rule can be applied.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedsOf {
    /// The composition is enough.
    Composition,
    /// Columns of the feature matrix.
    Features,
    /// Predictions.
    Predictions,
}

/// A rule.
pub trait Filter: Send + Sync {
    /// What it needs.
    fn needs(&self) -> NeedsOf;

    /// Names and versions of the tables it reads, and its thresholds, for the record.
    fn parameters(&self) -> serde_json::Value;

    /// Judges one row.
    ///
    /// # Errors
    /// The fault that quarantines the candidate.
    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault>;

    /// The same rule for whole blocks of an enumerated space, where it can decide them without looking at each candidate.
    fn block_rule(&self) -> Option<&dyn BlockRule> {
        None
    }
}

/// A line of the registry.
pub struct Entry {
    /// Name in plans and results.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Builds it from the parameters of the plan (an object; unknown keys are refused).
    pub build: Builder,
}

/// Builds a filter from its parameters and the columns there are; the text of an error says what is wrong and what is allowed.
pub type Builder = fn(&Value, &dyn ColumnResolver) -> Result<Box<dyn Filter>, String>;

/// All filters, in the order in which they are listed.
#[rustfmt::skip]
pub const REGISTRY: &[Entry] = &[
    Entry { name: "charge_neutral", summary: "listed oxidation states can balance", build: charge_neutral::build },
    Entry { name: "electronegativity_order", summary: "they can balance with cations less electronegative than anions", build: electronegativity_order::build },
    Entry { name: "contains", summary: "has all of, or any of, the named elements", build: contains::Contains::from_parameters },
    Entry { name: "excludes", summary: "has none of the named elements", build: excludes::Excludes::from_parameters },
    Entry { name: "num_elements", summary: "has at least and at most so many elements", build: num_elements::NumElements::from_parameters },
    Entry { name: "policy", summary: "every element obeys a policy: price, abundance, supply, criticality, hazards", build: policy::build },
    Entry { name: "window", summary: "a column lies above, below or between bounds", build: window::Window::from_parameters },
    Entry { name: "in_domain", summary: "lies inside the applicability domain of a surrogate", build: in_domain::InDomain::from_parameters },
];

/// Builds a filter from the parameters of the plan.
///
/// # Errors
/// Unknown name (with the closest known one), unknown or bad parameter, unknown column, incompatible unit.
pub fn build(name: &str, parameters: &Value, resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, FilterError> {
    let Some(entry) = REGISTRY.iter().find(|entry| entry.name == name) else {
        let known = REGISTRY.iter().map(|entry| entry.name);
        return Err(FilterError::Unknown {
            name: name.into(),
            suggestion: crate::units::closest(name, known.clone()).map(str::to_owned),
            known: known.collect::<Vec<_>>().join(", "),
        });
    };
    (entry.build)(parameters, resolver).map_err(|reason| FilterError::Parameters { name: name.into(), reason })
}

/// Why a filter cannot be built from a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// No filter of that name.
    #[error("unknown filter \"{name}\"{}, there are {known}", .suggestion.as_ref().map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The closest known name.
        suggestion: Option<String>,
        /// All names.
        known: String,
    },
    /// A parameter is unknown, out of range or in another unit.
    #[error("filter \"{name}\": {reason}")]
    Parameters {
        /// The filter.
        name: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
}
