//! Parameters that decide how many columns a descriptor has, and that a first pass over the candidates can find.

use serde_json::{Value, json};

/// A parameter that is left to the candidates.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fitted {
    /// `max_atoms`: atoms of the largest cell.
    MaxAtoms,
    /// `species`: the elements that occur.
    Species,
}

impl Fitted {
    /// Name of the parameter.
    pub const fn key(self) -> &'static str {
        match self {
            Self::MaxAtoms => "max_atoms",
            Self::Species => "species",
        }
    }
}

/// The parameter of a descriptor that candidates decide; `None` where it is given, or where no candidate changes the
/// columns.
pub fn fitted(name: &str, parameters: &Value) -> Option<Fitted> {
    let given = |key: &str| parameters.get(key);
    let names = |key: &str, word: &str| match given(key) {
        Some(Value::String(text)) => text == word,
        Some(Value::Array(items)) => items.iter().any(|item| item == word),
        _ => false,
    };
    let fitted = match name {
        "sine_matrix" | "coulomb_matrix" => Fitted::MaxAtoms,
        "partial_rdf" | "acsf" => Fitted::Species,
        "soap" if names("compression", "off") => Fitted::Species,
        _ if names("resolve", "species") => Fitted::Species,
        _ => return None,
    };
    given(fitted.key()).is_none().then_some(fitted)
}

/// Parameters of a descriptor that needs some, for lists and pages that show what it has.
pub(super) fn example(name: &str) -> Value {
    match fitted(name, &json!({})) {
        Some(Fitted::Species) => json!({ "species": ["O", "Ti"] }),
        Some(Fitted::MaxAtoms) => json!({ "max_atoms": 2 }),
        None => json!({}),
    }
}

/// Most atoms that `max_atoms` may be.
pub const MOST_ATOMS: usize = super::atomic_matrix::LIMIT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_not_fitted() {
        for (name, parameters, expected) in [
            ("sine_matrix", json!({}), Some(Fitted::MaxAtoms)),
            ("sine_matrix", json!({ "max_atoms": 3 }), None),
            ("acsf", json!({ "r_cut": 3 }), Some(Fitted::Species)),
            ("soap", json!({}), None),
            ("soap", json!({ "compression": "off" }), Some(Fitted::Species)),
            ("soap", json!({ "compression": "off", "species": ["O"] }), None),
            ("agni", json!({ "resolve": ["all", "species"] }), Some(Fitted::Species)),
            ("agni", json!({ "resolve": "orbits" }), None),
            ("magpie", Value::Null, None),
        ] {
            assert_eq!(fitted(name, &parameters), expected, "{name} {parameters}");
        }
    }
}
