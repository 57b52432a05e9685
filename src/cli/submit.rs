//! `submit`: an array job for the shards of a screen, and a job that merges them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::screen::{Plan, Screen, Shard};

use super::output::emit;
use super::screen::with_hint;
use super::{CliError, Context, Exit};

/// Write and submit the jobs that screen in shards and merge the result
///
/// The array job runs one shard a task; a task that runs out of time puts itself back into the queue and goes on. The merge job
/// starts when all shards are whole. Nothing but the files in `-o` is shared between them.
#[derive(clap::Args, Debug)]
pub struct SubmitArgs {
    /// Plan file (TOML)
    pub plan: PathBuf,
    /// The scheduler
    #[arg(long, value_name = "NAME", value_parser = ["slurm"])]
    pub scheduler: String,
    /// Number of shards: tasks of the array
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub shards: u32,
    /// Folder of shards, scripts and logs [default: as `screen --shard`]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Result of the merge [default: DIR with `.h5`]
    #[arg(long, value_name = "OUT.h5")]
    pub merged: Option<PathBuf>,
    /// Changes the plan, as in `screen`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// How often a task may put itself back into the queue
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub requeues: u32,
    /// Tasks that run at the same time; all of them unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub at_once: Option<u32>,
    /// Folder for work in progress on a disk of the node; a task that is put back must run on the same node to go on
    #[arg(long, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,
    /// Memory for batches, as in `screen`
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<String>,
    /// Prints the scripts, and submits nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Options of sbatch for both jobs (account, partition, time, CPUs a task)
    #[arg(last = true, value_name = "SBATCH-OPTIONS")]
    pub options: Vec<String>,
}

/// The two scripts and where they go.
struct Jobs {
    folder: PathBuf,
    array: String,
    merge: String,
}

/// Runs the verb.
///
/// # Errors
/// A plan that cannot run, a folder that cannot be written, sbatch that is not there or refuses.
pub fn run(args: &SubmitArgs, context: &Context) -> Result<Exit, CliError> {
    let mut settings = args.settings.clone();
    settings.extend(context.seed.map(|seed| format!("run.seed={seed}")));
    // What cannot run is refused here, not in a thousand tasks.
    let plan = Plan::read(&args.plan, &settings).map_err(with_hint)?;
    let default = plan.sink.path.as_ref().map_or_else(|| args.plan.with_extension("h5"), |path| plan.base.join(path));
    Screen::resolve(plan).map_err(with_hint)?;
    let jobs = jobs(args, &settings, &default)?;
    if args.dry_run {
        emit(&format!("# {}\n{}\n# {}\n{}", place(&jobs, "array"), jobs.array, place(&jobs, "merge"), jobs.merge))?;
        return Ok(Exit::Done);
    }
    std::fs::create_dir_all(jobs.folder.join("log")).map_err(|error| {
        CliError::usage(format!("cannot create the folder {}: {error}", jobs.folder.join("log").display()))
    })?;
    for (name, text) in [("array", &jobs.array), ("merge", &jobs.merge)] {
        let path = jobs.folder.join(format!("{name}.sh"));
        std::fs::write(&path, text)
            .map_err(|error| CliError::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    let array = sbatch(&args.options, &[], &jobs.folder.join("array.sh"))?;
    let after = [format!("--dependency=afterok:{array}"), "--kill-on-invalid-dep=yes".to_owned()];
    let merge = sbatch(&args.options, &after, &jobs.folder.join("merge.sh"))?;
    if !context.quiet {
        eprintln!("array job {array} of {} shards, merge job {merge} after it", args.shards);
        eprintln!("how far it is: matsieve status {}", jobs.folder.display());
    }
    emit(&format!("{array} {merge}\n"))?;
    Ok(Exit::Done)
}

fn place(jobs: &Jobs, name: &str) -> String {
    jobs.folder.join(format!("{name}.sh")).display().to_string()
}

fn jobs(args: &SubmitArgs, settings: &[String], default: &Path) -> Result<Jobs, CliError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(CliError::usage);
    let program = std::env::current_exe().map_err(CliError::usage)?;
    let folder = absolute(&args.output.clone().unwrap_or_else(|| default.with_extension("shards")))?;
    let merged = absolute(&args.merged.clone().unwrap_or_else(|| folder.with_extension("h5")))?;
    // Relative to the folder of submission, as jobs are: a result names no folder of this machine.
    let mut screen =
        vec![quoted(&program.display().to_string()), "screen".to_owned(), quoted(&args.plan.display().to_string())];
    for setting in settings {
        screen.extend(["--set".to_owned(), quoted(setting)]);
    }
    screen.extend([
        "-o".to_owned(),
        quoted(&folder.display().to_string()),
        "--shard".to_owned(),
        format!("\"$SLURM_ARRAY_TASK_ID/{}\"", args.shards),
    ]);
    for (name, value) in
        [("--scratch", args.scratch.as_ref().map(|path| path.display().to_string())), ("--memory", args.memory.clone())]
    {
        screen.extend(value.into_iter().flat_map(|value| [name.to_owned(), quoted(&value)]));
    }
    let name = args.plan.file_stem().unwrap_or_default().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "-");
    let last = Shard::new(args.shards - 1, args.shards).map_err(CliError::usage)?.index;
    let at_once = args.at_once.map(|tasks| format!("%{tasks}")).unwrap_or_default();
    let log = folder.join("log");
    let array = format!(
        r#"#!/bin/bash
#SBATCH --job-name=matsieve-{name}
#SBATCH --array=0-{last}{at_once}
#SBATCH --output={log}/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
# One shard a task. Exit code 3 says that there is more to do: the task puts itself back into the queue and goes on.
{screen} &
pid=$!
# The shell gets the signals; the program stops between batches and leaves whole segments.
trap 'kill -USR1 "$pid" 2>/dev/null' USR1
trap 'kill -TERM "$pid" 2>/dev/null' TERM INT
wait "$pid"
code=$?
while kill -0 "$pid" 2>/dev/null; do
    wait "$pid"
    code=$?
done
if [ "$code" -eq 3 ]; then
    if [ "${{SLURM_RESTART_COUNT:-0}}" -lt {requeues} ]; then
        echo "unfinished: back into the queue, time $((${{SLURM_RESTART_COUNT:-0}} + 1)) of {requeues}"
        trap '' TERM
        if scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"; then
            # Slurm ends this script now.
            sleep 60
            exit 3
        fi
    fi
    echo "unfinished, and not put back into the queue: submit this task again with --array=$SLURM_ARRAY_TASK_ID" >&2
fi
exit "$code"
"#,
        log = log.display(),
        screen = screen.join(" "),
        requeues = args.requeues,
    );
    let merge = format!(
        r#"#!/bin/bash
#SBATCH --job-name=matsieve-{name}-merge
#SBATCH --output={log}/merge_%j.log
#SBATCH --open-mode=append
{program} merge {folder} -o {merged}
"#,
        log = log.display(),
        program = quoted(&program.display().to_string()),
        folder = quoted(&folder.display().to_string()),
        merged = quoted(&merged.display().to_string()),
    );
    Ok(Jobs { folder, array, merge })
}

/// Submits a script and returns the number of its job.
fn sbatch(options: &[String], more: &[String], script: &Path) -> Result<String, CliError> {
    let output = Command::new("sbatch").arg("--parsable").args(options).args(more).arg(script).output();
    let output = output.map_err(|error| {
        CliError::usage(format!("cannot start sbatch: {error}"))
            .with_hint("is this a login node of Slurm? --dry-run prints the scripts")
    })?;
    let said = String::from_utf8_lossy(&output.stdout);
    // `number` or `number;cluster`
    let number = said.trim().split(';').next().unwrap_or_default().to_owned();
    if !output.status.success() || number.parse::<u64>().is_err() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(CliError::usage(format!("sbatch refused {}: {}", script.display(), reason.trim())));
    }
    Ok(number)
}

/// One word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,%@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_reach_the_shell_as_they_are() {
        assert_eq!(quoted("plans/a.toml"), "plans/a.toml");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
