//! Structures on their way out: what is written reads back as the same structure, in ranked order, from unchanged inputs.

#[path = "support/crystals.rs"]
mod crystals;
mod support;

use std::fs;
use std::path::Path;

use crystals::golden_structures;
use matsieve::crystal::{Lattice, Structure, Symmetry};
use matsieve::sink::{StructureEntry, StructureFormat, StructureOutput, StructureRow};
use matsieve::source::{Format, StructureRecord, read_structures};
use support::Workplace;

fn row(place: usize, id: &str) -> StructureRow {
    StructureRow {
        index: place as u64,
        id: id.into(),
        origin: format!("in#{place}"),
        rank: None,
        values: vec![],
        place,
    }
}

/// Writes structures into one file, or into a folder, and returns what lies there, in order of names.
fn written(out: &Path, format: StructureFormat, structures: &[(String, Structure)]) -> Vec<Vec<u8>> {
    let mut output = StructureOutput::create(out, format, structures.len(), true).expect("writable");
    for (place, (name, structure)) in structures.iter().enumerate() {
        let row = row(place, name);
        output.push(StructureEntry { row: &row, columns: &[], structure }).expect("can be written");
    }
    assert_eq!(output.finish().expect("written"), structures.len() as u64);
    if !out.is_dir() {
        return vec![fs::read(out).expect("one file")];
    }
    let mut paths: Vec<_> = fs::read_dir(out).expect("a folder").map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn read_back(texts: &[Vec<u8>], format: Format) -> Vec<StructureRecord> {
    let mut records = Vec::new();
    for text in texts {
        read_structures(&mut text.as_slice(), format, &mut |line, record| {
            records.push(record.unwrap_or_else(|fault| panic!("line {line}: {}", fault.detail)).clone());
        })
        .expect("in memory");
    }
    records
}

/// The same cell and the same occupants at the same places, coordinates within `tolerance`.
fn assert_same(name: &str, a: &Structure, b: &Structure, tolerance: f64) {
    assert_eq!(a.lattice().rows(), b.lattice().rows(), "{name}");
    assert_eq!(a.len(), b.len(), "{name}");
    for site in 0..a.len() {
        let apart = (0..3).map(|k| (a.fracs()[site][k] - b.fracs()[site][k]).abs()).fold(0.0, f64::max);
        assert!(apart <= tolerance, "{name}, site {site}: {:?} {:?}", a.fracs()[site], b.fracs()[site]);
    }
}

fn elements(structure: &Structure) -> Vec<(&'static str, f64)> {
    let occupants = (0..structure.len()).flat_map(|site| structure.occupants(site));
    occupants.map(|occupant| (occupant.element.symbol(), occupant.occupancy)).collect()
}

/// Right-handed, and with all sites of an element together: what POSCAR makes of a structure.
fn as_poscar(structure: &Structure) -> Structure {
    let sign = if structure.lattice().is_right_handed() { 1.0 } else { -1.0 };
    let rows = structure.lattice().rows().map(|row| row.map(|x| sign * x));
    let mut out = Structure::new(Lattice::new(rows).expect("a cell"));
    let mut symbols: Vec<&str> = Vec::new();
    for (symbol, _) in elements(structure) {
        if !symbols.contains(&symbol) {
            symbols.push(symbol);
        }
    }
    for symbol in symbols {
        for site in 0..structure.len() {
            let element = structure.occupants(site)[0].element;
            if element.symbol() == symbol {
                out.push(structure.fracs()[site].map(|x| sign * x), element);
            }
        }
    }
    out
}

#[test]
fn pymatgen_json_keeps_every_bit() {
    let work = Workplace::new();
    let golden = golden_structures();
    for out in [work.path("all.json"), work.path("each")] {
        let records = read_back(&written(&out, StructureFormat::PymatgenJson, &golden), Format::PymatgenJson);
        assert_eq!(records.len(), golden.len());
        for ((name, structure), record) in golden.iter().zip(&records) {
            assert_eq!(&record.id, name);
            assert_eq!(record.structure.as_ref().expect("a structure"), structure, "{name}");
        }
    }
}

#[test]
fn optimade_keeps_cells_places_and_occupants() {
    let work = Workplace::new();
    let golden = golden_structures();
    for out in [work.path("all.jsonl"), work.path("each")] {
        let records = read_back(&written(&out, StructureFormat::OptimadeJsonl, &golden), Format::OptimadeJsonl);
        assert_eq!(records.len(), golden.len());
        for ((name, structure), record) in golden.iter().zip(&records) {
            assert_eq!(&record.id, name);
            let read = record.structure.as_ref().expect("a structure");
            // Places go through Cartesian coordinates.
            assert_same(name, structure, read, 1e-13);
            assert_eq!(elements(structure), elements(read), "{name}");
        }
    }
}

#[test]
fn cif_keeps_cells_places_and_occupants() {
    let work = Workplace::new();
    let golden = golden_structures();
    for out in [work.path("all.cif"), work.path("each")] {
        let records = read_back(&written(&out, StructureFormat::Cif, &golden), Format::Cif);
        assert_eq!(records.len(), golden.len());
        for ((name, structure), record) in golden.iter().zip(&records) {
            let read = record.structure.as_ref().expect("a structure");
            // A CIF has lengths and angles, so that the cell may be turned.
            let numbers = |s: &Structure| [s.lattice().lengths(), s.lattice().angles()].concat();
            for (a, b) in numbers(structure).iter().zip(numbers(read)) {
                assert!((a - b).abs() < 1e-8, "{name}: {a} {b}");
            }
            assert_eq!(structure.len(), read.len(), "{name}");
            for site in 0..structure.len() {
                for k in 0..3 {
                    let apart = structure.fracs()[site][k] - read.fracs()[site][k];
                    assert!((apart - apart.round()).abs() < 1e-9, "{name}, site {site}");
                }
            }
            assert_eq!(elements(structure), elements(read), "{name}");
        }
    }
}

#[test]
fn extended_xyz_and_poscar_keep_ordered_structures() {
    let work = Workplace::new();
    let golden: Vec<_> = golden_structures().into_iter().filter(|(_, structure)| structure.is_ordered()).collect();
    for out in [work.path("all.extxyz"), work.path("each")] {
        let records = read_back(&written(&out, StructureFormat::Extxyz, &golden), Format::Extxyz);
        assert_eq!(records.len(), golden.len());
        for ((name, structure), record) in golden.iter().zip(&records) {
            assert_eq!(&record.id, name);
            let read = record.structure.as_ref().expect("a structure");
            assert_same(name, structure, read, 1e-13);
            assert_eq!(elements(structure), elements(read), "{name}");
        }
    }
    let records = read_back(&written(&work.path("poscar"), StructureFormat::Poscar, &golden), Format::Poscar);
    assert_eq!(records.len(), golden.len());
    for ((name, structure), record) in golden.iter().zip(&records) {
        let read = record.structure.as_ref().expect("a structure");
        let expected = as_poscar(structure);
        assert_same(name, &expected, read, 0.0);
        assert_eq!(elements(&expected), elements(read), "{name}");
        assert!(read.lattice().is_right_handed());
    }
}

#[test]
fn formats_without_disorder_say_which_candidate_has_it() {
    let work = Workplace::new();
    let golden = golden_structures();
    let (name, structure) = golden.iter().find(|(_, structure)| !structure.is_ordered()).expect("a disordered one");
    for format in [StructureFormat::Poscar, StructureFormat::Extxyz] {
        let row = row(7, name);
        let mut output = StructureOutput::create(&work.path("out"), format, 1, true).expect("writable");
        let error = output.push(StructureEntry { row: &row, columns: &[], structure }).expect_err("disordered");
        let told = error.to_string();
        assert!(told.contains(&format!("candidate 7 (\"{name}\") cannot be written as {}", format.name())), "{told}");
        assert!(told.contains("site 0 (from 0) is disordered"), "{told}");
        assert!(error.hint().expect("a hint").contains("--ordered-only"));
        drop(output);
        // Nothing is left behind.
        assert_eq!(fs::read_dir(work.path("")).expect("folder").count(), 0);
    }
}

/// α-quartz (P3₂21, 154) in a left-handed cell: a writer that swaps hands makes the other enantiomorph, P3₁21 (152).
#[test]
fn a_left_handed_cell_does_not_become_its_mirror_image() {
    let (a, c, half, height) = (4.9137, 5.4047, 4.9137 / 2.0, 4.9137 * 3.0_f64.sqrt() / 2.0);
    let mut quartz =
        Structure::new(Lattice::new([[-half, height, 0.0], [a, 0.0, 0.0], [0.0, 0.0, c]]).expect("a cell"));
    assert!(!quartz.lattice().is_right_handed());
    let (u, x, y, z) = (0.4697, 0.4133, 0.2672, 0.2144);
    let third = 1.0 / 3.0;
    // Coordinates along a and b of the right-handed setting; the cell has them the other way round.
    for (symbol, places) in [
        ("Si", vec![[u, 0.0, 2.0 * third], [0.0, u, third], [-u, -u, 0.0]]),
        (
            "O",
            vec![
                [x, y, -z],
                [-y, x - y, -z + 2.0 * third],
                [-x + y, -x, -z + third],
                [y, x, z],
                [x - y, -y, z + third],
                [-x, -x + y, z + 2.0 * third],
            ],
        ),
    ] {
        for [p, q, r] in places {
            quartz.push([q, p, r], symbol.parse().expect("element"));
        }
    }
    let number = |structure: &Structure| Symmetry::find(structure, 0.01).expect("a group").number();
    let before = number(&quartz);
    assert_eq!(before, 154);
    let work = Workplace::new();
    let list = [("quartz".to_owned(), quartz)];
    for (format, read) in [
        (StructureFormat::Poscar, Format::Poscar),
        (StructureFormat::Extxyz, Format::Extxyz),
        (StructureFormat::PymatgenJson, Format::PymatgenJson),
        (StructureFormat::OptimadeJsonl, Format::OptimadeJsonl),
    ] {
        let records = read_back(&written(&work.path(format.name()), format, &list), read);
        assert_eq!(number(records[0].structure.as_ref().expect("a structure")), before, "{}", format.name());
    }
}

/// By hand: CuAu on one site, cell of 3.5 Å, in a left-handed cell whose coordinates change their signs.
#[test]
fn cif_is_one_block_a_structure_with_all_sites() {
    let work = Workplace::new();
    let share = |symbol: &str, oxidation| matsieve::crystal::Occupant {
        element: symbol.parse().expect("element"),
        occupancy: 0.5,
        oxidation,
    };
    let mut structure =
        Structure::new(Lattice::new([[0.0, 3.5, 0.0], [3.5, 0.0, 0.0], [0.0, 0.0, 3.5]]).expect("cell"));
    structure.push_site([0.25, 0.0, 0.1], &[share("Cu", Some(1.0)), share("Au", None)]);
    structure.push([0.5, 0.5, 0.5], "Cu".parse().expect("element"));
    let list = [("mp 1".to_owned(), structure.clone()), ("MP_1".to_owned(), structure)];
    let text = String::from_utf8(written(&work.path("a.cif"), StructureFormat::Cif, &list).remove(0)).expect("ASCII");
    let (first, second) = text.split_once("\n\n").expect("two blocks");
    assert!(second.starts_with("data_MP_1_1\n"), "{second}");
    let expected = "data_mp_1
_matsieve_id                      'mp 1'
_matsieve_origin                  'in#0'
_chemical_formula_sum             'Au0.5 Cu1.5'
_cell_length_a                    3.5
_cell_length_b                    3.5
_cell_length_c                    3.5
_cell_angle_alpha                 90.0
_cell_angle_beta                  90.0
_cell_angle_gamma                 90.0
_cell_volume                      42.875
_space_group_name_H-M_alt         'P 1'
_space_group_IT_number            1
loop_
_space_group_symop_id
_space_group_symop_operation_xyz
1 'x, y, z'
loop_
_atom_type_symbol
_atom_type_oxidation_number
Cu1+ 1.0
Au ?
Cu ?
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Cu1 Cu1+ -0.25 0.0 -0.1 0.5
Au1 Au -0.25 0.0 -0.1 0.5
Cu2 Cu -0.5 -0.5 -0.5 1.0";
    assert_eq!(first, expected);
}

const PLAN: &str = "[source]\ninput = 'in'\n[[descriptor]]\nname = 'density'\n[rank]\n\
    by = [{ column = 'density/density', direction = 'max' }]\nkeep = 10\n";

/// Rock salts of different lattice constants, the densest in the middle.
fn ranked(work: &Workplace) {
    for (name, a) in [("a", 5.7), ("b", 5.6), ("c", 5.8)] {
        let text = format!("rock salt\n{a}\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n");
        work.write(&format!("p/in/{name}.vasp"), text);
    }
    work.write("p/plan.toml", PLAN);
    work.run(&["screen", "p/plan.toml", "-o", "r.h5", "-q"]).expect(0);
}

#[test]
fn survivors_are_exported_in_ranked_order() {
    let work = Workplace::new();
    ranked(&work);
    let ran = work.run(&["export", "r.h5", "-o", "best.extxyz", "--columns", "density.density"]).expect(0);
    assert!(ran.stderr().contains("best.extxyz: 3 structures"), "{}", ran.stderr());
    let text = fs::read_to_string(work.path("best.extxyz")).expect("written");
    let ids: Vec<&str> = text.split(" id=\"").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(ids, ["b", "a", "c"]);
    assert!(text.contains("origin=\"in/b.vasp#0\" rank=1 density.density="), "{text}");
    for (format, names) in [
        ("poscar", ["1_b.vasp", "2_a.vasp"]),
        ("cif", ["1_b.cif", "2_a.cif"]),
        ("pymatgen-json", ["1_b.json", "2_a.json"]),
        ("optimade-jsonl", ["1_b.jsonl", "2_a.jsonl"]),
    ] {
        work.run(&["export", "r.h5", "--structures", format, "--top", "2", "-o", format]).expect(0);
        let mut found: Vec<_> =
            fs::read_dir(work.path(format)).expect("folder").map(|e| e.expect("entry").file_name()).collect();
        found.sort();
        assert_eq!(found, names);
        // A second export does not mix with the first.
        let again = work.run(&["export", "r.h5", "--structures", format, "-o", format]).expect(1);
        assert!(again.stderr().contains("is not empty"), "{}", again.stderr());
    }
    let all = work.run(&["export", "r.h5", "--rows", "all", "-o", "all.json"]).expect(0);
    assert!(all.stderr().contains("3 structures"));
    // What was written is an input again, with the same densities.
    let density = |input: &str| {
        work.run(&["featurize", input, "--descriptors", "density", "-q", "-o", "again.h5", "--force"]).expect(0);
        work.run(&["export", "again.h5", "-o", "again.csv", "--columns", "id,density.density"]).expect(0);
        fs::read_to_string(work.path("again.csv")).expect("written")
    };
    assert_eq!(density("all.json"), density("p/in"));
}

#[test]
fn poscar_takes_one_structure_a_file() {
    let work = Workplace::new();
    ranked(&work);
    let ran = work.run(&["export", "r.h5", "-o", "x.vasp"]).expect(1);
    assert!(ran.stderr().contains("a file holds one structure; give -o a folder"), "{}", ran.stderr());
    assert!(!work.path("x.vasp").exists());
    work.run(&["export", "r.h5", "--top", "1", "-o", "x.vasp"]).expect(0);
    assert!(fs::read_to_string(work.path("x.vasp")).expect("written").starts_with("NaCl b in/b.vasp#0 rank=1\n1.0\n"));
}

#[test]
fn inputs_that_changed_are_refused_by_name() {
    let work = Workplace::new();
    ranked(&work);
    let path = work.path("p/in/c.vasp");
    let original = fs::read_to_string(&path).expect("there");
    let refused = |reason: &str| {
        let ran = work.run(&["export", "r.h5", "-o", "x.cif"]).expect(1);
        assert!(ran.stderr().contains(reason), "{}", ran.stderr());
        assert!(!work.path("x.cif").exists());
    };
    fs::write(&path, original.replace("5.8", "5.9")).expect("changed");
    refused("the inputs have changed since this result was made: in/c.vasp has other content");
    fs::write(&path, format!("{original}\n")).expect("changed");
    refused(&format!("in/c.vasp had {} bytes, has {}", original.len(), original.len() + 1));
    fs::remove_file(&path).expect("removed");
    refused("in/c.vasp is gone");
    fs::write(&path, &original).expect("restored");
    fs::write(work.path("p/in/0.vasp"), &original).expect("added");
    refused("in/0.vasp is new");
    fs::remove_file(work.path("p/in/0.vasp")).expect("removed");
    // Moved as a whole, with the folder given.
    fs::rename(work.path("p"), work.path("q")).expect("moved");
    let ran = work.run(&["export", "r.h5", "-o", "x.cif"]).expect(1);
    assert!(ran.stderr().contains("cannot find the inputs") && ran.stderr().contains("--base"), "{}", ran.stderr());
    work.run(&["export", "r.h5", "-o", "x.cif", "--base", "q"]).expect(0);
}

#[test]
fn structures_come_out_of_archives_as_of_folders() {
    let work = Workplace::new();
    ranked(&work);
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    tar.append_dir_all("in", work.path("p/in")).expect("members");
    work.write("in.tar.gz", tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("archive"));
    work.run(&["featurize", "in.tar.gz", "--descriptors", "density", "-q", "-o", "f.h5"]).expect(0);
    work.run(&["export", "f.h5", "-o", "f.extxyz"]).expect(0);
    let text = fs::read_to_string(work.path("f.extxyz")).expect("written");
    assert_eq!(text.matches("origin=\"in.tar.gz!in/").count(), 3, "{text}");
}

#[test]
fn compositions_have_no_structures_to_export() {
    let work = Workplace::new();
    work.write("t.csv", "formula\nNaCl\n");
    work.run(&["featurize", "t.csv", "--descriptors", "stoichiometry", "-q", "-o", "t.h5"]).expect(0);
    let ran = work.run(&["export", "t.h5", "-o", "t.cif"]).expect(1);
    assert!(ran.stderr().contains("the candidates of this result are no crystal structures"), "{}", ran.stderr());
    let ran = work.run(&["export", "t.h5", "-o", "t.csv", "--top", "3"]).expect(1);
    assert!(ran.stderr().contains("--top takes the best of a ranking"), "{}", ran.stderr());
}

const SAME: &str = "[source]\ninput = 'in'\n[[descriptor]]\nname = 'density'\n[rank]\nduplicates = 'remove'\n\
    by = [{ column = 'density/density', direction = 'max' }]\nkeep = 10\n";

/// a: rock salt; b: the same in its cubic cell, shifted, a little denser; c: the CsCl structure; d: KCl; e: rock salt as a.
fn with_duplicates(work: &Workplace) {
    let primitive = |a: f64, cation: &str| {
        format!("c\n{a}\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\n{cation} Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n")
    };
    work.write("p/in/a.vasp", primitive(5.64, "Na"));
    work.write(
        "p/in/b.vasp",
        "c\n5.60\n1 0 0\n0 1 0\n0 0 1\nCl Na\n4 4\nDirect\n0.6 0.1 0.1\n0.1 0.6 0.1\n0.1 0.1 0.6\n0.6 0.6 0.6\n\
         0.1 0.1 0.1\n0.6 0.6 0.1\n0.6 0.1 0.6\n0.1 0.6 0.6\n",
    );
    work.write("p/in/c.vasp", "c\n3.4\n1 0 0\n0 1 0\n0 0 1\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n");
    work.write("p/in/d.vasp", primitive(6.29, "K"));
    work.write("p/in/e.vasp", primitive(5.64, "Na"));
    work.write("p/plan.toml", SAME);
}

fn ids(text: &str) -> Vec<String> {
    text.lines().skip(1).map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn duplicates_are_listed_and_not_ranked_and_the_lowest_index_stays() {
    let work = Workplace::new();
    with_duplicates(&work);
    let ran = work.run(&["screen", "p/plan.toml", "-o", "r.h5"]).expect(0);
    assert!(ran.stderr().contains("2 candidates are duplicates of earlier ones and not ranked"), "{}", ran.stderr());
    work.run(&["verify", "r.h5"]).expect(0);
    let exported = |rows: &str, columns: &str| {
        work.run(&["export", "r.h5", "--rows", rows, "--columns", columns, "-o", "t.csv"]).expect(0);
        fs::read_to_string(work.path("t.csv")).expect("written")
    };
    // b is denser than a, and a duplicate of it all the same.
    assert_eq!(ids(&exported("ranked", "id")), ["c", "a", "d"]);
    assert_eq!(ids(&exported("all", "id")), ["a", "b", "c", "d", "e"]);
    let digests = ids(&exported("all", "structure_digest"));
    assert_eq!(digests[0], "NaCl 225 Cl1(m-3m) Na1(m-3m)");
    assert_eq!((&digests[1], &digests[4]), (&digests[0], &digests[0]));
    assert_eq!(digests[2], "NaCl 221 Cl1(m-3m) Na1(m-3m)");
    for (id, told) in [("b", "duplicate of #0"), ("e", "duplicate of #0"), ("a", "its duplicates: #1 #4")] {
        let story = work.run(&["explain", "r.h5", id]).expect(0).stdout();
        assert!(story.contains(told), "{story}");
    }
    // Ranked again by another objective, the file stays without its duplicates unless told otherwise.
    let again = |more: &[&str]| {
        let command = [&["rank", "r.h5", "--by", "density.density:min", "--csv"], more].concat();
        let text = work.run(&command).expect(0).stdout();
        text.lines().count() - 1
    };
    assert_eq!((again(&[]), again(&["--duplicates", "keep"])), (3, 5));
}

/// Rock salt with one chlorine 0.16 Å off its place has another space group, and is the same structure to a matcher.
#[test]
fn structures_of_one_formula_are_compared_whatever_their_symmetry_where_the_plan_asks() {
    let work = Workplace::new();
    with_duplicates(&work);
    let shifted = "c\n5.64\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.54 0.5 0.5\n";
    work.write("p/in/f.vasp", shifted);
    work.write("p/match.toml", SAME.replace("'remove'", "'match'"));
    for (plan, expected) in [("plan", &["c", "a", "f", "d"][..]), ("match", &["c", "a", "d"])] {
        work.run(&["screen", &format!("p/{plan}.toml"), "-o", "r.h5", "--force", "-q"]).expect(0);
        work.run(&["verify", "r.h5"]).expect(0);
        work.run(&["export", "r.h5", "--rows", "ranked", "--columns", "id", "-o", "t.csv"]).expect(0);
        assert_eq!(ids(&fs::read_to_string(work.path("t.csv")).expect("written")), expected, "{plan}");
    }
}

#[test]
fn duplicates_do_not_depend_on_threads_batches_and_segments() {
    let work = Workplace::new();
    with_duplicates(&work);
    let mut results = Vec::new();
    for options in [
        &["--threads", "1"][..],
        &["--threads", "2", "--batch", "1"],
        &["--threads", "3", "--batch", "2", "--segment-size", "1K"],
    ] {
        let command = [&["screen", "p/plan.toml", "-o", "r.h5", "--force", "-q"], options].concat();
        work.run(&command).expect(0);
        let verified = work.run(&["verify", "r.h5", "--json"]).expect(0).stdout();
        let report: serde_json::Value = serde_json::from_str(&verified).expect("JSON");
        results.push(report[0]["digest"].as_str().expect("a digest").to_owned());
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn duplicates_need_structures_and_all_that_was_kept() {
    let work = Workplace::new();
    with_duplicates(&work);
    let refused = |plan: String, reason: &str| {
        work.write("p/q.toml", plan);
        let ran = work.run(&["screen", "p/q.toml", "-o", "q.h5"]).expect(1);
        assert!(ran.stderr().contains(reason), "{}", ran.stderr());
    };
    refused(format!("{SAME}[sink]\nstore = 'ranked'\n"), "store = \"survivors\" or \"all\"");
    work.write("p/t.csv", "formula,x\nNaCl,1\n");
    refused(
        "[source]\ncsv = 't.csv'\ncolumns = [{ name = 'x' }]\n[rank]\nduplicates = 'remove'\n\
         by = [{ column = 'x', direction = 'max' }]\n"
            .to_owned(),
        "compares crystal structures, the source has none",
    );
    refused(SAME.replace("'remove'", "'drop'"), "keep");
    // A file whose run did not look for duplicates has none to leave out.
    work.write("p/plan.toml", PLAN);
    work.run(&["screen", "p/plan.toml", "-o", "r.h5", "-q"]).expect(0);
    let ran = work.run(&["rank", "r.h5", "--duplicates", "remove"]).expect(1);
    assert!(ran.stderr().contains("the file lists no duplicates"), "{}", ran.stderr());
}
