//! Which columns and rows are exported, and their values block by block.

use crate::units::Unit;

use super::super::columns::Place;
use super::super::data::Data;
use super::super::reader::ResultFile;
use super::super::schema::{FLAG, Kind};
use super::super::{SinkError, table::Column};
use super::{ExportOptions, ExportRows};

/// Rows of which verdict are kept.
const KEPT: u8 = 0;

/// One exported column.
pub(in crate::sink) struct Exported {
    /// Name in the header.
    pub(in crate::sink) name: String,
    /// Unit of numbers.
    pub(in crate::sink) unit: Unit,
    source: Source,
}

enum Source {
    /// A column of a row-aligned dataset.
    Stored { dataset: usize, column: usize },
    /// Place in the ranking, from 1.
    Rank,
    /// Score of the ranking.
    Score,
    /// Front of the ranking.
    Front,
}

/// Values of one column for some rows.
pub(in crate::sink) enum Block {
    /// Strings, and names of codes.
    Text(Vec<String>),
    /// Whole numbers.
    Count(Vec<u64>),
    /// Numbers; NaN is not defined.
    Number(Vec<f64>),
    /// Numbers stored with single precision.
    Single(Vec<f32>),
}

impl Block {
    /// Number of rows.
    pub(in crate::sink) fn rows(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Count(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Single(values) => values.len(),
        }
    }
}

/// Type of a column's blocks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::sink) enum BlockKind {
    /// [`Block::Text`].
    Text,
    /// [`Block::Count`].
    Count,
    /// [`Block::Number`].
    Number,
    /// [`Block::Single`].
    Single,
}

/// Rows and columns of an export, and how far it is.
pub(in crate::sink) struct Selected {
    columns: Vec<(Exported, BlockKind)>,
    rows: Rows,
}

enum Rows {
    All { next: usize, kept_only: bool },
    Ranked { next: usize, rows: Vec<usize>, score: Vec<f64>, front: Vec<u32> },
}

/// Resolves the columns and rows that the options name.
pub(in crate::sink) fn select(file: &ResultFile, options: &ExportOptions) -> Result<Selected, SinkError> {
    let rows = match options.rows {
        ExportRows::All => Rows::All { next: 0, kept_only: false },
        ExportRows::Kept => Rows::All { next: 0, kept_only: true },
        ExportRows::Ranked => ranked_rows(file, options.top)?,
    };
    let mut known = Vec::new();
    let plain = |name: &str, source| Exported { name: name.to_owned(), unit: Unit::dimensionless(), source };
    if matches!(rows, Rows::Ranked { .. }) {
        known.push(plain("rank", Source::Rank));
        known.push(plain("score", Source::Score));
        known.push(plain("front", Source::Front));
    }
    for (dataset, name) in ["index", "id", "formula", "origin"].into_iter().enumerate() {
        known.push(plain(name, Source::Stored { dataset, column: 0 }));
    }
    if file.layout().structure_digests {
        known.push(plain("structure_digest", Source::Stored { dataset: 5, column: 0 }));
    }
    known.extend(file.places().into_iter().map(|Place { named, dataset, column }| Exported {
        name: named.name,
        unit: named.column.unit,
        source: Source::Stored { dataset, column },
    }));
    let chosen = if options.columns.is_empty() {
        known
    } else {
        let mut chosen = Vec::new();
        for name in &options.columns {
            match known.iter().position(|column| column.name == *name) {
                Some(place) => chosen.push(known.swap_remove(place)),
                None if chosen.iter().any(|column: &Exported| column.name == *name) => {}
                None => return Err(file.unknown(name, known.iter().map(|column| column.name.as_str()))),
            }
        }
        chosen
    };
    let columns = chosen
        .into_iter()
        .map(|column| {
            let kind = column.kind(file);
            (column, kind)
        })
        .collect();
    Ok(Selected { columns, rows })
}

fn ranked_rows(file: &ResultFile, top: Option<usize>) -> Result<Rows, SinkError> {
    let ranking = file.ranking()?.ok_or_else(|| SinkError::rows("the result has no ranking"))?;
    let best = &ranking.index[..top.unwrap_or(usize::MAX).min(ranking.len())];
    let rows = file
        .find_indices(best)?
        .into_iter()
        .zip(best)
        .map(|(row, index)| {
            let reason = || format!("the ranking holds candidate {index}, which is not stored");
            row.ok_or_else(|| SinkError::damaged(file.path(), reason()))
        })
        .collect::<Result<_, _>>()?;
    Ok(Rows::Ranked { next: 0, rows, score: ranking.score, front: ranking.front })
}

impl Exported {
    fn kind(&self, file: &ResultFile) -> BlockKind {
        match self.source {
            Source::Rank | Source::Front => BlockKind::Count,
            Source::Score => BlockKind::Number,
            Source::Stored { dataset, .. } => match file.table().columns()[dataset].kind() {
                Kind::Text => BlockKind::Text,
                kind if *kind == Kind::codes(FLAG) => BlockKind::Count,
                Kind::Enum(_) => BlockKind::Text,
                Kind::U32 | Kind::U64 => BlockKind::Count,
                Kind::F64 => BlockKind::Number,
                Kind::F32 => BlockKind::Single,
            },
        }
    }
}

impl Selected {
    /// Columns with the type of their blocks.
    pub(in crate::sink) fn columns(&self) -> &[(Exported, BlockKind)] {
        &self.columns
    }

    /// The next rows, at most `limit`; `None` at the end.
    pub(in crate::sink) fn next_block(
        &mut self,
        file: &ResultFile,
        limit: usize,
    ) -> Result<Option<Vec<Block>>, SinkError> {
        let table = file.table();
        let (rows, first_rank) = match &mut self.rows {
            Rows::All { next, kept_only } => {
                let range = *next..(*next + limit).min(table.rows());
                *next = range.end;
                if range.is_empty() {
                    return Ok(None);
                }
                if *kept_only {
                    let verdicts = table.columns()[4].read(range.clone())?;
                    let kept = range.zip(verdicts.bytes()).filter(|(_, verdict)| **verdict == KEPT);
                    (kept.map(|(row, _)| row).collect(), 0)
                } else {
                    (range.collect::<Vec<_>>(), 0)
                }
            }
            Rows::Ranked { next, rows, .. } => {
                let range = *next..(*next + limit).min(rows.len());
                *next = range.end;
                if range.is_empty() {
                    return Ok(None);
                }
                (rows[range.clone()].to_vec(), range.start)
            }
        };
        self.read(file, &rows, first_rank).map(Some)
    }

    fn read(&self, file: &ResultFile, rows: &[usize], first_rank: usize) -> Result<Vec<Block>, SinkError> {
        // Each dataset is read once however many of its columns are wanted.
        let mut loaded: Vec<Option<Data>> = file.table().columns().iter().map(|_| None).collect();
        let mut blocks = Vec::with_capacity(self.columns.len());
        for (exported, _) in &self.columns {
            let ranks = first_rank..first_rank + rows.len();
            let block = match (&exported.source, &self.rows) {
                (Source::Rank, _) => Block::Count(ranks.map(|rank| rank as u64 + 1).collect()),
                (Source::Score, Rows::Ranked { score, .. }) => Block::Number(score[ranks].to_vec()),
                (Source::Front, Rows::Ranked { front, .. }) => {
                    Block::Count(front[ranks].iter().map(|&front| u64::from(front)).collect())
                }
                (Source::Score | Source::Front, Rows::All { .. }) => unreachable!("offered for ranked rows only"),
                (Source::Stored { dataset, column }, _) => {
                    let reader = &file.table().columns()[*dataset];
                    if loaded[*dataset].is_none() {
                        loaded[*dataset] = Some(read_rows(reader, rows)?);
                    }
                    let data = loaded[*dataset].as_ref().expect("loaded above");
                    stored_block(reader, data, *column)
                }
            };
            blocks.push(block);
        }
        Ok(blocks)
    }
}

/// Rows of one dataset, in any order: read in ascending order, so that each chunk is read once.
fn read_rows(reader: &Column, rows: &[usize]) -> Result<Data, SinkError> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&place| rows[place]);
    let sorted: Vec<usize> = order.iter().map(|&place| rows[place]).collect();
    let data = reader.read_at(&sorted)?;
    if sorted == rows {
        return Ok(data);
    }
    let mut back = vec![0; rows.len()];
    order.iter().enumerate().for_each(|(from, &place)| back[place] = from);
    Ok(data.gather(&back))
}

fn stored_block(reader: &Column, data: &Data, column: usize) -> Block {
    let width = reader.shape().get(1).copied().unwrap_or(1).max(1);
    match reader.kind() {
        Kind::Text => Block::Text(data.to_strings()),
        kind if *kind == Kind::codes(FLAG) => Block::Count(data.bytes().iter().map(|&code| u64::from(code)).collect()),
        Kind::Enum(members) => Block::Text(
            data.bytes()
                .iter()
                .map(|code| {
                    members
                        .iter()
                        .find(|(_, known)| known == code)
                        .map_or_else(|| code.to_string(), |(name, _)| name.clone())
                })
                .collect(),
        ),
        Kind::U64 => Block::Count(data.to_u64()),
        Kind::U32 => Block::Count(data.to_u32().into_iter().map(u64::from).collect()),
        Kind::F32 => Block::Single(
            data.to_f64(&Kind::F32).into_iter().skip(column).step_by(width).map(|value| value as f32).collect(),
        ),
        Kind::F64 => Block::Number(data.to_f64(&Kind::F64).into_iter().skip(column).step_by(width).collect()),
    }
}
