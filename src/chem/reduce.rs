//! Reduced compositions.

use super::{Composition, Element};

/// Metals whose one-to-one oxides pymatgen writes as peroxides (`Li2O2`), and hydrogen.
const PEROXIDE: [u8; 6] = [1, 3, 11, 19, 37, 55];

/// Elements that pymatgen writes as molecules (`O2`).
const DIATOMIC: [u8; 5] = [1, 7, 8, 9, 17];

const OXYGEN: u8 = 8;

impl Composition {
    /// Divides the amounts as pymatgen's `reduced_composition` does, and returns the divisor.
    ///
    /// Whole amounts (within 1e-8) are divided by their greatest common divisor, but H, N, O, F, Cl alone stay pairs (`O2`) and
    /// one-to-one oxides of H, Li, Na, K, Rb, Cs stay peroxides (`Li2O2`). Other amounts are left alone: the divisor is 1.
    ///
    /// ```
    /// use matsieve::chem::parse_formula;
    /// let mut cell = parse_formula("Li4 Fe4 P4 O16").unwrap();
    /// assert_eq!(cell.reduce(), 4.0);
    /// assert_eq!(cell, parse_formula("LiFePO4").unwrap());
    /// ```
    pub fn reduce(&mut self) -> f64 {
        if self.is_empty() || !self.pairs.iter().all(|(_, amount)| (amount - amount.round()).abs() < 1e-8) {
            return 1.0;
        }
        let mut divisor = self.pairs.iter().fold(0.0, |divisor, (_, amount)| whole_divisor(divisor, amount.round()));
        if is_never_halved(&self.pairs) {
            divisor /= 2.0;
        }
        if divisor != 1.0 {
            for (_, amount) in &mut self.pairs {
                *amount /= divisor;
            }
        }
        divisor
    }

    /// The reduced composition, see [`reduce`](Self::reduce).
    pub fn reduced(&self) -> Self {
        let mut reduced = self.clone();
        reduced.reduce();
        reduced
    }
}

/// Whether the formula, reduced to the end, is one of pymatgen's special ones; with all of them the amounts are equal.
fn is_never_halved(pairs: &[(Element, f64)]) -> bool {
    match pairs {
        [(element, _)] => DIATOMIC.contains(&element.atomic_number()),
        [(a, first), (b, second)] if first.round() == second.round() => {
            let (a, b) = (a.atomic_number(), b.atomic_number());
            a == OXYGEN && PEROXIDE.contains(&b) || b == OXYGEN && PEROXIDE.contains(&a)
        }
        _ => false,
    }
}

/// Greatest common divisor of whole numbers below 2⁵³.
fn whole_divisor(a: f64, b: f64) -> f64 {
    let (mut a, mut b) = (a as u64, b as u64);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a as f64
}

#[cfg(test)]
mod tests {
    use crate::chem::parse_formula;

    #[test]
    fn peroxides_and_molecules_are_not_reduced_to_the_end() {
        for (text, divisor) in [("Li4O4", 2.0), ("O", 0.5), ("H6", 3.0), ("O3Rb3", 1.5), ("Fe2", 2.0), ("Mg2O2", 2.0)] {
            assert_eq!(parse_formula(text).expect("formula").reduce(), divisor, "{text}");
        }
    }

    #[test]
    fn fractional_amounts_are_left_alone() {
        let mut alloy = parse_formula("Al0.5Ni0.5").expect("formula");
        assert_eq!(alloy.reduce(), 1.0);
        assert_eq!(alloy, parse_formula("Al0.5Ni0.5").expect("formula"));
    }
}
