//! From a foreign model and what its user says to a model of ours.

use super::compare::{Expected, compare};
use super::error::ImportError;
use super::foreign::{Answer, Foreign};
use super::imported::Imported;
use crate::candidate::{Column, Task};
use crate::surrogate::calibration::INTERVAL_LEVEL;
use crate::surrogate::calibration::LEVELS;
use crate::surrogate::card::{
    Card, DescriptorCard, ImportCard, MemberCard, Metrics, Provenance, RecipeCard, SCHEMA_VERSION, TargetCard,
    TrainingCard, Uncertainty,
};
use crate::surrogate::dataset::Duplicates;
use crate::surrogate::domain::Domain;
use crate::surrogate::member::{Member, MemberSpec};
use crate::surrogate::random::random_u64;
use crate::surrogate::stack::{Rule, Stack};
use crate::surrogate::transform::Transform;
use crate::surrogate::{Model, SurrogateError};

/// Rows of the self-check.
const CHECK_ROWS: usize = 32;
/// One value in so many of the rows that are made up is missing.
const MISSING: u64 = 12;

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

/// Makes a model; `imported` and the features in use are what [`Imported::fit`] gave. It has no uncertainty and no domain until [`calibrate`](super::calibrate()).
///
/// # Errors
/// A task that the model does not answer; as many columns as features are expected; expectations that are not met.
pub fn import(
    foreign: &Foreign,
    imported: Imported,
    used: &[usize],
    request: ImportRequest,
) -> Result<Model, SurrogateError> {
    let wrong = |reason: String, way_out| ImportError::Request { reason, way_out };
    if request.columns.len() != imported.width() {
        let (found, expected) = (request.columns.len(), imported.width());
        return Err(wrong(format!("{found} columns for {expected} features in use"), None).into());
    }
    let task = task(foreign, &request)?;
    let check = request.expected.as_ref().map(|expected| compare(&imported, expected)).transpose()?;
    let inputs = match &request.expected {
        Some(expected) => expected.inputs.iter().copied().take(CHECK_ROWS * imported.width()).collect(),
        None => made_up(&imported),
    };
    let domain = Domain::unknown(imported.width());
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
            name: format!("imported from {}", foreign.format),
            seed: 0,
            split: "no cross-validation".into(),
        },
        members: vec![MemberCard {
            name: "imported".into(),
            spec: MemberSpec::Imported { model: imported.spec().clone() },
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
            format: foreign.format.clone(),
            file: request.file,
            sha256: request.sha256,
            features: used.iter().map(|&feature| foreign.features[feature].clone()).collect(),
            unused_features: foreign.features.len() - used.len(),
            notes: foreign.notes.clone(),
            check,
            calibrated_on: None,
        }),
    };
    Model::assemble(card, vec![Member::Imported(Box::new(imported))], domain, inputs)
}

fn task(foreign: &Foreign, request: &ImportRequest) -> Result<Task, ImportError> {
    let named = match &foreign.answer {
        Answer::Number => None,
        Answer::Probability(classes) => Some(classes.clone()),
    };
    let is_probability = foreign.output.is_probability() || named.is_some();
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

/// Rows at the places where predictions change, and just above, with missing values.
fn made_up(imported: &Imported) -> Vec<f64> {
    let points: Vec<Vec<f64>> = (0..imported.width()).map(|column| imported.turning_points(column)).collect();
    let mut values = Vec::with_capacity(CHECK_ROWS * points.len());
    for row in 0..CHECK_ROWS {
        for (column, points) in points.iter().enumerate() {
            let random = random_u64(row as u64, "self-check of an import", column as u64);
            let place = usize::try_from(random / MISSING % points.len().max(1) as u64).unwrap_or_default();
            values.push(match points.get(place) {
                Some(_) if random.is_multiple_of(MISSING) => f64::NAN,
                Some(point) if random.is_multiple_of(2) => *point,
                Some(point) => point.next_up(),
                None => 0.0,
            });
        }
    }
    values
}
