//! Amounts of elements.

use smallvec::SmallVec;

use super::Element;

/// Elements with their amounts, in order of first appearance; each element once, every amount finite and positive.
///
/// Order matters to nobody but the oxidation-state guess, whose ties follow the order in which a formula names its elements.
/// Up to eight elements live on the stack.
///
/// ```
/// use matsieve::chem::{Composition, Element};
/// let o = Element::from_symbol("O").unwrap();
/// let fe = Element::from_symbol("Fe").unwrap();
/// let mut hematite = Composition::new();
/// hematite.add(fe, 2.0);
/// hematite.add(o, 3.0);
/// assert_eq!(hematite.amount(o), 3.0);
/// assert_eq!(hematite.num_atoms(), 5.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composition {
    /// For the formula reader, which fills it in place and keeps the rules above.
    pub(super) pairs: SmallVec<[(Element, f64); 8]>,
}

impl Composition {
    /// An empty composition, to be filled with [`add`](Self::add).
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `amount` of `element`; amounts of the same element are summed.
    ///
    /// # Panics
    /// If `amount` is not finite and positive (the caller checks input).
    pub fn add(&mut self, element: Element, amount: f64) {
        assert!(amount.is_finite() && amount > 0.0, "amount {amount} of {element}");
        match self.pairs.iter_mut().find(|(e, _)| *e == element) {
            Some((_, total)) => *total += amount,
            None => self.pairs.push((element, amount)),
        }
    }

    /// Empties it for reuse.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Becomes equal to `other`, keeping its allocation.
    pub fn copy_from(&mut self, other: &Self) {
        self.pairs.clear();
        self.pairs.extend_from_slice(&other.pairs);
    }

    /// Elements and amounts in order of first appearance.
    pub fn pairs(&self) -> &[(Element, f64)] {
        &self.pairs
    }

    /// Elements in order of first appearance.
    pub fn elements(&self) -> impl ExactSizeIterator<Item = Element> + '_ {
        self.pairs.iter().map(|(element, _)| *element)
    }

    /// Amount of an element, 0 if absent.
    pub fn amount(&self, element: Element) -> f64 {
        self.pairs.iter().find(|(e, _)| *e == element).map_or(0.0, |(_, amount)| *amount)
    }

    /// Share of an element among the atoms, 0 if absent.
    pub fn fraction(&self, element: Element) -> f64 {
        self.amount(element) / self.num_atoms()
    }

    /// Number of distinct elements.
    pub fn num_elements(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Sum of the amounts.
    pub fn num_atoms(&self) -> f64 {
        self.pairs.iter().map(|(_, amount)| *amount).sum()
    }

    /// Whether every amount is a whole number (within 1e-8, as pymatgen's `amount_tolerance`).
    pub fn has_integer_amounts(&self) -> bool {
        self.pairs.iter().all(|(_, amount)| (amount - amount.round()).abs() <= 1e-8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_one_element_are_summed_in_place() {
        let [h, o] = ["H", "O"].map(|s| Element::from_symbol(s).expect("symbol"));
        let mut composition = Composition::new();
        composition.add(h, 1.0);
        composition.add(o, 1.0);
        composition.add(h, 1.0);
        assert_eq!(composition.pairs(), [(h, 2.0), (o, 1.0)]);
    }
}
