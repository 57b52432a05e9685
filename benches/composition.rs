//! Composition descriptors: time per candidate, over the compositions of the golden test; and the kernel of `magpie` alone.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind};
use matsieve::chem::{Composition, Element, element_table};
use matsieve::descriptor::{self, REGISTRY, Scratch};
use matsieve_kernels::dispatch::{Level, range_mean_deviation_mode_24};

fn candidates() -> Vec<Candidate> {
    include_str!("../tests/golden/composition/compositions.txt")
        .lines()
        .map(|line| {
            let mut composition = Composition::new();
            for pair in line.split(' ').collect::<Vec<_>>().chunks(2) {
                composition.add(Element::from_symbol(pair[0]).expect("symbol"), pair[1].parse().expect("amount"));
            }
            let kind = CandidateKind::Composition(composition);
            Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
        })
        .collect()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let candidates = candidates();
    let mut group = criterion.benchmark_group("composition");
    group.throughput(Throughput::Elements(candidates.len() as u64));

    let mut table = vec![[0.0; 24]; 118];
    for (place, column) in element_table::magpie().columns.iter().take(22).enumerate() {
        for (row, value) in table.iter_mut().zip(column.values.iter()) {
            row[place] = *value;
        }
    }
    let prepared: Vec<(Vec<usize>, Vec<f64>)> = candidates
        .iter()
        .filter_map(Candidate::composition)
        .map(|composition| composition.pairs().iter().map(|(element, amount)| (element.row(), *amount)).unzip())
        .collect();
    for level in Level::available() {
        group.bench_function(format!("kernel of magpie, {}", level.name()), |bencher| {
            let mut out = [0.0; 132];
            bencher.iter(|| {
                for (rows, amounts) in &prepared {
                    range_mean_deviation_mode_24(level, &table, rows, amounts, black_box(&mut out));
                }
            });
        });
    }
    group.bench_function("begin", |bencher| {
        let mut scratch = Scratch::new();
        bencher.iter(|| {
            for candidate in &candidates {
                scratch.begin(black_box(candidate));
            }
        });
    });
    for entry in REGISTRY {
        let built = descriptor::build(entry.name, &serde_json::Value::Null).ok();
        let Some(descriptor) = built.filter(|descriptor| !descriptor.needs().structure) else { continue };
        let mut out = vec![0.0; descriptor.columns().len()];
        let mut scratch = Scratch::new();
        group.bench_function(entry.name, |bencher| {
            bencher.iter(|| {
                for candidate in &candidates {
                    scratch.begin(candidate);
                    descriptor.describe(candidate, &mut scratch, black_box(&mut out)).expect("has a composition");
                }
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
