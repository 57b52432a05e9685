//! The table of candidates.

use crate::candidate::{PredictionGroup, Task};

use super::data::{PredictionCell, ReportData, TopRow};
use super::html::{count, escape, formula, number, shorten, table, with_unit};
use super::message::{Language, Text};

pub(super) fn section(data: &ReportData, language: Language) -> String {
    let t = |text: Text| text.in_language(language);
    let mut note = if data.num_ranked == 0 { format!("{} ", t(Text::NoRanking)) } else { String::new() };
    if !data.predictions.is_empty() {
        note.push_str(t(Text::TopNote));
    }
    let mut header = vec![(t(Text::Rank).to_owned(), true), (t(Text::Formula).to_owned(), false)];
    let has_ids = data.top.iter().any(|row| row.id != row.formula);
    if has_ids {
        header.push((t(Text::Id).to_owned(), false));
    }
    for group in &data.predictions {
        let interval = format!("{:.0} % {}", group.interval * 100.0, t(Text::Interval));
        let unit = if matches!(group.task, Task::Regression) { group.unit.text() } else { "" };
        header.push((
            format!("{}<br><span class=\"range\">{}</span>", escape(&with_unit(&group.name, unit)), escape(&interval)),
            true,
        ));
    }
    let shown = shown_objectives(data);
    for &column in &shown {
        let objective = &data.objectives[column];
        header.push((escape(&with_unit(&objective.label, objective.unit.text())), true));
    }
    if data.has_fronts {
        header.push((t(Text::Front).to_owned(), true));
    }
    if data.num_ranked > 0 {
        header.push((t(Text::Score).to_owned(), true));
    }
    let rows: Vec<Vec<String>> =
        data.top.iter().enumerate().map(|(i, row)| line(data, row, (i + 1, has_ids), &shown, language)).collect();
    let total = if data.num_ranked > 0 { data.num_ranked } else { data.num_rows };
    let caption = match language {
        Language::En => format!("{} {} {}", count(rows.len() as u64), t(Text::ShownOf), count(total as u64)),
        Language::Zh => format!("{} {} {} 条", count(rows.len() as u64), t(Text::ShownOf), count(total as u64)),
    };
    format!("<p class=\"note\">{note}</p>\n<div class=\"wide\">{}</div>\n", table("top", &caption, &header, &rows))
}

/// Objectives that no prediction column shows already.
fn shown_objectives(data: &ReportData) -> Vec<usize> {
    let shown =
        |label: &str| data.predictions.iter().any(|group| label.strip_suffix(".value") == Some(group.name.as_str()));
    (0..data.objectives.len()).filter(|&column| !shown(&data.objectives[column].label)).collect()
}

fn line(
    data: &ReportData,
    row: &TopRow,
    (place, has_ids): (usize, bool),
    objectives: &[usize],
    language: Language,
) -> Vec<String> {
    let mut cells = vec![place.to_string(), formula(&row.formula)];
    if has_ids {
        cells.push(escape(&shorten(&row.id, 60)));
    }
    for (group, cell) in data.predictions.iter().zip(&row.predictions) {
        cells.push(prediction(group, cell, language));
    }
    cells.extend(objectives.iter().map(|&column| number(row.objectives.get(column).copied().unwrap_or(f64::NAN))));
    if data.has_fronts {
        cells.push(row.front.to_string());
    }
    if data.num_ranked > 0 {
        cells.push(number(row.score));
    }
    cells
}

fn prediction(group: &PredictionGroup, cell: &PredictionCell, language: Language) -> String {
    let value = match &group.task {
        Task::Regression => number(cell.value),
        Task::Classification { classes } => {
            let name = |class: Option<&String>| class.map(|name| escape(&shorten(name, 30)));
            let class = name(classes.get(cell.value as usize)).unwrap_or_else(|| number(cell.value));
            let told = if classes.len() > 2 { classes.get(cell.value as usize) } else { classes.last() };
            let told = name(told).unwrap_or_default();
            let probability = cell.probability.map(|p| format!(", p({told}) = {}", number(p))).unwrap_or_default();
            format!("{class}{probability}")
        }
    };
    if !cell.is_calibrated() {
        return format!("{value} <span class=\"outside\">{}</span>", Text::Uncalibrated.in_language(language));
    }
    let range = format!("<br><span class=\"range\">{} … {}</span>", number(cell.lower), number(cell.upper));
    let domain = match cell.in_domain {
        true => String::new(),
        false => format!(" <span class=\"outside\">{}</span>", Text::Outside.in_language(language)),
    };
    format!("{value}{range}{domain}")
}
