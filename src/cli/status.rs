//! `status`: how far the shards of a folder are.

use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::screen::{FolderState, ShardState, array_text, folder_state};

use super::format::{duration, grouped};
use super::merge::merge_error;
use super::output::{emit, emit_json, plain, say};
use super::{CliError, Context, Exit, Language};

/// Say which shards are whole, begun, damaged or missing
#[derive(clap::Args, Debug)]
pub struct StatusArgs {
    /// Folder of shards
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Runs the verb; exit code 3 while shards are unfinished.
///
/// # Errors
/// The folder cannot be listed, or holds shards of different runs.
pub fn run(args: &StatusArgs, context: &Context) -> Result<Exit, CliError> {
    let state = folder_state(&args.folder).map_err(merge_error)?;
    if args.json {
        emit_json(&document(&state))?;
    } else {
        emit(&text(&state, args, context.language))?;
    }
    let is_whole = state.count > 0 && state.unfinished().is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::Interrupted })
}

fn document(state: &FolderState) -> Value {
    let shards: Vec<Value> = (0u32..)
        .zip(&state.shards)
        .map(|(index, state)| match state {
            ShardState::Whole { read, kept, faulted } => {
                json!({"shard": index, "state": "whole", "read": read, "kept": kept, "faulted": faulted})
            }
            ShardState::Damaged { reason } => json!({"shard": index, "state": "damaged", "reason": reason}),
            ShardState::Begun { parts, written } => json!({
                "shard": index, "state": "begun", "segments": parts.segments, "read": parts.read,
                "idle_seconds": written.and_then(idle),
            }),
            ShardState::Missing => json!({"shard": index, "state": "missing"}),
        })
        .collect();
    let unfinished = state.unfinished();
    json!({"count": state.count, "unfinished": unfinished, "array": array_text(&unfinished), "shards": shards})
}

fn idle(written: SystemTime) -> Option<f64> {
    SystemTime::now().duration_since(written).ok().map(|time| time.as_secs_f64())
}

fn text(state: &FolderState, args: &StatusArgs, language: Language) -> String {
    let folder = plain(&args.folder.display().to_string());
    if state.count == 0 {
        return format!("{folder}: {}\n", say(language, "no shards", "没有分片"));
    }
    let mut out = String::new();
    let mut totals = [0u64; 3];
    for (index, state) in state.shards.iter().enumerate() {
        let line = match state {
            ShardState::Whole { read, kept, faulted } => {
                totals = [totals[0] + read, totals[1] + kept, totals[2] + faulted];
                continue;
            }
            ShardState::Damaged { reason } => format!("{}: {}", say(language, "damaged", "已损坏"), plain(reason)),
            ShardState::Begun { parts, written } => {
                let since = written.and_then(idle).map(duration).unwrap_or_default();
                match language {
                    Language::En => format!("begun: {} candidates read, last written {since} ago", grouped(parts.read)),
                    Language::Zh => format!("进行中：已读 {} 个候选，{since}前写入", grouped(parts.read)),
                }
            }
            ShardState::Missing => say(language, "missing", "缺失").to_owned(),
        };
        out.push_str(&format!("shard {index}  {line}\n"));
    }
    let unfinished = state.unfinished();
    let whole = state.count as usize - unfinished.len();
    let [read, kept, faulted] = totals.map(grouped);
    out.push_str(&match language {
        Language::En => format!(
            "{folder}: {whole} of {} shards are whole: {read} candidates read, {kept} kept, {faulted} faulted\n",
            state.count
        ),
        Language::Zh => {
            format!("{folder}：{} 个分片中 {whole} 个完整：读 {read}，保留 {kept}，故障 {faulted}\n", state.count)
        }
    });
    if unfinished.is_empty() {
        let next = say(language, "next", "下一步");
        out.push_str(&format!("{next}: matsieve merge {folder} -o OUT.h5\n"));
    } else {
        out.push_str(&format!("--array={}\n", array_text(&unfinished)));
    }
    out
}
