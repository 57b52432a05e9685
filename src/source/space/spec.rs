//! What a plan says of an enumerated space.

use std::ops::RangeInclusive;

use crate::chem::ElementSet;

use super::SpaceError;

/// `[source] space = { … }`: which compositions there are.
///
/// ```toml
/// [source]
/// space = { elements = ["transition_metals", "O", "S"], num_elements = "2-3", max_amount = 6, require_any = [["O", "S"]] }
/// ```
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceSpec {
    /// Name in the origin of every candidate, `space:<name>#<i>`.
    #[serde(default = "default_name")]
    pub name: String,
    /// Symbols and names of groups that candidates are made of.
    pub elements: ElementSet,
    /// How many different elements: `3` or `"2-4"`.
    pub num_elements: NumElements,
    /// Largest amount of one element in the reduced formula.
    #[serde(default = "default_max_amount")]
    pub max_amount: u8,
    /// Largest number of atoms of the reduced formula; no limit of its own unless given.
    #[serde(default)]
    pub max_atoms: Option<u32>,
    /// Elements that every candidate has.
    #[serde(default)]
    pub require: ElementSet,
    /// Sets of which every candidate has at least one element each.
    #[serde(default)]
    pub require_any: Vec<ElementSet>,
    /// Elements that no candidate has; taken out of `elements`.
    #[serde(default)]
    pub exclude: ElementSet,
}

fn default_name() -> String {
    "enumerated".into()
}

fn default_max_amount() -> u8 {
    8
}

/// A number of elements or a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumElements(pub RangeInclusive<usize>);

impl NumElements {
    fn parse(text: &str) -> Result<Self, String> {
        let refuse = || format!("`num_elements` is a number or a range such as \"2-4\", found \"{text}\"");
        let (low, high) = text.split_once("..=").or_else(|| text.split_once('-')).unwrap_or((text, text));
        let number = |part: &str| part.trim().parse::<usize>().map_err(|_| refuse());
        let range = number(low)?..=number(high)?;
        if range.is_empty() {
            return Err(refuse());
        }
        Ok(Self(range))
    }
}

impl serde::Serialize for NumElements {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}-{}", self.0.start(), self.0.end()))
    }
}

impl<'de> serde::Deserialize<'de> for NumElements {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged, expecting = "`num_elements` is a number or a range such as \"2-4\"")]
        enum Written {
            Number(usize),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number..=number)),
            Written::Text(text) => Self::parse(&text).map_err(serde::de::Error::custom),
        }
    }
}

/// A specification whose sets are known to fit together.
pub(super) struct Checked {
    /// Elements that a candidate may have beside the required ones.
    pub free: ElementSet,
    /// Sets that the required elements do not already satisfy, cut down to `free`.
    pub groups: Vec<ElementSet>,
}

/// Most sets in `require_any`: counting takes 2^n numbers.
const MAX_GROUPS: usize = 8;

impl SpaceSpec {
    /// Reads the value of `space`.
    ///
    /// # Errors
    /// Unknown keys (with the closest known one), wrong types, unknown elements and groups.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, SpaceError> {
        <Self as serde::Deserialize>::deserialize(value).map_err(|error| SpaceError::Key(explain(&error.to_string())))
    }

    pub(super) fn check(&self) -> Result<Checked, SpaceError> {
        let available = self.elements.difference(self.exclude);
        let missing = self.require.difference(available);
        if !missing.is_empty() {
            return Err(SpaceError::Unavailable { key: "require", elements: names(missing) });
        }
        if *self.num_elements.0.start() == 0 {
            return Err(SpaceError::Key("`num_elements` begins at 1".into()));
        }
        if *self.num_elements.0.end() > available.len() {
            let (wanted, found) = (*self.num_elements.0.end(), available.len());
            return Err(SpaceError::TooFewElements { wanted, found });
        }
        if self.require.len() > *self.num_elements.0.end() {
            let reason = format!("`require` has {} elements, more than `num_elements` allows", self.require.len());
            return Err(SpaceError::Key(reason));
        }
        if self.max_amount == 0 {
            return Err(SpaceError::Key("`max_amount` begins at 1".into()));
        }
        let free = available.difference(self.require);
        let mut groups = Vec::new();
        for group in &self.require_any {
            if group.is_disjoint(available) {
                return Err(SpaceError::Unavailable { key: "require_any", elements: names(*group) });
            }
            if group.is_disjoint(self.require) {
                groups.push(group.intersection(free));
            }
        }
        if groups.len() > MAX_GROUPS {
            return Err(SpaceError::Key(format!("`require_any` has {} sets, at most {MAX_GROUPS}", groups.len())));
        }
        Ok(Checked { free, groups })
    }
}

fn names(set: ElementSet) -> String {
    if set.is_empty() {
        return "an empty list".into();
    }
    set.iter().map(|element| element.symbol()).collect::<Vec<_>>().join(", ")
}

/// serde's message, with the closest key for an unknown one.
fn explain(message: &str) -> String {
    const KEYS: [&str; 8] =
        ["name", "elements", "num_elements", "max_amount", "max_atoms", "require", "require_any", "exclude"];
    let Some(key) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return message.into();
    };
    match crate::units::closest(key, KEYS) {
        Some(word) => format!("unknown key `{key}`, did you mean `{word}`?"),
        None => format!("unknown key `{key}`, there are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(value: serde_json::Value) -> String {
        let spec = SpaceSpec::from_value(&value);
        spec.and_then(|spec| spec.check().map(|_| ())).expect_err("bad space").to_string()
    }

    #[test]
    fn bad_keys_and_sets_say_what_is_wrong() {
        for (value, expected) in [
            (json!({"elemnts": ["O"], "num_elements": 1}), "unknown key `elemnts`, did you mean `elements`?"),
            (json!({"elements": ["Xx"], "num_elements": 1}), "\"Xx\" is no element, did you mean \"Xe\"?"),
            (
                json!({"elements": ["O"], "num_elements": "1-"}),
                "`num_elements` is a number or a range such as \"2-4\", found \"1-\"",
            ),
            (
                json!({"elements": ["O", "H"], "num_elements": "2-1"}),
                "`num_elements` is a number or a range such as \"2-4\", found \"2-1\"",
            ),
            (json!({"elements": ["O"], "num_elements": 0}), "`num_elements` begins at 1"),
            (json!({"elements": ["O", "H"], "num_elements": 3}), "`num_elements` asks for 3 elements, there are 2"),
            (json!({"elements": ["O", "H"], "num_elements": 1, "max_amount": 0}), "`max_amount` begins at 1"),
            (
                json!({"elements": ["O", "H"], "num_elements": 1, "require": ["Fe"]}),
                "`require`: not among `elements`, or excluded: Fe",
            ),
            (
                json!({"elements": ["O", "H"], "num_elements": 1, "exclude": ["H"], "require_any": [["H"]]}),
                "`require_any`: not among `elements`, or excluded: H",
            ),
            (json!({"elements": ["O"]}), "missing field `num_elements`"),
        ] {
            assert_eq!(error(value), expected);
        }
    }

    #[test]
    fn a_specification_survives_printing_and_reading() {
        let value = json!({"elements": ["halogens", "Na"], "num_elements": "2-3", "require_any": [["F", "Cl"]]});
        let spec = SpaceSpec::from_value(&value).expect("good");
        let printed = serde_json::to_value(&spec).expect("json");
        assert_eq!(SpaceSpec::from_value(&printed).expect("good"), spec);
        assert_eq!((spec.max_amount, spec.name.as_str()), (8, "enumerated"));
    }
}
