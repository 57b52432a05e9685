//! Formulas read, oxidation states guessed and neutrality judged, one thread; `benches/peers/chemistry.py` is the other side.
//!
//! Needs the shared data sets (`MATSIEVE_DATASETS`); says so and passes without them.

use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use matsieve::chem::neutrality::{MixedValence, NeutralityRule, RuleOptions};
use matsieve::chem::oxidation::{Evidence, GuessScratch, OxidationGuesser, OxidationTable};
use matsieve::chem::{Composition, parse_formula, parse_formula_into};

fn formulas(table: &str) -> Option<Vec<String>> {
    let folder = std::env::var_os("MATSIEVE_DATASETS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets"), PathBuf::from);
    let Ok(file) = std::fs::File::open(folder.join(table)) else {
        eprintln!("skipped: no datasets");
        return None;
    };
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).expect("gzip");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().expect("header").clone();
    let place = header.iter().position(|name| name == "formula" || name == "composition").expect("formula column");
    Some(reader.records().map(|record| record.expect("record")[place].to_owned()).collect())
}

fn parsed(formulas: &[String]) -> Vec<Composition> {
    formulas.iter().filter_map(|formula| parse_formula(formula).ok()).collect()
}

fn parsing(criterion: &mut Criterion) {
    let Some(formulas) = formulas("crabnet_benchmark/OQMD_Bandgap/test.csv.gz") else { return };
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(formulas.len() as u64));
    let mut composition = Composition::new();
    group.bench_function("OQMD", |bencher| {
        bencher.iter(|| {
            formulas.iter().filter(|formula| parse_formula_into(black_box(formula), &mut composition).is_ok()).count()
        });
    });
}

fn guessing(criterion: &mut Criterion) {
    let Some(formulas) = formulas("matbench_tables/matbench_expt_gap.csv.gz") else { return };
    let compositions = parsed(&formulas);
    let mut group = criterion.benchmark_group("guess");
    group.throughput(Throughput::Elements(compositions.len() as u64));
    let (guesser, mut scratch) = (OxidationGuesser::pymatgen(), GuessScratch::default());
    group.bench_function("expt_gap", |bencher| {
        bencher.iter(|| {
            for composition in &compositions {
                black_box(guesser.guess(composition, Some(50), &mut scratch));
            }
        });
    });
}

fn judging(criterion: &mut Criterion) {
    let Some(formulas) = formulas("crabnet_benchmark/OQMD_Bandgap/test.csv.gz") else { return };
    let compositions = parsed(&formulas);
    let mut group = criterion.benchmark_group("validity");
    group.throughput(Throughput::Elements(compositions.len() as u64));
    for (name, table, electronegativity_order, mixed_valence, allow_alloys) in [
        ("default", "icsd24", Some(0.0), MixedValence::None, true),
        ("neutral_only", "icsd24", None, MixedValence::None, false),
        ("mixed_valence", "pymatgen_sp", Some(0.0), MixedValence::Listed, false),
    ] {
        let table = OxidationTable::named(table, Evidence::default()).expect("named table");
        let rule = NeutralityRule::new(&table, &RuleOptions { electronegativity_order, mixed_valence, allow_alloys });
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for composition in &compositions {
                    black_box(rule.judge(composition));
                }
            });
        });
    }
}

criterion_group!(benches, parsing, guessing, judging);
criterion_main!(benches);
