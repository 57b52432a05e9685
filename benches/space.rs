//! Enumerated spaces: tuples swept a second with rules pushed down, candidates found by index.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use matsieve::candidate::BlockRule;
use matsieve::chem::neutrality::{MixedValence, NeutralityRule, RuleOptions};
use matsieve::chem::oxidation::{Evidence, OxidationTable};
use matsieve::source::space::{Space, SpaceSpec};
use matsieve::source::{Decoder, SweepCount, SweepStep};

/// The space of SMACT's tutorial, widened: 81 elements, amounts up to 8.
fn space(num_elements: usize) -> Space {
    let spec = serde_json::json!({ "elements": ["nonradioactive"], "num_elements": num_elements, "max_amount": 8 });
    Space::new(&SpaceSpec::from_value(&spec).expect("good keys")).expect("good space")
}

fn sweep(c: &mut Criterion) {
    let mut group = c.benchmark_group("sweep");
    for num_elements in 2..=4 {
        let space = space(num_elements);
        let count = space.count().min(8_000_000);
        // From the middle: the first element sets all have hydrogen.
        let start = (space.count() - count) / 2;
        group.throughput(Throughput::Elements(count)).sample_size(10);
        for (name, mixed_valence) in [("neutral+ordered", MixedValence::None), ("mixed valence", MixedValence::Listed)]
        {
            let table = OxidationTable::named("icsd24", Evidence::default()).expect("named table");
            let options = RuleOptions { electronegativity_order: Some(0.0), mixed_valence, allow_alloys: false };
            let rule = NeutralityRule::new(&table, &options);
            let steps = [SweepStep { rule: &rule as &dyn BlockRule, keep_undecided: false }];
            group.bench_function(format!("{num_elements} elements, {name}"), |b| {
                let mut sweeper = space.sweeper(&steps).expect("a space has blocks");
                b.iter(|| {
                    let mut counts = [SweepCount::default()];
                    let mut survivors = 0u64;
                    sweeper.sweep(start..start + count, &mut counts, &mut |survivor| {
                        survivors += black_box(survivor.index) & 1
                    });
                    (counts, survivors)
                });
            });
        }
    }
}

fn address(c: &mut Criterion) {
    let space = space(4);
    let mut index = 0;
    c.bench_function("candidate of an index, 4 elements", |b| {
        b.iter(|| {
            index = (index + 1_234_567_891) % space.count();
            black_box(space.at(index))
        });
    });
}

criterion_group!(benches, sweep, address);
criterion_main!(benches);
