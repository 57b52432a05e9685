//! Splits into training and test rows.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Deserialize;

use crate::chem::Element;

use super::dataset::Dataset;
use super::domain::Domain;
use super::error::SurrogateError;
use super::metrics::ascending;
use super::random::{permutation, random_u64};

/// One fold: rows to train on and rows to test, as row numbers of the data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Fold {
    /// Name in reports: a number, a chemical system, an element.
    pub name: String,
    /// Rows to train on, ascending.
    pub train: Vec<usize>,
    /// Rows to test, ascending.
    pub test: Vec<usize>,
}

/// How folds are made from the data.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitRule {
    /// Shuffled, equal sizes.
    KFold(usize),
    /// Equal sizes with the same distribution of targets.
    Stratified(usize),
    /// Leave one cluster out: k-means on the principal components of the standardised features.
    ClusterOut(usize),
    /// Rows of one chemical system stay together.
    ChemicalSystem(usize),
    /// Rows of the same features stay together.
    Group(usize),
    /// For every element in at least this many rows: test on all rows that contain it.
    ElementOut(usize),
    /// Rows in order of a column of times, cut into equal parts: each part after the first is tested on all before it.
    Time(usize),
}

const ALLOWED: &str = "kfold:K, stratified:K, loco:K, chemsys:K, group:K, element:MIN_ROWS or time:K, K at least 2";

impl FromStr for SplitRule {
    type Err = SurrogateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || SurrogateError::BadSplit { reason: format!("\"{text}\" is none of {ALLOWED}") };
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => (name, Some(number.parse::<usize>().map_err(|_| bad())?)),
            None => (text, None),
        };
        let folds = number.unwrap_or(if name == "loco" { 10 } else { 5 });
        if folds < 2 {
            return Err(bad());
        }
        Ok(match name {
            "kfold" => Self::KFold(folds),
            "stratified" => Self::Stratified(folds),
            "loco" => Self::ClusterOut(folds),
            "chemsys" => Self::ChemicalSystem(folds),
            "group" => Self::Group(folds),
            "element" => Self::ElementOut(number.unwrap_or(20)),
            "time" => Self::Time(folds),
            _ => return Err(bad()),
        })
    }
}

impl SplitRule {
    /// Makes the folds. Faulted rows take part in tests wherever they fall (they have no features to train on). `by` is a
    /// column of the table, one text a row: the groups of [`Group`](Self::Group) (without it, rows of equal features), the
    /// times of [`Time`](Self::Time), which order as numbers if all are numbers, else as text (dates as ISO 8601).
    ///
    /// # Errors
    /// More folds than rows, groups or clusters; compositions or the column missing where the rule needs them.
    pub fn folds(&self, data: &Dataset, by: Option<&[String]>, seed: u64) -> Result<Vec<Fold>, SurrogateError> {
        let n = data.len();
        let assignment = match self {
            Self::KFold(k) => {
                let mut fold_of = vec![0; n];
                for (place, row) in permutation(n, seed, "kfold").into_iter().enumerate() {
                    fold_of[row] = place % k;
                }
                fold_of
            }
            Self::Stratified(k) => stratified(&data.values, *k, seed),
            Self::ClusterOut(k) => clusters(data, *k, seed)?,
            Self::ChemicalSystem(k) => {
                let names: Option<Vec<String>> = (0..n).map(|row| data.chemical_system(row)).collect();
                grouped(&names.ok_or_else(no_compositions)?, *k, seed)
            }
            Self::Group(k) if by.is_some() => grouped(by.unwrap_or_default(), *k, seed),
            Self::Group(k) => {
                let key = |row: usize| data.features.row(row).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                grouped(&(0..n).map(key).collect::<Vec<_>>(), *k, seed)
            }
            Self::ElementOut(min_rows) => return element_out(data, *min_rows),
            Self::Time(k) => {
                let reason = "the split by time needs --by COL, the column of times".to_owned();
                return by_time(by.ok_or(SurrogateError::BadSplit { reason })?, *k);
            }
        };
        let folds = assignment.iter().max().map_or(0, |&last| last + 1);
        complete((0..folds).map(|fold| (0..n).filter(|&row| assignment[row] == fold).collect()).collect(), n)
    }
}

/// Fold numbers of rows, equally many in each, with the targets of each fold spread over their whole range.
pub fn stratified(values: &[f64], folds: usize, seed: u64) -> Vec<usize> {
    let order = ascending(values);
    let mut fold_of = vec![0; values.len()];
    for (stratum, rows) in order.chunks(folds).enumerate() {
        let shuffled = permutation(folds, random_u64(seed, "stratum", stratum as u64), "stratified");
        for (&row, fold) in rows.iter().zip(shuffled) {
            fold_of[row] = fold;
        }
    }
    fold_of
}

/// The folds of a table's rows as folds of those rows that have a target; `table_rows` are their numbers in the table.
///
/// # Errors
/// A fold that has no row left to test or to train on.
pub fn with_target(folds: Vec<Fold>, table_rows: &[usize], num_table_rows: usize) -> Result<Vec<Fold>, SurrogateError> {
    let mut places = vec![None; num_table_rows];
    for (place, &row) in table_rows.iter().enumerate() {
        places[row] = Some(place);
    }
    let kept = |rows: &[usize]| rows.iter().filter_map(|&row| places[row]).collect::<Vec<_>>();
    folds
        .into_iter()
        .map(|fold| {
            let (train, test) = (kept(&fold.train), kept(&fold.test));
            if train.is_empty() || test.is_empty() {
                let reason = format!("fold {}: no row with a target is left to train on or to test", fold.name);
                return Err(SurrogateError::BadSplit { reason });
            }
            Ok(Fold { name: fold.name, train, test })
        })
        .collect()
}

/// Reads `{"folds": [{"test": [row, …], "train": [row, …]?}, …]}`; rows count from 0 in file order.
///
/// # Errors
/// No JSON of this form, rows outside `0..n`, a row in both parts, an empty part.
pub fn parse_folds(text: &str, n: usize) -> Result<Vec<Fold>, SurrogateError> {
    #[derive(Deserialize)]
    struct File {
        folds: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        test: Vec<usize>,
        train: Option<Vec<usize>>,
    }
    let file: File = serde_json::from_str(text).map_err(|error| SurrogateError::BadSplit {
        reason: format!("expected {{\"folds\": [{{\"test\": [row, …]}}, …]}}, {error}"),
    })?;
    let mut folds = Vec::with_capacity(file.folds.len());
    for (number, entry) in file.folds.into_iter().enumerate() {
        let fold = |reason: String| SurrogateError::BadSplit { reason: format!("fold {number}: {reason}") };
        let mut part = vec![0u8; n];
        for (rows, mark) in [(Some(&entry.test), 1u8), (entry.train.as_ref(), 2)] {
            for &row in rows.into_iter().flatten() {
                let slot = part.get_mut(row).ok_or_else(|| fold(format!("row {row} of {n} (rows count from 0)")))?;
                if *slot != 0 {
                    return Err(fold(format!("row {row} is given twice")));
                }
                *slot = mark;
            }
        }
        let training_mark = if entry.train.is_some() { 2 } else { 0 };
        folds.push(Fold {
            name: number.to_string(),
            train: (0..n).filter(|&row| part[row] == training_mark).collect(),
            test: (0..n).filter(|&row| part[row] == 1).collect(),
        });
    }
    check(folds)
}

/// Folds from a column that names the test fold of each row; in order of number, else of text.
///
/// # Errors
/// Fewer than two different names.
pub fn folds_from_column(names: &[&str]) -> Result<Vec<Fold>, SurrogateError> {
    let mut groups: BTreeMap<(Option<u64>, &str), Vec<usize>> = BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        groups.entry((name.trim().parse().ok(), name.trim())).or_default().push(row);
    }
    let titles: Vec<String> = groups.keys().map(|key| key.1.to_owned()).collect();
    let mut folds = complete(groups.into_values().collect(), names.len())?;
    for (fold, title) in folds.iter_mut().zip(titles) {
        fold.name = title;
    }
    Ok(folds)
}

fn complete(tests: Vec<Vec<usize>>, n: usize) -> Result<Vec<Fold>, SurrogateError> {
    let folds = tests.into_iter().enumerate().map(|(number, test)| {
        let train = (0..n).filter(|row| test.binary_search(row).is_err()).collect();
        Fold { name: number.to_string(), train, test }
    });
    check(folds.collect())
}

fn check(folds: Vec<Fold>) -> Result<Vec<Fold>, SurrogateError> {
    if folds.is_empty() {
        return Err(SurrogateError::BadSplit { reason: "no folds".into() });
    }
    for fold in &folds {
        if fold.test.is_empty() || fold.train.is_empty() {
            let part = if fold.test.is_empty() { "test" } else { "training" };
            return Err(SurrogateError::BadSplit { reason: format!("fold {} has no {part} rows", fold.name) });
        }
    }
    Ok(folds)
}

/// Spreads whole groups over folds: largest group first, into the fold with the fewest rows.
fn grouped<K: Ord>(keys: &[K], folds: usize, seed: u64) -> Vec<usize> {
    let mut groups: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (row, key) in keys.iter().enumerate() {
        groups.entry(key).or_default().push(row);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    let order = permutation(groups.len(), seed, "groups");
    groups = order.into_iter().map(|group| std::mem::take(&mut groups[group])).collect();
    groups.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let mut sizes = vec![0; folds];
    let mut fold_of = vec![0; keys.len()];
    for rows in groups {
        let fold = (0..folds).min_by_key(|&fold| sizes[fold]).expect("at least two folds");
        sizes[fold] += rows.len();
        for row in rows {
            fold_of[row] = fold;
        }
    }
    fold_of
}

/// Parts of equal size in order of time; rows of one time stay together, so that nothing is trained on its own future.
fn by_time(times: &[String], parts: usize) -> Result<Vec<Fold>, SurrogateError> {
    let numbers: Option<Vec<f64>> =
        times.iter().map(|time| time.trim().parse::<f64>().ok().filter(|number| number.is_finite())).collect();
    let mut order: Vec<usize> = (0..times.len()).collect();
    match &numbers {
        Some(numbers) => order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b])),
        None => order.sort_by(|&a, &b| times[a].trim().cmp(times[b].trim())),
    }
    let same = |a: usize, b: usize| match &numbers {
        Some(numbers) => numbers[a] == numbers[b],
        None => times[a].trim() == times[b].trim(),
    };
    let mut borders = vec![0];
    for part in 1..parts {
        let mut border = (part * times.len() / parts).max(borders[part - 1]);
        while border > 0 && border < order.len() && same(order[border - 1], order[border]) {
            border += 1;
        }
        borders.push(border);
    }
    borders.push(order.len());
    let sorted = |rows: &[usize]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    let folds = borders.windows(2).skip(1).enumerate().map(|(number, border)| Fold {
        name: number.to_string(),
        train: sorted(&order[..border[0]]),
        test: sorted(&order[border[0]..border[1]]),
    });
    check(folds.collect())
}

fn element_out(data: &Dataset, min_rows: usize) -> Result<Vec<Fold>, SurrogateError> {
    let mut rows_of: BTreeMap<Element, Vec<usize>> = BTreeMap::new();
    for (row, composition) in data.compositions.iter().enumerate() {
        for element in composition.as_ref().ok_or_else(no_compositions)?.elements() {
            rows_of.entry(element).or_default().push(row);
        }
    }
    rows_of.retain(|_, rows| rows.len() >= min_rows && rows.len() < data.len());
    if rows_of.is_empty() {
        return Err(SurrogateError::BadSplit { reason: format!("no element is in {min_rows} rows or more") });
    }
    let names: Vec<&str> = rows_of.keys().map(|element| element.symbol()).collect();
    let mut folds = complete(rows_of.values().cloned().collect(), data.len())?;
    for (fold, name) in folds.iter_mut().zip(names) {
        fold.name = name.into();
    }
    Ok(folds)
}

/// k-means with k-means++ seeding on the principal components; faulted rows go to cluster 0.
fn clusters(data: &Dataset, k: usize, seed: u64) -> Result<Vec<usize>, SurrogateError> {
    let rows = data.usable();
    if rows.len() < k {
        return Err(SurrogateError::BadSplit { reason: format!("{k} clusters of {} rows", rows.len()) });
    }
    let values = data.gather(&rows);
    let (domain, _) = Domain::fit(&values, &vec![1.0; data.features.width()], seed);
    let points: Vec<Vec<f64>> = rows.iter().map(|&row| domain.project(data.features.row(row))).collect();
    let square = |a: &[f64], b: &[f64]| {
        let mut sum = 0.0;
        for (x, y) in a.iter().zip(b) {
            sum += (x - y) * (x - y);
        }
        sum
    };
    let mut centres = vec![points[(random_u64(seed, "first centre", 0) % points.len() as u64) as usize].clone()];
    let mut nearest = vec![f64::INFINITY; points.len()];
    while centres.len() < k {
        let last = &centres[centres.len() - 1];
        let mut total = 0.0;
        for (distance, point) in nearest.iter_mut().zip(&points) {
            *distance = distance.min(square(point, last));
            total += *distance;
        }
        let unit = (random_u64(seed, "next centre", centres.len() as u64) >> 11) as f64 / (1u64 << 53) as f64;
        let mut left = unit * total;
        let chosen = nearest.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        centres.push(points[chosen.unwrap_or(points.len() - 1)].clone());
    }
    let mut cluster_of = vec![0; points.len()];
    for _ in 0..100 {
        let mut moved = false;
        for (cluster, point) in cluster_of.iter_mut().zip(&points) {
            let best = (0..k).min_by(|&a, &b| square(point, &centres[a]).total_cmp(&square(point, &centres[b])));
            let best = best.expect("at least two clusters");
            moved |= *cluster != best;
            *cluster = best;
        }
        if !moved {
            break;
        }
        for (number, centre) in centres.iter_mut().enumerate() {
            let members: Vec<&Vec<f64>> =
                (0..points.len()).filter(|&i| cluster_of[i] == number).map(|i| &points[i]).collect();
            if members.is_empty() {
                continue;
            }
            for (d, value) in centre.iter_mut().enumerate() {
                let mut sum = 0.0;
                for point in &members {
                    sum += point[d];
                }
                *value = sum / members.len() as f64;
            }
        }
    }
    let mut fold_of = vec![0; data.len()];
    for (&row, &cluster) in rows.iter().zip(&cluster_of) {
        fold_of[row] = cluster;
    }
    Ok(fold_of)
}

fn no_compositions() -> SurrogateError {
    SurrogateError::BadSplit { reason: "this split needs a composition in every row, some rows have none".into() }
}

#[cfg(test)]
mod tests {
    use crate::candidate::Task;
    use crate::chem::Composition;

    use super::super::dataset::tests::synthetic;
    use super::*;

    #[test]
    fn folds_of_a_table_lose_the_rows_without_target() {
        // Row 1 of 5 has no target: rows 2, 3, 4 of the table are 1, 2, 3 of the data.
        let text = r#"{"folds": [{"test": [1, 3]}, {"test": [1]}]}"#;
        let folds = parse_folds(text, 5).expect("folds");
        let kept = with_target(folds[..1].to_vec(), &[0, 2, 3, 4], 5).expect("rows are left");
        assert_eq!((kept[0].test.as_slice(), kept[0].train.as_slice()), (&[2][..], &[0, 1, 3][..]));
        assert!(matches!(with_target(folds, &[0, 2, 3, 4], 5), Err(SurrogateError::BadSplit { .. })));
    }

    #[test]
    fn every_row_is_tested_once_and_never_trained_on_at_the_same_time() {
        let data = synthetic(53, 3, Task::Regression, |_, x| x[0]);
        for text in ["kfold:5", "stratified:5", "loco:4", "group:5"] {
            let folds = text.parse::<SplitRule>().and_then(|rule| rule.folds(&data, None, 0)).expect(text);
            let mut tested = vec![0; 53];
            for fold in &folds {
                for &row in &fold.test {
                    tested[row] += 1;
                }
                assert_eq!(fold.train.len() + fold.test.len(), 53, "{text}");
                assert!(fold.test.iter().all(|row| fold.train.binary_search(row).is_err()), "{text}");
            }
            assert!(tested.iter().all(|&count| count == 1), "{text}");
        }
    }

    #[test]
    fn stratified_folds_have_the_same_share_of_positives() {
        let values: Vec<f64> = (0..100).map(|i| f64::from(u8::from(i < 10))).collect();
        let folds = stratified(&values, 5, 3);
        for fold in 0..5 {
            assert_eq!((0..100).filter(|&row| folds[row] == fold && values[row] == 1.0).count(), 2);
        }
    }

    #[test]
    fn chemical_systems_stay_together_and_left_out_elements_are_absent_from_training() {
        let mut data = synthetic(60, 2, Task::Regression, |_, x| x[0]);
        let pairs = [("Fe", "O"), ("Ti", "O"), ("Ga", "As"), ("Ga", "N"), ("Zn", "S")];
        for (row, composition) in data.compositions.iter_mut().enumerate() {
            let mut pair = Composition::new();
            for symbol in [pairs[row % 5].0, pairs[row % 5].1] {
                pair.add(Element::from_symbol(symbol).expect("symbol"), 1.0 + row as f64);
            }
            *composition = Some(pair);
        }
        for fold in "chemsys:5".parse::<SplitRule>().and_then(|rule| rule.folds(&data, None, 0)).expect("folds") {
            assert!(fold.test.iter().all(|row| row % 5 == fold.test[0] % 5), "{fold:?}");
        }
        let folds = SplitRule::ElementOut(20).folds(&data, None, 0).expect("folds");
        assert_eq!(folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["O", "Ga"]);
        assert_eq!(folds[1].test.len(), 24);
        assert!(folds[1].train.iter().all(|row| ![2, 3].contains(&(row % 5))));
    }

    #[test]
    fn times_are_tested_on_what_came_before_and_are_not_torn_apart() {
        let data = synthetic(8, 1, Task::Regression, |_, x| x[0]);
        let times = ["2012", "1999", "2001", "9", "2012", "2012", "2005", "2020"].map(str::to_owned);
        let folds = SplitRule::Time(4).folds(&data, Some(&times), 0).expect("folds");
        let parts: Vec<(&[usize], &[usize])> = folds.iter().map(|f| (f.train.as_slice(), f.test.as_slice())).collect();
        // In order: 9, 1999 | 2001, 2005 | 2012 three times | 2020.
        assert_eq!(
            parts,
            [([1, 3].as_slice(), [2, 6].as_slice()), (&[1, 2, 3, 6], &[0, 4, 5]), (&[0, 1, 2, 3, 4, 5, 6], &[7])]
        );
        assert!(SplitRule::Time(4).folds(&data, None, 0).is_err(), "no column");
        let same = vec!["2000".to_owned(); 8];
        assert!(SplitRule::Time(2).folds(&data, Some(&same), 0).is_err(), "one time");
    }

    #[test]
    fn groups_of_a_column_stay_together() {
        let data = synthetic(12, 1, Task::Regression, |_, x| x[0]);
        let names: Vec<String> = (0..12).map(|row| format!("g{}", row % 4)).collect();
        for fold in SplitRule::Group(2).folds(&data, Some(&names), 0).expect("folds") {
            assert_eq!(fold.test.len(), 6);
            assert!(fold.train.iter().all(|row| fold.test.iter().all(|other| row % 4 != other % 4)));
        }
    }

    #[test]
    fn folds_file_trains_on_all_other_rows_unless_told() {
        let folds = parse_folds(r#"{"folds":[{"test":[0,2]},{"test":[1],"train":[3]}]}"#, 4).expect("valid");
        assert_eq!((folds[0].train.as_slice(), folds[0].test.as_slice()), ([1, 3].as_slice(), [0, 2].as_slice()));
        assert_eq!(folds[1].train, [3]);
    }

    #[test]
    fn folds_file_with_foreign_rows_overlap_or_nonsense_is_refused() {
        for text in [
            r#"{"folds":[{"test":[4]}]}"#,
            r#"{"folds":[{"test":[1],"train":[1,2]}]}"#,
            r#"{"folds":[{"test":[]}]}"#,
            r#"{"folds":[{"test":[-1]}]}"#,
            r#"{"folds":[]}"#,
            "[1,2]",
            "",
        ] {
            assert!(parse_folds(text, 4).is_err(), "{text}");
        }
    }

    #[test]
    fn fold_column_orders_numbers_as_numbers() {
        let folds = folds_from_column(&["10", "2", "2", "10", "1"]).expect("three folds");
        assert_eq!(folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["1", "2", "10"]);
        assert_eq!(folds[1].test, [1, 2]);
    }

    #[test]
    fn misspelt_split_lists_what_is_allowed() {
        for text in ["kfold:1", "kfold:x", "fold:5", ""] {
            let error = text.parse::<SplitRule>().expect_err(text).to_string();
            assert!(error.contains("kfold:K"), "{error}");
        }
    }
}
