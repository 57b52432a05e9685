//! `magpie`: 132 statistics of 22 element properties (Ward 2016).

use matsieve_kernels::dispatch::range_mean_deviation_mode_24;

use crate::candidate::Reference;
use crate::chem::element_table;

use super::element_property::{Definition, ElementProperty, Statistics};
use super::{Descriptor, DescriptorError, no_parameters};

/// The 22 properties of Ward 2016.
#[rustfmt::skip]
pub(super) const PROPERTIES: [&str; 22] = [
    "Number", "MendeleevNumber", "AtomicWeight", "MeltingT", "Column", "Row", "CovalentRadius", "Electronegativity",
    "NsValence", "NpValence", "NdValence", "NfValence", "NValence", "NsUnfilled", "NpUnfilled", "NdUnfilled",
    "NfUnfilled", "NUnfilled", "GSvolume_pa", "GSbandgap", "GSmagmom", "SpaceGroupNumber",
];

/// matminer's `ElementProperty.from_preset("magpie", impute_nan=False)`.
static DEFINITION: Definition = Definition {
    source: "MagpieData",
    table: "magpie",
    content: element_table::magpie,
    properties: &PROPERTIES,
    statistics: Statistics::Deviation,
    version: 1,
    references: &[
        Reference {
            doi: "10.1038/npjcompumats.2016.28",
            taken: "the 22 properties, their tables and the six statistics",
        },
        Reference {
            doi: "10.1016/j.commatsci.2018.05.018",
            taken: "definition of avg_dev and mode as in matminer 0.10.1",
        },
    ],
};

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("magpie", parameters)?;
    Ok(Box::new(ElementProperty::new(&DEFINITION, range_mean_deviation_mode_24)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::describe;

    #[test]
    fn fe2o3_agrees_with_values_published_for_matminer() {
        // matminer 0.10.1, to the digits of the study that lists them.
        let descriptor = ElementProperty::new(&DEFINITION, range_mean_deviation_mode_24);
        let row = describe(&descriptor, &[("Fe", 2.0), ("O", 3.0)]);
        for (label, expected) in [
            ("mean Number", 15.2),
            ("avg_dev Number", 8.64),
            ("mode Number", 8.0),
            ("range MendeleevNumber", 32.0),
            ("mean MeltingT", 757.28),
            ("avg_dev Electronegativity", 0.7728),
            ("mean GSvolume_pa", 9.755),
            ("mean SpaceGroupNumber", 98.8),
            ("mean NdUnfilled", 1.6),
        ] {
            let value = row[&format!("MagpieData {label}")];
            assert!((value - expected).abs() < 1e-9, "{label}: {value}, expected {expected}");
        }
    }

    #[test]
    fn electronegativity_of_helium_is_not_defined() {
        let row = describe(&ElementProperty::new(&DEFINITION, range_mean_deviation_mode_24), &[("He", 1.0)]);
        assert!(row["MagpieData mean Electronegativity"].is_nan());
        assert_eq!(row["MagpieData mean Number"], 2.0);
    }
}
