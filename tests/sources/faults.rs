//! Broken tables: one fault a broken record, the rest is read; what cannot be a table at all ends the run before it begins.

use super::{folder, gzip, open_error, read};

fn faults(content: &[u8], extra: &str) -> Vec<String> {
    let folder = folder(&[("t.csv", content)]);
    let records = read(&format!("csv = 't.csv'\n{extra}"), folder.path());
    records.iter().map(|record| record.outcome.as_ref().map_or_else(ToString::to_string, |_| "read".into())).collect()
}

#[test]
fn ragged_rows_name_their_line_and_both_counts() {
    let found = faults(b"formula,gap\nFe,1\n\nCo\nNi,1,2\nCu,1\n", "");
    let expected = [
        "read",
        "unparsable-record: line 4: 1 fields found, 2 expected",
        "unparsable-record: line 5: 3 fields found, 2 expected",
        "read",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_open_quote_does_not_swallow_the_rest_of_the_file() {
    let found = faults(b"formula,gap\nFe,1\n\"Co,1\nNi,1\n", "");
    assert_eq!(found, ["read", "unparsable-record: line 3: a quote is never closed", "read"]);
}

#[test]
fn empty_formulas_and_nan_are_told_apart() {
    let folder = folder(&[("t.csv", b"formula,gap\n,1\n  ,1\nNaN,\n")]);
    let records = read("csv = 't.csv'\ncolumns = [{ name = 'gap' }]", folder.path());
    assert_eq!(records[0].why(), "empty-composition: line 2, formula: the field is empty");
    assert_eq!(records[1].why(), "empty-composition: line 3, formula: the field is empty");
    assert_eq!(records[2].formula(), "Na1N1");
    assert!(records[2].candidate().values[0].is_nan());
}

#[test]
fn numbers_that_are_none_name_line_and_column() {
    let found = faults(b"formula,gap\nFe,1.5eV\nFe,1e999\nFe,NaN\nFe, -2 \n", "columns = [{ name = 'gap' }]");
    let expected = [
        "unparsable-number: line 2, gap: \"1.5eV\" is no finite number",
        "unparsable-number: line 3, gap: \"1e999\" is no finite number",
        "read",
        "read",
    ];
    assert_eq!(found, expected);
}

#[test]
fn bad_formulas_carry_the_code_of_their_error() {
    let found = faults(b"formula\nXx2O3\nCuSO4.5H2O\nFe2O3)\nBa-1Cu\nFe0\n", "");
    let codes: Vec<_> = found.iter().map(|fault| fault.split(':').next().expect("a code")).collect();
    let expected =
        ["unknown-element", "ambiguous-formula", "unparsable-formula", "ambiguous-formula", "empty-composition"];
    assert_eq!(codes, expected, "{found:#?}");
    assert!(found[0].starts_with("unknown-element: line 2, formula: "), "{}", found[0]);
}

#[test]
fn a_formula_of_a_million_characters_is_too_large() {
    let long = format!("formula,gap\n{},1\nFe,1\n", "Fe2O3".repeat(200_000));
    let found = faults(long.as_bytes(), "");
    assert_eq!(found, ["too-large: line 2, formula: the field has 1000000 bytes, more than 65536", "read"]);
}

#[test]
fn a_line_without_end_is_too_large_and_the_next_one_is_read() {
    let mut long = b"formula\nFe\n".to_vec();
    long.resize(long.len() + (17 << 20), b'x');
    long.extend_from_slice(b"\nCo\n");
    let found = faults(&long, "");
    assert_eq!(found, ["read", "too-large: line 3: more than 16777216 bytes without an end", "read"]);
}

#[test]
fn invalid_utf8_matters_only_where_it_is_needed() {
    let found = faults(b"formula,note\nFe,\xff\nFe\xff,x\n", "");
    assert_eq!(found[0], "read");
    assert!(found[1].starts_with("unparsable-record: line 3, formula: byte 3 of "), "{}", found[1]);
}

#[test]
fn invalid_utf8_in_an_id_is_shown_with_replacement_characters() {
    let folder = folder(&[("t.csv", b"id,formula\na\xff,Fe\n")]);
    assert_eq!(read("csv = 't.csv'", folder.path())[0].id, "a\u{fffd}");
}

#[test]
fn a_truncated_gzip_keeps_its_whole_records_and_says_where_it_ends() {
    let text: String = (0..5000).map(|i| format!("Fe{}O{},{i}\n", i % 97 + 1, i % 89 + 1)).collect();
    let whole = gzip(format!("formula,gap\n{text}").as_bytes());
    let folder = folder(&[("t.csv.gz", &whole[..whole.len() / 2]), ("whole.csv.gz", &whole)]);
    let records = read("csv = ['t.csv.gz']", folder.path());
    let all = read("csv = 'whole.csv.gz'", folder.path());
    let (last, before) = records.split_last().expect("records");
    assert!(before.len() > 500 && before.len() < 4500, "{}", before.len());
    for (cut, whole) in before.iter().zip(&all) {
        assert_eq!(cut.outcome, whole.outcome);
    }
    let why = last.why();
    let start = format!("unparsable-record: t.csv.gz, at line {}: gzip stream ends early after ", before.len() + 2);
    assert!(why.starts_with(&start) && why.ends_with(" bytes; what follows is lost"), "{why}");
}

#[test]
fn files_that_are_no_tables_end_the_run_before_it_begins() {
    let whole = gzip(b"formula\nFe\n");
    let parquet =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/parquet/none.parquet")).expect("golden");
    let folder = folder(&[
        ("empty.csv", b""),
        ("blank.csv", b"\n\r\n"),
        ("bom.csv", b"\xef\xbb\xbf"),
        ("utf16.csv", b"\xff\xfef\0o\0r\0"),
        ("really.csv", &parquet),
        ("cut.csv.gz", &whole[..12]),
        ("text.tar.gz", &whole),
        ("data.txt", b"formula\nFe\n"),
        ("empty.zip", b""),
        ("open.csv", b"\"formula\nFe\n"),
        ("cut.parquet", &parquet[..parquet.len() - 9]),
    ]);
    let error = |text: &str| open_error(text, folder.path());
    assert_eq!(error("csv = 'empty.csv'"), "empty.csv is empty: a header line with column names was expected");
    assert_eq!(error("csv = 'blank.csv'"), "blank.csv is empty: a header line with column names was expected");
    assert_eq!(error("csv = 'bom.csv'"), "bom.csv is empty: a header line with column names was expected");
    assert_eq!(error("csv = 'utf16.csv'"), "utf16.csv: is UTF-16 text; UTF-8 is expected");
    assert_eq!(error("csv = 'really.csv'"), "really.csv: is a Parquet file, not delimited text");
    assert!(error("csv = 'cut.csv.gz'").starts_with("cut.csv.gz: gzip stream ends early after "));
    assert_eq!(error("csv = 'text.tar.gz'"), "text.tar.gz: is named like an archive but its content is none");
    assert_eq!(error("csv = 'empty.zip'"), "empty.zip: is named like an archive but its content is none");
    assert_eq!(error("input = 'data.txt'"), "cannot tell the format of data.txt from its name or content");
    assert_eq!(error("csv = 'open.csv'"), "open.csv: a quote in the header is never closed");
    assert!(error("parquet = 'cut.parquet'").starts_with("cut.parquet: "));
    assert!(error("parquet = 'data.txt'").starts_with("data.txt: "));
    assert_eq!(error("csv = 'missing.csv'"), "cannot read missing.csv");
}

#[test]
fn a_table_without_header_lists_what_was_taken_for_one() {
    let folder = folder(&[("t.csv", b"Fe2O3,2.0\nNaCl,8.5\n"), ("semicolon.csv", b"formula;gap\nFe;1\n")]);
    assert_eq!(
        open_error("csv = 't.csv'", folder.path()),
        "t.csv has no formula column: looked for formula, composition, reduced_formula, pretty_formula, \
         chemical_formula_reduced; its columns are \"Fe2O3\", \"2.0\""
    );
    let error = matsieve::source::open(&super::spec("csv = 'semicolon.csv'"), folder.path()).err().expect("one column");
    assert_eq!(error.hint(), Some("the header looks separated by semicolons: set delimiter = \";\""));
    assert_eq!(read("csv = 'semicolon.csv'\ndelimiter = ';'", folder.path())[0].formula(), "Fe1");
}

#[test]
fn a_header_without_rows_is_a_table_without_candidates() {
    assert_eq!(faults(b"formula,gap\n", ""), [""; 0]);
}

#[test]
fn repeated_ids_are_two_candidates() {
    let folder = folder(&[("t.csv", b"id,formula\na,Fe\na,Co\n,Ni\n")]);
    let records = read("csv = 't.csv'", folder.path());
    let ids: Vec<_> = records.iter().map(|record| (record.index, record.id.as_str())).collect();
    assert_eq!(ids, [(0, "a"), (1, "a"), (2, "2")]);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named_with_the_systems_reason() {
    use std::error::Error;
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("t.csv", b"formula\nFe\n")]);
    let path = folder.path().join("t.csv");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("own file");
    if std::fs::File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let error = matsieve::source::open(&super::spec("csv = 't.csv'"), folder.path()).err().expect("unreadable");
    assert_eq!(error.to_string(), "cannot read t.csv");
    assert!(error.source().expect("a cause").to_string().contains("denied"));
}

#[cfg(unix)]
#[test]
fn devices_are_refused() {
    assert_eq!(
        open_error("csv = '/dev/zero'", std::path::Path::new(".")),
        "/dev/zero: is neither a file nor a folder (pipes and devices cannot be read twice)"
    );
}
