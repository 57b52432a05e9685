//! Parameters of `soap` as a plan gives them, and their limits.

use serde::{Deserialize, Serialize};

use super::super::DescriptorError;
use super::super::species_list::SpeciesList;

/// Most columns: at 8 MB a row a batch would not fit into memory.
const MAX_COLUMNS: usize = 1 << 20;

/// Which species products are kept.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compression {
    /// One density of all atoms, whatever their element (Darby 2022).
    Mu2,
    /// Every pair of species.
    Off,
}

/// What is averaged over the sites.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Average {
    /// The power spectra.
    Outer,
    /// The expansion coefficients, before their products are formed.
    Inner,
}

/// Radial basis.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RadialBasis {
    /// Gaussian type orbitals.
    Gto,
}

/// Parameters of the plan, defaults filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Parameters {
    pub species: Option<Vec<String>>,
    /// Å.
    pub r_cut: f64,
    pub n_max: usize,
    pub l_max: usize,
    /// Å.
    pub sigma: f64,
    pub compression: Compression,
    pub average: Average,
    pub rbf: RadialBasis,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            species: None,
            r_cut: 6.0,
            n_max: 8,
            l_max: 6,
            sigma: 0.4,
            compression: Compression::Mu2,
            average: Average::Outer,
            rbf: RadialBasis::Gto,
        }
    }
}

impl Parameters {
    /// Reads and checks them; the species, sorted, where any are given.
    ///
    /// # Errors
    /// An unknown key, a value out of range, `compression = "off"` without species.
    pub fn parse(given: &serde_json::Value) -> Result<(Self, Option<SpeciesList>), DescriptorError> {
        let refuse = |reason| DescriptorError::Parameters { name: "soap".to_owned(), reason };
        let parsed: Option<Self> =
            Deserialize::deserialize(given).map_err(|error: serde_json::Error| refuse(error.to_string()))?;
        let mut parameters = parsed.unwrap_or_default();
        let species = parameters.check().map_err(refuse)?;
        parameters.species = species.as_ref().map(|list| list.symbols().map(str::to_owned).collect());
        Ok((parameters, species))
    }

    fn check(&self) -> Result<Option<SpeciesList>, String> {
        let Self { r_cut, n_max, l_max, sigma, .. } = *self;
        if !(r_cut > 1.0 && r_cut <= 30.0) {
            return Err(format!("`r_cut` is {r_cut} Å, expected above 1 and at most 30"));
        }
        if !(0.05..=5.0).contains(&sigma) {
            return Err(format!("`sigma` is {sigma} Å, expected 0.05 to 5"));
        }
        if !(1..=20).contains(&n_max) {
            return Err(format!("`n_max` is {n_max}, expected 1 to 20"));
        }
        if l_max > 20 {
            return Err(format!("`l_max` is {l_max}, expected 0 to 20"));
        }
        let species = self.species.as_deref().map(SpeciesList::parse).transpose()?;
        if self.compression == Compression::Off {
            let Some(list) = &species else {
                return Err("compression \"off\" needs `species`, the elements that the structures may hold".to_owned());
            };
            let radial = list.elements().len() * n_max;
            let columns = radial * (radial + 1) / 2 * (l_max + 1);
            if columns > MAX_COLUMNS {
                return Err(format!(
                    "{} species with n_max = {n_max} and l_max = {l_max} make {columns} columns, expected at most \
                     {MAX_COLUMNS}; compression \"mu2\" does not grow with the species",
                    list.elements().len()
                ));
            }
        }
        Ok(species)
    }
}
