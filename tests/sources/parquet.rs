//! Parquet files written by pyarrow and pandas: every codec, null, type and page version reads as they read it.

use std::path::{Path, PathBuf};

use matsieve::source::{count_records, open, read_table};

use super::{drain, folder, gzip, open_error, read, spec};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parquet")
}

const COLUMNS: &str = "columns = [{ name = 'gap', unit = 'eV' }, { name = 'sites' }]";

/// Formula, id, gap, sites of each row as pyarrow reads it; null and empty are both "".
fn expected() -> Vec<[String; 6]> {
    let mut reader = csv::Reader::from_path(golden().join("expected.csv")).expect("golden");
    reader.records().map(|row| row.expect("six fields").deserialize(None).expect("text")).collect()
}

#[test]
fn every_codec_and_page_version_reads_as_pyarrow_reads_it() {
    let expected = expected();
    assert_eq!(expected.len(), 1000);
    for name in ["none", "snappy", "gzip", "lz4", "zstd", "v2", "pandas"] {
        let records = read(&format!("parquet = '{name}.parquet'\n{COLUMNS}"), &golden());
        assert_eq!(records.len(), expected.len(), "{name}");
        for (row, (record, [formula, id, gap, sites, ..])) in records.iter().zip(&expected).enumerate() {
            assert_eq!(&record.id, id, "{name}");
            assert_eq!(record.origin, format!("{name}.parquet#{row}"));
            match formula.as_str() {
                "" => assert_eq!(record.why(), format!("empty-composition: record {row}, formula: the field is empty")),
                "Xx2O3" => assert!(record.why().starts_with("unknown-element: "), "{}", record.why()),
                "NaN" => assert_eq!(record.formula(), "Na1N1"),
                _ => {
                    let number = |text: &str| if text.is_empty() { f64::NAN } else { text.parse().expect("a number") };
                    let values = &record.candidate().values;
                    assert_eq!(values[0].to_bits(), number(gap).to_bits(), "{name} row {row}");
                    assert_eq!(values[1].to_bits(), number(sites).to_bits(), "{name} row {row}");
                }
            }
        }
    }
}

#[test]
fn unsigned_boolean_and_single_precision_columns_are_numbers() {
    let columns = "columns = [{ name = 'count' }, { name = 'is_metal' }, { name = 'gap32' }]";
    let records = read(&format!("parquet = 'zstd.parquet'\n{columns}"), &golden());
    // Rows 0 and 1 of make.py: count = 2^32 - 1 - i, is_metal = even, gap = i / 8.
    assert_eq!(records[0].candidate().values, [4294967295.0, 1.0, 0.0]);
    assert_eq!(records[1].candidate().values, [4294967294.0, 0.0, 0.125]);
}

#[test]
fn integer_ids_are_ids() {
    let records = read("parquet = 'integer_id.parquet'", &golden());
    assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["0", "1", "2"]);
}

#[test]
fn columns_that_cannot_serve_are_refused_with_their_type() {
    assert_eq!(
        open_error("parquet = 'none.parquet'\nformula = 'gap'", &golden()),
        "none.parquet: column \"gap\" holds DOUBLE values, but text is needed as formula"
    );
    let lists = open_error("parquet = 'none.parquet'\ncolumns = [{ name = 'tags.list.element' }]", &golden());
    assert_eq!(
        lists,
        "none.parquet: column \"tags.list.element\" holds lists, but numbers, booleans or text is needed as values"
    );
    assert!(open_error("parquet = 'none.parquet'\nid = 'mpid'", &golden()).contains("\"material_id\""));
}

#[test]
fn large_row_groups_are_read_in_blocks_at_any_batch_size() {
    let spec = spec(&format!("parquet = 'long.parquet'\n{COLUMNS}"));
    let read = |batch| drain(open(&spec, &golden()).expect("opens").as_mut(), batch).expect("reads");
    let all = read(100_000);
    assert_eq!(all.len(), 20_000);
    // Row 16001 = 8 * 2000 + 1: NaCl; 16001 mod 7 = 6, mod 11 = 7: no nulls.
    assert_eq!(all[16_001].formula(), "Na1Cl1");
    assert_eq!(all[16_001].candidate().values, [2000.125, 15901.0]);
    assert_eq!(format!("{:?}", read(999)), format!("{all:?}"));
    assert_eq!(count_records(&spec, &golden()).expect("counts"), 20_000);
    let mut source = open(&spec, &golden()).expect("opens");
    source.seek(14_999).expect("seeks");
    let rest = drain(source.as_mut(), 4096).expect("reads");
    assert_eq!(format!("{rest:?}"), format!("{:?}", &all[14_999..]));
}

#[test]
fn compressed_and_archived_parquet_reads_as_the_plain_file() {
    let plain = std::fs::read(golden().join("snappy.parquet")).expect("golden");
    let folder = folder(&[("t.parquet", &plain), ("t.parquet.gz", &gzip(&plain))]);
    let ids = |name: &str| -> Vec<_> {
        read(&format!("parquet = '{name}'"), folder.path())
            .into_iter()
            .map(|record| (record.id, record.outcome))
            .collect()
    };
    assert_eq!(ids("t.parquet.gz"), ids("t.parquet"));
}

#[test]
fn damage_anywhere_is_an_error_or_a_fault_and_never_a_panic() {
    let plain = std::fs::read(golden().join("snappy.parquet")).expect("golden");
    let mut faulted = 0;
    for place in (4..plain.len()).step_by(plain.len() / 150) {
        let mut damaged = plain.clone();
        damaged[place] ^= 0xff;
        let folder = folder(&[("t.parquet", &damaged)]);
        let Ok(mut source) = open(&spec(&format!("parquet = 't.parquet'\n{COLUMNS}")), folder.path()) else { continue };
        let records = drain(source.as_mut(), 128).expect("damage is a fault");
        faulted += usize::from(
            records.iter().any(|record| record.outcome.as_ref().is_err_and(|fault| fault.detail.contains("is lost"))),
        );
    }
    assert!(faulted > 0, "no damage was noticed");
}

#[test]
fn training_tables_hold_columns_as_text_whatever_their_type() {
    let table = read_table(&spec("parquet = 'gzip.parquet'"), &golden(), &["gap", "note", "sites"]).expect("reads");
    assert_eq!(table.len(), 1000);
    assert_eq!(table.text("note").expect("asked for")[7], "row 7");
    assert_eq!(table.text("sites").expect("asked for")[5], "");
    let gaps = table.numbers("gap").expect("asked for");
    assert_eq!((gaps.values[9], gaps.faults.len()), (1.125, 0));
    let notes = table.numbers("note").expect("asked for");
    assert_eq!((notes.faults.len(), notes.faults[0].0), (1000, 0));
    // Of each eight formulas a null, an empty one and Xx2O3 are none.
    assert_eq!(table.faults.len(), 375);
    assert_eq!(table.faults[0].0, 2);
}
