//! `local_property_difference`: how much the elements around each site differ from its own (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};

use super::crystal_input::{geometry_fault, ordered_structure};
use super::magpie::PROPERTIES;
use super::site_pooling::{SitePooling, no_others};
use super::site_statistics::WARD;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// `Σ A |p_n − p_0| / Σ A` over the facets of a site for 22 element properties; five statistics over sites.
///
/// matminer's `LocalPropertyDifference.from_preset("ward-prb-2017", impute_nan=False)` in a `SiteStatsFingerprint`. Columns
/// of a property are NaN where an element of the structure has no value.
struct LocalPropertyDifference {
    pooling: SitePooling,
    /// Places in [`PROPERTIES`] of those that have columns.
    properties: Vec<usize>,
    /// Properties of each element.
    rows: Box<[[f64; WIDTH]; NUM_ELEMENTS]>,
}

const WIDTH: usize = PROPERTIES.len();

const NAME: &str = "local_property_difference";

/// Builds the descriptor; `properties` is a list of some of the 22.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let (pooling, mut rest) = SitePooling::take(NAME, parameters, WARD)?;
    let properties = match rest.as_object_mut().and_then(|object| object.shift_remove("properties")) {
        None => (0..WIDTH).collect(),
        Some(value) => {
            places(&value).map_err(|reason| DescriptorError::Parameters { name: NAME.to_owned(), reason })?
        }
    };
    no_others(NAME, &rest, &["properties"])?;
    let mut rows = Box::new([[0.0; WIDTH]; NUM_ELEMENTS]);
    for (place, property) in PROPERTIES.iter().enumerate() {
        for (row, value) in rows.iter_mut().zip(element_table::magpie().expect(property).values.iter()) {
            row[place] = *value;
        }
    }
    Ok(Box::new(LocalPropertyDifference { pooling, properties, rows }))
}

/// Places of the named properties.
fn places(value: &serde_json::Value) -> Result<Vec<usize>, String> {
    let wrong = || format!("`properties` is {value}, expected a list of some of {}", PROPERTIES.join(", "));
    let mut places = Vec::new();
    for name in value.as_array().filter(|names| !names.is_empty()).ok_or_else(wrong)? {
        let place = PROPERTIES.iter().position(|property| name == property).ok_or_else(wrong)?;
        if places.contains(&place) {
            return Err(format!("`properties` names {name} twice"));
        }
        places.push(place);
    }
    Ok(places)
}

impl Descriptor for LocalPropertyDifference {
    fn columns(&self) -> Vec<Column> {
        let unit = |property: &str| element_table::magpie().expect(property).unit.clone();
        let names = self.properties.iter().map(|place| PROPERTIES[*place]);
        let quantities = names.map(|name| (format!("local difference in {name}"), unit(name)));
        self.pooling.columns(quantities)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1103/PhysRevB.96.024104", taken: "local property differences and their statistics" },
            Reference { doi: "10.1038/npjcompumats.2016.28", taken: "the 22 properties and their tables" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["magpie"]
    }

    fn parameters(&self) -> serde_json::Value {
        let names: Vec<&str> = self.properties.iter().map(|place| PROPERTIES[*place]).collect();
        self.pooling.parameters(serde_json::json!({ "properties": names }))
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = ordered_structure(candidate)?;
        let voronoi = scratch.geometry.voronoi(structure).map_err(geometry_fault)?;
        scratch.site_values.clear();
        for (site, occupant) in occupants.iter().enumerate() {
            let own = &self.rows[occupant.element.row()];
            let (mut sums, mut area) = ([0.0; WIDTH], 0.0);
            for facet in voronoi.of(site) {
                let other = &self.rows[occupants[facet.site as usize].element.row()];
                for ((sum, own), other) in sums.iter_mut().zip(own).zip(other) {
                    *sum += facet.area * (other - own).abs();
                }
                area += facet.area;
            }
            scratch.site_values.extend(self.properties.iter().map(|place| sums[*place] / area));
        }
        self.pooling.finish(structure, occupants, scratch, out)
    }
}
