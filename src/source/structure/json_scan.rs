//! Borders in JSON text: where a value ends, which keys an object has. Nothing is parsed, and nothing recurses.

/// Finds the end of one object, list or string that is fed piece by piece.
#[derive(Copy, Clone, Debug, Default)]
pub(super) struct Scanner {
    /// Objects and lists that are open.
    depth: u64,
    in_string: bool,
    after_backslash: bool,
}

const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    while at < 5 {
        table[b"\"{}[]"[at] as usize] = true;
        at += 1;
    }
    table
};

impl Scanner {
    /// Inside an object or list that is open already.
    pub fn inside() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Number of bytes up to the end of the value; `None` if it goes on beyond `bytes`.
    pub fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if self.after_backslash {
                    self.after_backslash = false;
                    at += 1;
                    continue;
                }
                at += bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
                match bytes[at] {
                    b'\\' => self.after_backslash = true,
                    _ => self.in_string = false,
                }
                at += 1;
                if !self.in_string && self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            at += bytes[at..].iter().position(|&byte| STRUCTURAL[usize::from(byte)])?;
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                _ => self.depth = self.depth.saturating_sub(1),
            }
            at += 1;
            if !self.in_string && self.depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

/// Keys of the object at the front of `text`, as written (escapes kept), each with what follows its colon.
///
/// Ends silently where the text is no JSON or ends: this looks, the parser judges.
pub(super) fn members(text: &[u8]) -> Members<'_> {
    let text = text.trim_ascii_start();
    Members { rest: text.strip_prefix(b"{").unwrap_or_default() }
}

/// Iterator of [`members`].
pub(super) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_ascii_start();
        let rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return None;
        }
        let end = Scanner::default().end(rest)?;
        let key = &rest[1..end - 1];
        let value = rest[end..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        self.rest = &value[value_len(value).unwrap_or(value.len())..];
        Some((key, value))
    }
}

/// Length of the value at the front of `text`; `None` if it does not end in it.
fn value_len(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'{' | b'[' | b'"' => Scanner::default().end(text),
        _ => text.iter().position(|&byte| ends_scalar(byte)),
    }
}

/// Whether a number, `true`, `false` or `null` ends before this byte.
pub(super) fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_their_brackets_close_at_any_cut() {
        for (text, length) in
            [(r#"{"a]": "\"}", "b": [1, {}]} , 2"#, 27), (r#"[[], [[]]]]"#, 10), (r#""a\\" b"#, 5), (r#""\"" b"#, 4)]
        {
            for cut in 0..text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let mut scanner = Scanner::default();
                let end = scanner.end(first).or_else(|| scanner.end(second).map(|end| end + cut));
                assert_eq!(end, Some(length), "{text} cut at {cut}");
            }
        }
        assert_eq!(Scanner::default().end(b"[[1]"), None);
    }

    #[test]
    fn members_are_found_and_garbage_ends_them() {
        let keys = |text: &'static str| {
            members(text.as_bytes()).map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(keys(r#" {"a": {"b": 1}, "c":2 ,"d": "x", "e": [1"#), ["a", "c", "d", "e"]);
        assert_eq!(keys(r#"{"a": 1, b}"#), ["a"]);
        assert!(keys("[1]").is_empty() && keys("").is_empty() && keys("{").is_empty());
    }
}
