//! Who sits on a site, from a type symbol or label.

use crate::chem::{Element, ElementSet};

use super::number::number;

/// What a type symbol or label names.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Species {
    /// An atom; with its oxidation state, where the symbol tells one.
    Atom(Element, Option<f64>),
    /// No atom: a dummy, a centroid, a vacancy, a peak of a density map.
    Dummy,
}

/// Names of what is no atom.
const DUMMIES: [&str; 10] = ["X", "XX", "XN", "DU", "DUM", "CG", "Q", "BQ", "VA", "VAC"];

/// Names of atoms that are no element symbols: water and hydroxide stand for their oxygen, as their hydrogens have no place.
const GROUPS: [(&str, &str); 5] = [("WAT", "O"), ("OH", "O"), ("OW", "O"), ("HW", "H"), ("NO3", "N")];

/// Reads a symbol: an element, at most with a number or sign behind it.
///
/// Two letters count as one symbol where such an element exists (`CA1` is calcium), unless `known` elements (of the formula
/// or the list of atom types) hold the one-letter element and not the other. Deuterium and tritium are hydrogen.
pub(super) fn species(text: &[u8], known: Option<ElementSet>) -> Option<Species> {
    let text = text.trim_ascii();
    let text = &text[text.iter().position(|byte| !byte.is_ascii_digit())?..];
    let letters = &text[..text.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len())];
    let (&first, rest) = letters.split_first()?;
    let charge = charge(&text[letters.len()..]);
    if !is_written_as_element(letters) {
        let begins = |name: &str| text.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()));
        if let Some((_, symbol)) = GROUPS.iter().find(|(name, _)| begins(name)) {
            return Element::from_symbol(symbol).map(|element| Species::Atom(element, charge));
        }
        if DUMMIES.iter().any(|name| letters.eq_ignore_ascii_case(name.as_bytes())) {
            return Some(Species::Dummy);
        }
    }
    let double = rest.first().and_then(|second| symbol(&[first.to_ascii_uppercase(), second.to_ascii_lowercase()]));
    let single = symbol(&[first.to_ascii_uppercase()]);
    let is_known = |element: Element| known.is_none_or(|known| known.contains(element));
    let element = match (double, single) {
        (Some(double), Some(single)) if !is_known(double) && is_known(single) => single,
        (double, single) => double.or(single)?,
    };
    Some(Species::Atom(element, charge))
}

/// `Og`, `Ho`: a capital and a small letter that are a symbol say what they mean.
fn is_written_as_element(letters: &[u8]) -> bool {
    matches!(letters, [b'A'..=b'Z', b'a'..=b'z']) && symbol(letters).is_some()
}

fn symbol(letters: &[u8]) -> Option<Element> {
    match letters {
        b"D" | b"T" => Element::from_symbol("H"),
        _ => Element::from_symbol(std::str::from_utf8(letters).ok()?),
    }
}

/// The charge at the end of a symbol: `3+`, `+3`, `-`, `2.5+`.
fn charge(rest: &[u8]) -> Option<f64> {
    let (sign, digits) = match rest {
        [b'+', digits @ ..] | [digits @ .., b'+'] => (1.0, digits),
        [b'-', digits @ ..] | [digits @ .., b'-'] => (-1.0, digits),
        _ => return None,
    };
    let is_number = digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let size = if digits.is_empty() { 1.0 } else { number(digits).filter(|_| is_number)? };
    // `O-` and `O1-` are charges; `C-12` is a label. No ion has more than nine charges.
    (size <= 9.0).then_some(sign * size)
}

/// The parts of a mixed site as the Pauling File writes it, `0.8Nb + 0.2Zr`: share and symbol. `None` for other symbols.
pub(super) fn mixture(text: &[u8]) -> Option<Vec<(f64, &[u8])>> {
    let mut parts = vec![];
    for part in text.split(|byte| *byte == b'+') {
        let part = part.trim_ascii();
        let length = part.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'(' | b')'))?;
        parts.push((number(&part[..length])?, &part[length..]));
    }
    (parts.len() > 1).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(symbol: &str, oxidation: Option<f64>) -> Option<Species> {
        Some(Species::Atom(Element::from_symbol(symbol).expect("symbol"), oxidation))
    }

    fn read(text: &str) -> Option<Species> {
        species(text.as_bytes(), None)
    }

    #[test]
    fn symbols_labels_and_charges_are_read() {
        for (text, symbol, oxidation) in [
            ("Fe", "Fe", None),
            ("Fe3+", "Fe", Some(3.0)),
            ("O2-", "O", Some(-2.0)),
            ("O-2", "O", Some(-2.0)),
            ("Na+", "Na", Some(1.0)),
            ("Mn2.5+", "Mn", Some(2.5)),
            ("CU1", "Cu", None),
            ("C12A", "C", None),
            ("C-12", "C", None),
            ("si1", "Si", None),
            ("D3", "H", None),
            ("2H", "H", None),
            ("Cval", "C", None),
            ("Siv", "Si", None),
            ("H1N1", "H", None),
            ("O(1)", "O", None),
            ("Wat1", "O", None),
            ("Ow", "O", None),
            ("OH2", "O", None),
            ("Hw1", "H", None),
            ("Dy1", "Dy", None),
            ("Og", "Og", None),
            ("Va1", "V", None),
        ] {
            let expected = if text == "Va1" { Some(Species::Dummy) } else { atom(symbol, oxidation) };
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn dummies_are_no_atoms_and_nonsense_is_none() {
        assert!(["X", "X1", "Du", "Cg2", "Q17", "Vac"].iter().all(|text| read(text) == Some(Species::Dummy)));
        assert!(["", "1", "?", "Jx", "*", "é"].iter().all(|text| read(text).is_none()));
    }

    #[test]
    fn the_formula_tells_carbon_alpha_from_calcium() {
        let known = ElementSet::from_names(["C"]).expect("symbols");
        assert_eq!(species(b"CA1", Some(known)), atom("C", None));
        assert_eq!(species(b"CA1", None), atom("Ca", None));
        assert_eq!(species(b"Ca1", Some(ElementSet::EMPTY)), atom("Ca", None));
    }

    #[test]
    fn mixtures_of_the_pauling_file_are_taken_apart() {
        assert_eq!(mixture(b"0.8Nb + 0.2Zr"), Some(vec![(0.8, &b"Nb"[..]), (0.2, &b"Zr"[..])]));
        assert!(mixture(b"Fe3+").is_none() && mixture(b"Nb").is_none() && mixture(b"0.8Nb").is_none());
    }
}
