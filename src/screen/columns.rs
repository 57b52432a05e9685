//! Names of columns in a plan, resolved to places in the row.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::candidate::{Column, ColumnRef, ColumnResolver, PredictionField, PredictionGroup, Task};
use crate::units::{Unit, closest};

/// Name of the group that holds a source's own numeric columns.
pub const INPUT_GROUP: &str = "input";

/// A named part of the row.
#[derive(Clone, Debug)]
pub struct Group {
    /// Descriptor, or [`INPUT_GROUP`].
    pub name: String,
    /// Its columns.
    pub range: Range<usize>,
}

/// Every column that a plan may name: `label`, `group/label`, `surrogate.field`.
pub struct Catalog {
    /// Groups in row order.
    pub groups: Vec<Group>,
    /// All columns of the row.
    pub columns: Arc<[Column]>,
    /// Surrogates in plan order.
    pub predictions: Vec<PredictionGroup>,
}

/// A resolver that remembers which columns of the row were asked for.
pub struct Recorder<'a> {
    catalog: &'a Catalog,
    used: RefCell<BTreeSet<usize>>,
}

impl Catalog {
    /// A resolver over these columns.
    pub fn recorder(&self) -> Recorder<'_> {
        Recorder { catalog: self, used: RefCell::default() }
    }

    /// Place of the column `label` in one of the groups named; `None` if there is none.
    pub fn position(&self, groups: &[&str], label: &str) -> Option<usize> {
        self.groups
            .iter()
            .filter(|group| groups.contains(&group.name.as_str()))
            .find_map(|group| group.range.clone().find(|&column| self.columns[column].label == label))
    }

    fn feature(&self, name: &str) -> Result<Option<usize>, String> {
        if let Some((group, label)) = name.split_once('/')
            && self.groups.iter().any(|g| g.name == group)
        {
            return match self.position(&[group], label) {
                Some(column) => Ok(Some(column)),
                None => {
                    let labels = self.labels_of(group);
                    Err(format!("\"{group}\" has no column \"{label}\"{}", hint(label, labels.iter().copied())))
                }
            };
        }
        let mut found = self.columns.iter().enumerate().filter(|(_, column)| column.label == name).map(|(i, _)| i);
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(Some(column)),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => {
                let holders: Vec<&str> = self
                    .groups
                    .iter()
                    .filter(|g| g.range.clone().any(|c| self.columns[c].label == name))
                    .map(|g| g.name.as_str())
                    .collect();
                Err(format!("\"{name}\" is a column of {}; write \"{}/{name}\"", holders.join(" and "), holders[0]))
            }
        }
    }

    fn prediction(&self, name: &str) -> Result<Option<(ColumnRef, Unit)>, String> {
        let Some((surrogate, field)) = name.split_once('.') else { return Ok(None) };
        let Some(number) = self.predictions.iter().position(|p| p.name == surrogate) else { return Ok(None) };
        let group = &self.predictions[number];
        let plain = Unit::dimensionless();
        let (field, unit) = match (field, &group.task) {
            ("value", _) => (PredictionField::Value, group.unit.clone()),
            ("std", _) => (PredictionField::Std, group.unit.clone()),
            ("lower", _) => (PredictionField::Lower, group.unit.clone()),
            ("upper", _) => (PredictionField::Upper, group.unit.clone()),
            ("in_domain", _) => (PredictionField::InDomain, plain),
            ("domain_distance", _) => (PredictionField::DomainDistance, plain),
            ("probability", Task::Classification { classes }) => {
                (PredictionField::Probability(classes.len().saturating_sub(1)), plain)
            }
            (other, task) => {
                let class = other.strip_prefix("probability.");
                let place = match (class, task) {
                    (Some(class), Task::Classification { classes }) => classes.iter().position(|c| c == class),
                    _ => None,
                };
                match place {
                    Some(place) => (PredictionField::Probability(place), plain),
                    None => {
                        return Err(format!(
                            "\"{surrogate}\" has no field \"{other}\", expected value, std, lower, upper, in_domain, \
                             domain_distance{}",
                            if matches!(task, Task::Classification { .. }) { ", probability" } else { "" }
                        ));
                    }
                }
            }
        };
        Ok(Some((ColumnRef::Prediction { surrogate: number, field }, unit)))
    }

    fn labels_of(&self, group: &str) -> Vec<&str> {
        self.groups
            .iter()
            .filter(|g| g.name == group)
            .flat_map(|g| g.range.clone())
            .map(|c| self.columns[c].label.as_str())
            .collect()
    }

    fn unknown(&self, name: &str) -> String {
        let mut known: Vec<String> = self.columns.iter().map(|c| c.label.clone()).collect();
        for prediction in &self.predictions {
            known.extend(["value", "std", "lower", "upper"].map(|field| format!("{}.{field}", prediction.name)));
        }
        let suggestion = hint(name, known.iter().map(String::as_str));
        let groups: Vec<&str> = self.groups.iter().map(|g| g.name.as_str()).collect();
        let surrogates: Vec<&str> = self.predictions.iter().map(|p| p.name.as_str()).collect();
        format!(
            "no column \"{name}\"{suggestion} (descriptors: {}; surrogates: {})",
            if groups.is_empty() { "none".into() } else { groups.join(", ") },
            if surrogates.is_empty() { "none".into() } else { surrogates.join(", ") }
        )
    }
}

fn hint<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(name, known).map(|s| format!(", did you mean \"{s}\"?")).unwrap_or_default()
}

impl Recorder<'_> {
    /// Columns of the row asked for since the last call.
    pub fn take_used(&self) -> BTreeSet<usize> {
        self.used.take()
    }
}

impl ColumnResolver for Recorder<'_> {
    fn resolve(&self, name: &str) -> Result<(ColumnRef, Unit), String> {
        if let Some(found) = self.catalog.prediction(name)? {
            return Ok(found);
        }
        match self.catalog.feature(name)? {
            Some(column) => {
                self.used.borrow_mut().insert(column);
                Ok((ColumnRef::Feature(column), self.catalog.columns[column].unit.clone()))
            }
            None => Err(self.catalog.unknown(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> Catalog {
        let column = |label: &str| Column::new(label, Unit::dimensionless());
        Catalog {
            groups: vec![Group { name: "a".into(), range: 0..2 }, Group { name: "b".into(), range: 2..3 }],
            columns: vec![column("x"), column("y"), column("x")].into(),
            predictions: vec![PredictionGroup {
                name: "gap".into(),
                target: "gap expt".into(),
                unit: Unit::parse("eV").expect("unit"),
                task: Task::Regression,
                model_sha256: String::new(),
                interval: 0.9,
                statistic: "median".into(),
            }],
        }
    }

    #[test]
    fn labels_are_found_alone_or_behind_their_group() {
        let catalog = catalog();
        let recorder = catalog.recorder();
        assert_eq!(recorder.resolve("y").map(|r| r.0), Ok(ColumnRef::Feature(1)));
        assert_eq!(recorder.resolve("b/x").map(|r| r.0), Ok(ColumnRef::Feature(2)));
        assert_eq!(recorder.take_used().into_iter().collect::<Vec<_>>(), [1, 2]);
        assert!(recorder.resolve("x").expect_err("two of them").contains("a and b"));
    }

    #[test]
    fn prediction_fields_carry_the_unit_of_the_target() {
        let catalog = catalog();
        let (column, unit) = catalog.recorder().resolve("gap.upper").expect("field");
        assert_eq!(column, ColumnRef::Prediction { surrogate: 0, field: PredictionField::Upper });
        assert_eq!(unit.text(), "eV");
        assert!(catalog.recorder().resolve("gap.uper").expect_err("typo").contains("expected value, std"));
        assert!(catalog.recorder().resolve("gpa.value").expect_err("typo").contains("did you mean \"gap.value\"?"));
    }
}
