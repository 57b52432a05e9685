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
    #[error("unknown key `{key}` in {place}, {advice}")]
    UnknownKey {
        /// Where.
        place: String,
        /// The key.
        key: String,
        /// The closest known key, or all of them.
        advice: String,
    },
    /// A table has a wrong key or value.
    #[error("{place}: {reason}")]
    Table {
        /// The table.
        place: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
    /// A source cannot be opened.
    #[error(transparent)]
    Source(#[from] crate::source::SourceError),
    /// A descriptor cannot be built.
    #[error(transparent)]
    Descriptor(#[from] crate::descriptor::DescriptorError),
    /// A filter cannot be built.
    #[error(transparent)]
    Filter(#[from] crate::filter::FilterError),
    /// The ranking does not fit the columns.
    #[error(transparent)]
    Rank(#[from] crate::rank::RankError),
    /// Data cannot be learned from.
    #[error(transparent)]
    Surrogate(#[from] crate::surrogate::SurrogateError),
    /// A model file cannot be read.
    #[error("cannot use the model {path}")]
    Model {
        /// The file, as the plan names it.
        path: String,
        /// Why.
        #[source]
        source: Box<crate::surrogate::SurrogateError>,
    },
    /// A model needs columns that this program or plan does not give.
    #[error("model \"{model}\" does not fit: {reason}")]
    ModelMismatch {
        /// The model.
        model: String,
        /// What does not fit.
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

/// What ends a run after it has begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The source cannot go on.
    #[error(transparent)]
    Source(#[from] crate::source::SourceError),
    /// The result cannot be written.
    #[error(transparent)]
    Sink(#[from] crate::sink::SinkError),
    /// Nothing can be ranked.
    #[error(transparent)]
    Rank(#[from] crate::rank::RankError),
    /// The source cannot be opened again, to compare structures.
    #[error("cannot open the source again to compare structures")]
    Reopen(#[from] PlanError),
    /// A structure cannot be read again, to be compared.
    #[error("candidate {index} cannot be read again to be compared: {reason}")]
    Reread {
        /// Position in the source.
        index: u64,
        /// Why not.
        reason: String,
    },
    /// Threads cannot be started.
    #[error("cannot start worker threads: {reason}")]
    Threads {
        /// The operating system's reason.
        reason: String,
    },
    /// More faults than the plan allows.
    #[error("{faulted} of {read} candidates are faulty, more than the allowed {percent} %")]
    TooManyFaults {
        /// Faults so far.
        faulted: u64,
        /// Candidates so far.
        read: u64,
        /// Allowed share.
        percent: f64,
    },
}

impl RunError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Sink(error) => error.hint(),
            Self::Source(error) => error.hint().map(str::to_owned),
            Self::Reopen(error) => error.hint(),
            Self::Reread { .. } => Some("the inputs must not change while a screen runs".to_owned()),
            Self::TooManyFaults { .. } => Some(
                "look at the first lines of the input and at the columns chosen, or raise [run] max_fault_fraction"
                    .into(),
            ),
            _ => None,
        }
    }
}

impl PlanError {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::ModelMismatch { .. } => Some("train the model again with this version: matsieve train".into()),
            Self::Surrogate(error) => error.hint().map(str::to_owned),
            Self::Model { source, .. } => source.hint().map(str::to_owned),
            Self::Source(error) => error.hint().map(str::to_owned),
            Self::Descriptor(_) => Some("matsieve list descriptors shows what there is".into()),
            _ => None,
        }
    }

    /// An unknown key, with the closest of the known ones, or with all of them where none is close.
    pub fn unknown_key<'a>(place: &str, key: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        let advice = match closest(key, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("expected one of {}", known.join(", ")),
        };
        Self::UnknownKey { place: place.into(), key: key.into(), advice }
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
