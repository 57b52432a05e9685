//! Registry of the data tables that are compiled in, each with the card that says where its numbers come from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use crate::units::Unit;

/// Whether a table may be used commercially, as far as its licence says.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommercialUse {
    /// The licence allows it.
    Yes,
    /// The licence forbids it; no such table is compiled in.
    No,
    /// The licence is not stated or not clear.
    Unknown,
}

/// One column of a table: unit and meaning.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnCard {
    /// Unit of the values, `1` for plain numbers, `text` for columns that hold no numbers.
    pub unit: String,
    /// What the values are.
    pub meaning: String,
}

impl ColumnCard {
    /// The unit; `None` for a column of text.
    pub fn unit(&self) -> Option<Unit> {
        Unit::parse(&self.unit).ok()
    }
}

/// Provenance of one table: the `.toml` beside its `.csv`.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// Name in plans and results.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Version of the numbers; a correction is a new version.
    pub version: String,
    /// Package or publication, with its version or date.
    pub source: String,
    /// DOIs without resolver, or URLs where there is none.
    pub references: Vec<String>,
    /// SPDX expression of the licence, or what is known of it.
    pub licence: String,
    /// Commercial use.
    pub commercial_use: CommercialUse,
    /// Date of retrieval, `YYYY-MM-DD`.
    pub retrieved: String,
    /// SHA-256 of the `.csv` file, hexadecimal.
    pub sha256: String,
    /// Script that rebuilds it, relative to the repository; empty for a transcription, whose source is then a dated publication.
    pub script: String,
    /// Known gaps.
    pub gaps: String,
    /// What an empty field means.
    pub missing: String,
    /// Columns by name.
    pub columns: BTreeMap<String, ColumnCard>,
}

/// Why a table or its card cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The card is no card.
    #[error("card of table \"{table}\": {reason}")]
    Card {
        /// The table.
        table: String,
        /// What is wrong.
        reason: String,
    },
    /// A line of the table cannot be read.
    #[error("table \"{table}\", line {line}: {reason}")]
    Line {
        /// The table.
        table: String,
        /// Line of the file, from 1.
        line: u64,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// No table of that name.
    #[error("unknown table \"{name}\", there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
}

impl Card {
    /// Reads a card; every unit must be known.
    ///
    /// # Errors
    /// [`TableError::Card`] with the reason, for unknown, missing or wrong fields and unknown units.
    pub fn parse(table: &str, text: &str) -> Result<Self, TableError> {
        let refuse = |reason: String| TableError::Card { table: table.to_owned(), reason };
        let card: Self = toml::from_str(text).map_err(|error| refuse(error.to_string().trim_end().to_owned()))?;
        for (name, column) in &card.columns {
            if column.unit != "text" {
                Unit::parse(&column.unit).map_err(|error| refuse(format!("column \"{name}\": {error}")))?;
            }
        }
        Ok(card)
    }
}

/// A compiled-in table: `data/<family>/<name>.csv` and its card.
pub struct TableEntry {
    /// Folder under `data/`.
    pub family: &'static str,
    /// File name without extension.
    pub name: &'static str,
    /// The `.csv` file; the reader of the family knows its columns.
    pub content: &'static str,
    card_text: &'static str,
}

impl TableEntry {
    /// The card.
    pub fn card(&self) -> &'static Card {
        static CARDS: OnceLock<BTreeMap<&'static str, Card>> = OnceLock::new();
        let parse = |entry: &TableEntry| Card::parse(entry.name, entry.card_text).expect("a test parses every card");
        &CARDS.get_or_init(|| TABLES.iter().map(|entry| (entry.name, parse(entry))).collect())[self.name]
    }

    /// SHA-256 of the content, hexadecimal, computed (the card holds the recorded one).
    pub fn sha256(&self) -> String {
        sha256_hex(self.content.as_bytes())
    }
}

/// SHA-256 of some bytes, hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

macro_rules! entry {
    ($family:literal, $name:literal) => {
        TableEntry {
            family: $family,
            name: $name,
            content: include_str!(concat!("../../data/", $family, "/", $name, ".csv")),
            card_text: include_str!(concat!("../../data/", $family, "/", $name, ".toml")),
        }
    };
}

/// One line a table; a new table is two files under `data/` and one line here.
const TABLES: &[TableEntry] = &[
    entry!("elements", "magpie"),
    entry!("elements", "deml"),
    entry!("elements", "pymatgen"),
    entry!("elements", "miedema"),
    entry!("elements", "scattering"),
    entry!("pairs", "mixing_enthalpy"),
    entry!("order_parameters", "motifs"),
    entry!("radii", "covalent_radius"),
    entry!("radii", "ionic_radius"),
    entry!("bond_valence", "okeeffe_brese"),
    entry!("bond_valence", "bond_valence_sums"),
    entry!("policy", "price"),
    entry!("policy", "abundance"),
    entry!("policy", "hhi"),
    entry!("policy", "critical"),
    entry!("policy", "hazard"),
    entry!("oxidation", "icsd24"),
    entry!("oxidation", "smact14"),
    entry!("oxidation", "icsd16"),
    entry!("oxidation", "pymatgen_sp"),
    entry!("oxidation", "wiki"),
    entry!("oxidation", "pymatgen_icsd"),
    entry!("oxidation", "pymatgen_common"),
    entry!("oxidation", "pymatgen_occurrence"),
    entry!("oxidation", "smact_elements"),
];

/// All tables that are compiled in, in the order in which they are listed.
pub fn tables() -> &'static [TableEntry] {
    TABLES
}

/// The table of this name.
///
/// # Errors
/// [`TableError::Unknown`] lists the names there are.
pub fn table(name: &str) -> Result<&'static TableEntry, TableError> {
    TABLES.iter().find(|entry| entry.name == name).ok_or_else(|| TableError::Unknown {
        name: name.to_owned(),
        known: TABLES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", "),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn data_files(extension: &str) -> Vec<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let mut found: Vec<_> = walkdir::WalkDir::new(&root)
            .into_iter()
            .map(|entry| entry.expect("readable folder").into_path())
            .filter(|path| path.extension().is_some_and(|e| e == extension))
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("readable UTF-8 file");
                let name = path.strip_prefix(&root).expect("below root").with_extension("");
                (name.to_string_lossy().replace('\\', "/"), text)
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn every_table_under_data_has_a_card_with_its_hash_and_is_registered() {
        let cards: BTreeMap<_, _> = data_files("toml").into_iter().collect();
        let tables = data_files("csv");
        assert!(!tables.is_empty());
        for (path, content) in &tables {
            let card = cards.get(path).unwrap_or_else(|| panic!("data/{path}.csv has no card"));
            let card = Card::parse(path, card).expect("valid card");
            assert_eq!(card.sha256, sha256_hex(content.as_bytes()), "data/{path}.csv");
            let registered = TABLES.iter().any(|entry| format!("{}/{}", entry.family, entry.name) == *path);
            assert!(registered, "data/{path}.csv is not in the registry");
            assert_eq!(path.rsplit('/').next(), Some(card.name.as_str()));
        }
        assert_eq!(cards.len(), tables.len(), "a card without table");
    }

    #[test]
    fn every_card_is_complete_and_none_forbids_commercial_use() {
        for entry in tables() {
            let card = entry.card();
            assert_eq!(entry.sha256(), card.sha256, "{}", entry.name);
            assert_ne!(card.commercial_use, CommercialUse::No, "{}", entry.name);
            for text in [&card.title, &card.version, &card.source, &card.licence, &card.gaps, &card.missing] {
                assert!(!text.is_empty(), "{}: empty field in its card", entry.name);
            }
            assert!(!card.references.is_empty(), "{}", entry.name);
            let date: Vec<_> = card.retrieved.split('-').map(str::len).collect();
            assert_eq!(date, [4, 2, 2], "{}: {}", entry.name, card.retrieved);
            if !card.script.is_empty() {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&card.script).is_file(), "{}", card.script);
            }
        }
    }

    #[test]
    fn every_column_of_a_table_is_on_its_card_and_the_other_way_round() {
        for entry in tables() {
            let mut header: Vec<_> = entry.content.lines().next().unwrap_or("").split(',').collect();
            header.sort_unstable();
            let columns: Vec<_> = entry.card().columns.keys().map(String::as_str).collect();
            assert_eq!(header, columns, "{}", entry.name);
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = tables().iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_card_with_an_unknown_unit_is_refused() {
        let card = tables()[0].card_text.replacen("unit = \"K\"", "unit = \"kelvins\"", 1);
        let error = Card::parse("x", &card).expect_err("unknown unit");
        assert!(error.to_string().contains("unknown unit \"kelvins\""), "{error}");
    }
}
