//! `pymatgen_elemental`: 65 statistics of 13 element properties of pymatgen (matminer's preset "matminer").

use matsieve_kernels::dispatch::range_mean_std_16;

use crate::candidate::Reference;
use crate::chem::element_table;

use super::element_property::{Definition, ElementProperty, Statistics};
use super::{Descriptor, DescriptorError, no_parameters};

/// matminer's `ElementProperty.from_preset("matminer", impute_nan=False)`; `block` maps both d and f to 3.
static DEFINITION: Definition = Definition {
    source: "PymatgenData",
    table: "pymatgen",
    content: element_table::pymatgen,
    #[rustfmt::skip]
    properties: &[
        "X", "row", "group", "block", "atomic_mass", "atomic_radius", "mendeleev_no", "electrical_resistivity",
        "velocity_of_sound", "thermal_conductivity", "melting_point", "bulk_modulus",
        "coefficient_of_linear_thermal_expansion",
    ],
    statistics: Statistics::Std,
    version: 1,
    references: &[
        Reference { doi: "10.1016/j.commatsci.2012.10.028", taken: "element data, as of pymatgen-core 2026.10.16" },
        Reference {
            doi: "10.1016/j.commatsci.2018.05.018",
            taken: "choice of properties and statistics, as in matminer 0.10.1",
        },
    ],
};

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("pymatgen_elemental", parameters)?;
    Ok(Box::new(ElementProperty::new(&DEFINITION, range_mean_std_16)))
}
