//! Framing of delimited text: where records and fields begin and end, with bounded memory and exact line numbers.
//!
//! The rules are those of the `csv` crate (RFC 4180, leniently): `\n`, `\r\n` or a lone `\r` ends a record, empty lines are
//! none, a field that begins with `"` runs to the closing `"`, `""` within it is one `"`, and what follows the closing quote
//! up to the delimiter belongs to the field. What differs is what goes wrong: a quote that is never closed costs its own
//! line and not the rest of the file, and no record is buffered beyond a limit.

use std::io::{self, Read};

use super::expand::{BrokenStream, ByteStream};

/// Longest record.
const MAX_RECORD_BYTES: usize = 16 << 20;

const FIRST_BUFFER_BYTES: usize = 128 << 10;

/// Where a field lies in the buffer, quotes included.
#[derive(Copy, Clone, Debug)]
pub(super) struct Field {
    start: usize,
    end: usize,
    is_quoted: bool,
}

/// What [`Delimited::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// A record; its fields are [`Delimited::fields`].
    Record,
    /// A record that cannot be framed, and why. The next one can.
    Bad(BadRecord),
    /// The stream has ended.
    End,
}

/// Why a record cannot be framed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadRecord {
    /// A quote is open at the end of the stream, or for longer than the limit.
    OpenQuote,
    /// The record is longer than this many bytes.
    TooLong(usize),
    /// The stream is damaged here and ends.
    Broken(String),
}

/// Splits a stream into records and fields.
pub(super) struct Delimited {
    stream: ByteStream,
    buffer: Vec<u8>,
    /// Bytes of `buffer` from here are not consumed yet.
    position: usize,
    filled: usize,
    has_ended: bool,
    broken: Option<String>,
    max_record: usize,
    first_buffer: usize,
    class: [Class; 256],
    fields: Vec<Field>,
    /// Line at which the current record begins, from 1.
    line: u64,
    /// Lines ended before `position`.
    lines_ended: u64,
    after_carriage_return: bool,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Class {
    Plain,
    Delimiter,
    LineEnd,
}

enum Scan {
    /// Ends before this position.
    Complete(usize),
    /// The buffer ends first, with a quote open or not.
    Incomplete { in_quotes: bool },
}

impl Delimited {
    /// Frames `stream`.
    pub fn new(stream: ByteStream, delimiter: u8) -> Self {
        Self::with_limits(stream, delimiter, MAX_RECORD_BYTES, FIRST_BUFFER_BYTES)
    }

    fn with_limits(stream: ByteStream, delimiter: u8, max_record: usize, first_buffer: usize) -> Self {
        let mut class = [Class::Plain; 256];
        class[usize::from(b'\n')] = Class::LineEnd;
        class[usize::from(b'\r')] = Class::LineEnd;
        class[usize::from(delimiter)] = Class::Delimiter;
        Self {
            stream,
            buffer: Vec::new(),
            position: 0,
            filled: 0,
            has_ended: false,
            broken: None,
            max_record,
            first_buffer,
            class,
            fields: Vec::new(),
            line: 0,
            lines_ended: 0,
            after_carriage_return: false,
        }
    }

    /// The first bytes, without consuming them; fewer than four only where the stream is shorter.
    pub fn peek(&mut self) -> io::Result<&[u8]> {
        while self.filled - self.position < 4 && !self.has_ended {
            self.fill()?;
        }
        Ok(&self.buffer[self.position..self.filled])
    }

    /// Skips a UTF-8 byte-order mark.
    pub fn skip_mark(&mut self) -> io::Result<()> {
        if self.peek()?.starts_with(b"\xef\xbb\xbf") {
            self.position += 3;
        }
        Ok(())
    }

    /// Frames the next record.
    pub fn next(&mut self) -> io::Result<Framed> {
        if !self.skip_line_ends()? {
            return Ok(match self.broken.take() {
                Some(reason) => Framed::Bad(BadRecord::Broken(reason)),
                None => Framed::End,
            });
        }
        self.line = self.lines_ended + 1;
        loop {
            match self.scan() {
                Scan::Complete(end) => {
                    self.consume_record(end);
                    return Ok(Framed::Record);
                }
                Scan::Incomplete { in_quotes } => {
                    let is_too_long = self.filled - self.position > self.max_record;
                    if !is_too_long && !self.has_ended {
                        self.fill()?;
                        continue;
                    }
                    if !is_too_long && let Some(reason) = self.broken.take() {
                        self.position = self.filled;
                        return Ok(Framed::Bad(BadRecord::Broken(reason)));
                    }
                    self.skip_line()?;
                    let bad = if in_quotes { BadRecord::OpenQuote } else { BadRecord::TooLong(self.max_record) };
                    return Ok(Framed::Bad(bad));
                }
            }
        }
    }

    /// Fields of the record that [`next`](Self::next) has framed.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Line at which that record begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Length of a field as it is written, quotes included.
    pub fn raw_len(&self, field: Field) -> usize {
        field.end - field.start
    }

    /// Appends the value of a field.
    pub fn append(&self, field: Field, out: &mut Vec<u8>) {
        let raw = &self.buffer[field.start..field.end];
        if !field.is_quoted {
            out.extend_from_slice(raw);
            return;
        }
        let mut rest = &raw[1..];
        while let Some(quote) = rest.iter().position(|&byte| byte == b'"') {
            out.extend_from_slice(&rest[..quote]);
            rest = &rest[quote + 1..];
            if rest.first() != Some(&b'"') {
                break;
            }
            out.push(b'"');
            rest = &rest[1..];
        }
        out.extend_from_slice(rest);
    }

    /// Splits the record at `position` into fields.
    fn scan(&mut self) -> Scan {
        self.fields.clear();
        // Not a byte more than the limit, so that what is too long does not depend on how the buffer grew.
        let window = self.filled.min(self.position + self.max_record + 1);
        let bytes = &self.buffer[..window];
        let is_last = self.has_ended && window == self.filled;
        let mut at = self.position;
        loop {
            let start = at;
            let is_quoted = bytes.get(at) == Some(&b'"');
            if is_quoted {
                at += 1;
                loop {
                    let Some(quote) = bytes[at..].iter().position(|&byte| byte == b'"') else {
                        return Scan::Incomplete { in_quotes: true };
                    };
                    at += quote + 1;
                    match bytes.get(at) {
                        Some(b'"') => at += 1,
                        None if !is_last => return Scan::Incomplete { in_quotes: true },
                        _ => break,
                    }
                }
            }
            while at < bytes.len() && self.class[usize::from(bytes[at])] == Class::Plain {
                at += 1;
            }
            if at == bytes.len() && (!is_last || self.broken.is_some()) {
                return Scan::Incomplete { in_quotes: false };
            }
            self.fields.push(Field { start, end: at, is_quoted });
            if at == bytes.len() || self.class[usize::from(bytes[at])] == Class::LineEnd {
                return Scan::Complete(at);
            }
            at += 1;
        }
    }

    fn consume_record(&mut self, end: usize) {
        for field in &self.fields {
            if field.is_quoted {
                let raw = &self.buffer[field.start..field.end];
                let pairs = raw.windows(2).filter(|pair| pair == b"\r\n").count();
                let ends = raw.iter().filter(|&&byte| byte == b'\n' || byte == b'\r').count();
                self.lines_ended += (ends - pairs) as u64;
            }
        }
        self.position = end;
    }

    /// Moves to the next byte that ends no line; `false` if there is none.
    fn skip_line_ends(&mut self) -> io::Result<bool> {
        loop {
            while self.position < self.filled {
                let byte = self.buffer[self.position];
                match byte {
                    b'\n' if self.after_carriage_return => {}
                    b'\n' | b'\r' => self.lines_ended += 1,
                    _ => {
                        self.after_carriage_return = false;
                        return Ok(true);
                    }
                }
                self.after_carriage_return = byte == b'\r';
                self.position += 1;
            }
            if self.has_ended {
                return Ok(false);
            }
            self.fill()?;
        }
    }

    /// Moves to the end of the line at `position`, whatever its quotes say.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.position..self.filled];
            if let Some(end) = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r') {
                self.position += end;
                return Ok(());
            }
            self.position = self.filled;
            if self.has_ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// Reads more behind what is not consumed.
    fn fill(&mut self) -> io::Result<()> {
        if self.position > 0 {
            self.buffer.copy_within(self.position..self.filled, 0);
            self.filled -= self.position;
            self.position = 0;
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize((2 * self.buffer.len()).max(self.first_buffer), 0);
        }
        // To the brim: a record that outgrows the buffer is scanned again, which only doubling keeps linear.
        while self.filled < self.buffer.len() && !self.has_ended {
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => self.has_ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => match BrokenStream::reason(&error) {
                    Some(reason) => {
                        self.broken = Some(reason.to_owned());
                        self.has_ended = true;
                    }
                    None => return Err(error),
                },
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Framing = Vec<(u64, Result<Vec<Vec<u8>>, BadRecord>)>;

    /// The buffer begins with a few bytes, so that its end falls everywhere.
    fn frame(text: &[u8], first_buffer: usize, max_record: usize) -> Framing {
        let stream = Box::new(io::Cursor::new(text.to_vec()));
        let mut delimited = Delimited::with_limits(stream, b',', max_record, first_buffer);
        let mut all = Vec::new();
        loop {
            let record = match delimited.next().expect("memory does not fail") {
                Framed::End => return all,
                Framed::Bad(bad) => Err(bad),
                Framed::Record => Ok(delimited
                    .fields()
                    .iter()
                    .map(|&field| {
                        let mut value = Vec::new();
                        delimited.append(field, &mut value);
                        value
                    })
                    .collect()),
            };
            all.push((delimited.line(), record));
        }
    }

    fn good(text: &str) -> Vec<(u64, Vec<String>)> {
        frame(text.as_bytes(), 3, MAX_RECORD_BYTES)
            .into_iter()
            .map(|(line, fields)| {
                let fields = fields.expect("good record");
                (line, fields.into_iter().map(|field| String::from_utf8(field).expect("UTF-8")).collect())
            })
            .collect()
    }

    fn record(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|&field| field.to_owned()).collect())
    }

    #[test]
    fn lines_are_counted_through_quotes_blank_lines_and_every_line_end() {
        let text = "a,\"two\nlines\"\r\n\r\nb,c\rd,\"x\r\ny\"\n\ne,f";
        let expected = [
            record(1, &["a", "two\nlines"]),
            record(4, &["b", "c"]),
            record(5, &["d", "x\r\ny"]),
            record(8, &["e", "f"]),
        ];
        assert_eq!(good(text), expected);
    }

    #[test]
    fn quotes_follow_rfc_4180_and_stray_ones_are_kept() {
        assert_eq!(good("\"a\"\"b\",c\"d\",\"e\"f,\"\"\n"), [record(1, &["a\"b", "c\"d\"", "ef", ""])]);
    }

    #[test]
    fn an_open_quote_costs_its_own_line_only() {
        let expected: Framing = vec![
            (1, Ok(vec![b"a".to_vec(), b"b".to_vec()])),
            (2, Err(BadRecord::OpenQuote)),
            (3, Ok(vec![b"d".to_vec(), b"e".to_vec()])),
        ];
        for first_buffer in [1, 2, 100] {
            assert_eq!(frame(b"a,b\n\"c,1\nd,e\n", first_buffer, MAX_RECORD_BYTES), expected);
        }
    }

    #[test]
    fn records_beyond_the_limit_are_reported_and_left_behind() {
        let long = format!("a,b\n{},1\nc,d\n", "x".repeat(1000));
        let framed = frame(long.as_bytes(), 64, 100);
        assert_eq!(framed[1], (2, Err(BadRecord::TooLong(100))));
        assert_eq!(framed[2], (3, Ok(vec![b"c".to_vec(), b"d".to_vec()])));
        assert_eq!(framed.len(), 3);
    }

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_crate(
            text in "([a-c]|,|\"|\"\"|\n|\r|\r\n|\",|,\"){0,40}",
            first_buffer in 1usize..9,
        ) {
            let ours = frame(text.as_bytes(), first_buffer, MAX_RECORD_BYTES);
            // Where we report an open quote the peer takes the rest of the text for one field.
            prop_assume!(ours.iter().all(|(_, record)| record.is_ok()));
            let mut peer = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<Vec<u8>>> = peer
                .byte_records()
                .map(|record| record.expect("memory does not fail").iter().map(<[u8]>::to_vec).collect())
                .collect();
            let ours: Vec<_> = ours.into_iter().map(|(_, record)| record.expect("checked above")).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
