//! What ends a run.

use crate::units::closest;

/// Why a plan cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The plan file cannot be read.
    #[error("cannot read the plan {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("the plan is no valid TOML\n{message}")]
    Syntax {
        /// The parser's message, with line and column.
        message: String,
    },
    /// A table is missing.
    #[error("the plan has no [{table}]")]
    MissingTable {
        /// The table.
        table: &'static str,
    },
    /// A key is not known.
    #[error("unknown key `{key}` in {place}{}", .suggestion.as_ref().map(|s| format!(", did you mean `{s}`?")).unwrap_or_default())]
    UnknownKey {
        /// Where.
        place: String,
        /// The key.
        key: String,
        /// The closest known key.
        suggestion: Option<String>,
    },
    /// A table has a wrong key or value.
    #[error("{place}: {reason}")]
    Table {
        /// The table.
        place: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// `--set` cannot be applied.
    #[error("--set {setting}: {reason}")]
    Setting {
        /// The setting.
        setting: String,
        /// What is wrong.
        reason: String,
    },
}

impl PlanError {
    /// An unknown key, with the closest of the known ones.
    pub fn unknown_key<'a>(place: &str, key: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::UnknownKey { place: place.into(), key: key.into(), suggestion: closest(key, known).map(str::to_owned) }
    }

    /// A wrong table; `message` may be serde's "unknown field `x`, expected one of `a`, `b`", which becomes a suggestion.
    pub fn table(place: &str, message: &str) -> Self {
        Self::Table { place: place.into(), reason: suggest(message) }
    }
}

/// Rewrites serde's message on unknown fields to house style, with the closest known key.
pub fn suggest(message: &str) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message.trim().to_owned();
    };
    let mut names = rest.split('`');
    let unknown = names.next().unwrap_or_default();
    let known: Vec<&str> = names.skip(1).step_by(2).collect();
    match closest(unknown, known.iter().copied()) {
        Some(name) => format!("unknown key `{unknown}`, did you mean `{name}`?"),
        None => format!("unknown key `{unknown}`, expected one of {}", known.join(", ")),
    }
}
