//! Presets: named lists of descriptors with their parameters.

use serde_json::{Map, Value};

use crate::units::closest;

use super::DescriptorError;

/// A named list of descriptors. What it lists never changes; another list is another preset.
pub struct Preset {
    /// Name in plans and on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Descriptors, in the order of their columns.
    pub descriptors: &'static [Member],
}

/// A descriptor of a preset.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name in the registry.
    pub name: &'static str,
    /// Parameters that differ from the defaults, as JSON.
    pub parameters: &'static str,
}

const fn plain(name: &'static str) -> Member {
    Member { name, parameters: "{}" }
}

const fn with(name: &'static str, parameters: &'static str) -> Member {
    Member { name, parameters }
}

const MEAN_AND_DEVIATION: &str = r#"{"statistics": ["mean", "std_dev"]}"#;

/// All presets, in the order in which they are listed.
#[rustfmt::skip]
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "composition-core",
        summary: "every descriptor that needs nothing but a composition",
        descriptors: &[
            plain("element_fraction"), plain("stoichiometry"), plain("magpie"), plain("deml"), plain("pymatgen_elemental"),
            plain("valence_orbital"), plain("tm_fraction"), plain("band_center"), plain("electronegativity_difference"),
            plain("electron_affinity"), plain("ion_property"), plain("oxidation_states"), plain("yang_solid_solution"), plain("miedema"),
        ],
    },
    Preset {
        name: "structure-core",
        summary: "every descriptor of ordered structures whose columns no plan has to choose",
        descriptors: &[
            plain("density"), plain("symmetry"), plain("structural_complexity"), plain("ewald_energy"), plain("xrd"),
            plain("structural_heterogeneity"), plain("chemical_ordering"), plain("max_packing_efficiency"), plain("dimensionality"),
            plain("sine_matrix"), plain("rdf"), plain("effective_coordination"), plain("local_property_difference"),
            plain("crystal_nn_fingerprint"), plain("op_site_fingerprint"), plain("voronoi_fingerprint"), plain("bond_orientational"),
            plain("agni"), plain("gaussian_symmetry"), plain("grdf"), plain("bond_lengths"), plain("bond_angles"),
        ],
    },
    Preset {
        name: "matbench-rf",
        summary: "what the random forest of Matbench reads from structures (Dunn 2020)",
        descriptors: &[plain("magpie"), plain("sine_matrix")],
    },
    Preset {
        name: "voronoi-rf",
        summary: "the 273 columns of Ward 2017, as the random forest of Matbench Discovery reads them",
        descriptors: &[
            plain("effective_coordination"), plain("structural_heterogeneity"), plain("chemical_ordering"),
            plain("max_packing_efficiency"), plain("local_property_difference"), plain("stoichiometry"), plain("magpie"),
            with("valence_orbital", r#"{"props": ["frac"]}"#), plain("ion_property"),
        ],
    },
    Preset {
        name: "modnet-2023",
        summary: "MODNet's Matminer2023 (De Breuck 2021) with the quirks of matminer, but for atomic orbitals, atomic packing \
            efficiency, bond fractions, ChemEnv fingerprints and plain numbers of Voronoi neighbours",
        descriptors: &[
            plain("band_center"), plain("element_fraction"), plain("magpie"), plain("ion_property"), plain("miedema"),
            plain("stoichiometry"), plain("tm_fraction"), plain("valence_orbital"), plain("yang_solid_solution"),
            plain("electronegativity_difference"), plain("oxidation_states"), plain("density_matminer"), plain("symmetry_matminer"),
            plain("rdf_matminer"), plain("coulomb_matrix"), plain("sine_matrix"), plain("ewald_energy"),
            plain("structural_heterogeneity"), plain("max_packing_efficiency"), plain("chemical_ordering"), plain("xrd"), plain("agni"),
            with("bond_angles", MEAN_AND_DEVIATION), with("bond_lengths", MEAN_AND_DEVIATION), plain("bond_orientational"),
            plain("crystal_nn_fingerprint"), plain("gaussian_symmetry"), plain("grdf"),
            with("local_property_difference", r#"{"properties": ["Electronegativity"], "statistics": ["mean", "std_dev"]}"#),
            plain("op_site_fingerprint"), plain("voronoi_fingerprint_matminer"),
        ],
    },
];

/// The preset of this name.
///
/// # Errors
/// Unknown name, with the closest one.
pub fn preset(name: &str) -> Result<&'static Preset, DescriptorError> {
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| DescriptorError::UnknownPreset {
        name: name.to_owned(),
        suggestion: closest(name, PRESETS.iter().map(|preset| preset.name)).map(str::to_owned),
    })
}

impl Member {
    /// Its parameters.
    ///
    /// # Panics
    /// Never: a test reads those of all presets.
    pub fn parameters(&self) -> Map<String, Value> {
        serde_json::from_str(self.parameters).expect("a test reads the parameters of all presets")
    }
}

impl Preset {
    /// Its descriptors with their parameters; `changes` has parameters by descriptor, which replace or join those of the
    /// preset.
    ///
    /// # Errors
    /// A descriptor that the preset does not have, with the closest one; parameters that are no table.
    pub fn descriptors_with(&self, changes: &Map<String, Value>) -> Result<Vec<(String, Value)>, DescriptorError> {
        let has = |name: &str| self.descriptors.iter().any(|member| member.name == name);
        if let Some(name) = changes.keys().find(|name| !has(name)) {
            return Err(DescriptorError::NotInPreset {
                preset: self.name,
                name: name.clone(),
                suggestion: closest(name, self.descriptors.iter().map(|member| member.name)).map(str::to_owned),
            });
        }
        let of = |member: &Member| {
            let mut parameters = member.parameters();
            match changes.get(member.name) {
                None => {}
                Some(Value::Object(own)) => parameters.extend(own.clone()),
                Some(other) => {
                    let reason = format!("parameters are {other}, expected a table");
                    return Err(DescriptorError::Parameters { name: member.name.to_owned(), reason });
                }
            }
            Ok((member.name.to_owned(), Value::Object(parameters)))
        };
        self.descriptors.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::descriptor::build;

    fn widths(name: &str) -> Vec<usize> {
        let list = preset(name).expect("a preset").descriptors_with(&Map::new()).expect("no changes");
        let width =
            |(name, parameters): &(String, Value)| build(name, parameters).expect("can be built").columns().len();
        list.iter().map(width).collect()
    }

    #[test]
    fn misspelt_preset_gets_a_suggestion() {
        let error = preset("composition_core").err().expect("unknown");
        assert_eq!(error.to_string(), "unknown preset \"composition_core\", did you mean \"composition-core\"?");
    }

    #[test]
    fn presets_name_registered_descriptors_once() {
        for preset in PRESETS {
            for (place, member) in preset.descriptors.iter().enumerate() {
                build(member.name, &Value::Object(member.parameters())).expect("can be built");
                assert!(
                    preset.descriptors[..place].iter().all(|other| other.name != member.name),
                    "{} twice",
                    member.name
                );
            }
        }
    }

    #[test]
    fn columns_of_voronoi_rf_are_those_of_ward() {
        assert_eq!(widths("voronoi-rf"), [5, 9, 3, 1, 110, 6, 132, 4, 3]);
        assert_eq!(widths("voronoi-rf").iter().sum::<usize>(), 273);
    }

    #[test]
    fn matbench_rf_has_magpie_and_one_eigenvalue_an_atom() {
        let changes = json!({ "sine_matrix": { "max_atoms": 17 } });
        let list = preset("matbench-rf").expect("a preset").descriptors_with(changes.as_object().expect("a table"));
        let list = list.expect("a parameter of one of its descriptors");
        assert_eq!(list[1], ("sine_matrix".to_owned(), json!({ "max_atoms": 17 })));
        assert_eq!(widths("matbench-rf"), [132, 300]);
    }

    #[test]
    fn parameters_of_a_stranger_are_refused() {
        let changes = json!({ "sine_matri": {} });
        let error = preset("matbench-rf").expect("a preset").descriptors_with(changes.as_object().expect("a table"));
        assert_eq!(
            error.expect_err("not there").to_string(),
            "preset \"matbench-rf\" has no descriptor \"sine_matri\", did you mean \"sine_matrix\"?"
        );
    }
}
