//! Training: members on folds and on all rows, weights, calibration, domain.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::candidate::{Rows, Task};

use super::card::{DescriptorCard, Provenance};
use super::column_weights::column_weights;
use super::dataset::Dataset;
use super::domain::Domain;
use super::error::SurrogateError;
use super::judge::OutOfFold;
use super::member::{Member, MemberPrediction, MemberSpec};
use super::model::{Model, objective};
use super::random::{permutation, random_u64};
use super::recipe::Recipe;
use super::splits::stratified;
use super::transform::{Transform, TransformChoice, chosen};
use super::trees::{Objective, TrainingMatrix};
use super::write_card::{Trained, write_card};

const SELF_CHECK_ROWS: usize = 16;

/// What the trainer says about the model, beside the data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Name of the model.
    pub name: String,
    /// Descriptors of the columns, in order; empty for tables of numbers.
    pub descriptors: Vec<DescriptorCard>,
    /// Source and licence of the data.
    pub provenance: Provenance,
}

/// How far training is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Trainings of a member that are done.
    pub done: usize,
    /// All trainings.
    pub total: usize,
}

/// Called after each training of a member, from any thread.
pub type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);

/// Trains a model on all usable rows.
///
/// Members × (folds + 1) trainings, of three or more classes as many for each class, run in parallel in the current rayon pool;
/// the result does not depend on how many threads it has.
///
/// # Errors
/// What [`Dataset::check`] refuses; a logarithm of targets that are not positive; a target about which the features say nothing.
pub fn train(
    data: &Dataset,
    recipe: &Recipe,
    about: &About,
    on_progress: OnProgress<'_>,
) -> Result<Model, SurrogateError> {
    data.check()?;
    train_rows(data, &data.usable(), recipe, about, on_progress)
}

/// The same on some of the usable rows of a checked data set.
pub(super) fn train_rows(
    data: &Dataset,
    rows: &[usize],
    recipe: &Recipe,
    about: &About,
    on_progress: OnProgress<'_>,
) -> Result<Model, SurrogateError> {
    let part = Part::new(data, rows, recipe)?;
    let specs: Vec<MemberSpec> = recipe.members.iter().map(|spec| spec.of_learned(part.transform)).collect();
    let num_folds = recipe.inner_folds.min(part.targets.len() / 2).max(2);
    let folds = stratified(&part.targets, num_folds, random_u64(recipe.seed, "inner folds", 0));
    let objective = objective(&data.task);
    let (out_of_fold, members) = fit_members(&part, &specs, (&folds, num_folds), recipe.seed, objective, on_progress);
    let weights = column_weights(&part.values, part.width, &part.learned, objective, recipe.seed);
    let (domain, distances) = Domain::fit(&part.values, &weights, recipe.seed);
    let fold_rows = OutOfFold {
        truth: &part.targets,
        learned: &part.learned,
        base: part.base.as_deref(),
        transform: part.transform,
        folds: &folds,
        members: &out_of_fold,
        distances: &distances,
    };
    let judged = match &data.task {
        Task::Regression => fold_rows.judge_regression(),
        Task::Classification { classes } if classes.len() == 2 => fold_rows.judge_classification(),
        Task::Classification { classes } => fold_rows.judge_classes(classes.len()),
    };
    if !recipe.accept_no_signal {
        judged.require_signal(data, objective)?;
    }
    let trained = Trained { data, rows, recipe, specs: &specs, num_folds, transform: part.transform, domain: &domain };
    let card = write_card(&trained, about, &part.targets, judged);
    let checks = permutation(part.targets.len(), recipe.seed, "self-check");
    let inputs = checks.iter().take(SELF_CHECK_ROWS).flat_map(|&row| part.row(row).iter().copied()).collect();
    Model::assemble(card, members, domain, inputs)
}

/// Features and targets of the rows in training.
struct Part {
    values: Vec<f64>,
    width: usize,
    /// Targets as given.
    targets: Vec<f64>,
    /// What members learn, one vector for each of their outputs: of three or more classes, whether a row is of the class.
    learned: Vec<Vec<f64>>,
    /// Base of each row, in Δ-learning.
    base: Option<Vec<f64>>,
    transform: Transform,
}

impl Part {
    fn new(data: &Dataset, rows: &[usize], recipe: &Recipe) -> Result<Self, SurrogateError> {
        let (values, width, targets) = (data.gather(rows), data.features.width(), data.targets(rows));
        let base: Option<Vec<f64>> =
            data.base.map(|column| rows.iter().map(|&row| data.features.row(row)[column]).collect());
        let x = TrainingMatrix { values: &values, width };
        let transform = match recipe.transform {
            _ if data.is_classification() || base.is_some() => Transform::Identity,
            TransformChoice::Fixed(transform) => transform,
            TransformChoice::Auto if recipe.members.iter().all(MemberSpec::is_forest) => Transform::Identity,
            TransformChoice::Auto => chosen(x, &targets, recipe.seed),
        };
        if transform == Transform::Log
            && let Some(place) = targets.iter().position(|&target| target <= 0.0)
        {
            let (target, id) = (data.target.label.clone(), data.ids[rows[place]].clone());
            return Err(SurrogateError::NoLogarithm { target, id, value: targets[place] });
        }
        let learned = match (data.num_outputs(), &base) {
            (1, Some(base)) => vec![targets.iter().zip(base).map(|(target, base)| target - base).collect()],
            (1, None) => vec![targets.iter().map(|&target| transform.forward(target)).collect()],
            (classes, _) => (0..classes)
                .map(|class| targets.iter().map(|&target| f64::from(u8::from(target == class as f64))).collect())
                .collect(),
        };
        Ok(Self { values, width, targets, learned, base, transform })
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    fn choose(&self, rows: &[usize], output: usize) -> (Vec<f64>, Vec<f64>) {
        let values = rows.iter().flat_map(|&row| self.row(row).iter().copied()).collect();
        (values, rows.iter().map(|&row| self.learned[output][row]).collect())
    }
}

enum Fitted {
    OutOfFold(Vec<usize>, MemberPrediction),
    Whole(Member),
}

/// One training: of which member, for which of its outputs, without which fold.
#[derive(Copy, Clone)]
struct Job {
    member: usize,
    output: usize,
    fold: Option<usize>,
}

/// Out-of-fold predictions of each member, and each member trained on all rows; outputs of one member follow each other.
fn fit_members(
    part: &Part,
    specs: &[MemberSpec],
    (folds, num_folds): (&[usize], usize),
    seed: u64,
    objective: Objective,
    on_progress: OnProgress<'_>,
) -> (Vec<MemberPrediction>, Vec<Member>) {
    let outputs = part.learned.len();
    let jobs: Vec<Job> = (0..specs.len() * outputs)
        .flat_map(|place| {
            let (member, output) = (place / outputs, place % outputs);
            (0..num_folds).map(Some).chain([None]).map(move |fold| Job { member, output, fold })
        })
        .collect();
    let done = AtomicUsize::new(0);
    let columns: Vec<usize> = (0..part.width).collect();
    let fitted: Vec<Fitted> = jobs
        .par_iter()
        .map(|job| {
            let spec = &specs[job.member];
            let seed = output_seed(member_seed(seed, job.member), job.output);
            let fitted = match job.fold {
                None => {
                    let x = TrainingMatrix { values: &part.values, width: part.width };
                    Fitted::Whole(spec.fit(x, &part.learned[job.output], objective, seed))
                }
                Some(fold) => {
                    let (test, train): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&row| folds[row] == fold);
                    let (values, targets) = part.choose(&train, job.output);
                    let x = TrainingMatrix { values: &values, width: part.width };
                    let member = spec.fit(x, &targets, objective, seed);
                    let mut prediction = MemberPrediction::default();
                    member.predict(Rows::new(&part.values, part.width, &test, &columns), &mut prediction);
                    Fitted::OutOfFold(test, prediction)
                }
            };
            on_progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total: jobs.len() });
            fitted
        })
        .collect();
    let n = part.targets.len();
    let mut predictions = vec![MemberPrediction::default(); specs.len() * outputs];
    let mut members = Vec::with_capacity(specs.len() * outputs);
    for (job, fitted) in jobs.into_iter().zip(fitted) {
        match fitted {
            Fitted::Whole(member) => members.push(member),
            Fitted::OutOfFold(rows, own) => {
                let all = &mut predictions[job.member * outputs + job.output];
                all.value.resize(n, f64::NAN);
                if !own.std.is_empty() {
                    all.std.resize(n, f64::NAN);
                }
                for (place, &row) in rows.iter().enumerate() {
                    all.value[row] = own.value[place];
                    if let Some(&std) = own.std.get(place) {
                        all.std[row] = std;
                    }
                }
            }
        }
    }
    (predictions, members)
}

/// Seed of a member's training.
pub(super) fn member_seed(seed: u64, number: usize) -> u64 {
    random_u64(seed, "member", number as u64)
}

fn output_seed(seed: u64, output: usize) -> u64 {
    if output == 0 { seed } else { random_u64(seed, "class", output as u64) }
}

#[cfg(test)]
mod tests {
    use super::super::Surrogate;
    use super::super::card::Uncertainty;
    use super::super::dataset::tests::{synthetic, uniform};
    use super::super::file;
    use super::*;
    use crate::candidate::{Column, Predictions};
    use crate::units::Unit;

    const SMALL: &str = "extra_trees:40,boosting:1";

    fn curve(n: usize) -> Dataset {
        synthetic(n, 4, Task::Regression, |row, x| 3.0 * x[0] + x[1] * x[1] + 0.2 * uniform("noise", row as u64))
    }

    fn classes(n: usize) -> Dataset {
        let task = Task::Classification { classes: vec!["no".into(), "yes".into()] };
        synthetic(n, 4, task, |row, x| f64::from(u8::from(x[0] + 0.3 * uniform("noise", row as u64) > 0.65)))
    }

    /// Three classes by the size of the first column.
    fn phases(n: usize) -> Dataset {
        let task = Task::Classification { classes: ["a", "b", "c"].map(str::to_owned).to_vec() };
        synthetic(n, 4, task, |row, x| (3.0 * (0.9 * x[0] + 0.1 * uniform("noise", row as u64))).floor().min(2.0))
    }

    /// Sizes over four orders of magnitude, off by up to a factor of e.
    fn sizes(n: usize) -> Dataset {
        let size = |row: usize, x: &[f64]| libm::exp(10.0 * x[0] + 2.0 * uniform("noise", row as u64));
        let target = Column::new("size", Unit::dimensionless());
        Dataset { target, ..synthetic(n, 4, Task::Regression, size) }
    }

    /// The second column and a correction.
    fn correction(n: usize) -> Dataset {
        Dataset { base: Some(1), ..synthetic(n, 4, Task::Regression, |_, x| x[1] + 0.1 * x[0]) }
    }

    fn small_model(data: &Dataset) -> Model {
        let mut recipe = Recipe::parse(SMALL, data, 5).expect("recipe");
        if data.target.label == "size" {
            recipe.transform = TransformChoice::Fixed(Transform::Log);
        }
        train(data, &recipe, &About::default(), &|_| ()).expect("learnable")
    }

    fn predict(model: &Model, values: &[f64], rows: &[usize]) -> Predictions {
        let columns: Vec<usize> = (0..4).collect();
        let mut out = Predictions::default();
        model.predict(Rows::new(values, 4, rows, &columns), &mut out);
        out
    }

    #[test]
    fn model_from_its_bytes_predicts_the_same_bits_and_has_the_same_digest() {
        for data in [curve(150), classes(150), phases(150), sizes(150), correction(150)] {
            let model = small_model(&data);
            let bytes = model.to_bytes().expect("bytes");
            let again = Model::from_bytes(&bytes).expect("own bytes");
            let rows: Vec<usize> = (0..150).collect();
            assert_eq!(predict(&model, data.features.values(), &rows), predict(&again, data.features.values(), &rows));
            assert_eq!(again.to_bytes().expect("bytes"), bytes);
            assert_eq!(again.sha256(), file::hex(&bytes[bytes.len() - 32..]));
        }
    }

    #[test]
    fn threads_do_not_change_a_model() {
        for data in [curve(120), phases(120)] {
            let bytes = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
                pool.install(|| small_model(&data).to_bytes().expect("bytes"))
            };
            let one = bytes(1);
            assert!(one == bytes(2) && one == bytes(3));
        }
    }

    #[test]
    fn intervals_of_logarithms_are_images_of_those_that_were_learned() {
        let data = sizes(300);
        let model = small_model(&data);
        assert_eq!(model.card().target.transform, Transform::Log);
        let out = predict(&model, data.features.values(), &[0, 1, 2]);
        for row in 0..3 {
            let (value, lower, upper) = (out.value[row], out.lower[row], out.upper[row]);
            assert!(0.0 < lower && (value * value / (lower * upper) - 1.0).abs() < 1e-9, "{lower} {value} {upper}");
        }
    }

    #[test]
    fn correction_is_added_to_the_base_of_the_row() {
        let data = correction(300);
        let model = small_model(&data);
        // The correction runs from 0 to 0.1; the base from 0 to 1.
        assert!(model.card().scores.mae.expect("scored") < 0.01, "{:?}", model.card().scores);
        let mut values = data.features.values()[..4].to_vec();
        let before = predict(&model, &values, &[0]).value[0];
        // Too far to reach for trees; the base reaches.
        values[1] += 1000.0;
        let after = predict(&model, &values, &[0]).value[0];
        assert!((after - before - 1000.0).abs() < 1.0, "{before} {after}");
    }

    #[test]
    fn probabilities_of_three_classes_sum_to_one_and_the_answer_is_the_greatest() {
        let data = phases(300);
        let model = small_model(&data);
        let rows: Vec<usize> = (0..300).collect();
        let out = predict(&model, data.features.values(), &rows);
        for (row, p) in out.probability.chunks_exact(3).enumerate() {
            assert!((p[0] + p[1] + p[2] - 1.0).abs() < 1e-12, "{p:?}");
            let answer = out.value[row] as usize;
            assert!(p.iter().all(|other| *other <= p[answer]));
            assert!(out.lower[row] <= p[answer] && p[answer] <= out.upper[row]);
        }
        assert!(model.card().scores.balanced_accuracy.expect("scored") > 0.85, "{:?}", model.card().scores);
    }

    #[test]
    fn prediction_of_a_row_does_not_depend_on_its_block() {
        let data = curve(120);
        let model = small_model(&data);
        let rows: Vec<usize> = (0..120).rev().collect();
        let together = predict(&model, data.features.values(), &rows);
        for (place, &row) in rows.iter().enumerate() {
            let alone = predict(&model, data.features.values(), &[row]);
            let mut expected = Predictions::default();
            expected.push_row(&together, place);
            assert_eq!(alone, expected, "row {row}");
        }
    }

    #[test]
    fn noise_is_refused_in_plain_words() {
        let data = synthetic(150, 4, Task::Regression, |row, _| uniform("target", row as u64));
        let recipe = Recipe::parse(SMALL, &data, 5).expect("recipe");
        let error = train(&data, &recipe, &About::default(), &|_| ()).expect_err("nothing to learn");
        assert!(error.to_string().contains("no better than"), "{error}");
        assert!(train(&data, &Recipe { accept_no_signal: true, ..recipe }, &About::default(), &|_| ()).is_ok());
    }

    #[test]
    fn file_whose_trees_were_exchanged_fails_its_self_check() {
        let model = small_model(&curve(150));
        let mut other = model.clone();
        other.members.swap(0, 1);
        other.card.members.swap(0, 1);
        // Weights stay where they were: the same parts, another model.
        other.card.stack.weights = vec![0.9, 0.1];
        let bytes = other.to_bytes().expect("bytes");
        assert!(matches!(Model::from_bytes(&bytes), Err(SurrogateError::SelfCheck { .. })));
    }

    #[test]
    fn card_that_contradicts_its_tensors_is_refused() {
        let model = small_model(&curve(150));
        let refused = |change: &dyn Fn(&mut Model)| {
            let mut altered = model.clone();
            change(&mut altered);
            let bytes = altered.to_bytes().expect("bytes");
            matches!(Model::from_bytes(&bytes), Err(SurrogateError::Malformed { .. }))
        };
        assert!(refused(&|m| m.card.columns.truncate(3)));
        assert!(refused(&|m| m.card.stack.weights = vec![f64::MAX, 1.0]));
        assert!(refused(&|m| drop(m.card.members.pop())));
        assert!(refused(&|m| m.card.self_check_vectors += 1));
        assert!(refused(&|m| m.card.target.base = Some("nowhere".into())));
        assert!(refused(&|m| m.card.target.transform = Transform::Log));
        let of_classes = |change: &dyn Fn(&mut Model)| {
            let mut altered = small_model(&phases(150));
            change(&mut altered);
            matches!(
                Model::from_bytes(&altered.to_bytes().expect("bytes")),
                Err(SurrogateError::Malformed { .. } | SurrogateError::SelfCheck { .. })
            )
        };
        assert!(of_classes(&|m| m.card.uncertainty = Uncertainty::Unknown));
        assert!(of_classes(&|m| m.card.target.base = Some("x1".into())));
        assert!(of_classes(&|m| match &mut m.card.uncertainty {
            Uncertainty::Classes(calibration) => calibration.sharpness = f64::MAX,
            other => panic!("{other:?}"),
        }));
        assert!(of_classes(&|m| match &mut m.card.task {
            Task::Classification { classes } => classes.push("d".into()),
            Task::Regression => panic!("three classes were trained"),
        }));
        assert!(refused(&|m| m.card.task = Task::Classification { classes: vec!["a".into(), "b".into()] }));
    }

    #[test]
    fn progress_counts_every_training_once() {
        let data = curve(60);
        let recipe = Recipe::parse("extra_trees:5", &data, 0).expect("recipe");
        let seen = std::sync::Mutex::new(Vec::new());
        let note = |progress: Progress| seen.lock().expect("no panic").push((progress.done, progress.total));
        train(&data, &recipe, &About::default(), &note).expect("learnable");
        let mut seen = seen.into_inner().expect("no panic");
        seen.sort_unstable();
        assert_eq!(seen, (1..=6).map(|done| (done, 6)).collect::<Vec<_>>());
    }

    #[test]
    fn intervals_of_fresh_rows_cover_nine_in_ten() {
        let all = curve(1200);
        let mut data = all.clone();
        for row in 600..1200 {
            data.faulted[row] = true;
        }
        let recipe = Recipe::parse("extra_trees:60", &data, 1).expect("recipe");
        let model = train(&data, &recipe, &About::default(), &|_| ()).expect("learnable");
        let rows: Vec<usize> = (600..1200).collect();
        let out = predict(&model, all.features.values(), &rows);
        let inside =
            rows.iter().enumerate().filter(|&(i, &row)| (out.lower[i]..=out.upper[i]).contains(&all.values[row]));
        // Binomial standard error of 600 rows at 0.9 is 1.2 points, that of the calibration rows the same: ±4 of both.
        let covered = inside.count() as f64 / 600.0;
        assert!((0.83..=0.97).contains(&covered), "{covered}");
    }
}
