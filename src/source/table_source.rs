//! The source behind `csv`, `tsv`, `parquet` and `input`: members one after the other, each framed by the reader of its format.

use std::path::Path;
use std::sync::Arc;

use super::choice::Selection;
use super::csv::DelimitedTable;
use super::decode::TableDecoder;
use super::expand::ExpansionLimit;
use super::format::Format;
use super::input::{InputFile, Wanted};
use super::member::{Content, Member, Members};
use super::parquet::ParquetTable;
use super::reader::{Place, RefusedMember, TableReader};
use super::spec::SourceSpec;
use super::structure::{self, StructureMember, Treatment};
use super::{Decoder, Source, SourceError};
use crate::candidate::Frame;

/// Opens the tables of `spec`; relative paths are taken from `base`.
///
/// Columns are looked for in every file that lies on disk by itself, and in the first table of each kind of input, before anything
/// is read. A member of an archive that turns out to be no such table becomes one quarantined record.
///
/// Ids need not be unique: the key of a candidate is its index, and looking for repeated ids would need memory for all of them.
///
/// # Errors
/// Inputs that are not there or cannot be read, settings that make no sense, columns that are not there.
pub fn open(spec: &SourceSpec, base: &Path) -> Result<Box<dyn Source>, SourceError> {
    Ok(Box::new(TableSource::open(spec, base, spec.selection())?))
}

/// Number of records, by a pass over the whole input without decoding.
///
/// # Errors
/// As [`open`].
pub fn count_records(spec: &SourceSpec, base: &Path) -> Result<u64, SourceError> {
    let mut source = TableSource::open(spec, base, spec.selection())?;
    source.skip(u64::MAX)
}

/// A list of tables as one stream of records.
pub(super) struct TableSource {
    files: Vec<InputFile>,
    tables: Tables,
    decoder: Arc<TableDecoder>,
    members: Members,
    current: Option<OpenTable>,
    next_index: u64,
}

/// How members become tables.
struct Tables {
    wanted: Wanted,
    selection: Selection,
    csv_delimiter: u8,
    tsv_delimiter: u8,
}

struct OpenTable {
    name: Arc<str>,
    reader: Box<dyn TableReader>,
    next_record: u64,
}

impl TableSource {
    /// Opens the tables of `spec` for the columns of `selection`.
    pub fn open(spec: &SourceSpec, base: &Path, selection: Selection) -> Result<Self, SourceError> {
        let (_, wanted) = spec.kind()?;
        if let (Some(_), Some(formula)) = (&selection.structure, &selection.formula) {
            let reason = "compositions are those of `structure`: leave one of the two out";
            return Err(SourceError::Setting { setting: "formula", value: formula.clone(), reason });
        }
        let listing = spec.listing(base)?;
        let names = selection.others.clone();
        let join = spec.join(base, &listing, &names)?;
        let files = listing.files;
        let others = if join.is_some() { Vec::new() } else { names.clone() };
        let selection = Selection { others, ..selection };
        let structure = selection.structure.clone();
        let tables = Tables {
            wanted,
            selection,
            csv_delimiter: spec.delimiter_of(Format::Csv)?,
            tsv_delimiter: spec.delimiter_of(Format::Tsv)?,
        };
        let has_structures = tables.check(&files)?;
        let columns = spec.columns.iter().map(|column| column.column()).collect();
        let treatment = Treatment { disorder: spec.disorder, seed: spec.seed };
        let decoder =
            TableDecoder::new(columns, names, has_structures, join).with_structures_in(structure).treating(treatment);
        let members = tables.members(files.clone());
        Ok(Self { files, tables, decoder: Arc::new(decoder), members, current: None, next_index: 0 })
    }

    /// The decoder, with what only whole tables need.
    pub fn table_decoder(&self) -> Arc<TableDecoder> {
        Arc::clone(&self.decoder)
    }

    /// Moves on until a table is open; `None` at the end.
    fn current(&mut self) -> Result<Option<&mut OpenTable>, SourceError> {
        if self.current.is_none() {
            let Some(member) = self.members.next_member()? else { return Ok(None) };
            let name = Arc::clone(&member.name);
            let reader = match self.tables.open(member) {
                Ok(reader) => reader,
                Err(error @ SourceError::Unreadable { .. }) => return Err(error),
                Err(error) => Box::new(RefusedMember(Some(error.to_string()))),
            };
            self.current = Some(OpenTable { name, reader, next_record: 0 });
        }
        Ok(self.current.as_mut())
    }
}

impl Source for TableSource {
    fn frame(&mut self, limit: usize, frame: &mut Frame) -> Result<(), SourceError> {
        let mut missing = limit;
        while missing > 0 {
            let index = self.next_index;
            let Some(table) = self.current()? else { break };
            let mut place = Place { frame, index, record: table.next_record, name: &table.name, limit };
            let count = table.reader.read(missing, &mut place)?;
            table.next_record += count as u64;
            self.next_index += count as u64;
            missing -= count;
            if frame.is_full {
                break;
            }
            if missing > 0 {
                self.current = None;
            }
        }
        Ok(())
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::clone(&self.decoder) as Arc<dyn Decoder>
    }

    fn num_records(&self) -> Option<u64> {
        None
    }

    fn seek(&mut self, index: u64) -> Result<(), SourceError> {
        if index < self.next_index {
            self.members = self.tables.members(self.files.clone());
            self.current = None;
            self.next_index = 0;
        }
        self.skip(index - self.next_index).map(drop)
    }

    fn skip(&mut self, count: u64) -> Result<u64, SourceError> {
        let mut skipped = 0;
        while skipped < count {
            let Some(table) = self.current()? else { break };
            let passed = table.reader.skip(count - skipped)?;
            table.next_record += passed;
            skipped += passed;
            if skipped < count {
                self.current = None;
            }
        }
        self.next_index += skipped;
        Ok(skipped)
    }
}

impl Tables {
    fn members(&self, files: Vec<InputFile>) -> Members {
        Members::new(files, self.wanted, ExpansionLimit::default())
    }

    /// Finds wrong columns and unreadable files before a long run instead of at its end; tells whether there are structures.
    ///
    /// Structures have no columns, and may be a million files: their names are trusted.
    fn check(&self, files: &[InputFile]) -> Result<bool, SourceError> {
        let mut any = false;
        let mut has_structures = false;
        let mut first_refusal = None;
        for file in files {
            if self.wanted.of_named(&file.name).is_some_and(|format| structure::format(format).is_some()) {
                (any, has_structures) = (true, true);
                continue;
            }
            let mut members = self.members(vec![file.clone()]);
            // An archive may begin with members that are refused.
            while let Some(member) = members.next_member()? {
                let refused = member.content.as_ref().err().cloned();
                has_structures |= self.selection.structure.is_some()
                    || member.content.as_ref().is_ok_and(|content| structure::format(content.format).is_some());
                let refusal = match (refused, member.name.to_string()) {
                    (Some(reason), input) => SourceError::Damaged { input, reason },
                    (None, _) => match self.open(member) {
                        Ok(_) => {
                            any = true;
                            break;
                        }
                        // One bad file among many costs itself; a column that is missing is a mistake in the plan.
                        Err(error @ (SourceError::Damaged { .. } | SourceError::Empty { .. })) => error,
                        Err(error) => return Err(error),
                    },
                };
                first_refusal.get_or_insert(refusal);
            }
        }
        if any {
            return Ok(has_structures);
        }
        let input = files.first().map_or_else(String::new, |file| file.name.to_string());
        Err(first_refusal.unwrap_or(SourceError::NoInput { input, reason: "holds no table".into() }))
    }

    fn open(&self, member: Member) -> Result<Box<dyn TableReader>, SourceError> {
        let Content { format, stream, file } = match member.content {
            Ok(content) => content,
            Err(reason) => return Ok(Box::new(RefusedMember(Some(format!("{}: {reason}", member.name))))),
        };
        if let Some(structures) = structure::format(format) {
            return Ok(Box::new(StructureMember::open(member.name, stream, file, format, &structures)));
        }
        Ok(match format {
            Format::Csv => Box::new(DelimitedTable::open(member.name, stream, self.csv_delimiter, &self.selection)?),
            Format::Tsv => Box::new(DelimitedTable::open(member.name, stream, self.tsv_delimiter, &self.selection)?),
            Format::Parquet => Box::new(ParquetTable::open(member.name, stream, file, &self.selection)?),
            other => {
                let reason = format!("{other} is not read in this build");
                return Err(SourceError::Damaged { input: member.name.to_string(), reason });
            }
        })
    }
}
