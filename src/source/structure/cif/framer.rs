//! Cuts a CIF stream into data blocks.

use std::io::{BufRead, ErrorKind};

use memchr::{memchr2, memmem};

use super::lexer::VERSION_2;
use super::utf16::{Transcoded, transcoded};
use crate::source::structure::{Framed, Framer, MAX_RECORD};

/// Bytes of a line that are read where a record is full already, to see whether the line begins the next one.
const MAX_HEAD: usize = 4096;

/// One record is one data block that lists atoms: from its `data_` (at the begin of a line, blanks before it allowed) to the
/// next one.
///
/// Blocks without atomic coordinates (`data_global`, text, reflections, a cell alone) are no candidates and are passed over,
/// so records count structures. A stream that has no block with atoms is one record all the same, its last block, so that it is
/// quarantined and not lost. Lines before the first `data_` are a block without name if they list atoms.
///
/// UTF-16 comes out as UTF-8. Where the first line announces CIF 2.0, every record begins with that line.
#[derive(Debug, Default)]
pub(in crate::source::structure) struct CifFramer {
    /// The line that begins the next record: read already, for it ended the record before.
    head: Vec<u8>,
    /// Whether that line was longer than what is left of it.
    head_is_cut: bool,
    /// Number of the line read last.
    lines: u64,
    /// Whether the last byte was a CR, whose LF may follow.
    after_cr: bool,
    /// Whether any record was handed out.
    any: bool,
    ended: bool,
    begun: bool,
    /// Whether the stream announces CIF 2.0.
    version_2: bool,
    /// The stream as UTF-8, where it is UTF-16.
    transcoded: Option<Transcoded>,
}

impl Framer for CifFramer {
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> std::io::Result<Option<Framed>> {
        if !std::mem::replace(&mut self.begun, true) {
            self.transcoded = transcoded(stream)?;
        }
        match self.transcoded.take() {
            Some(mut transcoded) => {
                let framed = self.next_block(&mut transcoded, out);
                self.transcoded = Some(transcoded);
                framed
            }
            None => self.next_block(stream, out),
        }
    }
}

impl CifFramer {
    fn next_block(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> std::io::Result<Option<Framed>> {
        if self.ended {
            return Ok(None);
        }
        let begin = out.len();
        if self.version_2 {
            out.extend_from_slice(VERSION_2);
            out.push(b'\n');
        }
        let mut start = out.len();
        out.append(&mut self.head);
        let mut block = BlockLines::begin(self.lines + u64::from(out.len() == start), self.version_2);
        block.too_large = std::mem::take(&mut self.head_is_cut);
        block.look(&out[start..]);
        loop {
            let line_start = out.len();
            let length = self.read_line(stream, out, start)?;
            let line = &out[line_start..];
            if length == 0 {
                self.ended = true;
                if block.has_atoms || !self.any {
                    return Ok(Some(self.framed(&block)));
                }
                out.truncate(begin);
                return Ok(None);
            }
            if self.lines == 1 && line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).starts_with(VERSION_2) {
                self.version_2 = true;
                start = out.len();
                block = BlockLines::begin(2, true);
                continue;
            }
            if block.begins_next(line) {
                if block.has_atoms {
                    self.head = out.split_off(line_start);
                    self.head_is_cut = length > self.head.len();
                    return Ok(Some(self.framed(&block)));
                }
                out.drain(start..line_start);
                block = BlockLines::begin(self.lines, self.version_2);
                block.look(&out[start..]);
                continue;
            }
            block.look(line);
            if length > line.len() || out.len() - start > MAX_RECORD {
                out.truncate(start + MAX_RECORD);
                block.too_large = true;
            }
        }
    }

    fn framed(&mut self, block: &BlockLines) -> Framed {
        self.any = true;
        // The line that announces the version stands before each block.
        let line = block.line.saturating_sub(u64::from(self.version_2)).max(1);
        Framed { line, too_large: block.too_large }
    }

    /// Appends the next line with its end, as far as a record may grow; returns its whole length, 0 at the end of the stream.
    fn read_line(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>, start: usize) -> std::io::Result<usize> {
        let mut length = 0;
        loop {
            let bytes = match stream.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                return Ok(length);
            }
            // The LF of a CRLF belongs to the line before, which is complete: it is not counted.
            if length == 0 && !(std::mem::take(&mut self.after_cr) && bytes[0] == b'\n') {
                self.lines += 1;
            }
            let end = memchr2(b'\n', b'\r', bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.after_cr = end.is_some_and(|end| bytes[end] == b'\r');
            let room = (start + MAX_RECORD + MAX_HEAD).saturating_sub(out.len());
            out.extend_from_slice(&bytes[..taken.min(room)]);
            stream.consume(taken);
            length += taken;
            if end.is_some() {
                return Ok(length);
            }
        }
    }
}

/// What the lines of a block said so far.
struct BlockLines {
    /// Where it begins, from 1.
    line: u64,
    in_text: bool,
    in_frame: bool,
    has_atoms: bool,
    too_large: bool,
    version_2: bool,
    /// The quote of a triple-quoted text that is open (CIF 2.0).
    triple: Option<u8>,
}

impl BlockLines {
    fn begin(line: u64, version_2: bool) -> Self {
        Self { line, in_text: false, in_frame: false, has_atoms: false, too_large: false, version_2, triple: None }
    }

    /// Whether this line begins another block.
    fn begins_next(&self, line: &[u8]) -> bool {
        let word = line.trim_ascii_start();
        !self.in_text
            && self.triple.is_none()
            && word.len() > 5
            && word[..5].eq_ignore_ascii_case(b"data_")
            && word[5] > b' '
    }

    /// Takes note of a line.
    fn look(&mut self, line: &[u8]) {
        if self.triple.is_none() && line.first() == Some(&b';') {
            self.in_text = !self.in_text;
            return;
        }
        if self.version_2 && !self.in_text {
            let was_open = self.triple.is_some();
            self.follow_triples(line);
            if was_open {
                return;
            }
        }
        if self.in_text || self.has_atoms {
            return;
        }
        let word = line.trim_ascii_start();
        match word.first() {
            Some(b's' | b'S') if word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"save_") => {
                self.in_frame = word.get(5).is_some_and(|byte| *byte > b' ');
            }
            Some(b'_' | b'l' | b'L' | b'd' | b'D') if !self.in_frame => self.has_atoms = lists_atoms(word),
            _ => {}
        }
    }

    /// Opens and closes triple quotes; comments and single quotes hide them.
    fn follow_triples(&mut self, line: &[u8]) {
        let mut place = 0;
        while place < line.len() {
            if let Some(quote) = self.triple {
                let Some(end) = memmem::find(&line[place..], &[quote; 3]) else { return };
                self.triple = None;
                place += end + 3;
                continue;
            }
            let after_blank = place == 0 || line[place - 1] <= b' ' || matches!(line[place - 1], b'[' | b'{' | b':');
            match line[place] {
                b'#' if after_blank => return,
                quote @ (b'\'' | b'"') if after_blank => {
                    if line[place..].starts_with(&[quote; 3]) {
                        self.triple = Some(quote);
                        place += 3;
                    } else {
                        let rest = &line[place + 1..];
                        place += 2 + rest.iter().position(|byte| *byte == quote).unwrap_or(rest.len());
                    }
                }
                _ => place += 1,
            }
        }
    }
}

/// Whether a name of atomic coordinates stands in the line.
fn lists_atoms(line: &[u8]) -> bool {
    let is_coordinate = |name: &[u8]| {
        let rest = name.get(11..).unwrap_or_default();
        name[..10].eq_ignore_ascii_case(b"_atom_site")
            && matches!(name.get(10), Some(b'_' | b'.'))
            && (rest
                .get(..6)
                .is_some_and(|part| part.eq_ignore_ascii_case(b"fract_") || part.eq_ignore_ascii_case(b"cartn_")))
    };
    if line.len() >= 10 && is_coordinate(line) {
        return true;
    }
    memmem::find_iter(line, b"_").any(|place| {
        let before = place.checked_sub(1).map(|before| line[before]);
        line.len() - place >= 10 && before.is_some_and(|byte| byte <= b' ') && is_coordinate(&line[place..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// Records of a text, read through a small buffer so that lines fall across its border.
    fn frame(text: &[u8], buffer: usize) -> Vec<(u64, String)> {
        let mut stream = BufReader::with_capacity(buffer, text);
        let mut framer = CifFramer::default();
        let mut records = vec![];
        let mut out = b"kept".to_vec();
        while let Some(framed) = framer.next(&mut stream, &mut out).expect("memory can be read") {
            assert!(!framed.too_large);
            records.push((framed.line, String::from_utf8(out.split_off(4)).expect("UTF-8")));
            assert_eq!(out, b"kept");
        }
        assert_eq!(out, b"kept");
        records
    }

    const ATOMS: &str = "loop_\n_atom_site_label\n_atom_site_fract_x\nNa 0\n";

    #[test]
    fn blocks_with_atoms_are_records_and_others_are_passed_over() {
        let text =
            format!("# head\ndata_global\n_publ_a\n;\ndata_no\n;\ndata_a\n{ATOMS}data_text\n_a 1\n DATA_b\n{ATOMS}");
        for end in ["\n", "\r\n", "\r"] {
            let text = text.replace('\n', end);
            for buffer in [1, 2, 7, 4096] {
                let records = frame(text.as_bytes(), buffer);
                let expected = |head: &str| format!("{head}\n{ATOMS}").replace('\n', end);
                assert_eq!(records, [(7, expected("data_a")), (14, expected(" DATA_b"))], "{end:?} {buffer}");
            }
        }
    }

    #[test]
    fn a_stream_without_atoms_is_one_record() {
        assert_eq!(frame(b"data_a\n_a 1\ndata_b\n_b 2\n", 64), [(3, "data_b\n_b 2\n".to_owned())]);
        assert_eq!(frame(b"", 64), [(1, String::new())]);
        assert_eq!(frame(b"# nothing", 64), [(1, "# nothing".to_owned())]);
    }

    #[test]
    fn lines_before_the_first_block_may_list_atoms() {
        let text = format!("_cell_length_a 1\n{ATOMS}data_b\n{ATOMS}");
        let lines: Vec<_> = frame(text.as_bytes(), 64).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [1, 6]);
    }

    #[test]
    fn names_count_anywhere_in_a_line_but_not_in_frames_or_text() {
        assert_eq!(frame(b"data_a\n_x 1\ndata_b loop_ _atom_site.Cartn_x 1\ndata_c\n", 64).len(), 1);
        let frames = b"data_a\nsave_f\n_atom_site_fract_x 1\nsave_\ndata_b\n;\n_atom_site_fract_x\n;\ndata_c\n_c 1";
        assert_eq!(frame(frames, 64), [(9, "data_c\n_c 1".to_owned())]);
    }

    #[test]
    fn cif_2_is_announced_in_every_record_and_hides_blocks_in_triple_quotes() {
        let text = format!("#\\#CIF_2.0\ndata_a\n_t '''x\ndata_no\n;\n''' # '''\n{ATOMS}data_b\n{ATOMS}");
        let records = frame(text.as_bytes(), 64);
        let expected = |rest: &str| format!("#\\#CIF_2.0\n{rest}{ATOMS}");
        // The line before the block counts as the first one of the record.
        assert_eq!(records, [(1, expected("data_a\n_t '''x\ndata_no\n;\n''' # '''\n")), (10, expected("data_b\n"))]);
    }

    #[test]
    fn utf_16_comes_out_as_utf_8() {
        let text = format!("data_é\n{ATOMS}data_b\n{ATOMS}");
        for (mark, bytes) in [([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xFE, 0xFF], u16::to_be_bytes)]
        {
            let units = text.encode_utf16().flat_map(bytes);
            let stream: Vec<u8> = mark.into_iter().chain(units).collect();
            let records = frame(&stream, 7);
            assert_eq!(records, [(1, format!("data_é\n{ATOMS}")), (6, format!("data_b\n{ATOMS}"))]);
        }
    }

    #[test]
    fn a_record_beyond_the_limit_is_cut_and_the_next_one_read() {
        let mut text = format!("data_a\n{ATOMS}").into_bytes();
        text.resize(MAX_RECORD + 5000, b'1');
        text.extend_from_slice(format!("\ndata_b\n{ATOMS}").as_bytes());
        let mut stream = BufReader::new(&text[..]);
        let (mut framer, mut out) = (CifFramer::default(), vec![]);
        let first = framer.next(&mut stream, &mut out).expect("memory can be read").expect("a record");
        assert_eq!((first, out.len()), (Framed { line: 1, too_large: true }, MAX_RECORD));
        out.clear();
        let second = framer.next(&mut stream, &mut out).expect("memory can be read").expect("a record");
        assert_eq!((second, &out[..6]), (Framed { line: 7, too_large: false }, &b"data_b"[..]));
    }
}
