//! `report`: one self-contained HTML file.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::report::{Language as PageLanguage, ReportData, Selection, html};

use super::output::{emit, open, sink_error};
use super::{CliError, Context, Exit, Language};

/// Write a report of a result as one HTML file that opens offline
#[derive(clap::Args, Debug)]
pub struct ReportArgs {
    /// Result file
    pub result: PathBuf,
    /// HTML file to write, `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Candidates in the table
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub top: usize,
}

/// Writes the report, whole or not at all.
///
/// # Errors
/// The file is no result, or the report cannot be written.
pub fn run(args: &ReportArgs, context: &Context) -> Result<Exit, CliError> {
    let result = open(&args.result)?;
    let data = ReportData::from_result(&result, Selection { top: args.top }).map_err(sink_error)?;
    let language = match context.language {
        Language::Zh => PageLanguage::Zh,
        Language::En => PageLanguage::En,
    };
    let page = html(&data, language);
    if args.output == Path::new("-") {
        emit(&page)?;
        return Ok(Exit::Done);
    }
    let same = |path: &Path| path.canonicalize().ok();
    if same(&args.output).is_some() && same(&args.output) == same(&args.result) {
        let message = format!("the report would replace the result {}", args.result.display());
        return Err(CliError::usage(message).with_hint("give another file with -o"));
    }
    write_whole(&args.output, page.as_bytes()).map_err(|error| {
        CliError::usage(error).with_hint(format!("the report was to be written to {}", args.output.display()))
    })?;
    if !context.quiet {
        eprintln!("{}: {} KiB", args.output.display(), page.len().div_ceil(1024));
    }
    Ok(Exit::Done)
}

/// Writes beside the target and renames, so that a full disk leaves the old file.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".matsieve-report-");
    #[cfg(unix)]
    builder.permissions(<std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut part = builder.tempfile_in(folder)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    Ok(())
}
