//! A row as filters and rankings see it: candidate, features and predictions by resolved column.

use super::{Candidate, Predictions};

/// Field of a prediction.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PredictionField {
    /// `value`
    Value,
    /// `std`
    Std,
    /// `lower`
    Lower,
    /// `upper`
    Upper,
    /// `in_domain` as 0 or 1
    InDomain,
    /// `domain_distance`
    DomainDistance,
    /// `probability` of this class
    Probability(usize),
}

/// A column of the plan's row, resolved from its name before the run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ColumnRef {
    /// Column of the feature matrix.
    Feature(usize),
    /// Field of a surrogate's predictions.
    Prediction {
        /// Surrogate, in plan order.
        surrogate: usize,
        /// Field.
        field: PredictionField,
    },
}

/// One candidate with everything known about it so far.
#[derive(Copy, Clone)]
pub struct Row<'a> {
    /// The candidate.
    pub candidate: &'a Candidate,
    /// Its features; empty before they are computed.
    pub features: &'a [f64],
    /// Predictions of all surrogates for a block; empty before they are made.
    pub predictions: &'a [Predictions],
    /// Row of this candidate in `predictions`.
    pub prediction_row: usize,
}

impl Row<'_> {
    /// Value of a column.
    pub fn value(&self, column: ColumnRef) -> f64 {
        match column {
            ColumnRef::Feature(column) => self.features[column],
            ColumnRef::Prediction { surrogate, field } => {
                let predictions = &self.predictions[surrogate];
                let row = self.prediction_row;
                match field {
                    PredictionField::Value => predictions.value[row],
                    PredictionField::Std => predictions.std[row],
                    PredictionField::Lower => predictions.lower[row],
                    PredictionField::Upper => predictions.upper[row],
                    PredictionField::InDomain => f64::from(predictions.in_domain[row]),
                    PredictionField::DomainDistance => predictions.domain_distance[row],
                    PredictionField::Probability(class) => {
                        predictions.probability[row * predictions.num_classes + class]
                    }
                }
            }
        }
    }
}
