//! The pictures of a report: funnel, histograms, trade-offs, parity, calibration.

use std::fmt::Write as _;

use crate::candidate::Ledger;

use super::chart::{BLUE, Chart, GREY, ORANGE, VERMILION, plain};
use super::data::{Distribution, ModelSummary, Tradeoff};
use super::html::{count, escape, shorten, with_unit};
use super::message::{Language, Text, stage};

/// Width of a picture, of which two stand side by side.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 250.0;

/// One bar a rule: how many candidates it left, on a logarithmic scale.
pub(super) fn funnel(ledger: &Ledger, language: Language) -> String {
    let (label_width, bar_width, step) = (210.0, 400.0, 26.0);
    let top = libm::log10(ledger.read().max(1) as f64 + 1.0);
    let height = step * (ledger.rules.len() + 1) as f64 + 8.0;
    let mut body = String::new();
    let mut bar = |row: usize, label: &str, value: u64, before: u64, fill: &str| {
        let y = 4.0 + step * row as f64;
        let width = if value == 0 { 0.0 } else { (libm::log10(value as f64 + 1.0) / top * bar_width).max(2.0) };
        let share = if row == 0 || before == 0 { String::new() } else { format!(" ({})", percent(value, before)) };
        let _ = write!(
            body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"{label_width}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" rx=\"2\" fill=\"{fill}\"/><text x=\"{:.1}\" y=\"{}\">{}{share}</text>",
            label_width - 8.0,
            y + 13.0,
            escape(&shorten(label, 29)),
            label_width + width + 6.0,
            y + 13.0,
            count(value)
        );
    };
    bar(0, Text::Read.in_language(language), ledger.read(), 0, GREY);
    for (row, rule) in ledger.rules.iter().enumerate() {
        let label = format!("{} · {}", stage(&rule.stage, language), rule.rule);
        bar(row + 1, &label, rule.kept, rule.input, BLUE);
    }
    let title = Text::Funnel.in_language(language);
    format!(
        "<svg class=\"funnel\" viewBox=\"0 0 740 {height}\" width=\"740\" height=\"{height}\" role=\"img\"><title>{title}</title>{body}</svg>\n"
    )
}

/// Histogram of one column.
pub(super) fn histogram(data: &Distribution, language: Language) -> String {
    let most = data.counts.iter().copied().max().unwrap_or(0);
    let mut chart = Chart::new(WIDTH, HEIGHT, (data.low, data.high), (0.0, (most as f64 * 1.05).max(1.0)));
    chart.axes(&with_unit(&data.name, &data.unit), Text::Rows.in_language(language));
    let step = (data.high - data.low) / data.counts.len().max(1) as f64;
    if step > 0.0 {
        for (bin, &rows) in data.counts.iter().enumerate().filter(|(_, rows)| **rows > 0) {
            let from = data.low + step * bin as f64;
            chart.bar((from, 0.0), (from + step, rows as f64), BLUE, 0.8);
        }
    } else if most > 0 {
        let pad = if data.low == 0.0 { 0.02 } else { data.low.abs() * 0.001 };
        chart.bar((data.low - pad, 0.0), (data.low + pad, most as f64), BLUE, 0.8);
    }
    for &value in &data.marks {
        chart.mark(value, ORANGE);
    }
    let rows: u64 = data.counts.iter().sum();
    chart.finish(&format!("{}: {} … {}, {}", data.name, plain(data.low), plain(data.high), count(rows)))
}

/// One pair of objectives: stored rows as a density, ranked candidates as points.
pub(super) fn tradeoff(data: &Tradeoff) -> String {
    let pad = |(low, high): (f64, f64)| {
        let margin = (high - low) * 0.03;
        (low - margin, high + margin)
    };
    let [x_range, y_range] = data.ranges;
    let mut chart = Chart::new(WIDTH, HEIGHT + 30.0, pad(x_range), pad(y_range));
    let [x, y] = &data.axes;
    chart.axes(&with_unit(&x.0, &x.1), &with_unit(&y.0, &y.1));
    let columns = data.density_columns.max(1);
    let lines = (data.density.len() / columns).max(1);
    let most = libm::log(data.density.iter().copied().max().unwrap_or(0) as f64 + 1.0);
    let (dx, dy) = ((x_range.1 - x_range.0) / columns as f64, (y_range.1 - y_range.0) / lines as f64);
    for (cell, &rows) in data.density.iter().enumerate().filter(|(_, rows)| **rows > 0) {
        let (left, bottom) = (x_range.0 + dx * (cell % columns) as f64, y_range.0 + dy * (cell / columns) as f64);
        let shade = 0.12 + 0.6 * libm::log(rows as f64 + 1.0) / most;
        chart.bar((left, bottom), (left + dx, bottom + dy), GREY, shade);
    }
    for &(x, y, front) in data.points.iter().rev() {
        if front <= 1 { chart.dot(x, y, 3.0, BLUE, 0.9) } else { chart.diamond(x, y, ORANGE) }
    }
    chart.finish(&format!("{} – {}", x.0, y.0))
}

/// Predicted against measured values.
pub(super) fn parity(model: &ModelSummary, language: Language) -> String {
    let finite = model.parity.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &(x, y) in finite {
        low = low.min(x).min(y);
        high = high.max(x).max(y);
    }
    let mut chart = Chart::new(WIDTH, HEIGHT + 60.0, (low, high), (low, high));
    chart.axes(
        &with_unit(Text::Measured.in_language(language), &model.unit),
        &with_unit(Text::Predicted.in_language(language), &model.unit),
    );
    chart.line(&[(low, low), (high, high)], VERMILION, true);
    for &(x, y) in &model.parity {
        chart.dot(x, y, 1.8, BLUE, 0.45);
    }
    chart.finish(Text::Parity.in_language(language))
}

/// Observed against nominal coverage.
pub(super) fn calibration(model: &ModelSummary, language: Language) -> String {
    let mut chart = Chart::new(WIDTH, HEIGHT + 60.0, (0.0, 1.0), (0.0, 1.0));
    let (x, y) = match model.is_regression {
        true => (Text::Nominal, Text::Observed),
        false => (Text::Probability, Text::Frequency),
    };
    chart.axes(x.in_language(language), y.in_language(language));
    chart.line(&[(0.0, 0.0), (1.0, 1.0)], VERMILION, true);
    chart.line(&model.calibration, BLUE, false);
    for &(x, y) in &model.calibration {
        chart.dot(x, y, 3.0, BLUE, 1.0);
    }
    chart.finish(Text::Calibration.in_language(language))
}

/// A share in percent, with as many digits as it needs.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 / whole.max(1) as f64 * 100.0;
    match share {
        s if s == 0.0 || s >= 10.0 => format!("{s:.0} %"),
        s if s >= 0.1 => format!("{s:.1} %"),
        s => format!("{s:.1e} %"),
    }
}
