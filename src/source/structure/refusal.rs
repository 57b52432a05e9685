//! Why a record is refused, and the checks that every structure passes before it is built.

use super::MAX_SITES;
use crate::candidate::{Fault, FaultCode, Stage};
use crate::chem::Element;
use crate::crystal::{Lattice, Occupant, Structure};

/// How far an occupancy may lie above 1, or a sum of them: shares like 0.3333 and 0.6667 are rounded.
const OCCUPANCY_TOLERANCE: f64 = 1e-3;

/// A fault whose place is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: FaultCode,
    why: String,
}

impl Refusal {
    /// Refuses for this reason.
    pub fn new(code: FaultCode, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    /// The same, of a site counted from 0.
    pub fn of_site(self, number: usize) -> Self {
        Self { why: format!("site {number}: {}", self.why), ..self }
    }

    /// The fault at a line of the record, from 1.
    pub fn at(self, line: usize) -> Fault {
        Fault::new(Stage::Parse, self.code, format!("line {line}: {}", self.why))
    }

    /// The fault of the whole record.
    pub fn whole(self) -> Fault {
        Fault::new(Stage::Parse, self.code, self.why)
    }
}

/// The lattice of these vectors (Å), which may hold NaN.
pub(super) fn lattice(rows: [[f64; 3]; 3]) -> Result<Lattice, Refusal> {
    Lattice::new(rows).ok_or_else(|| {
        Refusal::new(FaultCode::ZeroVolume, format!("the cell vectors {rows:?} span no volume, or are no numbers"))
    })
}

/// The lattice of these lengths (Å) and angles (degrees).
pub(super) fn lattice_of_parameters(lengths: [f64; 3], angles: [f64; 3]) -> Result<Lattice, Refusal> {
    Lattice::from_parameters(lengths, angles).ok_or_else(|| {
        let why = format!("no cell has the lengths {lengths:?} and angles {angles:?}");
        Refusal::new(FaultCode::ZeroVolume, why)
    })
}

/// The element of a symbol; deuterium and tritium are hydrogen.
pub(super) fn element(symbol: &str) -> Result<Element, Refusal> {
    known_element(symbol)
        .ok_or_else(|| Refusal::new(FaultCode::UnknownElement, format!("{} is no element symbol", shown(symbol))))
}

/// As [`element`], `None` for other words.
pub(super) fn known_element(symbol: &str) -> Option<Element> {
    Element::from_symbol(if matches!(symbol, "D" | "T") { "H" } else { symbol })
}

/// The element at the front of a label like `Fe`, `Fe1`, `Fe_pv`, `Fe3+`, `Fe/0c6f1f`, `Fe.up`.
pub(super) fn element_of_label(label: &str) -> Result<Element, Refusal> {
    let end = label.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(label.len());
    known_element(&label[..end])
        .ok_or_else(|| Refusal::new(FaultCode::UnknownElement, format!("{} names no element", shown(label))))
}

/// The oxidation state at the end of a label like `Fe3+`, `O2-`, `Na+`, `Fe2.5+`.
pub(super) fn charge_of_label(label: &str) -> Option<f64> {
    let number = label.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let (digits, sign) = match (number.strip_suffix('+'), number.strip_suffix('-')) {
        (Some(digits), _) => (digits, 1.0),
        (_, Some(digits)) => (digits, -1.0),
        _ => return None,
    };
    let amount = if digits.is_empty() { 1.0 } else { digits.parse::<f64>().ok()? };
    amount.is_finite().then_some(sign * amount)
}

/// An occupancy between 0 and 1, within the tolerance.
pub(super) fn occupancy(share: f64, code: FaultCode) -> Result<f64, Refusal> {
    if (0.0..=1.0 + OCCUPANCY_TOLERANCE).contains(&share) {
        Ok(share.min(1.0))
    } else {
        Err(Refusal::new(code, format!("the occupancy {share} does not lie between 0 and 1")))
    }
}

/// Adds a site at fractional coordinates. Occupants with occupancy 0 are nobody; a site that nobody holds is none.
pub(super) fn push_site(
    structure: &mut Structure,
    frac: [f64; 3],
    occupants: &mut Vec<Occupant>,
    code: FaultCode,
) -> Result<(), Refusal> {
    if !frac.iter().all(|x| x.is_finite()) {
        return Err(Refusal::new(code, format!("the coordinates {frac:?} are not finite")));
    }
    if structure.len() >= MAX_SITES {
        return Err(Refusal::new(FaultCode::TooManyAtoms, format!("the cell has more than {MAX_SITES} sites")));
    }
    occupants.retain(|occupant| occupant.occupancy > 0.0);
    let total: f64 = occupants.iter().map(|occupant| occupant.occupancy).sum();
    if total > 1.0 + OCCUPANCY_TOLERANCE {
        return Err(Refusal::new(code, format!("the occupancies of a site add up to {total}, more than 1")));
    }
    if !occupants.is_empty() {
        structure.push_site(frac, occupants);
    }
    Ok(())
}

/// Adds a site with one full occupant.
pub(super) fn push(
    structure: &mut Structure,
    frac: [f64; 3],
    element: Element,
    code: FaultCode,
) -> Result<(), Refusal> {
    if !frac.iter().all(|x| x.is_finite()) {
        return Err(Refusal::new(code, format!("the coordinates {frac:?} are not finite")));
    }
    if structure.len() >= MAX_SITES {
        return Err(Refusal::new(FaultCode::TooManyAtoms, format!("the cell has more than {MAX_SITES} sites")));
    }
    structure.push(frac, element);
    Ok(())
}

/// A word of the input as a message shows it: quoted, long ones cut.
pub(super) fn shown(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_give_element_and_oxidation_state() {
        for (label, symbol, charge) in [
            ("Fe3+", "Fe", Some(3.0)),
            ("O2-", "O", Some(-2.0)),
            ("Na+", "Na", Some(1.0)),
            ("Fe2.5+", "Fe", Some(2.5)),
            ("Si0+", "Si", Some(0.0)),
            ("Fe_pv", "Fe", None),
            ("D1", "H", None),
            ("Ti/8f2d", "Ti", None),
        ] {
            assert_eq!(element_of_label(label).expect(label).symbol(), symbol);
            assert_eq!(charge_of_label(label), charge, "{label}");
        }
        assert!(element_of_label("X1").is_err());
        assert!(element_of_label("").is_err());
    }

    #[test]
    fn a_site_that_nobody_holds_is_none() {
        let mut structure = Structure::new(Lattice::cubic(4.0).expect("a cell"));
        let iron = element("Fe").expect("iron");
        let share = |occupancy| Occupant { element: iron, occupancy, oxidation: None };
        push_site(&mut structure, [0.0; 3], &mut vec![share(0.0)], FaultCode::UnparsableJson).expect("vacancy");
        assert!(structure.is_empty());
        let error = push_site(&mut structure, [0.0; 3], &mut vec![share(0.7), share(0.7)], FaultCode::UnparsableJson);
        assert!(error.expect_err("too full").whole().detail.contains("add up to 1.4"));
        assert!(push(&mut structure, [f64::NAN, 0.0, 0.0], iron, FaultCode::UnparsableJson).is_err());
    }
}
