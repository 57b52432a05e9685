//! Element tables: one number for each element and property.

use std::sync::OnceLock;

use crate::units::Unit;

use super::table::{self, Card, TableError};
use super::{Element, NUM_ELEMENTS};

/// One property of all elements.
#[derive(Clone, Debug)]
pub struct ElementColumn {
    /// Name in the header of the table.
    pub name: String,
    /// Unit of the values.
    pub unit: Unit,
    /// One value an element, by [`Element::row`]; NaN where the table has none.
    pub values: Box<[f64; NUM_ELEMENTS]>,
}

/// A table with one row for each of the 118 elements.
#[derive(Clone, Debug)]
pub struct ElementTable {
    /// Properties, in the order of the header.
    pub columns: Vec<ElementColumn>,
}

impl ElementTable {
    /// Reads a table: a header whose first field is `symbol`, then one line an element, in any order; an empty field is a
    /// missing value, and so is an element without line.
    ///
    /// # Errors
    /// [`TableError::Line`] for an unknown or repeated symbol, a field that is no finite number, a line of another length;
    /// [`TableError::Card`] for a column that the card does not have.
    pub fn parse(card: &Card, content: &str) -> Result<Self, TableError> {
        let refuse = |line: u64, reason: String| TableError::Line { table: card.name.clone(), line, reason };
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.as_bytes());
        let mut records = reader.records();
        let header = match records.next() {
            Some(record) => record.map_err(|error| refuse(1, error.to_string()))?,
            None => return Err(refuse(1, "empty file, expected a header".into())),
        };
        if header.get(0) != Some("symbol") {
            return Err(refuse(1, format!("first column is \"{}\", expected \"symbol\"", header.get(0).unwrap_or(""))));
        }
        let mut columns = Vec::with_capacity(header.len());
        for name in header.iter().skip(1) {
            let unit = card.columns.get(name).and_then(super::table::ColumnCard::unit).ok_or_else(|| {
                TableError::Card { table: card.name.clone(), reason: format!("no unit for column \"{name}\"") }
            })?;
            columns.push(ElementColumn { name: name.to_owned(), unit, values: Box::new([f64::NAN; NUM_ELEMENTS]) });
        }
        let mut seen = [false; NUM_ELEMENTS];
        for (index, record) in records.enumerate() {
            let line = index as u64 + 2;
            let record = record.map_err(|error| refuse(line, error.to_string()))?;
            if record.len() != header.len() {
                return Err(refuse(line, format!("{} fields, expected {}", record.len(), header.len())));
            }
            let symbol = &record[0];
            let element = Element::from_symbol(symbol)
                .ok_or_else(|| refuse(line, format!("\"{symbol}\" is no element symbol")))?;
            if std::mem::replace(&mut seen[element.row()], true) {
                return Err(refuse(line, format!("second line for {element}")));
            }
            for (column, field) in columns.iter_mut().zip(record.iter().skip(1)) {
                if field.is_empty() {
                    continue;
                }
                let value = field.parse::<f64>().ok().filter(|value| value.is_finite());
                column.values[element.row()] = value.ok_or_else(|| {
                    refuse(line, format!("column \"{}\": \"{field}\" is no finite number", column.name))
                })?;
            }
        }
        Ok(Self { columns })
    }

    /// One property; `None` if the table has no such column.
    pub fn column(&self, name: &str) -> Option<&ElementColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// One property that is known to be there.
    ///
    /// # Panics
    /// If it is not: for tables and columns that are compiled in.
    pub fn expect(&self, name: &str) -> &ElementColumn {
        self.column(name).unwrap_or_else(|| panic!("no column \"{name}\" in a compiled-in table"))
    }
}

macro_rules! compiled_in {
    ($($(#[doc = $doc:literal])+ $function:ident = $name:literal;)+) => {$(
        $(#[doc = $doc])+
        pub fn $function() -> &'static ElementTable {
            static TABLE: OnceLock<ElementTable> = OnceLock::new();
            TABLE.get_or_init(|| {
                let entry = table::table($name).expect("compiled in");
                ElementTable::parse(entry.card(), entry.content).expect("a test parses every element table")
            })
        }
    )+};
}

compiled_in! {
    /// Magpie's element data (Ward 2016), as matminer 0.10.1 ships them.
    magpie = "magpie";
    /// Element data of Deml 2016, as matminer 0.10.1 ships them.
    deml = "deml";
    /// Element data of pymatgen.
    pymatgen = "pymatgen";
    /// Parameters of Miedema's model for 73 elements.
    miedema = "miedema";
    /// Parameters of the atomic scattering factors for X-rays.
    scattering = "scattering";
    /// Covalent radii (Cordero 2008), as pymatgen has them.
    covalent_radius = "covalent_radius";
    /// Bond-valence parameters (O'Keeffe and Brese 1991).
    okeeffe_brese = "okeeffe_brese";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card() -> Card {
        let mut card = table::table("magpie").expect("registered").card().clone();
        card.columns.retain(|name, _| name == "symbol" || name == "MeltingT");
        card
    }

    #[test]
    fn every_element_table_is_readable() {
        for table in [magpie(), deml(), pymatgen(), miedema(), scattering(), covalent_radius()] {
            for column in &table.columns {
                assert!(column.values.iter().any(|value| value.is_finite()), "{} is empty", column.name);
            }
        }
    }

    #[test]
    fn an_empty_field_and_an_absent_element_are_missing() {
        let table = ElementTable::parse(&card(), "symbol,MeltingT\nFe,1811\nHe,\n").expect("readable");
        let melting = table.expect("MeltingT");
        assert_eq!(melting.values[25], 1811.0);
        assert!(melting.values[1].is_nan() && melting.values[0].is_nan());
        assert_eq!(melting.unit.text(), "K");
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        for (content, message) in [
            ("", "table \"magpie\", line 1: empty file, expected a header"),
            ("element,MeltingT\n", "table \"magpie\", line 1: first column is \"element\", expected \"symbol\""),
            ("symbol,MeltingT\nXx,1\n", "table \"magpie\", line 2: \"Xx\" is no element symbol"),
            ("symbol,MeltingT\nFe,1\nFe,2\n", "table \"magpie\", line 3: second line for Fe"),
            ("symbol,MeltingT\nFe,inf\n", "table \"magpie\", line 2: column \"MeltingT\": \"inf\" is no finite number"),
            ("symbol,MeltingT\nFe\n", "table \"magpie\", line 2: 1 fields, expected 2"),
            ("symbol,Price\nFe,1\n", "card of table \"magpie\": no unit for column \"Price\""),
        ] {
            let error = ElementTable::parse(&card(), content).expect_err(content);
            assert_eq!(error.to_string(), message);
        }
    }
}
