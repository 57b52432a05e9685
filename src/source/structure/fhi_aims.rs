//! FHI-aims `geometry.in`: cell vectors and atoms; every other keyword is passed over.

use super::framing::WholeFile;
use super::refusal::{Refusal, element_of_label, lattice, push};
use super::text::{Lines, finite, number, text, vector};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::chem::Element;

/// FHI-aims geometry.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(WholeFile::default()), reader: &FhiAims };

const CODE: FaultCode = FaultCode::UnparsableStructure;

struct FhiAims;

impl StructureReader for FhiAims {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.id.clear();
        out.properties.clear();
        let text = text(record);
        let mut rows = Vec::new();
        let mut atoms = Vec::new();
        for (line, content) in Lines::new(&text) {
            keyword(content, &mut rows, line, &mut atoms).map_err(|refusal| refusal.at(line))?;
        }
        let Ok(rows) = <[_; 3]>::try_from(rows.as_slice()) else {
            let why = format!("3 lines `lattice_vector` are expected, found {}: no crystal", rows.len());
            return Err(Refusal::new(CODE, why).whole());
        };
        let last = rows.map(|(line, _)| line).into_iter().fold(0, usize::max);
        let structure = out.begin(lattice(rows.map(|(_, row)| row)).map_err(|refusal| refusal.at(last))?);
        for Atom { line, element, position, is_frac } in atoms {
            let frac = if is_frac { position } else { structure.lattice().frac(position) };
            push(structure, frac, element, CODE).map_err(|refusal| refusal.at(line))?;
        }
        Ok(())
    }
}

struct Atom {
    line: usize,
    element: Element,
    position: [f64; 3],
    is_frac: bool,
}

fn keyword(
    content: &str,
    rows: &mut Vec<(usize, [f64; 3])>,
    line: usize,
    atoms: &mut Vec<Atom>,
) -> Result<(), Refusal> {
    let mut words = content.split('#').next().unwrap_or_default().split_whitespace();
    match words.next() {
        Some("lattice_vector") => rows.push((line, vector(&mut words, number, CODE)?)),
        Some(word @ ("atom" | "atom_frac")) => {
            let position = vector(&mut words, finite, CODE)?;
            let label = words.next().ok_or_else(|| Refusal::new(CODE, "an atom without species"))?;
            atoms.push(Atom { line, element: element_of_label(label)?, position, is_frac: word == "atom_frac" });
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        FhiAims.read(text.as_bytes(), &mut out).map(|()| out)
    }

    const TEXT: &str = "# made\natom 2 2 2 Cl # comment\n  initial_moment 1\natom_frac 0.25 0 0 Cs_up\n\n\
        lattice_vector 4 0 0\nlattice_vector 0 4 0\nlattice_vector 0 0 4\nempty 1 1 1 H\n";

    #[test]
    fn cartesian_and_fractional_atoms_are_read_before_the_cell_too() {
        let structure = read(TEXT).expect("a geometry").structure.expect("a geometry");
        assert_eq!(structure.fracs(), [[0.5; 3], [0.25, 0.0, 0.0]]);
        assert_eq!(structure.occupants(1)[0].element.symbol(), "Cs");
    }

    #[test]
    fn faults_name_line_and_reason() {
        for (old, new, code, detail) in [
            ("lattice_vector 0 0 4\n", "", CODE, "3 lines `lattice_vector` are expected, found 2: no crystal"),
            ("0 0 4", "0 0 nan", FaultCode::ZeroVolume, "line 8: the cell vectors"),
            ("2 2 2 Cl", "2 2 Cl", CODE, "line 2: \"Cl\" is no number"),
            ("Cs_up", "", CODE, "line 4: an atom without species"),
            ("Cs_up", "Xy", FaultCode::UnknownElement, "line 4: \"Xy\" names no element"),
        ] {
            let fault = read(&TEXT.replace(old, new)).expect_err(new);
            assert_eq!(fault.code, code);
            assert!(fault.detail.starts_with(detail), "{}", fault.detail);
        }
    }
}
