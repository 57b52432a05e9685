//! Space groups of spglib's own test structures, as spglib 2.8.0 reports them: number, symbol, point group, operations of the
//! given cell. Skipped where the data sets are not there.

use std::path::{Path, PathBuf};

use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Structure, Symmetry};

fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("MATSIEVE_DATASETS").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets"));
    Some(root.join("poscar_spglib")).filter(|folder| folder.is_dir())
}

/// These files have counts but no symbols: the k-th count is element k.
fn poscar(text: &str) -> Structure {
    let mut lines = text.lines().skip(1);
    let numbers = |line: &str| -> Vec<f64> { line.split_whitespace().map_while(|word| word.parse().ok()).collect() };
    let mut next = || lines.next().expect("a line");
    let scale = numbers(next())[0];
    let rows: Vec<[f64; 3]> = (0..3).map(|_| <[f64; 3]>::try_from(&numbers(next())[..3]).expect("a vector")).collect();
    let rows = [rows[0], rows[1], rows[2]].map(|row| row.map(|x| x * scale));
    let mut counts = numbers(next());
    if counts.is_empty() {
        counts = numbers(next());
    }
    let mut mode = next();
    if mode.trim_start().starts_with(['S', 's']) {
        mode = next();
    }
    let is_direct = mode.trim_start().starts_with(['D', 'd']);
    let lattice = Lattice::new(rows).expect("a cell");
    let mut structure = Structure::new(lattice);
    for (kind, count) in counts.iter().enumerate() {
        for _ in 0..*count as usize {
            let given = <[f64; 3]>::try_from(&numbers(next())[..3]).expect("coordinates");
            let frac = if is_direct { given } else { lattice.frac(given.map(|x| x * scale)) };
            structure.push(frac, Element::from_atomic_number(kind as u8 + 1).expect("few kinds"));
        }
    }
    structure
}

/// The one file with Cartesian coordinates. The table has 6, Pm, for it, which is what its numbers give when they are taken for
/// fractional; spglib 2.8.0 gives 187 with the coordinates as they are, and its layer group, in the file name, is 78, p-6m2.
const CARTESIAN: (&str, [&str; 4]) = ("layer/POSCAR-78", ["187", "P-6m2", "-6m2", "12"]);

/// A cell with an angle of 90.75°: spglib 2.8.0 gives 65 by default, and this with `angle_tolerance=5`, which pymatgen and we use.
const SHEARED: (&str, [&str; 4]) = ("orthorhombic/POSCAR-065-3", ["123", "P4/mmm", "4/mmm", "16"]);

#[test]
fn space_groups_are_those_of_spglib() {
    let Some(folder) = folder() else {
        eprintln!("skipped: no datasets");
        return;
    };
    let table = std::fs::read_to_string(folder.join("expected_spglib.csv")).expect("expected_spglib.csv");
    let (mut wrong, mut read) = (Vec::new(), 0);
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [file, _, symprec, number, _, symbol, point_group, operations] = fields[..8] else { panic!("{line}") };
        let structure = poscar(&std::fs::read_to_string(folder.join(file)).expect(file));
        read += 1;
        let found = match Symmetry::find(&structure, symprec.parse().expect("symprec")) {
            Ok(s) => [
                s.number().to_string(),
                s.symbol().to_owned(),
                s.point_group().to_owned(),
                s.num_operations().to_string(),
            ],
            Err(error) => [error.to_string(), String::new(), String::new(), String::new()],
        };
        let named = [CARTESIAN, SHEARED].into_iter().find(|(name, _)| *name == file);
        let expected = named.map_or([number, symbol, point_group, operations], |(_, expected)| expected);
        if found != expected {
            wrong.push(format!("{file}: {found:?}, spglib has {number} {symbol} {point_group} {operations}"));
        }
    }
    assert!(read > 400, "{read} structures");
    assert!(wrong.is_empty(), "{} of {read} differ:\n{}", wrong.len(), wrong.join("\n"));
}
