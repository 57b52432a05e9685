//! POSCAR and CONTCAR of VASP 4 to 6.
//!
//! What follows the positions (velocities, predictor-corrector data) and selective dynamics are passed over. As in VASP, one
//! scale factor applies to everything Cartesian, a negative one is the volume of the cell, three apply to the axes x, y, z.

use super::framing::WholeFile;
use super::refusal::{Refusal, element_of_label, known_element, lattice, push, shown};
use super::text::{Lines, finite, number, text, vector};
use super::{MAX_SITES, StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::chem::{Composition, Element, parse_formula};

/// POSCAR.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(WholeFile::default()), reader: &Poscar };

const CODE: FaultCode = FaultCode::UnparsablePoscar;

/// Lines that symbols or counts may take: VASP writes 20 to a line where many groups alternate.
const MAX_HEADER_LINES: usize = 10_000;

struct Poscar;

impl StructureReader for Poscar {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.id.clear();
        out.properties.clear();
        let text = text(record);
        let mut lines = Lines::new(&text);
        read(&mut lines, out).map_err(|refusal| refusal.at(lines.number().max(1)))
    }
}

/// Reads the file; a refusal belongs to the line that was read last.
fn read(lines: &mut Lines<'_>, out: &mut StructureRecord) -> Result<(), Refusal> {
    let refuse = |why: String| Refusal::new(CODE, why);
    let comment = next(lines, "a comment")?;
    let factors = scale_factors(next(lines, "the scale factor")?)?;
    let mut rows = [[0.0; 3]; 3];
    for row in &mut rows {
        *row = vector(&mut next(lines, "a cell vector")?.split_whitespace(), number, CODE)?;
    }
    let factors = factors_of(factors, rows)?;
    let rows = rows.map(|row| scaled(row, factors));
    let structure = out.begin(lattice(rows)?);
    let header = header(lines)?;
    let mut mode = next(lines, "Direct or Cartesian")?;
    let is_selective = mode.trim_start().starts_with(['s', 'S']);
    if is_selective {
        mode = next(lines, "Direct or Cartesian")?;
    }
    let is_cartesian = match mode.trim_start().chars().next() {
        Some('c' | 'C' | 'k' | 'K') => true,
        Some(first) if first.is_alphabetic() => false,
        _ => return Err(refuse(format!("Direct or Cartesian is expected, found {}", shown(mode.trim())))),
    };
    let elements = match header.elements {
        Some(elements) => elements,
        None => elements_of_vasp4(comment, &header.counts, lines.clone(), is_selective)?,
    };
    let mut site = 0;
    for (&element, &count) in elements.iter().zip(&header.counts) {
        for _ in 0..count {
            let Some((_, line)) = lines.next() else {
                let total: usize = header.counts.iter().sum();
                return Err(refuse(format!("the file ends behind {site} of {total} positions")));
            };
            let position = position(line)?;
            let frac = if is_cartesian { structure.lattice().frac(scaled(position, factors)) } else { position };
            push(structure, frac, element, CODE)?;
            site += 1;
        }
    }
    Ok(())
}

fn next<'a>(lines: &mut Lines<'a>, what: &str) -> Result<&'a str, Refusal> {
    lines.next().map(|(_, line)| line).ok_or_else(|| Refusal::new(CODE, format!("the file ends, {what} is expected")))
}

fn scaled(vector: [f64; 3], factors: [f64; 3]) -> [f64; 3] {
    [vector[0] * factors[0], vector[1] * factors[1], vector[2] * factors[2]]
}

/// One factor or three; a second word that is no number begins a comment.
fn scale_factors(line: &str) -> Result<Vec<f64>, Refusal> {
    let mut words = line.split_whitespace();
    let first = words.next().ok_or_else(|| Refusal::new(CODE, "a scale factor is expected, found an empty line"))?;
    let mut factors = vec![finite(first, CODE)?];
    factors.extend(words.map_while(|word| finite(word, CODE).ok()).take(2));
    let is_good = match factors[..] {
        [factor] => factor != 0.0,
        [_, _, _] => factors.iter().all(|&factor| factor > 0.0),
        _ => false,
    };
    if is_good {
        return Ok(factors);
    }
    let why = "one scale factor that is not 0, or three that are positive, are expected";
    Err(Refusal::new(CODE, format!("{why}, found {}", shown(line.trim()))))
}

/// Factors of the axes x, y, z.
fn factors_of(factors: Vec<f64>, rows: [[f64; 3]; 3]) -> Result<[f64; 3], Refusal> {
    Ok(match factors[..] {
        [x, y, z] => [x, y, z],
        [factor] if factor > 0.0 => [factor; 3],
        _ => [libm::cbrt(-factors[0] / lattice(rows)?.volume()); 3],
    })
}

/// Who is there, and how many of each.
struct Header {
    /// `None` in VASP 4.
    elements: Option<Vec<Element>>,
    counts: Vec<usize>,
}

fn header(lines: &mut Lines<'_>) -> Result<Header, Refusal> {
    let mut line = next(lines, "a line of element symbols or numbers of atoms")?;
    if begins_with_number(line) {
        return Ok(Header { elements: None, counts: counts(line)? });
    }
    let mut elements = Vec::new();
    for _ in 0..MAX_HEADER_LINES {
        for word in words(line) {
            elements.push(element_of_label(word)?);
        }
        if elements.is_empty() {
            return Err(Refusal::new(CODE, "element symbols or numbers of atoms are expected, found an empty line"));
        }
        line = next(lines, "the line of numbers of atoms")?;
        if begins_with_number(line) {
            break;
        }
    }
    let mut counts = counts(line)?;
    while counts.len() < elements.len() {
        let more = self::counts(next(lines, "a number of atoms for each element")?)?;
        if more.is_empty() {
            break;
        }
        counts.extend(more);
    }
    if counts.len() != elements.len() {
        let why = format!("{} element symbols, but {} numbers of atoms", elements.len(), counts.len());
        return Err(Refusal::new(CODE, why));
    }
    Ok(Header { elements: Some(elements), counts })
}

/// Words of a line up to a comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(['!', '#']).next().unwrap_or_default().split_whitespace()
}

fn begins_with_number(line: &str) -> bool {
    words(line).next().is_some_and(|word| word.parse::<i64>().is_ok())
}

fn counts(line: &str) -> Result<Vec<usize>, Refusal> {
    let mut counts = Vec::new();
    for word in words(line) {
        let count = word.parse::<usize>();
        counts.push(count.map_err(|_| Refusal::new(CODE, format!("{} is no number of atoms", shown(word))))?);
    }
    if counts.iter().fold(0usize, |total, &count| total.saturating_add(count)) > MAX_SITES {
        return Err(Refusal::new(FaultCode::TooManyAtoms, format!("the cell has more than {MAX_SITES} sites")));
    }
    Ok(counts)
}

/// Three coordinates; `0.5-0.25-0.125`, where a format left no space for signs, is three as well.
fn position(line: &str) -> Result<[f64; 3], Refusal> {
    let mut words = line.split_whitespace();
    let (first, second) = (words.next(), words.next());
    if let (Some(_), Some(_), Some(_)) = (first, second, words.next()) {
        return vector(&mut line.split_whitespace(), finite, CODE);
    }
    let bytes = line.as_bytes();
    let mut spaced = String::with_capacity(line.len() + 2);
    for (at, c) in line.char_indices() {
        if c == '-' && at > 0 && (bytes[at - 1].is_ascii_digit() || bytes[at - 1] == b'.') {
            spaced.push(' ');
        }
        spaced.push(c);
    }
    vector(&mut spaced.split_whitespace(), finite, CODE)
}

/// Elements where the file has no line of symbols: from labels behind the positions, else from the comment.
fn elements_of_vasp4(
    comment: &str,
    counts: &[usize],
    lines: Lines<'_>,
    is_selective: bool,
) -> Result<Vec<Element>, Refusal> {
    elements_of_labels(counts, lines, is_selective).or_else(|| elements_of_comment(comment, counts)).ok_or_else(|| {
        let why = "no element symbols (VASP 4): neither labels behind the positions nor the comment";
        Refusal::new(FaultCode::UnparsablePoscar, format!("{why} {} name them", shown(comment.trim())))
    })
}

/// Labels like `Fe`, `Fe1`, `# Fe1` behind every position, the same element throughout each group.
fn elements_of_labels(counts: &[usize], mut lines: Lines<'_>, is_selective: bool) -> Option<Vec<Element>> {
    let mut elements = Vec::with_capacity(counts.len());
    for &count in counts {
        let mut group = None;
        for _ in 0..count {
            let (_, line) = lines.next()?;
            let label = line.split_whitespace().skip(if is_selective { 6 } else { 3 }).find(|word| *word != "#")?;
            let label = label.trim_start_matches(['#', '!']);
            let end = label.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(label.len());
            let element = known_element(&label[..end])?;
            if *group.get_or_insert(element) != element {
                return None;
            }
        }
        elements.push(group?);
    }
    Some(elements)
}

/// A comment that is nothing but as many symbols as there are groups (`Ga As`), or the formula of the cell (`Ga4 As4`).
fn elements_of_comment(comment: &str, counts: &[usize]) -> Option<Vec<Element>> {
    let symbols: Option<Vec<_>> = comment.split_whitespace().map(known_element).collect();
    if let Some(symbols) = symbols.filter(|symbols| symbols.len() == counts.len()) {
        return Some(symbols);
    }
    let formula: String = comment.split_whitespace().collect();
    let composition = parse_formula(&formula).ok()?;
    let is_cell = counts.len() == composition.num_elements() && is_multiple(&composition, counts);
    is_cell.then(|| composition.elements().collect())
}

/// Whether the counts are the amounts, in their order, times one integer.
fn is_multiple(composition: &Composition, counts: &[usize]) -> bool {
    let mut ratios = composition.pairs().iter().zip(counts).map(|((_, amount), &count)| count as f64 / amount);
    let Some(first) = ratios.next() else { return false };
    first >= 1.0 && first.fract() == 0.0 && ratios.all(|ratio| ratio == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        Poscar.read(text.as_bytes(), &mut out).map(|()| out)
    }

    fn sites(text: &str) -> (f64, Vec<(&'static str, [f64; 3])>) {
        let structure = read(text).expect(text).structure.expect("a structure");
        let symbol = |site: usize| structure.occupants(site)[0].element.symbol();
        let sites = structure.fracs().iter().enumerate().map(|(site, &frac)| (symbol(site), frac)).collect();
        (structure.lattice().volume(), sites)
    }

    const CELL: &str = "4 0 0\n0 4 0\n0 0 4\n";

    #[test]
    fn symbols_of_all_versions_are_read() {
        let expected = vec![("Cs", [0.0; 3]), ("Cl", [0.5; 3])];
        for head in [
            "c\n1\nCELLCs Cl\n1 1\nD",
            "c\n1\nCELLCs_sv_GW/8f Cl/9a1\n1 1 ! n\nDirect",
            "c\r\n 1.0 ! scale\r\nCELL Cs \r\nCl\r\n1\r\n1\r\nfractional",
            "Cs Cl\n1\nCELL1 1\nDirect",
            "Cs1 Cl1\n1\nCELL1 1\nDirect",
            "CsCl\n1\nCELL1 1\nDirect",
        ] {
            let text = format!("{}\n0 0 0\n0.5 0.5 0.5\n\n0 0 0\n0 0 0\n", head.replace("CELL", CELL));
            assert_eq!(sites(&text), (64.0, expected.clone()), "{head}");
        }
        for labels in [["Cs", "Cl"], ["# Cs1", "# Cl1"], ["#Cs1", "#Cl1"]] {
            let text = format!("c\n1\n{CELL}1 1\nDirect\n0 0 0 {}\n.5 .5 .5 {}", labels[0], labels[1]);
            assert_eq!(sites(&text), (64.0, expected.clone()));
            let text = format!("c\n1\n{CELL}1 1\nSel\nDirect\n0 0 0 T T F {}\n.5 .5 .5 F F F {}", labels[0], labels[1]);
            assert_eq!(sites(&text), (64.0, expected.clone()));
        }
    }

    #[test]
    fn scale_factors_act_on_cell_and_cartesian_positions() {
        let file = |scale: &str| format!("c\n{scale}\n{CELL}H\n1\nCartesian\n1 2 3\n");
        assert_eq!(sites(&file("0.5")), (8.0, vec![("H", [0.25, 0.5, 0.75])]));
        assert_eq!(sites(&file("1 2 0.5")), (64.0, vec![("H", [0.25, 0.5, 0.75])]));
        assert_eq!(sites(&file("-8.0")), (8.0, vec![("H", [0.25, 0.5, 0.75])]));
    }

    #[test]
    fn signs_without_space_are_read() {
        assert_eq!(sites(&format!("c\n1\n{CELL}H\n1\nd\n 0.5-0.25-1e-3 \n")).1, [("H", [0.5, -0.25, -1e-3])]);
    }

    #[test]
    fn faults_name_code_line_and_reason() {
        let file = |counts: &str, rest: &str| format!("group 52\n1.0\n{CELL}{counts}\n{rest}");
        for (text, code, detail) in [
            (String::new(), CODE, "line 1: the file ends, a comment is expected"),
            (
                "c\n0\n".into(),
                CODE,
                "line 2: one scale factor that is not 0, or three that are positive, are expected, found \"0\"",
            ),
            (
                "c\n1 2\n".into(),
                CODE,
                "line 2: one scale factor that is not 0, or three that are positive, are expected, found \"1 2\"",
            ),
            ("c\n1\n1 0 0\n0 1".into(), CODE, "line 4: three numbers are expected, found 2"),
            (
                "c\n1\n1 0 0\n0 NaN 0\n0 0 1".into(),
                FaultCode::ZeroVolume,
                "line 5: the cell vectors [[1.0, 0.0, 0.0], [0.0, NaN, 0.0], [0.0, 0.0, 1.0]] span no volume, or are no numbers",
            ),
            (
                file("1 1", "Direct\n0 0 0\n0 0 0\n"),
                CODE,
                "line 7: no element symbols (VASP 4): neither labels behind the positions nor the comment \"group 52\" name them",
            ),
            (file("Fe Xx\n1 1", ""), FaultCode::UnknownElement, "line 6: \"Xx\" names no element"),
            (file("Fe O\n1", "Direct"), CODE, "line 8: \"Direct\" is no number of atoms"),
            (file("Fe\n1 1", "Direct"), CODE, "line 7: 1 element symbols, but 2 numbers of atoms"),
            (file("Fe\n2", "0 0 0"), CODE, "line 8: Direct or Cartesian is expected, found \"0 0 0\""),
            (file("Fe\n2", "Direct\n0 0 0\n"), CODE, "line 9: the file ends behind 1 of 2 positions"),
            (file("Fe\n1", "Direct\n0 0 inf\n"), CODE, "line 9: \"inf\" is not finite"),
            (
                file("Fe\n99999999999999", "Direct\n"),
                FaultCode::TooManyAtoms,
                "line 7: the cell has more than 1048576 sites",
            ),
        ] {
            let fault = read(&text).expect_err(&text);
            assert_eq!((fault.code, &*fault.detail), (code, detail));
        }
    }
}
