//! `ion_property`: can the elements balance their charges, and how ionic are their bonds (Ward 2016)?

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::chem::oxidation::{Evidence, OxidationTable, StateSet};
use crate::chem::{Element, NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// Charge sums nearer to zero than this are neutral, as numpy's `isclose`.
const NEUTRAL: f64 = 1e-8;

/// Charge sums nearer to each other than this are one; far below [`NEUTRAL`] even after a hundred additions.
const SAME: f64 = 1e-12;

/// Distinct charge sums that are followed. Whole amounts stay far below; a hundred elements with random fractions do not.
const MAX_SUMS: usize = 1 << 16;

/// matminer's `IonProperty(fast=True)`: `compound possible` is 1 if one of the common oxidation states for each element makes
/// the charges cancel, else 0; ionic character of a pair is `1 − exp(−(X_i − X_j)² / 4)`, its mean `Σ_{i<j} f_i f_j I_ij`.
/// A single element is possible and has no ionic character.
struct IonProperty {
    states: Box<[StateSet; NUM_ELEMENTS]>,
    electronegativity: &'static [f64; NUM_ELEMENTS],
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("ion_property", parameters)?;
    let table = OxidationTable::named("pymatgen_common", Evidence::default()).expect("a test reads every table");
    let mut states = Box::new([StateSet::EMPTY; NUM_ELEMENTS]);
    for element in Element::all() {
        states[element.row()] = table.states(element);
    }
    Ok(Box::new(IonProperty { states, electronegativity: &element_table::pymatgen().expect("X").values }))
}

impl IonProperty {
    /// Whether one state for each element makes the charges cancel; by the set of reachable sums, which replaces the
    /// product of all state lists.
    fn is_possible(&self, scratch: &mut Scratch) -> Result<bool, Fault> {
        let Scratch { rows, amounts, charges: [sums, next], .. } = scratch;
        let reach = |row: usize, amount: f64| {
            let states = self.states[row];
            Some((f64::from(states.lowest()?) * amount, f64::from(states.highest()?) * amount))
        };
        let (mut least, mut most) = (0.0, 0.0);
        for (&row, &amount) in rows.iter().zip(&*amounts) {
            let Some((low, high)) = reach(row, amount) else { return Ok(false) };
            least += low;
            most += high;
        }
        sums.clear();
        sums.push(0.0);
        for (&row, &amount) in rows.iter().zip(&*amounts) {
            let Some((low, high)) = reach(row, amount) else { return Ok(false) };
            least -= low;
            most -= high;
            let slack = 2.0 * NEUTRAL + 1e-12 * (most - least).abs();
            next.clear();
            for state in self.states[row].iter() {
                let charge = f64::from(state) * amount;
                let reachable = |sum: &f64| *sum + least <= slack && *sum + most >= -slack;
                next.extend(sums.iter().map(|sum| sum + charge).filter(reachable));
            }
            next.sort_unstable_by(f64::total_cmp);
            next.dedup_by(|b, a| *b - *a <= SAME);
            if next.len() > MAX_SUMS {
                let detail = format!("more than {MAX_SUMS} distinct sums of charges among {} elements", rows.len());
                return Err(Fault::new(Stage::Describe, FaultCode::TooLarge, detail));
            }
            std::mem::swap(sums, next);
        }
        Ok(sums.iter().any(|sum| sum.abs() <= NEUTRAL))
    }

    /// Largest and mean ionic character; NaN if an element has no electronegativity.
    fn ionic_character(&self, rows: &[usize], fractions: &[f64]) -> (f64, f64) {
        let (mut largest, mut average) = (0.0, 0.0);
        for (i, (&row, &fraction)) in rows.iter().zip(fractions).enumerate() {
            for (&other, &other_fraction) in rows.iter().zip(fractions).skip(i + 1) {
                let difference = self.electronegativity[row] - self.electronegativity[other];
                let character = 1.0 - libm::exp(-0.25 * (difference * difference));
                largest = if character > largest || character.is_nan() { character } else { largest };
                average += fraction * other_fraction * character;
            }
        }
        (largest, average)
    }
}

impl Descriptor for IonProperty {
    fn columns(&self) -> Vec<Column> {
        let labels = ["compound possible", "max ionic char", "avg ionic char"];
        labels.map(|label| Column::new(label, Unit::dimensionless())).into()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference {
            doi: "10.1038/npjcompumats.2016.28",
            taken: "ionic compound attributes, through matminer 0.10.1",
        }]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["pymatgen", "pymatgen_common"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        if scratch.rows.len() == 1 {
            out.copy_from_slice(&[1.0, 0.0, 0.0]);
            return Ok(());
        }
        out[0] = f64::from(u8::from(self.is_possible(scratch)?));
        (out[1], out[2]) = self.ionic_character(&scratch.rows, &scratch.fractions);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::{candidate, describe};

    #[test]
    fn fe2o3_and_lifepo4_agree_with_matminer() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        for (pairs, largest, average) in [
            (&[("Fe", 2.0), ("O", 3.0)][..], 0.476_922_164_0, 0.114_461_319_4),
            (&[("Li", 1.0), ("Fe", 1.0), ("P", 1.0), ("O", 4.0)][..], 0.779_729_732_9, 0.139_259_574_6),
        ] {
            let row = describe(&*descriptor, pairs);
            assert_eq!(row["compound possible"], 1.0);
            assert!((row["max ionic char"] - largest).abs() < 1e-9, "{row:?}");
            assert!((row["avg ionic char"] - average).abs() < 1e-9, "{row:?}");
        }
    }

    #[test]
    fn magnetite_needs_two_states_of_iron_and_is_not_possible_with_one() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        assert_eq!(describe(&*descriptor, &[("Fe", 3.0), ("O", 4.0)])["compound possible"], 0.0);
    }

    #[test]
    fn all_elements_with_unrelated_fractions_end_in_a_fault_and_not_in_a_hang() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        // Enough oxygen to reach neutrality, so that no branch can be given up early.
        let amount = |element: Element| {
            let root = libm::sqrt(1.0 + f64::from(element.atomic_number()));
            if element.symbol() == "O" { 300.0 * root } else { root }
        };
        let many = Element::all().map(|element| (element.symbol(), amount(element)));
        let with_states: Vec<_> =
            many.filter(|(symbol, _)| !["He", "Ne", "Ar", "Rn"].contains(symbol)).take(98).collect();
        let candidate = candidate(&with_states);
        let mut scratch = Scratch::new();
        scratch.begin(&candidate);
        let fault = descriptor.describe(&candidate, &mut scratch, &mut [0.0; 3]).expect_err("too many sums");
        assert_eq!(fault.code, FaultCode::TooLarge);
    }
}
