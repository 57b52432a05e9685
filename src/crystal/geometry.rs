//! What several descriptors need of the same structure, computed once, when the first of them asks.

use super::symmetry::ANGLE_TOLERANCE;
use super::{Structure, Symmetry, SymmetryError};

/// Geometry of one structure at a time; belongs to one worker and is reused from structure to structure.
#[derive(Debug, Default)]
pub struct Geometry {
    /// By bits of symprec.
    symmetries: Vec<(u64, Result<Symmetry, SymmetryError>)>,
}

impl Geometry {
    /// Forgets what belongs to the structure before.
    pub fn begin(&mut self, structure: &Structure) {
        let _ = structure;
        self.symmetries.clear();
    }

    /// Symmetry within `symprec` (Å) and pymatgen's angle tolerance, found once a structure and tolerance.
    ///
    /// # Errors
    /// Those of [`Symmetry::find`].
    pub fn symmetry(&mut self, structure: &Structure, symprec: f64) -> Result<&Symmetry, SymmetryError> {
        let known = self.symmetries.iter().position(|(bits, _)| *bits == symprec.to_bits());
        let place = known.unwrap_or_else(|| {
            let found = Symmetry::find(structure, symprec, Some(ANGLE_TOLERANCE));
            self.symmetries.push((symprec.to_bits(), found));
            self.symmetries.len() - 1
        });
        self.symmetries[place].1.as_ref().map_err(Clone::clone)
    }
}
