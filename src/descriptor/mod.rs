//! Descriptors: what turns a candidate into features. One file each; the registry below is the only list.

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::units::closest;

mod acsf;
mod agni;
mod atomic_matrix;
mod band_center;
mod bond_angles;
mod bond_lengths;
mod bond_orientational;
mod chemical_ordering;
mod coulomb_matrix;
mod crystal_input;
mod crystal_nn_fingerprint;
mod deml;
mod density;
mod dimensionality;
mod effective_coordination;
mod electron_affinity;
mod electronegativity_difference;
mod element_fraction;
mod element_property;
mod ewald_energy;
mod fit;
mod gaussian_symmetry;
mod grdf;
mod ion_property;
mod local_property_difference;
mod magpie;
mod max_packing_efficiency;
mod miedema;
mod op_site_fingerprint;
mod orbital_field_matrix;
mod oxidation_states;
mod pair_histogram;
mod partial_rdf;
mod policy;
mod preset;
mod pymatgen_elemental;
mod rdf;
mod scratch;
mod sine_matrix;
mod site_charges;
mod site_pooling;
mod site_statistics;
mod site_sums;
mod soap;
mod species_list;
mod species_statistics;
mod stoichiometry;
mod structural_complexity;
mod structural_heterogeneity;
mod symmetry;
mod tm_fraction;
mod valence_orbital;
mod voronoi_fingerprint;
mod xrd;
mod yang_solid_solution;

pub use fit::{Fitted, MOST_ATOMS, fitted};
pub use preset::{Member, PRESETS, Preset, preset};
pub use scratch::Scratch;

/// What a descriptor needs of a candidate, beside a composition.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// A crystal structure.
    pub structure: bool,
    /// A guess of oxidation states.
    pub oxidation_states: bool,
}

/// Computes a fixed set of columns for one candidate at a time.
pub trait Descriptor: Send + Sync {
    /// Columns, in the order of `out` in [`describe`](Self::describe).
    fn columns(&self) -> Vec<Column>;

    /// What it needs.
    fn needs(&self) -> Needs;

    /// Version of the definition; a change of numbers is a new version.
    fn version(&self) -> u32;

    /// Where the definition comes from.
    fn references(&self) -> &'static [Reference];

    /// Names of the data tables it reads ([`crate::chem::table`]), for the provenance of a result.
    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its parameters, defaults filled in.
    fn parameters(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    /// Writes one row; `out.len()` equals the number of columns, its content is unspecified on `Err`.
    ///
    /// [`Scratch::begin`] has been called for this candidate.
    ///
    /// NaN means: not defined for this candidate by the descriptor's own definition.
    ///
    /// # Errors
    /// The fault that quarantines the candidate.
    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault>;
}

/// A line of the registry.
pub struct Entry {
    /// Name in plans and results.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Builds it from the parameters of the plan (an object; unknown keys are refused).
    pub build: fn(&serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError>,
}

impl Entry {
    /// The descriptor with its defaults, or with an example of what a plan has to choose, and those parameters.
    ///
    /// # Panics
    /// Never: a test builds all of them.
    pub fn listed(&self) -> (Box<dyn Descriptor>, Option<serde_json::Value>) {
        let defaults = serde_json::json!({});
        match (self.build)(&defaults) {
            Ok(built) => (built, None),
            Err(_) => {
                let example = fit::example(self.name);
                ((self.build)(&example).expect("a test builds all of them"), Some(example))
            }
        }
    }
}

/// All descriptors, in the order in which they are listed.
#[rustfmt::skip]
pub const REGISTRY: &[Entry] = &[
    Entry { name: "element_fraction", summary: "atomic fraction of each element", build: element_fraction::build },
    Entry { name: "stoichiometry", summary: "p-norms of the atomic fractions", build: stoichiometry::build },
    Entry { name: "magpie", summary: "six statistics of 22 element properties (Ward 2016)", build: magpie::build },
    Entry { name: "deml", summary: "five statistics of 16 element properties (Deml 2016)", build: deml::build },
    Entry { name: "pymatgen_elemental", summary: "five statistics of 13 element properties of pymatgen", build: pymatgen_elemental::build },
    Entry { name: "valence_orbital", summary: "mean numbers and fractions of s, p, d, f valence electrons", build: valence_orbital::build },
    Entry { name: "tm_fraction", summary: "atomic fraction of magnetic transition metals", build: tm_fraction::build },
    Entry { name: "band_center", summary: "band centre from Mulliken electronegativities", build: band_center::build },
    Entry { name: "electronegativity_difference", summary: "electronegativity of the anions minus that of each cation", build: electronegativity_difference::build },
    Entry { name: "electron_affinity", summary: "mean electron affinity times charge of the anions", build: electron_affinity::build },
    Entry { name: "ion_property", summary: "can the elements balance their charges, and how ionic are their bonds", build: ion_property::build },
    Entry { name: "oxidation_states", summary: "statistics of the likeliest oxidation states", build: oxidation_states::build },
    Entry { name: "yang_solid_solution", summary: "omega and delta of Yang and Zhang: does an alloy form a solid solution", build: yang_solid_solution::build },
    Entry { name: "miedema", summary: "formation enthalpies of alloys by Miedema's model", build: miedema::build },
    Entry { name: "soap", summary: "power spectrum of smooth overlaps of atomic positions, averaged over the sites", build: soap::build },
    Entry { name: "acsf", summary: "atom-centred symmetry functions of the elements of the plan (Behler 2011), mean over sites", build: acsf::build },
    Entry { name: "policy", summary: "price, scarcity, supply risk, criticality and hazard of the elements", build: policy::build },
    Entry { name: "density", summary: "density, volume per atom, packing fraction", build: density::build },
    Entry { name: "density_matminer", summary: "density, all undefined where an element has no radius, as in matminer", build: density::build_matminer },
    Entry { name: "symmetry", summary: "space group, crystal system, centrosymmetry, operations of the primitive cell", build: symmetry::build },
    Entry { name: "symmetry_matminer", summary: "symmetry, with the operations of the cell as given, as in matminer", build: symmetry::build_matminer },
    Entry { name: "structural_complexity", summary: "information in the positions of the atoms (Krivovichev 2013)", build: structural_complexity::build },
    Entry { name: "ewald_energy", summary: "electrostatic energy of the oxidation states on the sites", build: ewald_energy::build },
    Entry { name: "xrd", summary: "smeared powder diffraction pattern for Cu K-alpha", build: xrd::build },
    Entry { name: "sine_matrix", summary: "eigenvalues of the sine Coulomb matrix (Faber 2015)", build: sine_matrix::build },
    Entry { name: "coulomb_matrix", summary: "eigenvalues of the Coulomb matrix (Rupp 2012)", build: coulomb_matrix::build },
    Entry { name: "rdf", summary: "radial distribution function up to 20 A", build: rdf::build },
    Entry { name: "rdf_matminer", summary: "radial distribution function, summed over the atoms of the cell, as in matminer", build: rdf::build_matminer },
    Entry { name: "partial_rdf", summary: "radial distribution functions between the elements of the plan (Schuett 2014)", build: partial_rdf::build },
    Entry { name: "orbital_field_matrix", summary: "valence subshells of atoms and of their Voronoi neighbours (Lam Pham 2017), mean over sites", build: orbital_field_matrix::build },
    Entry { name: "agni", summary: "fingerprints of the surroundings of atoms (Botu 2015), mean and deviation over sites", build: agni::build },
    Entry { name: "gaussian_symmetry", summary: "symmetry functions of Behler (2011), mean and deviation over sites", build: gaussian_symmetry::build },
    Entry { name: "grdf", summary: "Gaussian radial distribution functions (Seko 2017), mean and deviation over sites", build: grdf::build },
    Entry { name: "crystal_nn_fingerprint", summary: "coordination numbers and motifs of bonded neighbours, mean and deviation over sites (Zimmermann and Jain 2020)", build: crystal_nn_fingerprint::build },
    Entry { name: "dimensionality", summary: "molecules, chains, layers or a framework (Larsen 2019)", build: dimensionality::build },
    Entry { name: "op_site_fingerprint", summary: "do the nearest neighbours form one of 37 motifs, by shells of distance", build: op_site_fingerprint::build },
    Entry { name: "effective_coordination", summary: "statistics of the effective number of Voronoi neighbours (Ward 2017)", build: effective_coordination::build },
    Entry { name: "structural_heterogeneity", summary: "variation of bond lengths and Voronoi cells (Ward 2017)", build: structural_heterogeneity::build },
    Entry { name: "chemical_ordering", summary: "how far the elements of three neighbour shells are from random (Ward 2017)", build: chemical_ordering::build },
    Entry { name: "max_packing_efficiency", summary: "how much of the cell touching spheres could fill (Ward 2017)", build: max_packing_efficiency::build },
    Entry { name: "local_property_difference", summary: "differences of 22 element properties between Voronoi neighbours (Ward 2017)", build: local_property_difference::build },
    Entry { name: "voronoi_fingerprint", summary: "shapes and sizes of the facets of Voronoi cells, small ones passed over", build: voronoi_fingerprint::build },
    Entry { name: "voronoi_fingerprint_matminer", summary: "the same, every facet counted, as matminer does", build: voronoi_fingerprint::build_matminer },
    Entry { name: "bond_orientational", summary: "rotation-invariant spherical harmonics of the neighbours (Steinhardt 1983)", build: bond_orientational::build },
    Entry { name: "bond_lengths", summary: "power means of the mean bond lengths of sites (de Jong 2016)", build: bond_lengths::build },
    Entry { name: "bond_angles", summary: "power means of the mean angles between bonds of sites (de Jong 2016)", build: bond_angles::build },
];

/// Why a descriptor cannot be built from a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// No descriptor of that name.
    #[error("unknown descriptor \"{name}\"{}", did_you_mean(.suggestion.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// The closest known name.
        suggestion: Option<String>,
    },
    /// No preset of that name.
    #[error("unknown preset \"{name}\"{}", did_you_mean(.suggestion.as_deref()))]
    UnknownPreset {
        /// The name.
        name: String,
        /// The closest known name.
        suggestion: Option<String>,
    },
    /// A preset that has no descriptor of that name.
    #[error("preset \"{preset}\" has no descriptor \"{name}\"{}", did_you_mean(.suggestion.as_deref()))]
    NotInPreset {
        /// The preset.
        preset: &'static str,
        /// The name.
        name: String,
        /// The closest name in it.
        suggestion: Option<String>,
    },
    /// A parameter is unknown or out of range.
    #[error("descriptor \"{name}\": {reason}")]
    Parameters {
        /// The descriptor.
        name: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!(", did you mean \"{name}\"?")).unwrap_or_default()
}

/// Builds the descriptor of this name; `parameters` is null or an object.
///
/// # Errors
/// Unknown name (with the closest one), unknown or wrong parameters.
pub fn build(name: &str, parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    match REGISTRY.iter().find(|entry| entry.name == name) {
        Some(entry) => (entry.build)(parameters),
        None => Err(DescriptorError::Unknown {
            name: name.to_owned(),
            suggestion: closest(name, REGISTRY.iter().map(|entry| entry.name)).map(str::to_owned),
        }),
    }
}

/// Refuses any parameter.
fn no_parameters(name: &str, parameters: &serde_json::Value) -> Result<(), DescriptorError> {
    let reason = match parameters {
        serde_json::Value::Null => return Ok(()),
        serde_json::Value::Object(object) => match object.keys().next() {
            None => return Ok(()),
            Some(key) => format!("unknown parameter \"{key}\", it has none"),
        },
        other => format!("parameters are {other}, expected a table"),
    };
    Err(DescriptorError::Parameters { name: name.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_descriptor_gets_a_suggestion() {
        let error = build("magpi", &serde_json::Value::Null).err().expect("unknown");
        assert_eq!(error.to_string(), "unknown descriptor \"magpi\", did you mean \"magpie\"?");
    }

    #[test]
    fn every_descriptor_can_be_listed() {
        let from_plan: Vec<_> = REGISTRY.iter().filter(|entry| entry.listed().1.is_some()).map(|e| e.name).collect();
        assert_eq!(from_plan, ["acsf", "partial_rdf"]);
    }

    #[test]
    fn unknown_parameter_is_refused() {
        let error = build("magpie", &serde_json::json!({ "stats": ["mean"] })).err().expect("refused");
        assert_eq!(error.to_string(), "descriptor \"magpie\": unknown parameter \"stats\", it has none");
    }
}
