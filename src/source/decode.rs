//! The parallel half of tables: from the selected fields of a row to a candidate.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::Decoder;
use super::parquet::Block;
use super::text_row::TextRow;
use crate::candidate::{Candidate, CandidateKind, Column, Fault, FaultCode, Frame, Payload, RawRecord, Stage};
use crate::chem::Composition;

/// Selected fields come in this order: formula, id, then the others.
pub(super) const FORMULA_SLOT: usize = 0;
/// The id; null where the table has none.
pub(super) const ID_SLOT: usize = 1;
/// The first of the other columns.
pub(super) const FIRST_OTHER_SLOT: usize = 2;

/// One selected field of one row.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    /// Not necessarily UTF-8.
    Text(&'a [u8]),
    Number(f64),
    Integer(i64),
}

/// Decodes rows of tables.
pub struct TableDecoder {
    columns: Vec<Column>,
    /// Names of the columns in the file, for messages.
    names: Vec<String>,
}

impl TableDecoder {
    /// `names` are the file's own names of the numeric `columns`.
    pub(super) fn new(columns: Vec<Column>, names: Vec<String>) -> Self {
        Self { columns, names }
    }
}

impl Decoder for TableDecoder {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn decode(&self, frame: &Frame, record: &RawRecord, out: &mut Candidate) -> Result<(), Fault> {
        out.index = record.index;
        let place = Place(&record.payload);
        let mut composition = match std::mem::replace(&mut out.kind, CandidateKind::Row) {
            CandidateKind::Composition(composition) | CandidateKind::Mixture(composition) => composition,
            CandidateKind::Row => Composition::new(),
        };
        composition.clear();
        let parsed = field(frame, record, FORMULA_SLOT).and_then(|value| {
            decode_formula(value, &mut composition).map_err(|fault| place.locate(fault, "the formula"))
        });
        out.kind = CandidateKind::Composition(composition);
        parsed?;
        out.values.clear();
        for (slot, name) in (FIRST_OTHER_SLOT..).zip(&self.names) {
            let value = field(frame, record, slot)?;
            out.values.push(decode_number(value).map_err(|fault| place.locate(fault, name))?);
        }
        Ok(())
    }

    fn id<'a>(&self, frame: &'a Frame, record: &RawRecord) -> Cow<'a, str> {
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

/// Where a record lies, for messages.
pub(super) struct Place<'a>(pub &'a Payload);

impl Place<'_> {
    /// Puts line and column before the reason.
    pub fn locate(&self, fault: Fault, column: &str) -> Fault {
        let mut detail = String::new();
        // Writing into a string cannot fail.
        let _ = match self.0 {
            Payload::Bytes { line, .. } if *line > 0 => write!(detail, "line {line}, "),
            Payload::Bytes { record, .. } | Payload::Block { record, .. } => write!(detail, "record {record}, "),
            Payload::Indexed => Ok(()),
        };
        let _ = write!(detail, "{column}: {}", fault.detail);
        Fault { detail: detail.into(), ..fault }
    }
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

/// Stands in until the parser of `chem` is merged: symbols and plain numbers only.
fn parse_formula(text: &str, out: &mut Composition) -> Result<(), Fault> {
    let mut rest = text;
    while !rest.is_empty() {
        let letters = rest[1..].find(|c: char| !c.is_ascii_lowercase()).map_or(rest.len(), |end| end + 1);
        let (symbol, after) = rest.split_at(letters);
        let digits = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
        let (amount, after) = after.split_at(digits);
        let element = crate::chem::Element::from_symbol(symbol)
            .ok_or_else(|| Fault::new(Stage::Parse, FaultCode::UnknownElement, format!("{symbol:?} in {text:?}")))?;
        let amount = if amount.is_empty() { Ok(1.0) } else { amount.parse::<f64>() };
        match amount {
            Ok(amount) if amount > 0.0 => out.add(element, amount),
            _ => return Err(Fault::new(Stage::Parse, FaultCode::UnparsableFormula, text.to_owned())),
        }
        rest = after.trim_start();
    }
    Ok(())
}
