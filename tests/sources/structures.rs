//! Sources of structures that are no plain text: databases of ASE, folders with `id_prop.csv`, columns of tables.

use std::path::{Path, PathBuf};

use matsieve::candidate::FaultCode;
use matsieve::source::{Format, read_structures, read_table};

use super::{Read, folder, gzip, open_error, read, spec};

const POSCAR: &str = "salt\n5.64\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n";

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ase_db")
}

fn own_id(read: &Read) -> &str {
    read.candidate().own_id().expect("a crystal with a name")
}

#[test]
fn a_database_of_ase_says_what_ase_reads_from_it() {
    let text = std::fs::read_to_string(golden().join("expected.json")).expect("golden file");
    let expected: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let columns = "columns = [{ name = 'energy' }, { name = 'free_energy' }, { name = 'magmom' }, { name = 'fmax' }, \
                   { name = 'data.hull.distance' }, { name = 'gap' }, { name = 'stable' }]";
    let reads = read(&format!("ase-db = 'crystals.db'\n{columns}"), &golden());
    assert_eq!(reads.len(), expected.len());
    for (read, row) in reads.iter().zip(&expected) {
        let Some(fracs) = row["frac"].as_array() else {
            assert_eq!(read.fault().code, FaultCode::ZeroVolume);
            assert!(read.why().contains(&format!("row {}: the cell vectors", row["id"])), "{}", read.why());
            continue;
        };
        if row["symbols"][0] == "X" {
            assert_eq!(read.why(), "unknown-element: row 6: site 0: no element has the number 0");
            continue;
        }
        let structure = read.candidate().structure().expect("a crystal");
        assert!((structure.lattice().volume() - row["volume"].as_f64().expect("a number")).abs() < 1e-10);
        assert_eq!(structure.len(), fracs.len());
        for site in 0..structure.len() {
            assert_eq!(structure.occupants(site)[0].element.symbol(), row["symbols"][site]);
            for (k, own) in structure.fracs()[site].iter().enumerate() {
                assert!((own - fracs[site][k].as_f64().expect("a number")).abs() < 1e-12);
            }
        }
        let number = |value: &serde_json::Value| value.as_f64().or(value.as_bool().map(f64::from));
        let keys = ["energy", "free_energy", "magmom", "fmax", "distance"];
        let values = keys.map(|key| &row[key]).into_iter().chain(["gap", "stable"].map(|key| &row["pairs"][key]));
        for (value, own) in values.zip(&read.candidate().values) {
            assert_eq!(number(value), (!own.is_nan()).then_some(*own));
        }
    }
    // An own name where a key gives one, else the number of the row.
    assert_eq!((own_id(&reads[0]), own_id(&reads[1]), own_id(&reads[3])), ("1", "BN-mono", "5"));
    assert_eq!(reads[0].origin, "crystals.db#0");
}

#[test]
fn a_database_is_the_same_in_an_archive_a_compressed_stream_and_a_reader_of_streams() {
    let database = std::fs::read(golden().join("crystals.db")).expect("golden file");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(database.len() as u64);
    tar.append_data(&mut header, "x/crystals.db", database.as_slice()).expect("into memory");
    let folder = folder(&[
        ("a.db", &database),
        ("a.db.gz", &gzip(&database)),
        ("a.tar", &tar.into_inner().expect("into memory")),
        ("odd ?name#1%.db", &database),
    ]);
    let of = |name: &str| {
        read(&format!("input = '{name}'"), folder.path()).into_iter().map(|read| read.outcome).collect::<Vec<_>>()
    };
    assert_eq!(of("a.db").len(), 5);
    for other in ["a.db.gz", "a.tar", "odd ?name#1%.db"] {
        let both = of("a.db").into_iter().zip(of(other));
        assert!(both.into_iter().all(|(a, mut b)| {
            if let (Ok(a), Ok(b)) = (&a, &mut b) {
                b.index = a.index;
            }
            a == b
        }));
        assert_eq!(of(other).len(), 5);
    }
    let mut count = 0;
    read_structures(&mut database.as_slice(), Format::AseDb, &mut |_, _| count += 1).expect("reads");
    assert_eq!(count, 5);
}

/// A database with a table like ASE's and these rows: number, numbers, positions, cell, key-value pairs, data.
fn database(folder: &Path, rows: &[[&dyn rusqlite::ToSql; 5]]) -> PathBuf {
    let path = folder.join("made.db");
    let connection = rusqlite::Connection::open(&path).expect("opens");
    let columns = "id INTEGER PRIMARY KEY, numbers BLOB, positions BLOB, cell BLOB, key_value_pairs TEXT, data BLOB";
    connection.execute_batch(&format!("CREATE TABLE systems ({columns})")).expect("table");
    for row in rows {
        let insert = "INSERT INTO systems (numbers, positions, cell, key_value_pairs, data) VALUES (?, ?, ?, ?, ?)";
        connection.execute(insert, row.as_slice()).expect("row");
    }
    path
}

fn doubles(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn a_bad_row_of_a_database_costs_itself_only() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let cell = doubles(&[4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0]);
    let (iron, origin, none) = (26i32.to_le_bytes().to_vec(), doubles(&[0.0; 3]), rusqlite::types::Null);
    let nan = doubles(&[f64::NAN, 0.0, 0.0]);
    database(
        folder.path(),
        &[
            [&iron, &origin, &cell, &"{}", &none],
            [&none, &origin, &cell, &"{}", &none],
            [&iron, &doubles(&[0.0; 2]), &cell, &"{}", &none],
            [&iron, &[0u8; 7].as_slice(), &cell, &"{}", &none],
            [&iron, &origin, &doubles(&[0.0; 9]), &"{}", &none],
            [&iron, &origin, &doubles(&[1.0; 8]), &"{}", &none],
            [&iron, &nan, &cell, &"{}", &none],
            [&iron, &origin, &cell, &"{\"a\": ", &none],
            [&iron, &origin, &cell, &"{}", &99i64.to_le_bytes().as_slice()],
            [&"26", &origin, &cell, &none, &none],
            [&iron, &origin, &cell, &"{\"a\": NaN, \"b\": 2}", &"{\"c\": 3}"],
        ],
    );
    let reads = read("ase-db = 'made.db'\ncolumns = [{ name = 'b' }, { name = 'data.c' }]", folder.path());
    let expected = [
        None,
        Some("unparsable-structure: row 2: `numbers` is no array"),
        Some("unparsable-structure: row 3: 2 coordinates for 1 atoms in `positions`"),
        Some("unparsable-structure: row 4: `positions` has 7 bytes, no multiple of 8"),
        Some("zero-volume: row 5: the cell vectors"),
        Some("unparsable-structure: row 6: `cell` has 8 numbers, 9 are expected"),
        Some("unparsable-structure: row 7: site 0: the coordinates [NaN,"),
        Some("unparsable-structure: row 8: `key_value_pairs`: line 1: EOF while parsing"),
        Some("unparsable-structure: row 9: `data` points behind its end"),
        Some("unparsable-structure: row 10: `numbers` is no array"),
        None,
    ];
    assert_eq!(reads.len(), expected.len());
    for (read, expected) in reads.iter().zip(expected) {
        match expected {
            None => assert!(read.outcome.is_ok(), "{:?}", read.outcome),
            Some(why) => assert!(read.why().starts_with(why), "{} is not {why}", read.why()),
        }
    }
    assert_eq!(reads[10].candidate().values, [2.0, 3.0]);
}

#[test]
fn files_that_are_no_database_of_ase_are_one_quarantined_record() {
    let whole = std::fs::read(golden().join("crystals.db")).expect("golden file");
    let folder = folder(&[
        ("prose.db", b"not a database, but long enough to have a header of one hundred bytes, as SQLite wants: ......................"),
        ("short.db", b""),
        ("half.db", &whole[..4096]),
        ("busy.db", &whole),
        ("busy.db-wal", b"changes"),
        ("d/good.db", &whole),
    ]);
    let other = rusqlite::Connection::open(folder.path().join("other.db")).expect("opens");
    other.execute_batch("CREATE TABLE t (a); CREATE VIEW v AS SELECT 1 AS id").expect("table");
    let view = rusqlite::Connection::open(folder.path().join("view.db")).expect("opens");
    view.execute_batch("CREATE VIEW systems AS SELECT 1 AS id, 2 AS numbers, 3 AS positions, 4 AS cell").expect("view");
    let virtual_table = rusqlite::Connection::open(folder.path().join("shape.db")).expect("opens");
    virtual_table.execute_batch("CREATE TABLE systems (id INTEGER PRIMARY KEY, numbers)").expect("table");
    let why = |name: &str| {
        let reads = read(&format!("ase-db = '{name}'"), folder.path());
        assert_eq!(reads.len(), 1, "{name}: {reads:?}");
        reads[0].why()
    };
    for (name, expected) in [
        ("prose.db", "file is not a database"),
        ("short.db", "has no table `systems`"),
        ("half.db", "malformed"),
        ("busy.db", "changes wait in the file -wal beside it"),
        ("other.db", "has no table `systems`: no database of ASE"),
        ("view.db", "`systems` is no plain table"),
        ("shape.db", "has no column `positions`"),
    ] {
        let why = why(name);
        assert!(why.starts_with(&format!("unparsable-record: {name}: ")) && why.contains(expected), "{why}");
    }
    assert_eq!(read("ase-db = 'd'", folder.path()).len(), 5);
}

#[test]
fn damaged_pages_of_a_database_never_hang_or_panic() {
    // Every page of the file in turn is zeroed, or says that its cells and children lie elsewhere.
    let whole = std::fs::read(golden().join("crystals.db")).expect("golden file");
    for page in 0..whole.len() / 4096 {
        for byte in [0, 0xff, 5] {
            let mut damaged = whole.clone();
            damaged[4096 * page + if page == 0 { 100 } else { 0 }..4096 * (page + 1)].fill(byte);
            let folder = folder(&[("a.db", &damaged)]);
            assert!(read("ase-db = 'a.db'", folder.path()).len() <= 6);
        }
    }
}

#[test]
fn a_folder_with_id_prop_is_what_it_lists_with_its_targets() {
    let folder = folder(&[
        ("d/POSCAR-b.vasp", POSCAR.as_bytes()),
        ("d/POSCAR-a.vasp", POSCAR.as_bytes()),
        ("d/POSCAR-unlisted.vasp", POSCAR.as_bytes()),
        ("d/id_prop.csv", b"POSCAR-b.vasp,2.5,7\nPOSCAR-a,1.5,\n"),
        ("e/x.vasp", POSCAR.as_bytes()),
    ]);
    let table = read_table(&spec("input = ['d', 'e']"), folder.path(), &["target", "target_2"]).expect("reads");
    assert_eq!(table.ids, ["POSCAR-a", "POSCAR-b", "x"]);
    assert_eq!(table.columns, [vec!["1.5", "2.5", ""], vec!["", "7", ""]]);
    // Without its folder it is a table of targets like any other.
    let spec = spec("input = ['d/*.vasp', 'e']\ntargets = 'd/id_prop.csv'");
    let table = read_table(&spec, folder.path(), &["target_2"]).expect("reads");
    assert_eq!(table.ids, ["POSCAR-a", "POSCAR-b", "POSCAR-unlisted", "x"]);
    assert_eq!(table.columns, [["", "7", "", ""]]);
    let error = open_error("input = 'd'\ntargets = 'd/id_prop.csv'\ncolumns = [{ name = 'gap' }]", folder.path());
    assert!(error.contains("no column \"gap\"") && error.contains("\"target\", \"target_2\""), "{error}");
    let numbers = read("input = 'd'\ncolumns = [{ name = 'target' }]", folder.path());
    assert_eq!(numbers.iter().map(|read| read.candidate().values[0]).collect::<Vec<_>>(), [1.5, 2.5]);
    std::fs::write(folder.path().join("d/id_prop.csv"), "\n").expect("written");
    assert_eq!(open_error("input = 'd'", folder.path()), "d/id_prop.csv: lists no structure");
    std::fs::write(folder.path().join("d/id_prop.csv"), "POSCAR-a,1\nPOSCAR-c,2\n").expect("written");
    let error = open_error("input = 'd'", folder.path());
    assert!(error.contains("d/id_prop.csv: line 2: \"POSCAR-c\" is no structure in the folder"), "{error}");
}

#[test]
fn structures_in_a_column_of_a_table_are_read_row_by_row() {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let json = r#"{"lattice": {"matrix": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]},
        "sites": [{"species": [{"element": "Po"}], "abc": [0, 0, 0]}]}"#;
    let table = format!(
        "material_id,gap,structure\nm1,1.5,{}\nm2,2,{}\nm3,3,Fe2O3\nm4,4,\nm5,5,{}\n",
        quoted(POSCAR),
        quoted(json),
        quoted(&POSCAR.replace("0.5 0.5 0.5\n", "0.5 half 0.5\n")),
    );
    let folder = folder(&[("t.csv", table.as_bytes())]);
    let reads = read("csv = 't.csv'\nstructure = 'structure'\ncolumns = [{ name = 'gap' }]", folder.path());
    let outcomes: Vec<String> = reads
        .iter()
        .map(|read| match &read.outcome {
            Ok(candidate) => format!("{} {} {:?}", read.id, read.formula(), candidate.values),
            Err(fault) => fault.to_string(),
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            "m1 Na1Cl1 [1.5]",
            "m2 Po1 [2.0]",
            "unparsable-structure: line 15, structure: no format of structures begins like this field",
            "empty-composition: line 16, structure: the field is empty",
            "unparsable-poscar: line 17, structure: line 10: \"half\" is no number",
        ]
    );
    assert!(reads[0].candidate().structure().is_some());
    let error = open_error("csv = 't.csv'\nstructure = 'structur'", folder.path());
    assert!(error.contains("wanted as structure") && error.contains("did you mean \"structure\""), "{error}");
    let error = open_error("csv = 't.csv'\nstructure = 'structure'\nformula = 'gap'", folder.path());
    assert!(error.contains("leave one of the two out"), "{error}");
}

#[test]
fn a_table_takes_columns_of_another_one_by_id() {
    let folder = folder(&[("t.csv", b"id,formula\na,Fe\nb,Ni\n"), ("u.csv", b"name,gap\nb,2\nc,3\n")]);
    let reads = read("csv = 't.csv'\ntargets = 'u.csv'\non = 'name'\ncolumns = [{ name = 'gap' }]", folder.path());
    let values: Vec<f64> = reads.iter().map(|read| read.candidate().values[0]).collect();
    assert!(values[0].is_nan() && values[1] == 2.0, "{values:?}");
}

#[test]
fn a_batch_of_large_structures_ends_early() {
    use matsieve::candidate::Frame;
    // 3 MB a row: a batch holds 16 MB of text and the row that passes them, not all ten.
    let cell = format!("Po\n3\n1 0 0\n0 1 0\n0 0 1\nPo\n1\nDirect\n0 0 0\n{}", "#".repeat(3 << 20));
    let table = format!("s\n{}", format!("\"{cell}\"\n").repeat(10));
    let folder = folder(&[("t.csv", table.as_bytes())]);
    let mut source = matsieve::source::open(&spec("csv = 't.csv'\nstructure = 's'"), folder.path()).expect("opens");
    let (mut frame, mut sizes) = (Frame::default(), Vec::new());
    while sizes.iter().sum::<usize>() < 10 {
        frame.clear();
        source.frame(100, &mut frame).expect("reads");
        assert!(frame.bytes.len() < 20 << 20, "{}", frame.bytes.len());
        sizes.push(frame.records.len());
    }
    assert_eq!(sizes, [6, 4]);
}
