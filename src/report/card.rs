//! What a report takes from a model card, as stored under `/provenance/models`.

use serde_json::Value;

use crate::candidate::{PredictionGroup, Task};

use super::data::{Fact, ModelSummary};

/// Points of a parity plot; the card's sample is bounded, a hostile one is not.
const MAX_PARITY: usize = 3000;

/// The card of a surrogate: `models` is a list of objects with `as`, `sha256` and `card`, or an object of these by name.
pub(super) fn summary(group: &PredictionGroup, models: &Value) -> Option<ModelSummary> {
    let entry = match models {
        Value::Array(items) => items.iter().find(|item| item.get("as").and_then(Value::as_str) == Some(&group.name))?,
        other => other.get(&group.name)?,
    };
    let card = entry.get("card").unwrap_or(entry);
    let mut facts = Vec::new();
    let mut fact = |which: Fact, path: &str| facts.extend(text_at(card, path).map(|text| (which, text)));
    fact(Fact::Model, "/name");
    fact(Fact::Target, "/target/column/label");
    fact(Fact::Training, "/training/name");
    fact(Fact::Rows, "/training/rows");
    fact(Fact::Source, "/training/provenance/source");
    fact(Fact::Licence, "/training/provenance/licence");
    fact(Fact::CommercialUse, "/training/provenance/commercial_use");
    fact(Fact::Members, "/members");
    fact(Fact::Split, "/recipe/split");
    fact(Fact::Domain, "/domain/definition");
    let is_regression = matches!(group.task, Task::Regression);
    let scores = card.pointer("/scores").and_then(Value::as_object).into_iter().flatten();
    let baseline = |key: &str| card.pointer("/baseline")?.get(key)?.as_f64();
    let metrics = scores.filter_map(|(key, value)| Some((key.clone(), value.as_f64()?, baseline(key)))).collect();
    Some(ModelSummary {
        name: group.name.clone(),
        is_regression,
        facts,
        metrics,
        unit: group.unit.text().to_owned(),
        // Classes have no parity: their truth is 0 or 1.
        parity: if is_regression { parity(card) } else { Vec::new() },
        calibration: pairs(card.pointer("/calibration_curve")),
    })
}

fn parity(card: &Value) -> Vec<(f64, f64)> {
    let column = |path: &str| card.pointer(path).and_then(Value::as_array).into_iter().flatten().map(Value::as_f64);
    let rows = column("/parity/truth").zip(column("/parity/predicted")).take(MAX_PARITY);
    rows.filter_map(|(truth, predicted)| truth.zip(predicted)).collect()
}

fn text_at(card: &Value, path: &str) -> Option<String> {
    match card.pointer(path)? {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let names: Vec<&str> = items.iter().filter_map(member).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Kind of a member: the tag of its specification, or its only key.
fn member(item: &Value) -> Option<&str> {
    let spec = item.get("spec")?;
    let tagged = spec.as_str().or_else(|| spec.get("kind")?.as_str());
    tagged.or_else(|| spec.as_object()?.keys().next().map(String::as_str))
}

/// A list of pairs of numbers.
fn pairs(value: Option<&Value>) -> Vec<(f64, f64)> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.take(MAX_PARITY).filter_map(|pair| Some((pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?))).collect()
}
