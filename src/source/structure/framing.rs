//! Framers of line-based formats.

use std::io::{self, BufRead, Read};

use super::{Framed, Framer, MAX_RECORD};

/// What [`append_line`] found.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, with its end.
    Whole,
    /// A line that did not fit; its rest was passed over.
    Cut,
    /// No line.
    End,
}

/// Appends the next line to `out`, which holds a record from `start` on and takes no more than [`MAX_RECORD`] bytes of it.
pub(super) fn append_line(stream: &mut dyn BufRead, out: &mut Vec<u8>, start: usize) -> io::Result<Line> {
    let room = (start + MAX_RECORD).saturating_sub(out.len());
    let count = Read::take(&mut *stream, room as u64).read_until(b'\n', out)?;
    if count > 0 && out.last() == Some(&b'\n') {
        return Ok(Line::Whole);
    }
    if count < room {
        return Ok(if count == 0 { Line::End } else { Line::Whole });
    }
    Ok(match stream.skip_until(b'\n')? {
        0 if count == 0 => Line::End,
        0 => Line::Whole,
        _ => Line::Cut,
    })
}

/// One record a file.
#[derive(Default)]
pub(super) struct WholeFile {
    is_done: bool,
}

impl Framer for WholeFile {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        if std::mem::replace(&mut self.is_done, true) {
            return Ok(None);
        }
        let start = out.len();
        Read::take(&mut *stream, MAX_RECORD as u64 + 1).read_to_end(out)?;
        let too_large = out.len() - start > MAX_RECORD;
        out.truncate(start + MAX_RECORD);
        Ok(Some(Framed { line: 1, too_large }))
    }
}

/// A record begins where a line begins with a certain text, and at the front of the file.
pub(super) struct BeginningWith {
    begin: &'static [u8],
    /// The line that begins the next record.
    pending: Vec<u8>,
    /// Number of the line that was read last.
    line: u64,
    has_ended: bool,
}

impl BeginningWith {
    /// Records that begin with `begin`.
    pub fn new(begin: &'static [u8]) -> Self {
        Self { begin, pending: Vec::new(), line: 0, has_ended: false }
    }
}

impl Framer for BeginningWith {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        let is_first = self.line == 0;
        if self.has_ended && self.pending.is_empty() {
            return Ok(None);
        }
        let start = out.len();
        let mut framed = Framed { line: self.line.max(1), too_large: false };
        let mut has_begun = !self.pending.is_empty();
        out.append(&mut self.pending);
        loop {
            let line_start = out.len();
            match append_line(stream, out, start)? {
                Line::End => {
                    self.has_ended = true;
                    return Ok((is_first || out.len() > start).then_some(framed));
                }
                Line::Cut => framed.too_large = true,
                Line::Whole => {}
            }
            self.line += 1;
            if out[line_start..].trim_ascii_start().starts_with(self.begin) {
                if has_begun {
                    self.pending.extend_from_slice(&out[line_start..]);
                    out.truncate(line_start);
                    return Ok(Some(framed));
                }
                has_begun = true;
            }
        }
    }
}

/// Frames of (extended) XYZ: a number of atoms, a comment line, and so many lines.
///
/// A frame that is too short costs itself only: the next one begins at the next line that holds a number alone.
#[derive(Default)]
pub(super) struct XyzFrames {
    /// The line that begins the next frame.
    pending: Vec<u8>,
    /// Number of the line that was read last.
    line: u64,
    has_ended: bool,
    /// Whether a record was handed out.
    has_record: bool,
}

impl Framer for XyzFrames {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> io::Result<Option<Framed>> {
        let is_first = !std::mem::replace(&mut self.has_record, true);
        let start = out.len();
        if self.pending.is_empty() {
            loop {
                if self.has_ended {
                    return Ok(is_first.then_some(Framed { line: 1, too_large: false }));
                }
                match append_line(stream, out, start)? {
                    Line::End => self.has_ended = true,
                    Line::Cut => {
                        self.line += 1;
                        break;
                    }
                    Line::Whole => {
                        self.line += 1;
                        if !out[start..].trim_ascii().is_empty() {
                            break;
                        }
                        out.truncate(start);
                    }
                }
            }
        }
        out.append(&mut self.pending);
        let mut framed = Framed { line: self.line, too_large: out.len() - start >= MAX_RECORD };
        let atoms = count(&out[start..]);
        // What begins with no number goes on to the next frame.
        let lines = atoms.map_or(u64::MAX, |atoms| atoms.saturating_add(1));
        for number in 0..lines {
            let line_start = out.len();
            match append_line(stream, out, start)? {
                Line::End => {
                    self.has_ended = true;
                    break;
                }
                Line::Cut => framed.too_large = true,
                Line::Whole => {}
            }
            self.line += 1;
            // The comment may be a number; a line of an atom is never one alone.
            let may_begin = number > 0 || atoms.is_none();
            if may_begin && count(&out[line_start..]).is_some() {
                self.pending.extend_from_slice(&out[line_start..]);
                out.truncate(line_start);
                break;
            }
        }
        Ok(Some(framed))
    }
}

/// The number that a line holds alone.
fn count(line: &[u8]) -> Option<u64> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    std::str::from_utf8(line.trim_ascii()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(mut framer: impl Framer, mut text: &[u8]) -> Vec<(u64, String)> {
        let mut out = Vec::new();
        std::iter::from_fn(|| {
            out.clear();
            let framed = framer.next(&mut text, &mut out).expect("in memory")?;
            assert!(!framed.too_large);
            Some((framed.line, String::from_utf8(out.clone()).expect("text")))
        })
        .collect()
    }

    fn owned(records: &[(u64, &str)]) -> Vec<(u64, String)> {
        records.iter().map(|&(line, text)| (line, text.to_owned())).collect()
    }

    #[test]
    fn frames_of_xyz_come_one_by_one_with_their_lines() {
        let found = records(XyzFrames::default(), b"1\n7\nH 0 0 0\n\n2\nc\nH 0 0 0\nH 1 1 1");
        assert_eq!(found, owned(&[(1, "1\n7\nH 0 0 0\n"), (5, "2\nc\nH 0 0 0\nH 1 1 1")]));
    }

    #[test]
    fn a_short_frame_costs_only_itself() {
        let found = records(XyzFrames::default(), b"3\nc\nH 0 0 0\n1\nd\nH 1 1 1\n\nnonsense\nmore\n1\ne\nH 2 2 2\n");
        let expected =
            [(1, "3\nc\nH 0 0 0\n"), (4, "1\nd\nH 1 1 1\n"), (8, "nonsense\nmore\n"), (10, "1\ne\nH 2 2 2\n")];
        assert_eq!(found, owned(&expected));
    }

    #[test]
    fn prints_begin_with_their_formula() {
        let found = records(BeginningWith::new(b"Full Formula ("), b"id 1\nFull Formula (A)\nx\nFull Formula (B)\ny");
        assert_eq!(found, owned(&[(1, "id 1\nFull Formula (A)\nx\n"), (4, "Full Formula (B)\ny")]));
    }

    #[test]
    fn an_empty_file_is_one_empty_record() {
        for text in ["", "\n \n"] {
            assert_eq!(records(XyzFrames::default(), text.as_bytes()).len(), 1, "{text:?}");
        }
        assert_eq!(records(WholeFile::default(), b""), owned(&[(1, "")]));
        assert_eq!(records(BeginningWith::new(b"Full"), b""), owned(&[(1, "")]));
    }

    #[test]
    fn what_is_too_large_is_cut_and_told() {
        let text = vec![b'x'; MAX_RECORD + 10];
        let framers: [Box<dyn Framer>; 3] =
            [Box::new(WholeFile::default()), Box::new(XyzFrames::default()), Box::new(BeginningWith::new(b"Full"))];
        for mut framer in framers {
            let (mut stream, mut out) = (text.as_slice(), Vec::new());
            let framed = framer.next(&mut stream, &mut out).expect("in memory").expect("a record");
            assert!(framed.too_large && out.len() == MAX_RECORD);
            assert_eq!(framer.next(&mut stream, &mut Vec::new()).expect("in memory"), None);
        }
    }
}
