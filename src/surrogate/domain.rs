//! Applicability domain: how far a row lies from the training data, in units of what training rows have among themselves.
//!
//! Columns are standardised, weighted by what they say of the target, and projected on their leading principal components; the distance of a row is the mean
//! distance to its nearest few of a bounded sample of training rows, divided by the 95th percentile that training rows have
//! (each left out of its own neighbours). So 1 is the edge of the domain. A row is outside as well if a column that never
//! varied in training does now, or one that was never undefined is: that is how an element shows that no training
//! row contained.

use nalgebra::{DMatrix, SymmetricEigen};

use super::card::DomainCard;
use super::metrics::quantile_sorted;
use super::random::permutation;
use super::tensors::{TensorError, Tensors};

const MAX_DIMENSIONS: usize = 16;
const MAX_REFERENCES: usize = 384;
/// Nearest rows that are asked; models keep the number that they were trained with.
const NEIGHBOURS: usize = 10;
/// What models ask that say nothing of it.
const FEW_NEIGHBOURS: usize = 3;
const MAX_NEIGHBOURS: usize = 16;
/// Rows from which mean, scale and principal components are taken at most; their error is then below 2 %.
const MAX_SAMPLE: usize = 5000;
/// Share of training rows that lie inside by definition.
const EDGE: f64 = 0.95;

/// The domain of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    dimensions: usize,
    /// Mean of each column: stands for an undefined value.
    means: Vec<f64>,
    /// Loadings divided by the column's standard deviation, width × dimensions.
    projection: Vec<f64>,
    /// Projection of the mean row.
    centre: Vec<f64>,
    /// Projected training rows, dimensions × references.
    references: Vec<f64>,
    /// Value of each column that never varied, else NaN.
    constants: Vec<f64>,
    /// 1 for columns that were never undefined.
    always_defined: Vec<u8>,
    /// Distance that is reported as 1.
    edge: f64,
    /// Nearest references that a distance is the mean of.
    neighbours: usize,
}

/// Where a row lies.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Position {
    /// Distance, 1 = edge.
    pub distance: f64,
    /// A column shows something that no training row had.
    pub is_novel: bool,
}

/// Memory of [`Domain::locate`].
#[derive(Clone, Debug, Default)]
pub struct DomainScratch {
    projected: Vec<f64>,
    squares: Vec<f64>,
}

impl Domain {
    /// Learns the domain of row-major `values` of `width` columns, each with its weight; also gives the distance of each of these rows.
    ///
    /// Costs at most 5,000 × width² operations plus one eigenvalue problem of size width.
    pub fn fit(values: &[f64], weights: &[f64], seed: u64) -> (Self, Vec<f64>) {
        let width = weights.len();
        let num_rows = values.len() / width;
        let sample: Vec<usize> = permutation(num_rows, seed, "domain").into_iter().take(MAX_SAMPLE).collect();
        let row = |i: usize| &values[i * width..(i + 1) * width];
        let columns = ColumnStatistics::of(values, width);
        let (loadings, dimensions) = principal_components(&sample, row, &columns, weights);
        let mut projection = vec![0.0; width * dimensions];
        for column in 0..width {
            if columns.deviations[column] > 0.0 {
                for d in 0..dimensions {
                    projection[column * dimensions + d] =
                        loadings[(column, d)] * weights[column] / columns.deviations[column];
                }
            }
        }
        let mut domain = Self {
            dimensions,
            means: columns.means,
            projection,
            centre: vec![0.0; dimensions],
            references: Vec::new(),
            constants: columns.constants,
            always_defined: columns.always_defined,
            edge: 1.0,
            neighbours: NEIGHBOURS,
        };
        let means = domain.means.clone();
        domain.centre = domain.project(&means);
        let mut chosen: Vec<usize> = sample.into_iter().take(MAX_REFERENCES).collect();
        chosen.sort_unstable();
        domain.references = vec![0.0; dimensions * chosen.len()];
        for (number, &reference) in chosen.iter().enumerate() {
            for (d, value) in domain.project(row(reference)).into_iter().enumerate() {
                domain.references[d * chosen.len() + number] = value;
            }
        }
        let mut scratch = DomainScratch::default();
        let mut distances: Vec<f64> =
            (0..num_rows).map(|i| domain.raw_distance(row(i), chosen.binary_search(&i).ok(), &mut scratch)).collect();
        let mut sorted = distances.clone();
        sorted.sort_by(f64::total_cmp);
        let edge = quantile_sorted(&sorted, EDGE);
        domain.edge = if edge > 0.0 { edge } else { 1.0 };
        for distance in &mut distances {
            *distance /= domain.edge;
        }
        (domain, distances)
    }

    /// The domain of a model of whose training nothing is known: no row has a distance, none is inside.
    pub fn unknown(width: usize) -> Self {
        Self {
            dimensions: 0,
            means: vec![0.0; width],
            projection: Vec::new(),
            centre: Vec::new(),
            references: Vec::new(),
            constants: vec![f64::NAN; width],
            always_defined: vec![0; width],
            edge: 1.0,
            neighbours: NEIGHBOURS,
        }
    }

    /// Its description for the card.
    pub fn card(&self) -> DomainCard {
        if self.dimensions == 0 {
            let definition = "unknown: no row has a distance, none is inside".into();
            return DomainCard { definition, dimensions: 0, references: 0, constant_columns: 0 };
        }
        DomainCard {
            definition: format!(
                "mean distance to the {} nearest of a sample of training rows in the principal components of \
                 the standardised columns, weighted by importance; 1 = 95th percentile of training rows left out of their own neighbours",
                self.neighbours
            ),
            dimensions: self.dimensions,
            references: self.num_references(),
            constant_columns: self.constants.iter().filter(|constant| !constant.is_nan()).count(),
        }
    }

    fn num_references(&self) -> usize {
        self.references.len().checked_div(self.dimensions).unwrap_or(0)
    }

    /// Where a row lies. Costs width × dimensions + references × dimensions multiplications.
    pub fn locate(&self, row: &[f64], scratch: &mut DomainScratch) -> Position {
        if self.dimensions == 0 {
            return Position { distance: f64::NAN, is_novel: false };
        }
        let is_novel =
            row.iter().zip(&self.constants).zip(&self.always_defined).any(|((&value, &constant), &defined)| {
                if value.is_nan() {
                    defined == 1
                } else {
                    value.is_infinite()
                        || (!constant.is_nan() && (value - constant).abs() > 1e-9 * constant.abs().max(1.0))
                }
            });
        Position { distance: self.raw_distance(row, None, scratch) / self.edge, is_novel }
    }

    /// Principal components of a row.
    pub(super) fn project(&self, row: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        self.project_into(row, &mut out);
        out
    }

    fn project_into(&self, row: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.extend(self.centre.iter().map(|c| -c));
        for (column, &value) in row.iter().enumerate() {
            let value = if value.is_finite() { value } else { self.means[column] };
            // Most columns of a composition are zero fractions; they add nothing.
            if value != 0.0 {
                let loadings = &self.projection[column * self.dimensions..(column + 1) * self.dimensions];
                for (sum, loading) in out.iter_mut().zip(loadings) {
                    *sum += value * loading;
                }
            }
        }
    }

    fn raw_distance(&self, row: &[f64], leave_out: Option<usize>, scratch: &mut DomainScratch) -> f64 {
        self.project_into(row, &mut scratch.projected);
        let count = self.num_references();
        scratch.squares.clear();
        scratch.squares.resize(count, 0.0);
        for (d, &value) in scratch.projected.iter().enumerate() {
            for (square, reference) in scratch.squares.iter_mut().zip(&self.references[d * count..(d + 1) * count]) {
                let difference = value - reference;
                *square += difference * difference;
            }
        }
        if let Some(own) = leave_out {
            scratch.squares[own] = f64::INFINITY;
        }
        let mut nearest = [f64::INFINITY; MAX_NEIGHBOURS];
        let nearest = &mut nearest[..self.neighbours];
        let last = nearest.len() - 1;
        for &square in &scratch.squares {
            if square < nearest[last] {
                let mut place = last;
                while place > 0 && nearest[place - 1] > square {
                    nearest[place] = nearest[place - 1];
                    place -= 1;
                }
                nearest[place] = square;
            }
        }
        let mut sum = 0.0;
        let mut found = 0;
        for &square in nearest.iter() {
            if square.is_finite() {
                sum += square.sqrt();
                found += 1;
            }
        }
        if found == 0 { 0.0 } else { sum / f64::from(found) }
    }

    /// Appends its tensors.
    pub fn write(&self, tensors: &mut Tensors) {
        tensors.push_f64("domain.means", &self.means);
        tensors.push_f64("domain.projection", &self.projection);
        tensors.push_f64("domain.centre", &self.centre);
        tensors.push_f64("domain.references", &self.references);
        tensors.push_f64("domain.constants", &self.constants);
        tensors.push_u8("domain.always_defined", &self.always_defined);
        tensors.push_f64("domain.edge", &[self.edge]);
        if self.neighbours != FEW_NEIGHBOURS {
            tensors.push_u32("domain.neighbours", &[self.neighbours as u32]);
        }
    }

    /// Reads its tensors; `width` is the number of columns of the model.
    ///
    /// # Errors
    /// Missing tensors, lengths that do not fit, numbers that are not finite.
    pub fn read(tensors: &Tensors, width: usize) -> Result<Self, TensorError> {
        let edge = tensors.real("domain.edge")?;
        let neighbours = match tensors.u32s("domain.neighbours") {
            Err(TensorError::Missing(_)) => FEW_NEIGHBOURS,
            Err(error) => return Err(error),
            Ok(found) => match found[..] {
                [number] if (1..=MAX_NEIGHBOURS as u32).contains(&number) => number as usize,
                _ => {
                    let problem = format!("{found:?}, expected one number from 1 to {MAX_NEIGHBOURS}");
                    return Err(TensorError::invalid("domain.neighbours", problem));
                }
            },
        };
        let domain = Self {
            dimensions: tensors.real("domain.centre")?.len(),
            means: tensors.real("domain.means")?,
            projection: tensors.real("domain.projection")?,
            centre: tensors.real("domain.centre")?,
            references: tensors.real("domain.references")?,
            constants: tensors.f64s("domain.constants")?,
            always_defined: tensors.u8s("domain.always_defined")?,
            edge: edge.first().copied().unwrap_or(0.0),
            neighbours,
        };
        let fits = |name: &str, length: usize, expected: usize| {
            if length == expected {
                Ok(())
            } else {
                Err(TensorError::invalid(name, format!("{length} elements, expected {expected}")))
            }
        };
        fits("domain.means", domain.means.len(), width)?;
        fits("domain.constants", domain.constants.len(), width)?;
        fits("domain.always_defined", domain.always_defined.len(), width)?;
        fits("domain.projection", domain.projection.len(), width.saturating_mul(domain.dimensions))?;
        fits("domain.references", domain.references.len(), domain.num_references() * domain.dimensions)?;
        if edge.len() != 1 || edge[0] <= 0.0 {
            return Err(TensorError::invalid("domain.edge", "expected one positive number"));
        }
        Ok(domain)
    }
}

struct ColumnStatistics {
    means: Vec<f64>,
    deviations: Vec<f64>,
    constants: Vec<f64>,
    always_defined: Vec<u8>,
}

impl ColumnStatistics {
    fn of(values: &[f64], width: usize) -> Self {
        let mut statistics = Self {
            means: vec![0.0; width],
            deviations: vec![0.0; width],
            constants: vec![f64::NAN; width],
            always_defined: vec![1; width],
        };
        for column in 0..width {
            let finite = || values.iter().skip(column).step_by(width).copied().filter(|value| value.is_finite());
            let (mut sum, mut count, mut low, mut high) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
            for value in finite() {
                sum += value;
                count += 1.0;
                low = f64::min(low, value);
                high = f64::max(high, value);
            }
            statistics.always_defined[column] = u8::from(count as usize == values.len() / width);
            if count == 0.0 {
                continue;
            }
            let mean = sum / count;
            statistics.means[column] = mean;
            if high - low <= 1e-12 * low.abs().max(high.abs()) {
                statistics.constants[column] = low;
                statistics.means[column] = low;
                continue;
            }
            let mut squares = 0.0;
            for value in finite() {
                squares += (value - mean) * (value - mean);
            }
            statistics.deviations[column] = (squares / count).sqrt();
        }
        statistics
    }
}

/// Loadings (width × dimensions) of the leading principal components of the standardised and weighted sample.
fn principal_components<'a>(
    sample: &[usize],
    row: impl Fn(usize) -> &'a [f64],
    columns: &ColumnStatistics,
    weights: &[f64],
) -> (DMatrix<f64>, usize) {
    let width = columns.means.len();
    let active: Vec<usize> = (0..width).filter(|&column| columns.deviations[column] > 0.0).collect();
    let mut covariance = DMatrix::<f64>::zeros(active.len(), active.len());
    let mut standardised = vec![0.0; active.len()];
    for &i in sample {
        let source = row(i);
        for (value, &column) in standardised.iter_mut().zip(&active) {
            let x = source[column];
            *value = match x.is_finite() {
                true => weights[column] * (x - columns.means[column]) / columns.deviations[column],
                false => 0.0,
            };
        }
        for (a, &x) in standardised.iter().enumerate() {
            if x != 0.0 {
                for (sum, &z) in covariance.column_mut(a).iter_mut().take(a + 1).zip(&standardised) {
                    *sum += x * z;
                }
            }
        }
    }
    for a in 0..active.len() {
        for b in 0..a {
            covariance[(a, b)] = covariance[(b, a)];
        }
    }
    let dimensions = MAX_DIMENSIONS.min(active.len()).max(1);
    let mut loadings = DMatrix::zeros(width, dimensions);
    if active.is_empty() {
        return (loadings, dimensions);
    }
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..active.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    for (d, &component) in order.iter().take(dimensions).enumerate() {
        let vector = eigen.eigenvectors.column(component);
        // The sign of an eigenvector is arbitrary: the first of its largest components is made positive.
        let largest = vector.iter().copied().fold(0.0, |best: f64, x| if x.abs() > best.abs() { x } else { best });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        for (&column, &loading) in active.iter().zip(vector.iter()) {
            loadings[(column, d)] = sign * loading;
        }
    }
    (loadings, dimensions)
}

#[cfg(test)]
mod tests {
    use crate::candidate::Task;

    use super::super::dataset::tests::synthetic;
    use super::*;

    fn square() -> Vec<f64> {
        let mut values = synthetic(2000, 3, Task::Regression, |row, _| row as f64).features.values().to_vec();
        for row in values.chunks_exact_mut(3) {
            row[2] = 0.0; // an element that no training row contains
        }
        values
    }

    #[test]
    fn one_in_twenty_training_rows_lies_outside() {
        let (_, distances) = Domain::fit(&square(), &[1.0; 3], 1);
        let outside = distances.iter().filter(|&&d| d > 1.0).count();
        assert!((95..=105).contains(&outside), "{outside} of 2000");
    }

    #[test]
    fn distance_grows_with_the_way_out_of_the_data() {
        let (domain, _) = Domain::fit(&square(), &[1.0; 3], 1);
        let mut scratch = DomainScratch::default();
        let at = |x: f64, scratch: &mut DomainScratch| domain.locate(&[x, 0.5, 0.0], scratch).distance;
        let [inside, near, far] = [0.5, 2.0, 20.0].map(|x| at(x, &mut scratch));
        assert!(inside < 1.0 && near > 1.0 && far > 5.0 * near, "{inside} {near} {far}");
    }

    #[test]
    fn a_column_that_says_little_of_the_target_moves_rows_little() {
        let (domain, _) = Domain::fit(&square(), &[1.0, 0.1, 1.0], 1);
        let mut scratch = DomainScratch::default();
        let [along, across] = [[3.0, 0.5, 0.0], [0.5, 3.0, 0.0]].map(|row| domain.locate(&row, &mut scratch).distance);
        assert!(along > 5.0 * across, "{along} {across}");
    }

    #[test]
    fn unseen_element_and_new_gap_are_novel() {
        let (domain, _) = Domain::fit(&square(), &[1.0; 3], 1);
        let mut scratch = DomainScratch::default();
        assert!(!domain.locate(&[0.5, 0.5, 0.0], &mut scratch).is_novel);
        assert!(domain.locate(&[0.5, 0.5, 0.01], &mut scratch).is_novel);
        assert!(domain.locate(&[f64::NAN, 0.5, 0.0], &mut scratch).is_novel);
    }

    #[test]
    fn tensors_give_the_same_domain_again() {
        let (domain, _) = Domain::fit(&square(), &[1.0; 3], 1);
        let mut tensors = Tensors::default();
        domain.write(&mut tensors);
        let again = Domain::read(&tensors, 3).expect("own tensors");
        let mut scratch = DomainScratch::default();
        assert_eq!(
            domain.locate(&[0.1, 0.9, 0.0], &mut scratch).distance.to_bits(),
            again.locate(&[0.1, 0.9, 0.0], &mut scratch).distance.to_bits()
        );
        assert!(Domain::read(&tensors, 4).is_err());
        let mut other = |numbers: &[u32]| {
            tensors.0.retain(|tensor| tensor.name != "domain.neighbours");
            tensors.push_u32("domain.neighbours", numbers);
            Domain::read(&tensors, 3)
        };
        assert!(other(&[0]).is_err() && other(&[17]).is_err() && other(&[1, 2]).is_err());
        let nearest = other(&[1]).expect("one neighbour").locate(&[0.1, 0.9, 0.0], &mut scratch).distance;
        assert!(nearest < again.locate(&[0.1, 0.9, 0.0], &mut scratch).distance);
    }
}
