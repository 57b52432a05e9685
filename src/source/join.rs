//! Columns for structures from a table beside them, found by id.

use std::collections::BTreeMap;
use std::path::Path;

use super::choice::{ID_COLUMNS, Selection};
use super::decode::{FIRST_OTHER_SLOT, FORMULA_SLOT, Value, field};
use super::spec::SourceSpec;
use super::table_source::TableSource;
use super::{Source, SourceError};
use crate::candidate::Frame;

/// Records read at a time.
const BATCH: usize = 4096;

/// Some columns of a table as text, by id.
#[derive(Debug)]
pub(super) struct Join {
    rows: BTreeMap<String, usize>,
    width: usize,
    texts: Vec<String>,
}

impl Join {
    /// Reads the columns `names` of `table`, which lies relative to `base`; ids are in the column `on`, else in the first of the
    /// usual id columns.
    ///
    /// # Errors
    /// The table or a column is not there, a row cannot be read, an id comes twice.
    pub fn read(table: &str, on: Option<&str>, base: &Path, names: &[String]) -> Result<Self, SourceError> {
        let spec = SourceSpec::of_inputs(vec![table.to_owned()]);
        let mut last = None;
        // The ids take the place of formulas: the one column that a table must have.
        for key in on.map_or_else(|| ID_COLUMNS.to_vec(), |on| vec![on]) {
            let selection = Selection { formula: Some(key.to_owned()), others: names.to_vec(), ..Selection::default() };
            match TableSource::open(&spec, base, selection) {
                Ok(source) => return Self::collect(source, table, names.len()),
                Err(error @ SourceError::UnknownColumn { role: "formula", .. }) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.map_or_else(
            || SourceError::NoInput { input: table.to_owned(), reason: "names no column of ids".into() },
            |error| match error {
                SourceError::UnknownColumn { input, column, available, suggestion, .. } => {
                    SourceError::UnknownColumn { input, column, role: "ids of structures", available, suggestion }
                }
                error => error,
            },
        ))
    }

    fn collect(mut source: TableSource, table: &str, width: usize) -> Result<Self, SourceError> {
        let damaged = |reason: String| SourceError::Damaged { input: table.to_owned(), reason };
        let mut join = Self { rows: BTreeMap::new(), width, texts: Vec::new() };
        let mut frame = Frame::default();
        loop {
            frame.clear();
            source.frame(BATCH, &mut frame)?;
            for record in &frame.records {
                let text = |slot| field(&frame, record, slot).map(Value::into_text);
                let id = text(FORMULA_SLOT).map_err(|fault| damaged(fault.detail.into_owned()))?;
                let row = join.rows.len();
                if join.rows.insert(id.clone(), row).is_some() {
                    return Err(damaged(format!("id {id:?} is there twice, so structures cannot be joined by it")));
                }
                for slot in FIRST_OTHER_SLOT..FIRST_OTHER_SLOT + width {
                    join.texts.push(text(slot).map_err(|fault| damaged(fault.detail.into_owned()))?);
                }
            }
            if frame.records.len() < BATCH && !frame.is_full {
                return Ok(join);
            }
        }
    }

    /// A field; `None` for ids that the table does not have.
    pub fn text(&self, id: &str, column: usize) -> Option<&str> {
        let row = *self.rows.get(id)?;
        Some(&self.texts[row * self.width + column])
    }
}
