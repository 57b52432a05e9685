//! `[source]`: opens it, and says what candidates come from for identity and provenance.

use std::path::Path;

use serde_json::{Value, json};

use crate::source::space::{Space, SpaceSource, SpaceSpec};
use crate::source::{InputFile, Source, SourceError, SourceSpec, digest_inputs, open};

use super::error::PlanError;

/// What candidates come from.
pub enum Origin {
    /// Files, in order.
    Files(Vec<InputFile>),
    /// An enumerated space.
    Space(Value),
}

/// Opens the plan's source; `seed` is that of everything random.
///
/// # Errors
/// Unknown keys, inputs or columns that are not there, a space that cannot be built.
pub fn open_source(table: &Value, base: &Path, seed: u64) -> Result<(Box<dyn Source>, Origin), PlanError> {
    let bad = |e: serde_json::Error| PlanError::table("[source]", &e.to_string());
    if let Some(space) = table.get("space") {
        if let Some(key) = table.as_object().and_then(|t| t.keys().find(|key| *key != "space")) {
            return Err(PlanError::table("[source]", &format!("`space` stands alone, found `{key}` beside it")));
        }
        let spec: SpaceSpec = serde_json::from_value(space.clone()).map_err(bad)?;
        let space = Space::new(&spec).map_err(SourceError::from)?;
        let described = json!({ "space": spec, "candidates": space.count() });
        return Ok((Box::new(SpaceSource::new(space)), Origin::Space(described)));
    }
    if let Some(key) = table.as_object().into_iter().flat_map(|t| t.keys()).find(|key| is_typo_of_space(key)) {
        return Err(PlanError::unknown_key("[source]", key, ["space"]));
    }
    let mut spec: SourceSpec = serde_json::from_value(table.clone()).map_err(bad)?;
    spec.seed = seed;
    let listing = spec.listing(base)?;
    let mut files = listing.files;
    files.extend(listing.targets);
    Ok((open(&spec, base)?, Origin::Files(files)))
}

fn is_typo_of_space(key: &str) -> bool {
    const OTHERS: &[&str] = &[
        "csv",
        "tsv",
        "parquet",
        "input",
        "format",
        "delimiter",
        "formula",
        "structure",
        "id",
        "targets",
        "on",
        "disorder",
        "columns",
    ];
    !OTHERS.contains(&key) && crate::units::closest(key, OTHERS.iter().copied().chain(["space"])) == Some("space")
}

impl Origin {
    /// Name, size and SHA-256 of every file, or the space.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn describe(&self) -> Result<Vec<Value>, SourceError> {
        match self {
            Self::Space(space) => Ok(vec![space.clone()]),
            Self::Files(files) => Ok(digest_inputs(files)?.iter().map(|digest| json!(digest)).collect()),
        }
    }
}
