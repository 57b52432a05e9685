//! Prediction with trees, per row, at every instruction set of this processor that the kernels know.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use matsieve::candidate::Rows;
use matsieve::surrogate::trees::{
    BoostingParameters, ExtraTreesParameters, ForestPrediction, Loss, Objective, TrainingMatrix, fit_boosting,
    fit_extra_trees,
};

const WIDTH: usize = 145;

/// Numbers in 0..1 that need no crate: the fractional parts of multiples of the golden ratio, scrambled by squaring.
fn matrix(rows: usize) -> Vec<f64> {
    (0..rows * WIDTH).map(|i| (((i * i) % 1_000_003) as f64 * 0.618_033_988_749_895).fract()).collect()
}

fn targets(x: &[f64]) -> Vec<f64> {
    x.chunks_exact(WIDTH).map(|row| 3.0 * row[0] * row[1] + row[2] - row[3] * row[3] + 0.3 * row[4]).collect()
}

fn predict(criterion: &mut Criterion) {
    let x = matrix(4600);
    let y = targets(&x);
    let train = TrainingMatrix { values: &x, width: WIDTH };
    let columns: Vec<usize> = (0..WIDTH).collect();
    let rows: Vec<usize> = (0..4096).collect();
    let view = Rows::new(&x, WIDTH, &rows, &columns);
    let mut group = criterion.benchmark_group("predict");
    group.throughput(Throughput::Elements(rows.len() as u64)).sample_size(10);
    for leaves in [8, 31, 100] {
        let parameters = BoostingParameters { num_trees: 500, num_leaves: leaves, ..Default::default() };
        let boosted = fit_boosting(train, &y, Loss::Squared, &parameters, 1, None);
        let mut out = vec![0.0; rows.len()];
        group.bench_function(format!("boosting/500x{leaves}"), |bencher| {
            bencher.iter(|| boosted.predict(view, &mut out))
        });
    }
    let forest = fit_extra_trees(train, &y, Objective::Regression, &ExtraTreesParameters::default(), 1);
    let mut out = ForestPrediction::default();
    group.bench_function("extra_trees/500", |bencher| {
        bencher.iter(|| forest.predict(view, &[0.05, 0.95], &mut out));
    });
    group.finish();
}

criterion_group!(benches, predict);
criterion_main!(benches);
