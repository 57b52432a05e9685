//! `list`: what this build has, from its registries.

use serde_json::{Value, json};

use crate::chem::table::tables;
use crate::surrogate::board;
use crate::{descriptor, filter, source};

use super::output::{emit, emit_json, say, table};
use super::{CliError, Context, Exit};

/// What to list.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Descriptors with their columns
    Descriptors,
    /// Named lists of descriptors
    Presets,
    /// Filters
    Filters,
    /// Sources of candidates
    Sources,
    /// Models on board with target, data and licence
    Models,
    /// Data tables with source and licence
    Tables,
}

/// List what there is
#[derive(clap::Args, Debug)]
pub struct ListArgs {
    /// What to list
    pub kind: Kind,
    /// Print one JSON document, with columns, units and references
    #[arg(long)]
    pub json: bool,
}

/// Prints a registry.
///
/// # Errors
/// stdout cannot be written.
pub fn run(args: &ListArgs, context: &Context) -> Result<Exit, CliError> {
    let entries = match args.kind {
        Kind::Descriptors => descriptors()?,
        Kind::Presets => descriptor::PRESETS
            .iter()
            .map(|preset| {
                let names: Vec<&str> = preset.descriptors.iter().map(|member| member.name).collect();
                let parameters: serde_json::Map<String, Value> = preset
                    .descriptors
                    .iter()
                    .map(|member| (member.name.to_owned(), Value::Object(member.parameters())))
                    .filter(|(_, parameters)| parameters.as_object().is_some_and(|object| !object.is_empty()))
                    .collect();
                json!({ "name": preset.name, "summary": preset.summary, "descriptors": names, "parameters": parameters })
            })
            .collect(),
        Kind::Filters => {
            filter::REGISTRY.iter().map(|entry| json!({ "name": entry.name, "summary": entry.summary })).collect()
        }
        Kind::Sources => {
            let formats = source::Format::ALL.iter().map(|format| json!({ "name": format.name(), "kind": "file" }));
            formats.chain([json!({ "name": "space", "kind": "enumerated" })]).collect()
        }
        Kind::Models => models()?,
        Kind::Tables => tables()
            .iter()
            .map(|entry| {
                let mut card = json!(entry.card());
                card["family"] = json!(entry.family);
                card
            })
            .collect(),
    };
    if args.json {
        emit_json(&Value::Array(entries))?;
    } else {
        emit(&text(args.kind, &entries, context))?;
    }
    Ok(Exit::Done)
}

fn models() -> Result<Vec<Value>, CliError> {
    board::BOARD
        .iter()
        .map(|entry| {
            let model = entry.open()?;
            let card = model.card();
            let provenance = &card.training.provenance;
            Ok(json!({
                "name": entry.name,
                "target": card.target.column.label,
                "unit": card.target.column.unit,
                "rows": card.training.rows,
                "scores": card.scores,
                "licence": provenance.licence,
                "commercial_use": provenance.commercial_use,
                "source": provenance.source,
                "sha256": model.sha256(),
            }))
        })
        .collect()
}

fn descriptors() -> Result<Vec<Value>, CliError> {
    let describe = |entry: &descriptor::Entry| {
        let (built, example) = entry.listed();
        let mut listed = json!({
            "name": entry.name, "summary": entry.summary, "version": built.version(), "columns": built.columns(),
            "needs": { "structure": built.needs().structure, "oxidation_states": built.needs().oxidation_states },
            "parameters": built.parameters(), "tables": built.tables(), "references": built.references(),
        });
        // Columns that a plan chooses are those of an example.
        if let Some(example) = example {
            listed["example"] = example;
        }
        listed
    };
    Ok(descriptor::REGISTRY.iter().map(describe).collect())
}

/// Fields of a descriptor that are told from others.
const DERIVED: [&str; 4] = ["columns", "units", "needs", "references"];

fn derived(entry: &Value, key: &str, context: &Context) -> String {
    let items = |key: &str| entry[key].as_array().map_or(&[][..], Vec::as_slice);
    match key {
        "columns" if entry.get("example").is_some() => say(context.language, "from the plan", "由方案定").to_owned(),
        "columns" => items("columns").len().to_string(),
        "units" => {
            let mut units: Vec<&str> = Vec::new();
            for unit in items("columns").iter().filter_map(|column| column["unit"].as_str()) {
                if !units.contains(&unit) {
                    units.push(unit);
                }
            }
            units.join(", ")
        }
        "needs" if entry["needs"]["structure"] == true => say(context.language, "structure", "结构").to_owned(),
        "needs" => say(context.language, "composition", "成分").to_owned(),
        _ => items("references").iter().filter_map(|reference| reference["doi"].as_str()).collect::<Vec<_>>().join(" "),
    }
}

fn text(kind: Kind, entries: &[Value], context: &Context) -> String {
    let word = |en, zh| say(context.language, en, zh);
    let field = |entry: &Value, key: &str| match &entry[key] {
        _ if kind == Kind::Descriptors && DERIVED.contains(&key) => derived(entry, key, context),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Value::Array(items) => items.len().to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let (name, summary) = ((word("name", "名称"), "name", false), (word("summary", "说明"), "summary", false));
    let columns: Vec<(&str, &str, bool)> = match kind {
        Kind::Descriptors => {
            vec![
                name,
                (word("columns", "列数"), "columns", true),
                (word("units", "单位"), "units", false),
                (word("needs", "需要"), "needs", false),
                (word("references", "文献"), "references", false),
                summary,
            ]
        }
        Kind::Presets => vec![name, summary, (word("descriptors", "描述符"), "descriptors", false)],
        Kind::Filters => vec![name, summary],
        Kind::Sources => vec![name, (word("kind", "类型"), "kind", false)],
        Kind::Models => vec![
            name,
            (word("target", "目标"), "target", false),
            (word("unit", "单位"), "unit", false),
            (word("rows", "行数"), "rows", true),
            (word("licence", "许可证"), "licence", false),
            (word("commercial use", "商业使用"), "commercial_use", false),
        ],
        Kind::Tables => vec![
            name,
            (word("family", "类别"), "family", false),
            (word("version", "版本"), "version", false),
            (word("licence", "许可"), "licence", false),
            (word("commercial use", "商业使用"), "commercial_use", false),
            (word("source", "来源"), "source", false),
        ],
    };
    let header: Vec<(&str, bool)> = columns.iter().map(|(title, _, right)| (*title, *right)).collect();
    let rows: Vec<Vec<String>> =
        entries.iter().map(|entry| columns.iter().map(|(_, key, _)| field(entry, key)).collect()).collect();
    table(&header, &rows)
}
