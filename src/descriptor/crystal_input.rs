//! What descriptors of structures ask of a candidate before they begin, and the faults of its geometry.

use crate::candidate::{Candidate, Fault, FaultCode, Stage};
use crate::crystal::{CrystalNnError, GeometryError, Occupant, Structure};

/// The structure of a candidate.
///
/// # Errors
/// `no-structure`; `empty-composition` where the cell holds no sites.
pub(super) fn structure(candidate: &Candidate) -> Result<&Structure, Fault> {
    let fault = |code, detail| Fault::new(Stage::Describe, code, detail);
    let Some(structure) = candidate.structure() else {
        return Err(fault(FaultCode::NoStructure, "the candidate has no structure, but a descriptor needs one"));
    };
    if structure.is_empty() {
        return Err(fault(FaultCode::EmptyComposition, "the cell holds no atoms"));
    }
    Ok(structure)
}

/// The structure of a candidate and who sits on each of its sites.
///
/// # Errors
/// As [`structure`]; `disordered-structure`.
pub(super) fn ordered_structure(candidate: &Candidate) -> Result<(&Structure, &[Occupant]), Fault> {
    let structure = structure(candidate)?;
    let occupants = structure.ordered().ok_or_else(|| {
        let partial = |&site: &usize| !matches!(structure.occupants(site), [only] if only.occupancy == 1.0);
        let site = (0..structure.len()).find(partial).unwrap_or(0);
        let detail =
            format!("site {site} (from 0) is shared or partly filled, but a descriptor needs an ordered structure");
        Fault::new(Stage::Describe, FaultCode::DisorderedStructure, detail)
    })?;
    Ok((structure, occupants))
}

/// The fault of a candidate whose geometry cannot be computed.
pub(super) fn geometry_fault(error: GeometryError) -> Fault {
    let code = match error {
        GeometryError::OverlappingAtoms { .. } => FaultCode::OverlappingAtoms,
        GeometryError::TooManyAtoms { .. } | GeometryError::TooManyVertices { .. } => FaultCode::TooManyAtoms,
        GeometryError::UnevenTessellation { .. } => FaultCode::Internal,
    };
    Fault::new(Stage::Describe, code, error.to_string())
}

/// The fault of a candidate whose bonds cannot be found.
pub(super) fn bond_fault(error: CrystalNnError) -> Fault {
    match error {
        CrystalNnError::Geometry(error) => geometry_fault(error),
        CrystalNnError::NoRadius { .. } => {
            Fault::new(Stage::Describe, FaultCode::MissingElementData, error.to_string())
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::candidate::{CandidateIndex, CandidateKind, Crystal};
    use crate::crystal::Lattice;
    use crate::descriptor::{Descriptor, Scratch};

    /// A cubic cell of this edge, with these sites.
    pub fn cubic(edge: f64, sites: &[([f64; 3], &str)]) -> Candidate {
        let mut structure = Structure::new(Lattice::cubic(edge).expect("a cell"));
        for (frac, symbol) in sites {
            structure.push(*frac, symbol.parse().expect("symbol"));
        }
        let kind = CandidateKind::Crystal(Box::new(Crystal::new(structure)));
        Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
    }

    /// One row of a descriptor.
    pub fn row(descriptor: &dyn Descriptor, candidate: &Candidate) -> Result<Vec<f64>, Fault> {
        let mut scratch = Scratch::new();
        scratch.begin(candidate);
        let mut out = vec![f64::INFINITY; descriptor.columns().len()];
        descriptor.describe(candidate, &mut scratch, &mut out).map(|()| out)
    }

    #[test]
    fn structures_are_asked_for() {
        let bare = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
        assert_eq!(structure(&bare).expect_err("no structure").code, FaultCode::NoStructure);
        assert_eq!(structure(&cubic(3.0, &[])).expect_err("no sites").code, FaultCode::EmptyComposition);
        assert!(ordered_structure(&cubic(3.0, &[([0.0; 3], "Po")])).is_ok());
    }
}
