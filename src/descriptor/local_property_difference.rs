//! `local_property_difference`: how much the elements around each site differ from its own (Ward 2017).

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};

use super::crystal_input::{geometry_fault, ordered_structure};
use super::magpie::PROPERTIES;
use super::site_statistics::{self, WARD};
use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// `Σ A |p_n − p_0| / Σ A` over the facets of a site for 22 element properties; five statistics over sites.
///
/// matminer's `LocalPropertyDifference.from_preset("ward-prb-2017", impute_nan=False)` in a `SiteStatsFingerprint`. Columns
/// of a property are NaN where an element of the structure has no value.
struct LocalPropertyDifference {
    /// Properties of each element.
    rows: Box<[[f64; WIDTH]; NUM_ELEMENTS]>,
}

const WIDTH: usize = PROPERTIES.len();

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("local_property_difference", parameters)?;
    let mut rows = Box::new([[0.0; WIDTH]; NUM_ELEMENTS]);
    for (place, property) in PROPERTIES.iter().enumerate() {
        for (row, value) in rows.iter_mut().zip(element_table::magpie().expect(property).values.iter()) {
            row[place] = *value;
        }
    }
    Ok(Box::new(LocalPropertyDifference { rows }))
}

impl Descriptor for LocalPropertyDifference {
    fn columns(&self) -> Vec<Column> {
        let unit = |property: &str| element_table::magpie().expect(property).unit.clone();
        let quantities = PROPERTIES.iter().map(|name| (format!("local difference in {name}"), unit(name)));
        site_statistics::columns(quantities, WARD)
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
            scratch.site_values.extend(sums.map(|sum| sum / area));
        }
        site_statistics::write(&scratch.site_values, WARD, out);
        Ok(())
    }
}
