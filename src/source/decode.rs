//! The parallel half of tables: from the selected fields of a row to a candidate.

use std::borrow::Cow;

use super::Decoder;
use super::format::Compression;
use super::join::{Join, Sought};
use super::parquet::Block;
use super::structure::{self, Treatment};
use super::text_row::{STRUCTURE, TextRow};
use crate::candidate::{Candidate, CandidateKind, Column, Fault, FaultCode, Frame, Payload, RawRecord, Stage};
use crate::chem::{Composition, FormulaErrorKind, parse_formula_into};

/// Selected fields come in this order: formula or structure, id, then the others.
pub(super) const CONTENT_SLOT: usize = 0;
/// The id; null where the table has none.
pub(super) const ID_SLOT: usize = 1;
/// The first of the other columns.
pub(super) const FIRST_OTHER_SLOT: usize = 2;

/// One selected field of one row.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// No such column, or no value.
    Null,
    /// Not necessarily UTF-8.
    Text(&'a [u8]),
    Number(f64),
    Integer(i64),
}

impl Value<'_> {
    /// As text: numbers in their shortest form that reads back the same.
    pub fn into_text(self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => String::from_utf8_lossy(text.trim_ascii()).into_owned(),
            Self::Number(number) => number.to_string(),
            Self::Integer(number) => number.to_string(),
        }
    }
}

/// Decodes rows of tables.
pub struct TableDecoder {
    has_structures: bool,
    /// The column of tables that holds structures; `None` where they hold formulas.
    structure: Option<String>,
    columns: Vec<Column>,
    /// Names of the columns in the file.
    names: Vec<String>,
    /// Where structures find columns that their own file does not have.
    join: Option<Join>,
    /// What becomes of disordered structures.
    treatment: Treatment,
}

impl TableDecoder {
    /// `names` are the file's own names of the numeric `columns`.
    pub(super) fn new(columns: Vec<Column>, names: Vec<String>, has_structures: bool, join: Option<Join>) -> Self {
        Self { has_structures, structure: None, columns, names, join, treatment: Treatment::default() }
    }

    /// Tables hold structures in this column, not formulas.
    pub(super) fn with_structures_in(self, column: Option<String>) -> Self {
        Self { structure: column, ..self }
    }

    /// The same, with disordered structures treated so.
    pub(super) fn treating(self, treatment: Treatment) -> Self {
        Self { treatment, ..self }
    }

    /// Decodes everything but numeric columns; returns the numbers that stand beside a structure.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub(super) fn decode_kind(
        &self,
        frame: &Frame,
        record: &RawRecord,
        out: &mut Candidate,
    ) -> Result<Vec<(String, f64)>, Fault> {
        let treatment = (self.treatment, record.index);
        if let Some((tagged, line)) = structure_of(frame, record) {
            return structure::decode(tagged, line, treatment, &mut out.kind);
        }
        if let Some(column) = &self.structure {
            let decoded = match field(frame, record, CONTENT_SLOT)? {
                Value::Text(text) => structure::decode_text(text, treatment, &mut out.kind),
                _ => structure::decode_text(&[], treatment, &mut out.kind),
            };
            return decoded.map_err(|fault| locate(record, fault, column));
        }
        let mut composition = match std::mem::replace(&mut out.kind, CandidateKind::Row) {
            CandidateKind::Composition(composition) | CandidateKind::Mixture(composition) => composition,
            CandidateKind::Crystal(_) | CandidateKind::Row => Composition::new(),
        };
        let decoded = decode_composition(frame, record, &mut composition);
        out.kind = CandidateKind::Composition(composition);
        decoded.map(|()| Vec::new())
    }

    /// Whether the numeric columns of a record stand in fields beside it, not in a structure or a table of targets.
    pub(super) fn takes_fields(&self, frame: &Frame, record: &RawRecord) -> bool {
        self.join.is_none() && structure_of(frame, record).is_none()
    }

    /// What the table of targets says.
    fn joined(&self, column: usize, sought: Sought<'_>) -> Option<&str> {
        self.join.as_ref()?.text(sought, column)
    }

    /// A column of a structure as text: from the table of targets, else from its own file; empty where neither has it.
    pub(super) fn text_of(&self, column: usize, sought: Sought<'_>, properties: &[(String, f64)]) -> String {
        if let Some(text) = self.joined(column, sought) {
            return text.to_owned();
        }
        let found = properties.iter().find(|(name, _)| *name == self.names[column]);
        found.map(|(_, value)| value.to_string()).unwrap_or_default()
    }

    /// The same as a number, NaN where neither has it.
    fn number_of(&self, column: usize, sought: Sought<'_>, properties: &[(String, f64)]) -> Result<f64, Fault> {
        if let Some(text) = self.joined(column, sought) {
            return decode_number(Value::Text(text.as_bytes())).map_err(|fault| {
                let detail = format!("{} of {} in the targets: {}", self.names[column], sought.id, fault.detail);
                Fault { detail: detail.into(), ..fault }
            });
        }
        let found = properties.iter().find(|(name, _)| *name == self.names[column]);
        Ok(found.map_or(f64::NAN, |(_, value)| *value))
    }
}

impl Decoder for TableDecoder {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn has_structures(&self) -> bool {
        self.has_structures
    }

    fn decode(&self, frame: &Frame, record: &RawRecord, out: &mut Candidate) -> Result<(), Fault> {
        out.index = record.index;
        let properties = self.decode_kind(frame, record, out)?;
        out.values.clear();
        if !self.takes_fields(frame, record) {
            if !self.names.is_empty() {
                let id = out.own_id().map_or_else(|| self.id(frame, record), |id| id.to_owned().into());
                let sought = Sought { id: &id, input: file_of(frame, record) };
                for column in 0..self.names.len() {
                    out.values.push(self.number_of(column, sought, &properties)?);
                }
            }
            return Ok(());
        }
        for (slot, name) in (FIRST_OTHER_SLOT..).zip(&self.names) {
            let value = field(frame, record, slot)?;
            out.values.push(decode_number(value).map_err(|fault| locate(record, fault, name))?);
        }
        Ok(())
    }

    fn id<'a>(&self, frame: &'a Frame, record: &RawRecord) -> Cow<'a, str> {
        if structure_of(frame, record).is_some() {
            return name_of_place(frame, record).into();
        }
        match field(frame, record, ID_SLOT) {
            Ok(Value::Text(text)) if !text.trim_ascii().is_empty() => String::from_utf8_lossy(text.trim_ascii()),
            Ok(Value::Integer(number)) => number.to_string().into(),
            Ok(Value::Number(number)) if number.is_finite() => number.to_string().into(),
            _ => record.index.0.to_string().into(),
        }
    }

    fn origin(&self, frame: &Frame, record: &RawRecord) -> String {
        match &record.payload {
            Payload::Bytes { input, record, .. } | Payload::Block { input, record, .. } => {
                format!("{}#{record}", frame.inputs[usize::from(*input)])
            }
            Payload::Indexed => format!("#{}", record.index.0),
        }
    }
}

/// What follows the tag of a framed structure, and the line where it begins; `None` for rows of tables.
pub(super) fn structure_of<'a>(frame: &'a Frame, record: &RawRecord) -> Option<(&'a [u8], u64)> {
    let Payload::Bytes { line, .. } = record.payload else { return None };
    match frame.bytes_of(record) {
        [STRUCTURE, tagged @ ..] => Some((tagged, line)),
        _ => None,
    }
}

/// The file that holds a structure alone or first.
pub(super) fn file_of<'a>(frame: &'a Frame, record: &RawRecord) -> Option<&'a str> {
    match record.payload {
        Payload::Bytes { input, record: 0, .. } => {
            structure_of(frame, record).map(|_| &*frame.inputs[usize::from(input)])
        }
        _ => None,
    }
}

/// The name of a structure's file without folders and extension; structures after the first one add `#` and their number.
fn name_of_place(frame: &Frame, record: &RawRecord) -> String {
    let Payload::Bytes { input, record, .. } = record.payload else { return String::new() };
    let input = &frame.inputs[usize::from(input)];
    let mut parts = input.rsplit(['/', '\\', '!']);
    let base = parts.next().unwrap_or_default();
    let base = Compression::of_name(base).map_or(base, |(_, stem)| stem);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let stem = match stem {
        "" => base,
        // Where every file has the same name, the folder tells them apart.
        "POSCAR" | "CONTCAR" | "geometry" => parts.next().filter(|folder| !folder.is_empty()).unwrap_or(stem),
        _ => stem,
    };
    if record == 0 { stem.to_owned() } else { format!("{stem}#{record}") }
}

/// The selected field in `slot`, or the fault with which the record was framed.
pub(super) fn field<'a>(frame: &'a Frame, record: &RawRecord, slot: usize) -> Result<Value<'a>, Fault> {
    match &record.payload {
        Payload::Bytes { .. } => Ok(TextRow::read(frame.bytes_of(record))?.field(slot)),
        Payload::Block { block, row, .. } => {
            let block = frame.blocks.get(*block as usize).and_then(|block| block.downcast_ref::<Block>());
            Ok(block.map_or(Value::Null, |block| block.value(slot, *row as usize)))
        }
        Payload::Indexed => Ok(Value::Null),
    }
}

/// Puts line and column before the reason of a fault.
pub(super) fn locate(record: &RawRecord, fault: Fault, column: &str) -> Fault {
    let place = match &record.payload {
        Payload::Bytes { line, .. } if *line > 0 => format!("line {line}, "),
        Payload::Bytes { record, .. } | Payload::Block { record, .. } => format!("record {record}, "),
        Payload::Indexed => String::new(),
    };
    Fault { detail: format!("{place}{column}: {}", fault.detail).into(), ..fault }
}

/// Replaces `out` by the composition that a record's formula states.
pub(super) fn decode_composition(frame: &Frame, record: &RawRecord, out: &mut Composition) -> Result<(), Fault> {
    let value = field(frame, record, CONTENT_SLOT)?;
    decode_formula(value, out).map_err(|fault| locate(record, fault, "formula"))
}

fn decode_formula(value: Value<'_>, out: &mut Composition) -> Result<(), Fault> {
    let fault = |code, detail: String| Err(Fault::new(Stage::Parse, code, detail));
    let bytes = match value {
        Value::Text(bytes) => bytes.trim_ascii(),
        Value::Null => &[],
        Value::Number(number) => {
            return fault(FaultCode::UnparsableFormula, format!("the number {number} is no formula"));
        }
        Value::Integer(number) => {
            return fault(FaultCode::UnparsableFormula, format!("the number {number} is no formula"));
        }
    };
    out.clear();
    if bytes.is_empty() {
        return fault(FaultCode::EmptyComposition, "the field is empty".into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_formula(text, out),
        Err(error) => fault(
            FaultCode::UnparsableRecord,
            format!("byte {} of {:?} is not UTF-8", error.valid_up_to() + 1, String::from_utf8_lossy(bytes)),
        ),
    }
}

/// An empty field is NaN, and so is a missing value as pandas writes it.
pub(super) fn decode_number(value: Value<'_>) -> Result<f64, Fault> {
    let bytes = match value {
        Value::Null => return Ok(f64::NAN),
        Value::Number(number) if number.is_infinite() => b"inf",
        Value::Number(number) => return Ok(number),
        // Above 2^53 the nearest double.
        Value::Integer(number) => return Ok(number as f64),
        Value::Text(bytes) => bytes.trim_ascii(),
    };
    if bytes.is_empty() || bytes.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    match std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<f64>().ok()) {
        Some(number) if number.is_finite() => Ok(number),
        _ => {
            let shown: String = String::from_utf8_lossy(bytes).chars().take(40).collect();
            Err(Fault::new(Stage::Parse, FaultCode::UnparsableNumber, format!("{shown:?} is no finite number")))
        }
    }
}

fn parse_formula(text: &str, out: &mut Composition) -> Result<(), Fault> {
    parse_formula_into(text, out).map(drop).map_err(|error| {
        let code = match error.kind() {
            FormulaErrorKind::Ambiguous => FaultCode::AmbiguousFormula,
            FormulaErrorKind::UnknownElement => FaultCode::UnknownElement,
            FormulaErrorKind::Empty => FaultCode::EmptyComposition,
            FormulaErrorKind::TooLarge => FaultCode::TooLarge,
            _ => FaultCode::UnparsableFormula,
        };
        Fault::new(Stage::Parse, code, error.to_string())
    })
}
