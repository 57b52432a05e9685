//! From the text of a structure, as framed, to a crystal.

use super::StructureRecord;
use crate::candidate::{CandidateIndex, CandidateKind, Crystal, Fault, FaultCode, Stage};
use crate::crystal::{GeometryError, Structure};
use crate::random::{STEP, splitmix};
use crate::source::{Disorder, Format};

/// What becomes of the disordered structures of a source.
#[derive(Copy, Clone, Debug, Default)]
pub(in crate::source) struct Treatment {
    pub disorder: Disorder,
    /// Seed of random orderings.
    pub seed: u64,
}

impl Treatment {
    /// The structure of a candidate as the plan wants it; ordered structures stay as they are.
    ///
    /// # Errors
    /// `overlapping-atoms` where partly filled sites lie on one place; `too-many-atoms`.
    pub fn of(self, structure: Structure, index: CandidateIndex) -> Result<Structure, Fault> {
        let ordered = match self.disorder {
            _ if structure.is_ordered() => return Ok(structure),
            Disorder::Keep => return Ok(structure),
            Disorder::Majority => structure.majority(),
            Disorder::Random => structure.dealt(splitmix(splitmix(self.seed) ^ index.0.wrapping_mul(STEP))),
        };
        ordered.map_err(|error| {
            let code = match error {
                GeometryError::OverlappingAtoms { .. } => FaultCode::OverlappingAtoms,
                GeometryError::TooManyAtoms { .. } => FaultCode::TooManyAtoms,
                _ => FaultCode::Internal,
            };
            Fault::new(Stage::Parse, code, error.to_string())
        })
    }
}

/// Decodes a record whose text begins behind its tag: the place of its format, then the text. `line` is where the record
/// begins in its file. Returns the numbers that stand beside the structure.
///
/// # Errors
/// The reader's fault, its line counted from the begin of the file; `empty-composition` for a cell without atoms; as
/// [`Treatment::of`].
pub(in crate::source) fn decode(
    tagged: &[u8],
    line: u64,
    (treatment, index): (Treatment, CandidateIndex),
    out: &mut CandidateKind,
) -> Result<Vec<(String, f64)>, Fault> {
    let kind = tagged.first().and_then(|&place| Format::ALL.get(usize::from(place))).copied();
    let Some(format) = kind.and_then(super::format) else {
        return Err(Fault::new(Stage::Parse, FaultCode::Internal, "a record of no structure format"));
    };
    let mut record = StructureRecord::default();
    format.reader.read(&tagged[1..], &mut record).map_err(|fault| shifted(fault, line))?;
    let structure = record.structure.map(|structure| treatment.of(structure, index)).transpose()?;
    let Some(structure) = structure.filter(|structure| !structure.is_empty()) else {
        return Err(Fault::new(Stage::Parse, FaultCode::EmptyComposition, "the cell holds no atoms"));
    };
    // Titles of POSCAR files and names of data blocks are often the same for thousands of files, names of files are not.
    let id = match kind {
        Some(Format::Cif | Format::Poscar) => String::new(),
        _ => record.id,
    };
    *out = CandidateKind::Crystal(Box::new(Crystal { id, ..Crystal::new(structure) }));
    Ok(record.properties)
}

/// Counts the line of a fault from the begin of the file.
fn shifted(fault: Fault, begin: u64) -> Fault {
    let Some((number, rest)) = fault.detail.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) else {
        return fault;
    };
    match number.parse::<u64>() {
        Ok(line) if begin > 1 => Fault { detail: format!("line {}: {rest}", line + begin - 1).into(), ..fault },
        _ => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_the_begin_of_the_file() {
        let fault = |detail: &'static str| Fault::new(Stage::Parse, FaultCode::UnparsableCif, detail);
        assert_eq!(shifted(fault("line 3: why: so"), 10).detail, "line 12: why: so");
        assert_eq!(shifted(fault("line 3: why"), 1).detail, "line 3: why");
        assert_eq!(shifted(fault("why"), 10).detail, "why");
    }
}
