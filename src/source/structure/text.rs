//! Lines and numbers of line-based formats.

use std::borrow::Cow;

use super::refusal::{Refusal, shown};
use crate::candidate::FaultCode;

/// The text of a record: a byte-order mark is taken off, bytes that are not UTF-8 (in comments) are replaced.
pub(super) fn text(record: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record))
}

/// Lines of a text with their numbers from 1; `\n`, `\r\n` and a lone `\r` end a line.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    rest: &'a str,
    number: usize,
}

impl<'a> Lines<'a> {
    /// The lines of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, number: 0 }
    }

    /// Number of the line that was handed out last.
    pub fn number(&self) -> usize {
        self.number
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
        let past = match bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [_, ..] => end + 1,
            [] => end,
        };
        let line = &self.rest[..end];
        self.rest = &self.rest[past..];
        self.number += 1;
        Some((self.number, line))
    }
}

/// A number, Fortran's `1.0D+00` included; may be infinite or NaN.
pub(super) fn number(token: &str, code: FaultCode) -> Result<f64, Refusal> {
    let parsed = token
        .parse()
        .or_else(|error| if token.contains(['d', 'D']) { token.replace(['d', 'D'], "e").parse() } else { Err(error) });
    parsed.map_err(|_| Refusal::new(code, format!("{} is no number", shown(token))))
}

/// A finite number.
pub(super) fn finite(token: &str, code: FaultCode) -> Result<f64, Refusal> {
    let value = number(token, code)?;
    if value.is_finite() { Ok(value) } else { Err(Refusal::new(code, format!("{} is not finite", shown(token)))) }
}

/// Three numbers at the front of `tokens`, by `parse`.
pub(super) fn vector<'a>(
    tokens: &mut impl Iterator<Item = &'a str>,
    parse: fn(&str, FaultCode) -> Result<f64, Refusal>,
    code: FaultCode,
) -> Result<[f64; 3], Refusal> {
    let mut out = [0.0; 3];
    for (found, slot) in out.iter_mut().enumerate() {
        let token =
            tokens.next().ok_or_else(|| Refusal::new(code, format!("three numbers are expected, found {found}")))?;
        *slot = parse(token, code)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ending_ends_a_line() {
        let lines: Vec<_> = Lines::new("a\r\nb\rc\n\nd").collect();
        assert_eq!(lines, [(1, "a"), (2, "b"), (3, "c"), (4, ""), (5, "d")]);
    }

    #[test]
    fn fortran_exponents_are_numbers_and_stars_are_none() {
        let code = FaultCode::UnparsablePoscar;
        assert_eq!(number("-1.5D-01", code), Ok(-0.15));
        assert_eq!(finite("+2.", code), Ok(2.0));
        assert!(number("********", code).is_err());
        assert!(number("D", code).is_err());
        assert!(finite("NaN", code).is_err());
    }
}
