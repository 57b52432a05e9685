use proptest::prelude::*;

use super::*;
use crate::chem::Element;

fn amounts(text: &str) -> Vec<(&'static str, f64)> {
    let composition = parse_formula(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    composition.pairs().iter().map(|(element, amount)| (element.symbol(), *amount)).collect()
}

fn charge(text: &str) -> Option<i32> {
    parse_charged_formula(text).unwrap_or_else(|error| panic!("{text}: {error}")).charge
}

fn refused(text: &str) -> (FormulaErrorKind, usize) {
    match parse_formula(text) {
        Ok(composition) => panic!("{text} was read as {composition:?}"),
        Err(error) => (error.kind(), error.column()),
    }
}

#[test]
fn nested_brackets_of_all_kinds_multiply() {
    // [Co(NH3)6]2: N 12, H 36; {..}3 of SO4: S 3, O 12.
    assert_eq!(amounts("[Co(NH3)6]2{SO4}3"), [("Co", 2.0), ("N", 12.0), ("H", 36.0), ("S", 3.0), ("O", 12.0)]);
}

#[test]
fn fractional_amounts_and_spaces_are_read_as_in_alloy_tables() {
    assert_eq!(amounts("Al0.25 Co1 Fe1 Ni1"), [("Al", 0.25), ("Co", 1.0), ("Fe", 1.0), ("Ni", 1.0)]);
    assert_eq!(amounts(" K4 Mn4\tO8 \n"), [("K", 4.0), ("Mn", 4.0), ("O", 8.0)]);
    assert_eq!(amounts("Sr2Cu1Cl1.2O4."), [("Sr", 2.0), ("Cu", 1.0), ("Cl", 1.2), ("O", 4.0)]);
}

#[test]
fn hydrate_dots_multiply_what_follows() {
    let vitriol = [("Cu", 1.0), ("S", 1.0), ("O", 9.0), ("H", 10.0)];
    for text in ["CuSO4·5H2O", "CuSO4*5H2O", "CuSO4 • 5 H2O", "CuSO₄·5H₂O", "CuSO4·5(H2O)"] {
        assert_eq!(amounts(text), vitriol, "{text}");
    }
    assert_eq!(amounts("3CaO·Al2O3"), [("Ca", 3.0), ("O", 6.0), ("Al", 2.0)]);
    assert_eq!(amounts("CaSO4·0.5H2O"), [("Ca", 1.0), ("S", 1.0), ("O", 4.5), ("H", 1.0)]);
}

#[test]
fn deuterium_and_tritium_are_hydrogen() {
    assert_eq!(amounts("D2O"), [("H", 2.0), ("O", 1.0)]);
    assert_eq!(amounts("LiT"), [("Li", 1.0), ("H", 1.0)]);
}

#[test]
fn nan_is_sodium_nitride_one_to_one() {
    assert_eq!(amounts("NaN"), [("Na", 1.0), ("N", 1.0)]);
}

#[test]
fn charges_stand_at_the_very_end() {
    for (text, expected) in [
        ("SO4^2-", -2),
        ("SO4 2-", -2),
        ("SO4²⁻", -2),
        ("SO4^-2", -2),
        ("Ca2+", 2),
        ("Cl-", -1),
        ("OH−", -1),
        ("(NH4)+", 1),
        ("NH4^+", 1),
        ("H3O+ ", 1),
        ("[Fe(CN)6]4-", -4),
        ("Hg2 2+", 2),
    ] {
        assert_eq!(charge(text), Some(expected), "{text}");
    }
    assert_eq!(charge("Fe2O3"), None);
    assert_eq!(amounts("Ca2+"), [("Ca", 1.0)]);
    assert_eq!(amounts("SO4 2-"), [("S", 1.0), ("O", 4.0)]);
    assert_eq!(amounts("Hg2 2+"), [("Hg", 2.0)]);
}

#[test]
fn signs_and_digits_with_two_readings_are_refused() {
    for (text, column) in [
        ("NH4+", 3),
        ("SO42-", 3),
        ("(NH4)2+", 6),
        ("Ca12+", 3),
        ("YBa2Cu3O7-x", 10),
        ("Sm1Ba-1Cu3O6.94", 6),
        ("Hg0.3Pb0.7Sr1.75La0.25Cu1O4+2", 28),
        ("B1Sr2Ca3Cu4O2N+3", 15),
        ("Fe-2", 3),
        ("(SO4-)2", 5),
    ] {
        assert_eq!(refused(text), (FormulaErrorKind::Ambiguous, column), "{text}");
    }
}

#[test]
fn periods_that_may_be_hydrate_dots_are_refused() {
    for (text, column) in [
        ("CuSO4.5H2O", 6),
        ("CuSO₄.5H₂O", 8),
        ("CuSO4.H2O", 6),
        ("CaCl2.8NH3", 6),
        ("CuSO4.5(H2O)", 6),
        ("CaSO4.0.5H2O", 6),
        ("Sr.5Ba.5TiO3", 3),
        ("Al2O3.SiO2", 6),
        ("CuSO4.5 H2O", 6),
    ] {
        assert_eq!(refused(text), (FormulaErrorKind::Ambiguous, column), "{text}");
    }
    // As pymatgen and we print 8.2 atoms of cobalt beside a molecule of water.
    assert_eq!(amounts("Co8.2H2O1"), [("Co", 8.2), ("H", 2.0), ("O", 1.0)]);
    assert_eq!(amounts("Co0.5H2O"), [("Co", 0.5), ("H", 2.0), ("O", 1.0)]);
    assert_eq!(amounts("Fe1.5H2Os3"), [("Fe", 1.5), ("H", 2.0), ("Os", 3.0)]);
    assert_eq!(amounts("La1.85Sr0.15CuO4"), [("La", 1.85), ("Sr", 0.15), ("Cu", 1.0), ("O", 4.0)]);
}

#[test]
fn errors_point_at_the_bad_byte() {
    use FormulaErrorKind::{Empty, TooLarge, UnknownElement, Unparsable};
    for (text, expected) in [
        ("Xx2O3", (UnknownElement, 1)),
        ("Fe2Jo3", (UnknownElement, 4)),
        ("Fee", (UnknownElement, 1)),
        ("fe2o3", (Unparsable, 1)),
        ("Fe2O3)", (Unparsable, 6)),
        ("Fe(OH3", (Unparsable, 3)),
        ("Fe(OH]3", (Unparsable, 6)),
        ("Fe()2", (Unparsable, 4)),
        ("2H2O", (Unparsable, 1)),
        ("Fe2 3", (Unparsable, 5)),
        ("Fe·", (Unparsable, 5)),
        ("Fe**O", (Unparsable, 4)),
        ("Y2C2Br0.5!1.5", (Unparsable, 10)),
        ("Eu1.45Pr0.05Ce0.5Sr2Cu2Nb1O10=z", (Unparsable, 30)),
        ("Fe,O", (Unparsable, 3)),
        ("Fe2O3^", (Unparsable, 7)),
        ("", (Empty, 1)),
        ("  ", (Empty, 1)),
        ("Fe0", (Empty, 1)),
        ("Fe1000000000000000000000000000000000", (TooLarge, 35)),
        ("Fe9000000000000", (TooLarge, 1)),
        ("Fe^123+", (TooLarge, 4)),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn zero_amounts_drop_their_element() {
    assert_eq!(amounts("Li0Fe2O3"), [("Fe", 2.0), ("O", 3.0)]);
    assert_eq!(amounts("Fe(OH)0"), [("Fe", 1.0)]);
}

#[test]
fn a_million_characters_are_refused_as_too_large() {
    assert_eq!(refused(&"Fe2O3".repeat(200_000)), (FormulaErrorKind::TooLarge, MAX_FORMULA_BYTES + 1));
    assert_eq!(refused(&"(".repeat(1000)), (FormulaErrorKind::TooLarge, MAX_DEPTH + 1));
}

#[test]
fn message_names_column_text_and_expectation() {
    let error = parse_formula("Fe2O3)").expect_err("one bracket too many");
    assert_eq!(
        error.to_string(),
        "\")\" closes nothing at column 6 of \"Fe2O3)\", expected an element symbol or an opening bracket"
    );
}

proptest! {
    #[test]
    fn no_text_panics_and_columns_lie_within(text in "\\PC{0,40}") {
        if let Err(error) = parse_formula(&text) {
            prop_assert!((1..=text.len() + 1).contains(&error.column()));
        }
    }

    #[test]
    fn near_formulas_are_read_or_refused_with_finite_positive_amounts(text in "[A-Zabcdegilmnoru0-9.()\\[\\]{}·*+^ ₂²⁻-]{0,24}") {
        if let Ok(composition) = parse_formula(&text) {
            prop_assert!(!composition.is_empty());
            prop_assert!(composition.pairs().iter().all(|(_, amount)| amount.is_finite() && *amount > 0.0));
        }
    }

    #[test]
    fn written_pairs_are_read_back(pairs in proptest::collection::btree_map(1u8..=118, 1u32..4000, 1..12)) {
        let text: String = pairs.iter().map(|(&z, &n)| {
            format!("{}{}", Element::from_atomic_number(z).expect("1 to 118"), f64::from(n) / 8.0)
        }).collect();
        let composition = parse_formula(&text).expect("a formula with explicit amounts");
        let expected: Vec<_> = pairs.iter().map(|(&z, &n)| (z, f64::from(n) / 8.0)).collect();
        let found: Vec<_> = composition.pairs().iter().map(|(e, n)| (e.atomic_number(), *n)).collect();
        prop_assert_eq!(found, expected);
    }
}
