//! CIF files of the data folder: what three other programs agree on, we agree with; every Materials Project file is read as its
//! index says; what is no CIF never brings the reader down. Skipped where the data sets are not there.
//!
//! `benches/peers/cif_table.py` makes the whole comparison.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Fault, FaultCode, Frame};
use matsieve::chem::Composition;
use matsieve::source::{SourceSpec, open, read_table};

/// What we make of one structure: number of sites, of occupants, volume, amounts.
struct Found {
    sites: usize,
    occupants: usize,
    volume: f64,
    composition: Composition,
}

/// All structures of an input by the name of their file.
fn read(input: &Path) -> BTreeMap<String, Vec<Result<Found, Fault>>> {
    let spec = SourceSpec {
        cif: Some(serde_json::from_value(input.to_string_lossy().into()).expect("a path")),
        ..SourceSpec::default()
    };
    let mut source = open(&spec, Path::new("")).expect("opens");
    let decoder = source.decoder();
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    let mut frame = Frame::default();
    let mut all = BTreeMap::<_, Vec<_>>::new();
    loop {
        frame.clear();
        source.frame(512, &mut frame).expect("can be read");
        for record in &frame.records {
            let origin = decoder.origin(&frame, record);
            let name = origin.rsplit_once('#').expect("a number of record").0.to_owned();
            let found = decoder.decode(&frame, record, &mut candidate).map(|()| {
                let structure = candidate.structure().expect("a structure");
                Found {
                    sites: structure.len(),
                    occupants: (0..structure.len()).map(|site| structure.occupants(site).len()).sum(),
                    volume: structure.lattice().volume(),
                    composition: structure.composition(),
                }
            });
            all.entry(name).or_default().push(found);
        }
        if frame.records.len() < 512 && !frame.is_full {
            return all;
        }
    }
}

/// `Cl4Na4`, `Na4 Cl3.5`, with D for deuterium.
fn composition(text: &str) -> Composition {
    let (mut out, mut rest) = (Composition::new(), text);
    while let Some(start) = rest.find(|c: char| c.is_ascii_uppercase()) {
        let word = &rest[start..];
        let letters = word[1..].find(|c: char| !c.is_ascii_lowercase()).map_or(word.len(), |end| end + 1);
        let end =
            word[letters..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(word.len(), |end| end + letters);
        let symbol = if &word[..letters] == "D" { "H" } else { &word[..letters] };
        out.add(symbol.parse().expect("a symbol"), word[letters..end].parse().unwrap_or(1.0));
        rest = &word[end..];
    }
    out
}

fn same(a: &Composition, b: &Composition) -> bool {
    let amounts = |c: &Composition| -> BTreeMap<_, _> { c.pairs().iter().copied().collect() };
    let (a, b) = (amounts(a), amounts(b));
    a.len() == b.len() && a.iter().zip(&b).all(|((e, x), (f, y))| e == f && (x - y).abs() < 1e-3 * x.max(1.0))
}

/// Rows of a table with its header, by the names of the columns.
fn rows(path: &Path, names: &[&str]) -> Vec<Vec<String>> {
    let spec =
        SourceSpec { formula: Some(names[0].into()), ..SourceSpec::of_inputs(vec![path.to_string_lossy().into()]) };
    let table = read_table(&spec, Path::new(""), names).expect("a table");
    (0..table.len()).map(|row| table.columns.iter().map(|column| column[row].clone()).collect()).collect()
}

const COLUMNS: [&str; 10] = [
    "file",
    "gemmi_parse",
    "gemmi_cell_sites",
    "cell_volume",
    "pmg",
    "pmg_cell_formula",
    "pmg_nsites",
    "pmg_volume",
    "ase_natoms",
    "ase_formula",
];

#[test]
fn what_gemmi_pymatgen_and_ase_agree_on_is_what_we_read() {
    let Some(data) = support::datasets() else { return };
    for folder in ["cif_pymatgen", "cif_gemmi", "cif_cif2cell", "cif_cod", "cif_cod_grammar"] {
        let base = data.join(folder);
        let found = read(&base);
        let (mut compared, mut wrong) = (0, Vec::new());
        for row in rows(&base.join("expected_by_other_tools.csv"), &COLUMNS) {
            let [
                file,
                gemmi,
                gemmi_sites,
                gemmi_volume,
                pmg,
                pmg_formula,
                pmg_sites,
                pmg_volume,
                ase_sites,
                ase_formula,
            ] = &row[..]
            else {
                panic!("ten columns")
            };
            let agree = gemmi == "ok" && pmg == "ok" && gemmi_sites == pmg_sites && pmg_sites == ase_sites;
            let volume: f64 = pmg_volume.parse().unwrap_or(f64::NAN);
            let volumes_agree = gemmi_volume.parse().is_ok_and(|other: f64| (other / volume - 1.0).abs() < 1e-4);
            if !agree || !volumes_agree || !same(&composition(pmg_formula), &composition(ase_formula)) {
                continue;
            }
            compared += 1;
            let path = base.join(file).to_string_lossy().into_owned();
            let is_same = |found: &Result<Found, Fault>| {
                found.as_ref().is_ok_and(|found| {
                    [found.sites, found.occupants].contains(&pmg_sites.parse().expect("a number"))
                        && (found.volume / volume - 1.0).abs() < 1e-4
                        && same(&found.composition, &composition(pmg_formula))
                })
            };
            if !found.get(&path).is_some_and(|records| records.iter().any(is_same)) {
                wrong.push(file.clone());
            }
        }
        eprintln!("{folder}: {compared} files on which all three agree");
        assert!(compared >= 3, "{folder}: only {compared} files were compared");
        assert!(wrong.is_empty(), "{folder}: {wrong:?}");
    }
}

#[test]
fn materials_project_files_are_read_as_their_index_says() {
    let Some(data) = support::datasets() else { return };
    let base = data.join("mp_cif");
    let archive = base.join("mp_cif_0.tar.xz");
    let found = read(&archive);
    let columns = ["mp_id", "shard", "formula_cell", "nsites", "volume_A3"];
    let mut compared = 0;
    for row in rows(&base.join("index.csv.gz"), &columns) {
        let [id, shard, formula, sites, volume] = &row[..] else { panic!("five columns") };
        if shard != "0" {
            continue;
        }
        let records = &found[&format!("{}!cif/{id}.cif", archive.display())];
        let [Ok(record)] = &records[..] else { panic!("{id} is not read") };
        assert_eq!(record.sites.to_string(), *sites, "{id}");
        let volume: f64 = volume.parse().expect("a number");
        assert!((record.volume - volume).abs() < 1e-4 * volume.max(1.0), "{id}");
        assert!(same(&record.composition, &composition(formula)), "{id}");
        compared += 1;
    }
    assert_eq!(compared, found.len());
    assert!(compared > 7000, "{compared}");
}

#[test]
fn what_is_no_cif_brings_nothing_down() {
    let Some(data) = support::datasets() else { return };
    let start = Instant::now();
    let found = read(&data.join("cif_cod_grammar"));
    let faults: Vec<_> = found.values().flatten().filter_map(|found| found.as_ref().err()).collect();
    assert!(found.len() > 120 && faults.len() > 50, "{} files, {} faults", found.len(), faults.len());
    for fault in faults {
        assert!(fault.code != FaultCode::Internal && fault.detail.starts_with("line "), "{fault}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
