//! From the feature names of a foreign model to our columns.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ImportError;
use super::table::NumberTable;
use crate::candidate::Column;
use crate::units::{Unit, closest};

/// Columns that a descriptor computes.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its name.
    pub descriptor: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// What a user says of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Renaming {
    /// Label of our column.
    pub column: String,
    /// Its unit, where the column comes from a table.
    pub unit: Option<Unit>,
}

/// Where a column comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The descriptor of this number among the offers.
    Descriptor(usize),
    /// A numeric column of the candidates' own table.
    Table,
}

/// Columns of an imported model, one for each feature in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// Columns.
    pub columns: Vec<Column>,
    /// Numbers of the offers that are needed, ascending.
    pub offers: Vec<usize>,
}

impl Renaming {
    /// Reads a table with the columns `feature`, `column` and perhaps `unit`.
    ///
    /// # Errors
    /// A missing column, a feature twice, an unknown unit.
    pub fn read(table: &NumberTable) -> Result<BTreeMap<String, Self>, ImportError> {
        let wrong = |reason: String| ImportError::Request { reason, way_out: None };
        let units = if table.names.iter().any(|name| name == "unit") { table.texts("unit")? } else { Vec::new() };
        let mut all = BTreeMap::new();
        for (row, (feature, column)) in table.texts("feature")?.into_iter().zip(table.texts("column")?).enumerate() {
            let unit = match units.get(row) {
                None | Some(&"") => None,
                Some(text) => Some(Unit::parse(text).map_err(|error| wrong(format!("row {row}: {error}")))?),
            };
            if all.insert(feature.to_owned(), Self { column: column.to_owned(), unit }).is_some() {
                return Err(wrong(format!("row {row}: feature \"{feature}\" is there twice")));
            }
        }
        Ok(all)
    }
}

/// Finds a column for each of the features in use.
///
/// A feature is looked up in `renamings`, then among the labels on offer as it is, then with blanks as underscores (LightGBM
/// writes them so). `positional` takes the columns on offer one by one where nobody named the features. With `from_table` what no
/// descriptor computes is a column of the candidates' table.
///
/// # Errors
/// Features without column, columns that several descriptors compute, two features of one column.
pub fn map_features(
    features: &[String],
    used: &[usize],
    offers: &[Offer],
    renamings: &BTreeMap<String, Renaming>,
    positional: bool,
    from_table: bool,
) -> Result<Mapping, ImportError> {
    let known: BTreeSet<&str> = features.iter().map(String::as_str).collect();
    if let Some(stranger) = renamings.keys().find(|name| !known.contains(name.as_str())) {
        let suggestion = closest(stranger, known).map(|name| format!(", did you mean \"{name}\"?")).unwrap_or_default();
        let reason = format!("the map names feature \"{stranger}\", which the model does not have{suggestion}");
        return Err(ImportError::Request { reason, way_out: None });
    }
    let shelf = Shelf::new(offers);
    let in_order: Vec<(usize, &Column)> = match positional {
        true => offers.iter().enumerate().flat_map(|(n, offer)| offer.columns.iter().map(move |c| (n, c))).collect(),
        false => Vec::new(),
    };
    if positional && renamings.is_empty() && !from_table && in_order.len() != features.len() {
        let reason = format!(
            "the model has {} features without names, the descriptors compute {} columns",
            features.len(),
            in_order.len()
        );
        let way_out = Some("name the descriptors in the order of the model's features, or give names with --map");
        return Err(ImportError::Request { reason, way_out });
    }
    let (mut found, mut missing) = (Vec::with_capacity(used.len()), Vec::new());
    for &feature in used {
        let name = &features[feature];
        let renaming = renamings.get(name);
        let label = renaming.map_or(name.as_str(), |renaming| &renaming.column);
        let places = match in_order.get(feature) {
            Some(&(offer, column)) if renaming.is_none() => vec![(offer, column)],
            _ => shelf.find(label),
        };
        match places.is_empty() {
            false => found.push(Err(places)),
            true if from_table => {
                let unit = renaming.and_then(|renaming| renaming.unit.clone()).unwrap_or_else(Unit::dimensionless);
                found.push(Ok(Column::new(label, unit)));
            }
            true => missing.push((name.as_str(), label)),
        }
    }
    if !missing.is_empty() {
        return Err(not_found(&missing, offers));
    }
    choose(found, offers)
}

/// Chooses among several descriptors of a column: one that is needed anyway, else nobody's.
fn choose(found: Vec<Result<Column, Vec<(usize, &Column)>>>, offers: &[Offer]) -> Result<Mapping, ImportError> {
    let mut needed: BTreeSet<usize> = found
        .iter()
        .filter_map(|column| column.as_ref().err())
        .filter(|places| places.len() == 1)
        .map(|places| places[0].0)
        .collect();
    let certain = needed.clone();
    let mut columns: Vec<Column> = Vec::with_capacity(found.len());
    for column in found {
        let column = match column {
            Ok(column) => column,
            Err(places) => {
                let preferred: Vec<_> = places.iter().copied().filter(|place| certain.contains(&place.0)).collect();
                let (offer, column) = match (places.as_slice(), preferred.as_slice()) {
                    ([only], _) | (_, [only]) => *only,
                    _ => {
                        let names: Vec<&str> = places.iter().map(|place| offers[place.0].descriptor.as_str()).collect();
                        let reason =
                            format!("column \"{}\" is computed by each of {}", places[0].1.label, names.join(", "));
                        return Err(ImportError::Request { reason, way_out: Some("choose with --descriptors") });
                    }
                };
                needed.insert(offer);
                column.clone()
            }
        };
        if columns.iter().any(|other| other.label == column.label) {
            let reason = format!("two features are mapped to column \"{}\"", column.label);
            return Err(ImportError::Request { reason, way_out: Some("give each feature its own column with --map") });
        }
        columns.push(column);
    }
    Ok(Mapping { columns, offers: needed.into_iter().collect() })
}

fn not_found(missing: &[(&str, &str)], offers: &[Offer]) -> ImportError {
    const SHOWN: usize = 5;
    let labels: Vec<&str> = offers.iter().flat_map(|offer| offer.columns.iter().map(|c| c.label.as_str())).collect();
    let shown: Vec<String> = missing
        .iter()
        .take(SHOWN)
        .map(|(name, label)| {
            let mapped = if name == label { String::new() } else { format!(" (\"{label}\" by the map)") };
            let suggestion = closest(label, labels.iter().copied());
            let suggestion = suggestion.map(|label| format!(", did you mean \"{label}\"?")).unwrap_or_default();
            format!("\"{name}\"{mapped}{suggestion}")
        })
        .collect();
    let rest = missing.len().saturating_sub(SHOWN);
    let rest = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    ImportError::Request {
        reason: format!("no descriptor computes feature {}{rest}", shown.join("; ")),
        way_out: Some(
            "map names to columns with --map FILE.csv (feature,column), name --descriptors or a --preset, or take columns of the \
             candidates' tables with --from-table",
        ),
    }
}

/// Columns by label and by label with underscores.
struct Shelf<'a> {
    exact: BTreeMap<&'a str, Vec<(usize, &'a Column)>>,
    underscored: BTreeMap<String, Vec<(usize, &'a Column)>>,
}

impl<'a> Shelf<'a> {
    fn new(offers: &'a [Offer]) -> Self {
        let mut shelf = Self { exact: BTreeMap::new(), underscored: BTreeMap::new() };
        for (number, offer) in offers.iter().enumerate() {
            for column in &offer.columns {
                shelf.exact.entry(&column.label).or_default().push((number, column));
                shelf.underscored.entry(underscored(&column.label)).or_default().push((number, column));
            }
        }
        shelf
    }

    fn find(&self, label: &str) -> Vec<(usize, &'a Column)> {
        let exact = self.exact.get(label);
        exact.or_else(|| self.underscored.get(&underscored(label))).cloned().unwrap_or_default()
    }
}

fn underscored(label: &str) -> String {
    label.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(descriptor: &str, labels: &[&str]) -> Offer {
        let column = |label: &&str| Column::new(*label, Unit::dimensionless());
        Offer { descriptor: descriptor.into(), columns: labels.iter().map(column).collect() }
    }

    fn offers() -> Vec<Offer> {
        vec![
            offer("magpie", &["MagpieData mean Number", "MagpieData mode Number"]),
            offer("density", &["density", "vpa"]),
            offer("density_matminer", &["density", "vpa", "packing fraction"]),
        ]
    }

    fn map(features: &[&str], renamings: &[(&str, &str)], from_table: bool) -> Result<Mapping, String> {
        let features: Vec<String> = features.iter().map(|name| (*name).to_owned()).collect();
        let used: Vec<usize> = (0..features.len()).collect();
        let rename = |(from, to): &(&str, &str)| ((*from).to_owned(), Renaming { column: (*to).into(), unit: None });
        let renamings = renamings.iter().map(rename).collect();
        map_features(&features, &used, &offers(), &renamings, false, from_table).map_err(|error| error.to_string())
    }

    fn labels(mapping: &Mapping) -> Vec<&str> {
        mapping.columns.iter().map(|column| column.label.as_str()).collect()
    }

    #[test]
    fn names_of_matminer_need_no_map_even_with_underscores() {
        let mapping = map(&["MagpieData_mode_Number", "MagpieData mean Number"], &[], false).expect("known");
        assert_eq!(labels(&mapping), ["MagpieData mode Number", "MagpieData mean Number"]);
        assert_eq!(mapping.offers, [0]);
    }

    #[test]
    fn unknown_names_are_listed_with_a_suggestion() {
        let error = map(&["MagpieData mean Numbers"], &[], false).expect_err("unknown");
        assert!(error.contains("did you mean \"MagpieData mean Number\"?"), "{error}");
        let mapping = map(&["temperature"], &[], true).expect("from the table");
        assert_eq!((labels(&mapping), mapping.offers.len()), (vec!["temperature"], 0));
    }

    #[test]
    fn a_column_of_two_descriptors_is_asked_for_unless_one_is_needed_anyway() {
        let error = map(&["density"], &[], false).expect_err("ambiguous");
        assert!(error.contains("density, density_matminer"), "{error}");
        assert_eq!(map(&["density", "packing fraction"], &[], false).map(|mapping| mapping.offers), Ok(vec![2]));
    }

    #[test]
    fn maps_win_and_their_mistakes_are_named() {
        let mapping = map(&["z", "packing fraction"], &[("z", "vpa")], false).expect("mapped");
        assert_eq!(labels(&mapping), ["vpa", "packing fraction"]);
        assert!(map(&["z"], &[("y", "vpa")], false).expect_err("stranger").contains("\"y\""));
        assert!(
            map(&["z", "vpa", "packing fraction"], &[("z", "vpa")], false).expect_err("twice").contains("two features")
        );
    }

    #[test]
    fn features_without_names_follow_the_order_of_the_columns() {
        let features: Vec<String> = (0..2).map(|number| format!("f{number}")).collect();
        let none = BTreeMap::new();
        let mapping = map_features(&features, &[1], &offers()[..1], &none, true, false).expect("as many");
        assert_eq!(labels(&mapping), ["MagpieData mode Number"]);
        let error = map_features(&features, &[1], &offers(), &none, true, false).expect_err("more columns");
        assert!(error.to_string().contains("2 features without names"), "{error}");
    }
}
