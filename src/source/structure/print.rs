//! What `print(structure)` of pymatgen shows: tables of matminer carry structures in this form.

use super::framing::BeginningWith;
use super::refusal::{Refusal, charge_of_label, element_of_label, lattice_of_parameters, occupancy, push_site, shown};
use super::text::{Lines, finite, number, text, vector};
use super::{StructureFormat, StructureReader, StructureRecord};
use crate::candidate::{Fault, FaultCode};
use crate::crystal::Occupant;

/// pymatgen's printed form.
pub(super) const FORMAT: StructureFormat =
    StructureFormat { framer: || Box::new(BeginningWith::new(b"Full Formula (")), reader: &PymatgenPrint };

const CODE: FaultCode = FaultCode::UnparsableStructure;

struct PymatgenPrint;

impl StructureReader for PymatgenPrint {
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault> {
        out.id.clear();
        out.properties.clear();
        let text = text(record);
        let mut lines = Lines::new(&text);
        read(&mut lines, out).map_err(|refusal| refusal.at(lines.number().max(1)))
    }
}

/// Reads the print; a refusal belongs to the line that was read last.
fn read(lines: &mut Lines<'_>, out: &mut StructureRecord) -> Result<(), Refusal> {
    let refuse = |why: &str| Refusal::new(CODE, why);
    let (mut lengths, mut angles) = (None, None);
    let count = loop {
        let (_, line) =
            lines.next().ok_or_else(|| refuse("no line `Sites (…)`: no structure that pymatgen printed"))?;
        let line = line.trim();
        if let Some(values) = line.strip_prefix("abc") {
            lengths = Some(parameters(values)?);
        } else if let Some(values) = line.strip_prefix("angles") {
            angles = Some(parameters(values)?);
        } else if let Some(count) = line.strip_prefix("Sites (").and_then(|rest| rest.strip_suffix(')')) {
            break count.parse::<usize>().map_err(|_| Refusal::new(CODE, format!("{} is no number", shown(count))))?;
        }
    };
    let (Some(lengths), Some(angles)) = (lengths, angles) else {
        return Err(refuse("the lines `abc :` and `angles:` are missing before the sites"));
    };
    let structure = out.begin(lattice_of_parameters(lengths, angles)?);
    let mut occupants = Vec::new();
    let mut read = 0;
    while read < count {
        let Some((_, line)) = lines.next() else {
            return Err(Refusal::new(CODE, format!("the text ends behind {read} of {count} sites")));
        };
        let mut words = line.split_whitespace();
        // The heads of the columns.
        if words.next().is_none_or(|number| number.parse::<usize>().is_err()) {
            if read > 0 {
                return Err(Refusal::new(CODE, format!("site {read} of {count} is expected, found {}", shown(line))));
            }
            continue;
        }
        occupants.clear();
        let mut rest = words.clone();
        while let Some(word) = words.next()
            && word.starts_with(|c: char| c.is_ascii_uppercase())
        {
            occupants.push(occupant(word.trim_end_matches(','))?);
            rest = words.clone();
        }
        if occupants.is_empty() {
            return Err(refuse("a site without species"));
        }
        push_site(structure, vector(&mut rest, finite, CODE)?, &mut occupants, CODE)?;
        read += 1;
    }
    Ok(())
}

/// Three numbers behind a colon.
fn parameters(text: &str) -> Result<[f64; 3], Refusal> {
    vector(&mut text.trim_start().trim_start_matches(':').split_whitespace(), number, CODE)
}

/// A species like `Fe`, `Fe3+`, `Fe3+,spin=5`, `Li+:0.5`.
fn occupant(word: &str) -> Result<Occupant, Refusal> {
    let (species, share) = match word.rsplit_once(':') {
        Some((species, share)) => (species, occupancy(finite(share, CODE)?, CODE)?),
        None => (word, 1.0),
    };
    let label = species.split(',').next().unwrap_or_default();
    Ok(Occupant { element: element_of_label(label)?, occupancy: share, oxidation: charge_of_label(label) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StructureRecord, Fault> {
        let mut out = StructureRecord::default();
        PymatgenPrint.read(text.as_bytes(), &mut out).map(|()| out)
    }

    const TEXT: &str = "Full Formula (Fe1 Li1)\nReduced Formula: LiFe\nabc   :   4.000000   4.000000   5.000000\n\
        angles:  90.000000  90.000000  90.000000\npbc   :       True       True       True\nSites (3)\n\
        \x20 #  SP                    a    b     c  magmom\n---  ----  ---  --- ---  --------\n\
        \x20 0  Fe3+,spin=5           0   -0  1e-06       2\n  1  Li+:0.5, Na+:0.25  0.5  0.5   0.5       0\n  2  O2-    0.25 0 0  0\n";

    #[test]
    fn sites_with_charges_shares_and_columns_are_read() {
        let structure = read(TEXT).expect("a print").structure.expect("a print");
        assert!((structure.lattice().volume() - 80.0).abs() < 1e-10);
        let occupants: Vec<_> = (0..3)
            .flat_map(|site| structure.occupants(site))
            .map(|o| (o.element.symbol(), o.occupancy, o.oxidation))
            .collect();
        let expected =
            [("Fe", 1.0, Some(3.0)), ("Li", 0.5, Some(1.0)), ("Na", 0.25, Some(1.0)), ("O", 1.0, Some(-2.0))];
        assert_eq!(occupants, expected);
        assert_eq!(structure.fracs()[0], [0.0, 0.0, 1e-6]);
        assert_eq!(structure.fracs()[1], [0.5; 3]);
    }

    #[test]
    fn faults_name_line_and_reason() {
        for (old, new, code, detail) in [
            ("Sites", "Sights", CODE, "line 11: no line `Sites (…)`: no structure that pymatgen printed"),
            ("abc  ", "def  ", CODE, "line 6: the lines `abc :` and `angles:` are missing before the sites"),
            ("Sites (3)", "Sites (4)", CODE, "line 11: the text ends behind 3 of 4 sites"),
            ("O2-  ", "Qq   ", FaultCode::UnknownElement, "line 11: \"Qq\" names no element"),
            (
                "90.000000\np",
                "nan\np",
                FaultCode::ZeroVolume,
                "line 6: no cell has the lengths [4.0, 4.0, 5.0] and angles [90.0, 90.0, NaN]",
            ),
            ("0.25 0 0  0", "0.25 0", CODE, "line 11: three numbers are expected, found 2"),
            ("Li+:0.5", "Li+:1.5", CODE, "line 10: the occupancy 1.5 does not lie between 0 and 1"),
        ] {
            let fault = read(&TEXT.replace(old, new)).expect_err(new);
            assert_eq!((fault.code, &*fault.detail), (code, detail));
        }
    }
}
