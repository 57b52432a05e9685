//! Honest scores of a recipe: the whole training repeated on each fold, tested on rows it never saw.

use std::collections::BTreeSet;
use std::time::Instant;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::candidate::{Predictions, Rows, Task};

use super::Surrogate;
use super::calibration::Calibration;
use super::card::{Metrics, Uncertainty};
use super::checkpoint::Checkpoint;
use super::class_probability::{frequencies as class_frequencies, most_probable, shares};
use super::dataset::Dataset;
use super::error::SurrogateError;
use super::metrics::{median, quantile_sorted};
use super::model::{Model, spread};
use super::recipe::Recipe;
use super::scores::{
    class_metrics, class_metrics_and_curve, classification_metrics, mean_metrics, normal_metrics, point_metrics,
    probability_metrics, regression_metrics,
};
use super::splits::Fold;
use super::train::{About, OnProgress, Progress, train_rows};

/// Rows predicted at once.
const BLOCK: usize = 4096;

/// Scores of a recipe; what `evaluate --json` prints. Metrics are means over folds, as leaderboards report them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Name of the target.
    pub target: String,
    /// Unit of errors.
    pub unit: String,
    /// `regression` or `classification`.
    pub task: String,
    /// Recipe.
    pub recipe: String,
    /// Seed.
    pub seed: u64,
    /// Tested rows.
    pub n: usize,
    /// Tested rows that faulted: scored with the training median, or the more frequent class.
    pub n_faulted: usize,
    /// Each fold.
    pub folds: Vec<FoldScores>,
    /// Rows whose formula was trained on, all folds; means over the folds that have such rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_formulas: Option<FormulaScores>,
    /// The other rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unseen_formulas: Option<FormulaScores>,
    /// Means over folds.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Calibration of all tested rows of all folds together that did not fault. Groups by std of one fold hold few rows: errors
    /// of kurtosis 100 alone give a mean `ence` of 0.2 to 0.5 there, whatever the std.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub all_folds: Option<Metrics>,
    /// Rows of the table left out because their target is empty.
    #[serde(default)]
    pub n_without_target: usize,
    /// Wall time of training and prediction, all folds.
    pub seconds: f64,
    /// What each member scores alone, means over folds.
    pub members: IndexMap<String, Metrics>,
}

/// Scores of one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldScores {
    /// Name of the fold.
    pub name: String,
    /// Rows trained on.
    pub n_train: usize,
    /// Rows tested.
    pub n_test: usize,
    /// Tested rows that faulted.
    pub n_faulted: usize,
    /// Share of tested rows inside the applicability domain.
    pub in_domain: f64,
    /// Rows whose formula was trained on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seen_formulas: Option<FormulaScores>,
    /// The other rows.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unseen_formulas: Option<FormulaScores>,
    /// Scores. Calibration speaks of the rows that did not fault.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Wall time of training and prediction.
    pub seconds: f64,
    /// What each member scores alone.
    pub members: IndexMap<String, Metrics>,
}

/// Scores of those test rows whose reduced formula the training rows have (polymorphs, duplicates), and of the others.
///
/// A random split of a table with repeated formulas flatters: the first figure is what a look-up would get as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormulaScores {
    /// Rows.
    pub n: usize,
    /// Errors, without calibration.
    pub metrics: Metrics,
}

/// Scores and the predictions behind them.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Scores.
    pub scores: Scores,
    /// Row of the data set that each prediction is for; in fold order.
    pub rows: Vec<usize>,
    /// Fold that tested it.
    pub folds: Vec<usize>,
    /// Predictions.
    pub predictions: Predictions,
}

/// Trains on each fold's training rows and scores its test rows.
///
/// Folds run one after the other (each is parallel inside), so that one fold alone gives the same numbers. With a
/// `checkpoint`, folds finished before are taken from there, and each new one is kept.
///
/// # Errors
/// What [`Dataset::check`] refuses, a fold whose training rows are too few or of one class, a checkpoint that cannot be
/// written.
pub fn evaluate(
    data: &Dataset,
    folds: &[Fold],
    recipe: &Recipe,
    checkpoint: Option<&Checkpoint>,
    on_progress: OnProgress<'_>,
) -> Result<Evaluation, SurrogateError> {
    data.check()?;
    let mut evaluation = Evaluation {
        scores: Scores::join(data, recipe, Vec::new()),
        rows: Vec::new(),
        folds: Vec::new(),
        predictions: Predictions::default(),
    };
    let mut scores = Vec::with_capacity(folds.len());
    for (number, fold) in folds.iter().enumerate() {
        let progress = |one: Progress| {
            let (done, total) = (number * one.total + one.done, folds.len() * one.total);
            on_progress(Progress { done, total });
        };
        let (fold_scores, predictions) = match checkpoint.and_then(|kept| kept.load(data, fold, recipe)) {
            Some(finished) => finished,
            None => {
                let (scores, predictions) = evaluate_fold(data, fold, recipe, &progress)?;
                if let Some(checkpoint) = checkpoint {
                    checkpoint.save(data, fold, recipe, (&scores, &predictions))?;
                }
                (scores, predictions)
            }
        };
        for (place, &row) in fold.test.iter().enumerate() {
            evaluation.rows.push(row);
            evaluation.folds.push(number);
            evaluation.predictions.push_row(&predictions, place);
        }
        scores.push(fold_scores);
    }
    evaluation.scores = Scores::join(data, recipe, scores);
    evaluation.scores.all_folds = all_folds(data, &evaluation);
    Ok(evaluation)
}

/// Calibration over the test rows of all folds.
fn all_folds(data: &Dataset, evaluation: &Evaluation) -> Option<Metrics> {
    if data.is_classification() {
        return None;
    }
    let (mut truth, mut predictions) = (Vec::new(), Predictions::default());
    for (place, &row) in evaluation.rows.iter().enumerate() {
        if !data.faulted[row] {
            truth.push(data.values[row]);
            predictions.push_row(&evaluation.predictions, place);
        }
    }
    (!truth.is_empty()).then(|| normal_metrics(&truth, &predictions))
}

impl Scores {
    /// Joins folds, whether evaluated together or one by one.
    pub fn join(data: &Dataset, recipe: &Recipe, folds: Vec<FoldScores>) -> Self {
        let all: Vec<Metrics> = folds.iter().map(|fold| fold.metrics.clone()).collect();
        let mut members = IndexMap::new();
        for name in folds.first().into_iter().flat_map(|fold| fold.members.keys()) {
            let own: Vec<Metrics> = folds.iter().filter_map(|fold| fold.members.get(name).cloned()).collect();
            members.insert(name.clone(), mean_metrics(&own));
        }
        let by_formula = |pick: fn(&FoldScores) -> Option<&FormulaScores>| {
            let own: Vec<&FormulaScores> = folds.iter().filter_map(pick).collect();
            let metrics: Vec<Metrics> = own.iter().map(|scores| scores.metrics.clone()).collect();
            let n = own.iter().map(|scores| scores.n).sum();
            (n > 0).then(|| FormulaScores { n, metrics: mean_metrics(&metrics) })
        };
        Self {
            seen_formulas: by_formula(|fold| fold.seen_formulas.as_ref()),
            unseen_formulas: by_formula(|fold| fold.unseen_formulas.as_ref()),
            target: data.target.label.clone(),
            unit: data.target.unit.to_string(),
            task: if data.is_classification() { "classification" } else { "regression" }.into(),
            recipe: recipe.name.clone(),
            seed: recipe.seed,
            n: folds.iter().map(|fold| fold.n_test).sum(),
            n_faulted: folds.iter().map(|fold| fold.n_faulted).sum(),
            metrics: mean_metrics(&all),
            all_folds: None,
            n_without_target: data.without_target,
            seconds: folds.iter().fold(0.0, |sum, fold| sum + fold.seconds),
            members,
            folds,
        }
    }
}

fn evaluate_fold(
    data: &Dataset,
    fold: &Fold,
    recipe: &Recipe,
    on_progress: OnProgress<'_>,
) -> Result<(FoldScores, Predictions), SurrogateError> {
    let start = Instant::now();
    let train: Vec<usize> = fold.train.iter().copied().filter(|&row| !data.faulted[row]).collect();
    check_training_rows(data, fold, &train)?;
    // A fold without signal is a result here, not an error.
    let recipe = Recipe { accept_no_signal: true, ..recipe.clone() };
    let model = train_rows(data, &train, &recipe, &About::default(), on_progress)?;
    let usable: Vec<usize> = (0..fold.test.len()).filter(|&place| !data.faulted[fold.test[place]]).collect();
    let classes = data.num_classes();
    let fallback = Fallback::of(&data.targets(&train), classes);
    let mut predictions = Predictions::default();
    predictions.reset(fold.test.len(), classes);
    for place in 0..fold.test.len() {
        fallback.write(&mut predictions, place);
    }
    let mut members = vec![fallback.member_scores(fold.test.len()); model.card.members.len()];
    let mut spreads = vec![f64::NAN; fold.test.len()];
    predict_blocks(&model, data, fold, &usable, &mut predictions, &mut members, &mut spreads);
    let seconds = start.elapsed().as_secs_f64();

    let truth: Vec<f64> = data.targets(&fold.test);
    let score = |values: &[f64]| scores_of(&truth, values, classes);
    let seen = seen_formulas(data, &train, &fold.test);
    let of_formulas = |wanted: bool| {
        let places: Vec<usize> = (0..fold.test.len()).filter(|&place| seen[place] == Some(wanted)).collect();
        let pick = |values: &[f64]| -> Vec<f64> { places.iter().map(|&place| values[place]).collect() };
        let metrics = match classes {
            0 => point_metrics(&pick(&truth), &pick(&predictions.value)),
            2 => probability_metrics(&pick(&truth), &pick(&positive(&predictions))),
            _ => {
                let own = |place: &usize| &predictions.probability[place * classes..(place + 1) * classes];
                let probability: Vec<f64> = places.iter().flat_map(own).copied().collect();
                scores_of(&pick(&truth), &probability, classes)
            }
        };
        (!places.is_empty()).then_some(FormulaScores { n: places.len(), metrics })
    };
    let names = model.card.members.iter().map(|member| member.name.clone());
    let inside = predictions.in_domain.iter().filter(|&&flag| flag == 1).count();
    let scores = FoldScores {
        name: fold.name.clone(),
        n_train: train.len(),
        n_test: fold.test.len(),
        n_faulted: fold.test.len() - usable.len(),
        in_domain: inside as f64 / fold.test.len() as f64,
        seen_formulas: of_formulas(true),
        unseen_formulas: of_formulas(false),
        metrics: fold_metrics(&model, &truth, &usable, &predictions, &spreads),
        seconds,
        members: names.zip(members.iter().map(|values| score(values))).collect(),
    };
    Ok((scores, predictions))
}

/// Whether the reduced formula of each test row occurs among the training rows; `None` for rows without composition.
fn seen_formulas(data: &Dataset, train: &[usize], test: &[usize]) -> Vec<Option<bool>> {
    let formula = |row: usize| data.compositions[row].as_ref().map(|composition| composition.reduced_formula());
    let known: BTreeSet<String> = train.iter().filter_map(|&row| formula(row)).collect();
    test.iter().map(|&row| formula(row).map(|formula| known.contains(&formula))).collect()
}

fn check_training_rows(data: &Dataset, fold: &Fold, train: &[usize]) -> Result<(), SurrogateError> {
    let bad = |what: String| SurrogateError::BadSplit { reason: format!("fold {}: {what}", fold.name) };
    if train.len() < super::dataset::MIN_ROWS {
        return Err(bad(format!(
            "{} usable training rows, at least {} are needed",
            train.len(),
            super::dataset::MIN_ROWS
        )));
    }
    if data.is_classification() {
        for class in 0..data.num_classes() {
            let found = train.iter().filter(|&&row| data.values[row] == class as f64).count();
            if found < super::dataset::MIN_CLASS_ROWS {
                let needed = super::dataset::MIN_CLASS_ROWS;
                return Err(bad(format!("class {class} has {found} training rows, at least {needed} are needed")));
            }
        }
    } else if train.iter().all(|&row| data.values[row] == data.values[train[0]]) {
        return Err(bad(format!("all training rows have the target {}", data.values[train[0]])));
    }
    Ok(())
}

/// Scores of values, of probabilities of the positive of two classes, or of probabilities of all classes.
fn scores_of(truth: &[f64], values: &[f64], classes: usize) -> Metrics {
    match classes {
        0 => point_metrics(truth, values),
        2 => probability_metrics(truth, values),
        _ => class_metrics(&labels(truth), values, classes),
    }
}

fn labels(truth: &[f64]) -> Vec<usize> {
    truth.iter().map(|&class| class as usize).collect()
}

/// Probability of the last class of each row.
fn positive(predictions: &Predictions) -> Vec<f64> {
    predictions.probability.chunks_exact(predictions.num_classes.max(1)).map(|p| p[p.len() - 1]).collect()
}

/// Answer for a row without features.
struct Fallback {
    /// Median, or frequency of the positive class.
    score: f64,
    /// Frequency of each class.
    frequencies: Vec<f64>,
    std: f64,
    lower: f64,
    upper: f64,
}

impl Fallback {
    fn of(targets: &[f64], classes: usize) -> Self {
        let n = targets.len() as f64;
        let mean = targets.iter().fold(0.0, |sum, value| sum + value / n);
        let std = targets.iter().fold(0.0, |sum, value| sum + (value - mean) * (value - mean) / n).sqrt();
        let mut frequencies = Vec::new();
        if classes > 0 {
            if classes > 2 {
                frequencies = class_frequencies(&labels(targets), classes);
            }
            return Self { score: mean, frequencies, std, lower: 0.0, upper: 1.0 };
        }
        let mut sorted = targets.to_vec();
        sorted.sort_by(f64::total_cmp);
        let [lower, upper] = [0.05, 0.95].map(|level| quantile_sorted(&sorted, level));
        Self { score: median(targets), frequencies, std, lower, upper }
    }

    /// What a member is taken to say of rows without features.
    fn member_scores(&self, rows: usize) -> Vec<f64> {
        match self.frequencies.is_empty() {
            true => vec![self.score; rows],
            false => self.frequencies.repeat(rows),
        }
    }

    fn write(&self, predictions: &mut Predictions, place: usize) {
        predictions.value[place] = self.score;
        (predictions.std[place], predictions.lower[place], predictions.upper[place]) =
            (self.std, self.lower, self.upper);
        if predictions.num_classes > 2 {
            let classes = predictions.num_classes;
            let answer = most_probable(&self.frequencies);
            let sure = self.frequencies[answer];
            predictions.value[place] = answer as f64;
            predictions.std[place] = (sure * (1.0 - sure)).sqrt();
            predictions.probability[place * classes..(place + 1) * classes].copy_from_slice(&self.frequencies);
        }
        if predictions.num_classes == 2 {
            predictions.value[place] = f64::from(u8::from(self.score >= 0.5));
            predictions.probability[2 * place] = 1.0 - self.score;
            predictions.probability[2 * place + 1] = self.score;
        }
    }
}

/// Predicts the usable test rows (places within the fold's test rows), by the whole and by each member.
fn predict_blocks(
    model: &Model,
    data: &Dataset,
    fold: &Fold,
    usable: &[usize],
    predictions: &mut Predictions,
    members: &mut [Vec<f64>],
    spreads: &mut [f64],
) {
    let columns: Vec<usize> = (0..data.features.width()).collect();
    let mut block = Predictions::default();
    let base = model.base_column();
    for places in usable.chunks(BLOCK) {
        let numbers: Vec<usize> = places.iter().map(|&place| fold.test[place]).collect();
        let rows = Rows::new(data.features.values(), data.features.width(), &numbers, &columns);
        model.predict(rows, &mut block);
        let by_member = model.predict_members(rows);
        let classes = block.num_classes;
        if classes > 2 {
            for (values, outputs) in members.iter_mut().zip(by_member.chunks_exact(classes)) {
                for (&place, own) in places.iter().zip(shares(outputs, places.len()).chunks_exact(classes)) {
                    values[place * classes..(place + 1) * classes].copy_from_slice(own);
                }
            }
        } else {
            for (number, &place) in places.iter().enumerate() {
                spreads[place] = spread(&model.card.stack.weights, &by_member, number);
            }
            for (values, own) in members.iter_mut().zip(by_member) {
                for (number, (&place, value)) in places.iter().zip(own.value).enumerate() {
                    values[place] = model.answer(value, base.map(|column| rows.get(number, column)));
                }
            }
        }
        for (number, &place) in places.iter().enumerate() {
            predictions.value[place] = block.value[number];
            predictions.std[place] = block.std[number];
            predictions.lower[place] = block.lower[number];
            predictions.upper[place] = block.upper[number];
            predictions.domain_distance[place] = block.domain_distance[number];
            predictions.in_domain[place] = block.in_domain[number];
            predictions.probability[place * classes..(place + 1) * classes]
                .copy_from_slice(&block.probability[number * classes..(number + 1) * classes]);
        }
    }
}

/// Errors of all test rows; calibration of the usable ones.
fn fold_metrics(model: &Model, truth: &[f64], usable: &[usize], predictions: &Predictions, spreads: &[f64]) -> Metrics {
    let mut own = Predictions::default();
    for &place in usable {
        own.push_row(predictions, place);
    }
    let own_truth: Vec<f64> = usable.iter().map(|&place| truth[place]).collect();
    match (&model.card.task, &model.card.uncertainty) {
        (Task::Regression, Uncertainty::Regression(calibration)) => {
            let all = point_metrics(truth, &predictions.value);
            if usable.is_empty() {
                return all;
            }
            let used: Vec<&Calibration> = vec![calibration; own.len()];
            let own_spreads: Vec<f64> = usable.iter().map(|&place| spreads[place]).collect();
            let (calibrated, _) = regression_metrics(&own_truth, &own, &own_spreads, &used);
            Metrics { mae: all.mae, rmse: all.rmse, r2: all.r2, mad_ratio: all.mad_ratio, ..calibrated }
        }
        _ if predictions.num_classes > 2 => {
            let classes = predictions.num_classes;
            let all = class_metrics(&labels(truth), &predictions.probability, classes);
            if usable.is_empty() {
                return all;
            }
            let (calibrated, _) = class_metrics_and_curve(&labels(&own_truth), &own.probability, classes);
            Metrics { miscalibration: calibrated.miscalibration, ..all }
        }
        _ => {
            let (calibrated, _) = classification_metrics(&own_truth, &positive(&own));
            Metrics { miscalibration: calibrated.miscalibration, ..probability_metrics(truth, &positive(predictions)) }
        }
    }
}
