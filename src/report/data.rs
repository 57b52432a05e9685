//! What a report is made from: a plain copy of the parts of a result that people look at.

use crate::candidate::{Column, FeatureGroup, Ledger, PredictionGroup};

/// Everything a report shows.
#[derive(Clone, Debug, Default)]
pub struct ReportData {
    /// Title of the plan, or its name, or empty.
    pub title: String,
    /// Random identity of the run.
    pub run_uuid: String,
    /// When the result was written, RFC 3339.
    pub created: String,
    /// Program and version.
    pub software: String,
    /// Name of the result file, without its folder.
    pub file_name: String,
    /// The plan as written; empty where there was none.
    pub plan: String,
    /// The funnel.
    pub ledger: Ledger,
    /// Stored rows.
    pub num_rows: usize,
    /// Ranked candidates in the file.
    pub num_ranked: usize,
    /// What was ranked by.
    pub objectives: Vec<Column>,
    /// Whether the ranking has Pareto fronts.
    pub has_fronts: bool,
    /// Surrogates, in plan order.
    pub predictions: Vec<PredictionGroup>,
    /// Descriptors, in plan order.
    pub features: Vec<FeatureGroup>,
    /// The best candidates, best first; the first rows stored where nothing is ranked.
    pub top: Vec<TopRow>,
    /// One histogram a prediction and objective.
    pub distributions: Vec<Distribution>,
    /// Pairs of objectives.
    pub tradeoffs: Vec<Tradeoff>,
    /// Cards of the models.
    pub models: Vec<ModelSummary>,
    /// What was quarantined, by stage and code.
    pub quarantine: Vec<QuarantineGroup>,
    /// Documents of `/provenance` to print: name and JSON.
    pub documents: Vec<(String, serde_json::Value)>,
    /// Digest over all content, hexadecimal.
    pub digest: String,
}

/// One line of the table of candidates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopRow {
    /// Position in the source.
    pub index: u64,
    /// Where it came from.
    pub origin: String,
    /// The source's name of it.
    pub id: String,
    /// Reduced formula.
    pub formula: String,
    /// Score, NaN where nothing is ranked.
    pub score: f64,
    /// Pareto front, 0 without.
    pub front: u32,
    /// One value an objective.
    pub objectives: Vec<f64>,
    /// One cell a surrogate.
    pub predictions: Vec<PredictionCell>,
}

/// What one surrogate says of one candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictionCell {
    /// Point prediction; class index for a classification.
    pub value: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Whether the candidate lies inside the applicability domain.
    pub in_domain: bool,
    /// Probability of the last of two classes, of the answer among more; for a classification.
    pub probability: Option<f64>,
}

impl PredictionCell {
    /// Whether there is an interval; an imported model may have none, and no domain either.
    pub fn is_calibrated(&self) -> bool {
        !self.lower.is_nan()
    }
}

/// Histogram of one column over all stored rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// Name of the column.
    pub name: String,
    /// Unit of the values.
    pub unit: String,
    /// Smallest finite value.
    pub low: f64,
    /// Largest finite value.
    pub high: f64,
    /// Rows in each bin of equal width between them.
    pub counts: Vec<u64>,
    /// Rows without a finite value.
    pub undefined: u64,
    /// Values of the candidates in the table.
    pub marks: Vec<f64>,
}

/// Two objectives against one another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tradeoff {
    /// Name and unit along x, then along y.
    pub axes: [(String, String); 2],
    /// Range of x, then of y, over stored and ranked rows.
    pub ranges: [(f64, f64); 2],
    /// Stored rows on a grid over these ranges, row by row from the bottom.
    pub density: Vec<u64>,
    /// Columns of the grid.
    pub density_columns: usize,
    /// Ranked candidates: x, y, front.
    pub points: Vec<(f64, f64, u32)>,
}

/// The part of a model card that a report shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelSummary {
    /// Name of its predictions in the plan.
    pub name: String,
    /// Whether it predicts numbers, not classes.
    pub is_regression: bool,
    /// Lines of the card: what, value.
    pub facts: Vec<(Fact, String)>,
    /// Out-of-fold measures: name, value, value of the model that always says the same.
    pub metrics: Vec<(String, f64, Option<f64>)>,
    /// Unit of the parity points.
    pub unit: String,
    /// Measured and predicted values, out of fold.
    pub parity: Vec<(f64, f64)>,
    /// Nominal and observed coverage, or predicted probability and observed frequency; 0 to 1.
    pub calibration: Vec<(f64, f64)>,
}

/// A line of a model card.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Name of the model.
    Model,
    /// What it predicts.
    Target,
    /// What it was trained on.
    Training,
    /// Rows of it.
    Rows,
    /// Where these data come from.
    Source,
    /// Licence of the training data.
    Licence,
    /// Whether it may be used commercially.
    CommercialUse,
    /// Members of the ensemble.
    Members,
    /// Folds behind the scores.
    Split,
    /// Definition of the applicability domain.
    Domain,
}

/// Quarantined candidates of one stage and code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuarantineGroup {
    /// Stage as stored.
    pub stage: String,
    /// Fault code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// Origin of the first one.
    pub origin: String,
    /// Its detail.
    pub detail: String,
}
