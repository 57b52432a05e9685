//! What ends a run on the side of its sources.

use super::Format;

/// Why a source cannot go on. Ends the run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// An input cannot be opened or read.
    #[error("cannot read {input}")]
    Unreadable {
        /// The input, as given.
        input: String,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A path that is neither file nor folder, or a pattern that matches nothing.
    #[error("{input}: {reason}")]
    NoInput {
        /// The input, as given.
        input: String,
        /// What was found instead.
        reason: String,
    },
    /// A glob pattern that cannot be read.
    #[error("cannot read the pattern {pattern:?}: {reason}")]
    Pattern {
        /// The pattern, as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `[source]` names no input, or more than one kind.
    #[error("[source] needs exactly one of csv, tsv, parquet, input; found {}", if found.is_empty() { "none".to_owned() } else { found.join(", ") })]
    Kind {
        /// The kinds found.
        found: Vec<&'static str>,
    },
    /// A setting of `[source]` that makes no sense.
    #[error("{setting} = {value:?}: {reason}")]
    Setting {
        /// The key.
        setting: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A format name that does not exist.
    #[error("unknown format {format:?}: known are {}{}", Format::ALL.iter().map(|f| f.name()).collect::<Vec<_>>().join(", "), did_you_mean(suggestion))]
    UnknownFormat {
        /// The name.
        format: String,
        /// The closest known one.
        suggestion: Option<String>,
    },
    /// Neither name nor content tells what the file is.
    #[error("cannot tell the format of {input} from its name or content")]
    UntoldFormat {
        /// The input, as given.
        input: String,
    },
    /// The file has no content.
    #[error("{input} is empty: a header line with column names was expected")]
    Empty {
        /// The input, as given.
        input: String,
    },
    /// The content is not what it was taken for, or is damaged.
    #[error("{input}: {reason}")]
    Damaged {
        /// The input, as given.
        input: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A column that the plan names is not there.
    #[error(
        "{input} has no column {column:?} (wanted as {role}); its columns are {}{}",
        list(available),
        did_you_mean(suggestion)
    )]
    UnknownColumn {
        /// The input, as given.
        input: String,
        /// The column asked for.
        column: String,
        /// What for.
        role: &'static str,
        /// Columns that are there.
        available: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// No column was named for the formula and none has one of the usual names.
    #[error("{input} has no formula column: looked for {}; its columns are {}", super::FORMULA_COLUMNS.join(", "), list(available))]
    NoFormulaColumn {
        /// The input, as given.
        input: String,
        /// Columns that are there.
        available: Vec<String>,
    },
    /// Two columns have the name that is asked for.
    #[error("{input} has {count} columns named {column:?} (wanted as {role}): columns {}", positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    AmbiguousColumn {
        /// The input, as given.
        input: String,
        /// The column asked for.
        column: String,
        /// What for.
        role: &'static str,
        /// How many there are.
        count: usize,
        /// Where, from 1.
        positions: Vec<usize>,
    },
    /// A column whose type cannot serve.
    #[error("{input}: column {column:?} holds {found}, but {expected} is needed as {role}")]
    ColumnType {
        /// The input, as given.
        input: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// Types that serve.
        expected: &'static str,
        /// What for.
        role: &'static str,
    },
    /// An enumerated space that cannot be built.
    #[error("[source] space: {0}")]
    Space(#[from] super::space::SpaceError),
    /// One batch cannot hold this much; ask for fewer records at a time.
    #[error("a batch of {limit} records is too large for {what}: at most {most} (bytes or entries)")]
    BatchTooLarge {
        /// Records asked for.
        limit: usize,
        /// The largest number that fits.
        most: u64,
        /// What overflows.
        what: &'static str,
    },
}

impl SourceError {
    /// What the user may try, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UntoldFormat { .. } => Some("name the format with --format: `matsieve list sources` shows all"),
            Self::NoFormulaColumn { available, .. } if available.len() == 1 && available[0].contains(';') => {
                Some("the header looks separated by semicolons: set delimiter = \";\"")
            }
            Self::NoFormulaColumn { .. } => {
                Some("name the formula column with --formula; the first line must be a header")
            }
            Self::UnknownColumn { .. } => Some("column names are taken from the first line, which must be a header"),
            Self::AmbiguousColumn { .. } => Some("rename one of the columns"),
            Self::BatchTooLarge { .. } => Some("lower [run] batch"),
            _ => None,
        }
    }
}

/// Column names for a message, long lists cut.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 40;
    let mut text = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}
