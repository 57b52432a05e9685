//! `export`: a result for the user's tools.

use std::path::PathBuf;

use crate::screen::{Reread, RereadError};
use crate::sink::{
    ExportFormat, ExportOptions, ExportRows, ResultFile, StructureEntry, StructureFormat, StructureOutput,
    StructureRows, export,
};

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

/// Export a result as CSV, TSV, JSON lines or Parquet, or its structures for other programs
#[derive(clap::Args, Debug)]
pub struct ExportArgs {
    /// Result file
    pub result: PathBuf,
    /// File to write, its ending names the format; for structures also a folder, for one file each
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Format of a table: csv, tsv, jsonl or parquet
    #[arg(long)]
    pub format: Option<String>,
    /// Structures instead of a table, read again from the inputs of the result
    #[arg(long, value_name = "FORMAT", value_parser = structure_format, conflicts_with = "format")]
    pub structures: Option<StructureFormat>,
    /// Rows to export; default: all, for structures the ranking where there is one, else those kept
    #[arg(long, value_enum)]
    pub rows: Option<Rows>,
    /// The best N of the ranking only
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Columns to export, separated by commas; all unless given, beside structures none
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub columns: Vec<String>,
    /// Structures: leave disordered ones out where the format holds none
    #[arg(long)]
    pub ordered_only: bool,
    /// Structures: folder that relative paths of the plan start from
    #[arg(long, value_name = "FOLDER")]
    pub base: Option<PathBuf>,
}

/// Writes the export, whole or not at all.
///
/// # Errors
/// Unknown format or column, files that cannot be read or written, inputs that have changed.
pub fn run(args: &ExportArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    let implied = if args.format.is_none() { StructureFormat::of(&args.output) } else { None };
    let structures = args.structures.or(implied);
    let rows = match args.rows {
        Some(Rows::All) => ExportRows::All,
        Some(Rows::Kept) => ExportRows::Kept,
        Some(Rows::Ranked) => ExportRows::Ranked,
        None if structures.is_none() => ExportRows::All,
        None => match result.ranking().map_err(sink_error)? {
            Some(_) => ExportRows::Ranked,
            None => ExportRows::Kept,
        },
    };
    if args.top.is_some() && rows != ExportRows::Ranked {
        return Err(CliError::usage("--top takes the best of a ranking, these rows are not ranked")
            .with_hint("give --rows ranked; a result without ranking is ranked by `[rank]` in its plan"));
    }
    let options = ExportOptions { rows, top: args.top, columns: args.columns.clone() };
    if let Some(format) = structures {
        return export_structures(&result, format, &options, args, context);
    }
    if args.ordered_only || args.base.is_some() {
        return Err(CliError::usage("--ordered-only and --base belong to structures").with_hint(structures_hint()));
    }
    let format = match &args.format {
        Some(name) => ExportFormat::parse(name),
        None => ExportFormat::of(&args.output),
    };
    let format = format.map_err(|error| sink_error(error).with_hint(structures_hint()))?;
    let count = export(&result, format, &options, &args.output).map_err(sink_error)?;
    if !context.quiet {
        eprintln!("{}: {count} rows", args.output.display());
    }
    Ok(Exit::Done)
}

/// Writes structures in the order of their rows.
fn export_structures(
    result: &ResultFile,
    format: StructureFormat,
    options: &ExportOptions,
    args: &ExportArgs,
    context: &Context,
) -> Result<Exit, CliError> {
    let mut rows = StructureRows::open(result, options).map_err(sink_error)?;
    let source = Reread::open(result, args.base.as_deref()).map_err(reread_error)?;
    let mut output =
        StructureOutput::create(&args.output, format, rows.most(), rows.is_in_order()).map_err(sink_error)?;
    let mut left_out = 0_u64;
    let skips = args.ordered_only && !format.takes_disorder();
    source
        .read(&mut rows, &mut |row, columns, structure| {
            if skips && !structure.is_ordered() {
                left_out += 1;
                return Ok(());
            }
            output.push(StructureEntry { row: &row, columns, structure })
        })
        .map_err(reread_error)?;
    let written = output.finish().map_err(sink_error)?;
    if !context.quiet {
        let note = if left_out > 0 { format!(", {left_out} disordered ones left out") } else { String::new() };
        eprintln!("{}: {written} structures{note}", args.output.display());
    }
    Ok(Exit::Done)
}

fn reread_error(error: RereadError) -> CliError {
    let hint = error.hint();
    CliError { hint, ..CliError::usage(error) }
}

fn structure_format(name: &str) -> Result<StructureFormat, String> {
    let known = StructureFormat::ALL.iter().copied().find(|format| format.name() == name);
    known.ok_or_else(|| format!("expected one of {}", names().join(", ")))
}

fn names() -> Vec<&'static str> {
    StructureFormat::ALL.iter().map(|format| format.name()).collect()
}

fn structures_hint() -> String {
    format!("structures are exported with --structures {}", names().join("|"))
}
