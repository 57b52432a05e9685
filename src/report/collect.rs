//! Fills [`ReportData`] from a result file, in passes over blocks of rows: memory does not grow with their number.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::candidate::{Ranking, StoredRows, Task};
use crate::sink::{ResultFile, SinkError};

use super::card;
use super::data::{Distribution, PredictionCell, QuarantineGroup, ReportData, TopRow, Tradeoff};

/// Bins of a histogram.
const BINS: usize = 48;
/// Cells of the density behind a trade-off, along x and along y.
const CELLS: (usize, usize) = (60, 48);
/// Ranked candidates drawn in a trade-off; the rest would hide one another.
const MAX_POINTS: usize = 1500;
/// Objectives that are drawn against one another.
const MAX_DRAWN_OBJECTIVES: usize = 3;
/// Candidates read at once.
const BLOCK: usize = 1 << 16;
/// Marks under a histogram.
const MAX_MARKS: usize = 200;
/// Documents that the page prints, in this order; the plan has a section of its own, the cards too.
const DOCUMENTS: [&str; 5] = ["inputs", "tables", "product", "environment", "run"];

/// How much a report shows.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Candidates in the table.
    pub top: usize,
}

impl Default for Selection {
    fn default() -> Self {
        Self { top: 100 }
    }
}

impl ReportData {
    /// Reads what a report shows.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn from_result(result: &ResultFile, selection: Selection) -> Result<Self, SinkError> {
        let layout = result.layout();
        let ranking = result.ranking()?;
        let plan = optional_document(result, "plan")?.unwrap_or_default();
        let cards = optional_json(result, "models")?;
        let (title, top) = (title_of(&plan), top_rows(result, ranking.as_ref(), selection.top)?);
        let mut documents = Vec::new();
        for name in DOCUMENTS {
            if let Some(document) = optional_json(result, name)? {
                documents.push((name.to_owned(), document));
            }
        }
        let attribute = |name: &str| result.attribute(name).unwrap_or_default().to_owned();
        Ok(Self {
            title,
            run_uuid: attribute("run_uuid"),
            created: attribute("created"),
            software: format!("{} {}", attribute("software_name"), attribute("software_version")).trim().to_owned(),
            file_name: result.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            plan,
            ledger: result.ledger()?,
            num_rows: result.num_rows(),
            num_ranked: ranking.as_ref().map_or(0, Ranking::len),
            objectives: ranking.as_ref().map(|r| r.objectives.clone()).unwrap_or_default(),
            has_fronts: ranking.as_ref().is_some_and(|r| r.front.iter().any(|&front| front > 0)),
            predictions: layout.predictions.clone(),
            features: layout.features.clone(),
            distributions: distributions(result, ranking.as_ref(), &top)?,
            tradeoffs: ranking.as_ref().map(|r| tradeoffs(result, r)).transpose()?.unwrap_or_default(),
            top,
            models: layout.predictions.iter().filter_map(|group| card::summary(group, cards.as_ref()?)).collect(),
            quarantine: quarantine(result)?,
            documents,
            digest: result.digests()?.0,
        })
    }
}

fn optional_document(result: &ResultFile, name: &str) -> Result<Option<String>, SinkError> {
    if !result.documents()?.iter().any(|document| document == name) {
        return Ok(None);
    }
    result.document(name).map(Some)
}

/// A document as JSON; as a string where it is none.
fn optional_json(result: &ResultFile, name: &str) -> Result<Option<serde_json::Value>, SinkError> {
    let text = optional_document(result, name)?;
    Ok(text.map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text))))
}

/// `[screen]` title of a plan, else its name.
fn title_of(plan: &str) -> String {
    let table: toml::Table = plan.parse().unwrap_or_default();
    let word = |key: &str| table.get("screen")?.get(key)?.as_str().filter(|text| !text.is_empty());
    word("title").or_else(|| word("name")).unwrap_or_default().to_owned()
}

/// The best candidates of a ranking of stored rows, best first; the first rows where there is no ranking.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn top_rows(result: &ResultFile, ranking: Option<&Ranking>, limit: usize) -> Result<Vec<TopRow>, SinkError> {
    let Some(ranking) = ranking else {
        let rows = result.rows(0..limit.min(result.num_rows()))?;
        return Ok((0..rows.len()).map(|row| top_row(&rows, row, f64::NAN, 0, &[])).collect());
    };
    let shown = limit.min(ranking.len());
    let found = result.find_indices(&ranking.index[..shown])?;
    let width = ranking.objectives.len();
    let stored: Vec<usize> = found.iter().flatten().copied().collect();
    let rows = result.rows_at(&stored)?;
    let ranked = found.iter().enumerate().filter(|(_, row)| row.is_some()).map(|(place, _)| place);
    let top = ranked.enumerate().map(|(row, place)| {
        let values = ranking.values.get(place * width..(place + 1) * width).unwrap_or_default();
        top_row(&rows, row, ranking.score[place], ranking.front[place], values)
    });
    Ok(top.collect())
}

fn top_row(rows: &StoredRows, row: usize, score: f64, front: u32, objectives: &[f64]) -> TopRow {
    // Of two classes the last one's probability is shown, of more the answer's.
    let told = |predictions: &crate::candidate::Predictions| match predictions.num_classes {
        classes @ 3.. => (predictions.value[row] as usize).min(classes - 1),
        classes => classes.saturating_sub(1),
    };
    let cell = |predictions: &crate::candidate::Predictions| PredictionCell {
        value: predictions.value[row],
        lower: predictions.lower[row],
        upper: predictions.upper[row],
        in_domain: predictions.in_domain[row] == 1,
        probability: (predictions.num_classes > 0)
            .then(|| predictions.probability[row * predictions.num_classes + told(predictions)]),
    };
    TopRow {
        index: rows.index[row],
        origin: rows.origin[row].clone(),
        id: rows.id[row].clone(),
        formula: rows.formula[row].clone(),
        score,
        front,
        objectives: objectives.to_vec(),
        predictions: rows.predictions.iter().map(cell).collect(),
    }
}

/// Blocks of rows.
fn blocks(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(BLOCK).map(move |start| start..(start + BLOCK).min(rows))
}

/// Smallest and largest finite value of a column; an empty range where there is none.
fn range_of(result: &ResultFile, name: &str) -> Result<(f64, f64), SinkError> {
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for block in blocks(result.num_rows()) {
        widen(&mut range, &result.numeric_column(name, block)?);
    }
    Ok(range)
}

fn widen(range: &mut (f64, f64), values: &[f64]) {
    for &value in values.iter().filter(|value| value.is_finite()) {
        *range = (range.0.min(value), range.1.max(value));
    }
}

/// Cell of a value on a grid of `cells` equal cells; the upper end belongs to the last one.
fn cell_of(value: f64, (low, high): (f64, f64), cells: usize) -> usize {
    if high > low { (((value - low) / (high - low) * cells as f64) as usize).min(cells - 1) } else { 0 }
}

fn distributions(
    result: &ResultFile,
    ranking: Option<&Ranking>,
    top: &[TopRow],
) -> Result<Vec<Distribution>, SinkError> {
    let mut out = Vec::new();
    for (number, group) in result.layout().predictions.iter().enumerate() {
        let (name, unit) = match &group.task {
            Task::Regression => (format!("{}.value", group.name), group.unit.text().to_owned()),
            Task::Classification { classes } if classes.len() > 2 => (format!("{}.value", group.name), String::new()),
            Task::Classification { classes } => {
                let Some(class) = classes.last() else { continue };
                (format!("{}.probability.{class}", group.name), String::new())
            }
        };
        let is_probability = name.contains(".probability.");
        let mark = |cell: &PredictionCell| cell.probability.filter(|_| is_probability).unwrap_or(cell.value);
        let marks = top.iter().filter_map(|row| row.predictions.get(number)).map(mark);
        out.push(distribution(result, &name, &name, unit, marks.take(MAX_MARKS).collect())?);
    }
    let layout = &result.layout().objectives;
    for (number, column) in ranking.iter().flat_map(|ranking| &ranking.objectives).enumerate() {
        // A prediction that is an objective has its picture already; a re-ranked file may lack the stored column.
        if out.iter().any(|known| known.name == column.label)
            || !layout.iter().any(|stored| stored.label == column.label)
        {
            continue;
        }
        let marks = top.iter().filter_map(|row| row.objectives.get(number).copied());
        let stored = format!("objective.{}", column.label);
        let unit = column.unit.text().to_owned();
        out.push(distribution(result, &stored, &column.label, unit, marks.take(MAX_MARKS).collect())?);
    }
    Ok(out)
}

fn distribution(
    result: &ResultFile,
    column: &str,
    name: &str,
    unit: String,
    marks: Vec<f64>,
) -> Result<Distribution, SinkError> {
    let range = range_of(result, column)?;
    let mut counts = vec![0u64; BINS];
    let mut undefined = 0;
    for block in blocks(result.num_rows()) {
        for value in result.numeric_column(column, block)? {
            match value.is_finite() {
                true => counts[cell_of(value, range, BINS)] += 1,
                false => undefined += 1,
            }
        }
    }
    Ok(Distribution { name: name.to_owned(), unit, low: range.0, high: range.1, counts, undefined, marks })
}

fn tradeoffs(result: &ResultFile, ranking: &Ranking) -> Result<Vec<Tradeoff>, SinkError> {
    let drawn = ranking.objectives.len().min(MAX_DRAWN_OBJECTIVES);
    let mut out = Vec::new();
    for (a, b) in (0..drawn).flat_map(|a| (a + 1..drawn).map(move |b| (a, b))) {
        out.push(tradeoff(result, ranking, [a, b])?);
    }
    Ok(out)
}

fn tradeoff(result: &ResultFile, ranking: &Ranking, pair: [usize; 2]) -> Result<Tradeoff, SinkError> {
    let width = ranking.objectives.len();
    let columns = pair.map(|column| &ranking.objectives[column]);
    let ranked = |column: usize| ranking.values.iter().skip(column).step_by(width).copied();
    let points = ranked(pair[0]).zip(ranked(pair[1])).zip(&ranking.front).map(|((x, y), &front)| (x, y, front));
    let points: Vec<(f64, f64, u32)> = points.take(MAX_POINTS).collect();
    let mut ranges = [(f64::INFINITY, f64::NEG_INFINITY); 2];
    for &(x, y, _) in &points {
        widen(&mut ranges[0], &[x]);
        widen(&mut ranges[1], &[y]);
    }
    let mut density = vec![0u64; CELLS.0 * CELLS.1];
    let stored = columns.map(|column| format!("objective.{}", column.label));
    if columns.iter().all(|column| result.layout().objectives.iter().any(|known| known.label == column.label)) {
        for (range, name) in ranges.iter_mut().zip(&stored) {
            let (low, high) = range_of(result, name)?;
            *range = (range.0.min(low), range.1.max(high));
        }
        for block in blocks(result.num_rows()) {
            let x = result.numeric_column(&stored[0], block.clone())?;
            let y = result.numeric_column(&stored[1], block)?;
            for (x, y) in x.into_iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()) {
                density[cell_of(y, ranges[1], CELLS.1) * CELLS.0 + cell_of(x, ranges[0], CELLS.0)] += 1;
            }
        }
    }
    let axes = columns.map(|column| (column.label.clone(), column.unit.text().to_owned()));
    Ok(Tradeoff { axes, ranges, density, density_columns: CELLS.0, points })
}

fn quarantine(result: &ResultFile) -> Result<Vec<QuarantineGroup>, SinkError> {
    let mut groups: BTreeMap<(String, String), QuarantineGroup> = BTreeMap::new();
    for block in blocks(result.num_quarantined()?) {
        for fault in result.quarantine(block)? {
            let key = (fault.stage.clone(), fault.code.clone());
            let first = || QuarantineGroup {
                stage: fault.stage,
                code: fault.code,
                count: 0,
                origin: fault.origin,
                detail: fault.detail,
            };
            groups.entry(key).or_insert_with(first).count += 1;
        }
    }
    let mut groups: Vec<QuarantineGroup> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    Ok(groups)
}
