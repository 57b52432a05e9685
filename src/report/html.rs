//! Text into HTML: escaping, numbers, formulas, tables.

use std::fmt::Write as _;

/// Digits after which a number is rounded for people.
const SIGNIFICANT: usize = 4;

/// Escapes text for element content and quoted attributes; control characters that HTML forbids become `\u{fffd}`.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.push('\u{fffd}')
            }
            c => out.push(c),
        }
    }
    out
}

/// The first `limit` characters, with an ellipsis where something was left out.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A formula with amounts as subscripts.
pub(super) fn formula(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    let mut after_symbol = false;
    for c in shorten(text, 80).chars() {
        let amount = c.is_ascii_digit() || (c == '.' && inside);
        if amount && !inside && after_symbol {
            out.push_str("<sub>");
            inside = true;
        } else if !amount && inside {
            out.push_str("</sub>");
            inside = false;
        }
        out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
        after_symbol = c.is_alphabetic() || matches!(c, ')' | ']' | '}');
    }
    if inside {
        out.push_str("</sub>");
    }
    out
}

/// A number with four significant digits; an en dash where there is none.
pub(super) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        let text = format!("{value:.*e}", SIGNIFICANT - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{mantissa}×10<sup>{}</sup>", exponent.replace('-', "−")).replacen('-', "−", 1);
    }
    let whole = if size < 1.0 { 0 } else { format!("{size:.0}").len() };
    let leading = if size >= 1.0 { 0 } else { format!("{size:.6}").bytes().skip(2).take_while(|b| *b == b'0').count() };
    let decimals = (SIGNIFICANT + leading).saturating_sub(whole);
    let mut text = format!("{value:.decimals$}");
    if decimals > 3 {
        text.truncate(text.trim_end_matches('0').len().max(text.len() + 3 - decimals));
    }
    text.replacen('-', "−", 1)
}

/// A count with its digits in groups of three.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `name / unit`, or the name where there is no unit.
pub(super) fn with_unit(name: &str, unit: &str) -> String {
    if unit.is_empty() || unit == "1" { name.to_owned() } else { format!("{name} / {unit}") }
}

/// A table; header cells and cells are HTML, numeric columns are set right.
pub(super) fn table(class: &str, caption: &str, header: &[(String, bool)], rows: &[Vec<String>]) -> String {
    let mut out = format!("<table class=\"{class}\"><caption>{caption}</caption><thead><tr>");
    for (cell, numeric) in header {
        let _ = write!(out, "<th scope=\"col\"{}>{cell}</th>", if *numeric { " class=\"n\"" } else { "" });
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (cell, (_, numeric)) in row.iter().zip(header) {
            let _ = write!(out, "<td{}>{cell}</td>", if *numeric { " class=\"n\"" } else { "" });
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
    out
}

/// A JSON document as nested tables: arrays of objects become tables, objects lists of key and value.
pub(super) fn json(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            let mut keys: Vec<&String> = Vec::new();
            for key in items.iter().filter_map(Value::as_object).flat_map(|item| item.keys()) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
            let header: Vec<(String, bool)> = keys.iter().map(|key| (escape(key), false)).collect();
            let cell = |item: &Value, key: &str| item.get(key).map(json).unwrap_or_default();
            let rows: Vec<Vec<String>> =
                items.iter().map(|item| keys.iter().map(|key| cell(item, key)).collect()).collect();
            table("json", "", &header, &rows)
        }
        Value::Array(items) => items.iter().map(json).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let mut out = String::from("<dl>");
            for (key, item) in map {
                let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escape(key), json(item));
            }
            out + "</dl>"
        }
        Value::String(text) => escape(&shorten(text, 2000)),
        Value::Null => "–".to_owned(),
        other => escape(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_is_escaped() {
        assert_eq!(escape("<b a='\"'>&\u{7}"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{fffd}");
    }

    #[test]
    fn numbers_keep_four_significant_digits() {
        for (value, text) in [
            (1.34567, "1.346"),
            (-0.012345, "−0.01235"),
            (12345.6, "12346"),
            (0.5, "0.500"),
            (f64::NAN, "–"),
            (2.5e-7, "2.500×10<sup>−7</sup>"),
            (999.96, "1000"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn amounts_become_subscripts_but_leading_digits_do_not() {
        assert_eq!(formula("Ca(OH)2"), "Ca(OH)<sub>2</sub>");
        assert_eq!(formula("2H2O"), "2H<sub>2</sub>O");
        assert_eq!(formula("Al0.25Co"), "Al<sub>0.25</sub>Co");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
    }
}
