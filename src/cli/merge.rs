//! `merge`: the results of all shards become one result.

use std::path::PathBuf;

use crate::screen::{MergeError, MergeOptions, merge_shards};

use super::screen::tell;
use super::{CliError, Context, Exit};

/// Merge the results of all shards into one file
///
/// Nothing is computed again: the content is, to the bit, that of a run without shards. Refused unless the shards are whole,
/// complete, and parts of one run.
#[derive(clap::Args, Debug)]
pub struct MergeArgs {
    /// Folders of shards (or single files shard-I-of-N.h5)
    #[arg(required = true, value_name = "DIR")]
    pub shards: Vec<PathBuf>,
    /// Result file
    #[arg(short, long, value_name = "OUT.h5")]
    pub output: PathBuf,
    /// Folder that the plan's paths start from, to read structures again where duplicates are removed
    #[arg(long, value_name = "FOLDER")]
    pub base: Option<PathBuf>,
    /// Leave the features where they are: the result points to the shards, which must stay beside it
    ///
    /// Names are relative, so that the result and its shards can be moved together. Everything else is copied.
    #[arg(long = "virtual")]
    pub virtual_rows: bool,
    /// Exit code 2 if there is any fault
    #[arg(long)]
    pub strict: bool,
    /// Replaces an output that something else made
    #[arg(long)]
    pub force: bool,
}

/// Runs the verb.
///
/// # Errors
/// Shards that are missing (exit code 3), damaged (4), or do not belong together; an output that cannot be written.
pub fn run(args: &MergeArgs, context: &Context) -> Result<Exit, CliError> {
    let options = MergeOptions {
        out: args.output.clone(),
        base: args.base.clone(),
        threads: context.threads,
        virtual_rows: args.virtual_rows,
        strict: args.strict,
        force: args.force,
    };
    let ending = merge_shards(&args.shards, &options).map_err(merge_error)?;
    tell(&ending, &args.output, context)
}

/// A merge's error with exit code and what to do about it.
pub(super) fn merge_error(error: MergeError) -> CliError {
    let exit = match &error {
        MergeError::Missing { .. } | MergeError::None { .. } => Exit::Interrupted,
        error if error.is_damage() => Exit::VerificationFailed,
        _ => Exit::Usage,
    };
    let hint = error.hint();
    CliError { exit, error: error.into(), hint }
}
