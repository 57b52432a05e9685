//! A whole table in memory, for training and evaluation: formulas, ids and some columns as text, faults beside their rows.

use std::path::Path;

use super::decode::{FIRST_OTHER_SLOT, FORMULA_SLOT, Value, decode_composition, decode_number, field};
use super::spec::SourceSpec;
use super::table_source::TableSource;
use super::{Decoder, Source, SourceError};
use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Frame, Payload};
use crate::chem::Composition;

/// Records read at a time.
const BATCH: usize = 4096;

/// A table, row by row in the order of its files. Rows that cannot be read keep their place, so that row numbers of folds hold.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of the columns, as asked for.
    pub names: Vec<String>,
    /// The source's own names of the rows.
    pub ids: Vec<String>,
    /// Formulas as written; empty where the row cannot be framed.
    pub formulas: Vec<String>,
    /// `<input>[!<member>]#<record>` of each row.
    pub origins: Vec<String>,
    /// Line of each row in its file, from 1; 0 where lines mean nothing.
    pub lines: Vec<u64>,
    /// Column by column, one text a row; empty where the row cannot be framed or has no value.
    pub columns: Vec<Vec<String>>,
    /// Rows that cannot be read, or whose formula is none, and why; ascending.
    pub faults: Vec<(usize, Fault)>,
    /// Compositions, `None` where the row has a fault.
    pub compositions: Vec<Option<Composition>>,
}

/// A column of a [`Table`] as numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// One a row; NaN where the field is empty, says `nan`, or holds something else.
    pub values: Vec<f64>,
    /// Rows that hold something else; ascending.
    pub faults: Vec<(usize, Fault)>,
}

/// Reads the tables of `spec` with the columns `names`, whatever they hold.
///
/// # Errors
/// As [`open`](super::open).
pub fn read_table(spec: &SourceSpec, base: &Path, names: &[&str]) -> Result<Table, SourceError> {
    let mut selection = spec.selection();
    selection.others = names.iter().map(|&name| name.to_owned()).collect();
    let mut source = TableSource::open(spec, base, selection)?;
    let decoder = source.decoder();
    let mut table = Table {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        columns: vec![Vec::new(); names.len()],
        ..Table::default()
    };
    let mut frame = Frame::default();
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame)?;
        table.extend(&frame, decoder.as_ref());
        if frame.records.len() < BATCH {
            return Ok(table);
        }
    }
}

impl Table {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// A column as text.
    pub fn text(&self, name: &str) -> Option<&[String]> {
        let position = self.names.iter().position(|own| own == name)?;
        Some(&self.columns[position])
    }

    /// A column as numbers; `None` if it was not asked for.
    pub fn numbers(&self, name: &str) -> Option<Numbers> {
        let texts = self.text(name)?;
        let mut faults = Vec::new();
        let mut numbers = Vec::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            numbers.push(decode_number(Value::Text(text.as_bytes())).unwrap_or_else(|fault| {
                let detail = format!("line {}, {name}: {}", self.lines[row], fault.detail);
                faults.push((row, Fault { detail: detail.into(), ..fault }));
                f64::NAN
            }));
        }
        Some(Numbers { values: numbers, faults })
    }

    /// The candidate of a row, without numeric columns; `None` where the row has a fault.
    pub fn candidate(&self, row: usize) -> Option<Candidate> {
        let composition = self.compositions[row].clone()?;
        let index = CandidateIndex(row as u64);
        Some(Candidate { index, kind: CandidateKind::Composition(composition), values: Vec::new() })
    }

    fn extend(&mut self, frame: &Frame, decoder: &dyn Decoder) {
        for record in &frame.records {
            let row = self.len();
            self.ids.push(decoder.id(frame, record).into_owned());
            self.origins.push(decoder.origin(frame, record));
            self.lines.push(match record.payload {
                Payload::Bytes { line, .. } => line,
                Payload::Block { .. } | Payload::Indexed => 0,
            });
            let text = |slot| field(frame, record, slot).map(Value::into_text).unwrap_or_default();
            self.formulas.push(text(FORMULA_SLOT));
            for (slot, column) in (FIRST_OTHER_SLOT..).zip(&mut self.columns) {
                column.push(text(slot));
            }
            let mut composition = Composition::new();
            self.compositions.push(match decode_composition(frame, record, &mut composition) {
                Ok(()) => Some(composition),
                Err(fault) => {
                    self.faults.push((row, fault));
                    None
                }
            });
        }
    }
}
