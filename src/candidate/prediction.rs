//! Predictions of one surrogate for a block of rows.

/// One value a row; what `/predictions/<as>` holds.
///
/// For classification `value` is the class index, and `probability` is row-major, rows × classes; `std`, `lower` and `upper` speak of
/// the positive class's probability, of three and more classes of the answer's. For regression `probability` is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// Point prediction, in the unit of the target.
    pub value: Vec<f64>,
    /// Total predictive standard deviation.
    pub std: Vec<f64>,
    /// Lower end of the calibrated interval.
    pub lower: Vec<f64>,
    /// Upper end.
    pub upper: Vec<f64>,
    /// Distance to the training data; 1 is the edge of the domain.
    pub domain_distance: Vec<f64>,
    /// 1 inside the applicability domain, else 0.
    pub in_domain: Vec<u8>,
    /// Class probabilities, rows × classes.
    pub probability: Vec<f64>,
    /// Classes a row; 0 for regression.
    pub num_classes: usize,
}

impl Predictions {
    /// Makes room for `rows` rows, keeping allocations.
    pub fn reset(&mut self, rows: usize, num_classes: usize) {
        self.num_classes = num_classes;
        for column in [&mut self.value, &mut self.std, &mut self.lower, &mut self.upper, &mut self.domain_distance] {
            column.clear();
            column.resize(rows, f64::NAN);
        }
        self.in_domain.clear();
        self.in_domain.resize(rows, 0);
        self.probability.clear();
        self.probability.resize(rows * num_classes, f64::NAN);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Appends a row without prediction: NaN, outside the domain.
    pub fn push_missing(&mut self, num_classes: usize) {
        self.num_classes = num_classes;
        for column in [&mut self.value, &mut self.std, &mut self.lower, &mut self.upper, &mut self.domain_distance] {
            column.push(f64::NAN);
        }
        self.in_domain.push(0);
        self.probability.extend(std::iter::repeat_n(f64::NAN, num_classes));
    }

    /// Appends row `row` of `other`.
    pub fn push_row(&mut self, other: &Self, row: usize) {
        self.num_classes = other.num_classes;
        self.value.push(other.value[row]);
        self.std.push(other.std[row]);
        self.lower.push(other.lower[row]);
        self.upper.push(other.upper[row]);
        self.domain_distance.push(other.domain_distance[row]);
        self.in_domain.push(other.in_domain[row]);
        let classes = other.num_classes;
        self.probability.extend_from_slice(&other.probability[row * classes..(row + 1) * classes]);
    }
}
