//! Whether an imported model predicts what its own library predicted.

use super::brought::Brought;
use super::error::ImportError;
use crate::candidate::Rows;
use crate::surrogate::card::CheckCard;

/// Inputs, and what the library made of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Rows × columns of the model.
    pub inputs: Vec<f64>,
    /// One prediction a row: a number, or the probability of the second class.
    pub predictions: Vec<f64>,
}

/// Compares.
///
/// # Errors
/// An expectation that is no number; the first row that differs by more than 1e-6 (networks: 1e-5) of the largest expectation.
pub fn compare(brought: &Brought, expected: &Expected) -> Result<CheckCard, ImportError> {
    let wrong = |reason: String, way_out| Err(ImportError::Request { reason, way_out });
    let scale = expected.predictions.iter().fold(0.0, |scale: f64, x| scale.max(x.abs()));
    let width = brought.width();
    let (rows, columns): (Vec<usize>, Vec<usize>) = ((0..expected.predictions.len()).collect(), (0..width).collect());
    let mut found = vec![0.0; rows.len()];
    brought.predict(Rows::new(&expected.inputs, width, &rows, &columns), &mut found);
    let mut card = CheckCard { rows: rows.len(), identical: 0, largest_difference: 0.0 };
    for (row, (found, expected)) in found.iter().zip(&expected.predictions).enumerate() {
        let difference = (found - expected).abs();
        if !(difference <= brought.tolerance() * scale || found == expected) {
            return wrong(
                format!("row {row} of the check gives {found}, expected is {expected}"),
                Some(
                    "are the features in the model's own order and units, and is the expectation a number or a probability?",
                ),
            );
        }
        card.identical += usize::from(found == expected);
        card.largest_difference = card.largest_difference.max(difference);
    }
    Ok(card)
}
