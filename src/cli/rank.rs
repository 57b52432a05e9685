//! `rank`: ranks stored candidates anew, without computing anything else.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::candidate::{ColumnRef, Duplicates, Ranking};
use crate::rank::{DuplicateRule, RankError, RankPlan, RankSpec, Ranker};
use crate::report::top_rows;
use crate::screen::Plan;
use crate::sink::{NamedColumn, ResultFile};
use crate::units::{Unit, closest};

use super::output::{Form, emit, emit_json, open, say, sink_error};
use super::top::TopTable;
use super::{CliError, Context, Exit};

/// Rows read at once.
const BLOCK: usize = 1 << 16;

/// Rank stored candidates again, by other objectives, without recomputing
#[derive(clap::Args, Debug)]
pub struct RankArgs {
    /// Result file
    pub result: PathBuf,
    /// Objective: COLUMN:min, COLUMN:max, or COLUMN:target=1.34 eV; more keys after commas (weight=2, within=0.3 eV, low=…, high=…, shape=…)
    #[arg(long, value_name = "OBJECTIVE", conflicts_with = "plan")]
    pub by: Vec<String>,
    /// Window: COLUMN>=1 eV or COLUMN<=2 eV
    #[arg(long = "where", value_name = "WINDOW")]
    pub windows: Vec<String>,
    /// Take the [rank] table of this plan
    #[arg(long, value_name = "PLAN.toml")]
    pub plan: Option<PathBuf>,
    /// top, desirability or pareto
    #[arg(long)]
    pub method: Option<String>,
    /// Candidates in the ranking
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Pareto: most candidates in the fronts
    #[arg(long, value_name = "N")]
    pub max_front: Option<usize>,
    /// Pareto: fronts to list
    #[arg(long, value_name = "N")]
    pub fronts: Option<u32>,
    /// Candidates to print
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub top: usize,
    /// Rank rejected and undecided rows too, where the file has them
    #[arg(long)]
    pub all: bool,
    /// Leave out candidates that the file lists as duplicates of others; default: as the file or the plan has it
    #[arg(long, value_name = "RULE", value_parser = ["keep", "remove"])]
    pub duplicates: Option<String>,
    /// Print one JSON document
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values
    #[arg(long)]
    pub csv: bool,
}

/// Ranks and prints; without `--by` and `--plan` by the objectives of the file's own ranking.
///
/// # Errors
/// Unknown columns, windows and objectives that cannot be read, fronts above `max_front`, a file that cannot be read.
pub fn run(args: &RankArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    let spec = spec(args, &result)?;
    let columns = result.numeric_columns();
    let resolver = |name: &str| -> Result<(ColumnRef, Unit), String> {
        let found = find(&columns, name)?;
        Ok((ColumnRef::Feature(found), columns[found].column.unit.clone()))
    };
    let plan = Arc::new(spec.resolve(&resolver)?);
    let duplicates = match plan.spec().duplicates {
        DuplicateRule::Keep => None,
        DuplicateRule::Remove | DuplicateRule::Match => Some(duplicates_of(&result)?),
    };
    let (ranking, undefined, outside) = rank(&result, &columns, &plan, args.all, duplicates.as_ref())?;
    let rows = top_rows(&result, Some(&ranking), args.top).map_err(sink_error)?;
    let top = TopTable { layout: result.layout(), objectives: &ranking.objectives, rows: &rows };
    match Form::of(args.json, args.csv) {
        Form::Csv => emit(&top.csv()?)?,
        Form::Json => emit_json(&json!({
            "ranked": ranking.len(), "undefined": undefined, "outside": outside,
            "duplicates": duplicates.as_ref().map(Duplicates::len), "ranking": ranking.parameters, "top": top.json(),
        }))?,
        Form::Text => emit(&top.text(context))?,
    }
    if !context.quiet {
        let (ranked, outside_word, undefined_word) = (
            say(context.language, "ranked", "入榜"),
            say(context.language, "outside the windows", "在窗口之外"),
            say(context.language, "with an undefined objective", "目标值无定义"),
        );
        eprint!("{ranked} {}, {outside} {outside_word}, {undefined} {undefined_word}", ranking.len());
        match &duplicates {
            Some(found) => {
                eprintln!(", {} {}", found.len(), say(context.language, "duplicates left out", "重复结构已略去"))
            }
            None => eprintln!(),
        }
    }
    Ok(Exit::Done)
}

/// The duplicates that the file lists.
fn duplicates_of(result: &ResultFile) -> Result<Duplicates, CliError> {
    result.duplicates().map_err(sink_error)?.ok_or_else(|| {
        CliError::usage("the file lists no duplicates: its run did not look for them")
            .with_hint("screen with `duplicates = \"remove\"` in [rank]")
    })
}

fn spec(args: &RankArgs, result: &ResultFile) -> Result<RankSpec, CliError> {
    let mut table = match (&args.plan, args.by.is_empty()) {
        (Some(plan), _) => match Plan::read(plan, &[])?.rank {
            Some(Value::Object(table)) => table,
            _ => return Err(CliError::usage(format!("{} has no [rank] table", plan.display()))),
        },
        (None, false) => Map::new(),
        (None, true) => match result.ranking().map_err(sink_error)?.map(|ranking| ranking.parameters) {
            Some(Value::Object(mut table)) => {
                table.retain(|key, _| !matches!(key.as_str(), "front_sizes" | "not_listed"));
                table
            }
            _ => {
                return Err(CliError::usage("the file has no ranking of its own")
                    .with_hint("say what to rank by: --by COLUMN:min"));
            }
        },
    };
    if !args.by.is_empty() {
        table.insert("by".into(), args.by.iter().map(|text| objective(text)).collect::<Result<Vec<_>, _>>()?.into());
    }
    if !args.windows.is_empty() {
        table.insert(
            "where".into(),
            args.windows.iter().map(|text| window(text)).collect::<Result<Vec<_>, _>>()?.into(),
        );
    }
    let overrides = [
        ("method", args.method.as_ref().map(|method| json!(method))),
        ("keep", args.keep.map(|keep| json!(keep))),
        ("max_front", args.max_front.map(|size| json!(size))),
        ("fronts", args.fronts.map(|fronts| json!(fronts))),
        ("duplicates", args.duplicates.as_ref().map(|rule| json!(rule))),
    ];
    for (key, value) in overrides {
        if let Some(value) = value {
            table.insert(key.into(), value);
        }
    }
    // A file without its duplicates stays without them, whatever it is ranked by.
    if args.plan.is_none() && !table.contains_key("duplicates") && result.duplicates().map_err(sink_error)?.is_some() {
        table.insert("duplicates".into(), json!("remove"));
    }
    Ok(RankSpec::read(&Value::Object(table))?)
}

/// `COLUMN:min`, `COLUMN:target=1.34 eV,weight=2`.
fn objective(text: &str) -> Result<Value, CliError> {
    let refuse = || {
        CliError::usage(format!("--by \"{text}\" is no objective"))
            .with_hint("write COLUMN:min, COLUMN:max or COLUMN:target=1.34 eV, then weight=2, within=0.3 eV, low=…, high=…, shape=… after commas")
    };
    let (column, keys) = text.rsplit_once(':').filter(|(column, _)| !column.is_empty()).ok_or_else(refuse)?;
    let mut table = Map::from_iter([("column".to_owned(), json!(column))]);
    for key in keys.split(',').map(str::trim) {
        match key.split_once('=') {
            None if matches!(key, "min" | "max") => table.insert("direction".into(), json!(key)),
            Some((name @ ("weight" | "shape"), value)) => {
                let number: f64 = value.trim().parse().map_err(|_| refuse())?;
                table.insert(name.into(), json!(number))
            }
            Some((name @ ("target" | "within" | "low" | "high"), value)) => {
                table.insert(name.into(), json!(value.trim()))
            }
            _ => return Err(refuse()),
        };
    }
    Ok(Value::Object(table))
}

/// `COLUMN>=1 eV`, `COLUMN<=2 eV`.
fn window(text: &str) -> Result<Value, CliError> {
    for (sign, key) in [(">=", "above"), ("<=", "below")] {
        if let Some((column, bound)) = text.split_once(sign) {
            return Ok(json!({ "column": column.trim(), key: bound.trim() }));
        }
    }
    Err(CliError::usage(format!("--where \"{text}\" is no window")).with_hint("write COLUMN>=1 eV or COLUMN<=2 eV"))
}

/// The stored column that a plan or a user calls `name`.
fn find(columns: &[NamedColumn], name: &str) -> Result<usize, String> {
    let spellings = [name.to_owned(), format!("objective.{name}"), name.replacen('/', ".", 1)];
    let exact = spellings.iter().find_map(|spelling| columns.iter().position(|column| column.name == *spelling));
    let mut labelled = columns.iter().enumerate().filter(|(_, column)| column.column.label == name).map(|(i, _)| i);
    match (exact, labelled.next(), labelled.next()) {
        (Some(found), _, _) | (None, Some(found), None) => Ok(found),
        (None, Some(_), Some(_)) => {
            Err("more than one stored column has this label, write <descriptor>.<label>".into())
        }
        (None, None, _) => {
            let near = closest(name, columns.iter().map(|column| column.name.as_str()));
            let near = near.map(|near| format!(", did you mean \"{near}\"?")).unwrap_or_default();
            Err(format!("the file stores no such column{near}"))
        }
    }
}

/// The ranking, and how many rows were undefined and outside.
fn rank(
    result: &ResultFile,
    columns: &[NamedColumn],
    plan: &Arc<RankPlan>,
    all: bool,
    duplicates: Option<&Duplicates>,
) -> Result<(Ranking, u64, u64), CliError> {
    let index = result.index().map_err(sink_error)?;
    let names: Vec<&str> = plan
        .refs()
        .iter()
        .map(|column| match column {
            ColumnRef::Feature(found) => columns[*found].name.as_str(),
            ColumnRef::Prediction { .. } => unreachable!("the resolver gives stored columns"),
        })
        .collect();
    let mut ranker = Ranker::new(Arc::clone(plan));
    let mut values = vec![0.0; plan.width()];
    for start in (0..index.len()).step_by(BLOCK) {
        let range = start..(start + BLOCK).min(index.len());
        let read = |name: &str| result.numeric_column(name, range.clone()).map_err(sink_error);
        let verdict = if all { None } else { Some(read("verdict")?) };
        let block = names.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?;
        for row in 0..range.len() {
            if verdict.as_ref().is_some_and(|verdict| verdict[row] != 0.0) {
                continue;
            }
            if duplicates.is_some_and(|duplicates| duplicates.of(index[start + row]).is_some()) {
                continue;
            }
            values.iter_mut().zip(&block).for_each(|(value, column)| *value = column[row]);
            ranker.offer(index[start + row], &values).map_err(front_error)?;
        }
    }
    let (undefined, outside) = (ranker.num_undefined(), ranker.num_outside());
    Ok((ranker.finish().map_err(front_error)?, undefined, outside))
}

fn front_error(error: RankError) -> CliError {
    let hint = matches!(error, RankError::FrontTooLarge { .. }).then(|| "--max-front sets the bound".to_owned());
    CliError { hint, ..CliError::usage(error) }
}
