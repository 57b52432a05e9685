//! The card of a model that has just been trained.

use crate::candidate::Task;

use super::card::{Card, MemberCard, RecipeCard, SCHEMA_VERSION, TargetCard, TrainingCard};
use super::dataset::Dataset;
use super::domain::Domain;
use super::judge::Judged;
use super::member::MemberSpec;
use super::metrics::median;
use super::random::permutation;
use super::recipe::Recipe;
use super::train::{About, member_seed};
use super::transform::Transform;

/// Rows of the parity plot.
const PARITY_ROWS: usize = 1000;

/// What was trained, and on what.
#[derive(Copy, Clone)]
pub(super) struct Trained<'a> {
    pub data: &'a Dataset,
    /// Rows trained on.
    pub rows: &'a [usize],
    pub recipe: &'a Recipe,
    /// Members, as they were trained.
    pub specs: &'a [MemberSpec],
    /// Folds of the inner cross-validation.
    pub num_folds: usize,
    pub transform: Transform,
    pub domain: &'a Domain,
}

/// Gathers every part of a training; `truth` holds the targets of its rows.
pub(super) fn write_card(trained: &Trained<'_>, about: &About, truth: &[f64], judged: Judged) -> Card {
    let Trained { data, rows, recipe, specs, num_folds, transform, domain } = *trained;
    let mut sample: Vec<usize> =
        permutation(truth.len(), recipe.seed, "parity").into_iter().take(PARITY_ROWS).collect();
    sample.sort_unstable();
    let columns = data.features.columns();
    let undefined = |column: usize| rows.iter().filter(|&&row| data.features.row(row)[column].is_nan()).count();
    let members = specs.iter().zip(judged.member_scores).enumerate();
    Card {
        schema_version: SCHEMA_VERSION,
        name: about.name.clone(),
        software: concat!("matsieve ", env!("CARGO_PKG_VERSION")).into(),
        target: TargetCard {
            column: data.target.clone(),
            transform,
            base: data.base.map(|column| columns[column].label.clone()),
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
            without_target: data.without_target,
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
