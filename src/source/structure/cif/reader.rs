//! From the bytes of a data block to a structure.

use crate::candidate::{Fault, FaultCode, Stage};
use crate::chem::Composition;
use crate::crystal::{Lattice, Structure};
use crate::source::structure::{MAX_RECORD, StructureReader, StructureRecord};

use super::block::Block;
use super::cell::cell;
use super::expand::expand;
use super::sites::{Atom, BadSite, atoms};
use super::symmetry::{Symmetry, symmetry};
use super::tag::Key;

/// Reads CIF data blocks.
pub(in crate::source::structure) struct CifReader;

impl StructureReader for CifReader {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.properties.clear();
        out.id.clear();
        if record.len() > MAX_RECORD {
            return Err(Fault::new(
                Stage::Parse,
                FaultCode::TooLarge,
                format!("the data block is longer than {MAX_RECORD} bytes"),
            ));
        }
        let at_line =
            |at: usize, code, why: &str| Fault::new(Stage::Parse, code, format!("line {}: {why}", line_of(record, at)));
        if record.starts_with(b"\xFF\xFE") || record.starts_with(b"\xFE\xFF") {
            return Err(at_line(0, FaultCode::UnparsableCif, "UTF-16 text; CIF is ASCII or UTF-8"));
        }
        let block = Block::read(record);
        let read = structure(&block);
        if let Some(second) = block.second {
            let why = "a second data block begins in the middle of a line";
            return Err(at_line(second, FaultCode::UnparsableCif, why));
        }
        match (read, block.unclosed) {
            (Ok(structure), _) => {
                out.structure = Some(structure);
                let name = block.name.map_or(&b""[..], |name| name.of(record));
                out.id.push_str(&String::from_utf8_lossy(name));
                Ok(())
            }
            (Err(bad), Some(at)) => {
                let why = format!("nothing closes the text field or list that begins here; {}", bad.why);
                Err(at_line(at, FaultCode::UnparsableCif, &why))
            }
            (Err(bad), None) => Err(at_line(bad.at, bad.code, &bad.why)),
        }
    }
}

/// The line, from 1, that holds a byte; lines end with LF, CRLF or CR.
fn line_of(record: &[u8], at: usize) -> usize {
    let before = &record[..at.min(record.len())];
    let ends = |pair: &[u8]| pair[0] == b'\n' || (pair[0] == b'\r' && pair.get(1) != Some(&b'\n'));
    1 + (0..before.len()).filter(|&place| ends(&record[place..record.len().min(place + 2)])).count()
}

fn structure(block: &Block<'_>) -> Result<Structure, BadSite> {
    let lattice = cell(block).map_err(|bad| BadSite { at: bad.at, code: bad.code, why: bad.why })?;
    let atoms = atoms(block, &lattice)?;
    if atoms.is_empty() {
        let why = "no atom is left: all rows are dummies or have an occupancy of zero".into();
        return Err(BadSite { at: block.bytes.len(), code: FaultCode::EmptyComposition, why });
    }
    let found = symmetry(block, &lattice).map_err(|bad| BadSite {
        at: bad.at,
        code: FaultCode::UnknownSymmetry,
        why: bad.why,
    })?;
    with_origin(block, &atoms, found, &lattice)
}

/// Expands the atoms. Where the file leaves open which of two origins it means, the one whose cell has the composition
/// that the file states is taken; else the one with fewer sites, as atoms prefer special positions; else the first.
fn with_origin(block: &Block<'_>, atoms: &[Atom], found: Symmetry, lattice: &Lattice) -> Result<Structure, BadSite> {
    let first = expand(atoms, &found.operations, lattice);
    let Some(other) = found.other_origin else { return first };
    match (first, expand(atoms, &other, lattice)) {
        (Ok(first), Ok(second)) => {
            let stated = block.item_of(Key::FORMULA_SUM).and_then(|span| stated(span.of(block.bytes)));
            let agrees = |structure: &Structure| {
                stated.as_ref().is_some_and(|stated| is_multiple(&structure.composition(), stated))
            };
            let second_is_better = match (agrees(&first), agrees(&second)) {
                (true, false) => false,
                (false, true) => true,
                _ => second.len() < first.len(),
            };
            Ok(if second_is_better { second } else { first })
        }
        (Ok(structure), Err(_)) | (Err(_), Ok(structure)) => Ok(structure),
        (Err(bad), Err(_)) => Err(bad),
    }
}

fn stated(formula: &[u8]) -> Option<Composition> {
    crate::chem::parse_formula(std::str::from_utf8(formula).ok()?).ok()
}

/// Whether the two differ by a factor only, amounts within 1 %.
fn is_multiple(a: &Composition, b: &Composition) -> bool {
    a.num_elements() == b.num_elements()
        && a.elements().all(|element| (a.fraction(element) - b.fraction(element)).abs() <= 0.01 * a.fraction(element))
}
