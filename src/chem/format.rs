//! Printed formulas: reduced, full, Hill, anonymous; strings as pymatgen prints them.
//!
//! Amounts within 1e-8 of a whole number are printed as such, others rounded to eight places. Departure: small amounts are
//! printed in plain decimals (`0.00001`), where Python writes `1e-05`, so that every string can be read back.

use std::fmt::Write;
use std::sync::OnceLock;

use smallvec::SmallVec;

use super::{Composition, Element, NUM_ELEMENTS, element_table};

/// Largest difference of electronegativity within a group that is written in brackets, in pymatgen's `reduce_formula`.
const POLYANION_DIFFERENCE: f64 = 1.65;

type Pairs = SmallVec<[(Element, f64); 8]>;

impl Composition {
    /// pymatgen's `reduced_formula`: elements by rising electronegativity, the last two in brackets where they form a group
    /// (`Fe2(SO4)3`); amounts as [`reduce`](Self::reduce) leaves them, and ones left out; non-integer amounts are all written.
    ///
    /// ```
    /// use matsieve::chem::parse_formula;
    /// assert_eq!(parse_formula("O12S3Fe2").unwrap().reduced_formula(), "Fe2(SO4)3");
    /// assert_eq!(parse_formula("La1.85Sr0.15CuO4").unwrap().reduced_formula(), "Sr0.15La1.85Cu1O4");
    /// ```
    pub fn reduced_formula(&self) -> String {
        let mut text = String::new();
        self.write_reduced_formula(&mut text);
        text
    }

    /// Appends [`reduced_formula`](Self::reduced_formula) to `out`.
    pub fn write_reduced_formula(&self, out: &mut String) {
        let pairs = self.by_electronegativity();
        if !pairs.iter().all(|(_, amount)| (amount - amount.round()).abs() < 1e-8) {
            for (element, amount) in pairs {
                write_amount(out, element.symbol(), amount, Ones::Written);
            }
            return;
        }
        let mut reduced = Self { pairs };
        reduced.reduce();
        write_reduced(out, &reduced.pairs);
    }

    /// pymatgen's `formula`: elements by rising electronegativity with all amounts, separated by spaces (`Li4 Fe4 P4 O16`).
    pub fn full_formula(&self) -> String {
        let mut text = String::new();
        for (element, amount) in self.by_electronegativity() {
            separate(&mut text);
            write_amount(&mut text, element.symbol(), amount, Ones::Written);
        }
        text
    }

    /// pymatgen's `hill_formula`: carbon, then hydrogen if there is carbon, then by alphabet, separated by spaces (`C2 H6 O`).
    pub fn hill_formula(&self) -> String {
        let mut pairs = self.pairs.clone();
        let has_carbon = pairs.iter().any(|(element, _)| element.symbol() == "C");
        pairs.sort_by_key(|(element, _)| match element.symbol() {
            "C" => (0, "C"),
            "H" if has_carbon => (1, "H"),
            symbol => (2, symbol),
        });
        let mut text = String::new();
        for (element, amount) in pairs {
            separate(&mut text);
            write_amount(&mut text, element.symbol(), amount, Ones::LeftOut);
        }
        text
    }

    /// pymatgen's `anonymized_formula`: letters by rising amount, divided by the greatest common divisor where all are whole
    /// (`ABC3` for every perovskite). After `Z` come `AA`, `AB`, … (pymatgen drops them).
    pub fn anonymous_formula(&self) -> String {
        let mut amounts: SmallVec<[f64; 8]> = self.pairs.iter().map(|(_, amount)| *amount).collect();
        if amounts.iter().all(|amount| amount.fract() == 0.0) {
            let divisor = amounts.iter().fold(0, |divisor, &amount| greatest_common_divisor(divisor, amount as u64));
            amounts.iter_mut().for_each(|amount| *amount /= divisor as f64);
        }
        amounts.sort_by(f64::total_cmp);
        let mut text = String::new();
        for (place, amount) in amounts.into_iter().enumerate() {
            if place >= 26 {
                text.push(char::from(b'A' + (place / 26 - 1) as u8));
            }
            text.push(char::from(b'A' + (place % 26) as u8));
            if amount != 1.0 {
                let amount = if amount.fract() < 1e-8 { amount.trunc() } else { amount };
                push(&mut text, amount);
            }
        }
        text
    }

    fn by_electronegativity(&self) -> Pairs {
        let order = order();
        let mut pairs = self.pairs.clone();
        pairs.sort_by_key(|(element, _)| order.rank[element.row()]);
        pairs
    }
}

/// Place of each element by electronegativity, unknown ones last, equal ones by alphabet; and the electronegativities.
struct Order {
    rank: [u8; NUM_ELEMENTS],
    electronegativity: &'static [f64; NUM_ELEMENTS],
}

fn order() -> &'static Order {
    static ORDER: OnceLock<Order> = OnceLock::new();
    ORDER.get_or_init(|| {
        let electronegativity = &*element_table::pymatgen().expect("X").values;
        let mut elements: Vec<Element> = Element::all().collect();
        let key = |element: &Element| Some(electronegativity[element.row()]).filter(|x| !x.is_nan());
        elements.sort_by(|a, b| {
            let (x, y) = (key(a).unwrap_or(f64::INFINITY), key(b).unwrap_or(f64::INFINITY));
            x.total_cmp(&y).then_with(|| a.symbol().cmp(b.symbol()))
        });
        let mut rank = [0; NUM_ELEMENTS];
        for (place, element) in elements.iter().enumerate() {
            rank[element.row()] = place as u8;
        }
        Order { rank, electronegativity }
    })
}

/// `pairs` by electronegativity, amounts whole and reduced.
fn write_reduced(out: &mut String, pairs: &[(Element, f64)]) {
    let group = match pairs {
        [_, .., (a, m), (b, n)] => {
            let x = order().electronegativity;
            let is_group = x[b.row()] - x[a.row()] < POLYANION_DIFFERENCE;
            Some(greatest_common_divisor(m.round() as u64, n.round() as u64)).filter(|times| is_group && *times > 1)
        }
        _ => None,
    };
    let (plain, bracketed) = pairs.split_at(if group.is_some() { pairs.len() - 2 } else { pairs.len() });
    for (element, amount) in plain {
        write_amount(out, element.symbol(), *amount, Ones::LeftOut);
    }
    if let Some(times) = group {
        out.push('(');
        for (element, amount) in bracketed {
            write_amount(out, element.symbol(), amount / times as f64, Ones::LeftOut);
        }
        out.push(')');
        push(out, times as f64);
    }
}

/// Whether an amount of one is written.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Ones {
    Written,
    LeftOut,
}

fn write_amount(out: &mut String, symbol: &str, amount: f64, ones: Ones) {
    out.push_str(symbol);
    let whole = amount.round();
    if ones == Ones::LeftOut && (amount - 1.0).abs() <= 1e-8 {
        return;
    }
    if (amount - whole).abs() <= 1e-8 {
        push(out, whole);
    } else {
        // Rounding to eight decimals goes through text, as it does in Python: exact and half to even.
        let rounded = format!("{amount:.8}");
        out.push_str(rounded.trim_end_matches('0').trim_end_matches('.'));
    }
}

fn push(out: &mut String, number: f64) {
    write!(out, "{number}").expect("a string takes every text");
}

fn separate(out: &mut String) {
    if !out.is_empty() {
        out.push(' ');
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chem::parse_formula;

    fn parse(text: &str) -> Composition {
        parse_formula(text).expect("formula")
    }

    // Expected strings: pymatgen-core 2026.10.16.
    #[test]
    fn reduced_formulas_are_pymatgens() {
        for (text, expected) in [
            ("O3Fe2", "Fe2O3"),
            ("Li4 Fe4 P4 O16", "LiFePO4"),
            ("Fe2(SO4)3", "Fe2(SO4)3"),
            ("Zr3(Cu2Ge)2", "Zr3(Cu2Ge)2"),
            ("Na2O2", "Na2O2"),
            ("O", "O2"),
            ("Fe", "Fe"),
            ("H2N2O3", "H2N2O3"),
            ("La1.85Sr0.15CuO4", "Sr0.15La1.85Cu1O4"),
            ("KHe2", "KHe2"),
        ] {
            assert_eq!(parse(text).reduced_formula(), expected, "{text}");
        }
    }

    #[test]
    fn hill_puts_carbon_first_and_hydrogen_second_only_with_carbon() {
        assert_eq!(parse("CH3CH2OH").hill_formula(), "C2 H6 O");
        assert_eq!(parse("NaOH").hill_formula(), "H Na O");
    }

    #[test]
    fn anonymous_formulas_sort_amounts() {
        assert_eq!(parse("Sr2Ti2O6").anonymous_formula(), "ABC3");
        assert_eq!(parse("Al0.25Co1").anonymous_formula(), "A0.25B");
    }

    fn compositions() -> impl Strategy<Value = Composition> {
        proptest::collection::vec((1u8..=118, 1u32..200), 1..8).prop_map(|pairs| {
            let mut composition = Composition::new();
            for (number, amount) in pairs {
                composition.add(Element::from_atomic_number(number).expect("1 to 118"), f64::from(amount) / 4.0);
            }
            composition
        })
    }

    fn sorted(composition: &Composition) -> Vec<(Element, f64)> {
        let mut pairs = composition.pairs().to_vec();
        pairs.sort_by_key(|(element, _)| *element);
        pairs
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(composition in compositions()) {
            for text in [composition.full_formula(), composition.hill_formula()] {
                prop_assert_eq!(sorted(&parse(&text)), sorted(&composition), "{}", text);
            }
            let text = composition.reduced_formula();
            prop_assert_eq!(sorted(&parse(&text)), sorted(&composition.reduced()), "{}", text);
        }

        #[test]
        fn reduced_formula_does_not_depend_on_size_or_order(composition in compositions(), factor in 2u32..9) {
            let mut other = Composition::new();
            for (element, amount) in composition.pairs().iter().rev() {
                other.add(*element, amount * 4.0 * f64::from(factor));
            }
            let mut whole = Composition::new();
            for (element, amount) in composition.pairs() {
                whole.add(*element, amount * 4.0);
            }
            prop_assert_eq!(other.reduced_formula(), whole.reduced_formula());
        }
    }
}
