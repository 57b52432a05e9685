//! Our half of `trees.py`: trains and predicts on the matrices in a folder, writes predictions and seconds there.
//!
//! Files are little-endian f64: `x_train`, `y_train`, `x_test` (row-major), written by the script with their width.

use std::path::Path;
use std::time::Instant;

use matsieve::candidate::Rows;
use matsieve::surrogate::trees::{
    BoostingParameters, ExtraTreesParameters, ForestPrediction, Loss, Objective, Sampling, TrainingMatrix,
    fit_boosting, fit_extra_trees,
};

type Anything = Box<dyn std::error::Error>;

fn read(folder: &Path, name: &str) -> Result<Vec<f64>, Anything> {
    let bytes = std::fs::read(folder.join(name))?;
    Ok(bytes.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
}

fn write(folder: &Path, name: &str, values: &[f64]) -> Result<(), Anything> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Ok(std::fs::write(folder.join(name), bytes)?)
}

/// Least seconds of some repetitions, and the last result.
fn timed<T>(repetitions: usize, mut job: impl FnMut() -> T) -> (f64, T) {
    let mut once = || {
        let start = Instant::now();
        let result = job();
        (start.elapsed().as_secs_f64(), result)
    };
    let first = once();
    (1..repetitions).fold(first, |(least, _), _| {
        let (seconds, result) = once();
        (least.min(seconds), result)
    })
}

fn main() -> Result<(), Anything> {
    let Some(folder) = std::env::var_os("MATSIEVE_TREES_PEER") else {
        println!("nothing to do: run benches/peers/trees.py");
        return Ok(());
    };
    let folder = Path::new(&folder);
    let (x, y, x_test) = (read(folder, "x_train")?, read(folder, "y_train")?, read(folder, "x_test")?);
    let width = x.len() / y.len();
    let train = TrainingMatrix { values: &x, width };
    let (all_rows, columns): (Vec<_>, Vec<_>) = ((0..x_test.len() / width).collect(), (0..width).collect());
    let rows = Rows::new(&x_test, width, &all_rows, &columns);
    let num_rows = rows.len() as f64;

    let parameters = ExtraTreesParameters { sampling: Sampling::All, min_samples_leaf: 1, ..Default::default() };
    let (training, forest) = timed(1, || fit_extra_trees(train, &y, Objective::Regression, &parameters, 1));
    let mut prediction = ForestPrediction::default();
    let (predicting, ()) = timed(3, || forest.predict(rows, &[0.05, 0.95], &mut prediction));
    println!("extra_trees {training} {} {}", predicting / num_rows * 1e6, forest.num_leaves());
    write(folder, "extra_trees_mean", &prediction.mean)?;
    write(folder, "extra_trees_median", &prediction.median)?;
    write(folder, "extra_trees_quantiles", &prediction.quantiles)?;

    for (name, loss, leaves, subsample, colsample) in [
        ("boosting_squared_31", Loss::Squared, 31, 1.0, 1.0),
        ("boosting_l1_31", Loss::L1, 31, 0.7, 0.2),
        ("boosting_squared_8", Loss::Squared, 8, 1.0, 1.0),
        ("boosting_squared_100", Loss::Squared, 100, 1.0, 1.0),
    ] {
        let parameters = BoostingParameters {
            num_trees: 500,
            num_leaves: leaves,
            subsample,
            colsample,
            min_samples_leaf: 20,
            ..Default::default()
        };
        let (training, boosted) = timed(1, || fit_boosting(train, &y, loss, &parameters, 1, None));
        let mut prediction = vec![0.0; rows.len()];
        let (predicting, ()) = timed(5, || boosted.predict(rows, &mut prediction));
        println!("{name} {training} {} {}", predicting / num_rows * 1e6, boosted.num_leaves());
        write(folder, name, &prediction)?;
    }
    Ok(())
}
