//! `partial_rdf`: radial distribution functions between the atoms of two elements.

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::chem::{Element, element_table};
use crate::units::Unit;

use super::pair_histogram::{NUM_BINS, add, check, edge, shells};
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input};

/// Most elements of the plan: 55 pairs, 11,000 columns.
const MAX_SPECIES: usize = 10;

/// matminer's `PartialRadialDistributionFunction` for the elements of the plan.
///
/// For each pair of elements, the first not more electronegative than the second: atoms of the second around one of the first,
/// by distance, over the volume of the shell; in bins of 0.1 Å up to 20 Å. Pairs that a structure does not have are 0; a
/// structure with other elements is described by those of the plan. In elemental H, N, O, F and Cl matminer divides by twice the number
/// of atoms (it reads them as diatomic formulas), here by their number.
struct PartialRdf {
    species: Vec<Element>,
    shells: [f64; NUM_BINS],
}

/// Builds the descriptor; `species` is a list of element symbols.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let refuse = |reason: String| DescriptorError::Parameters { name: "partial_rdf".to_owned(), reason };
    let needed = || refuse("it needs species, a list of element symbols such as [\"Na\", \"Cl\"]".to_owned());
    let object = match parameters {
        serde_json::Value::Null => return Err(needed()),
        serde_json::Value::Object(object) => object,
        other => return Err(refuse(format!("parameters are {other}, expected a table"))),
    };
    if let Some(key) = object.keys().find(|key| *key != "species") {
        return Err(refuse(format!("unknown parameter \"{key}\", there is species")));
    }
    let list = object.get("species").and_then(serde_json::Value::as_array).ok_or_else(needed)?;
    let mut species: Vec<Element> = Vec::with_capacity(list.len());
    for value in list {
        let element = value.as_str().and_then(Element::from_symbol);
        let element = element.ok_or_else(|| refuse(format!("species: {value} is no element symbol")))?;
        if species.contains(&element) {
            return Err(refuse(format!("species: {element} is there twice")));
        }
        species.push(element);
    }
    if species.is_empty() || species.len() > MAX_SPECIES {
        return Err(refuse(format!("species: {} elements, expected 1 to {MAX_SPECIES}", species.len())));
    }
    sort(&mut species);
    Ok(Box::new(PartialRdf { species, shells: shells() }))
}

/// The order of pymatgen's elements: by electronegativity, those without it last, then by symbol.
fn sort(species: &mut [Element]) {
    let electronegativity = |element: &Element| {
        let value = element_table::pymatgen().expect("X").values[element.row()];
        if value.is_nan() { f64::INFINITY } else { value }
    };
    species
        .sort_by(|a, b| electronegativity(a).total_cmp(&electronegativity(b)).then_with(|| a.symbol().cmp(b.symbol())));
}

impl PartialRdf {
    /// Where the columns of a pair begin; `first` is not after `second`.
    fn start(&self, first: usize, second: usize) -> usize {
        let n = self.species.len();
        (first * n - first * first.saturating_sub(1) / 2 + second - first) * NUM_BINS
    }
}

impl Descriptor for PartialRdf {
    fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("angstrom^-3").expect("a known unit");
        let mut columns = Vec::new();
        for (place, first) in self.species.iter().enumerate() {
            for second in &self.species[place..] {
                let label = |bin| format!("{first}-{second} PRDF r={:.2}-{:.2}", edge(bin), edge(bin + 1));
                columns.extend((0..NUM_BINS).map(|bin| Column::new(label(bin), unit.clone())));
            }
        }
        columns
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1103/PhysRevB.89.205118", taken: "partial radial distribution functions, equation 2" }]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pymatgen"]
    }

    fn parameters(&self) -> serde_json::Value {
        serde_json::json!({ "species": self.species })
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        check(structure)?;
        let cell = scratch.geometry.reduced(structure);
        out.fill(0.0);
        let place = |site: usize| self.species.iter().position(|element| *element == occupants[site].element);
        let mut counts = [0.0; MAX_SPECIES];
        for site in 0..structure.len() {
            let Some(kind) = place(site) else { continue };
            counts[kind] += 1.0;
            for other in 0..=site {
                let Some(other_kind) = place(other) else { continue };
                let start = self.start(kind.min(other_kind), kind.max(other_kind));
                // Between atoms of one element each pair is seen from both ends.
                let weight = if site != other && kind == other_kind { 2.0 } else { 1.0 };
                add(cell, site, other, weight, &mut out[start..start + NUM_BINS]);
            }
        }
        for first in 0..self.species.len() {
            for second in first..self.species.len() {
                let start = self.start(first, second);
                if counts[first] > 0.0 {
                    for (value, shell) in out[start..start + NUM_BINS].iter_mut().zip(&self.shells) {
                        *value = *value / shell / counts[first];
                    }
                }
            }
        }
        if out.iter().any(|value| !value.is_finite()) {
            let detail = "a partial radial distribution function is not finite";
            return Err(Fault::new(Stage::Describe, FaultCode::NonFinite, detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(parameters: serde_json::Value) -> String {
        build(&parameters).err().expect("refused").to_string()
    }

    #[test]
    fn species_are_asked_for_and_checked() {
        let start = "descriptor \"partial_rdf\": ";
        let needed = format!("{start}it needs species, a list of element symbols such as [\"Na\", \"Cl\"]");
        assert_eq!(refusal(serde_json::Value::Null), needed);
        assert_eq!(refusal(serde_json::json!({})), needed);
        assert_eq!(
            refusal(serde_json::json!({ "species": ["Xx"] })),
            format!("{start}species: \"Xx\" is no element symbol")
        );
        assert_eq!(refusal(serde_json::json!({ "species": ["O", "O"] })), format!("{start}species: O is there twice"));
        assert_eq!(
            refusal(serde_json::json!({ "species": [] })),
            format!("{start}species: 0 elements, expected 1 to 10")
        );
    }

    #[test]
    fn pairs_follow_electronegativity() {
        let descriptor = build(&serde_json::json!({ "species": ["O", "He", "Ti", "Sr"] })).expect("elements");
        let labels: Vec<String> = descriptor.columns().iter().step_by(NUM_BINS).map(|c| c.label.clone()).collect();
        let pairs: Vec<&str> = labels.iter().map(|label| label.split(' ').next().expect("a pair")).collect();
        let expected = ["Sr-Sr", "Sr-Ti", "Sr-O", "Sr-He", "Ti-Ti", "Ti-O", "Ti-He", "O-O", "O-He", "He-He"];
        assert_eq!(pairs, expected);
    }
}
