//! `show`: top rows and funnel of a result.

use std::path::PathBuf;

use serde_json::json;

use crate::candidate::Ledger;
use crate::report::top_rows;
use crate::sink::ResultFile;

use super::output::{Form, emit, emit_json, open, plain, say, sink_error, table};
use super::top::TopTable;
use super::{CliError, Context, Exit};

/// Show the funnel and the best candidates of a result
#[derive(clap::Args, Debug)]
pub struct ShowArgs {
    /// Result file
    pub result: PathBuf,
    /// Candidates to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
    /// Print one JSON document
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print the candidates as comma-separated values
    #[arg(long)]
    pub csv: bool,
    /// Print the quarantined candidates instead, with stage, code and reason
    #[arg(long)]
    pub quarantine: bool,
}

/// Prints top rows and funnel.
///
/// # Errors
/// The file is no result, or cannot be read.
pub fn run(args: &ShowArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    if args.quarantine {
        return quarantine(&result, args, context);
    }
    let ranking = result.ranking().map_err(sink_error)?;
    let ledger = result.ledger().map_err(sink_error)?;
    let rows = top_rows(&result, ranking.as_ref(), args.top).map_err(sink_error)?;
    let objectives = ranking.as_ref().map(|ranking| ranking.objectives.clone()).unwrap_or_default();
    let top = TopTable { layout: result.layout(), objectives: &objectives, rows: &rows };
    match Form::of(args.json, args.csv) {
        Form::Csv => emit(&top.csv()?)?,
        Form::Json => emit_json(&json!({
            "software_version": result.attribute("software_version"),
            "run_uuid": result.attribute("run_uuid"),
            "created": result.attribute("created"),
            "rows": result.num_rows(),
            "quarantined": result.num_quarantined().map_err(sink_error)?,
            "ranked": ranking.as_ref().map(|ranking| ranking.len()),
            "ranking": ranking.as_ref().map(|ranking| &ranking.parameters),
            "ledger": ledger.rules,
            "top": top.json(),
        }))?,
        Form::Text => {
            let mut out = funnel(&ledger, context);
            out.push('\n');
            out.push_str(&top.text(context));
            let total = ranking.as_ref().map_or(result.num_rows(), |ranking| ranking.len());
            if rows.len() < total {
                let note = say(context.language, "more rows: --top, or export", "更多行：使用 --top 或 export");
                out.push_str(&format!("… {}/{total} ({note})\n", rows.len()));
            }
            emit(&out)?;
        }
    }
    Ok(Exit::Done)
}

/// All quarantined candidates, block by block.
fn quarantine(result: &ResultFile, args: &ShowArgs, context: &Context) -> Result<Exit, CliError> {
    const BLOCK: usize = 1000;
    let word = |en, zh| say(context.language, en, zh);
    let total = result.num_quarantined().map_err(sink_error)?;
    let mut documents = Vec::new();
    for start in (0..total).step_by(BLOCK) {
        let faults = result.quarantine(start..total.min(start + BLOCK)).map_err(sink_error)?;
        match Form::of(args.json, args.csv) {
            Form::Json => documents.extend(faults.iter().map(|fault| {
                json!({
                    "index": fault.index, "id": fault.id, "origin": fault.origin,
                    "stage": fault.stage, "code": fault.code, "detail": fault.detail,
                })
            })),
            Form::Csv => {
                let mut out = csv::Writer::from_writer(Vec::new());
                if start == 0 {
                    out.write_record(["index", "id", "origin", "stage", "code", "detail"])?;
                }
                for fault in &faults {
                    let index = fault.index.to_string();
                    out.write_record([&index, &fault.id, &fault.origin, &fault.stage, &fault.code, &fault.detail])?;
                }
                emit(&String::from_utf8_lossy(&out.into_inner().unwrap_or_default()))?;
            }
            Form::Text => {
                let header = [
                    (word("index", "序号"), true),
                    (word("id", "标识"), false),
                    (word("code", "代码"), false),
                    (word("reason", "原因"), false),
                    (word("origin", "来源"), false),
                ];
                let rows: Vec<Vec<String>> = faults
                    .iter()
                    .map(|fault| {
                        let texts = [&fault.id, &fault.code, &fault.detail, &fault.origin];
                        std::iter::once(fault.index.to_string()).chain(texts.map(|text| plain(text))).collect()
                    })
                    .collect();
                emit(&table(&header, &rows))?;
            }
        }
    }
    if args.json {
        emit_json(&documents.into())?;
    }
    Ok(Exit::Done)
}

/// The ledger as a table, and its balance.
pub(super) fn funnel(ledger: &Ledger, context: &Context) -> String {
    let word = |en, zh| say(context.language, en, zh);
    let header = [
        (word("stage", "阶段"), false),
        (word("rule", "规则"), false),
        (word("in", "进入"), true),
        (word("kept", "保留"), true),
        (word("rejected", "淘汰"), true),
        (word("undecided", "未定"), true),
        (word("faulted", "隔离"), true),
    ];
    let rows: Vec<Vec<String>> = ledger
        .rules
        .iter()
        .map(|rule| {
            let counts = [rule.input, rule.kept, rule.rejected, rule.undecided, rule.faulted];
            [rule.stage.clone(), rule.rule.clone()].into_iter().chain(counts.map(|count| count.to_string())).collect()
        })
        .collect();
    let mut out = table(&header, &rows);
    out.push_str(&format!(
        "{} {} = {} {} + {} {} + {} {} + {} {}{}\n",
        word("read", "读入"),
        ledger.read(),
        word("kept", "保留"),
        ledger.kept(),
        word("rejected", "淘汰"),
        ledger.rejected(),
        word("undecided", "未定"),
        ledger.undecided(),
        word("faulted", "隔离"),
        ledger.faulted(),
        if ledger.balances() { "" } else { word(" — DOES NOT BALANCE", " — 账目不平衡") }
    ));
    out
}
