//! Rows of candidates as text, CSV or JSON.

use serde_json::{Map, Value, json};

use crate::candidate::{Column, Layout, Task};
use crate::report::{PredictionCell, TopRow};

use super::output::{number, say, table};
use super::{CliError, Context};

/// Candidates with what they were ranked by.
pub(super) struct TopTable<'a> {
    /// Groups of the file.
    pub(super) layout: &'a Layout,
    /// Objectives; empty without a ranking.
    pub(super) objectives: &'a [Column],
    /// Candidates, best first.
    pub(super) rows: &'a [TopRow],
}

impl TopTable<'_> {
    /// Aligned columns; `*` marks a prediction outside the domain of its model.
    pub(super) fn text(&self, context: &Context) -> String {
        let word = |en, zh| say(context.language, en, zh);
        let ranked = self.rows.iter().any(|row| row.score.is_finite());
        let fronts = self.rows.iter().any(|row| row.front > 0);
        let mut titles = vec![
            ("#".to_owned(), true),
            (word("formula", "化学式").to_owned(), false),
            (word("id", "标识").to_owned(), false),
        ];
        for group in &self.layout.predictions {
            let title = match group.task {
                Task::Regression => with_unit(&group.name, group.unit.text()),
                Task::Classification { .. } => group.name.clone(),
            };
            titles.push((title, false));
        }
        let shown: Vec<usize> = (0..self.objectives.len()).filter(|&column| !self.is_prediction(column)).collect();
        titles.extend(shown.iter().map(|&column| {
            let objective = &self.objectives[column];
            (with_unit(&objective.label, objective.unit.text()), true)
        }));
        if fronts {
            titles.push((word("front", "前沿").to_owned(), true));
        }
        if ranked {
            titles.push((word("score", "得分").to_owned(), true));
        }
        let line = |(place, row): (usize, &TopRow)| {
            let id = if row.id == row.formula { String::new() } else { row.id.clone() };
            let mut cells = vec![(place + 1).to_string(), row.formula.clone(), id];
            cells.extend(
                self.layout.predictions.iter().zip(&row.predictions).map(|(group, cell)| prediction(&group.task, cell)),
            );
            cells.extend(
                shown.iter().map(|&column| row.objectives.get(column).map_or_else(String::new, |&v| number(v))),
            );
            if fronts {
                cells.push(row.front.to_string());
            }
            if ranked {
                cells.push(number(row.score));
            }
            cells
        };
        let rows: Vec<Vec<String>> = self.rows.iter().enumerate().map(line).collect();
        let header: Vec<(&str, bool)> = titles.iter().map(|(title, right)| (title.as_str(), *right)).collect();
        let mut out = table(&header, &rows);
        let cells = || self.rows.iter().flat_map(|row| &row.predictions);
        if cells().any(|cell| !cell.in_domain && cell.is_calibrated()) {
            out.push_str(word("* outside the applicability domain of the model\n", "* 超出模型适用域\n"));
        }
        if cells().any(|cell| !cell.is_calibrated()) {
            out.push_str(word(
                "? imported model, neither calibrated nor with a domain\n",
                "? 导入的模型，未校准，适用域未知\n",
            ));
        }
        out
    }

    /// One object a row; what is not a finite number is null.
    pub(super) fn json(&self) -> Vec<Value> {
        self.rows.iter().enumerate().map(|(place, row)| Value::Object(self.record(place, row))).collect()
    }

    /// Comma-separated values with a header line.
    pub(super) fn csv(&self) -> Result<String, CliError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (place, row) in self.rows.iter().enumerate() {
            let record = self.record(place, row);
            if place == 0 {
                writer.write_record(record.keys())?;
            }
            writer.write_record(record.values().map(|value| match value {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            }))?;
        }
        let bytes = writer.into_inner().map_err(|error| CliError::usage(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn record(&self, place: usize, row: &TopRow) -> Map<String, Value> {
        let mut record = Map::new();
        record.insert("rank".into(), json!(place + 1));
        record.insert("index".into(), json!(row.index));
        record.insert("id".into(), json!(row.id));
        record.insert("formula".into(), json!(row.formula));
        record.insert("origin".into(), json!(row.origin));
        record.insert("score".into(), json!(row.score));
        record.insert("front".into(), json!(row.front));
        for (group, cell) in self.layout.predictions.iter().zip(&row.predictions) {
            for (field, value) in [("value", cell.value), ("lower", cell.lower), ("upper", cell.upper)] {
                record.insert(format!("{}.{field}", group.name), json!(value));
            }
            record.insert(format!("{}.in_domain", group.name), json!(u8::from(cell.in_domain)));
            if let (Task::Classification { classes }, Some(p)) = (&group.task, cell.probability) {
                let class = told(classes, cell).map_or("", String::as_str);
                record.insert(format!("{}.probability.{class}", group.name), json!(p));
            }
        }
        for (column, &value) in self.objectives.iter().zip(&row.objectives) {
            record.entry(&column.label).or_insert(json!(value));
        }
        record
    }

    fn is_prediction(&self, column: usize) -> bool {
        let name = self.objectives[column].label.strip_suffix(".value");
        self.layout.predictions.iter().any(|group| name == Some(group.name.as_str()))
    }
}

fn with_unit(name: &str, unit: &str) -> String {
    if unit.is_empty() || unit == "1" { name.to_owned() } else { format!("{name} / {unit}") }
}

/// The class whose probability is shown: the last of two, the answer among more.
fn told<'a>(classes: &'a [String], cell: &PredictionCell) -> Option<&'a String> {
    if classes.len() > 2 { classes.get(cell.value as usize) } else { classes.last() }
}

/// `1.34 [0.98, 1.73]`, or class and probability of the last of two classes, of the answer among more.
fn prediction(task: &Task, cell: &PredictionCell) -> String {
    let star = match (cell.is_calibrated(), cell.in_domain) {
        (false, _) => " ?",
        (true, true) => "",
        (true, false) => " *",
    };
    match task {
        Task::Regression if !cell.is_calibrated() => format!("{}{star}", short(cell.value)),
        Task::Regression => {
            format!("{} [{}, {}]{star}", short(cell.value), short(cell.lower), short(cell.upper))
        }
        Task::Classification { classes } => {
            let class = classes.get(cell.value as usize).map_or("?", String::as_str);
            let told = told(classes, cell).map_or("", String::as_str);
            format!("{class} p({told})={}{star}", short(cell.probability.unwrap_or(f64::NAN)))
        }
    }
}

/// A number with at most three decimals.
fn short(value: f64) -> String {
    if value.is_finite() && value.abs() < 1e5 && (value == 0.0 || value.abs() >= 1e-2) {
        return format!("{value:.3}");
    }
    number(value)
}
