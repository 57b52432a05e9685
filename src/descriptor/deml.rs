//! `deml`: 80 statistics of 16 element properties (Deml 2016).

use matsieve_kernels::dispatch::range_mean_std_16;

use crate::candidate::Reference;
use crate::chem::element_table;

use super::element_property::{Definition, ElementProperty, Statistics};
use super::{Descriptor, DescriptorError, no_parameters};

/// matminer's `ElementProperty.from_preset("deml", impute_nan=False)`.
///
/// One departure: matminer raises for actinides and transactinides, which have no ionization energy in the table; here
/// only the five columns of `first_ioniz` are undefined for them.
static DEFINITION: Definition = Definition {
    source: "DemlData",
    table: "deml",
    content: element_table::deml,
    #[rustfmt::skip]
    properties: &[
        "atom_num", "atom_mass", "row_num", "col_num", "atom_radius", "molar_vol", "heat_fusion", "melting_point",
        "boiling_point", "heat_cap", "first_ioniz", "electronegativity", "electric_pol", "GGAU_Etot", "mus_fere",
        "FERE correction",
    ],
    statistics: Statistics::Std,
    version: 1,
    references: &[
        Reference { doi: "10.1103/PhysRevB.93.085142", taken: "the 16 properties and their tables" },
        Reference {
            doi: "10.1016/j.commatsci.2018.05.018",
            taken: "definition of the five statistics as in matminer 0.10.1",
        },
    ],
};

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("deml", parameters)?;
    Ok(Box::new(ElementProperty::new(&DEFINITION, range_mean_std_16)))
}
