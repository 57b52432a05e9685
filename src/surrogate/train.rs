//! Training: members on folds and on all rows, weights, calibration, domain, card.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::candidate::{Predictions, Rows, Task};

use super::calibration::{Bounds, Calibration, INTERVAL_LEVEL};
use super::card::{
    Card, DescriptorCard, MemberCard, Metrics, Provenance, RecipeCard, SCHEMA_VERSION, TargetCard, TrainingCard,
    Uncertainty,
};
use super::dataset::Dataset;
use super::domain::Domain;
use super::error::SurrogateError;
use super::member::{Member, MemberPrediction};
use super::metrics::{log_loss, median};
use super::model::{Model, objective, spread};
use super::probability::ProbabilityCalibration;
use super::random::{permutation, random_u64};
use super::recipe::Recipe;
use super::scores::{classification_metrics, point_metrics, probability_metrics, regression_metrics};
use super::splits::stratified;
use super::stack::{self, Stack};
use super::trees::{Objective, TrainingMatrix};

const PARITY_ROWS: usize = 1000;
const SELF_CHECK_ROWS: usize = 16;
/// One-sided 5 % point of the normal distribution: how sure the gain over the constant answer must be.
const SIGNAL_SCORE: f64 = 1.645;

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
/// Members × (folds + 1) trainings run in parallel in the current rayon pool; the result does not depend on how many threads it has.
///
/// # Errors
/// What [`Dataset::check`] refuses; a target about which the features say nothing.
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
    let part = Part { values: data.gather(rows), width: data.features.width(), targets: data.targets(rows) };
    let num_folds = recipe.inner_folds.min(part.targets.len() / 2).max(2);
    let folds = stratified(&part.targets, num_folds, random_u64(recipe.seed, "inner folds", 0));
    let objective = objective(&data.task);
    let (out_of_fold, members) = fit_members(&part, &folds, num_folds, recipe, objective, on_progress);
    let (domain, distances) = Domain::fit(&part.values, part.width, recipe.seed);
    let fold_rows = OutOfFold { part: &part, folds: &folds, members: &out_of_fold, distances: &distances };
    let judged = match objective {
        Objective::Regression => fold_rows.judge_regression(),
        Objective::Probability => fold_rows.judge_classification(),
    };
    if !recipe.accept_no_signal {
        judged.require_signal(data, objective)?;
    }
    let card = write_card(data, rows, recipe, about, num_folds, &domain, &fold_rows, judged);
    let checks = permutation(part.targets.len(), recipe.seed, "self-check");
    let inputs = checks.iter().take(SELF_CHECK_ROWS).flat_map(|&row| part.row(row).iter().copied()).collect();
    Model::assemble(card, members, domain, inputs)
}

/// Features and targets of the rows in training.
struct Part {
    values: Vec<f64>,
    width: usize,
    targets: Vec<f64>,
}

impl Part {
    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    fn choose(&self, rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let values = rows.iter().flat_map(|&row| self.row(row).iter().copied()).collect();
        (values, rows.iter().map(|&row| self.targets[row]).collect())
    }
}

enum Fitted {
    OutOfFold(Vec<usize>, MemberPrediction),
    Whole(Member),
}

/// Out-of-fold predictions of each member, and each member trained on all rows.
fn fit_members(
    part: &Part,
    folds: &[usize],
    num_folds: usize,
    recipe: &Recipe,
    objective: Objective,
    on_progress: OnProgress<'_>,
) -> (Vec<MemberPrediction>, Vec<Member>) {
    let jobs: Vec<(usize, Option<usize>)> = (0..recipe.members.len())
        .flat_map(|member| (0..num_folds).map(Some).chain([None]).map(move |fold| (member, fold)))
        .collect();
    let done = AtomicUsize::new(0);
    let columns: Vec<usize> = (0..part.width).collect();
    let fitted: Vec<Fitted> = jobs
        .par_iter()
        .map(|&(number, fold)| {
            let spec = &recipe.members[number];
            let seed = member_seed(recipe.seed, number);
            let fitted = match fold {
                None => {
                    let x = TrainingMatrix { values: &part.values, width: part.width };
                    Fitted::Whole(spec.fit(x, &part.targets, objective, seed))
                }
                Some(fold) => {
                    let (test, train): (Vec<usize>, Vec<usize>) = (0..folds.len()).partition(|&row| folds[row] == fold);
                    let (values, targets) = part.choose(&train);
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
    let mut predictions = vec![MemberPrediction::default(); recipe.members.len()];
    let mut members = Vec::with_capacity(recipe.members.len());
    for ((number, _), fitted) in jobs.into_iter().zip(fitted) {
        match fitted {
            Fitted::Whole(member) => members.push(member),
            Fitted::OutOfFold(rows, own) => {
                let all = &mut predictions[number];
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

/// Rows with what members said of them without having seen them.
struct OutOfFold<'a> {
    part: &'a Part,
    folds: &'a [usize],
    members: &'a [MemberPrediction],
    distances: &'a [f64],
}

/// What follows from the out-of-fold predictions.
struct Judged {
    stack: Stack,
    uncertainty: Uncertainty,
    /// Predictions of each row by weights and calibration fitted without its fold.
    predictions: Predictions,
    scores: Metrics,
    baseline: Metrics,
    curve: Vec<[f64; 2]>,
    member_scores: Vec<Metrics>,
    /// Loss of the constant answer minus loss of the model, row by row.
    gains: Vec<f64>,
}

impl OutOfFold<'_> {
    fn values(&self) -> Vec<Vec<f64>> {
        self.members.iter().map(|member| member.value.clone()).collect()
    }

    fn rows_outside(&self, fold: usize) -> Vec<usize> {
        (0..self.folds.len()).filter(|&row| self.folds[row] != fold).collect()
    }

    fn num_folds(&self) -> usize {
        self.folds.iter().max().map_or(0, |&last| last + 1)
    }

    fn judge_regression(&self) -> Judged {
        let truth = &self.part.targets;
        let n = truth.len();
        let (stack, combined) = Stack::fit(&self.values(), truth, self.folds, stack::Objective::AbsoluteError);
        let bounds = Bounds::of(truth);
        let value: Vec<f64> = combined.iter().map(|&value| bounds.clip(value)).collect();
        let spreads: Vec<f64> = (0..n).map(|row| spread(&stack.weights, self.members, row)).collect();
        let residual: Vec<f64> = truth.iter().zip(&value).map(|(t, v)| t - v).collect();
        let fit = |rows: &[usize]| {
            let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<_>>();
            Calibration::fit(&of(&residual), &of(&spreads), &of(self.distances), bounds.clone())
        };
        let crossed: Vec<Calibration> = (0..self.num_folds()).map(|fold| fit(&self.rows_outside(fold))).collect();
        let mut predictions = Predictions::default();
        predictions.reset(n, 0);
        for row in 0..n {
            let calibration = &crossed[self.folds[row]];
            let std = calibration.std(spreads[row]);
            let (lower, upper) = calibration.interval(value[row], spreads[row], self.distances[row], INTERVAL_LEVEL);
            (predictions.value[row], predictions.std[row]) = (value[row], std);
            (predictions.lower[row], predictions.upper[row]) = (lower, upper);
            predictions.domain_distance[row] = self.distances[row];
        }
        let used: Vec<&Calibration> = self.folds.iter().map(|&fold| &crossed[fold]).collect();
        let (scores, curve) = regression_metrics(truth, &predictions, &spreads, &used);
        let middle = median(truth);
        let gains = (0..n).map(|row| (truth[row] - middle).abs() - residual[row].abs()).collect();
        Judged {
            stack,
            uncertainty: Uncertainty::Regression(fit(&(0..n).collect::<Vec<_>>())),
            predictions,
            scores,
            baseline: point_metrics(truth, &vec![middle; n]),
            curve,
            member_scores: self.members.iter().map(|member| point_metrics(truth, &member.value)).collect(),
            gains,
        }
    }

    fn judge_classification(&self) -> Judged {
        let truth = &self.part.targets;
        let n = truth.len();
        let (stack, combined) = Stack::fit(&self.values(), truth, self.folds, stack::Objective::LogLoss);
        let fit = |rows: &[usize]| {
            let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<_>>();
            ProbabilityCalibration::fit(&of(&combined), &of(truth))
        };
        let crossed: Vec<ProbabilityCalibration> =
            (0..self.num_folds()).map(|fold| fit(&self.rows_outside(fold))).collect();
        let mut predictions = Predictions::default();
        predictions.reset(n, 2);
        for row in 0..n {
            let calibration = &crossed[self.folds[row]];
            let probability = calibration.apply(combined[row]);
            let std = calibration.std(probability, spread(&stack.weights, self.members, row));
            (predictions.value[row], predictions.std[row]) = (probability, std);
        }
        let (scores, curve) = classification_metrics(truth, &predictions.value);
        let mut positive = 0.0;
        for value in truth {
            positive += value;
        }
        let frequency = positive / n as f64;
        let loss = |row: usize, p: f64| log_loss(&[truth[row] > 0.5], &[p]);
        let gains = (0..n).map(|row| loss(row, frequency) - loss(row, predictions.value[row])).collect();
        Judged {
            stack,
            uncertainty: Uncertainty::Classification(fit(&(0..n).collect::<Vec<_>>())),
            predictions,
            scores,
            baseline: probability_metrics(truth, &vec![frequency; n]),
            curve,
            member_scores: self.members.iter().map(|member| probability_metrics(truth, &member.value)).collect(),
            gains,
        }
    }
}

impl Judged {
    /// An error unless the mean gain over the constant answer is larger than chance explains (one-sided, 5 %).
    fn require_signal(&self, data: &Dataset, objective: Objective) -> Result<(), SurrogateError> {
        let n = self.gains.len() as f64;
        let (mut mean, mut squares) = (0.0, 0.0);
        for gain in &self.gains {
            mean += gain / n;
        }
        for gain in &self.gains {
            squares += (gain - mean) * (gain - mean);
        }
        let error = (squares / (n - 1.0) / n).sqrt();
        if mean > SIGNAL_SCORE * error {
            return Ok(());
        }
        let (metric, model, reference, answer) = match objective {
            Objective::Regression => ("mean absolute error", self.scores.mae, self.baseline.mae, "median"),
            Objective::Probability => ("log-loss", self.scores.log_loss, self.baseline.log_loss, "class frequencies"),
        };
        Err(SurrogateError::NoSignal {
            target: data.target.label.clone(),
            metric,
            model: model.unwrap_or(f64::NAN),
            reference: reference.unwrap_or(f64::NAN),
            answer,
        })
    }
}

#[expect(clippy::too_many_arguments, reason = "the card gathers every part of a training once")]
fn write_card(
    data: &Dataset,
    rows: &[usize],
    recipe: &Recipe,
    about: &About,
    num_folds: usize,
    domain: &Domain,
    fold_rows: &OutOfFold<'_>,
    judged: Judged,
) -> Card {
    let truth = &fold_rows.part.targets;
    let mut sample: Vec<usize> =
        permutation(truth.len(), recipe.seed, "parity").into_iter().take(PARITY_ROWS).collect();
    sample.sort_unstable();
    let columns = data.features.columns();
    let undefined = |column: usize| rows.iter().filter(|&&row| data.features.row(row)[column].is_nan()).count();
    let members = recipe.members.iter().zip(judged.member_scores).enumerate();
    Card {
        schema_version: SCHEMA_VERSION,
        name: about.name.clone(),
        software: concat!("matsieve ", env!("CARGO_PKG_VERSION")).into(),
        target: TargetCard {
            column: data.target.clone(),
            transform: "identity".into(),
            statistic: if matches!(data.task, Task::Regression) { "median" } else { "class" }.into(),
            interval: 0.90,
            min: truth.iter().copied().fold(f64::INFINITY, f64::min),
            median: median(truth),
            max: truth.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        },
        task: data.task.clone(),
        descriptors: about.descriptors.clone(),
        columns: columns.to_vec(),
        training: TrainingCard {
            name: data.name.clone(),
            provenance: about.provenance.clone(),
            rows: rows.len(),
            faulted: data.faulted.iter().filter(|&&faulted| faulted).count(),
            row_hash: data.row_hash(rows),
            duplicates: data.duplicates(rows),
            elements: data.elements(rows),
            undefined: (0..columns.len())
                .map(|column| (columns[column].label.clone(), undefined(column)))
                .filter(|pair| pair.1 > 0)
                .collect(),
        },
        recipe: RecipeCard {
            name: recipe.name.clone(),
            seed: recipe.seed,
            split: format!("{num_folds} folds, stratified by target, shuffled"),
        },
        members: members
            .map(|(number, (spec, scores))| MemberCard {
                name: spec.name().into(),
                spec: spec.clone(),
                seed: member_seed(recipe.seed, number),
                scores,
            })
            .collect(),
        stack: judged.stack,
        scores: judged.scores,
        baseline: judged.baseline,
        uncertainty: judged.uncertainty,
        calibration_curve: judged.curve,
        parity: sample
            .iter()
            .map(|&row| [truth[row], judged.predictions.value[row], judged.predictions.std[row]])
            .collect(),
        domain: domain.card(),
        self_check_vectors: 0,
        import: None,
    }
}

fn member_seed(seed: u64, number: usize) -> u64 {
    random_u64(seed, "member", number as u64)
}

#[cfg(test)]
mod tests {
    use super::super::Surrogate;
    use super::super::dataset::tests::{synthetic, uniform};
    use super::super::file;
    use super::*;

    const SMALL: &str = "extra_trees:40,boosting:1";

    fn curve(n: usize) -> Dataset {
        synthetic(n, 4, Task::Regression, |row, x| 3.0 * x[0] + x[1] * x[1] + 0.2 * uniform("noise", row as u64))
    }

    fn classes(n: usize) -> Dataset {
        let task = Task::Classification { classes: vec!["no".into(), "yes".into()] };
        synthetic(n, 4, task, |row, x| f64::from(u8::from(x[0] + 0.3 * uniform("noise", row as u64) > 0.65)))
    }

    fn small_model(data: &Dataset) -> Model {
        let recipe = Recipe::parse(SMALL, data, 5).expect("recipe");
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
        for data in [curve(150), classes(150)] {
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
        let data = curve(120);
        let bytes = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("pool");
            pool.install(|| small_model(&data).to_bytes().expect("bytes"))
        };
        let one = bytes(1);
        assert!(one == bytes(2) && one == bytes(3));
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
