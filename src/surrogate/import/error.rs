//! Why a foreign model cannot be imported.

/// Why a foreign model cannot be imported; the file's name is said by whoever asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A format that can run code, or that needs its own library to be read.
    #[error("this is {what}, which is not read")]
    Refused {
        /// What it is, and why not.
        what: String,
        /// What the user can do.
        way_out: &'static str,
    },
    /// No known format.
    #[error("unknown kind of model, it begins with {head}; read are {FORMATS}")]
    Unrecognised {
        /// The first bytes, printable.
        head: String,
    },
    /// A known format with a part that is not supported.
    #[error("{what}")]
    Unsupported {
        /// What is not supported, where.
        what: String,
        /// What the user can do.
        way_out: &'static str,
    },
    /// Larger than any model may be.
    #[error("{part}: {found}, the limit is {limit}")]
    TooLarge {
        /// What is too large.
        part: String,
        /// Its size.
        found: u64,
        /// Limit.
        limit: u64,
    },
    /// The content is truncated, damaged or contradicts itself.
    #[error("{place}: {reason}")]
    Malformed {
        /// Line, byte or path inside the document.
        place: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// ONNX Runtime cannot be loaded, or refuses the file.
    #[error("{reason}")]
    Runtime {
        /// Its reason.
        reason: String,
    },
    /// Names, units, tables that the user gives with the model.
    #[error("{reason}")]
    Request {
        /// What is wrong, and what is expected.
        reason: String,
        /// What the user can do.
        way_out: Option<&'static str>,
    },
}

/// What is read, for messages.
const FORMATS: &str =
    "LightGBM text, XGBoost JSON and UBJSON, CatBoost JSON, the JSON of scripts/export_sklearn.py, and ONNX";

impl ImportError {
    /// Something is wrong at a place of the document.
    pub(in crate::surrogate) fn at(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), reason: reason.into() }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused { way_out, .. } | Self::Unsupported { way_out, .. } => Some(way_out),
            Self::Request { way_out, .. } => *way_out,
            Self::Malformed { .. } => Some("save the model again with its own library, and copy it completely"),
            Self::Runtime { .. } => {
                Some("docs/import.md, \"Networks in ONNX files\", says where the runtime comes from")
            }
            Self::Unrecognised { .. } | Self::TooLarge { .. } => None,
        }
    }
}
