//! The command line: one file per verb. stdout carries data, stderr carries talk.

mod bench;
mod command;
mod dataset;
mod dry_run;
mod engine;
mod evaluate;
mod explain;
mod export;
mod featurize;
mod format;
mod import;
mod input;
mod list;
mod machine;
mod merge;
mod model;
mod output;
mod parameters;
mod predict;
mod profile;
mod rank;
mod report;
mod resources;
mod screen;
mod selftest;
mod show;
mod space;
mod status;
mod submit;
mod top;
mod train;
mod verify;

use std::fmt;

pub use command::{Cli, main};

/// How a verb ended; the number is the process's exit code.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Usage or plan error.
    Usage = 1,
    /// More faults than allowed.
    Faults = 2,
    /// Interrupted or out of time budget: the same command again finishes.
    Interrupted = 3,
    /// Verification failed.
    VerificationFailed = 4,
}

/// What every verb is told.
#[derive(Clone, Debug)]
pub struct Context {
    /// Threads to compute with, at least 1.
    pub threads: usize,
    /// Seed of everything random, where given; a plan's own seed otherwise.
    pub seed: Option<u64>,
    /// Language of talk and reports.
    pub language: Language,
    /// Suppresses talk.
    pub quiet: bool,
}

/// Language of talk and reports.
#[derive(Copy, Clone, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Chinese
    Zh,
    /// English
    En,
}

/// What ends a verb early: an error, the exit code it stands for, and what the user can do about it.
#[derive(Debug)]
pub struct CliError {
    /// Exit code.
    pub exit: Exit,
    /// The error; its sources are printed as `caused by`.
    pub error: Box<dyn std::error::Error + Send + Sync>,
    /// Printed last, as `hint: …`.
    pub hint: Option<String>,
}

impl CliError {
    /// An error that is the user's to mend: exit code 1.
    pub fn usage(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), hint: None }
    }

    /// The same with another exit code.
    pub fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same with a hint.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::usage(error)
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.error)?;
        let mut source = self.error.source();
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}
