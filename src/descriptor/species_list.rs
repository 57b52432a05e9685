//! The elements that a plan lists for a descriptor whose width depends on them.

use crate::candidate::{Fault, FaultCode, Stage};
use crate::chem::{Element, NUM_ELEMENTS};

/// Distinct elements in the order of their atomic numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SpeciesList {
    elements: Vec<Element>,
    /// Place of each element, by [`Element::row`]; `None` where it is not listed.
    places: [Option<u8>; NUM_ELEMENTS],
}

impl SpeciesList {
    /// Reads symbols, in any order.
    ///
    /// # Errors
    /// What is wrong with the list.
    pub fn parse(symbols: &[String]) -> Result<Self, String> {
        let mut elements = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let element = Element::from_symbol(symbol)
                .ok_or_else(|| format!("`species` names \"{symbol}\", which is no element"))?;
            if elements.contains(&element) {
                return Err(format!("`species` names {symbol} twice"));
            }
            elements.push(element);
        }
        if elements.is_empty() {
            return Err("`species` is empty, expected element symbols such as [\"O\", \"Ti\"]".to_owned());
        }
        elements.sort_by_key(|element| element.atomic_number());
        let mut places = [None; NUM_ELEMENTS];
        for (place, element) in elements.iter().enumerate() {
            places[element.row()] = Some(place as u8);
        }
        Ok(Self { elements, places })
    }

    /// The elements.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Place of an element in [`elements`](Self::elements).
    ///
    /// # Errors
    /// `missing-element-data` where it is not listed.
    pub fn place(&self, element: Element) -> Result<usize, Fault> {
        self.places[element.row()].map(usize::from).ok_or_else(|| {
            let listed: Vec<_> = self.elements.iter().map(|element| element.symbol()).collect();
            let detail = format!(
                "the structure holds {}, expected the `species` of the plan: {}",
                element.symbol(),
                listed.join(" ")
            );
            Fault::new(Stage::Describe, FaultCode::MissingElementData, detail)
        })
    }

    /// Symbols, in order.
    pub fn symbols(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.elements.iter().map(|element| element.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(symbols: &[&str]) -> Result<SpeciesList, String> {
        SpeciesList::parse(&symbols.iter().map(|&symbol| symbol.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn elements_are_ordered_by_atomic_number() {
        let list = list(&["Ti", "H", "O"]).expect("elements");
        assert_eq!(list.symbols().collect::<Vec<_>>(), ["H", "O", "Ti"]);
        assert_eq!(list.place(Element::from_symbol("O").expect("symbol")), Ok(1));
    }

    #[test]
    fn an_unlisted_element_is_named() {
        let fault = list(&["Ti", "O"]).expect("elements").place(Element::from_symbol("N").expect("symbol"));
        let fault = fault.expect_err("not listed");
        assert_eq!(
            fault.to_string(),
            "missing-element-data: the structure holds N, expected the `species` of the plan: O Ti"
        );
    }

    #[test]
    fn lists_that_are_none_say_why() {
        assert_eq!(list(&["O", "Xx"]).expect_err("no element"), "`species` names \"Xx\", which is no element");
        assert_eq!(list(&["O", "O"]).expect_err("twice"), "`species` names O twice");
        assert!(list(&[]).expect_err("empty").starts_with("`species` is empty"));
    }
}
