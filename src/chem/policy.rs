//! Policy tables: what the elements cost, how scarce, critical and hazardous they are. Dated; a user can replace each by his own.

use std::path::{Path, PathBuf};

use super::table::{self, TableError};
use super::{ElementColumn, ElementTable};

/// A policy table and what identifies it in a result.
#[derive(Clone, Debug)]
pub struct PolicyTable {
    /// Name of the compiled-in table, or file name of the user's.
    pub name: String,
    /// Version of the compiled-in table; empty for a user's.
    pub version: String,
    /// SHA-256 of the `.csv`, hexadecimal.
    pub sha256: String,
    table: ElementTable,
}

/// Why a policy table cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The user's table cannot be read.
    #[error("cannot read table {path}: {source}")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The content is no such table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The user's table lacks a column that the rule reads.
    #[error("table \"{table}\" has no column \"{column}\", it has {found}")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its columns.
        found: String,
    },
}

impl PolicyTable {
    /// The compiled-in table `price`, `abundance`, `hhi`, `critical` or `hazard`, or the user's `.csv` in its place: a header
    /// `symbol,<columns of that table>` (any of them), one line an element, the same units; absent elements are unknown.
    ///
    /// # Errors
    /// No such table, no such file, a line that is no line of such a table.
    pub fn load(name: &str, replacement: Option<&Path>) -> Result<Self, PolicyError> {
        let entry = table::table(name)?;
        let mut card = entry.card().clone();
        let Some(path) = replacement else {
            let table = ElementTable::parse(&card, entry.content)?;
            return Ok(Self { name: card.name, version: card.version, sha256: entry.sha256(), table });
        };
        let content = std::fs::read_to_string(path)
            .map_err(|source| PolicyError::Unreadable { path: path.to_owned(), source })?;
        card.name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let table = ElementTable::parse(&card, content.trim_start_matches('\u{feff}'))?;
        Ok(Self { name: card.name, version: String::new(), sha256: table::sha256_hex(content.as_bytes()), table })
    }

    /// One column; NaN where the table has no value.
    ///
    /// # Errors
    /// A user's table without it.
    pub fn column(&self, name: &str) -> Result<&ElementColumn, PolicyError> {
        self.table.column(name).ok_or_else(|| PolicyError::NoColumn {
            table: self.name.clone(),
            column: name.into(),
            found: self.table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Name, version and hash, for the record.
    pub fn identity(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "version": self.version, "sha256": self.sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;

    fn value(table: &str, column: &str, symbol: &str) -> f64 {
        let table = PolicyTable::load(table, None).expect("compiled in");
        table.column(column).expect("its column").values[Element::from_symbol(symbol).expect("symbol").row()]
    }

    #[test]
    fn tables_hold_what_their_publications_say() {
        // Gaultois 2013, table 1; CRC Handbook; 2011/65/EU; ICH Q3D(R2), table A.2.1.
        assert_eq!((value("hhi", "hhi_production", "Li"), value("hhi", "hhi_reserve", "Li")), (2900.0, 4200.0));
        assert_eq!(value("abundance", "abundance", "O"), 461_000.0);
        assert_eq!((value("hazard", "rohs", "Cd"), value("hazard", "rohs", "Pb")), (1e-4, 1e-3));
        assert_eq!((value("hazard", "oral_exposure", "Tl"), value("hazard", "toxicity", "Tl")), (8.0, 3.0));
        // The table rounds the 220 microgram of the monograph.
        assert_eq!((value("hazard", "oral_exposure", "Ni"), value("hazard", "toxicity", "Ni")), (200.0, 2.0));
        assert!(value("hazard", "rohs", "Fe").is_nan());
    }

    #[test]
    fn lists_have_as_many_elements_as_their_entries_stand_for() {
        let flagged = |column: &str| {
            let table = PolicyTable::load("critical", None).expect("compiled in");
            table.column(column).expect("its column").values.iter().filter(|&&flag| flag == 1.0).count()
        };
        // EU: 34 entries less coking coal, graphite, feldspar and one of two for P; 27 elements, and 5 light and 10 heavy rare
        // earths and 5 platinum-group metals for the other 3 entries.
        assert_eq!(flagged("eu_2023"), 47);
        // USA: 50 entries, less graphite.
        assert_eq!(flagged("us_2022"), 49);
        // 60 entries, less graphite and metallurgical coal.
        assert_eq!(flagged("us_2025"), 58);
        // China: 24 entries, less 5 fuels and graphite; rare earths stand for 15 elements: 18 - 1 + 15.
        assert_eq!(flagged("cn_2016"), 32);
    }

    #[test]
    fn a_users_table_replaces_ours_and_is_identified_by_its_own_hash() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("mine.csv");
        std::fs::write(&path, "symbol,price\nFe,0.5\nO,\n").expect("written");
        let table = PolicyTable::load("price", Some(&path)).expect("readable");
        let price = table.column("price").expect("there");
        assert_eq!((price.values[25], price.unit.text()), (0.5, "USD/kg"));
        assert!(price.values[7].is_nan() && price.values[0].is_nan());
        assert_eq!(table.identity()["sha256"], table::sha256_hex(b"symbol,price\nFe,0.5\nO,\n"));
        for (content, expected) in [
            ("symbol,price\nFe,cheap\n", "table \"mine.csv\", line 2: column \"price\": \"cheap\" is no finite number"),
            ("symbol,cost\nFe,1\n", "card of table \"mine.csv\": no unit for column \"cost\""),
        ] {
            std::fs::write(&path, content).expect("written");
            assert_eq!(PolicyTable::load("price", Some(&path)).expect_err("bad").to_string(), expected);
        }
        let missing = PolicyTable::load("price", Some(Path::new("no-such.csv"))).expect_err("no file").to_string();
        assert!(missing.starts_with("cannot read table no-such.csv: "), "{missing}");
    }
}
