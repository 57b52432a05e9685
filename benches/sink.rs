//! The result file at work: rows × 132 columns from memory to a sealed file, beside a plain sequential write.
//!
//! `MATSIEVE_BENCH_ROWS` sets the number of rows (default 100,000).

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use matsieve::candidate::{Column, FeatureGroup, FeatureType, Layout, Ledger, StoredRows};
use matsieve::sink::{Identity, Opened, ResultFile, RootAttributes, Store, StoreOptions, verify};
use matsieve::units::Unit;

const COLUMNS: usize = 132;
const BATCH: usize = 4096;

fn layout(feature_type: FeatureType) -> Layout {
    let columns = (0..COLUMNS).map(|n| Column::new(format!("column {n}"), Unit::dimensionless())).collect();
    Layout {
        features: vec![FeatureGroup {
            name: "magpie".to_owned(),
            version: 1,
            parameters: serde_json::json!({}),
            references: Vec::new(),
            columns,
        }],
        feature_type,
        ..Layout::default()
    }
}

/// Rows with numbers as composition statistics have them: many decimals, some columns of few values.
fn batch(start: usize, end: usize) -> StoredRows {
    let count = end - start;
    let value = |row: usize, column: usize| {
        let x = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(column as u32) >> 40;
        if column.is_multiple_of(4) { (x % 100) as f64 } else { x as f64 / 7.0 }
    };
    StoredRows {
        index: (start as u64..end as u64).collect(),
        id: (start..end).map(|row| format!("mp-{row}")).collect(),
        formula: (start..end).map(|row| format!("Fe{}O{}", row % 17 + 1, row % 13 + 1)).collect(),
        origin: (start..end).map(|row| format!("candidates.csv#{row}")).collect(),
        verdict: vec![0; count],
        features: vec![(start..end).flat_map(|row| (0..COLUMNS).map(move |column| value(row, column))).collect()],
        ..StoredRows::default()
    }
}

fn write(out: &Path, batches: &[StoredRows], feature_type: FeatureType, compression: Option<u8>) {
    let _ = fs::remove_file(out);
    let options = StoreOptions { compression, threads: 2, ..StoreOptions::default() };
    let opened = Store::open(out, layout(feature_type), Identity::default(), options).expect("a store");
    let Opened::Fresh(mut store) = opened else { panic!("not fresh") };
    let mut ledger = Ledger::new([("parse", "formula")]);
    let empty = ledger.clone();
    let mut start = 0;
    for rows in batches {
        let end = start + rows.len() as u64;
        store.append(rows, &[], start..end, &empty).expect("rows that fit");
        start = end;
    }
    ledger.rules[0].input = start;
    ledger.rules[0].kept = start;
    let root = RootAttributes::default();
    black_box(store.finish(&ledger, None, &[("product", "{}".to_owned())], &root).expect("a result"));
}

fn sink(c: &mut Criterion) {
    let rows: usize = std::env::var("MATSIEVE_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk");
    let batches: Vec<StoredRows> =
        (0..rows).step_by(BATCH).map(|start| batch(start, (start + BATCH).min(rows))).collect();
    let bytes = (rows * COLUMNS * 8) as u64;
    let mut group = c.benchmark_group("sink");
    group.sample_size(10).throughput(Throughput::Bytes(bytes));

    let plain = vec![1_u8; 1 << 20];
    group.bench_function(BenchmarkId::new("sequential write and fsync", rows), |b| {
        b.iter(|| {
            let mut file = fs::File::create(folder.path().join("plain")).expect("a file");
            let mut left = bytes as usize;
            while left > 0 {
                let count = left.min(plain.len());
                file.write_all(&plain[..count]).expect("room");
                left -= count;
            }
            file.sync_all().expect("a disk");
        });
    });
    let out = folder.path().join("r.h5");
    for (name, feature_type, compression) in
        [("f64", FeatureType::F64, None), ("f32", FeatureType::F32, None), ("f64 deflate 1", FeatureType::F64, Some(1))]
    {
        group.bench_function(BenchmarkId::new(name, rows), |b| {
            b.iter(|| write(&out, &batches, feature_type, compression));
        });
    }
    write(&out, &batches, FeatureType::F64, None);
    group.bench_function(BenchmarkId::new("open", rows), |b| b.iter(|| ResultFile::open(&out).expect("a result")));
    group.bench_function(BenchmarkId::new("verify", rows), |b| b.iter(|| verify(&out).expect("a result")));
    group.finish();
}

criterion_group!(benches, sink);
criterion_main!(benches);
