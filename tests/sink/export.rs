//! Exports hold what the result holds.

use std::fs::{self, File};

use matsieve::sink::{ExportFormat, ExportOptions, ExportRows, ResultFile, SinkError, StoreOptions, export};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use crate::fixture;

fn exported(rows: ExportRows, columns: &[&str], name: &str) -> Result<(u64, Vec<u8>), SinkError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("r.h5");
    fixture::run(&path, 30, 10, StoreOptions::default());
    let result = ResultFile::open(&path).expect("a result");
    let out = folder.path().join(name);
    let options = ExportOptions { rows, top: None, columns: columns.iter().map(|&name| name.to_owned()).collect() };
    let count = export(&result, ExportFormat::of(&out)?, &options, &out)?;
    Ok((count, fs::read(&out).expect("an export")))
}

fn text(rows: ExportRows, columns: &[&str], name: &str) -> String {
    String::from_utf8(exported(rows, columns, name).expect("an export").1).expect("UTF-8")
}

#[test]
fn csv_of_the_ranking_is_best_first_with_rank_and_score() {
    let columns = ["rank", "id", "formula", "score", "1-norm"];
    let error = exported(ExportRows::Ranked, &columns, "x.csv").expect_err("a bare label").to_string();
    assert!(error.contains("no column \"1-norm\""), "{error}");
    let columns = ["rank", "id", "formula", "score", "stoichiometry.1-norm", "verdict", "gap.in_domain"];
    let expected = "rank,id,formula,score,stoichiometry.1-norm,verdict,gap.in_domain\n\
                    1,mp-4,Fe4O3,-4.0,,rejected,1\n\
                    2,硅-0,,-0.0,,kept,1\n\
                    3,mp-9,Fe9O3,-9.0,-9.0,kept,0\n";
    assert_eq!(text(ExportRows::Ranked, &columns, "x.csv"), expected);
}

#[test]
fn tsv_of_all_rows_has_all_columns() {
    let table = text(ExportRows::All, &[], "x.tsv");
    let header = table.lines().next().expect("a header");
    let labels: Vec<&str> = header.split('\t').collect();
    assert_eq!(
        labels[..7],
        ["index", "id", "formula", "origin", "verdict", "stoichiometry.0-norm", "stoichiometry.1-norm"]
    );
    // 4 of 30 indices fault; one header line.
    assert_eq!(table.lines().count(), 27);
    assert!(table.lines().nth(2).is_some_and(|line| line.contains("\t1e-300\t")), "{table}");
}

#[test]
fn json_lines_of_kept_rows_are_json_with_null_where_undefined() {
    let lines = text(ExportRows::Kept, &["index", "id", "stoichiometry.1-norm"], "x.jsonl");
    let rows: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows[0], serde_json::json!({ "index": 0, "id": "硅-0", "stoichiometry.1-norm": null }));
    assert_eq!(rows[1], serde_json::json!({ "index": 3, "id": "mp-3", "stoichiometry.1-norm": -3.0 }));
    // The ten multiples of 3 below 30 without 6 and 27, which fault.
    assert_eq!(rows.len(), 8);
}

#[test]
fn parquet_holds_types_nulls_and_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.parquet");
    let columns = ["index", "id", "gap.value", "stoichiometry.1-norm"];
    fs::write(&path, exported(ExportRows::All, &columns, "x.parquet").expect("an export").1).expect("a file");
    let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("Parquet");
    let rows: Vec<Vec<Field>> = reader
        .get_row_iter(None)
        .expect("rows")
        .map(|row| row.expect("a row").get_column_iter().map(|(_, field)| field.clone()).collect())
        .collect();
    assert_eq!(rows.len(), 26);
    assert_eq!(rows[4], [Field::Long(4), Field::Str("mp-4".to_owned()), Field::Double(2.0), Field::Null]);
    let metadata = reader.metadata().file_metadata().key_value_metadata().expect("metadata");
    let units = metadata.iter().find(|entry| entry.key == "matsieve.units").and_then(|entry| entry.value.clone());
    assert!(units.expect("units").contains("\"gap.value\":\"eV\""));
}

#[test]
fn unknown_columns_and_formats_are_named() {
    let error = exported(ExportRows::All, &["gap.valu"], "x.csv").expect_err("no such column").to_string();
    assert!(error.contains("no column \"gap.valu\"") && error.contains("did you mean \"gap.value\""), "{error}");
    let error = ExportFormat::parse("xlsx").expect_err("no such format").to_string();
    assert_eq!(error, "unknown export format \"xlsx\", expected one of csv, tsv, jsonl, parquet");
}
