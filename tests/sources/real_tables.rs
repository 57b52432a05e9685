//! Every table of the shared data sets: read plus quarantined is the number of rows, and the quarantine is known by name.

use std::collections::BTreeMap;
use std::path::Path;

use super::{datasets, read};

/// Rows of a gzipped CSV file as the `csv` crate counts them, header left out.
fn rows_by_peer(path: &Path) -> usize {
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).expect("there"));
    csv::Reader::from_reader(file)
        .byte_records()
        .filter(|record| record.as_ref().is_ok_and(|row| !row.is_empty()))
        .count()
}

/// Reads every `*.csv.gz` below a folder; returns the reasons of quarantine by file.
fn read_all(folder: &Path, extra: &str) -> BTreeMap<String, Vec<String>> {
    let files = matsieve::source::list_inputs(
        &matsieve::source::Inputs::One("**/*.csv.gz".into()),
        matsieve::source::Wanted::ByName,
        folder,
    )
    .expect("tables")
    .files;
    let mut quarantine = BTreeMap::new();
    for file in files {
        let name = file.name.to_string();
        let formula = if name.starts_with("Supercon") { "formula = 'name'" } else { "" };
        let records = read(&format!("csv = '{name}'\n{formula}\n{extra}"), folder);
        assert_eq!(records.len(), rows_by_peer(&file.path), "{name}");
        let faults: Vec<_> =
            records.iter().filter(|record| record.outcome.is_err()).map(|record| record.why()).collect();
        println!("{name}: {} read, {} quarantined", records.len() - faults.len(), faults.len());
        quarantine.insert(name, faults);
    }
    quarantine
}

fn without_empty(quarantine: BTreeMap<String, Vec<String>>) -> Vec<(String, Vec<String>)> {
    quarantine.into_iter().filter(|(_, faults)| !faults.is_empty()).collect()
}

#[test]
fn composition_sets_hold_nine_names_that_are_no_formulas() {
    let Some(datasets) = datasets() else { return };
    let quarantine = without_empty(read_all(&datasets.join("composition_sets"), ""));
    // Code, line in the file (as `grep -n` counts), column of the byte that is wrong, the name around it.
    let supercon = [
        ("unparsable-formula", 2097, 30, "Nb1O10=z"),
        ("ambiguous-formula", 4556, 6, "Sm1Ba-1Cu3O6.94"),
        ("unparsable-formula", 9808, 10, "Y2C2Br0.5!1.5"),
        ("ambiguous-formula", 9850, 28, "Cu1O4+2"),
        ("unparsable-formula", 13549, 26, "Cu2O6=z"),
        ("ambiguous-formula", 14020, 15, "B1Sr2Ca3Cu4O2N+3"),
        ("ambiguous-formula", 14506, 15, "B1Sr2Ca4Cu5O2N+3"),
        ("ambiguous-formula", 16348, 15, "B1Sr2Ca2Cu3O2N+3"),
    ];
    // An element symbol with a footnote: "GaAs0.1P0.9G1128".
    let expt_gap = [("unknown-element", 1571, 12, "GaAs0.1P0.9G1128")];
    let expected = [("Supercon_data.csv.gz", &supercon[..]), ("expt_gap.csv.gz", &expt_gap[..])];
    assert_eq!(quarantine.len(), expected.len(), "{quarantine:#?}");
    for ((name, faults), (expected_name, expected)) in quarantine.iter().zip(expected) {
        assert_eq!(name, expected_name);
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, (code, line, column, text)) in faults.iter().zip(expected) {
            assert!(fault.starts_with(&format!("{code}: line {line}, formula: ")), "{fault}");
            assert!(fault.contains(&format!("at column {column} of ")) && fault.contains(text), "{fault}");
        }
    }
}

#[test]
fn crabnet_benchmark_is_read_whole() {
    let Some(datasets) = datasets() else { return };
    let extra = "columns = [{ name = 'target' }]";
    assert_eq!(without_empty(read_all(&datasets.join("crabnet_benchmark"), extra)), []);
}

#[test]
fn matbench_tables_are_read_whole_with_their_ids() {
    let Some(datasets) = datasets() else { return };
    let folder = datasets.join("matbench_tables");
    assert_eq!(without_empty(read_all(&folder, "columns = [{ name = 'fold' }]")), []);
    let records = read("csv = 'matbench_expt_gap.csv.gz'\ncolumns = [{ name = 'gap expt', unit = 'eV' }]", &folder);
    // Third data line of the file: mb-expt-gap-0003,1,Ag0.5Ge1Pb1.75S4,1.83
    assert_eq!(records[2].id, "mb-expt-gap-0003");
    assert_eq!(records[2].formula(), "Ag0.5Ge1Pb1.75S4");
    assert_eq!(records[2].candidate().values, [1.83]);
    assert_eq!(records[2].origin, "matbench_expt_gap.csv.gz#2");
}

#[test]
fn the_multi_line_header_of_mpea_is_one_header() {
    let Some(datasets) = datasets() else { return };
    let folder = datasets.join("composition_sets");
    let records = read("csv = 'MPEA_dataset.csv.gz'\ncolumns = [{ name = 'PROPERTY: HV' }]", &folder);
    assert_eq!(records.len(), 1545);
    assert_eq!(records[0].id, "0");
}
