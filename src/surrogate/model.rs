//! A trained model: card, members, domain. The same type whether just trained or read from a file.

use std::path::Path;

use crate::candidate::{Column, PredictionGroup, Predictions, Rows, Task};
use crate::units::closest;

use super::Surrogate;
use super::card::{Card, SCHEMA_VERSION, Uncertainty};
use super::class_probability::{class_spread, mean_shares, most_probable, shares};
use super::dataset::MAX_CLASSES;
use super::domain::{Domain, DomainScratch};
use super::error::SurrogateError;
use super::file;
use super::member::{Member, MemberPrediction};
use super::tensors::{TensorError, Tensors};
use super::transform::Transform;
use super::trees::Objective;

/// Largest relative difference of a self-check: other architectures may differ in the last bits.
const SELF_CHECK_TOLERANCE: f64 = 1e-9;
/// The same for networks in single precision whose runtime chooses its arithmetic, relative to the largest value of a field.
const NETWORK_TOLERANCE: f64 = 1e-5;
const MAX_MEMBERS: usize = 64;
const MAX_COLUMNS: usize = 32_767;
/// Outputs of a self-check vector: value, std, lower, upper, domain distance, positive probability (NaN for regression).
const CHECKED: [&str; 6] = ["value", "std", "lower", "upper", "domain_distance", "probability"];

/// A model that predicts.
#[derive(Clone, Debug)]
pub struct Model {
    pub(super) card: Card,
    /// Members in the order of the card; of three or more classes, each has one part a class, and parts follow each other.
    pub(super) members: Vec<Member>,
    pub(super) domain: Domain,
    /// Inputs of the self-check, rows × columns.
    pub(super) check_inputs: Vec<f64>,
    /// Outputs, rows × [`CHECKED`].
    pub(super) check_outputs: Vec<f64>,
    sha256: String,
}

impl Model {
    /// Puts trained parts together; self-check vectors are computed from `check_inputs`.
    pub(super) fn assemble(
        card: Card,
        members: Vec<Member>,
        domain: Domain,
        check_inputs: Vec<f64>,
    ) -> Result<Self, SurrogateError> {
        let mut model = Self { card, members, domain, check_inputs, check_outputs: Vec::new(), sha256: String::new() };
        model.check_outputs = model.self_check_outputs();
        model.card.self_check_vectors = model.check_outputs.len() / CHECKED.len();
        model.sha256 = file::decode(&model.to_bytes()?)?.sha256;
        Ok(model)
    }

    /// Reads a model file and runs its self-check.
    ///
    /// # Errors
    /// Everything [`file::read`] refuses; a card or tensors that make no sense; a self-check that fails.
    pub fn open(path: &Path) -> Result<Self, SurrogateError> {
        Self::from_contents(file::read(path)?)
    }

    /// The same from memory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SurrogateError> {
        Self::from_contents(file::decode(bytes)?)
    }

    /// The bytes of its file; equal models give equal bytes.
    ///
    /// # Errors
    /// Only if the compressor fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SurrogateError> {
        let card = serde_json::to_vec(&self.card).map_err(|error| malformed(error.to_string()))?;
        let mut tensors = Tensors::default();
        self.domain.write(&mut tensors);
        tensors.push_f64("self_check.inputs", &self.check_inputs);
        tensors.push_f64("self_check.outputs", &self.check_outputs);
        for (number, member) in self.members.iter().enumerate() {
            member.write(&prefix(number, self.card.num_outputs()), &mut tensors);
        }
        file::encode(&card, &tensors)
    }

    /// Writes its file, completely or not at all.
    ///
    /// # Errors
    /// The folder is missing or read-only, the disk is full.
    pub fn save(&self, path: &Path) -> Result<(), SurrogateError> {
        file::write(path, &self.to_bytes()?)
    }

    /// The card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Content digest, hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What a result file says of this model's predictions under the plan's name `name`.
    pub fn prediction_group(&self, name: &str) -> PredictionGroup {
        PredictionGroup {
            name: name.into(),
            target: self.card.target.column.label.clone(),
            unit: self.card.target.column.unit.clone(),
            task: self.card.task.clone(),
            model_sha256: self.sha256.clone(),
            interval: self.card.target.interval,
            statistic: self.card.target.statistic.clone(),
        }
    }

    /// Places of the model's columns in a matrix of `available` columns: what [`Rows::new`] takes.
    ///
    /// # Errors
    /// A column is missing, or there in another unit.
    pub fn bind(&self, available: &[Column]) -> Result<Vec<usize>, SurrogateError> {
        let places: std::collections::BTreeMap<&str, usize> =
            available.iter().enumerate().rev().map(|(place, column)| (column.label.as_str(), place)).collect();
        let find = |column: &Column| {
            let Some(&place) = places.get(column.label.as_str()) else {
                let suggestion = closest(&column.label, available.iter().map(|c| c.label.as_str())).map(str::to_owned);
                return Err(SurrogateError::MissingColumn { label: column.label.clone(), suggestion });
            };
            if available[place].unit != column.unit {
                return Err(SurrogateError::ColumnUnit {
                    label: column.label.clone(),
                    expected: column.unit.to_string(),
                    found: available[place].unit.to_string(),
                });
            }
            Ok(place)
        };
        self.card.columns.iter().map(find).collect()
    }

    /// Computes the self-check vectors again and compares.
    ///
    /// # Errors
    /// The first difference beyond 1e-9 relative (networks of other runtimes: 1e-5 of the field's largest value).
    pub fn self_check(&self) -> Result<(), SurrogateError> {
        let is_network = self.members.iter().any(|member| matches!(member, Member::Onnx(_)));
        let largest = |field: usize| {
            let values = self.check_outputs.iter().skip(field).step_by(CHECKED.len());
            values.filter(|value| value.is_finite()).fold(0.0, |largest: f64, value| largest.max(value.abs()))
        };
        let largest: [f64; CHECKED.len()] = std::array::from_fn(largest);
        for (place, (found, expected)) in self.self_check_outputs().iter().zip(&self.check_outputs).enumerate() {
            let allowed = match is_network {
                true => NETWORK_TOLERANCE * largest[place % CHECKED.len()],
                false => SELF_CHECK_TOLERANCE * expected.abs().max(1e-12),
            };
            let agrees = (found.is_nan() && expected.is_nan()) || (found - expected).abs() <= allowed;
            if !agrees {
                return Err(SurrogateError::SelfCheck {
                    vector: place / CHECKED.len(),
                    field: CHECKED[place % CHECKED.len()],
                    found: *found,
                    expected: *expected,
                });
            }
        }
        Ok(())
    }

    /// What each member predicts of what it learned, in the order of `members`.
    pub fn predict_members(&self, rows: Rows<'_>) -> Vec<MemberPrediction> {
        let predict = |member: &Member| {
            let mut prediction = MemberPrediction::default();
            member.predict(rows, &mut prediction);
            prediction
        };
        self.members.iter().map(predict).collect()
    }

    /// The target that belongs to what members say of what they learned; `base` is that of the row.
    pub(super) fn answer(&self, learned: f64, base: Option<f64>) -> f64 {
        let value = self.card.target.transform.inverse(learned);
        base.map_or(value, |base| value + base)
    }

    /// Place of the base among the columns.
    pub(super) fn base_column(&self) -> Option<usize> {
        let base = self.card.target.base.as_ref()?;
        self.card.columns.iter().position(|column| column.label == *base)
    }

    /// Combined value (or calibrated probability), std and interval of row `row` from its members' predictions.
    fn combine(&self, members: &[MemberPrediction], row: usize, base: Option<f64>, distance: f64) -> [f64; 4] {
        let values: smallvec::SmallVec<[f64; 8]> = members.iter().map(|member| member.value[row]).collect();
        let combined = self.card.stack.combine(&values);
        let spread = spread(&self.card.stack.weights, members, row);
        match &self.card.uncertainty {
            Uncertainty::Regression(calibration) => {
                let value = calibration.bounds.clip(self.answer(combined, base));
                let (std, lower, upper) = calibration.uncertainty(value, spread, distance);
                [value, std, lower, upper]
            }
            Uncertainty::Classification(calibration) => {
                let probability = calibration.apply(combined);
                let std = calibration.std(probability, spread);
                let (lower, upper) = calibration.interval(probability, std);
                [probability, std, lower, upper]
            }
            Uncertainty::Classes(_) | Uncertainty::Unknown => [combined, f64::NAN, f64::NAN, f64::NAN],
        }
    }

    /// Probabilities of three or more classes of all rows, row by row with std and interval of the answer's.
    fn predict_classes(&self, members: &[MemberPrediction], classes: usize, out: &mut Predictions) {
        let rows = out.len();
        let members: Vec<Vec<f64>> = members.chunks_exact(classes).map(|outputs| shares(outputs, rows)).collect();
        let weights = &self.card.stack.weights;
        for row in 0..rows {
            let probability = &mut out.probability[row * classes..(row + 1) * classes];
            mean_shares(weights, &members, row, probability);
            let Uncertainty::Classes(calibration) = &self.card.uncertainty else { continue };
            calibration.apply(probability);
            let answer = most_probable(probability);
            let sure = probability[answer];
            let std = calibration.std(sure, class_spread(weights, &members, (row, classes), answer));
            (out.value[row], out.std[row]) = (answer as f64, std);
            (out.lower[row], out.upper[row]) = calibration.interval(sure, std);
        }
    }

    fn self_check_outputs(&self) -> Vec<f64> {
        let width = self.card.columns.len();
        let rows: Vec<usize> = (0..self.check_inputs.len() / width).collect();
        let columns: Vec<usize> = (0..width).collect();
        let mut predicted = Predictions::default();
        self.predict(Rows::new(&self.check_inputs, width, &rows, &columns), &mut predicted);
        let classes = predicted.num_classes;
        rows.iter()
            .flat_map(|&row| {
                [
                    predicted.value[row],
                    predicted.std[row],
                    predicted.lower[row],
                    predicted.upper[row],
                    predicted.domain_distance[row],
                    if classes > 0 { predicted.probability[row * classes + classes - 1] } else { f64::NAN },
                ]
            })
            .collect()
    }

    fn from_contents(contents: file::Contents) -> Result<Self, SurrogateError> {
        let card = read_card(&contents.card)?;
        let width = card.columns.len();
        let tensor = |error: TensorError| match error {
            TensorError::Runtime(reason) => SurrogateError::Runtime { reason },
            error => malformed(error.to_string()),
        };
        let objective = objective(&card.task);
        let outputs = card.num_outputs();
        let members: Vec<Member> = (0..card.members.len() * outputs)
            .map(|number| {
                let spec = &card.members[number / outputs].spec;
                Member::read(spec, objective, &prefix(number, outputs), &contents.tensors)
            })
            .collect::<Result<_, _>>()
            .map_err(tensor)?;
        if let Some(member) = members.iter().find(|member| member.width() != width) {
            return Err(malformed(format!("a member reads {} columns, the card names {width}", member.width())));
        }
        let model = Self {
            domain: Domain::read(&contents.tensors, width).map_err(tensor)?,
            check_inputs: contents.tensors.f64s("self_check.inputs").map_err(tensor)?,
            check_outputs: contents.tensors.f64s("self_check.outputs").map_err(tensor)?,
            sha256: contents.sha256,
            card,
            members,
        };
        let vectors = model.card.self_check_vectors;
        if vectors == 0
            || model.check_inputs.len() != vectors.saturating_mul(width)
            || model.check_outputs.len() != vectors.saturating_mul(CHECKED.len())
        {
            return Err(malformed(format!("the card announces {vectors} self-check vectors, the tensors hold others")));
        }
        model.self_check()?;
        Ok(model)
    }
}

impl Surrogate for Model {
    fn columns(&self) -> &[Column] {
        &self.card.columns
    }

    fn target(&self) -> &Column {
        &self.card.target.column
    }

    fn task(&self) -> &Task {
        &self.card.task
    }

    fn predict(&self, rows: Rows<'_>, out: &mut Predictions) {
        let num_classes = match &self.card.task {
            Task::Regression => 0,
            Task::Classification { classes } => classes.len(),
        };
        out.reset(rows.len(), num_classes);
        let members = self.predict_members(rows);
        let mut scratch = DomainScratch::default();
        let mut features = vec![0.0; rows.width()];
        let base = self.base_column();
        for row in 0..rows.len() {
            rows.gather(row, &mut features);
            let position = self.domain.locate(&features, &mut scratch);
            out.domain_distance[row] = position.distance;
            out.in_domain[row] = u8::from(position.distance <= 1.0 && !position.is_novel);
            if num_classes > 2 {
                continue;
            }
            let base = base.map(|column| features[column]);
            let [value, std, lower, upper] = self.combine(&members, row, base, position.distance);
            (out.std[row], out.lower[row], out.upper[row]) = (std, lower, upper);
            if num_classes == 0 {
                out.value[row] = value;
            } else {
                out.value[row] = f64::from(u8::from(value >= 0.5));
                out.probability[2 * row] = 1.0 - value;
                out.probability[2 * row + 1] = value;
            }
        }
        if num_classes > 2 {
            self.predict_classes(&members, num_classes, out);
        }
    }
}

/// What trees estimate for a task.
pub(super) fn objective(task: &Task) -> Objective {
    match task {
        Task::Regression => Objective::Regression,
        Task::Classification { .. } => Objective::Probability,
    }
}

/// Spread of a row: disagreement of the members and their own estimates, added as variances with the members' weights.
pub(super) fn spread(weights: &[f64], members: &[MemberPrediction], row: usize) -> f64 {
    let (mut mean, mut own, mut own_weight) = (0.0, 0.0, 0.0);
    for (weight, member) in weights.iter().zip(members) {
        mean += weight * member.value[row];
        if let Some(std) = member.std.get(row) {
            own += weight * std * std;
            own_weight += weight;
        }
    }
    let mut variance = if own_weight > 0.0 { own / own_weight } else { 0.0 };
    for (weight, member) in weights.iter().zip(members) {
        variance += weight * (member.value[row] - mean) * (member.value[row] - mean);
    }
    variance.sqrt()
}

/// What the names of a member part's tensors begin with.
fn prefix(number: usize, outputs: usize) -> String {
    match outputs {
        1 => format!("member{number}."),
        _ => format!("member{}.class{}.", number / outputs, number % outputs),
    }
}

fn read_card(json: &[u8]) -> Result<Card, SurrogateError> {
    #[derive(serde::Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let bad = |error: serde_json::Error| malformed(format!("card: {error}"));
    let Version { schema_version: found } = serde_json::from_slice(json).map_err(bad)?;
    if found > SCHEMA_VERSION {
        return Err(SurrogateError::NewerVersion { found, supported: SCHEMA_VERSION });
    }
    let card: Card = serde_json::from_slice(json).map_err(bad)?;
    let weights = &card.stack.weights;
    let total: f64 = weights.iter().fold(0.0, |sum, weight| sum + weight);
    let task = match &card.task {
        Task::Regression => matches!(card.uncertainty, Uncertainty::Regression(_) | Uncertainty::Unknown),
        Task::Classification { classes } => {
            let fits = match classes.len() {
                2 => matches!(card.uncertainty, Uncertainty::Classification(_) | Uncertainty::Unknown),
                3..=MAX_CLASSES => matches!(card.uncertainty, Uncertainty::Classes(_)),
                _ => false,
            };
            fits && card.target.base.is_none()
        }
    };
    let base = card.target.base.as_ref();
    let has_base = base.is_none_or(|base| {
        let column = card.columns.iter().find(|column| column.label == *base);
        column.is_some_and(|column| column.unit == card.target.column.unit)
    });
    let transform = match &card.uncertainty {
        Uncertainty::Regression(calibration) => calibration.transform,
        _ => Transform::Identity,
    };
    let calibration = match &card.uncertainty {
        Uncertainty::Regression(calibration) => calibration.is_valid(),
        Uncertainty::Classification(calibration) => calibration.is_valid(),
        Uncertainty::Classes(calibration) => calibration.is_valid(),
        Uncertainty::Unknown => true,
    };
    let checks = [
        (!card.members.is_empty() && card.members.len() <= MAX_MEMBERS, "number of members"),
        (!card.columns.is_empty() && card.columns.len() <= MAX_COLUMNS, "number of columns"),
        (weights.len() == card.members.len() && weights.iter().all(|&w| w >= 0.0), "weights"),
        ((total - 1.0).abs() < 1e-6, "sum of weights"),
        (task, "task"),
        (has_base, "base"),
        (transform == card.target.transform && (base.is_none() || transform == Transform::Identity), "transform"),
        (calibration, "calibration"),
    ];
    match checks.iter().find(|check| !check.0) {
        Some((_, what)) => Err(malformed(format!("card: {what} out of range or inconsistent"))),
        None => Ok(card),
    }
}

fn malformed(reason: String) -> SurrogateError {
    SurrogateError::Malformed { reason }
}
