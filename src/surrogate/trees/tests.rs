//! Claims about whole ensembles: accuracy, routing, missing values, determinism, storage.

use matsieve_kernels::dispatch::Level;
use proptest::prelude::*;

use super::*;
use crate::candidate::Rows;
use crate::surrogate::tensors::Tensors;

const WIDTH: usize = 6;

/// Numbers in 0..1 without a generator to trust: fractional parts of multiples of irrational numbers.
fn matrix(num_rows: usize, is_missing: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    let value = |row: usize, column: usize| {
        let step = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0][column].sqrt();
        let x = ((row + 1) as f64 * step).fract();
        // The last column has five values only, so that thresholds fill its gaps.
        let x = if column == 5 { (x * 5.0).floor() } else { x };
        if is_missing(row, column) { f64::NAN } else { x }
    };
    (0..num_rows * WIDTH).map(|i| value(i / WIDTH, i % WIDTH)).collect()
}

fn smooth(x: &[f64]) -> Vec<f64> {
    x.chunks_exact(WIDTH).map(|row| 4.0 * row[0] * row[1] + row[2] + 0.2 * row[5]).collect()
}

fn classes(x: &[f64]) -> Vec<f64> {
    x.chunks_exact(WIDTH).map(|row| f64::from(row[0] + row[1] > 1.0)).collect()
}

fn with_rows<T>(x: &[f64], job: impl FnOnce(Rows<'_>) -> T) -> T {
    let (rows, columns): (Vec<_>, Vec<_>) = ((0..x.len() / WIDTH).collect(), (0..WIDTH).collect());
    job(Rows::new(x, WIDTH, &rows, &columns))
}

fn forest(x: &[f64], y: &[f64], parameters: &ExtraTreesParameters) -> Forest {
    fit_extra_trees(TrainingMatrix { values: x, width: WIDTH }, y, Objective::Regression, parameters, 7)
}

fn boosted(x: &[f64], y: &[f64], loss: Loss, num_leaves: usize) -> Boosted {
    let parameters =
        BoostingParameters { num_trees: 60, learning_rate: 0.1, num_leaves, colsample: 0.7, ..Default::default() };
    fit_boosting(TrainingMatrix { values: x, width: WIDTH }, y, loss, &parameters, 7, None)
}

fn predict_forest(forest: &Forest, x: &[f64]) -> ForestPrediction {
    let mut out = ForestPrediction::default();
    with_rows(x, |rows| forest.predict(rows, &[0.05, 0.95], &mut out));
    out
}

fn predict_boosted(boosted: &Boosted, x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len() / WIDTH];
    with_rows(x, |rows| boosted.predict(rows, &mut out));
    out
}

fn in_threads<T: Send>(num_threads: usize, job: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(num_threads).build().expect("threads start").install(job)
}

fn few_trees() -> ExtraTreesParameters {
    ExtraTreesParameters { num_trees: 40, max_features: 0.5, ..Default::default() }
}

#[test]
fn fully_grown_trees_on_all_rows_return_their_training_targets() {
    let x = matrix(200, |_, _| false);
    let y = smooth(&x);
    let parameters = ExtraTreesParameters { min_samples_leaf: 1, sampling: Sampling::All, ..few_trees() };
    let out = predict_forest(&forest(&x, &y, &parameters), &x);
    let range = y.iter().copied().fold(0.0, f64::max);
    assert!(out.spread.iter().chain(&out.std).all(|&deviation| deviation < 1e-9));
    for ((mean, median), y) in out.mean.iter().zip(&out.median).zip(&y) {
        // Means are stored in 65,535 steps of the range; 200 targets have a level each.
        assert!((mean - y).abs() <= range / 65_535.0 && (median - y).abs() < 1e-12, "{mean}, {median} for {y}");
    }
}

#[test]
fn unseen_rows_of_a_smooth_target_are_predicted_well() {
    let all = matrix(3000, |_, _| false);
    let (x, x_test) = all.split_at(2000 * WIDTH);
    let (y, y_test) = (smooth(x), smooth(x_test));
    let mean = y_test.iter().sum::<f64>() / y_test.len() as f64;
    let total: f64 = y_test.iter().map(|y| (y - mean) * (y - mean)).sum();
    let r2 =
        |predicted: &[f64]| 1.0 - y_test.iter().zip(predicted).map(|(y, f)| (y - f) * (y - f)).sum::<f64>() / total;
    // Loose bounds that a broken split or leaf misses; benches/peers/trees.py compares with the peers.
    assert!(r2(&predict_forest(&forest(x, &y, &few_trees()), x_test).mean) > 0.95);
    assert!(r2(&predict_boosted(&boosted(x, &y, Loss::Squared, 31), x_test)) > 0.95);
    assert!(r2(&predict_boosted(&boosted(x, &y, Loss::L1, 8), x_test)) > 0.95);
}

#[test]
fn quantile_loss_leaves_its_share_of_rows_below() {
    let x = matrix(2000, |_, _| false);
    // Noise that no column explains: another irrational step.
    let noise = |row: usize| ((row + 1) as f64 * 17.0_f64.sqrt()).fract();
    let y: Vec<f64> = smooth(&x).iter().enumerate().map(|(row, y)| y + noise(row)).collect();
    for probability in [0.1, 0.9] {
        let predicted = predict_boosted(&boosted(&x, &y, Loss::Quantile(probability), 8), &x);
        let below = y.iter().zip(&predicted).filter(|(y, f)| y < f).count() as f64 / y.len() as f64;
        assert!((below - probability).abs() < 0.05, "{below} of the rows lie below quantile {probability}");
    }
}

#[test]
fn class_probabilities_part_the_classes() {
    let all = matrix(3000, |_, _| false);
    let (x, x_test) = all.split_at(2000 * WIDTH);
    let (y, y_test) = (classes(x), classes(x_test));
    let matrix = TrainingMatrix { values: x, width: WIDTH };
    let forest = fit_extra_trees(matrix, &y, Objective::Probability, &few_trees(), 1);
    for predicted in [predict_forest(&forest, x_test).mean, predict_boosted(&boosted(x, &y, Loss::Logistic, 8), x_test)]
    {
        assert!(predicted.iter().all(|p| (0.0..=1.0).contains(p)));
        let right = predicted.iter().zip(&y_test).filter(|(p, y)| (**p > 0.5) == (**y > 0.5)).count();
        assert!(right > 940, "{right} of 1000");
    }
}

#[test]
fn missing_values_alone_can_decide() {
    // Column 0 is missing exactly where the target is high; its values say nothing.
    let x = matrix(600, |row, column| column == 0 && row % 3 == 0);
    let y: Vec<f64> = (0..600).map(|row| if row % 3 == 0 { 5.0 } else { 1.0 }).collect();
    let out = predict_forest(&forest(&x, &y, &few_trees()), &x);
    let parameters = BoostingParameters { num_trees: 60, learning_rate: 0.1, colsample: 1.0, ..Default::default() };
    let matrix = TrainingMatrix { values: &x, width: WIDTH };
    let predicted = predict_boosted(&fit_boosting(matrix, &y, Loss::Squared, &parameters, 7, None), &x);
    for ((mean, boosted), y) in out.mean.iter().zip(&predicted).zip(&y) {
        // Only half of the columns are tried at a split of the forest, so some leaves end without column 0.
        assert!((mean - y).abs() < 0.6, "forest: {mean} for {y}");
        // Sixty steps of a tenth leave 4 × 0.9⁶⁰ = 0.007, and a little more by lambda.
        assert!((boosted - y).abs() < 0.05, "boosting: {boosted} for {y}");
    }
}

#[test]
fn constant_target_and_constant_columns_give_the_constant() {
    let y = vec![2.5; 50];
    for x in [matrix(50, |_, _| false), vec![1.0; 50 * WIDTH], vec![f64::NAN; 50 * WIDTH]] {
        let out = predict_forest(&forest(&x, &y, &few_trees()), &x);
        assert!(out.mean.iter().chain(&out.median).all(|&mean| mean == 2.5));
        assert!(out.std.iter().all(|&std| std == 0.0));
        assert!(predict_boosted(&boosted(&x, &y, Loss::L1, 8), &x).iter().all(|&f| f == 2.5));
    }
}

#[test]
fn early_stopping_keeps_the_trees_that_help() {
    let all = matrix(600, |_, _| false);
    let y: Vec<f64> = (0..600).map(|row| ((row + 1) as f64 * 17.0_f64.sqrt()).fract()).collect();
    let (x, x_test) = all.split_at(400 * WIDTH);
    let parameters = BoostingParameters { num_trees: 400, patience: 20, ..Default::default() };
    let matrix = |values| TrainingMatrix { values, width: WIDTH };
    let watched = Some((matrix(x_test), &y[400..]));
    let model = fit_boosting(matrix(x), &y[..400], Loss::Squared, &parameters, 1, watched);
    assert!(model.num_trees() < 100, "noise cannot be learned, yet {} trees were kept", model.num_trees());
}

#[test]
fn training_gives_the_same_bits_at_any_number_of_threads() {
    let x = matrix(3000, |row, column| (row * 7 + column) % 50 == 0);
    let y: Vec<f64> = (0..3000).map(|row| ((row * row) as f64 * 0.1).sin()).collect();
    let train = |num_threads| {
        in_threads(num_threads, || {
            let mut tensors = forest(&x, &y, &few_trees()).tensors().0;
            tensors.extend(boosted(&x, &y, Loss::L1, 31).tensors().0);
            tensors
        })
    };
    let once = train(1);
    assert!(once == train(2) && once == train(3));
}

#[test]
fn wide_matrix_trained_by_blocks_in_threads_gives_the_same_bits() {
    // Enough columns and rows that histograms are handed to other threads.
    let (width, num_rows) = (80, 4000);
    let x: Vec<f64> = (0..width * num_rows).map(|i| ((i * i % 10_007) as f64 * 0.37).fract()).collect();
    let y: Vec<f64> = x.chunks_exact(width).map(|row| row[3] * row[70] + row[41]).collect();
    let parameters = BoostingParameters { num_trees: 5, colsample: 1.0, subsample: 1.0, ..Default::default() };
    let train = |num_threads| {
        in_threads(num_threads, || {
            fit_boosting(TrainingMatrix { values: &x, width }, &y, Loss::Squared, &parameters, 1, None).tensors()
        })
    };
    let once = train(1);
    assert!(once == train(2) && once == train(3));
}

#[test]
fn prediction_of_a_row_depends_on_no_neighbour_and_no_instruction_set() {
    let x = matrix(1500, |row, column| (row + column) % 40 == 0);
    let y: Vec<f64> = (0..1500).map(|row| ((row * row) as f64 * 0.1).sin()).collect();
    let forest = forest(&x, &y, &few_trees());
    // 31 leaves go by bit vectors, 400 by walking.
    let models = [boosted(&x, &y, Loss::Squared, 31), boosted(&x, &y, Loss::Squared, 400)];
    let expected = predict_forest(&forest, &x);
    let columns: Vec<usize> = (0..WIDTH).collect();
    let orders: [Vec<usize>; 3] = [vec![1499], (0..1500).rev().collect(), (100..1131).collect()];
    for level in Level::available() {
        for rows in &orders {
            let view = Rows::new(&x, WIDTH, rows, &columns);
            let mut out = ForestPrediction::default();
            forest.predict_at(level, view, &[], &mut out);
            for (position, &row) in rows.iter().enumerate() {
                assert_eq!(out.mean[position].to_bits(), expected.mean[row].to_bits());
                assert_eq!(out.median[position].to_bits(), expected.median[row].to_bits());
                assert_eq!(out.std[position].to_bits(), expected.std[row].to_bits());
            }
            for model in &models {
                let expected = predict_boosted(model, &x);
                let mut out = vec![0.0; rows.len()];
                model.predict_at(level, view, &mut out);
                assert!(rows.iter().zip(out).all(|(&row, value)| value.to_bits() == expected[row].to_bits()));
            }
        }
    }
}

/// The plain meaning of a stored model: `x <= threshold` on the features themselves.
fn naive(tensors: &Tensors, values: &[f64], row: &[f64]) -> f64 {
    let trees = tree_set::TreeSet::read(tensors).expect("just stored");
    let mut first_leaf = 0;
    trees.trees().fold(0.0, |sum, tree| {
        let (right, ranks) = (layout::right_children(tree), layout::leaf_ranks(tree));
        let mut at = 0;
        while let Some(split) = tree[at] {
            let x = row[usize::from(split.feature)];
            let threshold = trees.edges[usize::from(split.feature)][usize::from(split.code)];
            at = if if x.is_nan() { split.missing_left } else { x <= threshold } { at + 1 } else { right[at] };
        }
        let leaf = first_leaf + ranks[at];
        first_leaf += tree.len().div_ceil(2);
        sum + values[leaf]
    })
}

#[test]
fn codes_route_rows_as_thresholds_on_the_features_do() {
    let x = matrix(800, |row, column| (row + column) % 11 == 0);
    let y: Vec<f64> = (0..800).map(|row| ((row * row) as f64 * 0.1).sin()).collect();
    // Rows that hit thresholds, missing values everywhere, and values far outside.
    let mut probes = matrix(300, |row, column| row % 4 == column % 4);
    probes.extend([f64::NAN; WIDTH]);
    probes.extend([1e300, -1e300, 0.0, -0.0, 5e-324, 2.5]);
    for num_leaves in [2, 31, 300] {
        let model = boosted(&x, &y, Loss::Squared, num_leaves);
        let tensors = model.tensors();
        let start = tensors.real("start").expect("stored")[0];
        let values = tensors.real("leaf_value").expect("stored");
        for edges in tensors.real("edges").expect("stored").chunks(WIDTH) {
            let mut row = [0.5; WIDTH];
            row[..edges.len()].copy_from_slice(edges);
            probes.extend(row);
        }
        let predicted = predict_boosted(&model, &probes);
        for (row, predicted) in probes.chunks_exact(WIDTH).zip(predicted) {
            // Sums start elsewhere here, so only the last bits may differ.
            assert!((start + naive(&tensors, &values, row) - predicted).abs() < 1e-12, "{row:?}");
        }
    }
}

#[test]
fn columns_with_thousands_of_thresholds_route_rows_as_the_thresholds_do() {
    // More thresholds than a byte can number, as a stored model may have: a balanced tree of 2048 leaves on column 0,
    // then one split on column 2 and a lone leaf.
    let edges = vec![(0..2047).map(|i| f64::from(i) * 0.5).collect(), vec![], vec![1.5]];
    fn balanced(codes: std::ops::Range<u16>, nodes: &mut Vec<Option<tree_set::Split>>) {
        if codes.is_empty() {
            nodes.push(None);
            return;
        }
        let code = codes.start + codes.len() as u16 / 2;
        nodes.push(Some(tree_set::Split { feature: 0, missing_left: code.is_multiple_of(2), code }));
        balanced(codes.start..code, nodes);
        balanced(code + 1..codes.end, nodes);
    }
    let mut nodes = Vec::new();
    balanced(0..2047, &mut nodes);
    nodes.extend([Some(tree_set::Split { feature: 2, missing_left: true, code: 0 }), None, None, None]);
    let trees = tree_set::TreeSet::new(&edges, 3, nodes);
    // Whole numbers, whose sums are exact.
    let values: Vec<f64> = (0..trees.num_leaves()).map(|leaf| leaf as f64).collect();
    let model = Boosted::new(trees, values.clone(), 0.25, Loss::Squared);
    let tensors = model.tensors();
    let x: Vec<f64> = (0..6000)
        .flat_map(|i| {
            let first = if i % 50 == 0 { f64::NAN } else { f64::from(i) * 0.25 - 100.0 };
            [first, f64::NAN, [1.5, 1.5_f64.next_up(), f64::NAN, f64::NEG_INFINITY, f64::INFINITY][i as usize % 5]]
        })
        .collect();
    let (rows, columns): (Vec<_>, Vec<_>) = ((0..6000).collect(), (0..3).collect());
    for level in Level::available() {
        let mut out = vec![0.0; 6000];
        model.predict_at(level, Rows::new(&x, 3, &rows, &columns), &mut out);
        for (row, predicted) in x.chunks_exact(3).zip(out) {
            assert_eq!(predicted, 0.25 + naive(&tensors, &values, row), "{row:?} at {}", level.name());
        }
    }
}

#[test]
fn models_survive_being_stored() {
    let x = matrix(500, |row, column| (row + column) % 40 == 0);
    let y: Vec<f64> = (0..500).map(|row| ((row * row) as f64 * 0.1).sin()).collect();
    let trained = forest(&x, &y, &few_trees());
    let read = Forest::from_tensors(&trained.tensors()).expect("just stored");
    assert_eq!(read.tensors(), trained.tensors());
    assert_eq!(predict_forest(&read, &x), predict_forest(&trained, &x));
    for loss in [Loss::L1, Loss::Squared, Loss::Quantile(0.9)] {
        let trained = boosted(&x, &y, loss, 31);
        let read = Boosted::from_tensors(&trained.tensors()).expect("just stored");
        assert_eq!(read.loss(), loss);
        assert_eq!(read.tensors(), trained.tensors());
        assert_eq!(predict_boosted(&read, &x), predict_boosted(&trained, &x));
    }
}

#[test]
fn each_missing_tensor_is_an_error_that_names_it() {
    let x = matrix(60, |_, _| false);
    let y = smooth(&x);
    let stored = [forest(&x, &y, &few_trees()).tensors(), boosted(&x, &y, Loss::L1, 8).tensors()];
    for (number, tensors) in stored.iter().enumerate() {
        for dropped in 0..tensors.0.len() {
            let mut tensors = tensors.clone();
            let name = tensors.0.remove(dropped).name;
            let error =
                if number == 0 { Forest::from_tensors(&tensors).err() } else { Boosted::from_tensors(&tensors).err() };
            let error = error.expect("a tensor is missing").to_string();
            assert!(error.contains(&name), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_damage_of_a_stored_model_panics(tensor in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), value in any::<u8>(), is_forest in any::<bool>()) {
        let x = matrix(40, |row, column| row % 9 == column);
        let y = smooth(&matrix(40, |_, _| false));
        let parameters = ExtraTreesParameters { num_trees: 2, ..Default::default() };
        let mut tensors = if is_forest { forest(&x, &y, &parameters).tensors() } else { boosted(&x, &y, Loss::L1, 4).tensors() };
        let position = tensor.index(tensors.0.len());
        let data = &mut tensors.0[position].data;
        let at = byte.index(data.len());
        data[at] = value;
        if is_forest {
            if let Ok(forest) = Forest::from_tensors(&tensors) && forest.width() == WIDTH {
                prop_assert_eq!(predict_forest(&forest, &x).mean.len(), 40);
            }
        } else if let Ok(boosted) = Boosted::from_tensors(&tensors) && boosted.width() == WIDTH {
            prop_assert_eq!(predict_boosted(&boosted, &x).len(), 40);
        }
    }
}
