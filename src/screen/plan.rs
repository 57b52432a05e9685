//! The plan: what a user writes in TOML, typed but not yet resolved.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::PlanError;

/// A whole plan. Relative paths are relative to [`base`](Self::base).
#[derive(Clone, Debug)]
pub struct Plan {
    /// `[screen]`
    pub screen: ScreenTable,
    /// `[source]`: exactly one kind; read by the source room.
    pub source: Value,
    /// `[[descriptor]]`
    pub descriptors: Vec<DescriptorTable>,
    /// `[[surrogate]]`
    pub surrogates: Vec<SurrogateTable>,
    /// `[[filter]]`
    pub filters: Vec<FilterTable>,
    /// `[rank]`: read by the rank room.
    pub rank: Option<Value>,
    /// `[sink]`
    pub sink: SinkTable,
    /// `[run]`
    pub run: RunTable,
    /// The text as written, `--set` applied; stored verbatim in the result.
    pub text: String,
    /// Folder of the plan.
    pub base: PathBuf,
}

/// `[screen]`
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenTable {
    /// Short name.
    #[serde(default)]
    pub name: String,
    /// One line for the report.
    #[serde(default)]
    pub title: String,
}

/// `[[descriptor]]`: a name or a preset, and parameters.
#[derive(Clone, Debug)]
pub enum DescriptorTable {
    /// One descriptor.
    Name {
        /// Name in the registry.
        name: String,
        /// All other keys.
        parameters: Value,
    },
    /// All descriptors of a preset.
    Preset {
        /// Name of the preset.
        preset: String,
        /// All other keys: parameters by descriptor.
        parameters: serde_json::Map<String, Value>,
    },
}

/// `[[surrogate]]`
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurrogateTable {
    /// Model file.
    pub model: PathBuf,
    /// Name of its predictions.
    #[serde(rename = "as")]
    pub name: String,
}

/// What happens to candidates that a rule cannot decide.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Undecided {
    /// They go on and carry the verdict.
    #[default]
    Keep,
    /// They leave the funnel, counted as undecided.
    Drop,
}

/// `[[filter]]`
#[derive(Clone, Debug)]
pub struct FilterTable {
    /// Name of the rule in the registry.
    pub name: String,
    /// Name of its verdicts in the result; the rule's name unless given.
    pub label: String,
    /// What happens to undecided candidates.
    pub undecided: Undecided,
    /// All other keys.
    pub parameters: Value,
}

/// Which rows are stored.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// Candidates that pass every filter.
    #[default]
    Survivors,
    /// Every candidate that could be read.
    All,
    /// Candidates in the ranking.
    Ranked,
}

/// `[sink]`
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkTable {
    /// Result file; `-o` overrides it.
    pub path: Option<PathBuf>,
    /// Which rows are stored.
    #[serde(default)]
    pub store: Store,
    /// Storage type of features.
    #[serde(default)]
    pub dtype: crate::candidate::FeatureType,
    /// Deflate level of features, 0 = none.
    #[serde(default)]
    pub compression: u8,
    /// Whether features are stored at all.
    pub features: Option<bool>,
}

/// `[run]`
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunTable {
    /// Candidates a batch.
    pub batch: usize,
    /// Batches in flight for each thread.
    pub window: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Allowed share of faults, e.g. `"5 %"`.
    pub max_fault_fraction: String,
}

impl Default for RunTable {
    fn default() -> Self {
        Self { batch: 4096, window: 2, seed: 0, max_fault_fraction: "5 %".into() }
    }
}

const TABLES: &[&str] = &["screen", "source", "descriptor", "surrogate", "filter", "rank", "sink", "run"];

impl Plan {
    /// Reads a plan file and applies `key=value` settings.
    ///
    /// # Errors
    /// Not readable, not TOML, unknown key (with the closest known one), wrong type.
    pub fn read(path: &Path, settings: &[String]) -> Result<Self, PlanError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PlanError::Unreadable { path: path.display().to_string(), source })?;
        let base = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self::parse(&text, base, settings)
    }

    /// Reads a plan from its text.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str, base: &Path, settings: &[String]) -> Result<Self, PlanError> {
        let mut document: toml::Table =
            text.parse().map_err(|e: toml::de::Error| PlanError::Syntax { message: e.to_string() })?;
        for setting in settings {
            super::setting::apply(&mut document, setting)?;
        }
        let text = if settings.is_empty() {
            text.to_owned()
        } else {
            toml::to_string(&document).map_err(|e| PlanError::Syntax { message: e.to_string() })?
        };
        for key in document.keys() {
            if !TABLES.contains(&key.as_str()) {
                return Err(PlanError::unknown_key("the plan", key, TABLES.iter().copied()));
            }
        }
        let source = document.remove("source").ok_or(PlanError::MissingTable { table: "source" })?;
        Ok(Self {
            screen: typed(document.remove("screen"), "[screen]")?,
            source: json(source),
            descriptors: list(document.remove("descriptor"), "[[descriptor]]")?
                .into_iter()
                .map(descriptor)
                .collect::<Result<_, _>>()?,
            surrogates: list(document.remove("surrogate"), "[[surrogate]]")?
                .into_iter()
                .map(|table| typed(Some(table.into()), "[[surrogate]]"))
                .collect::<Result<_, _>>()?,
            filters: list(document.remove("filter"), "[[filter]]")?
                .into_iter()
                .map(filter)
                .collect::<Result<_, _>>()?,
            rank: document.remove("rank").map(json),
            sink: typed(document.remove("sink"), "[sink]")?,
            run: typed(document.remove("run"), "[run]")?,
            text,
            base: base.to_owned(),
        })
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: Option<toml::Value>, place: &str) -> Result<T, PlanError> {
    let value = value.unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
    value.try_into().map_err(|e: toml::de::Error| PlanError::table(place, e.message()))
}

fn list(value: Option<toml::Value>, place: &str) -> Result<Vec<toml::Table>, PlanError> {
    match value {
        None => Ok(Vec::new()),
        Some(toml::Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                toml::Value::Table(table) => Ok(table),
                other => Err(PlanError::table(place, &format!("expected a table, found {}", other.type_str()))),
            })
            .collect(),
        Some(_) => Err(PlanError::table(place, &format!("write it with double brackets: {place}"))),
    }
}

fn take_text(table: &mut toml::Table, key: &str, place: &str) -> Result<Option<String>, PlanError> {
    match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(PlanError::table(place, &format!("`{key}` is a text, found {}", other.type_str()))),
    }
}

fn descriptor(mut table: toml::Table) -> Result<DescriptorTable, PlanError> {
    let place = "[[descriptor]]";
    let name = take_text(&mut table, "name", place)?;
    let preset = take_text(&mut table, "preset", place)?;
    match (name, preset) {
        (Some(name), None) => Ok(DescriptorTable::Name { name, parameters: json(toml::Value::Table(table)) }),
        (None, Some(preset)) => match table.iter().find(|(_, value)| !value.is_table()) {
            None => {
                let parameters = table.into_iter().map(|(name, value)| (name, json(value))).collect();
                Ok(DescriptorTable::Preset { preset, parameters })
            }
            Some((key, _)) => {
                let reason = format!(
                    "a preset takes parameters by descriptor, such as sine_matrix = {{ max_atoms = 200 }}, found `{key}`"
                );
                Err(PlanError::table(place, &reason))
            }
        },
        _ => match table.keys().next() {
            Some(key) if crate::units::closest(key, ["name", "preset"]).is_some() => {
                Err(PlanError::unknown_key(place, key, ["name", "preset"]))
            }
            _ => Err(PlanError::table(place, "expected either `name` or `preset`")),
        },
    }
}

fn filter(mut table: toml::Table) -> Result<FilterTable, PlanError> {
    let place = "[[filter]]";
    let Some(name) = take_text(&mut table, "name", place)? else {
        return Err(match table.keys().find(|key| crate::units::closest(key, ["name"]).is_some()) {
            Some(key) => PlanError::unknown_key(place, key, ["name"]),
            None => PlanError::table(place, "missing `name`"),
        });
    };
    let label = take_text(&mut table, "as", place)?.unwrap_or_else(|| name.clone());
    let undecided = match take_text(&mut table, "undecided", place)?.as_deref() {
        None | Some("keep") => Undecided::Keep,
        Some("drop") => Undecided::Drop,
        Some(other) => {
            return Err(PlanError::table(place, &format!("`undecided` is \"keep\" or \"drop\", found \"{other}\"")));
        }
    };
    Ok(FilterTable { name, label, undecided, parameters: json(toml::Value::Table(table)) })
}

/// TOML as JSON; dates become text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => Value::Object(table.into_iter().map(|(k, v)| (k, json(v))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Plan, PlanError> {
        Plan::parse(text, Path::new("."), &[])
    }

    #[test]
    fn misspelt_keys_get_a_suggestion() {
        for (text, expected) in [
            ("[sorce]\ncsv = 'a'", "unknown key `sorce` in the plan, did you mean `source`?"),
            ("[source]\n[run]\nbacth = 1", "[run]: unknown key `bacth`, did you mean `batch`?"),
            ("[source]\n[sink]\nstor = 'all'", "[sink]: unknown key `stor`, did you mean `store`?"),
            ("[source]\n[screen]\ntitel = ''", "[screen]: unknown key `titel`, did you mean `title`?"),
            ("[source]\n[[descriptor]]\nnmae = 'magpie'", "unknown key `nmae` in [[descriptor]], did you mean `name`?"),
            ("[source]\n[[filter]]\nnmae = 'window'", "unknown key `nmae` in [[filter]], did you mean `name`?"),
            (
                "[source]\n[[surrogate]]\nmodel = 'a'\nas = 'x'\nmodl = 'b'",
                "[[surrogate]]: unknown key `modl`, did you mean `model`?",
            ),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expected);
        }
    }

    #[test]
    fn settings_override_the_text() {
        let plan =
            Plan::parse("[source]\ncsv = 'a.csv'", Path::new("."), &["run.batch=7".into(), "sink.store=all".into()])
                .expect("good plan");
        assert_eq!((plan.run.batch, plan.sink.store), (7, Store::All));
        assert!(plan.text.contains("batch = 7"));
    }

    #[test]
    fn filter_keeps_its_own_parameters() {
        let plan = parse("[source]\n[[filter]]\nname='window'\ncolumn='gap.value'\nabove='1 eV'\nundecided='drop'")
            .expect("good plan");
        assert_eq!(plan.filters[0].undecided, Undecided::Drop);
        assert_eq!(plan.filters[0].parameters, serde_json::json!({"column": "gap.value", "above": "1 eV"}));
    }
}
