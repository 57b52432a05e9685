//! Which structures are exported, and what the result says of each.

use std::vec::IntoIter;

use super::super::export::columns::{Block, Selected, select};
use super::super::export::{ExportOptions, ExportRows};
use super::super::reader::ResultFile;
use super::SinkError;

/// Rows read at once.
const BLOCK: usize = 1 << 12;

/// What a result says of a candidate whose structure is exported.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureRow {
    /// Position in the source.
    pub index: u64,
    /// The source's own name of it.
    pub id: String,
    /// Where it came from.
    pub origin: String,
    /// Place in the ranking, from 1, where ranked rows are exported.
    pub rank: Option<u64>,
    /// Numbers that go beside the structure.
    pub values: Vec<f64>,
    /// Place in the export, from 0.
    pub place: usize,
}

/// The rows of an export, in order of their index, which is the order of their structures in the source.
///
/// Ranked rows are kept in memory (they are bounded by `[rank] keep`), others are read block by block.
pub struct StructureRows<'f> {
    file: &'f ResultFile,
    columns: Vec<String>,
    selected: Selected,
    block: IntoIter<StructureRow>,
    next_place: usize,
    is_ranked: bool,
    most: usize,
}

impl<'f> StructureRows<'f> {
    /// The rows that `options` choose; its columns are numbers that go beside the structures, none where empty.
    ///
    /// # Errors
    /// No ranking where ranked rows are asked for, columns that are not there or hold no numbers, a damaged file.
    pub fn open(file: &'f ResultFile, options: &ExportOptions) -> Result<Self, SinkError> {
        let is_ranked = options.rows == ExportRows::Ranked;
        let mut names: Vec<String> = ["index", "id", "origin"].map(str::to_owned).into();
        if is_ranked {
            names.push("rank".to_owned());
        }
        let leading = names.len();
        for name in &options.columns {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let selected = select(file, &ExportOptions { columns: names.clone(), ..options.clone() })?;
        let columns = names.split_off(leading);
        let mut rows =
            Self { file, columns, selected, block: Vec::new().into_iter(), next_place: 0, is_ranked, most: 0 };
        rows.most = file.num_rows();
        if is_ranked {
            let mut all = Vec::new();
            while let Some(mut block) = rows.read()? {
                all.append(&mut block);
            }
            all.sort_by_key(|row| row.index);
            rows.most = all.len();
            rows.block = all.into_iter();
        }
        Ok(rows)
    }

    /// Names of the numbers that go beside structures.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The most rows that there can be.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Whether places are those of the index too.
    pub fn is_in_order(&self) -> bool {
        !self.is_ranked
    }

    /// The next row, by rising index; `None` at the end.
    ///
    /// # Errors
    /// A damaged file.
    pub fn next_row(&mut self) -> Result<Option<StructureRow>, SinkError> {
        loop {
            if let Some(row) = self.block.next() {
                return Ok(Some(row));
            }
            if self.is_ranked {
                return Ok(None);
            }
            match self.read()? {
                Some(block) => self.block = block.into_iter(),
                None => return Ok(None),
            }
        }
    }

    fn read(&mut self) -> Result<Option<Vec<StructureRow>>, SinkError> {
        let Some(blocks) = self.selected.next_block(self.file, BLOCK)? else { return Ok(None) };
        let mut blocks = blocks.into_iter();
        let mut next = || blocks.next().ok_or_else(|| SinkError::rows("a column is missing"));
        let (index, id, origin) = (counts(next()?)?, texts(next()?)?, texts(next()?)?);
        let rank = if self.is_ranked { Some(counts(next()?)?) } else { None };
        let values =
            blocks.zip(&self.columns).map(|(block, name)| numbers(block, name)).collect::<Result<Vec<_>, _>>()?;
        let rows = id.into_iter().zip(origin).enumerate().map(|(row, (id, origin))| StructureRow {
            index: index[row],
            id,
            origin,
            rank: rank.as_ref().map(|rank| rank[row]),
            values: values.iter().map(|column| column[row]).collect(),
            place: self.next_place + row,
        });
        let rows: Vec<StructureRow> = rows.collect();
        self.next_place += rows.len();
        Ok(Some(rows))
    }
}

fn counts(block: Block) -> Result<Vec<u64>, SinkError> {
    match block {
        Block::Count(values) => Ok(values),
        _ => Err(SinkError::rows("a column of whole numbers was expected")),
    }
}

fn texts(block: Block) -> Result<Vec<String>, SinkError> {
    match block {
        Block::Text(values) => Ok(values),
        _ => Err(SinkError::rows("a column of texts was expected")),
    }
}

fn numbers(block: Block, name: &str) -> Result<Vec<f64>, SinkError> {
    Ok(match block {
        Block::Number(values) => values,
        Block::Single(values) => values.into_iter().map(f64::from).collect(),
        Block::Count(values) => values.into_iter().map(|value| value as f64).collect(),
        Block::Text(_) => {
            return Err(SinkError::rows(format!("column \"{name}\" holds text, numbers go beside structures")));
        }
    })
}
