//! Models on board: compiled in, named in plans and on the command line without a path.

use std::path::Path;

use super::{Model, SurrogateError};

/// A model that is compiled in.
pub struct OnBoard {
    /// Name in plans and on the command line.
    pub name: &'static str,
    /// Content of its file.
    bytes: &'static [u8],
}

/// All models on board, in the order in which they are listed.
pub const BOARD: &[OnBoard] = &[
    OnBoard { name: "expt_gap", bytes: include_bytes!("../../models/expt_gap.msm") },
    OnBoard { name: "expt_is_metal", bytes: include_bytes!("../../models/expt_is_metal.msm") },
    OnBoard { name: "refractive_index", bytes: include_bytes!("../../models/refractive_index.msm") },
    OnBoard { name: "exfoliation_energy", bytes: include_bytes!("../../models/exfoliation_energy.msm") },
    OnBoard { name: "debye_temperature", bytes: include_bytes!("../../models/debye_temperature.msm") },
    OnBoard { name: "bulk_modulus", bytes: include_bytes!("../../models/bulk_modulus.msm") },
    OnBoard { name: "thermal_conductivity", bytes: include_bytes!("../../models/thermal_conductivity.msm") },
    OnBoard { name: "formation_energy", bytes: include_bytes!("../../models/formation_energy.msm") },
    OnBoard { name: "alloy_phase", bytes: include_bytes!("../../models/alloy_phase.msm") },
    OnBoard { name: "alloy_hardness", bytes: include_bytes!("../../models/alloy_hardness.msm") },
];

impl OnBoard {
    /// Reads it.
    ///
    /// # Errors
    /// As [`Model::from_bytes`]; a test opens every one.
    pub fn open(&self) -> Result<Model, SurrogateError> {
        Model::from_bytes(self.bytes)
    }
}

/// Opens a model on board by its bare name, else a file.
///
/// # Errors
/// As [`Model::open`].
pub fn open(path: &Path) -> Result<Model, SurrogateError> {
    match named(path) {
        Some(model) => model.open(),
        None => Model::open(path),
    }
}

/// The model on board of this bare name: one component, no extension.
pub fn named(path: &Path) -> Option<&'static OnBoard> {
    BOARD.iter().find(|model| path == Path::new(model.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_on_board_opens_under_its_own_name_and_fits_5_mb() {
        for model in BOARD {
            let opened = model.open().expect("a model on board is intact and passes its self-check");
            assert_eq!(opened.card().name, model.name);
            assert!(model.bytes.len() < 5_000_000);
            assert!(opened.card().training.provenance.licence.is_some(), "{} states no licence", model.name);
        }
    }
}
