//! From a foreign model and what its user says to a model of ours.

use super::brought::{About, Brought};
use super::compare::{Expected, compare};
use super::error::ImportError;
use super::foreign::Answer;
use crate::candidate::{Column, Rows, Task};
use crate::surrogate::calibration::INTERVAL_LEVEL;
use crate::surrogate::calibration::LEVELS;
use crate::surrogate::card::{
    Card, DescriptorCard, ImportCard, MemberCard, Metrics, Provenance, RecipeCard, SCHEMA_VERSION, TargetCard,
    TrainingCard, Uncertainty,
};
use crate::surrogate::dataset::Duplicates;
use crate::surrogate::domain::Domain;
use crate::surrogate::stack::{Rule, Stack};
use crate::surrogate::transform::Transform;
use crate::surrogate::{Model, SurrogateError};

/// Rows of the self-check.
const CHECK_ROWS: usize = 32;

/// What a foreign model does not say.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// Name of the model.
    pub name: String,
    /// What it predicts, and in which unit.
    pub target: Column,
    /// Number or classes; what the file says where `None`.
    pub classification: Option<bool>,
    /// Names of the two classes, where the file has none or the user wants others.
    pub classes: Option<[String; 2]>,
    /// Columns, one for each feature in use.
    pub columns: Vec<Column>,
    /// Descriptors that compute them.
    pub descriptors: Vec<DescriptorCard>,
    /// Source and licence.
    pub provenance: Provenance,
    /// Name of the file, without its folder.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Inputs and expected predictions.
    pub expected: Option<Expected>,
}

/// Makes a model of what was brought; `used` are the numbers of its features that have columns. It has no uncertainty and no domain
/// until [`calibrate`](super::calibrate()).
///
/// # Errors
/// A task that the model does not answer; as many columns as features are expected; expectations that are not met; a network that
/// computes no number, or none in 0..=1 where a probability is asked for.
pub fn import(
    about: &About,
    brought: Brought,
    used: &[usize],
    request: ImportRequest,
) -> Result<Model, SurrogateError> {
    let wrong = |reason: String, way_out| ImportError::Request { reason, way_out };
    if request.columns.len() != brought.width() {
        let (found, expected) = (request.columns.len(), brought.width());
        return Err(wrong(format!("{found} columns for {expected} features in use"), None).into());
    }
    let task = task(about, &request)?;
    let check = request.expected.as_ref().map(|expected| compare(&brought, expected)).transpose()?;
    let inputs = match &request.expected {
        Some(expected) => expected.inputs.iter().copied().take(CHECK_ROWS * brought.width()).collect(),
        None => brought.made_up(CHECK_ROWS),
    };
    if let Brought::Network(_) = brought {
        computes(&brought, &inputs, &task)?;
    }
    let domain = Domain::unknown(brought.width());
    let card = Card {
        schema_version: SCHEMA_VERSION,
        name: request.name,
        software: concat!("matsieve ", env!("CARGO_PKG_VERSION")).into(),
        target: TargetCard {
            column: request.target,
            transform: Transform::Identity,
            base: None,
            statistic: if task == Task::Regression { "as trained" } else { "class" }.into(),
            interval: LEVELS[INTERVAL_LEVEL],
            min: f64::NAN,
            median: f64::NAN,
            max: f64::NAN,
        },
        task,
        descriptors: request.descriptors,
        columns: request.columns,
        training: TrainingCard {
            name: "unknown".into(),
            provenance: request.provenance,
            rows: 0,
            faulted: 0,
            without_target: 0,
            row_hash: String::new(),
            duplicates: Duplicates::default(),
            elements: Vec::new(),
            undefined: Vec::new(),
        },
        recipe: RecipeCard {
            name: format!("imported from {}", about.format),
            seed: 0,
            split: "no cross-validation".into(),
        },
        members: vec![MemberCard {
            name: brought.spec().name().into(),
            spec: brought.spec(),
            seed: 0,
            scores: Metrics::default(),
        }],
        // The median of one value is that value, to the last bit.
        stack: Stack { rule: Rule::Median, weights: vec![1.0] },
        scores: Metrics::default(),
        baseline: Metrics::default(),
        uncertainty: Uncertainty::Unknown,
        calibration_curve: Vec::new(),
        parity: Vec::new(),
        domain: domain.card(),
        self_check_vectors: 0,
        import: Some(ImportCard {
            format: about.format.clone(),
            file: request.file,
            sha256: request.sha256,
            features: used.iter().map(|&feature| about.features[feature].clone()).collect(),
            unused_features: about.features.len() - used.len(),
            notes: about.notes.clone(),
            check,
            calibrated_on: None,
        }),
    };
    Model::assemble(card, vec![brought.member()], domain, inputs)
}

fn task(about: &About, request: &ImportRequest) -> Result<Task, ImportError> {
    let named = match &about.answer {
        Answer::Number => None,
        Answer::Probability(classes) => Some(classes.clone()),
    };
    let is_probability = about.may_be_probability || named.is_some();
    match (request.classification.unwrap_or(named.is_some()), is_probability) {
        (false, _) => Ok(Task::Regression),
        (true, true) => {
            let classes = request.classes.clone().or(named.flatten());
            let classes = classes.unwrap_or_else(|| ["0", "1"].map(str::to_owned));
            if classes[0] == classes[1] {
                let reason = format!("both classes are called \"{}\"", classes[0]);
                return Err(ImportError::Request { reason, way_out: Some("name them with --classes NO,YES") });
            }
            Ok(Task::Classification { classes: classes.to_vec() })
        }
        (true, false) => Err(ImportError::Request {
            reason: "the model predicts numbers, no probabilities".into(),
            way_out: Some("import it with --task regression"),
        }),
    }
}

/// Whether a network gives numbers, and probabilities where they are asked for.
fn computes(brought: &Brought, inputs: &[f64], task: &Task) -> Result<(), ImportError> {
    let width = brought.width();
    let (rows, columns): (Vec<usize>, Vec<usize>) = ((0..inputs.len() / width).collect(), (0..width).collect());
    let mut found = vec![0.0; rows.len()];
    brought.predict(Rows::new(inputs, width, &rows, &columns), &mut found);
    let wrong = |value: f64, what, way_out| {
        let reason = format!("the network predicts {value} for a row of the check, {what}");
        Err(ImportError::Request { reason, way_out: Some(way_out) })
    };
    if let Some(&value) = found.iter().find(|value| !value.is_finite()) {
        return wrong(value, "expected is a number", "does it run in its own program, on rows without missing values?");
    }
    match found.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(&value) if *task != Task::Regression => wrong(
            value,
            "no probability",
            "export the network with its last sigmoid or softmax, or import it with --task regression",
        ),
        _ => Ok(()),
    }
}
