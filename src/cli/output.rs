//! What verbs share: printing to stdout, aligned tables, opening a result.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::sink::{ResultFile, SinkError};

use super::{CliError, Language};

/// How verbs that print rows print them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Aligned text for people.
    Text,
    /// One JSON document.
    Json,
    /// Comma-separated values.
    Csv,
}

impl Form {
    /// From the two flags, which exclude one another.
    pub(super) fn of(json: bool, csv: bool) -> Self {
        match (json, csv) {
            (true, _) => Self::Json,
            (false, true) => Self::Csv,
            (false, false) => Self::Text,
        }
    }
}

/// Writes data to stdout; a reader that has seen enough (`| head`) is no error.
pub(super) fn emit(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a JSON document to stdout.
pub(super) fn emit_json(value: &serde_json::Value) -> Result<(), CliError> {
    emit(&format!("{value:#}\n"))
}

/// Opens a result, with the sink's own hint on failure.
pub(super) fn open(path: &Path) -> Result<ResultFile, CliError> {
    ResultFile::open(path).map_err(sink_error)
}

/// An error of the sink with its hint.
pub(super) fn sink_error(error: SinkError) -> CliError {
    let hint = error.hint();
    CliError { hint, ..CliError::usage(error) }
}

/// One of two texts.
pub(super) fn say<'a>(language: Language, en: &'a str, zh: &'a str) -> &'a str {
    match language {
        Language::En => en,
        Language::Zh => zh,
    }
}

/// A table with aligned columns; those flagged are set right.
pub(super) fn table(header: &[(&str, bool)], rows: &[Vec<String>]) -> String {
    let clean = |row: &[String]| row.iter().map(|cell| plain(cell)).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| clean(row)).collect();
    let titles: Vec<String> = header.iter().map(|(title, _)| plain(title)).collect();
    let mut widths: Vec<usize> = titles.iter().map(|title| width(title)).collect();
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(&rows) {
        let mut line = String::new();
        for ((cell, &widest), (_, right)) in row.iter().zip(&widths).zip(header) {
            let pad = " ".repeat(widest - width(cell));
            let _ = if *right { write!(line, "{pad}{cell}  ") } else { write!(line, "{cell}{pad}  ") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Text without what a terminal would obey: control characters and changes of direction.
pub(super) fn plain(text: &str) -> String {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if forbidden(c) { '\u{fffd}' } else { c }).collect()
}

/// A number with six significant digits; a dash where there is none.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.4e}");
    }
    let whole = if size < 1.0 { 1 } else { format!("{size:.0}").len() };
    let text = format!("{value:.*}", 6usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Columns of a terminal that a text takes: two for CJK and full-width characters, none for combining marks.
fn width(text: &str) -> usize {
    let columns = |c: char| match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    };
    text.chars().map(columns).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_cells_align_with_ascii_ones() {
        let text = table(
            &[("规则", false), ("in", true)],
            &[vec!["ab".into(), "10".into()], vec!["化学式".into(), "7".into()]],
        );
        assert_eq!(text, "规则    in\nab      10\n化学式   7\n");
    }

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\u{202e}"), "a\u{fffd}[31mb\u{fffd}");
    }

    #[test]
    fn numbers_keep_six_significant_digits() {
        assert_eq!(number(1.34567891), "1.34568");
        assert_eq!(number(100.0), "100");
        assert_eq!(number(1234567.0), "1234567");
        assert_eq!(number(-0.25), "-0.25");
        assert_eq!(number(f64::NAN), "-");
    }
}
