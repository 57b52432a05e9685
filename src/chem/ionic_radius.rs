//! Ionic radii by element and oxidation state.

use std::sync::OnceLock;

use super::table::{self, Card, TableError};
use super::{Element, NUM_ELEMENTS};

/// Radii of the ions of each element, in Å.
pub struct IonicRadii {
    /// Oxidation states and radii by [`Element::row`], in the order of the table.
    states: Vec<Vec<(f64, f64)>>,
}

impl IonicRadii {
    /// Reads a table of three columns: symbol, oxidation state, radius; the header is not interpreted.
    ///
    /// # Errors
    /// [`TableError::Line`] for an unknown symbol, a state that is no whole number, a radius that is not above 0, a state
    /// given twice, a line of another length.
    pub fn parse(card: &Card, content: &str) -> Result<Self, TableError> {
        let mut states = vec![Vec::new(); NUM_ELEMENTS];
        for (index, text) in content.lines().enumerate().skip(1) {
            let refuse = |reason: String| TableError::Line { table: card.name.clone(), line: index as u64 + 1, reason };
            let fields: Vec<_> = text.split(',').collect();
            let [symbol, state, radius] = fields[..] else {
                return Err(refuse(format!("{} fields, expected 3", fields.len())));
            };
            let element =
                Element::from_symbol(symbol).ok_or_else(|| refuse(format!("\"{symbol}\" is no element symbol")))?;
            let charge =
                state.parse::<i32>().map_err(|_| refuse(format!("oxidation state \"{state}\" is no whole number")))?;
            let length = radius.parse::<f64>().ok().filter(|length| length.is_finite() && *length > 0.0);
            let length = length.ok_or_else(|| refuse(format!("radius \"{radius}\" is no number above 0")))?;
            let own = &mut states[element.row()];
            if own.iter().any(|known: &(f64, f64)| known.0 == f64::from(charge)) {
                return Err(refuse(format!("second line for {symbol} and {state}")));
            }
            own.push((f64::from(charge), length));
        }
        Ok(Self { states })
    }

    /// The radius of an ion, in Å, as pymatgen's `CrystalNN` chooses it; `None` where the table has nothing like it.
    ///
    /// Without the state itself: interpolated between the whole states around it, else the mean over the states of its sign.
    pub fn radius(&self, element: Element, oxidation: f64) -> Option<f64> {
        let states = &self.states[element.row()];
        let at = |state: f64| states.iter().find(|known| known.0 == state).map(|known| known.1);
        if let Some(radius) = at(oxidation) {
            return Some(radius);
        }
        if let (Some(low), Some(high)) = (at(oxidation.floor()), at(oxidation.ceil())) {
            let share = oxidation - oxidation.floor();
            return Some((1.0 - share) * low + share * high);
        }
        let (mut sum, mut count) = (0.0, 0.0);
        for (state, radius) in states {
            if state * oxidation > 0.0 {
                sum += radius;
                count += 1.0;
            }
        }
        (count > 0.0).then(|| sum / count)
    }
}

/// The ionic radii of pymatgen, Shannon's for the most part.
pub fn ionic_radii() -> &'static IonicRadii {
    static TABLE: OnceLock<IonicRadii> = OnceLock::new();
    TABLE.get_or_init(|| {
        let entry = table::table("ionic_radius").expect("compiled in");
        IonicRadii::parse(entry.card(), entry.content).expect("a test parses it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radius(symbol: &str, oxidation: f64) -> Option<f64> {
        ionic_radii().radius(symbol.parse().expect("symbol"), oxidation)
    }

    #[test]
    fn a_state_between_two_of_the_table_is_interpolated() {
        // Mn: 0.97 for 2+, 0.785 for 3+; Shannon 1976, high spin 3+ 0.645 + 0.14 = 0.785 as crystal radius.
        assert_eq!(radius("Mn", 2.0), Some(0.97));
        assert_eq!(radius("Mn", 3.0), Some(0.785));
        assert!((radius("Mn", 2.25).expect("between") - (0.75 * 0.97 + 0.25 * 0.785)).abs() < 1e-15);
    }

    #[test]
    fn an_unknown_state_has_the_mean_of_its_sign() {
        // Na has 1+ only; carbon 4+ only and no anion.
        assert_eq!(radius("Na", 2.0), radius("Na", 1.0));
        assert_eq!(radius("C", -4.0), None);
        assert_eq!(radius("Ar", 1.0), None);
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        let card = table::table("ionic_radius").expect("registered").card();
        for (content, message) in [
            ("symbol,oxidation_state,radius\nXx,1,1", "line 2: \"Xx\" is no element symbol"),
            ("symbol,oxidation_state,radius\nNa,1,1\nNa,1,1", "line 3: second line for Na and 1"),
            ("symbol,oxidation_state,radius\nNa,1", "line 2: 2 fields, expected 3"),
            ("symbol,oxidation_state,radius\nNa,1.5,1", "line 2: oxidation state \"1.5\" is no whole number"),
            ("symbol,oxidation_state,radius\nNa,1,-1", "line 2: radius \"-1\" is no number above 0"),
        ] {
            let error = IonicRadii::parse(card, content).err().expect(content).to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
