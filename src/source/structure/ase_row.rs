//! One row of a database of ASE: how it is framed, and how it becomes a structure.
//!
//! A framed row is a tag, its number, and its values end to end: a letter for the type, then 8 bytes of a number or 4 of a
//! length and so many bytes.

use rusqlite::types::ValueRef;
use serde::de::MapAccess;

use super::json::{self, Beside, Document};
use super::refusal::{Refusal, lattice, push};
use super::{MAX_RECORD, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode, Stage};
use crate::chem::Element;

const CODE: FaultCode = FaultCode::UnparsableStructure;

/// Columns of `systems` in the order in which they are framed.
pub(super) const COLUMNS: [&str; 11] = [
    "numbers",
    "positions",
    "cell",
    "key_value_pairs",
    "data",
    "energy",
    "free_energy",
    "magmom",
    "charge",
    "fmax",
    "smax",
];

/// Those of them that are numbers beside the structure.
const PROPERTIES: std::ops::Range<usize> = 5..11;

/// Keys of ids among the key-value pairs, best first; else a row is called by its number.
const IDS: [&str; 7] = ["material_id", "mat_id", "mp_id", "jid", "uid", "identifier", "name"];

const ROW: u8 = 0;
const UNPARSABLE: u8 = 1;
const TOO_LARGE: u8 = 2;

/// Appends a row; one that is too large as its fault.
pub(super) fn write_row(out: &mut Vec<u8>, number: i64, values: &[ValueRef<'_>]) {
    let bytes = |value: &ValueRef<'_>| value.as_bytes().map_or(8, <[u8]>::len);
    if values.iter().map(bytes).sum::<usize>() > MAX_RECORD {
        return write_fault(out, FaultCode::TooLarge, &too_large(number));
    }
    out.push(ROW);
    out.extend_from_slice(&number.to_le_bytes());
    for value in values {
        match value {
            ValueRef::Null => out.push(b'n'),
            ValueRef::Integer(value) => {
                out.push(b'f');
                out.extend_from_slice(&(*value as f64).to_le_bytes());
            }
            ValueRef::Real(value) => {
                out.push(b'f');
                out.extend_from_slice(&value.to_le_bytes());
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                out.push(if matches!(value, ValueRef::Text(_)) { b't' } else { b'b' });
                // SQLite's own limit of lengths is below 2³¹.
                out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}

/// What is said of a row that is too large.
pub(super) fn too_large(number: i64) -> String {
    format!("row {number}: the structure is longer than {MAX_RECORD} bytes")
}

/// Appends a row that decodes to a fault.
pub(super) fn write_fault(out: &mut Vec<u8>, code: FaultCode, why: &str) {
    out.push(if code == FaultCode::TooLarge { TOO_LARGE } else { UNPARSABLE });
    out.extend_from_slice(why.as_bytes());
}

/// One value of a row.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Value<'a> {
    Null,
    Number(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// Reads rows.
pub(super) struct AseRow;

impl StructureReader for AseRow {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.id.clear();
        out.properties.clear();
        let (number, values) = match record {
            [ROW, rest @ ..] => unpack(rest).ok_or_else(|| {
                Fault::new(Stage::Parse, FaultCode::Internal, "a row of a database was framed in another way")
            })?,
            [tag, why @ ..] => {
                let code = if *tag == TOO_LARGE { FaultCode::TooLarge } else { CODE };
                return Err(Fault::new(Stage::Read, code, String::from_utf8_lossy(why).into_owned()));
            }
            [] => return Err(Refusal::new(CODE, "an empty row").whole()),
        };
        read(&values, out).map_err(|refusal| {
            let fault = refusal.whole();
            Fault { detail: format!("row {number}: {}", fault.detail).into(), ..fault }
        })?;
        if out.id.is_empty() {
            out.id = number.to_string();
        }
        Ok(())
    }
}

/// The number of a row and its values.
fn unpack(mut rest: &[u8]) -> Option<(i64, [Value<'_>; COLUMNS.len()])> {
    let (number, mut values) = (i64::from_le_bytes(*take(&mut rest)?), [Value::Null; COLUMNS.len()]);
    for slot in &mut values {
        let [kind] = *take(&mut rest)?;
        *slot = match kind {
            b'n' => Value::Null,
            b'f' => Value::Number(f64::from_le_bytes(*take(&mut rest)?)),
            kind => {
                let length = u32::from_le_bytes(*take(&mut rest)?) as usize;
                let (bytes, behind) = rest.split_at_checked(length)?;
                rest = behind;
                if kind == b't' { Value::Text(bytes) } else { Value::Blob(bytes) }
            }
        };
    }
    Some((number, values))
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (front, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(front)
}

fn read(values: &[Value<'_>; COLUMNS.len()], out: &mut StructureRecord) -> Result<(), Refusal> {
    let [numbers, positions, cell, pairs, data, ..] = *values;
    let numbers: &[[u8; 4]] = array("numbers", numbers)?;
    let positions: &[[u8; 8]] = array("positions", positions)?;
    let cell: &[[u8; 8]] = array("cell", cell)?;
    if cell.len() != 9 {
        return Err(Refusal::new(CODE, format!("`cell` has {} numbers, 9 are expected", cell.len())));
    }
    if positions.len() != 3 * numbers.len() {
        let why = format!("{} coordinates for {} atoms in `positions`", positions.len(), numbers.len());
        return Err(Refusal::new(CODE, why));
    }
    if let Value::Text(pairs) | Value::Blob(pairs) = pairs
        && !pairs.trim_ascii().is_empty()
    {
        let bad = |fault: Fault| Refusal::new(CODE, format!("`key_value_pairs`: {}", fault.detail));
        json::read::<Pairs>(pairs, &mut None, out).map_err(bad)?;
    }
    if let Some(data) = json_of(data)? {
        let bad = |why: String| Refusal::new(CODE, format!("`data`: {why}"));
        json::append_numbers(data, "data", &mut out.properties).map_err(bad)?;
    }
    for (name, value) in COLUMNS[PROPERTIES].iter().zip(&values[PROPERTIES]) {
        if let Value::Number(value) = value {
            out.properties.push(((*name).to_owned(), *value));
        }
    }
    let row = |at: usize| [0, 1, 2].map(|k| f64::from_le_bytes(cell[3 * at + k]));
    let structure = out.begin(lattice([row(0), row(1), row(2)])?);
    for (site, (number, position)) in numbers.iter().zip(positions.as_chunks::<3>().0).enumerate() {
        let number = i32::from_le_bytes(*number);
        let element = u8::try_from(number).ok().and_then(Element::from_atomic_number).ok_or_else(|| {
            Refusal::new(FaultCode::UnknownElement, format!("site {site}: no element has the number {number}"))
        })?;
        let frac = structure.lattice().frac(position.map(f64::from_le_bytes));
        push(structure, frac, element, CODE).map_err(|refusal| refusal.of_site(site))?;
    }
    Ok(())
}

/// The numbers of an array of `N` bytes each.
fn array<'a, const N: usize>(name: &str, value: Value<'a>) -> Result<&'a [[u8; N]], Refusal> {
    let Value::Blob(bytes) = value else {
        return Err(Refusal::new(CODE, format!("`{name}` is no array")));
    };
    match bytes.as_chunks() {
        (numbers, []) => Ok(numbers),
        _ => Err(Refusal::new(CODE, format!("`{name}` has {} bytes, no multiple of {N}", bytes.len()))),
    }
}

/// The JSON of `data`: all of a text, or what follows the arrays in a blob, whose first 8 bytes say where.
fn json_of(value: Value<'_>) -> Result<Option<&[u8]>, Refusal> {
    match value {
        Value::Text(text) if !text.trim_ascii().is_empty() => Ok(Some(text)),
        Value::Blob(blob) if !blob.is_empty() => {
            let offset = blob.first_chunk().and_then(|bytes| usize::try_from(i64::from_le_bytes(*bytes)).ok());
            let json = offset.and_then(|offset| blob.get(offset..));
            json.map(Some).ok_or_else(|| Refusal::new(CODE, "`data` points behind its end"))
        }
        _ => Ok(None),
    }
}

/// Key-value pairs: an id and numbers.
#[derive(Default)]
struct Pairs;

impl<'de> Document<'de> for Pairs {
    fn take<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A, beside: &mut Beside<'_>) -> Result<(), A::Error> {
        beside.take(&IDS, key, map)
    }

    fn build(self, _: &mut StructureRecord) -> Result<(), Refusal> {
        Ok(())
    }
}
