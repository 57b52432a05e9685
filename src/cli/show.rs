//! `show`: top rows and funnel of a result.

use std::path::PathBuf;

use serde_json::json;

use crate::candidate::Ledger;
use crate::report::top_rows;

use super::output::{Form, emit, emit_json, open, say, sink_error, table};
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
}

/// Prints top rows and funnel.
///
/// # Errors
/// The file is no result, or cannot be read.
pub fn run(args: &ShowArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
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
