//! `verify`: seal, digests, ledger, order and ranking of a result.

use std::path::PathBuf;

use serde_json::json;

use crate::sink::verify;

use super::output::{emit, emit_json, plain, say, sink_error};
use super::{CliError, Context, Exit};

/// Check the seal and every digest of results
#[derive(clap::Args, Debug)]
pub struct VerifyArgs {
    /// Result files, or folders with result files (`*.h5`, not searched deeper)
    #[arg(required = true)]
    pub results: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Checks each file; exit code 4 if anything failed.
///
/// # Errors
/// A file cannot be read, or is no result at all.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, CliError> {
    let mut documents = Vec::new();
    let mut intact = true;
    for path in &results(&args.results)? {
        let report = verify(path).map_err(sink_error)?;
        intact &= report.is_intact();
        let name = path.display().to_string();
        if args.json {
            documents.push(json!({
                "file": name, "intact": report.is_intact(), "digest": report.digest, "checks": report.checks,
            }));
            continue;
        }
        let mut out = String::new();
        for check in &report.checks {
            let line = match &check.failure {
                None if context.quiet => continue,
                None => format!("ok      {}\n", plain(&check.name)),
                Some(reason) => format!("FAILED  {}: {}\n", plain(&check.name), plain(reason)),
            };
            out.push_str(&line);
        }
        let verdict = if report.is_intact() {
            say(context.language, "intact", "完好")
        } else {
            say(context.language, "ALTERED OR DAMAGED", "已被改动或损坏")
        };
        out.push_str(&format!("{}: {verdict}  {}\n", plain(&name), report.digest));
        emit(&out)?;
    }
    if args.json {
        emit_json(&documents.into())?;
    }
    Ok(if intact { Exit::Done } else { Exit::VerificationFailed })
}

/// The files named, and those in the folders named, in bytewise order.
fn results(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| CliError::usage(format!("cannot list {}: {error}", path.display()));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "h5") && file.is_file() {
                found.push(file);
            }
        }
        if found.is_empty() {
            return Err(CliError::usage(format!("{} holds no result file (*.h5)", path.display())));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
