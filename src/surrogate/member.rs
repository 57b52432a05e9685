//! Members of a model: what each is, how it is trained, what it predicts. New kinds of member are added here.

use serde::{Deserialize, Serialize};

use crate::candidate::Rows;

use super::attention::{Attention, AttentionParameters, ElementColumn, fit_attention};
use super::gaussian_process::{GaussianProcess, GaussianProcessParameters, fit_gaussian_process};
use super::import::{Imported, ImportedSpec};
use super::network::{Network, NetworkParameters, fit_network};
use super::onnx::{Onnx, OnnxSpec};
use super::random::random_u64;
use super::tensors::{Tensor, TensorError, Tensors};
use super::transform::Transform;
use super::trees::{
    Boosted, BoostingParameters, ExtraTreesParameters, Forest, ForestPrediction, Loss, Objective, TrainingMatrix,
    fit_boosting, fit_extra_trees,
};

/// A member before training: its kind and all of its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MemberSpec {
    /// Extremely randomised trees: the median of their predictive distribution, or the share of the positive class.
    ExtraTrees {
        /// Parameters.
        parameters: ExtraTreesParameters,
    },
    /// Gradient-boosted trees with absolute loss (regression) or log-loss (classification), mean of several seeds.
    Boosting {
        /// Parameters of each run.
        parameters: BoostingParameters,
        /// Number of runs.
        seeds: usize,
    },
    /// Two-part model for a target with a mass of rows at one value: a forest says whether the value is another one,
    /// a second forest, trained on those rows only, which. Predicts the median of the mixture.
    Hurdle {
        /// The frequent value.
        at: f64,
        /// Parameters of both forests.
        parameters: ExtraTreesParameters,
    },
    /// A model that was trained elsewhere.
    Imported {
        /// What it is.
        model: ImportedSpec,
    },
    /// A network that was trained elsewhere, in an ONNX file.
    Onnx {
        /// What it is.
        network: OnnxSpec,
    },
    /// Attention over the elements of the composition, mean of several networks: the median, or the probability of the
    /// positive class.
    Attention {
        /// Parameters.
        parameters: AttentionParameters,
        /// Columns with the amounts of elements.
        elements: Vec<ElementColumn>,
    },
    /// Dense networks on relevant columns, mean of several: the median, or the probability of the positive class.
    Network {
        /// Parameters.
        parameters: NetworkParameters,
    },
    /// Gaussian process on relevant columns: the median, or the probability of the positive class.
    GaussianProcess {
        /// Parameters.
        parameters: GaussianProcessParameters,
    },
}

/// A trained member.
#[derive(Clone, Debug)]
pub enum Member {
    /// See [`MemberSpec::ExtraTrees`].
    ExtraTrees {
        /// The forest.
        forest: Box<Forest>,
        /// What it estimates.
        objective: Objective,
    },
    /// See [`MemberSpec::Boosting`].
    Boosting(Vec<Boosted>),
    /// See [`MemberSpec::Hurdle`].
    Hurdle {
        /// The frequent value.
        at: f64,
        /// Probability of another value.
        gate: Box<Forest>,
        /// Distribution of the other values.
        others: Box<Forest>,
    },
    /// See [`MemberSpec::Imported`].
    Imported(Box<Imported>),
    /// See [`MemberSpec::Onnx`].
    Onnx(Box<Onnx>),
    /// See [`MemberSpec::Attention`].
    Attention(Box<Attention>),
    /// See [`MemberSpec::Network`].
    Network(Box<Network>),
    /// See [`MemberSpec::GaussianProcess`].
    GaussianProcess(Box<GaussianProcess>),
}

/// Predictions of one member for a block of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberPrediction {
    /// Median, or probability of the positive class.
    pub value: Vec<f64>,
    /// The member's own estimate of the total standard deviation; empty if it has none.
    pub std: Vec<f64>,
}

/// Quantiles of the second part of a hurdle: 19 atoms of equal weight.
const HURDLE_LEVELS: [f64; 19] =
    [0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75, 0.80, 0.85, 0.90, 0.95];
/// Rows that the second part of a hurdle needs.
pub(super) const HURDLE_ROWS: usize = 20;

impl MemberSpec {
    /// Name in lists, cards and `--members`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExtraTrees { .. } => "extra_trees",
            Self::Boosting { .. } => "boosting",
            Self::Hurdle { .. } => "hurdle",
            Self::Imported { .. } => "imported",
            Self::Onnx { .. } => "onnx",
            Self::Attention { .. } => "attention",
            Self::Network { .. } => "network",
            Self::GaussianProcess { .. } => "gaussian_process",
        }
    }

    /// Whether it predicts medians of leaves, which are the same whether the target or its logarithm is learned.
    pub(super) fn is_forest(&self) -> bool {
        matches!(self, Self::ExtraTrees { .. } | Self::Hurdle { .. })
    }

    /// The member for a transformed target: what is said of a value of the target is said of its transform.
    pub(super) fn of_learned(&self, transform: Transform) -> Self {
        match self {
            Self::Hurdle { at, parameters } => {
                Self::Hurdle { at: transform.forward(*at), parameters: parameters.clone() }
            }
            other => other.clone(),
        }
    }

    /// Trains it. The same seed gives the same bits at any number of threads.
    pub fn fit(&self, x: TrainingMatrix<'_>, y: &[f64], objective: Objective, seed: u64) -> Member {
        match self {
            Self::ExtraTrees { parameters } => {
                Member::ExtraTrees { forest: Box::new(fit_extra_trees(x, y, objective, parameters, seed)), objective }
            }
            Self::Boosting { parameters, seeds } => {
                let loss = match objective {
                    Objective::Regression => Loss::L1,
                    Objective::Probability => Loss::Logistic,
                };
                let run = |run| fit_boosting(x, y, loss, parameters, random_u64(seed, "boosting run", run), None);
                Member::Boosting((0..*seeds as u64).map(run).collect())
            }
            Self::Hurdle { at, parameters } => fit_hurdle(x, y, *at, parameters, seed),
            Self::Imported { .. } | Self::Onnx { .. } => unreachable!("no recipe names a member from elsewhere"),
            Self::Attention { parameters, elements } => {
                Member::Attention(Box::new(fit_attention(x, y, objective, elements, parameters, seed)))
            }
            Self::Network { parameters } => Member::Network(Box::new(fit_network(x, y, objective, parameters, seed))),
            Self::GaussianProcess { parameters } => {
                Member::GaussianProcess(Box::new(fit_gaussian_process(x, y, objective, parameters, seed)))
            }
        }
    }
}

fn fit_hurdle(x: TrainingMatrix<'_>, y: &[f64], at: f64, parameters: &ExtraTreesParameters, seed: u64) -> Member {
    let is_other: Vec<f64> = y.iter().map(|&value| f64::from(u8::from(value != at))).collect();
    let gate = fit_extra_trees(x, &is_other, Objective::Probability, parameters, random_u64(seed, "hurdle gate", 0));
    let (mut values, mut targets) = (Vec::new(), Vec::new());
    for (row, &value) in x.values.chunks_exact(x.width).zip(y) {
        if value != at {
            values.extend_from_slice(row);
            targets.push(value);
        }
    }
    let others = TrainingMatrix { values: &values, width: x.width };
    let seed = random_u64(seed, "hurdle others", 0);
    let others = fit_extra_trees(others, &targets, Objective::Regression, parameters, seed);
    Member::Hurdle { at, gate: Box::new(gate), others: Box::new(others) }
}

impl Member {
    /// Number of columns that it reads.
    pub fn width(&self) -> usize {
        match self {
            Self::ExtraTrees { forest, .. } => forest.width(),
            Self::Boosting(runs) => runs.first().map_or(0, Boosted::width),
            Self::Hurdle { gate, .. } => gate.width(),
            Self::Imported(model) => model.width(),
            Self::Onnx(network) => network.width(),
            Self::Attention(network) => network.width(),
            Self::Network(network) => network.width(),
            Self::GaussianProcess(process) => process.width(),
        }
    }

    /// Predicts every row; the bits of a row depend on that row only.
    pub fn predict(&self, rows: Rows<'_>, out: &mut MemberPrediction) {
        out.value.clear();
        out.std.clear();
        match self {
            Self::ExtraTrees { forest, objective } => {
                let mut prediction = ForestPrediction::default();
                forest.predict(rows, &[], &mut prediction);
                match objective {
                    Objective::Regression => {
                        out.value = prediction.median;
                        out.std = prediction.std;
                    }
                    Objective::Probability => out.value = prediction.mean,
                }
            }
            Self::Boosting(runs) => {
                out.value.resize(rows.len(), 0.0);
                let mut one = vec![0.0; rows.len()];
                for run in runs {
                    run.predict(rows, &mut one);
                    for (sum, value) in out.value.iter_mut().zip(&one) {
                        *sum += value;
                    }
                }
                for value in &mut out.value {
                    *value /= runs.len() as f64;
                }
            }
            Self::Hurdle { at, gate, others } => predict_hurdle(*at, gate, others, rows, out),
            Self::Imported(model) => {
                out.value.resize(rows.len(), 0.0);
                model.predict(rows, &mut out.value);
            }
            Self::Onnx(network) => {
                out.value.resize(rows.len(), 0.0);
                network.predict(rows, &mut out.value);
            }
            Self::Attention(network) => network.predict(rows, out),
            Self::Network(network) => network.predict(rows, out),
            Self::GaussianProcess(process) => process.predict(rows, out),
        }
    }

    /// Appends its tensors, names prefixed.
    pub fn write(&self, prefix: &str, tensors: &mut Tensors) {
        let mut part = |name: &str, own: Tensors| {
            tensors.0.extend(own.0.into_iter().map(|t| Tensor { name: format!("{prefix}{name}.{}", t.name), ..t }));
        };
        match self {
            Self::ExtraTrees { forest, .. } => part("forest", forest.tensors()),
            Self::Boosting(runs) => {
                for (number, run) in runs.iter().enumerate() {
                    part(&format!("run{number}"), run.tensors());
                }
            }
            Self::Hurdle { gate, others, .. } => {
                part("gate", gate.tensors());
                part("others", others.tensors());
            }
            Self::Imported(model) => part("imported", model.tensors()),
            Self::Onnx(network) => part("onnx", network.tensors()),
            Self::Attention(network) => part("attention", network.tensors()),
            Self::Network(network) => part("network", network.tensors()),
            Self::GaussianProcess(process) => part("process", process.tensors()),
        }
    }

    /// Reads its tensors back.
    ///
    /// # Errors
    /// If a tensor is missing or contradicts another; nothing is trusted.
    pub fn read(spec: &MemberSpec, objective: Objective, prefix: &str, tensors: &Tensors) -> Result<Self, TensorError> {
        let part = |name: &str| {
            let start = format!("{prefix}{name}.");
            Tensors(
                tensors
                    .0
                    .iter()
                    .filter_map(|t| t.name.strip_prefix(&start).map(|name| Tensor { name: name.into(), ..t.clone() }))
                    .collect(),
            )
        };
        let member = match spec {
            MemberSpec::ExtraTrees { .. } => {
                Self::ExtraTrees { forest: Box::new(Forest::from_tensors(&part("forest"))?), objective }
            }
            MemberSpec::Boosting { seeds, .. } => {
                if !(1..=64).contains(seeds) {
                    return Err(TensorError::invalid(prefix, format!("{seeds} seeds, expected 1 to 64")));
                }
                let run = |number| Boosted::from_tensors(&part(&format!("run{number}")));
                Self::Boosting((0..*seeds).map(run).collect::<Result<_, _>>()?)
            }
            MemberSpec::Hurdle { at, .. } => Self::Hurdle {
                at: *at,
                gate: Box::new(Forest::from_tensors(&part("gate"))?),
                others: Box::new(Forest::from_tensors(&part("others"))?),
            },
            MemberSpec::Imported { model } => {
                Self::Imported(Box::new(Imported::from_tensors(model, &part("imported"))?))
            }
            MemberSpec::Onnx { network } => Self::Onnx(Box::new(Onnx::from_tensors(network, &part("onnx"))?)),
            MemberSpec::Attention { parameters, elements } => {
                let network = Attention::from_tensors(elements, parameters, objective, &part("attention"))?;
                Self::Attention(Box::new(network))
            }
            MemberSpec::Network { parameters } => {
                Self::Network(Box::new(Network::from_tensors(parameters, objective, &part("network"))?))
            }
            MemberSpec::GaussianProcess { .. } => {
                Self::GaussianProcess(Box::new(GaussianProcess::from_tensors(objective, &part("process"))?))
            }
        };
        let widths_agree = match &member {
            Self::ExtraTrees { .. }
            | Self::Imported(_)
            | Self::Onnx(_)
            | Self::Attention(_)
            | Self::Network(_)
            | Self::GaussianProcess(_) => true,
            Self::Boosting(runs) => runs.iter().all(|run| run.width() == runs[0].width()),
            Self::Hurdle { gate, others, .. } => gate.width() == others.width(),
        };
        if widths_agree { Ok(member) } else { Err(TensorError::invalid(prefix, "parts of different widths")) }
    }
}

fn predict_hurdle(at: f64, gate: &Forest, others: &Forest, rows: Rows<'_>, out: &mut MemberPrediction) {
    let (mut gates, mut values) = (ForestPrediction::default(), ForestPrediction::default());
    gate.predict(rows, &[], &mut gates);
    others.predict(rows, &HURDLE_LEVELS, &mut values);
    for (row, atoms) in values.quantiles.chunks_exact(HURDLE_LEVELS.len()).enumerate() {
        let share = gates.mean[row];
        out.value.push(mixture_median(at, share, atoms));
        let mean = (1.0 - share) * at + share * values.mean[row];
        let (shift, distance) = (values.mean[row] - mean, at - mean);
        let variance =
            share * (values.std[row] * values.std[row] + shift * shift) + (1.0 - share) * distance * distance;
        out.std.push(variance.sqrt());
    }
}

/// Median of a distribution with weight `1 − share` at `at` and the rest spread evenly over ascending `atoms`.
fn mixture_median(at: f64, share: f64, atoms: &[f64]) -> f64 {
    let weight = share / atoms.len() as f64;
    let mut reached = 0.0;
    let mut at_is_counted = false;
    for &atom in atoms {
        if !at_is_counted && at <= atom {
            reached += 1.0 - share;
            at_is_counted = true;
            if reached >= 0.5 {
                return at;
            }
        }
        reached += weight;
        if reached >= 0.5 {
            return atom;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::dataset::tests::uniform;
    use super::*;

    #[test]
    fn mixture_median_is_the_frequent_value_until_others_are_likelier() {
        let atoms: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!(mixture_median(0.0, 0.49, &atoms), 0.0);
        assert_eq!(mixture_median(0.0, 1.0, &atoms), 10.0);
        // Weight 0.2 below; each atom 0.8/19: 0.2 + k·0.0421 first reaches 0.5 at k = 8.
        assert_eq!(mixture_median(0.0, 0.8, &atoms), 8.0);
        // The frequent value above all others.
        assert_eq!(mixture_median(20.0, 0.49, &atoms), 20.0);
    }
    /// Rows of one feature and the amounts of O, Fe and Cu, and a target that both decide.
    fn compositions(objective: Objective) -> (Vec<f64>, Vec<f64>) {
        let (mut values, mut targets) = (Vec::new(), Vec::new());
        for row in 0..120_u64 {
            let [a, b, c, d] = ["a", "b", "c", "d"].map(|purpose| uniform(purpose, row));
            let undefined = if row % 9 == 0 { f64::NAN } else { d };
            values.extend([undefined, if row % 3 == 0 { 0.0 } else { a }, b, c]);
            let target = 3.0 * a + b * d;
            targets.push(match objective {
                Objective::Regression => target,
                Objective::Probability => f64::from(u8::from(target > 1.75)),
            });
        }
        (values, targets)
    }

    fn smooth_members() -> Vec<MemberSpec> {
        let elements =
            [(1, 8), (2, 26), (3, 29)].map(|(column, atomic_number)| ElementColumn { column, atomic_number });
        let attention =
            AttentionParameters { num_networks: 2, width: 16, hidden: vec![12], epochs: 8, ..Default::default() };
        let network = NetworkParameters { num_networks: 2, hidden: vec![24], epochs: 8, ..Default::default() };
        let exact = GaussianProcessParameters { sample: 50, ..Default::default() };
        let induced = GaussianProcessParameters { exact_rows: 100, points: 30, ..exact.clone() };
        vec![
            MemberSpec::Attention { parameters: attention, elements: elements.to_vec() },
            MemberSpec::Network { parameters: network },
            MemberSpec::GaussianProcess { parameters: exact },
            MemberSpec::GaussianProcess { parameters: induced },
        ]
    }

    fn predict(member: &Member, values: &[f64], rows: &[usize]) -> MemberPrediction {
        let mut out = MemberPrediction::default();
        member.predict(Rows::new(values, 4, rows, &[0, 1, 2, 3]), &mut out);
        out
    }

    #[test]
    fn smooth_members_come_back_from_tensors_and_predict_rows_alone_as_together() {
        for objective in [Objective::Regression, Objective::Probability] {
            let (values, targets) = compositions(objective);
            let x = TrainingMatrix { values: &values, width: 4 };
            for spec in smooth_members() {
                let member = spec.fit(x, &targets, objective, 3);
                let rows: Vec<usize> = (0..120).rev().collect();
                let together = predict(&member, &values, &rows);
                assert!(together.value.iter().chain(&together.std).all(|value| value.is_finite()), "{spec:?}");
                let mut tensors = Tensors::default();
                member.write("member0.", &mut tensors);
                let again = Member::read(&spec, objective, "member0.", &tensors).expect("own tensors");
                assert_eq!((again.width(), predict(&again, &values, &rows)), (4, together.clone()), "{spec:?}");
                for (place, &row) in rows.iter().enumerate() {
                    let alone = predict(&member, &values, &[row]);
                    assert_eq!(alone.value[0], together.value[place], "{spec:?}");
                    assert_eq!(alone.std.first(), together.std.get(place), "{spec:?}");
                }
            }
        }
    }

    #[test]
    fn smooth_members_learn_what_they_are_shown() {
        let (values, targets) = compositions(Objective::Regression);
        let x = TrainingMatrix { values: &values, width: 4 };
        let error = |predicted: &[f64]| super::super::metrics::mean_absolute_error(&targets, predicted);
        let middle = super::super::metrics::median(&targets);
        let constant = error(&vec![middle; targets.len()]);
        for mut spec in smooth_members() {
            match &mut spec {
                MemberSpec::Attention { parameters, .. } => (parameters.epochs, parameters.batch) = (100, 16),
                MemberSpec::Network { parameters } => (parameters.epochs, parameters.batch) = (100, 16),
                _ => {}
            }
            let member = spec.fit(x, &targets, Objective::Regression, 3);
            let own = error(&predict(&member, &values, &(0..120).collect::<Vec<_>>()).value);
            // Shares hide the scale of the amounts from attention; all others see them.
            assert!(own < 0.8 * constant, "{own} of {constant}: {spec:?}");
        }
    }

    #[test]
    fn tensors_that_lack_an_element_or_do_not_fit_their_parameters_are_errors() {
        let (values, targets) = compositions(Objective::Regression);
        let x = TrainingMatrix { values: &values, width: 4 };
        for spec in smooth_members() {
            let member = spec.fit(x, &targets, Objective::Regression, 3);
            let mut tensors = Tensors::default();
            member.write("member0.", &mut tensors);
            for place in 0..tensors.0.len() {
                let mut broken = tensors.clone();
                let tensor = &mut broken.0[place];
                if tensor.data.is_empty() {
                    continue;
                }
                tensor.data.truncate(tensor.data.len() - tensor.dtype.size());
                tensor.shape[0] -= 1;
                assert!(
                    Member::read(&spec, Objective::Regression, "member0.", &broken).is_err(),
                    "{}",
                    tensors.0[place].name
                );
                broken.0.remove(place);
                assert!(Member::read(&spec, Objective::Regression, "member0.", &broken).is_err());
            }
        }
        let wide = MemberSpec::Network { parameters: NetworkParameters { hidden: vec![25], ..Default::default() } };
        assert!(Member::read(&wide, Objective::Regression, "member0.", &Tensors::default()).is_err());
    }
}
