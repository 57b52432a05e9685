//! Extended XYZ: frames with a lattice and free columns, as ASE, quippy and OVITO write them.

use super::framing::XyzFrames;
use super::refusal::{Refusal, known_element, lattice, push, shown};
use super::text::{Lines, finite, number, text, vector};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::chem::Element;

/// Extended XYZ.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(XyzFrames::default()), reader: &Extxyz };

const CODE: FaultCode = FaultCode::UnparsableExtxyz;

/// Keys of ids, best first.
const IDS: [&str; 9] = ["material_id", "mat_id", "mp_id", "jid", "id", "uid", "identifier", "name", "label"];

struct Extxyz;

impl StructureReader for Extxyz {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.id.clear();
        out.properties.clear();
        let text = text(record);
        let mut lines = Lines::new(&text);
        read(&mut lines, out).map_err(|refusal| refusal.at(lines.number().max(1)))
    }
}

/// Reads a frame; a refusal belongs to the line that was read last.
fn read(lines: &mut Lines<'_>, out: &mut StructureRecord) -> Result<(), Refusal> {
    let refuse = |why: String| Refusal::new(CODE, why);
    let (_, first) = lines.next().ok_or_else(|| refuse("the file is empty".into()))?;
    let count: usize = first
        .trim()
        .parse()
        .map_err(|_| refuse(format!("a number of atoms is expected, found {}", shown(first.trim()))))?;
    let (_, comment) = lines.next().ok_or_else(|| refuse("the file ends behind the number of atoms".into()))?;
    let mut rows = None;
    let mut columns = Columns { symbol: Some(0), number: None, position: 1, width: 4 };
    let mut id_rank = usize::MAX;
    let mut pairs = Pairs { rest: comment };
    while let Some((key, value)) = pairs.next()? {
        if key.eq_ignore_ascii_case("lattice") {
            rows = Some(cell_vectors(&value)?);
        } else if key.eq_ignore_ascii_case("properties") {
            columns = Columns::of_text(&value)?;
        } else if let Some(rank) = IDS.iter().position(|known| *known == key) {
            if rank < id_rank {
                out.id.clone_from(&value);
                id_rank = rank;
            }
        } else if let Some(value) = number_or_flag(value.trim()) {
            out.properties.push((key, value));
        }
    }
    let rows = rows.ok_or_else(|| refuse("no Lattice key: a plain XYZ file holds atoms without a cell".into()))?;
    let structure = out.begin(lattice(rows)?);
    for site in 0..count {
        let Some((_, line)) = lines.next() else {
            return Err(refuse(format!("the frame ends behind {site} of {count} atoms")));
        };
        let (element, position) = columns.atom(line)?;
        push(structure, structure.lattice().frac(position), element, CODE)?;
    }
    Ok(())
}

/// A number; `T` and `F` are 1 and 0.
fn number_or_flag(value: &str) -> Option<f64> {
    match value {
        "T" | "True" | "true" => Some(1.0),
        "F" | "False" | "false" => Some(0.0),
        _ => value.parse().ok(),
    }
}

/// The nine numbers of `Lattice`, vector after vector.
fn cell_vectors(value: &str) -> Result<[[f64; 3]; 3], Refusal> {
    let mut words = value.split([' ', '\t', ',']).filter(|word| !word.is_empty());
    let mut rows = [[0.0; 3]; 3];
    for row in &mut rows {
        *row = vector(&mut words, number, CODE)?;
    }
    match words.next() {
        None => Ok(rows),
        Some(word) => Err(Refusal::new(CODE, format!("Lattice has a tenth entry {}", shown(word)))),
    }
}

/// Where the columns of `Properties` lie that matter.
#[derive(Copy, Clone)]
struct Columns {
    symbol: Option<usize>,
    /// Of the atomic number.
    number: Option<usize>,
    /// Of the first coordinate.
    position: usize,
    width: usize,
}

impl Columns {
    /// From `species:S:1:pos:R:3:…`.
    fn of_text(text: &str) -> Result<Self, Refusal> {
        let bad = |why: &str| Refusal::new(CODE, format!("Properties {} {why}", shown(text)));
        let (mut symbol, mut number, mut position) = (None, None, None);
        let mut at: usize = 0;
        let mut fields = text.split(':');
        while let Some(name) = fields.next() {
            let (Some(_), Some(count)) = (fields.next(), fields.next()) else {
                return Err(bad("does not consist of name:type:columns"));
            };
            let count: usize = count.trim().parse().map_err(|_| bad("does not consist of name:type:columns"))?;
            match name.to_ascii_lowercase().as_str() {
                "species" | "symbols" | "element" => symbol = Some(at),
                "z" | "numbers" => number = Some(at),
                "pos" | "positions" if count == 3 => position = Some(at),
                _ => {}
            }
            at = at.checked_add(count).filter(|&width| width <= 10_000).ok_or_else(|| bad("has too many columns"))?;
        }
        let position = position.ok_or_else(|| bad("has no pos with three columns"))?;
        if symbol.or(number).is_none() {
            return Err(bad("has neither species nor Z"));
        }
        Ok(Self { symbol, number, position, width: at })
    }

    fn atom(self, line: &str) -> Result<(Element, [f64; 3]), Refusal> {
        let mut words = line.split_whitespace();
        let (mut symbol, mut atomic_number) = (None, None);
        let mut position = [0.0; 3];
        for column in 0..self.width {
            let word = words
                .next()
                .ok_or_else(|| Refusal::new(CODE, format!("{} columns are expected, found {column}", self.width)))?;
            if Some(column) == self.symbol {
                symbol = Some(word);
            } else if Some(column) == self.number {
                atomic_number = Some(word);
            } else if (self.position..self.position + 3).contains(&column) {
                position[column - self.position] = finite(word, CODE)?;
            }
        }
        let word = symbol.or(atomic_number).unwrap_or_default();
        let element = match symbol {
            Some(symbol) => element_of_species(symbol),
            None => word.parse().ok().and_then(Element::from_atomic_number),
        };
        let element =
            element.ok_or_else(|| Refusal::new(FaultCode::UnknownElement, format!("{} is no element", shown(word))))?;
        Ok((element, position))
    }
}

/// Symbols in any case, as ASE takes them; `C1` and the like name the element in front.
fn element_of_species(species: &str) -> Option<Element> {
    let end = species.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(species.len());
    let letters = &species[..end];
    known_element(letters).or_else(|| {
        let mut symbol = letters.to_ascii_lowercase();
        symbol.get_mut(..1)?.make_ascii_uppercase();
        known_element(&symbol)
    })
}

/// The pairs of a comment line: `key=value`, `key="a value"`, `key='a value'`, `key={a value}`, `key=[1, 2]`, `key`.
struct Pairs<'a> {
    rest: &'a str,
}

impl Pairs<'_> {
    fn next(&mut self) -> Result<Option<(String, String)>, Refusal> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.word(true)?;
        let behind = self.rest.trim_start();
        let Some(value) = behind.strip_prefix('=') else { return Ok(Some((key, String::new()))) };
        self.rest = value.trim_start();
        let value = self.word(false)?;
        Ok(Some((key, value)))
    }

    /// A word; what stands in quotes or brackets may hold spaces.
    fn word(&mut self, is_key: bool) -> Result<String, Refusal> {
        let mut word = String::new();
        let mut closing = None;
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices() {
            if is_escaped {
                word.push(c);
                is_escaped = false;
                continue;
            }
            match (c, closing) {
                ('\\', _) => is_escaped = true,
                (c, Some(close)) if c == close => closing = None,
                (c, Some(_)) => word.push(c),
                ('"' | '\'', None) => closing = Some(c),
                ('{', None) => closing = Some('}'),
                ('[', None) => closing = Some(']'),
                (c, None) if c.is_whitespace() || (is_key && c == '=') => {
                    self.rest = &self.rest[at..];
                    return Ok(word);
                }
                (c, None) => word.push(c),
            }
        }
        self.rest = "";
        match closing {
            None => Ok(word),
            Some(close) => Err(Refusal::new(CODE, format!("a value is not closed: {close:?} is missing"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        Extxyz.read(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn columns_come_in_any_order_and_numbers_become_properties() {
        let text = "2\r\nProperties=forces:R:3:pos:R:3:tags:I:1:species:S:1 energy=-1.5 pbc=\"T T F\" config_type='a b' \
                    Lattice = \"4 0 0 0 4 0 0 0 4\" name=\"mp \\\"1\\\"\" virial={1 2 3} free_energy=nan flag stress=[1, 2]\r\n\
                    9 9 9 0 0 0 1 CS\r\n9 9 9 2 2 2 1 cl\r\n";
        let record = read(text).expect("a frame");
        let structure = record.structure.expect("a frame");
        assert_eq!(structure.fracs(), [[0.0; 3], [0.5; 3]]);
        assert_eq!(structure.occupants(0)[0].element.symbol(), "Cs");
        assert_eq!(structure.occupants(1)[0].element.symbol(), "Cl");
        assert_eq!(record.id, "mp \"1\"");
        assert_eq!(record.properties[0], ("energy".to_owned(), -1.5));
        assert!(record.properties[1].1.is_nan() && record.properties.len() == 2);
    }

    #[test]
    fn atomic_numbers_and_missing_properties_are_understood() {
        let text = "1\nLattice=\"1 0 0 0 1 0 0 0 1\" Properties=Z:I:1:pos:R:3\n26 0 0 0\n";
        assert_eq!(read(text).expect("a frame").structure.expect("a frame").occupants(0)[0].element.symbol(), "Fe");
        assert!(read("1\nLattice=\"1 0 0 0 1 0 0 0 1\"\nFe 0 0 0 7 8\n").is_ok());
    }

    #[test]
    fn faults_name_code_line_and_reason() {
        let frame = |comment: &str, atom: &str| format!("1\n{comment}\n{atom}");
        let cell = "Lattice=\"1 0 0 0 1 0 0 0 1\"";
        for (text, code, detail) in [
            ("".into(), CODE, "line 1: the file is empty"),
            ("x y".into(), CODE, "line 1: a number of atoms is expected, found \"x y\""),
            (frame("water", "O 0 0 0"), CODE, "line 2: no Lattice key: a plain XYZ file holds atoms without a cell"),
            (frame("Lattice=\"1 0 0", "O 0 0 0"), CODE, "line 2: a value is not closed: '\"' is missing"),
            (frame("Lattice=\"1 0 0\"", "O 0 0 0"), CODE, "line 2: three numbers are expected, found 0"),
            (
                frame(&format!("{cell} Properties=pos:R:3"), "0 0 0"),
                CODE,
                "line 2: Properties \"pos:R:3\" has neither species nor Z",
            ),
            (frame(cell, "O 0 0"), CODE, "line 3: 4 columns are expected, found 3"),
            (frame(cell, "Xx 0 0 0"), FaultCode::UnknownElement, "line 3: \"Xx\" is no element"),
            (frame(cell, ""), CODE, "line 2: the frame ends behind 0 of 1 atoms"),
            (
                frame("Lattice=\"NaN 0 0 0 1 0 0 0 1\"", "O 0 0 0"),
                FaultCode::ZeroVolume,
                "line 2: the cell vectors [[NaN, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] span no volume, or are no numbers",
            ),
        ] {
            let fault = read(&text).expect_err(&text);
            assert_eq!((fault.code, &*fault.detail), (code, detail));
        }
    }
}
