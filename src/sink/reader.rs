//! Reads a result file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::candidate::{Column as FeatureColumn, Duplicates, Layout, Ledger, Ranking, StoredRows};

use super::SinkError;
use super::attributes::Attributes;
use super::content::{self, RESULT_FORMAT};
use super::data::Data;
use super::files;
use super::schema::{self, Kind};
use super::seal::{self, HDF5_SIGNATURE};
use super::table::{Column, TableReader};
use super::tables::{self, StoredFault};
use super::virtual_rows::{self, SOURCES_DOCUMENT};

/// Rows are looked for in blocks of this many.
const SEARCH_BLOCK: usize = 1 << 16;

/// A result, open for reading. Opening checks what it is; [`verify`](super::verify) checks every byte.
pub struct ResultFile {
    path: PathBuf,
    file: hdf5::File,
    root: Attributes,
    layout: Layout,
    rows: TableReader,
}

/// One numeric column by name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumn {
    /// Its name, as in plans and exports: `e_form.value`, `magpie.MagpieData mean Number`, `verdict`.
    pub name: String,
    /// What it is and in which unit.
    pub column: FeatureColumn,
}

impl ResultFile {
    /// Opens a finished result.
    ///
    /// # Errors
    /// Not a result (with what it is instead), truncated, of another format version, not complete, damaged.
    pub fn open(path: &Path) -> Result<Self, SinkError> {
        check_kind_of_file(path)?;
        if let Err(reason) = seal::check_structure(path, RESULT_FORMAT)? {
            return Err(SinkError::damaged(path, reason));
        }
        let file = files::open_hdf5(path)?;
        let root = Attributes::read(&file, path)?;
        content::check_format(&root, RESULT_FORMAT, path)?;
        if root.integer("complete") != Some(1) {
            return Err(SinkError::Incomplete { path: path.to_owned() });
        }
        let layout = content::read_layout(&file, path)?;
        let rows = TableReader::open(&file, &schema::row_specs(&layout), path)?;
        let result = Self { path: path.to_owned(), file, root, layout, rows };
        let datasets: Vec<_> = result.rows.columns().iter().map(Column::dataset).collect();
        virtual_rows::check_sources(path, result.sources()?.as_deref(), &datasets)?;
        Ok(result)
    }

    /// The list of files that the result points to, where it does.
    pub(super) fn sources(&self) -> Result<Option<String>, SinkError> {
        if !self.file.link_exists(&format!("provenance/{SOURCES_DOCUMENT}")) {
            return Ok(None);
        }
        self.document(SOURCES_DOCUMENT).map(Some)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Columns of all groups.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of stored rows.
    pub fn num_rows(&self) -> usize {
        self.rows.rows()
    }

    /// A root attribute that is text: `run_uuid`, `created`, `software_version`, ….
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.root.text(name)
    }

    /// Digest over plan, inputs and build.
    pub fn fingerprint(&self) -> Option<&str> {
        self.root.text("fingerprint")
    }

    /// The funnel.
    ///
    /// # Errors
    /// A damaged file, as for all readers below.
    pub fn ledger(&self) -> Result<Ledger, SinkError> {
        tables::read_ledger(&self.file, &self.path)
    }

    /// The ranking, where there is one.
    pub fn ranking(&self) -> Result<Option<Ranking>, SinkError> {
        if !self.file.link_exists("ranking") {
            return Ok(None);
        }
        let objectives = content::read_columns(&self.file, "/ranking", &self.path)?;
        let specs = tables::ranking_specs(objectives.len(), String::new());
        let table = TableReader::open(&self.file, &specs, &self.path)?;
        let columns = table.read(0..table.rows())?;
        let attributes = Attributes::read(table.columns()[0].dataset(), &self.path)?;
        let parameters = attributes
            .text("parameters")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| SinkError::damaged(&self.path, "attribute parameters of /ranking/index is no JSON"))?;
        Ok(Some(Ranking {
            index: columns[0].to_u64(),
            score: columns[1].to_f64(&Kind::F64),
            front: columns[2].to_u32(),
            values: columns[3].to_f64(&Kind::F64),
            objectives,
            parameters,
            duplicates: self.duplicates()?,
        }))
    }

    /// Candidates that are the structure of an earlier one, where the run looked for them.
    pub fn duplicates(&self) -> Result<Option<Duplicates>, SinkError> {
        if !self.file.link_exists("duplicates") {
            return Ok(None);
        }
        let table = TableReader::open(&self.file, &tables::duplicates_specs(), &self.path)?;
        let columns = table.read(0..table.rows())?;
        let duplicates = Duplicates { index: columns[0].to_u64(), of: columns[1].to_u64() };
        if !duplicates.index.is_sorted_by(|a, b| a < b) {
            return Err(SinkError::damaged(&self.path, "/duplicates/index is not strictly increasing"));
        }
        Ok(Some(duplicates))
    }

    /// Names of the documents under `/provenance`.
    pub fn documents(&self) -> Result<Vec<String>, SinkError> {
        let action = "list /provenance";
        let group = self.file.group("provenance").map_err(SinkError::hdf5(action, &self.path))?;
        group.member_names().map_err(SinkError::hdf5(action, &self.path))
    }

    /// A document under `/provenance`: `plan` verbatim, the others JSON.
    pub fn document(&self, name: &str) -> Result<String, SinkError> {
        let column = Column::open(&self.file, &format!("/provenance/{name}"), &self.path)?;
        let mut strings = column.read_strings()?;
        match (strings.pop(), strings.is_empty()) {
            (Some(text), true) => Ok(text),
            _ => Err(SinkError::damaged(&self.path, format!("/provenance/{name} is no single string"))),
        }
    }

    /// Content digest over all, and of each dataset and group, as stored.
    pub fn digests(&self) -> Result<(String, BTreeMap<String, String>), SinkError> {
        #[derive(serde::Deserialize)]
        struct Digests {
            all: String,
            objects: BTreeMap<String, String>,
        }
        let digests: Digests = serde_json::from_str(&self.document("digests")?)
            .map_err(|error| SinkError::damaged(&self.path, format!("/provenance/digests: {error}")))?;
        Ok((digests.all, digests.objects))
    }

    /// Rows by range of row numbers (not indices).
    pub fn rows(&self, range: Range<usize>) -> Result<StoredRows, SinkError> {
        Ok(schema::decode_rows(&self.layout, &self.rows.read(range)?))
    }

    /// Rows that a block of about 8 MB holds, for callers that go through all.
    pub fn block_rows(&self) -> usize {
        self.rows.block_rows()
    }

    /// Rows by row numbers, in the order given.
    pub fn rows_at(&self, rows: &[usize]) -> Result<StoredRows, SinkError> {
        let columns = self.rows.columns().iter().map(|column| column.read_at(rows)).collect::<Result<Vec<_>, _>>()?;
        Ok(schema::decode_rows(&self.layout, &columns))
    }

    /// Positions in the source of all stored rows, ascending.
    pub fn index(&self) -> Result<Vec<u64>, SinkError> {
        Ok(self.rows.columns()[0].read_all()?.to_u64())
    }

    /// Row number of a position in the source.
    pub fn find_index(&self, index: u64) -> Result<Option<usize>, SinkError> {
        let column = &self.rows.columns()[0];
        let (mut low, mut high) = (0, column.rows());
        while low < high {
            let middle = low + (high - low) / 2;
            match column.read(middle..middle + 1)?.to_u64()[0].cmp(&index) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
            }
        }
        Ok(None)
    }

    /// Row numbers of positions in the source; `None` for those that are not stored.
    pub fn find_indices(&self, indices: &[u64]) -> Result<Vec<Option<usize>>, SinkError> {
        let all = self.index()?;
        Ok(indices.iter().map(|index| all.binary_search(index).ok()).collect())
    }

    /// Row numbers of all rows with this id.
    pub fn find_id(&self, id: &str) -> Result<Vec<usize>, SinkError> {
        let column = &self.rows.columns()[1];
        let mut found = Vec::new();
        let mut position = 0;
        while position < column.rows() {
            let end = (position + SEARCH_BLOCK).min(column.rows());
            let block = column.read(position..end)?;
            found
                .extend((0..block.rows()).filter(|&row| block.text_at(row) == id.as_bytes()).map(|row| position + row));
            position = end;
        }
        Ok(found)
    }

    /// One of `id`, `formula`, `origin`, `structure_digest` for a range of rows; the last one only where the layout has it.
    pub fn text_column(&self, name: &str, range: Range<usize>) -> Result<Vec<String>, SinkError> {
        let number = match name {
            "id" => 1,
            "formula" => 2,
            "origin" => 3,
            "structure_digest" if self.layout.structure_digests => 5,
            _ => return Err(self.unknown(name, ["id", "formula", "origin", "structure_digest"])),
        };
        Ok(self.rows.columns()[number].read(range)?.to_strings())
    }

    /// Hands the objectives of all stored rows to `visit`, block by block, in order of index: (indices, row-major values).
    pub fn objectives(&self, visit: &mut dyn FnMut(&[u64], &[f64])) -> Result<(), SinkError> {
        self.with_index("/objectives/values", &mut |index, data| visit(index, &data.to_f64(&Kind::F64)))
    }

    /// Hands index and structure digest of all stored rows to `visit`, in order of index; nothing where there are no digests.
    pub fn structure_digests(&self, visit: &mut dyn FnMut(u64, &str)) -> Result<(), SinkError> {
        self.with_index(schema::STRUCTURE_DIGEST, &mut |index, data| {
            index.iter().enumerate().for_each(|(row, &index)| visit(index, &data.string_at(row)));
        })
    }

    /// Hands blocks of indices and of the dataset at `path` to `visit`; nothing where there is no such dataset.
    fn with_index(&self, path: &str, visit: &mut dyn FnMut(&[u64], &Data)) -> Result<(), SinkError> {
        let specs = schema::row_specs(&self.layout);
        let Some(place) = specs.iter().position(|spec| spec.path == path) else { return Ok(()) };
        let [index, column] = [&self.rows.columns()[0], &self.rows.columns()[place]];
        let mut position = 0;
        while position < index.rows() {
            let end = (position + SEARCH_BLOCK).min(index.rows());
            visit(&index.read(position..end)?.to_u64(), &column.read(position..end)?);
            position = end;
        }
        Ok(())
    }

    /// Number of quarantined candidates.
    pub fn num_quarantined(&self) -> Result<usize, SinkError> {
        Ok(Column::open(&self.file, "/quarantine/index", &self.path)?.rows())
    }

    /// Quarantined candidates by range of row numbers of `/quarantine`.
    pub fn quarantine(&self, range: Range<usize>) -> Result<Vec<StoredFault>, SinkError> {
        let table = TableReader::open(&self.file, &tables::quarantine_specs(), &self.path)?;
        Ok(tables::decode_quarantine(&table.read(range)?))
    }

    pub(super) fn file(&self) -> &hdf5::File {
        &self.file
    }

    pub(super) fn table(&self) -> &TableReader {
        &self.rows
    }

    pub(super) fn unknown<'a>(&self, name: &str, known: impl IntoIterator<Item = &'a str>) -> SinkError {
        SinkError::UnknownColumn {
            path: self.path.clone(),
            name: name.to_owned(),
            suggestion: crate::units::closest(name, known).map(str::to_owned),
        }
    }
}

/// Says what a file is that is no result, before the HDF5 library says less.
pub(super) fn check_kind_of_file(path: &Path) -> Result<(), SinkError> {
    let mut file = std::fs::File::open(path).map_err(SinkError::io("open", path))?;
    if file.metadata().map_err(SinkError::io("read", path))?.is_dir() {
        return Err(SinkError::NotAResult { path: path.to_owned(), reason: "it is a folder".to_owned() });
    }
    let block = seal::read_block(&mut file, path)?;
    if block.starts_with(format!("{RESULT_FORMAT}\n").as_bytes()) {
        return Ok(());
    }
    let reason = if block.starts_with(b"matsieve-segment\n") {
        "it is a segment of an unfinished run"
    } else if block.starts_with(HDF5_SIGNATURE) {
        "it is an HDF5 file without the seal of a result"
    } else if block.iter().all(|&byte| byte == 0) {
        "its seal is empty: it was never finished"
    } else {
        "it is no HDF5 file with the seal of a result"
    };
    Err(SinkError::NotAResult { path: path.to_owned(), reason: reason.to_owned() })
}
