//! Crystal descriptors that need no Voronoi cells: time per structure, over the ordered structures of the golden tests.

#[path = "../tests/support/crystals.rs"]
mod crystals;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use matsieve::descriptor::{self, REGISTRY, Scratch};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let structures = crystals::golden_structures();
    let ordered = structures.iter().filter(|(_, structure)| structure.is_ordered());
    let candidates: Vec<_> = ordered.map(|(_, structure)| crystals::candidate(structure)).collect();
    let mut group = criterion.benchmark_group("structures");
    group.throughput(Throughput::Elements(candidates.len() as u64));
    for entry in REGISTRY {
        let built = descriptor::build(entry.name, &serde_json::Value::Null).ok();
        let Some(descriptor) = built.filter(|descriptor| descriptor.needs().structure) else { continue };
        let mut out = vec![0.0; descriptor.columns().len()];
        let mut scratch = Scratch::new();
        group.bench_function(entry.name, |bencher| {
            bencher.iter(|| {
                for candidate in &candidates {
                    scratch.begin(candidate);
                    descriptor.describe(candidate, &mut scratch, black_box(&mut out)).expect("can be described");
                }
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
