//! One data block: where the values lie that a structure is read from.

use super::lexer::{Kind, Lexer, Span, Token};
use super::number::is_missing;
use super::tag::Key;

/// A loop with a column of interest. Values of other columns are not kept.
pub(super) struct Table {
    /// Values of the kept columns, row by row.
    values: Vec<Span>,
    /// Kept columns.
    width: usize,
    /// All columns.
    pub columns: usize,
    /// Rows that are whole.
    pub rows: usize,
    /// Number of values in a last row that is not whole, and where the loop ends.
    pub partial: Option<(usize, usize)>,
}

impl Table {
    /// The value of a kept column.
    pub fn value(&self, row: usize, slot: usize) -> Span {
        self.values[row * self.width + slot]
    }
}

/// Where a value of interest lies.
#[derive(Copy, Clone)]
enum Place {
    Nowhere,
    Item(Span),
    Column { table: u32, slot: u32 },
}

/// A column of a loop, or a single value, which is a loop of one row.
#[derive(Copy, Clone)]
pub(super) struct Column<'a> {
    /// Number of the table in its block; single values have none.
    pub table: Option<u32>,
    source: Result<(&'a Table, usize), Span>,
}

impl Column<'_> {
    /// Number of whole rows.
    pub fn rows(&self) -> usize {
        self.source.map_or(1, |(table, _)| table.rows)
    }

    /// The value in a row.
    pub fn value(&self, row: usize) -> Span {
        self.source.map_or_else(|item| item, |(table, slot)| table.value(row, slot))
    }
}

/// What a data block says, as far as it matters to a structure.
pub(super) struct Block<'a> {
    pub bytes: &'a [u8],
    /// Its name, or `None` where values stand before any `data_`.
    pub name: Option<Span>,
    places: [Place; Key::COUNT],
    tables: Vec<Table>,
    /// Where a text field or list begins that nothing closes.
    pub unclosed: Option<usize>,
    /// Where the next data block begins.
    pub next: Option<usize>,
}

impl<'a> Block<'a> {
    /// Reads the first data block of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Self {
        Self::read_at(bytes, 0)
    }

    /// Reads the data block that begins at `start`. Content of save frames is passed over; so are values that belong to no
    /// name. Where a name is given twice, the first value counts, unless it is missing.
    pub fn read_at(bytes: &'a [u8], start: usize) -> Self {
        let mut block = Self {
            bytes,
            name: None,
            places: [Place::Nowhere; Key::COUNT],
            tables: vec![],
            unclosed: None,
            next: None,
        };
        let mut lexer = Lexer::starting_at(bytes, start);
        let mut in_frame = false;
        let mut began = false;
        let mut pending = lexer.next();
        while let Some(token) = pending {
            pending = match token.kind {
                Kind::Data if began => {
                    block.next = Some(token.span.start as usize - "data_".len());
                    break;
                }
                Kind::Data => {
                    block.name = Some(token.span);
                    began = true;
                    lexer.next()
                }
                Kind::Save => {
                    in_frame = token.span.start != token.span.end;
                    lexer.next()
                }
                Kind::Tag => {
                    began = true;
                    let key = Key::of(token.span.of(bytes)).filter(|_| !in_frame);
                    block.item(&mut lexer, key)
                }
                Kind::Loop => {
                    began = true;
                    block.table(&mut lexer, in_frame)
                }
                Kind::Plain | Kind::Delimited | Kind::Stop | Kind::Global => lexer.next(),
            };
        }
        block.unclosed = lexer.unclosed();
        block
    }

    /// Whether it has names of atomic coordinates.
    pub fn lists_atoms(&self) -> bool {
        let is_there = |key: &Key| !matches!(self.places[key.place()], Place::Nowhere);
        Key::FRACT.iter().chain(&Key::CARTN).any(is_there)
    }

    /// Reads the value of a name; returns the token behind it.
    fn item(&mut self, lexer: &mut Lexer<'a>, key: Option<Key>) -> Option<Token> {
        let token = lexer.next()?;
        if !matches!(token.kind, Kind::Plain | Kind::Delimited) {
            return Some(token);
        }
        if let Some(key) = key {
            let is_symbol = key == Key::HERMANN_MAUGUIN || key == Key::HALL;
            let span = if is_symbol && token.kind == Kind::Plain { self.to_line_end(token.span) } else { token.span };
            self.keep(key, Place::Item(span));
        }
        lexer.next()
    }

    /// A symbol whose blanks nobody quoted: up to the end of its line, the next name or a comment.
    fn to_line_end(&self, span: Span) -> Span {
        let rest = &self.bytes[span.end as usize..];
        let mut length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | b'#')).unwrap_or(rest.len());
        if let Some(tag) = rest[..length].windows(2).position(|pair| pair[0] <= b' ' && pair[1] == b'_') {
            length = tag;
        }
        Span { end: span.end + rest[..length].trim_ascii_end().len() as u32, ..span }
    }

    /// Reads a loop; returns the token behind it.
    fn table(&mut self, lexer: &mut Lexer<'a>, in_frame: bool) -> Option<Token> {
        let number = self.tables.len() as u32;
        let mut slots = vec![];
        let mut width = 0;
        let mut pending = lexer.next();
        while let Some(token) = pending.filter(|token| token.kind == Kind::Tag) {
            let key = Key::of(token.span.of(self.bytes)).filter(|_| !in_frame);
            let kept = key.is_some_and(|key| self.keep(key, Place::Column { table: number, slot: width }));
            slots.push(kept.then_some(width as usize));
            width += u32::from(kept);
            pending = lexer.next();
        }
        let is_value = |kind| matches!(kind, Kind::Plain | Kind::Delimited);
        if width == 0 {
            if pending.is_some_and(|token| is_value(token.kind)) {
                lexer.pass_values();
                pending = lexer.next();
            }
            return pending;
        }
        let mut values = Vec::with_capacity(width as usize * 16);
        let (mut column, mut rows, mut end) = (0, 0, 0);
        while let Some(token) = pending.filter(|token| is_value(token.kind)) {
            if slots[column].is_some() {
                values.push(token.span);
            }
            end = token.span.end as usize;
            column += 1;
            if column == slots.len() {
                (column, rows) = (0, rows + 1);
            }
            pending = lexer.next();
        }
        let partial = (column > 0).then_some((column, end));
        self.tables.push(Table { values, width: width as usize, columns: slots.len(), rows, partial });
        pending
    }

    /// Notes where a value lies; `false` where an earlier one counts.
    fn keep(&mut self, key: Key, place: Place) -> bool {
        let old = &mut self.places[key.place()];
        let free = match *old {
            Place::Nowhere => true,
            Place::Item(span) => is_missing(span.of(self.bytes)),
            Place::Column { table, .. } => self.tables.get(table as usize).is_some_and(|table| table.rows == 0),
        };
        if free {
            *old = place;
        }
        free
    }

    /// The single value of a name, or the first of its column; `None` where it is missing.
    pub fn item_of(&self, key: Key) -> Option<Span> {
        let span = self.column(key).filter(|column| column.rows() > 0)?.value(0);
        (!is_missing(span.of(self.bytes))).then_some(span)
    }

    /// The column of a name.
    pub fn column(&self, key: Key) -> Option<Column<'_>> {
        match self.places[key.place()] {
            Place::Nowhere => None,
            Place::Item(span) => Some(Column { table: None, source: Err(span) }),
            Place::Column { table, slot } => {
                Some(Column { table: Some(table), source: Ok((&self.tables[table as usize], slot as usize)) })
            }
        }
    }

    /// The loop that a column belongs to.
    pub fn table_of(&self, column: Column<'_>) -> Option<&Table> {
        column.table.map(|table| &self.tables[table as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(block: &'a Block<'_>, key: Key) -> Vec<&'a str> {
        let Some(column) = block.column(key) else { return vec![] };
        (0..column.rows()).map(|row| std::str::from_utf8(column.value(row).of(block.bytes)).expect("UTF-8")).collect()
    }

    #[test]
    fn items_and_columns_of_interest_are_kept() {
        let source = b"data_x\n_cell_length_a 5.0(1)\n_foo bar\nloop_\n_atom_site_label _other _atom_site_fract_x\n\
            Na1 'a b' 0.5\nCl1 ; 0\n_cell_length_b 6\n";
        let block = Block::read(source);
        assert_eq!(text(&block, Key::LENGTHS[0]), ["5.0(1)"]);
        assert_eq!(text(&block, Key::LENGTHS[1]), ["6"]);
        assert_eq!(text(&block, Key::SITE_LABEL), ["Na1", "Cl1"]);
        assert_eq!(text(&block, Key::FRACT[0]), ["0.5", "0"]);
        assert_eq!(block.name.map(|name| name.of(source)), Some(&b"x"[..]));
    }

    #[test]
    fn save_frames_and_the_next_block_say_nothing_about_this_one() {
        let block = Block::read(b"data_a save_f _cell_length_a 1 save_ _cell_length_a 2 data_b _cell_length_b 3");
        assert_eq!(text(&block, Key::LENGTHS[0]), ["2"]);
        assert!(text(&block, Key::LENGTHS[1]).is_empty());
        assert_eq!(block.next.map(|next| &block.bytes[next..next + 6]), Some(&b"data_b"[..]));
    }

    #[test]
    fn a_missing_value_gives_way_to_a_later_one_and_symbols_need_no_quotes() {
        let block = Block::read(b"_symmetry_space_group_name_H-M ?\n_space_group_name_H-M_alt P 21/c # no\n_foo 1");
        assert_eq!(text(&block, Key::HERMANN_MAUGUIN), ["P 21/c"]);
    }

    #[test]
    fn a_last_row_that_is_not_whole_is_told() {
        let block = Block::read(b"data_x loop_ _atom_site_label _atom_site_fract_x A 0 B");
        let column = block.column(Key::SITE_LABEL).expect("a column");
        assert_eq!(text(&block, Key::SITE_LABEL), ["A"]);
        assert_eq!(block.table_of(column).expect("a loop").partial.map(|(values, _)| values), Some(1));
    }
}
