//! `orbital_field_matrix`: products of the valence subshells of atoms and of their Voronoi neighbours (Lam Pham 2017).

use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{Element, element_table};
use crate::units::Unit;

use super::atomic_matrix::ANGSTROM;
use super::crystal_input::{geometry_fault, ordered_structure};
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// Subshells and the numbers of electrons that they may hold: 2 + 6 + 10 + 14 places of a vector.
const SUBSHELLS: [(&str, usize); 4] = [("s", 2), ("p", 6), ("d", 10), ("f", 14)];

/// Places of all subshells.
const NUM_SUBSHELL_PLACES: usize = 32;

/// Periods.
const NUM_PERIODS: usize = 7;

/// `Σ ω/d (v_neighbour ⊗ v_site)` over the facets of a site, its mean over the sites; ω is the solid angle of the facet
/// in units of the widest one, d the distance of the neighbour in bohr.
///
/// v says which numbers of electrons the valence subshells of an element have, and with `period_tag` in which period it
/// stands. matminer's `OrbitalFieldMatrix`, flattened; rows belong to neighbours, columns to sites. It is defined from H to
/// Pu, otherwise NaN (quirk Q23). matminer repeats the cell three times along each vector, so that an atom is no neighbour of
/// itself, and takes the distance of the nearest image of that supercell; here every neighbour has its own distance, which is
/// the same but for cells so thin or skewed that another image lies nearer. All sites count, where matminer takes
/// one of each orbit.
struct OrbitalFieldMatrix {
    parameters: Parameters,
    /// By [`Element::row`].
    vectors: Vec<Option<Places>>,
}

/// Places of a vector that are 1.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
struct Places {
    places: [u8; MOST_PLACES],
    count: u8,
}

/// Most places of one element: Pa, U and Np have six subshells, and a period.
const MOST_PLACES: usize = 7;

impl Places {
    fn push(&mut self, place: usize) {
        self.places[usize::from(self.count)] = place as u8;
        self.count += 1;
    }

    fn iter(&self) -> impl Iterator<Item = usize> + Clone {
        self.places[..usize::from(self.count)].iter().map(|place| usize::from(*place))
    }
}

/// Parameters of the plan, defaults filled in.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Whether vectors have seven more places, one a period.
    period_tag: bool,
    /// Always: columns are numbers.
    flatten: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { period_tag: false, flatten: true }
    }
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let refuse = |reason| DescriptorError::Parameters { name: "orbital_field_matrix".to_owned(), reason };
    let parsed: Option<Parameters> =
        Deserialize::deserialize(parameters).map_err(|error: serde_json::Error| refuse(error.to_string()))?;
    let parameters = parsed.unwrap_or_default();
    if !parameters.flatten {
        return Err(refuse("`flatten` is false, but columns are numbers: the matrix is always flattened".to_owned()));
    }
    let vectors = Element::all().map(|element| places(element, parameters.period_tag)).collect();
    Ok(Box::new(OrbitalFieldMatrix { parameters, vectors }))
}

/// The vector of an element; `None` where it is not defined.
fn places(element: Element, period_tag: bool) -> Option<Places> {
    let table = element_table::valence_subshells();
    let value = |column: &str| table.expect(column).values[element.row()];
    let mut places = Places::default();
    let mut start = 0;
    for (letter, width) in SUBSHELLS {
        let mask = value(letter);
        if mask.is_nan() {
            return None;
        }
        (0..width).filter(|k| mask as u32 >> k & 1 == 1).for_each(|k| places.push(start + k));
        start += width;
    }
    if period_tag {
        places.push(NUM_SUBSHELL_PLACES + value("period") as usize - 1);
    }
    Some(places)
}

impl OrbitalFieldMatrix {
    /// Length of a vector.
    fn size(&self) -> usize {
        NUM_SUBSHELL_PLACES + if self.parameters.period_tag { NUM_PERIODS } else { 0 }
    }
}

impl Descriptor for OrbitalFieldMatrix {
    fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("bohr^-1").expect("a known unit");
        let subshells = SUBSHELLS.iter().flat_map(|(letter, width)| (1..=*width).map(move |k| format!("{letter}^{k}")));
        let periods = (1..=NUM_PERIODS).map(|period| format!("period {period}"));
        let names: Vec<String> = subshells.chain(periods).take(self.size()).collect();
        let label = |a: &String, b: &String| Column::new(format!("OFM: {a} - {b}"), unit.clone());
        names.iter().flat_map(|a| names.iter().map(move |b| (a, b))).map(|(a, b)| label(a, b)).collect()
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1080/14686996.2017.1378060", taken: "the matrix, equations 1 to 4" },
            Reference { doi: "10.1016/j.commatsci.2018.05.018", taken: "definition as in matminer 0.10.1" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["valence_subshells"]
    }

    fn parameters(&self) -> serde_json::Value {
        serde_json::to_value(self.parameters).expect("plain values")
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let vector = |site: usize| self.vectors[occupants[site].element.row()];
        if (0..structure.len()).any(|site| vector(site).is_none()) {
            out.fill(f64::NAN);
            return Ok(());
        }
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        let size = self.size();
        out.fill(0.0);
        for site in 0..structure.len() {
            let own = vector(site).unwrap_or_default();
            let widest = voronoi.of(site).iter().fold(0.0_f64, |widest, facet| widest.max(facet.solid_angle));
            for facet in voronoi.of(site) {
                let weight = facet.solid_angle / widest / (facet.distance * ANGSTROM);
                for row in vector(facet.site as usize).unwrap_or_default().iter() {
                    for column in own.iter() {
                        out[row * size + column] += weight;
                    }
                }
            }
        }
        let sites = structure.len() as f64;
        out.iter_mut().for_each(|value| *value /= sites);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::crystal_input::tests::{cubic, row};
    use super::*;

    /// Caesium chloride structure of Na (3s1) and Cl (3s2 3p5): around each eight unlike neighbours through hexagons and
    /// six like ones through squares.
    #[test]
    fn subshells_of_sodium_chloride_in_the_structure_of_caesium_chloride() {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        let labels: Vec<String> = descriptor.columns().into_iter().map(|column| column.label).collect();
        let edge = 4.0;
        let found = row(&*descriptor, &cubic(edge, &[([0.0; 3], "Na"), ([0.5; 3], "Cl")])).expect("described");
        let value = |a: &str, b: &str| {
            let label = format!("OFM: {a} - {b}");
            found[labels.iter().position(|known| *known == label).expect("a column")]
        };
        // Mean over two sites of eight hexagons, the widest facets, at √3/2 · edge.
        let unlike = 8.0 / (0.75_f64.sqrt() * edge * ANGSTROM) / 2.0;
        for (a, b) in [("s^1", "s^2"), ("s^1", "p^5"), ("s^2", "s^1"), ("p^5", "s^1")] {
            assert!((value(a, b) - unlike).abs() < 1e-12, "{a} {b}: {}", value(a, b));
        }
        // Squares and hexagons share the sphere, so that like and unlike neighbours are bound by 6 Ω = 4π − 8 Ω'.
        let like = value("s^1", "s^1");
        assert!(like > 0.0 && like < unlike && (like - value("p^5", "s^2")).abs() < 1e-12);
        assert_eq!(found.iter().filter(|value| **value != 0.0).count(), 9);
    }

    #[test]
    fn beyond_plutonium_it_is_not_defined() {
        let descriptor = build(&serde_json::json!({ "period_tag": true })).expect("known parameters");
        let found = row(&*descriptor, &cubic(3.0, &[([0.0; 3], "Am")])).expect("described");
        assert_eq!(found.len(), 39 * 39);
        assert!(found.iter().all(|value| value.is_nan()));
    }

    #[test]
    fn columns_are_numbers() {
        let error = build(&serde_json::json!({ "flatten": false })).err().expect("refused");
        assert!(error.to_string().contains("always flattened"), "{error}");
    }
}
