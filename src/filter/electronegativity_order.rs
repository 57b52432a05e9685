//! `electronegativity_order`: the Pauling test, whether listed states can balance with cations less electronegative than anions.
//!
//! With `alloys = true` and undecided candidates dropped it gives the verdicts of SMACT 4.0.2's `smact_validity`.

use serde_json::Value;

use super::Filter;
use super::charge_neutral::{Kind, OxidationRule};
use crate::candidate::ColumnResolver;

/// Builds `electronegativity_order`.
pub(super) fn build(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
    Ok(Box::new(OxidationRule::from_parameters(value, Kind::Ordered)?))
}
