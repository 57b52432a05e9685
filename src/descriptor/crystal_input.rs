//! What descriptors of structures ask of a candidate before they begin, and the faults of its geometry.

use crate::candidate::{Candidate, Fault, FaultCode, Stage};
use crate::crystal::{GeometryError, Occupant, Structure};

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
