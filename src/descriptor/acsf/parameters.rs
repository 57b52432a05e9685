//! Parameters of `acsf` as a plan gives them, and their limits.

use matsieve_kernels::symmetry_functions::AngularFunction;
use serde::{Deserialize, Serialize};

use super::super::DescriptorError;
use super::super::site_pooling::SitePooling;
use super::super::site_statistics::SiteStatistic;
use super::super::species_list::SpeciesList;

/// Name in the registry.
pub(super) const NAME: &str = "acsf";

/// Parameters of the plan, defaults filled in; names and meaning are those of DScribe.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Parameters {
    pub species: Vec<String>,
    /// Å.
    pub r_cut: f64,
    /// η (Å⁻²) and Rₛ (Å) of each function.
    pub g2_params: Vec<[f64; 2]>,
    /// κ (Å⁻¹) of each function.
    pub g3_params: Vec<f64>,
    /// η (Å⁻²), ζ and λ of each function of three atoms.
    pub g4_params: Vec<[f64; 3]>,
    /// The same without the third side.
    pub g5_params: Vec<[f64; 3]>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            species: Vec::new(),
            r_cut: 6.0,
            g2_params: Vec::new(),
            g3_params: Vec::new(),
            g4_params: Vec::new(),
            g5_params: Vec::new(),
        }
    }
}

impl Parameters {
    /// Reads and checks them, with the species and what becomes of the values of sites.
    ///
    /// # Errors
    /// An unknown key, a value out of range, no species.
    pub fn parse(given: &serde_json::Value) -> Result<(Self, SpeciesList, SitePooling), DescriptorError> {
        let refuse = |reason| DescriptorError::Parameters { name: NAME.to_owned(), reason };
        let mut given = given.clone();
        let mut species = None;
        if let Some(object) = given.as_object_mut() {
            species = object.get("species").cloned();
            // The species of neighbours are those of sites too, where columns are resolved by them.
            if !object.get("resolve").is_some_and(|resolve| resolve.to_string().contains("\"species\"")) {
                object.shift_remove("species");
            }
        }
        let (pooling, mut own) = SitePooling::take(NAME, &given, &[SiteStatistic::Mean])?;
        if let (Some(object), Some(species)) = (own.as_object_mut(), species) {
            object.insert("species".into(), species);
        }
        let mut parameters: Self =
            Deserialize::deserialize(&own).map_err(|error: serde_json::Error| refuse(error.to_string()))?;
        let species = parameters.check().map_err(refuse)?;
        parameters.species = species.symbols().map(str::to_owned).collect();
        let pairs = species.elements().len() * (species.elements().len() + 1) / 2;
        let quantities = species.elements().len() * parameters.num_radial() + pairs * parameters.num_angular();
        pooling.check_width(NAME, quantities)?;
        Ok((parameters, species, pooling))
    }

    /// Functions of one neighbour.
    pub fn num_radial(&self) -> usize {
        1 + self.g2_params.len() + self.g3_params.len()
    }

    /// Functions of two neighbours.
    pub fn num_angular(&self) -> usize {
        self.g4_params.len() + self.g5_params.len()
    }

    /// Functions of two neighbours, in the order of their columns.
    pub fn angular_functions(&self) -> Vec<AngularFunction> {
        let of = |is_closed| {
            move |[decay, exponent, sign]: &[f64; 3]| AngularFunction {
                decay: *decay,
                exponent: *exponent,
                sign: *sign,
                is_closed,
            }
        };
        self.g4_params.iter().map(of(true)).chain(self.g5_params.iter().map(of(false))).collect()
    }

    fn check(&self) -> Result<SpeciesList, String> {
        if self.species.is_empty() {
            return Err(
                "it needs `species`, the elements that the structures may hold, such as [\"O\", \"Ti\"]".to_owned()
            );
        }
        let species = SpeciesList::parse(&self.species)?;
        if !(self.r_cut > 0.0 && self.r_cut <= 30.0) {
            return Err(format!("`r_cut` is {} Å, expected above 0 and at most 30", self.r_cut));
        }
        let is_decay = |eta: f64| (0.0..=1e6).contains(&eta);
        for [eta, shift] in &self.g2_params {
            if !is_decay(*eta) || !shift.is_finite() {
                return Err(format!("`g2_params` holds [{eta}, {shift}], expected [η from 0 to 1e6, a finite Rs]"));
            }
        }
        if let Some(kappa) = self.g3_params.iter().find(|kappa| kappa.is_nan() || kappa.abs() > 1e6) {
            return Err(format!("`g3_params` holds {kappa}, expected numbers from -1e6 to 1e6"));
        }
        for (key, list) in [("g4_params", &self.g4_params), ("g5_params", &self.g5_params)] {
            for [eta, zeta, lambda] in list {
                let is_exponent = *zeta > 0.0 && *zeta <= 1e3;
                if !(is_decay(*eta) && is_exponent && (-1.0..=1.0).contains(lambda)) {
                    return Err(format!(
                        "`{key}` holds [{eta}, {zeta}, {lambda}], expected [η from 0 to 1e6, ζ above 0 and at most 1000, \
                         λ from -1 to 1]"
                    ));
                }
            }
        }
        no_twins("g2_params", &self.g2_params)?;
        no_twins("g3_params", &self.g3_params)?;
        no_twins("g4_params", &self.g4_params)?;
        no_twins("g5_params", &self.g5_params)?;
        Ok(species)
    }
}

/// Refuses a function that is there twice: its columns would have the same labels.
fn no_twins<T: PartialEq + std::fmt::Debug>(key: &str, list: &[T]) -> Result<(), String> {
    match (1..list.len()).find(|&place| list[..place].contains(&list[place])) {
        Some(place) => Err(format!("`{key}` holds {:?} twice", list[place])),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_parameters_are_refused_with_what_is_allowed() {
        for (parameters, expected) in [
            (json!({}), "it needs `species`, the elements that the structures may hold, such as [\"O\", \"Ti\"]"),
            (json!({ "species": ["O"], "r_cut": 0 }), "`r_cut` is 0 Å, expected above 0 and at most 30"),
            (
                json!({ "species": ["O"], "g4_params": [[0.1, 0, 1]] }),
                "`g4_params` holds [0.1, 0, 1], expected [η from 0 to 1e6, ζ above 0 and at most 1000, λ from -1 to 1]",
            ),
            (json!({ "species": ["O"], "g3_params": [1, 2, 1] }), "`g3_params` holds 1.0 twice"),
        ] {
            let error = Parameters::parse(&parameters).expect_err("refused").to_string();
            assert_eq!(error, format!("descriptor \"acsf\": {expected}"));
        }
        let error = Parameters::parse(&json!({ "species": ["O"], "g2": [] })).expect_err("refused").to_string();
        assert!(error.contains("unknown field `g2`") && error.contains("g2_params"), "{error}");
    }
}
