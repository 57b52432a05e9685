//! A whole source in memory, for training and evaluation: candidates, ids and some columns as text, faults beside their rows.

use std::path::Path;

use super::decode::{FIRST_OTHER_SLOT, Value, decode_number, field, file_of};
use super::join::Sought;
use super::spec::SourceSpec;
use super::table_source::TableSource;
use super::{Decoder, Source, SourceError, TableDecoder};
use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, Frame, Payload};

/// Records read at a time.
const BATCH: usize = 4096;

/// A table, row by row in the order of its files. Rows that cannot be read keep their place, so that row numbers of folds hold.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Names of the columns, as asked for.
    pub names: Vec<String>,
    /// The source's own names of the rows.
    pub ids: Vec<String>,
    /// `<input>[!<member>]#<record>` of each row.
    pub origins: Vec<String>,
    /// Line of each row in its file, from 1; 0 where lines mean nothing.
    pub lines: Vec<u64>,
    /// Column by column, one text a row; empty where the row cannot be framed or has no value.
    pub columns: Vec<Vec<String>>,
    /// Rows that cannot be read, or whose formula or structure is none, and why; ascending.
    pub faults: Vec<(usize, Fault)>,
    /// Candidates without numeric columns, `None` where the row has a fault.
    pub candidates: Vec<Option<Candidate>>,
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
    let decoder = source.table_decoder();
    let mut table = Table {
        names: names.iter().map(|&name| name.to_owned()).collect(),
        columns: vec![Vec::new(); names.len()],
        ..Table::default()
    };
    let mut frame = Frame::default();
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame)?;
        table.extend(&frame, &decoder);
        if frame.records.len() < BATCH && !frame.is_full {
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

    /// Leaves out the rows where `keep` is false; the others move up.
    ///
    /// # Panics
    /// If `keep` has another length.
    pub fn retain(&mut self, keep: &[bool]) {
        assert_eq!(keep.len(), self.len(), "one flag a row");
        fn kept<T>(rows: &mut Vec<T>, keep: &[bool]) {
            let mut flags = keep.iter();
            rows.retain(|_| flags.next().is_some_and(|&flag| flag));
        }
        let places: Vec<usize> = keep
            .iter()
            .scan(0, |next, &flag| {
                let place = *next;
                *next += usize::from(flag);
                Some(place)
            })
            .collect();
        self.faults.retain(|(row, _)| keep[*row]);
        self.faults.iter_mut().for_each(|(row, _)| *row = places[*row]);
        kept(&mut self.ids, keep);
        kept(&mut self.origins, keep);
        kept(&mut self.lines, keep);
        kept(&mut self.candidates, keep);
        self.columns.iter_mut().for_each(|column| kept(column, keep));
    }

    fn extend(&mut self, frame: &Frame, decoder: &TableDecoder) {
        for record in &frame.records {
            let row = self.len();
            let index = CandidateIndex(row as u64);
            let mut candidate = Candidate { index, kind: CandidateKind::Row, values: Vec::new() };
            let decoded = decoder.decode_kind(frame, record, &mut candidate);
            let id = match candidate.own_id() {
                Some(id) if decoded.is_ok() => id.to_owned(),
                _ => decoder.id(frame, record).into_owned(),
            };
            let sought = Sought { id: &id, input: file_of(frame, record) };
            let takes_fields = decoder.takes_fields(frame, record);
            for (number, column) in self.columns.iter_mut().enumerate() {
                column.push(match &decoded {
                    _ if takes_fields => {
                        field(frame, record, FIRST_OTHER_SLOT + number).map(Value::into_text).unwrap_or_default()
                    }
                    Ok(properties) => decoder.text_of(number, sought, properties),
                    Err(_) => decoder.text_of(number, sought, &[]),
                });
            }
            self.ids.push(id);
            self.origins.push(decoder.origin(frame, record));
            self.lines.push(match record.payload {
                Payload::Bytes { line, .. } => line,
                Payload::Block { .. } | Payload::Indexed => 0,
            });
            self.candidates.push(match decoded {
                Ok(_) => Some(candidate),
                Err(fault) => {
                    self.faults.push((row, fault));
                    None
                }
            });
        }
    }
}
