//! Columns for candidates from a table beside them, found by id or by the name of the file.

use std::collections::BTreeMap;
use std::path::Path;

use super::choice::{ID_COLUMNS, Selection};
use super::decode::{CONTENT_SLOT, FIRST_OTHER_SLOT, Value, field};
use super::format::Compression;
use super::id_prop;
use super::input::InputFile;
use super::spec::SourceSpec;
use super::table_source::TableSource;
use super::{Source, SourceError};
use crate::candidate::Frame;

/// Records read at a time.
const BATCH: usize = 4096;

/// Some columns of a table as text.
#[derive(Debug)]
pub(super) struct Join {
    key: Key,
    rows: BTreeMap<String, usize>,
    /// Where each column asked for lies in a row; `None` for those that the table does not have.
    columns: Vec<Option<usize>>,
    width: usize,
    texts: Vec<String>,
}

/// What the table calls a candidate.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Key {
    /// Its id, or the name of its file.
    Id,
    /// The path of its file.
    Path,
}

/// A candidate whose row is sought.
#[derive(Copy, Clone)]
pub(super) struct Sought<'a> {
    pub id: &'a str,
    /// The file, where it holds this candidate alone or first; its name may be what the table calls the candidate.
    pub input: Option<&'a str>,
}

impl Join {
    /// Reads the columns `names` of `table`, which lies relative to `base`; ids are in the column `on`, else in the first of the
    /// usual id columns. A file named `id_prop…` has no header: its columns are those of [`id_prop::column`].
    ///
    /// # Errors
    /// The table or a column is not there, a row cannot be read, an id comes twice.
    pub fn read(table: &str, on: Option<&str>, base: &Path, names: &[String]) -> Result<Self, SourceError> {
        if on.is_none() && id_prop::has_no_header(table) {
            let file = InputFile::new(table, base.join(table));
            let (join, width) = Self::of_listings(&[file], names, Key::Id)?;
            return match join.columns.iter().position(Option::is_none) {
                Some(missing) => Err(SourceError::UnknownColumn {
                    input: table.to_owned(),
                    column: names[missing].clone(),
                    role: "values",
                    available: (0..width).map(id_prop::column).collect(),
                    suggestion: None,
                }),
                None => Ok(join),
            };
        }
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

    /// Reads the listings that lie in folders of structures; their entries are paths relative to them.
    ///
    /// # Errors
    /// As [`read`](Self::read), but a column that is not there is none.
    pub fn of_folders(listings: &[InputFile], names: &[String]) -> Result<Self, SourceError> {
        Self::of_listings(listings, names, Key::Path).map(|(join, _)| join)
    }

    /// Also how many columns of values there are.
    fn of_listings(listings: &[InputFile], names: &[String], key: Key) -> Result<(Self, usize), SourceError> {
        let mut join = Self { key, rows: BTreeMap::new(), columns: Vec::new(), width: 0, texts: Vec::new() };
        let (mut rows, mut width) = (Vec::new(), 0);
        for listing in listings {
            id_prop::read(listing, &mut |line, entry, values| {
                width = width.max(values.len());
                rows.push((listing, line, entry, values));
                Ok(())
            })?;
        }
        let place = |name: &String| (0..width).find(|&column| id_prop::column(column) == *name);
        join.columns = names.iter().map(place).collect();
        let kept: Vec<usize> = join.columns.iter().flatten().copied().collect();
        for (listing, line, entry, mut values) in rows {
            let name = if key == Key::Path { id_prop::path_of(listing, &entry) } else { entry };
            join.insert(&listing.name, name, &format!("line {line}: "))?;
            join.texts
                .extend(kept.iter().map(|&column| values.get_mut(column).map(std::mem::take).unwrap_or_default()));
        }
        join.width = kept.len();
        let mut next = 0..kept.len();
        for column in join.columns.iter_mut().flatten() {
            *column = next.next().unwrap_or_default();
        }
        Ok((join, width))
    }

    fn collect(mut source: TableSource, table: &str, width: usize) -> Result<Self, SourceError> {
        let damaged = |reason: String| SourceError::Damaged { input: table.to_owned(), reason };
        let columns = (0..width).map(Some).collect();
        let mut join = Self { key: Key::Id, rows: BTreeMap::new(), columns, width, texts: Vec::new() };
        let mut frame = Frame::default();
        loop {
            frame.clear();
            source.frame(BATCH, &mut frame)?;
            for record in &frame.records {
                let text = |slot| field(&frame, record, slot).map(Value::into_text);
                let id = text(CONTENT_SLOT).map_err(|fault| damaged(fault.detail.into_owned()))?;
                join.insert(table, id, "")?;
                for slot in FIRST_OTHER_SLOT..FIRST_OTHER_SLOT + width {
                    join.texts.push(text(slot).map_err(|fault| damaged(fault.detail.into_owned()))?);
                }
            }
            if frame.records.len() < BATCH && !frame.is_full {
                return Ok(join);
            }
        }
    }

    fn insert(&mut self, table: &str, name: String, place: &str) -> Result<(), SourceError> {
        let row = self.rows.len();
        match self.rows.insert(name.clone(), row) {
            None => Ok(()),
            Some(_) => Err(SourceError::Damaged {
                input: table.to_owned(),
                reason: format!("{place}id {name:?} is there twice, so structures cannot be joined by it"),
            }),
        }
    }

    /// A field; `None` for candidates and columns that the table does not have.
    pub fn text(&self, sought: Sought<'_>, column: usize) -> Option<&str> {
        let column = self.columns[column]?;
        let row = self.row(sought)?;
        Some(&self.texts[row * self.width + column])
    }

    fn row(&self, sought: Sought<'_>) -> Option<usize> {
        if self.key == Key::Id
            && let Some(row) = self.rows.get(sought.id)
        {
            return Some(*row);
        }
        let path = sought.input?;
        let name = match self.key {
            Key::Path => path,
            Key::Id => path.rsplit(['/', '\\', '!']).next().unwrap_or(path),
        };
        names_of(name).into_iter().find_map(|name| self.rows.get(name)).copied()
    }
}

/// What a listing may call a file: its name, the name without a suffix of compression, and that without its extension.
pub(super) fn names_of(name: &str) -> [&str; 3] {
    let plain = Compression::of_name(name).map_or(name, |(_, stem)| stem);
    let base = plain.rfind('/').map_or(0, |slash| slash + 1);
    let stem = plain[base..].rfind('.').map_or(plain, |dot| &plain[..base + dot]);
    [name, plain, stem]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_may_leave_out_compression_and_extension() {
        assert_eq!(names_of("d.x/a.cif.gz"), ["d.x/a.cif.gz", "d.x/a.cif", "d.x/a"]);
        assert_eq!(names_of("d.x/POSCAR"), ["d.x/POSCAR"; 3]);
    }
}
