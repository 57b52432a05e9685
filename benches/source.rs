//! Framing and decoding of tables, rows per second.
//!
//! The serial half is what limits a run on many cores; the peer is the `csv` crate on the same bytes.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, Frame};
use matsieve::source::{SourceSpec, count_records, open};

const ROWS: u64 = 200_000;
const BATCH: usize = 4096;

/// Formulas of two to four elements, as in OQMD.
fn formula(row: u64) -> String {
    const A: [&str; 7] = ["Li", "Ba", "Fe", "Al", "Cs", "Y", "Zr"];
    const X: [&str; 5] = ["O", "S", "Cl", "N", "Te"];
    let [a, b, x] = [A[row as usize % 7], A[(row as usize / 7 + 3) % 7], X[row as usize % 5]];
    if a == b {
        format!("{a}{}{x}{}", row % 3 + 1, row % 8 + 1)
    } else {
        format!("{a}{}{b}{x}{}", row % 3 + 1, row % 8 + 1)
    }
}

fn two_columns() -> String {
    let mut text = String::from("formula,target\n");
    for row in 0..ROWS {
        let _ = writeln!(text, "{},{}", formula(row), row as f64 / 64.0);
    }
    text
}

fn twenty_columns_quoted() -> String {
    let mut text = String::from("id,formula,note");
    (0..17).for_each(|column| drop(write!(text, ",c{column}")));
    text.push('\n');
    for row in 0..ROWS / 10 {
        let _ = write!(text, "mp-{row},{},\"Smith, J. \"\"Oxides\"\"\"", formula(row));
        (0..17).for_each(|column| drop(write!(text, ",{}", row as f64 / f64::from(column + 3))));
        text.push('\n');
    }
    text
}

fn spec(text: &str) -> SourceSpec {
    toml::from_str(text).expect("a good [source]")
}

fn frame_all(spec: &SourceSpec, base: &Path) -> u64 {
    let mut source = open(spec, base).expect("opens");
    let mut frame = Frame::default();
    let mut total = 0;
    loop {
        frame.clear();
        source.frame(BATCH, &mut frame).expect("reads");
        total += frame.records.len() as u64;
        if frame.records.len() < BATCH {
            return total;
        }
    }
}

fn peer_frame_all(path: &Path) -> u64 {
    let mut reader = csv::Reader::from_path(path).expect("opens");
    let mut record = csv::ByteRecord::new();
    let (mut total, mut bytes) = (0, Vec::new());
    while reader.read_byte_record(&mut record).expect("reads") {
        if total % BATCH as u64 == 0 {
            bytes.clear();
        }
        bytes.extend_from_slice(&record[0]);
        bytes.extend_from_slice(&record[1]);
        total += 1;
    }
    black_box(bytes);
    total
}

fn framing(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let base = folder.path();
    for (name, text, rows) in
        [("two_columns", two_columns(), ROWS), ("twenty_columns_quoted", twenty_columns_quoted(), ROWS / 10)]
    {
        let file = format!("{name}.csv");
        std::fs::write(base.join(&file), &text).expect("written");
        let spec = spec(&format!("csv = '{file}'"));
        assert_eq!(frame_all(&spec, base), rows);
        assert_eq!(peer_frame_all(&base.join(&file)), rows);
        let mut group = criterion.benchmark_group(format!("frame/{name}"));
        group.throughput(Throughput::Elements(rows)).sample_size(10);
        group.bench_function("matsieve", |bencher| bencher.iter(|| frame_all(&spec, base)));
        group.bench_function("count", |bencher| bencher.iter(|| count_records(&spec, base).expect("counts")));
        group.bench_function("csv crate", |bencher| bencher.iter(|| peer_frame_all(&base.join(&file))));
        group.finish();
    }
}

fn decoding(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("t.csv"), two_columns()).expect("written");
    let mut source = open(&spec("csv = 't.csv'\ncolumns = [{ name = 'target' }]"), folder.path()).expect("opens");
    let decoder = source.decoder();
    let mut frame = Frame::default();
    source.frame(BATCH, &mut frame).expect("reads");
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: Vec::new() };
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("two_columns", |bencher| {
        bencher.iter(|| {
            for record in &frame.records {
                decoder.decode(&frame, record, &mut candidate).expect("good formulas");
                black_box(&candidate);
            }
        });
    });
    group.finish();
}

fn parquet(criterion: &mut Criterion) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parquet");
    let spec = spec("parquet = 'long.parquet'");
    let mut group = criterion.benchmark_group("frame/parquet");
    group.throughput(Throughput::Elements(20_000)).sample_size(20);
    group.bench_function("matsieve", |bencher| bencher.iter(|| frame_all(&spec, &golden)));
    group.finish();
}

criterion_group!(benches, framing, decoding, parquet);
criterion_main!(benches);
