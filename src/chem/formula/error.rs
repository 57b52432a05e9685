//! Why a text is no formula, and where.

use std::fmt;

/// Longest excerpt of the text in a message, in characters.
const EXCERPT: usize = 40;

/// The ways in which a text fails to be a formula; each is a fault code.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormulaErrorKind {
    /// A byte that the grammar does not allow there.
    Unparsable,
    /// More than one reading.
    Ambiguous,
    /// A symbol that names no element.
    UnknownElement,
    /// No atoms.
    Empty,
    /// Beyond a limit of this reader.
    TooLarge,
}

/// Why a text is no formula: what is wrong, at which byte, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FormulaError {
    detail: Box<Detail>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Detail {
    kind: FormulaErrorKind,
    column: usize,
    excerpt: String,
    problem: String,
    expected: &'static str,
}

impl FormulaError {
    /// An error at byte `position` (from 0) of `text`.
    #[cold]
    pub(super) fn new(
        kind: FormulaErrorKind,
        text: &str,
        position: usize,
        problem: impl Into<String>,
        expected: &'static str,
    ) -> Self {
        let (excerpt, problem) = (excerpt(text, position), problem.into());
        Self { detail: Box::new(Detail { kind, column: position + 1, excerpt, problem, expected }) }
    }

    /// What is wrong.
    pub fn kind(&self) -> FormulaErrorKind {
        self.detail.kind
    }

    /// Column of the bad byte in the text, counted in bytes from 1; one past the end where something is missing.
    pub fn column(&self) -> usize {
        self.detail.column
    }

    /// The text around the bad byte.
    pub fn excerpt(&self) -> &str {
        &self.detail.excerpt
    }

    /// What the grammar allows there.
    pub fn expected(&self) -> &'static str {
        self.detail.expected
    }
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail { column, excerpt, problem, expected, .. } = &*self.detail;
        write!(f, "{problem} at column {column} of \"{excerpt}\", expected {expected}")
    }
}

/// At most [`EXCERPT`] characters around `position`, control characters escaped, cuts marked by `…`.
fn excerpt(text: &str, position: usize) -> String {
    let mut start = position.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let before = text[..start].chars().rev().take(EXCERPT / 2).map(char::len_utf8).sum::<usize>();
    let begin = start - before;
    let end = begin + text[begin..].chars().take(EXCERPT).map(char::len_utf8).sum::<usize>();
    let mut excerpt = String::new();
    if begin > 0 {
        excerpt.push('…');
    }
    for character in text[begin..end].chars() {
        if character.is_control() || character == '"' {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    if end < text.len() {
        excerpt.push('…');
    }
    excerpt
}
