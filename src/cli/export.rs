//! `export`: a result for the user's tools.

use std::path::PathBuf;

use crate::sink::{ExportFormat, ExportOptions, ExportRows, export};

use super::output::{open, sink_error};
use super::{CliError, Context, Exit};

/// Which rows to export.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Rows {
    /// All stored rows
    All,
    /// Candidates that passed every filter
    Kept,
    /// The ranking, best first
    Ranked,
}

/// Export a result as CSV, TSV, JSON lines or Parquet
#[derive(clap::Args, Debug)]
pub struct ExportArgs {
    /// Result file
    pub result: PathBuf,
    /// File to write; its ending names the format
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Format: csv, tsv, jsonl or parquet
    #[arg(long)]
    pub format: Option<String>,
    /// Rows to export
    #[arg(long, value_enum, default_value_t = Rows::All)]
    pub rows: Rows,
    /// Columns to export, separated by commas; all unless given
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
}

/// Writes the export, whole or not at all.
///
/// # Errors
/// Unknown format or column, files that cannot be read or written.
pub fn run(args: &ExportArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    let format = match &args.format {
        Some(name) => ExportFormat::parse(name),
        None => ExportFormat::of(&args.output),
    };
    let rows = match args.rows {
        Rows::All => ExportRows::All,
        Rows::Kept => ExportRows::Kept,
        Rows::Ranked => ExportRows::Ranked,
    };
    let options = ExportOptions { rows, columns: args.columns.clone() };
    let count = export(&result, format.map_err(sink_error)?, &options, &args.output).map_err(sink_error)?;
    if !context.quiet {
        eprintln!("{}: {count} rows", args.output.display());
    }
    Ok(Exit::Done)
}
