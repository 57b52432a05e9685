//! The tokens of CIF 1.1 and 2.0, found in bytes without copying.

use memchr::{memchr, memchr2, memchr3};

/// A stretch of a record, as offsets: records stay below 4 GiB.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The bytes of the span.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// What the first line of CIF 2.0 begins with.
pub(super) const VERSION_2: &[u8] = b"#\\#CIF_2.0";

/// What a token is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A data name, with its underscore.
    Tag,
    /// A value without delimiters.
    Plain,
    /// A value in quotes (without them), a text field or a bracketed list.
    Delimited,
    /// `loop_`
    Loop,
    /// `stop_`
    Stop,
    /// `data_`; the span is the name of the block.
    Data,
    /// `save_`; the span is the name of the frame, empty where one ends.
    Save,
    /// `global_`
    Global,
}

/// A token.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Span,
}

/// Cuts bytes into tokens.
///
/// Lenient where that loses nothing: a quote that is not closed ends with its line, control characters are blanks, any
/// byte may stand in a name or value.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
    version_2: bool,
    unclosed: Option<usize>,
}

impl<'a> Lexer<'a> {
    /// Begins at the front of `bytes`; a byte-order mark is passed over.
    pub fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        Self { bytes, at, version_2: bytes[at..].starts_with(VERSION_2), unclosed: None }
    }

    /// Begins at `start`, in the version that the front of `bytes` announces.
    pub fn starting_at(bytes: &'a [u8], start: usize) -> Self {
        let lexer = Self::new(bytes);
        Self { at: start.max(lexer.at), ..lexer }
    }

    /// Where a text field or list begins that nothing closes.
    pub fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// The next token; `None` at the end.
    #[inline]
    pub fn next(&mut self) -> Option<Token> {
        self.pass_blanks();
        let start = self.at;
        let token = match *self.bytes.get(start)? {
            b'_' => self.until_blank(Kind::Tag),
            b';' if self.at_line_start() => self.text_field(),
            quote @ (b'\'' | b'"') => self.quoted(quote),
            b'[' | b'{' if self.version_2 => self.list(),
            b'd' | b'D' | b'l' | b'L' | b's' | b'S' | b'g' | b'G' => self.word(),
            _ => self.until_blank(Kind::Plain),
        };
        Some(token)
    }

    /// Passes over values up to the next tag or word, without looking at each where that can be avoided.
    pub fn pass_values(&mut self) {
        let from = self.at;
        let mut search = from;
        while let Some(found) = memchr(b'_', &self.bytes[search..]) {
            let underscore = search + found;
            if let Some(begin) = self.tag_or_word_at(underscore, from) {
                if self.is_plain(from, begin) {
                    self.at = begin;
                } else {
                    self.pass_each_value();
                }
                return;
            }
            search = underscore + 1;
        }
        self.at = self.bytes.len();
        if !self.is_plain(from, self.at) {
            self.at = from;
            self.pass_each_value();
        }
    }

    /// Where the tag or word begins that this underscore would belong to, were it outside quotes.
    fn tag_or_word_at(&self, underscore: usize, from: usize) -> Option<usize> {
        let is_free = |begin: usize| begin == from || self.bytes[begin - 1] <= b' ';
        if is_free(underscore) {
            return Some(underscore);
        }
        // `data_` and `save_` have a name behind them, the others stand alone.
        let is_last = self.bytes.get(underscore + 1).is_none_or(|byte| *byte <= b' ');
        let words: &[&[u8]] =
            if is_last { &[b"loop", b"data", b"save", b"stop", b"global"] } else { &[b"data", b"save"] };
        words.iter().find_map(|word| {
            let begin = underscore.checked_sub(word.len()).filter(|&begin| begin >= from)?;
            (self.bytes[begin..underscore].eq_ignore_ascii_case(word) && is_free(begin)).then_some(begin)
        })
    }

    /// Whether nothing between these places could hide an underscore: no quotes, comments or text fields.
    fn is_plain(&self, from: usize, to: usize) -> bool {
        let between = &self.bytes[from..to];
        if memchr3(b'\'', b'"', b'#', between).is_some() || (self.version_2 && memchr2(b'[', b'{', between).is_some()) {
            return false;
        }
        memchr::memchr_iter(b';', between).all(|place| !self.is_line_start(from + place))
    }

    fn pass_each_value(&mut self) {
        loop {
            self.pass_blanks();
            let before = self.at;
            match self.next() {
                Some(Token { kind: Kind::Plain | Kind::Delimited, .. }) => {}
                _ => {
                    self.at = before;
                    return;
                }
            }
        }
    }

    fn pass_blanks(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            if byte == b'#' {
                self.at = self.line_end(self.at);
            } else if byte > b' ' {
                return;
            } else {
                self.at += 1;
            }
        }
    }

    fn line_end(&self, from: usize) -> usize {
        memchr2(b'\n', b'\r', &self.bytes[from..]).map_or(self.bytes.len(), |length| from + length)
    }

    fn is_line_start(&self, place: usize) -> bool {
        place == 0 || matches!(self.bytes[place - 1], b'\n' | b'\r')
    }

    fn at_line_start(&self) -> bool {
        self.is_line_start(self.at)
    }

    fn until_blank(&mut self, kind: Kind) -> Token {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = if self.version_2 && kind == Kind::Plain {
            rest.iter().position(|byte| *byte <= b' ' || matches!(byte, b'[' | b']' | b'{' | b'}'))
        } else {
            rest.iter().position(|byte| *byte <= b' ')
        };
        // A closing bracket that closes nothing is a value of its own, so that every token moves on.
        self.at = start + length.unwrap_or(rest.len()).max(1);
        Token { kind, span: Span::new(start, self.at) }
    }

    /// A plain value, unless it is one of the reserved words.
    fn word(&mut self) -> Token {
        let token = self.until_blank(Kind::Plain);
        let text = token.span.of(self.bytes);
        let Some(head) = text.get(..5) else { return token };
        let kind = match head[4] {
            b'_' if head.eq_ignore_ascii_case(b"data_") => Kind::Data,
            b'_' if head.eq_ignore_ascii_case(b"save_") => Kind::Save,
            b'_' if text.eq_ignore_ascii_case(b"loop_") => Kind::Loop,
            b'_' if text.eq_ignore_ascii_case(b"stop_") => Kind::Stop,
            _ if text.eq_ignore_ascii_case(b"global_") => Kind::Global,
            _ => return token,
        };
        let start = if matches!(kind, Kind::Data | Kind::Save) { token.span.start + 5 } else { token.span.start };
        Token { kind, span: Span { start, ..token.span } }
    }

    /// From a semicolon in the first column to the next one.
    fn text_field(&mut self) -> Token {
        let start = self.at + 1;
        let closing = memchr::memchr_iter(b';', &self.bytes[start..])
            .map(|place| start + place)
            .find(|&place| place > start && self.is_line_start(place));
        let Some(closing) = closing else {
            self.unclosed.get_or_insert(self.at);
            self.at = self.bytes.len();
            return Token { kind: Kind::Delimited, span: Span::new(start, self.at) };
        };
        self.at = closing + 1;
        let mut end = closing - 1;
        if end > start && self.bytes[end] == b'\n' && self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        Token { kind: Kind::Delimited, span: Span::new(start, end) }
    }

    /// Up to the same quote before a blank (CIF 1.1: a quote inside a word is a letter) or, in CIF 2.0, up to the same quote.
    fn quoted(&mut self, quote: u8) -> Token {
        if self.version_2 && self.bytes[self.at..].starts_with(&[quote; 3]) {
            return self.triple_quoted(quote);
        }
        let start = self.at + 1;
        let mut place = start;
        while let Some(&byte) = self.bytes.get(place) {
            if byte == quote && (self.version_2 || self.bytes.get(place + 1).is_none_or(|next| *next <= b' ')) {
                self.at = place + 1;
                return Token { kind: Kind::Delimited, span: Span::new(start, place) };
            }
            if matches!(byte, b'\n' | b'\r') {
                break;
            }
            place += 1;
        }
        self.at = place;
        Token { kind: Kind::Delimited, span: Span::new(start, place) }
    }

    fn triple_quoted(&mut self, quote: u8) -> Token {
        let start = self.at + 3;
        let closing = memchr::memmem::find(&self.bytes[start..], &[quote; 3]).map(|place| start + place);
        if closing.is_none() {
            self.unclosed.get_or_insert(self.at);
        }
        let end = closing.unwrap_or(self.bytes.len());
        self.at = (end + 3).min(self.bytes.len());
        Token { kind: Kind::Delimited, span: Span::new(start, end) }
    }

    /// A list or table, however deep: only the brackets are counted.
    fn list(&mut self) -> Token {
        let start = self.at;
        let mut depth = 0_u32;
        loop {
            self.pass_blanks();
            let Some(&byte) = self.bytes.get(self.at) else {
                self.unclosed.get_or_insert(start);
                break;
            };
            match byte {
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                b';' if self.at_line_start() => drop(self.text_field()),
                b'\'' | b'"' => drop(self.quoted(byte)),
                _ => drop(self.until_blank(Kind::Plain)),
            }
        }
        Token { kind: Kind::Delimited, span: Span::new(start, self.at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(Kind, &str)> {
        let mut lexer = Lexer::new(text.as_bytes());
        std::iter::from_fn(|| lexer.next())
            .map(|token| (token.kind, std::str::from_utf8(token.span.of(text.as_bytes())).expect("UTF-8")))
            .collect()
    }

    /// The examples of the CIF 1.1 syntax specification, paragraphs 15 and 16: a quote inside a word is a letter.
    #[test]
    fn quotes_close_before_a_blank_only() {
        let expected = [(Kind::Tag, "_a"), (Kind::Delimited, "a dog's life"), (Kind::Plain, "b"), (Kind::Plain, "c'd")];
        assert_eq!(tokens("_a 'a dog's life' b c'd"), expected);
        assert_eq!(tokens("\"\" ''"), [(Kind::Delimited, ""), (Kind::Delimited, "")]);
        assert_eq!(tokens("'open\n_b"), [(Kind::Delimited, "open"), (Kind::Tag, "_b")]);
    }

    #[test]
    fn text_fields_end_at_a_semicolon_in_the_first_column_of_any_line_ending() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("_a{end};one ; two{end} ;three{end};{end}_b x;y");
            let body = format!("one ; two{end} ;three");
            let expected = [(Kind::Tag, "_a"), (Kind::Delimited, &body), (Kind::Tag, "_b"), (Kind::Plain, "x;y")];
            assert_eq!(tokens(&text), expected, "{end:?}");
        }
        assert_eq!(tokens(";\n;x"), [(Kind::Delimited, ""), (Kind::Plain, "x")]);
    }

    #[test]
    fn words_are_told_in_any_case_and_only_whole() {
        let expected = [
            (Kind::Data, "x"),
            (Kind::Loop, "LOOP_"),
            (Kind::Tag, "_t"),
            (Kind::Plain, "loop_x"),
            (Kind::Delimited, "data_y"),
            (Kind::Save, ""),
            (Kind::Stop, "stop_"),
            (Kind::Global, "Global_"),
        ];
        assert_eq!(tokens("DATA_x LOOP_ _t loop_x 'data_y' save_ # data_z\nstop_ Global_"), expected);
    }

    #[test]
    fn cif_2_has_triple_quotes_and_lists_and_cif_1_has_not() {
        let text = "#\\#CIF_2.0\n_a '''it's\ndata_x''' _b [1 'x]' {\"k\":[2]}] _c 'a'";
        let expected = [
            (Kind::Tag, "_a"),
            (Kind::Delimited, "it's\ndata_x"),
            (Kind::Tag, "_b"),
            (Kind::Delimited, "[1 'x]' {\"k\":[2]}]"),
            (Kind::Tag, "_c"),
            (Kind::Delimited, "a"),
        ];
        assert_eq!(tokens(text), expected);
        assert_eq!(tokens("_b [1 2]"), [(Kind::Tag, "_b"), (Kind::Plain, "[1"), (Kind::Plain, "2]")]);
        assert_eq!(tokens("#\\#CIF_2.0\n]] x"), [(Kind::Plain, "]"), (Kind::Plain, "]"), (Kind::Plain, "x")]);
    }

    #[test]
    fn passing_over_values_stops_where_reading_them_one_by_one_does() {
        for text in [
            "C1 C2 1.5 1_555\nC3 C4 1_556 .\nloop_\n_a",
            "'x _y' 1\n_a 2",
            "a\n;text\n_no\nloop_\n;\n_a 1",
            "1 # _no\n 2 _a 3",
            "a b data_x",
            "a_b loop_x loop_y",
            "_a",
            "",
        ] {
            let mut quick = Lexer::new(text.as_bytes());
            let mut slow = Lexer::new(text.as_bytes());
            quick.pass_values();
            slow.pass_each_value();
            assert_eq!(quick.next(), slow.next(), "{text}");
        }
    }
}
