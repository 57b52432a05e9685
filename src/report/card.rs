//! What a report takes from a model card, as stored under `/provenance/models`.

use serde_json::Value;

use crate::candidate::PredictionGroup;

use super::data::{Fact, ModelSummary};

/// The card of a surrogate: `models` is a list of objects with `as`, `sha256` and `card`, or an object of these by name.
pub(super) fn summary(group: &PredictionGroup, models: &Value) -> Option<ModelSummary> {
    let entry = match models {
        Value::Array(items) => items.iter().find(|item| item.get("as").and_then(Value::as_str) == Some(&group.name))?,
        other => other.get(&group.name)?,
    };
    let card = entry.get("card").unwrap_or(entry);
    let mut facts = Vec::new();
    let mut fact = |which: Fact, paths: &[&str]| {
        if let Some(text) = paths.iter().find_map(|path| text_at(card, path)) {
            facts.push((which, text));
        }
    };
    fact(Fact::Model, &["/name"]);
    fact(Fact::Target, &["/target/label", "/target/name", "/target"]);
    fact(Fact::Training, &["/training/name", "/training_set/name", "/dataset/name"]);
    fact(Fact::Licence, &["/training/licence", "/training_set/licence", "/dataset/licence"]);
    fact(Fact::CommercialUse, &["/training/commercial_use", "/training_set/commercial_use", "/dataset/commercial_use"]);
    fact(Fact::Members, &["/members"]);
    let metrics = card.pointer("/metrics").or_else(|| card.pointer("/scores")).and_then(Value::as_object);
    let metrics =
        metrics.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_f64()?))).collect();
    Some(ModelSummary {
        name: group.name.clone(),
        facts,
        metrics,
        unit: group.unit.text().to_owned(),
        parity: pairs(card.pointer("/parity")),
        calibration: pairs(card.pointer("/calibration_curve")),
    })
}

fn text_at(card: &Value, path: &str) -> Option<String> {
    match card.pointer(path)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let name = |item: &Value| item.as_str().or_else(|| item.get("name")?.as_str()).map(str::to_owned);
            let names: Vec<String> = items.iter().filter_map(name).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A list of pairs of numbers.
fn pairs(value: Option<&Value>) -> Vec<(f64, f64)> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|pair| Some((pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?))).collect()
}
