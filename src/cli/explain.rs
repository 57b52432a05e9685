//! `explain`: one candidate's whole story.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::candidate::{NOT_REACHED, StoredRows, Task};
use crate::screen::Plan;
use crate::sink::{ResultFile, StoredFault};

use super::output::{emit, emit_json, number, open, plain, say, sink_error, table};
use super::{CliError, Context, Exit};

/// Rows read at once.
const BLOCK: usize = 1 << 16;
/// Ids named when none fits.
const NUM_CLOSEST: usize = 5;

/// Tell one candidate's whole story: origin, verdicts, features, predictions, place, or why it was quarantined
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// Result file
    pub result: PathBuf,
    /// Id or formula of the candidate, or #INDEX
    pub candidate: String,
    /// Features to print of each descriptor, 0 = all
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub features: usize,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Prints the story of every candidate that fits the name.
///
/// # Errors
/// No candidate of that name, with the closest ids; a file that cannot be read.
pub fn run(args: &ExplainArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    let rows = find_rows(&result, &args.candidate)?;
    let faults = find_faults(&result, &args.candidate)?;
    if rows.is_empty() && faults.is_empty() {
        return Err(not_found(&result, &args.candidate)?);
    }
    let stored = result.rows_at(&rows).map_err(sink_error)?;
    let mut stories: Vec<Value> =
        (0..stored.len()).map(|row| story(&result, &stored, row)).collect::<Result<_, _>>()?;
    stories.extend(faults.iter().map(|fault| json!({ "quarantined": fault })));
    if args.json {
        emit_json(&stories.into())?;
        return Ok(Exit::Done);
    }
    let mut out = String::new();
    for story in &stories {
        out.push_str(&text(story, args.features, context));
    }
    emit(&out)?;
    Ok(Exit::Done)
}

/// Row numbers by id, else by `#index`, else by formula.
fn find_rows(result: &ResultFile, name: &str) -> Result<Vec<usize>, CliError> {
    let by_id = result.find_id(name).map_err(sink_error)?;
    if !by_id.is_empty() {
        return Ok(by_id);
    }
    if let Some(index) = index_of(name) {
        return Ok(result.find_index(index).map_err(sink_error)?.into_iter().collect());
    }
    let mut found = Vec::new();
    for start in (0..result.num_rows()).step_by(BLOCK) {
        let range = start..(start + BLOCK).min(result.num_rows());
        let formulas = result.text_column("formula", range).map_err(sink_error)?;
        found.extend(formulas.iter().enumerate().filter(|(_, formula)| *formula == name).map(|(row, _)| start + row));
    }
    Ok(found)
}

fn find_faults(result: &ResultFile, name: &str) -> Result<Vec<StoredFault>, CliError> {
    let count = result.num_quarantined().map_err(sink_error)?;
    let mut found = Vec::new();
    for start in (0..count).step_by(BLOCK) {
        let block = result.quarantine(start..(start + BLOCK).min(count)).map_err(sink_error)?;
        found.extend(block.into_iter().filter(|fault| fault.id == name || index_of(name) == Some(fault.index)));
    }
    Ok(found)
}

fn index_of(name: &str) -> Option<u64> {
    name.strip_prefix('#')?.parse().ok()
}

fn not_found(result: &ResultFile, name: &str) -> Result<CliError, CliError> {
    let mut nearest: Vec<(usize, String)> = Vec::new();
    for start in (0..result.num_rows()).step_by(BLOCK) {
        let range = start..(start + BLOCK).min(result.num_rows());
        let ids = result.text_column("id", range).map_err(sink_error)?;
        nearest.extend(ids.into_iter().map(|id| (strsim::damerau_levenshtein(name, &id), id)));
        nearest.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        nearest.truncate(NUM_CLOSEST);
    }
    let message = format!("no stored or quarantined candidate \"{}\" in {}", plain(name), result.path().display());
    let ids: Vec<String> = nearest.iter().map(|(_, id)| plain(id)).collect();
    let hint = match ids.is_empty() {
        true => "the file stores no rows".to_owned(),
        false => format!("closest ids: {}; rejected candidates are stored only with store = \"all\"", ids.join(", ")),
    };
    Ok(CliError::usage(message).with_hint(hint))
}

/// Everything that the file says of one row.
fn story(result: &ResultFile, rows: &StoredRows, row: usize) -> Result<Value, CliError> {
    let layout = result.layout();
    let index = rows.index[row];
    let mut features = Map::new();
    for (group, values) in layout.features.iter().zip(&rows.features) {
        let width = group.columns.len();
        let values = values[row * width..(row + 1) * width].iter();
        let columns = group.columns.iter().zip(values);
        let columns = columns.map(|(c, v)| json!({ "label": c.label, "value": v, "unit": c.unit }));
        features.insert(group.name.clone(), columns.collect());
    }
    let mut predictions = Map::new();
    for (group, p) in layout.predictions.iter().zip(&rows.predictions) {
        let mut fields = json!({
            "target": group.target, "unit": group.unit, "value": p.value[row], "std": p.std[row],
            "lower": p.lower[row], "upper": p.upper[row], "interval": group.interval,
            "in_domain": p.in_domain[row], "domain_distance": p.domain_distance[row],
        });
        if let Task::Classification { classes } = &group.task {
            let probability = p.probability[row * p.num_classes..(row + 1) * p.num_classes].iter();
            fields["probability"] =
                classes.iter().cloned().zip(probability.map(|v| json!(v))).collect::<Map<_, _>>().into();
        }
        predictions.insert(group.name.clone(), fields);
    }
    let thresholds = thresholds(result);
    let filters = layout.filters.iter().zip(&rows.verdicts).map(|(name, codes)| {
        let verdict = match codes[row] {
            0 => "pass",
            1 => "fail",
            2 => "undecided",
            NOT_REACHED => "not reached",
            _ => "unknown",
        };
        json!({ "rule": name, "verdict": verdict, "parameters": thresholds.get(name) })
    });
    let ranking = result.ranking().map_err(sink_error)?.and_then(|ranking| {
        let place = ranking.index.iter().position(|&ranked| ranked == index)?;
        let width = ranking.objectives.len();
        let values = ranking.objectives.iter().zip(&ranking.values[place * width..(place + 1) * width]);
        let values: Vec<Value> = values.map(|(c, v)| json!({ "label": c.label, "value": v, "unit": c.unit })).collect();
        Some(json!({
            "place": place + 1, "of": ranking.len(), "score": ranking.score[place], "front": ranking.front[place],
            "objectives": values,
        }))
    });
    let verdict = ["kept", "rejected", "undecided"].get(usize::from(rows.verdict[row])).copied().unwrap_or("unknown");
    let mut story = json!({
        "index": index, "id": rows.id[row], "formula": rows.formula[row], "origin": rows.origin[row],
        "verdict": verdict, "filters": filters.collect::<Vec<_>>(), "predictions": predictions,
        "ranking": ranking, "features": features,
    });
    if let Some(digest) = rows.structure_digest.get(row) {
        story["structure_digest"] = json!(digest);
    }
    if let Some(duplicates) = result.duplicates().map_err(sink_error)? {
        story["duplicate_of"] = json!(duplicates.of(index));
        let others = duplicates.index.iter().zip(&duplicates.of).filter(|(_, of)| **of == index);
        story["duplicates"] = others.map(|(other, _)| json!(other)).collect();
    }
    Ok(story)
}

/// What the stored plan says of each filter, by the name of its verdicts.
fn thresholds(result: &ResultFile) -> Map<String, Value> {
    let plan = result.document("plan").ok().and_then(|text| Plan::parse(&text, Path::new("."), &[]).ok());
    let filters = plan.map(|plan| plan.filters).unwrap_or_default();
    filters.into_iter().map(|filter| (filter.label, filter.parameters)).collect()
}

fn text(story: &Value, limit: usize, context: &Context) -> String {
    let word = |en, zh| say(context.language, en, zh);
    let field = |key: &str| plain(story[key].as_str().unwrap_or_default());
    let mut out = String::new();
    if let Some(fault) = story.get("quarantined") {
        let of = |key: &str| plain(fault[key].as_str().unwrap_or_default());
        let _ = writeln!(out, "#{} {}  {}", fault["index"], of("id"), word("QUARANTINED", "已隔离"));
        let _ = writeln!(out, "  {}: {}", word("origin", "来源"), of("origin"));
        let _ = writeln!(out, "  {} / {}: {}\n", of("stage"), of("code"), of("detail"));
        return out;
    }
    let _ = writeln!(out, "#{} {}  {}  {}", story["index"], field("id"), field("formula"), field("verdict"));
    let _ = writeln!(out, "  {}: {}", word("origin", "来源"), field("origin"));
    if story.get("structure_digest").is_some() {
        let _ = writeln!(out, "  {}: {}", word("structure", "结构"), field("structure_digest"));
    }
    if let Some(of) = story["duplicate_of"].as_u64() {
        let _ = writeln!(out, "  {} #{of}", word("duplicate of", "重复于"));
    }
    let list = |key: &str| story[key].as_array().cloned().unwrap_or_default();
    let others: Vec<String> = list("duplicates").iter().map(|other| format!("#{other}")).collect();
    if !others.is_empty() {
        let _ = writeln!(out, "  {}: {}", word("its duplicates", "其重复项"), others.join(" "));
    }
    out.push('\n');
    let rows: Vec<Vec<String>> = list("filters")
        .iter()
        .map(|filter| {
            let parameters =
                if filter["parameters"].is_null() { String::new() } else { filter["parameters"].to_string() };
            vec![cell(&filter["rule"]), cell(&filter["verdict"]), parameters]
        })
        .collect();
    section(
        &mut out,
        &[(word("filter", "规则"), false), (word("verdict", "判定"), false), (word("thresholds", "阈值"), false)],
        rows,
    );
    let rows: Vec<Vec<String>> = story["predictions"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, p)| {
            let inside = match (p["domain_distance"].is_null(), p["in_domain"] == 1) {
                (true, _) => word("unknown", "未知"),
                (_, true) => word("inside", "域内"),
                _ => word("OUTSIDE", "域外"),
            };
            let interval = format!("{} … {}", cell(&p["lower"]), cell(&p["upper"]));
            vec![
                name.clone(),
                cell(&p["value"]),
                interval,
                cell(&p["std"]),
                unit(&p["unit"]),
                format!("{inside} ({})", cell(&p["domain_distance"])),
            ]
        })
        .collect();
    let header = [
        (word("prediction", "预测"), false),
        (word("value", "数值"), true),
        (word("interval", "区间"), false),
        ("std", true),
        (word("unit", "单位"), false),
        (word("domain", "适用域"), false),
    ];
    section(&mut out, &header, rows);
    match story["ranking"].as_object() {
        None => {
            let _ = writeln!(out, "{}\n", word("not in the ranking", "未入榜"));
        }
        Some(ranking) => {
            let _ = writeln!(
                out,
                "{} {} / {}  {} {}  {} {}",
                word("rank", "名次"),
                ranking["place"],
                ranking["of"],
                word("score", "得分"),
                cell(&ranking["score"]),
                word("front", "前沿"),
                ranking["front"]
            );
            for objective in ranking["objectives"].as_array().into_iter().flatten() {
                let _ = writeln!(
                    out,
                    "  {} = {} {}",
                    cell(&objective["label"]),
                    cell(&objective["value"]),
                    unit(&objective["unit"])
                );
            }
            out.push('\n');
        }
    }
    for (name, columns) in story["features"].as_object().into_iter().flatten() {
        let columns = columns.as_array().cloned().unwrap_or_default();
        let shown = if limit == 0 { columns.len() } else { limit.min(columns.len()) };
        let rows =
            columns[..shown].iter().map(|c| vec![cell(&c["label"]), cell(&c["value"]), unit(&c["unit"])]).collect();
        section(&mut out, &[(name, false), (word("value", "数值"), true), (word("unit", "单位"), false)], rows);
        if shown < columns.len() {
            out.pop();
            let _ =
                writeln!(out, "… {} {}\n", columns.len() - shown, word("more: --features 0", "项未显示：--features 0"));
        }
    }
    out
}

fn section(out: &mut String, header: &[(&str, bool)], rows: Vec<Vec<String>>) {
    if !rows.is_empty() {
        out.push_str(&table(header, &rows));
        out.push('\n');
    }
}

fn unit(value: &Value) -> String {
    value.as_str().filter(|text| *text != "1").unwrap_or_default().to_owned()
}

/// A JSON value for people; null is a number that is not defined.
fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Number(_) => value.as_f64().map_or_else(|| value.to_string(), number),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}
