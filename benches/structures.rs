//! Crystal descriptors: time per structure, over the ordered structures of the golden tests.

#[path = "../tests/support/crystals.rs"]
mod crystals;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use matsieve::crystal::Structure;
use matsieve::descriptor::{self, REGISTRY, Scratch};
use serde_json::{Value, json};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let structures = crystals::golden_structures();
    let ordered = structures.iter().filter(|(_, structure)| structure.is_ordered());
    let candidates: Vec<_> = ordered.map(|(_, structure)| crystals::candidate(structure)).collect();
    let mut group = criterion.benchmark_group("structures");
    group.throughput(Throughput::Elements(candidates.len() as u64));
    let mut species: Vec<_> = structures.iter().flat_map(|(_, structure)| elements(structure)).collect();
    species.sort_unstable();
    species.dedup();
    let plain = REGISTRY.iter().map(|entry| (entry.name.to_owned(), entry.name, json!({})));
    let chosen = [
        ("partial_rdf", "partial_rdf", json!({ "species": ["Na", "Ti", "O"] })),
        ("acsf", "acsf", acsf(&species)),
        ("soap, all species", "soap", json!({ "compression": "off", "species": species, "n_max": 4, "l_max": 4 })),
        ("agni by species", "agni", json!({ "resolve": ["all", "species"], "species": species })),
        ("agni by orbits", "agni", json!({ "resolve": "orbits" })),
    ];
    let chosen = chosen.map(|(label, name, parameters)| (label.to_owned(), name, parameters));
    for (label, name, parameters) in plain.chain(chosen) {
        let built = descriptor::build(name, &parameters).ok();
        let Some(descriptor) = built.filter(|descriptor| descriptor.needs().structure) else { continue };
        let mut out = vec![0.0; descriptor.columns().len()];
        let mut scratch = Scratch::new();
        group.bench_function(label, |bencher| {
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

fn elements(structure: &Structure) -> impl Iterator<Item = &'static str> + '_ {
    (0..structure.len()).flat_map(|site| structure.occupants(site)).map(|occupant| occupant.element.symbol())
}

fn acsf(species: &[&str]) -> Value {
    json!({
        "species": species, "r_cut": 6.0, "g2_params": [[1.0, 0.0], [0.5, 2.0], [1.0, 3.0], [4.0, 4.0]],
        "g4_params": [[0.005, 1.0, 1.0], [0.005, 1.0, -1.0], [0.005, 4.0, 1.0], [0.005, 4.0, -1.0]],
    })
}
