//! Reading the parameters of a filter: typed, unknown keys refused with the closest known one.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the parameters of a filter.
///
/// # Errors
/// serde's reason; for an unknown key the closest known one, where it may be a typing error.
pub(super) fn read<T: DeserializeOwned>(parameters: &Value) -> Result<T, String> {
    T::deserialize(parameters).map_err(|error| {
        let message = error.to_string();
        let Some(rest) = message.strip_prefix("unknown field `") else {
            return message;
        };
        let mut quoted = rest.split('`');
        let key = quoted.next().unwrap_or_default();
        // serde lists the known keys in backticks: `a`, `b` or `a`, `b`, `c`.
        let known: Vec<&str> = quoted.skip(1).step_by(2).filter(|word| !word.is_empty()).collect();
        match crate::units::closest(key, known.iter().copied()) {
            Some(word) => format!("unknown key `{key}`, did you mean `{word}`?"),
            None => format!("unknown key `{key}`, there are {}", known.join(", ")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is tested")]
    struct Bounds {
        above: Option<f64>,
        below: Option<f64>,
        column: Option<String>,
    }

    #[test]
    fn unknown_keys_name_the_closest_or_all() {
        let error = |json: Value| read::<Bounds>(&json).expect_err("unknown key");
        assert_eq!(error(serde_json::json!({"abov": 1})), "unknown key `abov`, did you mean `above`?");
        assert_eq!(error(serde_json::json!({"xyz": 1})), "unknown key `xyz`, there are above, below, column");
    }
}
