//! From the text of a structure, as framed or in the field of a table, to a crystal.

use super::{MAX_RECORD, StructureRecord};
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

/// Bytes of a field that tell its format.
const HEAD_BYTES: usize = 4096;

/// Decodes a record whose text begins behind its tag: the place of its format, then the text. `line` is where the record
/// begins in its file. Returns the numbers that stand beside the structure.
///
/// # Errors
/// The reader's fault, its line counted from the begin of the file; `empty-composition` for a cell without atoms; as
/// [`Treatment::of`].
pub(in crate::source) fn decode(
    tagged: &[u8],
    line: u64,
    treated: (Treatment, CandidateIndex),
    out: &mut CandidateKind,
) -> Result<Vec<(String, f64)>, Fault> {
    let kind = tagged.first().and_then(|&place| Format::ALL.get(usize::from(place))).copied();
    let Some(format) = kind.and_then(super::format) else {
        return Err(Fault::new(Stage::Parse, FaultCode::Internal, "a record of no structure format"));
    };
    let mut record = StructureRecord::default();
    format.reader.read(&tagged[1..], &mut record).map_err(|fault| shifted(fault, line))?;
    // Titles of POSCAR files and names of data blocks are often the same for thousands of files, names of files are not.
    let id = match kind {
        Some(Format::Cif | Format::Poscar) => String::new(),
        _ => std::mem::take(&mut record.id),
    };
    finish(record, id, treated, out)
}

/// Decodes the field of a table that holds one structure in a format that its first bytes tell. The crystal has no name:
/// its row names it.
///
/// # Errors
/// The reader's fault, its line counted from the begin of the field; `unparsable-structure` for a field of no format, or with
/// several structures.
pub(in crate::source) fn decode_text(
    text: &[u8],
    treated: (Treatment, CandidateIndex),
    out: &mut CandidateKind,
) -> Result<Vec<(String, f64)>, Fault> {
    let refuse = |why: &str| Err(Fault::new(Stage::Parse, FaultCode::UnparsableStructure, why.to_owned()));
    if text.trim_ascii().is_empty() {
        return Err(Fault::new(Stage::Parse, FaultCode::EmptyComposition, "the field is empty"));
    }
    if text.len() > MAX_RECORD {
        let why = format!("the structure has {} bytes, more than {MAX_RECORD}", text.len());
        return Err(Fault::new(Stage::Parse, FaultCode::TooLarge, why));
    }
    let Some(format) = Format::of_content(&text[..text.len().min(HEAD_BYTES)]).and_then(super::format) else {
        return refuse("no format of structures begins like this field");
    };
    let (mut framer, mut rest) = ((format.framer)(), text);
    let (mut found, mut fault, mut bytes) = (None, None, Vec::new());
    loop {
        bytes.clear();
        let framed = match framer.next(&mut rest, &mut bytes) {
            Ok(Some(framed)) => framed,
            Ok(None) => break,
            Err(error) => return refuse(&error.to_string()),
        };
        let mut record = StructureRecord::default();
        match format.reader.read(&bytes, &mut record) {
            Ok(()) if found.is_some() => return refuse("the field holds more than one structure"),
            Ok(()) => found = Some(record),
            Err(error) => {
                fault.get_or_insert(shifted(error, framed.line));
            }
        }
    }
    match (found, fault) {
        (Some(record), _) => finish(record, String::new(), treated, out),
        (None, Some(fault)) => Err(fault),
        (None, None) => refuse("the field holds no structure"),
    }
}

fn finish(
    record: StructureRecord,
    id: String,
    (treatment, index): (Treatment, CandidateIndex),
    out: &mut CandidateKind,
) -> Result<Vec<(String, f64)>, Fault> {
    let structure = record.structure.map(|structure| treatment.of(structure, index)).transpose()?;
    let Some(structure) = structure.filter(|structure| !structure.is_empty()) else {
        return Err(Fault::new(Stage::Parse, FaultCode::EmptyComposition, "the cell holds no atoms"));
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

    fn field(text: &str) -> Result<CandidateKind, Fault> {
        let mut out = CandidateKind::Row;
        decode_text(text.as_bytes(), (Treatment::default(), CandidateIndex(0)), &mut out).map(|_| out)
    }

    #[test]
    fn fields_of_any_text_format_are_read() {
        let print = "Full Formula (Po1)\nReduced Formula: Po\nabc   :   3   3   3\nangles:  90  90  90\nSites (1)\n  #  SP      a    b    c\n---  ----  ---  ---  ---\n  0  Po      0    0    0\n";
        let poscar = "Po\n3\n1 0 0\n0 1 0\n0 0 1\nPo\n1\nDirect\n0 0 0\n";
        let json = r#"{"lattice": {"matrix": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]}, "sites": [{"species": [{"element": "Po"}], "abc": [0, 0, 0]}]}"#;
        let jarvis = r#"{"lattice_mat": [[3, 0, 0], [0, 3, 0], [0, 0, 3]], "elements": ["Po"], "coords": [[0, 0, 0]]}"#;
        let frame = "1\nLattice=\"3 0 0 0 3 0 0 0 3\"\nPo 0 0 0\n";
        let aims = "lattice_vector 3 0 0\nlattice_vector 0 3 0\nlattice_vector 0 0 3\natom 0 0 0 Po\n";
        for text in [print, poscar, json, &format!("[{json}]"), jarvis, frame, aims] {
            let CandidateKind::Crystal(crystal) = field(text).expect(text) else { panic!("{text}") };
            assert_eq!((crystal.structure.len(), crystal.id.as_str()), (1, ""));
            assert!((crystal.structure.lattice().volume() - 27.0).abs() < 1e-9);
        }
    }

    #[test]
    fn fields_of_no_format_or_of_two_structures_are_refused() {
        let frame = "1\nLattice=\"3 0 0 0 3 0 0 0 3\"\nPo 0 0 0\n";
        for (text, code, detail) in [
            (" ", FaultCode::EmptyComposition, "the field is empty"),
            ("Fe2O3", FaultCode::UnparsableStructure, "no format of structures begins like this field"),
            (&format!("{frame}{frame}"), FaultCode::UnparsableStructure, "the field holds more than one structure"),
            (&frame.replace("Po", "Qq"), FaultCode::UnknownElement, "line 3: \"Qq\" is no element"),
        ] {
            let fault = field(text).expect_err(text);
            assert_eq!((fault.code, &*fault.detail), (code, detail));
        }
    }

    #[test]
    fn lines_are_counted_from_the_begin_of_the_file() {
        let fault = |detail: &'static str| Fault::new(Stage::Parse, FaultCode::UnparsableCif, detail);
        assert_eq!(shifted(fault("line 3: why: so"), 10).detail, "line 12: why: so");
        assert_eq!(shifted(fault("line 3: why"), 1).detail, "line 3: why");
        assert_eq!(shifted(fault("why"), 10).detail, "why");
    }
}
