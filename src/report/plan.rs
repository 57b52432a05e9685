//! What was screened: a short reading of the plan, and the plan itself.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::data::ReportData;
use super::html::{escape, shorten};
use super::message::{Language, Text};

/// Longest value that the short reading prints.
const VALUE_LENGTH: usize = 240;

pub(super) fn section(data: &ReportData, language: Language) -> String {
    if data.plan.is_empty() {
        return String::new();
    }
    let t = |text: Text| text.in_language(language);
    let mut out = String::new();
    // A plan that a later version wrote may not parse here; its text is shown all the same.
    if let Ok(plan) = toml::from_str::<Map<String, Value>>(&data.plan) {
        out.push_str("<dl class=\"plan\">\n");
        let lines = [
            (Text::Source, entries(plan.get("source"), &[])),
            (Text::Descriptors, entries(plan.get("descriptor"), &["name", "preset"])),
            (Text::Surrogates, entries(plan.get("surrogate"), &["as"])),
            (Text::Filters, entries(plan.get("filter"), &["name"])),
            (Text::RankedBy, entries(plan.get("rank"), &["method"])),
        ];
        for (label, lines) in lines {
            let text = if lines.is_empty() { t(Text::NoneStated).to_owned() } else { lines.join("<br>") };
            let _ = writeln!(out, "<dt>{}</dt><dd>{text}</dd>", t(label));
        }
        out.push_str("</dl>\n");
    }
    let _ = writeln!(
        out,
        "<details><summary>{}</summary><pre>{}</pre></details>",
        t(Text::FullPlan),
        escape(data.plan.trim_end())
    );
    out
}

/// One line a table; keys in `first` come first, and only their values are printed.
fn entries(value: Option<&Value>, first: &[&str]) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().flat_map(|item| entries(Some(item), first)).collect(),
        Some(Value::Object(map)) => {
            let names = first.iter().filter_map(|key| map.get(*key)).map(|v| format!("<b>{}</b>", value_text(v)));
            let others = map.iter().filter(|(key, _)| !first.contains(&key.as_str()));
            let others = others.map(|(key, v)| format!("{} = {}", escape(key), value_text(v)));
            vec![names.chain(others).collect::<Vec<_>>().join(" · ")]
        }
        Some(other) => vec![value_text(other)],
    }
}

fn value_text(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Value::Array(items) => items.iter().map(inner).collect::<Vec<_>>().join("; "),
        other => inner(other),
    };
    escape(&shorten(&text, VALUE_LENGTH))
}

fn inner(value: &Value) -> String {
    match value {
        Value::Object(map) => map.iter().map(|(key, v)| format!("{key} {}", inner(v))).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
