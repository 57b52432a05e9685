//! Bond valences: what a bond of a length says of the charges at its ends.

use std::sync::OnceLock;

use super::element_table::{self, ElementTable};
use super::oxidation::ion_counts;
use super::table::{self, Card, TableError};
use super::{Element, NUM_ELEMENTS};

/// Length over which a valence falls by a factor e, in Å, as pymatgen has it (O'Keeffe and Brese give 0.37).
const SOFTNESS: f64 = 0.31;

/// What is known of an ion's sums of bond valences.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct IonStatistics {
    /// Oxidation state.
    pub state: i8,
    /// Mean sum.
    pub mean: f64,
    /// Its standard deviation, above 0.
    pub deviation: f64,
    /// Occurrences in the ICSD.
    pub occurrences: f64,
}

/// Parameters of bonds and statistics of ions, by element.
///
/// # References
/// O'Keeffe and Brese 1991, 10.1021/ja00009a002, equations 2 and 3 (the parameters); pymatgen-core 2026.10.16
/// (`calculate_bv_sum`, with its softness, and the statistics of the ICSD).
pub struct BondValences {
    size: [f64; NUM_ELEMENTS],
    root: [f64; NUM_ELEMENTS],
    weight: [f64; NUM_ELEMENTS],
    is_anion_former: [bool; NUM_ELEMENTS],
    electronegativity: [f64; NUM_ELEMENTS],
    ions: Vec<Vec<IonStatistics>>,
}

impl BondValences {
    fn new(parameters: &ElementTable, elements: &ElementTable, ions: Vec<Vec<IonStatistics>>) -> Self {
        let of = |table: &ElementTable, name: &str| *table.expect(name).values;
        let size = of(parameters, "size");
        let electronegativity = of(parameters, "electronegativity");
        Self {
            root: electronegativity.map(f64::sqrt),
            weight: std::array::from_fn(|row| electronegativity[row] * size[row]),
            size,
            is_anion_former: of(parameters, "anion_former").map(|flag| flag == 1.0),
            electronegativity: of(elements, "X"),
            ions,
        }
    }

    /// Whether bonds of the element have a valence.
    pub fn has_parameters(&self, element: Element) -> bool {
        !self.size[element.row()].is_nan()
    }

    /// Valence of a bond as `element` sees it, negative where it is the more electronegative end; 0 where no former of anions
    /// takes part, or both ends are of one element. `length` in Å.
    pub fn valence(&self, element: Element, other: Element, length: f64) -> f64 {
        let (i, j) = (element.row(), other.row());
        if i == j || !(self.is_anion_former[i] || self.is_anion_former[j]) {
            return 0.0;
        }
        let (r, s) = (self.size[i], self.size[j]);
        let difference = self.root[i] - self.root[j];
        let single = r + s - r * s * difference * difference / (self.weight[i] + self.weight[j]);
        let valence = libm::exp((single - length) / SOFTNESS);
        if self.electronegativity[i] < self.electronegativity[j] { valence } else { -valence }
    }

    /// Ions of an element that occur, by ascending state.
    pub fn ions(&self, element: Element) -> &[IonStatistics] {
        &self.ions[element.row()]
    }
}

/// Reads a table of four columns: symbol, oxidation state, mean and deviation; the header is not interpreted.
///
/// # Errors
/// [`TableError::Line`] for an unknown symbol, a state that is no whole number, a deviation that is not above 0, a line of
/// another length.
fn parse(card: &Card, content: &str) -> Result<Vec<Vec<IonStatistics>>, TableError> {
    let mut ions = vec![Vec::new(); NUM_ELEMENTS];
    for (index, text) in content.lines().enumerate().skip(1) {
        let refuse = |reason: String| TableError::Line { table: card.name.clone(), line: index as u64 + 1, reason };
        let fields: Vec<_> = text.split(',').collect();
        let [symbol, state, mean, deviation] = fields[..] else {
            return Err(refuse(format!("{} fields, expected 4", fields.len())));
        };
        let element =
            Element::from_symbol(symbol).ok_or_else(|| refuse(format!("\"{symbol}\" is no element symbol")))?;
        let state =
            state.parse::<i8>().map_err(|_| refuse(format!("oxidation state \"{state}\" is no whole number")))?;
        let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
        let mean = number(mean).ok_or_else(|| refuse(format!("mean \"{mean}\" is no finite number")))?;
        let deviation = number(deviation)
            .filter(|deviation| *deviation > 0.0)
            .ok_or_else(|| refuse(format!("deviation \"{deviation}\" is no number above 0")))?;
        ions[element.row()].push(IonStatistics { state, mean, deviation, occurrences: 0.0 });
    }
    Ok(ions)
}

/// The compiled-in parameters and statistics.
pub fn bond_valences() -> &'static BondValences {
    static TABLES: OnceLock<BondValences> = OnceLock::new();
    TABLES.get_or_init(|| {
        let entry = table::table("bond_valence_sums").expect("compiled in");
        let mut ions = parse(entry.card(), entry.content).expect("a test parses it");
        for (element, state, count) in ion_counts() {
            let known = ions[element.row()].iter_mut().find(|ion| ion.state == state);
            if let Some(ion) = known {
                ion.occurrences = f64::from(count);
            }
        }
        BondValences::new(element_table::okeeffe_brese(), element_table::pymatgen(), ions)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(symbol: &str) -> Element {
        symbol.parse().expect("symbol")
    }

    #[test]
    fn a_single_bond_between_calcium_and_oxygen_follows_the_equation() {
        // Table of the paper: Ca r 1.50, c 1.04; O r 0.63, c 3.15. R = r + s − r s (√c − √d)² / (c r + d s)
        // = 2.13 − 0.945 (1.01980 − 1.77482)² / (1.56 + 1.9845) = 2.13 − 0.945 · 0.570055 / 3.5445 = 1.978017.
        let tables = bond_valences();
        let valence = tables.valence(element("Ca"), element("O"), 1.978_017);
        assert!((valence - 1.0).abs() < 1e-5, "{valence}");
        assert_eq!(tables.valence(element("O"), element("Ca"), 2.3), -tables.valence(element("Ca"), element("O"), 2.3));
    }

    #[test]
    fn bonds_without_a_former_of_anions_have_no_valence() {
        assert_eq!(bond_valences().valence(element("Fe"), element("Ti"), 2.5), 0.0);
        assert_eq!(bond_valences().valence(element("O"), element("O"), 1.5), 0.0);
        assert!(!bond_valences().has_parameters(element("He")));
    }

    #[test]
    fn every_ion_has_occurrences() {
        for z in 1..=118 {
            for ion in bond_valences().ions(Element::from_atomic_number(z).expect("element")) {
                assert!(ion.occurrences > 0.0, "{z} {}", ion.state);
            }
        }
    }

    #[test]
    fn wrong_lines_are_refused_with_their_number() {
        let card = table::table("bond_valence_sums").expect("registered").card();
        for (line, message) in [
            ("Xx,1,1,1", "line 2: \"Xx\" is no element symbol"),
            ("Na,1,1", "line 2: 3 fields, expected 4"),
            ("Na,1.5,1,1", "line 2: oxidation state \"1.5\" is no whole number"),
            ("Na,1,1,0", "line 2: deviation \"0\" is no number above 0"),
        ] {
            let error = parse(card, &format!("h\n{line}")).expect_err(line).to_string();
            assert!(error.ends_with(message), "{error}");
        }
    }
}
