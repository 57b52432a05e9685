//! Tables of one number for each pair of elements.

use std::sync::OnceLock;

use super::table::{self, Card, TableError};
use super::{Element, NUM_ELEMENTS};

/// A symmetric matrix over the 118 elements.
pub struct PairTable {
    values: Box<[f64]>,
}

impl PairTable {
    /// Reads a table of three columns: two symbols and a number; the header is not interpreted.
    ///
    /// # Errors
    /// [`TableError::Line`] for an unknown symbol, a field that is no finite number, a pair given twice, a line of another length.
    pub fn parse(card: &Card, content: &str) -> Result<Self, TableError> {
        let mut values = vec![f64::NAN; NUM_ELEMENTS * NUM_ELEMENTS].into_boxed_slice();
        for (index, text) in content.lines().enumerate().skip(1) {
            let refuse = |reason: String| TableError::Line { table: card.name.clone(), line: index as u64 + 1, reason };
            let fields: Vec<_> = text.split(',').collect();
            let [first, second, value] = fields[..] else {
                return Err(refuse(format!("{} fields, expected 3", fields.len())));
            };
            let row = |symbol: &str| match Element::from_symbol(symbol) {
                Some(element) => Ok(element.row()),
                None => Err(refuse(format!("\"{symbol}\" is no element symbol"))),
            };
            let (i, j) = (row(first)?, row(second)?);
            let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
            let number = number.ok_or_else(|| refuse(format!("\"{value}\" is no finite number")))?;
            if !values[i * NUM_ELEMENTS + j].is_nan() {
                return Err(refuse(format!("second line for {first} and {second}")));
            }
            values[i * NUM_ELEMENTS + j] = number;
            values[j * NUM_ELEMENTS + i] = number;
        }
        Ok(Self { values })
    }

    /// The value of two elements, by [`Element::row`]; NaN if the table has none.
    pub fn get(&self, row: usize, other: usize) -> f64 {
        self.values[row * NUM_ELEMENTS + other]
    }
}

/// Mixing enthalpies of liquid binary alloys at equal amounts (Takeuchi and Inoue 2005), kJ/mol.
pub fn mixing_enthalpy() -> &'static PairTable {
    static TABLE: OnceLock<PairTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entry = table::table("mixing_enthalpy").expect("compiled in");
        PairTable::parse(entry.card(), entry.content).expect("a test parses it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_enthalpy_of_iron_and_chromium_is_minus_1_in_both_orders() {
        // Takeuchi and Inoue 2005, table of the pairs.
        let [iron, chromium] = ["Fe", "Cr"].map(|symbol| symbol.parse::<Element>().expect("symbol").row());
        assert_eq!(mixing_enthalpy().get(iron, chromium), -1.0);
        assert_eq!(mixing_enthalpy().get(chromium, iron), -1.0);
        assert!(mixing_enthalpy().get(iron, 7).is_nan());
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        let card = table::table("mixing_enthalpy").expect("registered").card();
        for (content, message) in [
            ("first,second,mixing_enthalpy\nFe,Xx,1", "line 2: \"Xx\" is no element symbol"),
            ("first,second,mixing_enthalpy\nFe,Cr,1\nCr,Fe,1", "line 3: second line for Cr and Fe"),
            ("first,second,mixing_enthalpy\nFe,Cr", "line 2: 2 fields, expected 3"),
            ("first,second,mixing_enthalpy\nFe,Cr,x", "line 2: \"x\" is no finite number"),
        ] {
            let error = PairTable::parse(card, content).err().expect(content).to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
