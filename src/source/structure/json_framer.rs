//! Cuts JSON into structures without parsing it: lists, JSON lines, maps from id to structure, responses with a list in them.

use std::io::{self, BufRead};

use super::framing::{Line, append_line};
use super::json_scan::{Scanner, ends_scalar, members};
use super::{Framed, Framer, MAX_RECORD};

/// Keys of lists that hold the structures of a response or an export.
const LISTS: [&[u8]; 3] = [b"data", b"entries", b"structures"];

/// Values of these keys, and of keys that end with `structure` or `atoms`, are parts of one document, not entries of a map.
const PARTS: [&[u8]; 3] = [b"data", b"attributes", b"lattice"];

/// Where a stream stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    /// At the front.
    Begin { lines: bool },
    /// Between documents.
    Between,
    /// In a list, which may lie inside an object.
    InList { in_object: bool },
    /// In a map from id to structure.
    InMap,
    /// In JSON lines.
    InLines,
    /// Behind everything.
    Ended,
}

/// Frames of JSON text. A record is
/// - an element of a list, at the top or under `data`, `entries`, `structures` of an object;
/// - a member of a map from id to structure, as `"id": {…}`;
/// - a document at the top.
///
/// Documents in a row are JSON lines once the first two of them take a line each: then a broken line costs itself only.
/// Elsewhere, what is no JSON costs the rest of the stream, as one record; so does a list that never ends, as an empty one.
pub(super) struct JsonFramer {
    state: State,
    /// Number of the line where the stream stands, from 1.
    line: u64,
    /// Line of a document that began and ended on it.
    one_liner: Option<u64>,
}

impl JsonFramer {
    /// Looks for itself how the documents lie.
    pub fn new() -> Self {
        Self { state: State::Begin { lines: false }, line: 1, one_liner: None }
    }

    /// JSON lines.
    pub fn lines() -> Self {
        Self { state: State::Begin { lines: true }, ..Self::new() }
    }
}

impl Framer for JsonFramer {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        let start = out.len();
        loop {
            out.truncate(start);
            let framed = Framed { line: self.line, too_large: false };
            let record = Record { stream: &mut *stream, start, framed, line: &mut self.line };
            let (state, found) = match self.state {
                State::Ended => return Ok(None),
                State::Begin { lines } => record.begin(lines)?,
                State::Between => record.document(&mut self.one_liner, out)?,
                State::InList { in_object } => record.element(in_object, out)?,
                State::InMap => record.member(out)?,
                State::InLines => record.one_line(out)?,
            };
            self.state = state;
            if let Some(framed) = found
                && (framed.too_large || is_candidate(&out[start..]))
            {
                return Ok(Some(framed));
            }
        }
    }
}

/// A record in the making.
struct Record<'a> {
    stream: &'a mut dyn BufRead,
    /// Where it begins in the output.
    start: usize,
    framed: Framed,
    /// Line of the stream.
    line: &'a mut u64,
}

type Found = (State, Option<Framed>);

impl Record<'_> {
    fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.stream.fill_buf() {
                Ok(buffer) => return Ok(buffer.first().copied()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Passes over a byte-order mark. A file without anything in it is an empty record, not a list of no structures.
    fn begin(mut self, lines: bool) -> io::Result<Found> {
        for byte in *b"\xef\xbb\xbf" {
            if self.peek()? != Some(byte) {
                break;
            }
            self.stream.consume(1);
        }
        Ok(match self.skip_space(false)? {
            None => (State::Ended, Some(self.framed)),
            Some(_) => (if lines { State::InLines } else { State::Between }, None),
        })
    }

    /// Passes over white space, and commas if asked to; the byte behind it.
    fn skip_space(&mut self, commas: bool) -> io::Result<Option<u8>> {
        while let Some(byte) = self.peek()? {
            if !is_space(byte, commas) {
                return Ok(Some(byte));
            }
            *self.line += u64::from(byte == b'\n');
            self.stream.consume(1);
        }
        Ok(None)
    }

    /// Appends bytes while `end` finds no end in them; `false` if the stream ends first.
    fn copy(&mut self, out: &mut Vec<u8>, mut end: impl FnMut(&[u8]) -> Option<usize>) -> io::Result<bool> {
        loop {
            let buffer = match self.stream.fill_buf() {
                Ok([]) => return Ok(false),
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let found = end(buffer);
            let taken = found.unwrap_or(buffer.len());
            let room = MAX_RECORD - (out.len() - self.start);
            out.extend_from_slice(&buffer[..taken.min(room)]);
            self.framed.too_large |= taken > room;
            *self.line += buffer[..taken].iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.stream.consume(taken);
            if found.is_some() {
                return Ok(true);
            }
        }
    }

    /// Appends a value, whose first byte is `first`; `false` if it is cut off or is none.
    fn copy_value(&mut self, first: u8, out: &mut Vec<u8>) -> io::Result<bool> {
        match first {
            b'{' | b'[' | b'"' => {
                let mut scanner = Scanner::default();
                self.copy(out, |bytes| scanner.end(bytes))
            }
            _ => {
                let before = out.len();
                let ended = self.copy(out, |bytes| bytes.iter().position(|&byte| ends_scalar(byte)))?;
                Ok(ended && (out.len() > before || self.framed.too_large))
            }
        }
    }

    /// Appends white space; the byte behind it.
    fn copy_space(&mut self, commas: bool, out: &mut Vec<u8>) -> io::Result<Option<u8>> {
        self.copy(out, |bytes| bytes.iter().position(|&byte| !is_space(byte, commas)))?;
        self.peek()
    }

    /// The rest of the stream is one record.
    fn rest(mut self, out: &mut Vec<u8>) -> io::Result<Found> {
        self.copy(out, |_| None)?;
        Ok((State::Ended, Some(self.framed)))
    }

    fn begins_here(&mut self) {
        self.framed.line = *self.line;
    }

    fn document(mut self, one_liner: &mut Option<u64>, out: &mut Vec<u8>) -> io::Result<Found> {
        match self.skip_space(false)? {
            None => Ok((State::Ended, None)),
            Some(b'[') => {
                self.stream.consume(1);
                Ok((State::InList { in_object: false }, None))
            }
            Some(b'{') if one_liner.take().is_some_and(|line| line < *self.line) => Ok((State::InLines, None)),
            Some(b'{') => {
                self.begins_here();
                let begin = *self.line;
                let line = self.object(out)?;
                if line.0 == State::Between {
                    *one_liner = (begin == line.2).then_some(begin);
                }
                Ok((line.0, line.1))
            }
            Some(_) => {
                self.begins_here();
                self.rest(out)
            }
        }
    }

    /// The object at the top: a document, or what holds a list or map of them. Also the line where it ended.
    fn object(mut self, out: &mut Vec<u8>) -> io::Result<(State, Option<Framed>, u64)> {
        self.copy(out, |_| Some(1))?;
        let mut is_first = true;
        loop {
            match self.copy_space(true, out)? {
                Some(b'}') => {
                    self.copy(out, |_| Some(1))?;
                    return Ok((State::Between, Some(self.framed), *self.line));
                }
                Some(b'"') => {}
                _ => {
                    let (state, found) = self.close(out)?;
                    return Ok((state, found, 0));
                }
            }
            let key_start = out.len();
            let key_line = *self.line;
            self.copy_value(b'"', out)?;
            let key = out.get(key_start + 1..out.len() - 1).unwrap_or_default();
            let (holds_list, is_part) = (LISTS.contains(&key), is_part(key));
            if self.copy_space(false, out)? == Some(b':') {
                self.copy(out, |_| Some(1))?;
            }
            let Some(first) = self.copy_space(false, out)? else { continue };
            if holds_list && first == b'[' {
                self.copy(out, |_| Some(1))?;
                if self.copy_space(false, out)? == Some(b'{') {
                    return Ok((State::InList { in_object: true }, None, 0));
                }
                let mut scanner = Scanner::inside();
                self.copy(out, |bytes| scanner.end(bytes))?;
                is_first = false;
                continue;
            }
            let value_start = out.len();
            if !self.copy_value(first, out)? {
                let (state, found) = self.close(out)?;
                return Ok((state, found, 0));
            }
            if std::mem::replace(&mut is_first, false) && !is_part && is_structure(&out[value_start..]) {
                out.drain(self.start..key_start);
                self.framed.line = key_line;
                return Ok((State::InMap, Some(self.framed), 0));
            }
        }
    }

    /// What is left of an object that is no good JSON.
    fn close(mut self, out: &mut Vec<u8>) -> io::Result<Found> {
        let mut scanner = Scanner::inside();
        let ended = self.copy(out, |bytes| scanner.end(bytes))?;
        Ok((if ended { State::Between } else { State::Ended }, Some(self.framed)))
    }

    fn element(mut self, in_object: bool, out: &mut Vec<u8>) -> io::Result<Found> {
        match self.skip_space(true)? {
            Some(b']') => {
                self.stream.consume(1);
                if in_object {
                    // The other keys of the object that holds the list.
                    self.framed.too_large = false;
                    self.skip_object()?;
                }
                Ok((State::Between, None))
            }
            // An empty record says that the list is cut off here.
            None => {
                self.begins_here();
                Ok((State::Ended, Some(self.framed)))
            }
            Some(first @ (b'{' | b'n')) => {
                self.begins_here();
                let state = State::InList { in_object };
                let ended = self.copy_value(first, out)?;
                Ok((if ended { state } else { State::Ended }, Some(self.framed)))
            }
            Some(_) => {
                self.begins_here();
                self.rest(out)
            }
        }
    }

    fn skip_object(&mut self) -> io::Result<()> {
        let mut scanner = Scanner::inside();
        loop {
            let buffer = match self.stream.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let found = scanner.end(buffer);
            let taken = found.unwrap_or(buffer.len());
            *self.line += buffer[..taken].iter().filter(|&&byte| byte == b'\n').count() as u64;
            self.stream.consume(taken);
            if found.is_some() {
                return Ok(());
            }
        }
    }

    fn member(mut self, out: &mut Vec<u8>) -> io::Result<Found> {
        match self.skip_space(true)? {
            Some(b'}') => {
                self.stream.consume(1);
                Ok((State::Between, None))
            }
            None => {
                self.begins_here();
                Ok((State::Ended, Some(self.framed)))
            }
            Some(b'"') => {
                self.begins_here();
                let mut ended = self.copy_value(b'"', out)?;
                if self.copy_space(false, out)? == Some(b':') {
                    self.copy(out, |_| Some(1))?;
                }
                if let Some(first) = self.copy_space(false, out)? {
                    ended &= self.copy_value(first, out)?;
                }
                Ok((if ended { State::InMap } else { State::Ended }, Some(self.framed)))
            }
            Some(_) => {
                self.begins_here();
                self.rest(out)
            }
        }
    }

    fn one_line(mut self, out: &mut Vec<u8>) -> io::Result<Found> {
        self.begins_here();
        match append_line(self.stream, out, self.start)? {
            Line::End => return Ok((State::Ended, None)),
            Line::Cut => self.framed.too_large = true,
            Line::Whole => {}
        }
        *self.line += 1;
        let is_blank = out[self.start..].trim_ascii().is_empty();
        Ok((State::InLines, (!is_blank || self.framed.too_large).then_some(self.framed)))
    }
}

fn is_space(byte: u8, commas: bool) -> bool {
    byte.is_ascii_whitespace() || (commas && byte == b',')
}

/// Whether a key of a document announces a part of it that looks like a structure.
fn is_part(key: &[u8]) -> bool {
    PARTS.contains(&key) || key.ends_with(b"structure") || key.ends_with(b"atoms")
}

/// Whether an object is a structure, or holds one.
fn is_structure(text: &[u8]) -> bool {
    members(text).any(|(key, _)| {
        matches!(
            key,
            b"lattice" | b"sites" | b"structure" | b"atoms" | b"lattice_mat" | b"lattice_vectors" | b"attributes"
        )
    })
}

/// Whether a record is a candidate: OPTIMADE files also hold a header, descriptions of properties, references, empty pages.
fn is_candidate(record: &[u8]) -> bool {
    const OTHER: [&[u8]; 5] = [b"\"info\"", b"\"references\"", b"\"calculations\"", b"\"files\"", b"\"links\""];
    let mut is_empty_page = false;
    for (key, value) in members(record) {
        match key {
            b"lattice" | b"sites" | b"structure" | b"atoms" => return true,
            b"x-optimade" => return false,
            b"type" if OTHER.iter().any(|kind| value.starts_with(kind)) => return false,
            b"data" => {
                let list = value.strip_prefix(b"[").unwrap_or_default();
                is_empty_page |= list.trim_ascii_start().starts_with(b"]");
            }
            _ => {}
        }
    }
    !is_empty_page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records_of(mut framer: JsonFramer, text: &str, buffer: usize) -> Vec<(u64, String)> {
        let mut stream = io::BufReader::with_capacity(buffer, text.as_bytes());
        let mut out = Vec::new();
        std::iter::from_fn(|| {
            out.clear();
            let framed = framer.next(&mut stream, &mut out).expect("in memory")?;
            assert!(!framed.too_large);
            Some((framed.line, String::from_utf8(out.clone()).expect("text")))
        })
        .collect()
    }

    fn check(text: &str, expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|&(line, text)| (line, text.to_owned())).collect();
        for buffer in [1, 3, 1000] {
            assert_eq!(records_of(JsonFramer::new(), text, buffer), expected, "{text} in pieces of {buffer}");
        }
    }

    #[test]
    fn elements_of_lists_are_records() {
        check(
            "\u{feff}[{\"a\": \"]}\"},\n {\"b\": [{}]} , null]\n",
            &[(1, "{\"a\": \"]}\"}"), (2, "{\"b\": [{}]}"), (2, "null")],
        );
        check(" [ ] ", &[]);
    }

    #[test]
    fn lists_in_responses_are_opened() {
        check(
            r#"{"meta": {"data": [{"x": 1}]}, "data": [{"id": "1"}, {"id": "2"}], "links": [1, {}]} {"c": 1}"#,
            &[(1, r#"{"id": "1"}"#), (1, r#"{"id": "2"}"#), (1, r#"{"c": 1}"#)],
        );
        check(r#"{"data": [], "meta": {}}"#, &[]);
        check(r#"{"data": [], "structure": {}}"#, &[(1, r#"{"data": [], "structure": {}}"#)]);
    }

    #[test]
    fn maps_from_id_to_structure_give_their_members() {
        check(
            "{\"mp-1\": {\"lattice\": {}, \"sites\": []},\n\"mp-2\"\n:\n{\"sites\": []}, \"n\": 3}",
            &[(1, "\"mp-1\": {\"lattice\": {}, \"sites\": []}"), (2, "\"mp-2\"\n:\n{\"sites\": []}"), (4, "\"n\": 3")],
        );
    }

    #[test]
    fn documents_stay_whole() {
        for text in [
            r#"{"lattice": {"a": 1}, "sites": []}"#,
            r#"{"structure": {"lattice": {}, "sites": []}, "energy": 1}"#,
            r#"{"initial_structure": {"lattice": {}}, "structure": {}}"#,
            r#"{"atoms": {"lattice_mat": []}, "jid": "x"}"#,
            r#"{"data": {"attributes": {}}, "meta": 1}"#,
            r#"{"data": {"x": 1}, "structure": {}}"#,
        ] {
            check(text, &[(1, text)]);
        }
    }

    #[test]
    fn a_broken_line_of_json_lines_costs_itself_only() {
        let text = "{\"a\": 1}\n{\"b\": [1\n\n{\"c\": 2}\n";
        check(text, &[(1, "{\"a\": 1}"), (2, "{\"b\": [1\n"), (4, "{\"c\": 2}\n")]);
        let first = records_of(JsonFramer::lines(), "{\"b\": [1\n{\"c\": 2}", 4);
        assert_eq!(first, [(1, "{\"b\": [1\n".to_owned()), (2, "{\"c\": 2}".to_owned())]);
    }

    #[test]
    fn pretty_documents_in_a_row_are_records() {
        check("{\n\"a\": 1\n}\n{\n\"b\": 2}", &[(1, "{\n\"a\": 1\n}"), (4, "{\n\"b\": 2}")]);
    }

    #[test]
    fn what_is_cut_off_or_no_json_is_one_record() {
        check("", &[(1, "")]);
        check("[{\"a\": 1},\n", &[(1, "{\"a\": 1}"), (2, "")]);
        check("[{\"a\": 1}, {\"b\": ", &[(1, "{\"a\": 1}"), (1, "{\"b\": ")]);
        check("formula,x\nFe,1\n", &[(1, "formula,x\nFe,1\n")]);
        check("[1, 2, 3]", &[(1, "1, 2, 3]")]);
        check("{\"a\": }", &[(1, "{\"a\": }")]);
        check("{\"a", &[(1, "{\"a")]);
        check("{7}", &[(1, "{7}")]);
    }

    #[test]
    fn headers_and_references_are_no_candidates() {
        check(
            "{\"x-optimade\": {}}\n{\"type\": \"info\"}\n{\"attributes\": {}, \"type\": \"references\"}\n{\"id\": 1}\n",
            &[(4, "{\"id\": 1}\n")],
        );
    }

    #[test]
    fn a_bomb_of_brackets_is_one_record_that_is_too_large() {
        for text in ["[".repeat(MAX_RECORD + 10), "{\"a\":".repeat(MAX_RECORD / 5 + 10)] {
            let (mut stream, mut out) = (text.as_bytes(), Vec::new());
            let mut framer = JsonFramer::new();
            let framed = framer.next(&mut stream, &mut out).expect("in memory").expect("a record");
            assert!(framed.too_large && out.len() == MAX_RECORD);
            assert_eq!(framer.next(&mut stream, &mut out).expect("in memory"), None);
        }
    }
}
