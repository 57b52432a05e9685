//! Training data: features, targets and what is known of each row.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::candidate::{Column, FeatureMatrix, Task};
use crate::chem::{Composition, Element};

use super::error::SurrogateError;
use super::file::hex;

/// Fewest rows that a model is trained on.
pub const MIN_ROWS: usize = 10;
/// Most classes: each costs as much as a whole regression.
pub const MAX_CLASSES: usize = 32;
/// Fewest rows of each class.
pub const MIN_CLASS_ROWS: usize = 5;

/// Rows in the order of their table, with features and target; faulted rows keep their place.
///
/// `features` holds one row per table row (NaN = undefined by the descriptor's definition); the content of the rows of
/// `faulted` is ignored. `target` is the class index (from 0) for classification.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Name of the data, as the card prints it.
    pub name: String,
    /// Features.
    pub features: FeatureMatrix,
    /// Name and unit of the target.
    pub target: Column,
    /// Regression, or the classes.
    pub task: Task,
    /// Target of each row, in `target.unit`.
    pub values: Vec<f64>,
    /// The source's name of each row.
    pub ids: Vec<String>,
    /// Composition of each row, where it has one.
    pub compositions: Vec<Option<Composition>>,
    /// Rows without features: the record or a descriptor faulted.
    pub faulted: Vec<bool>,
    /// Column of `features` that the target is a correction to (Δ-learning); members learn the difference.
    pub base: Option<usize>,
    /// Rows of the table that have no target; they are not among these rows.
    pub without_target: usize,
}

/// Rows of the same features whose targets differ.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Duplicates {
    /// Rows whose features another row has as well, the first of each group not counted.
    pub repeated_rows: usize,
    /// Groups of equal features with different targets.
    pub contradicting_groups: usize,
    /// Largest difference of targets within a group, in the unit of the target.
    pub largest_difference: f64,
    /// The row of that group that comes first, by its id.
    pub example: Option<String>,
}

impl Dataset {
    /// Number of rows, faulted ones included.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row numbers that have features.
    pub fn usable(&self) -> Vec<usize> {
        (0..self.len()).filter(|&row| !self.faulted[row]).collect()
    }

    /// Whether the target is a class.
    pub fn is_classification(&self) -> bool {
        matches!(self.task, Task::Classification { .. })
    }

    /// Outputs that each member has: one, and of three or more classes one a class.
    pub fn num_outputs(&self) -> usize {
        match &self.task {
            Task::Classification { classes } if classes.len() > 2 => classes.len(),
            _ => 1,
        }
    }

    /// Number of classes; 0 for a regression.
    pub fn num_classes(&self) -> usize {
        match &self.task {
            Task::Regression => 0,
            Task::Classification { classes } => classes.len(),
        }
    }

    /// Checks that all parts fit together and that there is something to learn.
    ///
    /// # Errors
    /// Lengths that differ, no features, targets or bases that are not finite, a base of classes, fewer than [`MIN_ROWS`] usable rows, one constant
    /// target or class, a class of fewer than [`MIN_CLASS_ROWS`] rows.
    pub fn check(&self) -> Result<(), SurrogateError> {
        let n = self.len();
        let bad = |reason: String| Err(SurrogateError::BadData { reason });
        let lengths = [self.features.num_rows(), self.ids.len(), self.compositions.len(), self.faulted.len()];
        if self.features.width() == 0 {
            return bad("there are no feature columns, choose at least one descriptor".into());
        }
        if lengths.iter().any(|&length| length != n) {
            return bad(format!("{n} targets, but features, ids, compositions, faults have {lengths:?} rows"));
        }
        for row in 0..n {
            if !self.values[row].is_finite() {
                let (target, value) = (self.target.label.clone(), self.values[row].to_string());
                return Err(SurrogateError::BadTarget { target, row, place: String::new(), value });
            }
        }
        let usable = self.usable();
        if let Some(base) = self.base {
            if self.is_classification() || base >= self.features.width() {
                return bad("a base is a feature column, and the target a number".into());
            }
            if let Some(row) = usable.iter().find(|&&row| !self.features.row(row)[base].is_finite()) {
                return bad(format!("the base is {} in row {row}", self.features.row(*row)[base]));
            }
        }
        if usable.len() < MIN_ROWS {
            return Err(SurrogateError::TooFewRows { found: usable.len(), needed: MIN_ROWS });
        }
        for &row in &usable {
            if let Some(column) = self.features.row(row).iter().position(|value| value.is_infinite()) {
                let label = &self.features.columns()[column].label;
                return bad(format!("column \"{label}\" is infinite in row {row}, expected a number or NaN"));
            }
        }
        self.check_classes(&usable)
    }

    fn check_classes(&self, usable: &[usize]) -> Result<(), SurrogateError> {
        let first = self.values[usable[0]];
        let constant = usable.iter().all(|&row| self.values[row] == first);
        let target = self.target.label.clone();
        let Task::Classification { classes } = &self.task else {
            if constant {
                return Err(SurrogateError::ConstantTarget { target, value: first.to_string(), rows: usable.len() });
            }
            return Ok(());
        };
        if !(2..=MAX_CLASSES).contains(&classes.len()) {
            let examples = classes.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
            return Err(SurrogateError::NumberOfClasses { target, found: classes.len(), most: MAX_CLASSES, examples });
        }
        let mut counts = vec![0; classes.len()];
        for &row in usable {
            let value = self.values[row];
            if value < 0.0 || value.fract() != 0.0 || value as usize >= classes.len() {
                return Err(SurrogateError::BadTarget { target, row, place: String::new(), value: value.to_string() });
            }
            counts[value as usize] += 1;
        }
        for (class, &found) in classes.iter().zip(&counts) {
            if found == usable.len() {
                return Err(SurrogateError::ConstantTarget { target, value: class.clone(), rows: found });
            }
        }
        for (class, &found) in classes.iter().zip(&counts) {
            if found < MIN_CLASS_ROWS {
                let class = class.clone();
                return Err(SurrogateError::RareClass { target, class, found, needed: MIN_CLASS_ROWS });
            }
        }
        Ok(())
    }

    /// Elements of the given rows, by atomic number.
    pub fn elements(&self, rows: &[usize]) -> Vec<Element> {
        let mut seen = std::collections::BTreeSet::new();
        for &row in rows {
            if let Some(composition) = &self.compositions[row] {
                seen.extend(composition.elements());
            }
        }
        seen.into_iter().collect()
    }

    /// Chemical system of a row, `Fe-O`: symbols in alphabetical order; `None` without composition.
    pub fn chemical_system(&self, row: usize) -> Option<String> {
        let composition = self.compositions[row].as_ref()?;
        let mut symbols: Vec<&str> = composition.elements().map(Element::symbol).collect();
        symbols.sort_unstable();
        Some(symbols.join("-"))
    }

    /// Counts rows of equal features, and those that contradict each other.
    pub fn duplicates(&self, rows: &[usize]) -> Duplicates {
        let mut groups: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            let key = self.features.row(row).iter().map(|value| value.to_bits()).collect();
            groups.entry(key).or_default().push(row);
        }
        let mut found = Duplicates::default();
        for group in groups.values().filter(|group| group.len() > 1) {
            found.repeated_rows += group.len() - 1;
            let low = group.iter().map(|&row| self.values[row]).fold(f64::INFINITY, f64::min);
            let high = group.iter().map(|&row| self.values[row]).fold(f64::NEG_INFINITY, f64::max);
            if high > low {
                found.contradicting_groups += 1;
                if high - low > found.largest_difference {
                    found.largest_difference = high - low;
                    found.example = Some(self.ids[group[0]].clone());
                }
            }
        }
        found
    }

    /// SHA-256 over ids, features and targets of the given rows, in order: says which data a model was trained on.
    pub fn row_hash(&self, rows: &[usize]) -> String {
        let mut hasher = Sha256::new();
        for &row in rows {
            hasher.update((self.ids[row].len() as u64).to_le_bytes());
            hasher.update(self.ids[row].as_bytes());
            for value in self.features.row(row) {
                hasher.update(value.to_le_bytes());
            }
            hasher.update(self.values[row].to_le_bytes());
        }
        hex(&hasher.finalize())
    }

    /// Features of the given rows, row-major.
    pub(super) fn gather(&self, rows: &[usize]) -> Vec<f64> {
        let mut values = Vec::with_capacity(rows.len() * self.features.width());
        for &row in rows {
            values.extend_from_slice(self.features.row(row));
        }
        values
    }

    /// Targets of the given rows without their base: what members learn, before any transform.
    pub(super) fn differences(&self, rows: &[usize]) -> Vec<f64> {
        let base = |row: usize| self.base.map_or(0.0, |column| self.features.row(row)[column]);
        rows.iter().map(|&row| self.values[row] - base(row)).collect()
    }

    /// Targets of the given rows.
    pub(super) fn targets(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| self.values[row]).collect()
    }
}

/// Reads a column of texts as classes: `true`/`false`, `0`/`1`, or any 2 to [`MAX_CLASSES`] texts in alphabetical order, the last one
/// positive.
///
/// # Errors
/// More or fewer different texts, an empty field, a number that is none (`nan`, `inf`).
pub fn read_classes(target: &str, texts: &[&str]) -> Result<(Vec<String>, Vec<f64>), SurrogateError> {
    let mut classes: Vec<&str> = texts.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let is_no_class = |text: &str| text.trim().is_empty() || text.trim().parse::<f64>().is_ok_and(|x| !x.is_finite());
    if let Some(row) = texts.iter().position(|text| is_no_class(text)) {
        let value = if texts[row].trim().is_empty() { "empty".into() } else { texts[row].to_owned() };
        return Err(SurrogateError::BadTarget { target: target.into(), row, place: String::new(), value });
    }
    match classes.as_slice() {
        [_, _, ..] if classes.len() <= MAX_CLASSES => {}
        [only] => {
            let (target, value) = (target.into(), (*only).into());
            return Err(SurrogateError::ConstantTarget { target, value, rows: texts.len() });
        }
        _ => {
            let examples = classes.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            let (target, found) = (target.into(), classes.len());
            return Err(SurrogateError::NumberOfClasses { target, found, most: MAX_CLASSES, examples });
        }
    }
    let values = texts.iter().map(|text| classes.partition_point(|class| class < text) as f64).collect();
    Ok((classes.into_iter().map(str::to_owned).collect(), values))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use crate::units::Unit;

    use super::super::random::random_u64;
    use super::*;

    /// Uniform random number in 0..1.
    pub fn uniform(purpose: &str, counter: u64) -> f64 {
        (random_u64(11, purpose, counter) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `n` rows of `width` uniform features and a target computed from each row.
    pub fn synthetic(n: usize, width: usize, task: Task, target: impl Fn(usize, &[f64]) -> f64) -> Dataset {
        let columns: Arc<[Column]> = (0..width).map(|i| Column::new(format!("x{i}"), Unit::dimensionless())).collect();
        let mut features = FeatureMatrix::new(columns);
        features.reset(n);
        for (i, value) in features.values_mut().iter_mut().enumerate() {
            *value = uniform("feature", i as u64);
        }
        let values = (0..n).map(|row| target(row, features.row(row))).collect();
        Dataset {
            name: "synthetic".into(),
            features,
            target: Column::new("y", Unit::dimensionless()),
            task,
            values,
            ids: (0..n).map(|row| format!("row-{row}")).collect(),
            compositions: vec![None; n],
            faulted: vec![false; n],
            base: None,
            without_target: 0,
        }
    }

    #[test]
    fn contradicting_duplicates_are_counted_with_their_largest_difference() {
        let mut data = synthetic(20, 2, Task::Regression, |row, _| row as f64);
        let row = data.features.row(3).to_vec();
        data.features.values_mut()[14..16].copy_from_slice(&row);
        let found = data.duplicates(&data.usable());
        assert_eq!((found.repeated_rows, found.contradicting_groups, found.largest_difference), (1, 1, 4.0));
        assert_eq!(found.example.as_deref(), Some("row-3"));
    }

    #[test]
    fn target_without_number_is_refused_with_its_row() {
        for value in [f64::NAN, f64::INFINITY] {
            let mut data = synthetic(20, 2, Task::Regression, |row, _| row as f64);
            data.values[7] = value;
            assert!(matches!(data.check(), Err(SurrogateError::BadTarget { row: 7, .. })));
        }
    }

    #[test]
    fn five_rows_a_constant_and_one_class_are_refused() {
        let few = synthetic(5, 2, Task::Regression, |row, _| row as f64);
        assert!(matches!(few.check(), Err(SurrogateError::TooFewRows { found: 5, .. })));
        let constant = synthetic(20, 2, Task::Regression, |_, _| 2.5);
        assert!(matches!(constant.check(), Err(SurrogateError::ConstantTarget { .. })));
        let classes = Task::Classification { classes: vec!["no".into(), "yes".into()] };
        let one = synthetic(20, 2, classes.clone(), |_, _| 1.0);
        assert!(matches!(one.check(), Err(SurrogateError::ConstantTarget { .. })));
        let rare = synthetic(20, 2, classes, |row, _| if row < 2 { 0.0 } else { 1.0 });
        assert!(matches!(rare.check(), Err(SurrogateError::RareClass { found: 2, .. })));
    }

    #[test]
    fn texts_become_classes_with_the_last_one_positive() {
        let (classes, values) = read_classes("is_metal", &["True", "False", "True"]).expect("two classes");
        assert_eq!(classes, ["False", "True"]);
        assert_eq!(values, [1.0, 0.0, 1.0]);
        let (classes, values) = read_classes("phase", &["c", "a", "b", "a"]).expect("three classes");
        assert_eq!((classes.join(" "), values), ("a b c".into(), vec![2.0, 0.0, 1.0, 0.0]));
        let many: Vec<String> = (0..=MAX_CLASSES).map(|i| format!("class {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(matches!(read_classes("t", &many), Err(SurrogateError::NumberOfClasses { found: 33, .. })));
        assert!(matches!(read_classes("t", &["a", "NaN"]), Err(SurrogateError::BadTarget { row: 1, .. })));
        assert!(matches!(read_classes("t", &["a", "a"]), Err(SurrogateError::ConstantTarget { .. })));
    }
}
