//! Uncertainty and domain of an imported model, from rows that its training has not seen.

use super::error::ImportError;
use crate::candidate::{Predictions, Rows, Task};
use crate::surrogate::calibration::{Bounds, Calibration, Evidence};
use crate::surrogate::card::Uncertainty;
use crate::surrogate::column_weights::column_weights;
use crate::surrogate::domain::Domain;
use crate::surrogate::metrics::median;
use crate::surrogate::model::objective;
use crate::surrogate::probability::ProbabilityCalibration;
use crate::surrogate::random::permutation;
use crate::surrogate::scores::{classification_metrics, point_metrics, probability_metrics, regression_metrics};
use crate::surrogate::splits::stratified;
use crate::surrogate::transform::Transform;
use crate::surrogate::{Dataset, Model, SurrogateError};

/// Fewest rows: with fewer a 95 % interval is the largest error.
const MIN_ROWS: usize = 40;
/// Folds by which calibration is scored on rows that it has not seen.
const FOLDS: usize = 5;
const PARITY_ROWS: usize = 1000;

/// Calibrates standard deviations and conformal intervals (or probabilities) and learns the domain.
///
/// The rows must not have been trained on: nothing here can tell. Numbers stay what they are; probabilities are recalibrated.
///
/// # Errors
/// What [`Dataset::check`] refuses, fewer than 40 rows, other columns or classes than the model's.
pub fn calibrate(model: Model, data: &Dataset, seed: u64) -> Result<Model, SurrogateError> {
    data.check()?;
    let wrong = |reason: String| ImportError::Request { reason, way_out: None };
    let rows = data.usable();
    if rows.len() < MIN_ROWS {
        return Err(SurrogateError::TooFewRows { found: rows.len(), needed: MIN_ROWS });
    }
    let Model { mut card, members, check_inputs, .. } = model;
    let width = card.columns.len();
    if data.features.columns().as_ref() != card.columns.as_slice() {
        return Err(wrong("the calibration data have other columns than the model".into()).into());
    }
    if data.task != card.task {
        let reason = format!("the calibration data have task {:?}, the model {:?}", data.task, card.task);
        return Err(wrong(reason).into());
    }
    let (values, truth) = (data.gather(&rows), data.targets(&rows));
    let n = truth.len();
    let (numbers, columns): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..width).collect());
    let mut predicted = Default::default();
    members[0].predict(Rows::new(&values, width, &numbers, &columns), &mut predicted);
    let predicted: Vec<f64> = predicted.value;
    let weights = column_weights(&values, width, std::slice::from_ref(&truth), objective(&card.task), seed);
    let (domain, distances) = Domain::fit(&values, &weights, seed);
    let folds = stratified(&truth, FOLDS, seed);
    let outside = |fold: usize| (0..n).filter(|&row| folds[row] != fold).collect::<Vec<_>>();
    let of = |column: &[f64], rows: &[usize]| rows.iter().map(|&row| column[row]).collect::<Vec<_>>();
    let mut judged = Predictions::default();
    judged.reset(n, 0);
    match card.task {
        Task::Regression => {
            // One model alone has no spread.
            let spreads = vec![0.0; n];
            let fit = |rows: &[usize]| {
                let evidence = Evidence {
                    value: &of(&predicted, rows),
                    truth: &of(&truth, rows),
                    spread: &vec![0.0; rows.len()],
                    distance: &of(&distances, rows),
                };
                Calibration::fit(&evidence, Transform::Identity, Bounds::default())
            };
            let crossed: Vec<Calibration> = (0..FOLDS).map(|fold| fit(&outside(fold))).collect();
            for row in 0..n {
                let own = &crossed[folds[row]];
                let (std, lower, upper) = own.uncertainty(predicted[row], 0.0, distances[row]);
                (judged.value[row], judged.std[row]) = (predicted[row], std);
                (judged.lower[row], judged.upper[row]) = (lower, upper);
                judged.domain_distance[row] = distances[row];
            }
            let used: Vec<&Calibration> = folds.iter().map(|&fold| &crossed[fold]).collect();
            (card.scores, card.calibration_curve) = regression_metrics(&truth, &judged, &spreads, &used);
            card.members[0].scores = point_metrics(&truth, &predicted);
            let middle = median(&truth);
            card.baseline = point_metrics(&truth, &vec![middle; n]);
            card.uncertainty = Uncertainty::Regression(fit(&numbers));
            card.target.min = truth.iter().copied().fold(f64::INFINITY, f64::min);
            card.target.median = middle;
            card.target.max = truth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        }
        Task::Classification { .. } => {
            let fit = |rows: &[usize]| ProbabilityCalibration::fit(&of(&predicted, rows), &of(&truth, rows));
            let crossed: Vec<ProbabilityCalibration> = (0..FOLDS).map(|fold| fit(&outside(fold))).collect();
            for row in 0..n {
                let probability = crossed[folds[row]].apply(predicted[row]);
                (judged.value[row], judged.std[row]) = (probability, crossed[folds[row]].std(probability, 0.0));
            }
            (card.scores, card.calibration_curve) = classification_metrics(&truth, &judged.value);
            card.members[0].scores = probability_metrics(&truth, &predicted);
            let mut positive = 0.0;
            for value in &truth {
                positive += value;
            }
            card.baseline = probability_metrics(&truth, &vec![positive / n as f64; n]);
            card.uncertainty = Uncertainty::Classification(fit(&numbers));
        }
    }
    let mut sample: Vec<usize> = permutation(n, seed, "parity").into_iter().take(PARITY_ROWS).collect();
    sample.sort_unstable();
    card.parity = sample.iter().map(|&row| [truth[row], judged.value[row], judged.std[row]]).collect();
    card.domain = domain.card();
    if let Some(import) = &mut card.import {
        import.calibrated_on = Some(format!("{}, {n} rows", data.name));
    }
    Model::assemble(card, members, domain, check_inputs)
}
