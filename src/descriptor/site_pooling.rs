//! Which sites are taken together, and which statistics of them: parameters that all descriptors of site quantities share.

use serde_json::{Map, Value, json};

use crate::candidate::{Column, Fault};
use crate::crystal::{Occupant, Structure};
use crate::units::{Unit, closest};

use super::site_statistics::SiteStatistic;
use super::species_list::SpeciesList;
use super::symmetry::{SYMPREC, symmetry_fault};
use super::{DescriptorError, Scratch};

/// Names of the parameters.
pub(super) const PARAMETERS: [&str; 4] = ["statistics", "resolve", "species", "symprec"];

/// Most columns of one descriptor: at 8 MB a row a batch would not fit into memory.
const MAX_COLUMNS: usize = 1 << 20;

/// Largest tolerance of symmetry, in Å.
const MAX_SYMPREC: f64 = 1.0;

/// Sites that are taken together.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Resolve {
    /// All sites alike, as published.
    All,
    /// One block of columns an element of `species`: its sites. NaN where a structure has none; other elements have no
    /// columns.
    Species,
    /// All sites, those of a symmetry orbit sharing the weight of one: what is frequent does not drown what is rare.
    Orbits,
}

const NAMES: [(&str, Resolve); 3] = [("all", Resolve::All), ("species", Resolve::Species), ("orbits", Resolve::Orbits)];

/// How quantities of sites become columns.
///
/// Columns come block by block; in a block all statistics of the first quantity, then of the next, as matminer has them.
#[derive(Clone, Debug)]
pub(super) struct SitePooling {
    statistics: Vec<SiteStatistic>,
    resolve: Vec<Resolve>,
    species: Option<SpeciesList>,
    symprec: f64,
}

impl SitePooling {
    /// All sites alike.
    #[cfg(test)]
    pub fn plain(statistics: &[SiteStatistic]) -> Self {
        Self { statistics: statistics.to_vec(), resolve: vec![Resolve::All], species: None, symprec: SYMPREC }
    }

    /// Takes its parameters out of those of a descriptor; what is left is the descriptor's own.
    ///
    /// # Errors
    /// Parameters that are no table, or say what there is not.
    pub fn take(name: &str, parameters: &Value, defaults: &[SiteStatistic]) -> Result<(Self, Value), DescriptorError> {
        let refuse = |reason: String| DescriptorError::Parameters { name: name.to_owned(), reason };
        let mut rest = match parameters {
            Value::Null => Map::new(),
            Value::Object(object) => object.clone(),
            other => return Err(refuse(format!("parameters are {other}, expected a table"))),
        };
        let mut list = |key: &str| match rest.shift_remove(key) {
            None => Ok(None),
            Some(value) => {
                texts(&value).map(Some).ok_or_else(|| refuse(format!("`{key}` is {value}, expected a list of texts")))
            }
        };
        let statistics = match list("statistics")? {
            None => defaults.to_vec(),
            Some(names) => {
                let parsed: Result<Vec<_>, _> = names.iter().map(|name| SiteStatistic::parse(name)).collect();
                distinct(parsed.map_err(refuse)?, "statistics").map_err(refuse)?
            }
        };
        let resolve = match list("resolve")? {
            None => vec![Resolve::All],
            Some(names) => {
                let parsed: Result<Vec<_>, _> = names.iter().map(|name| named(name)).collect();
                distinct(parsed.map_err(refuse)?, "resolve").map_err(refuse)?
            }
        };
        let species = list("species")?.map(|symbols| SpeciesList::parse(&symbols)).transpose().map_err(refuse)?;
        match (&species, resolve.contains(&Resolve::Species)) {
            (None, true) => {
                return Err(refuse("resolve \"species\" needs `species`, the elements that have columns".to_owned()));
            }
            (Some(_), false) => {
                return Err(refuse("`species` has a meaning only with resolve = \"species\"".to_owned()));
            }
            _ => {}
        }
        let symprec = match rest.shift_remove("symprec") {
            None => SYMPREC,
            Some(_) if !resolve.contains(&Resolve::Orbits) => {
                return Err(refuse("`symprec` has a meaning only with resolve = \"orbits\"".to_owned()));
            }
            Some(value) => value.as_f64().filter(|value| *value > 0.0 && *value <= MAX_SYMPREC).ok_or_else(|| {
                refuse(format!("`symprec` is {value}, expected a length in Å above 0 and at most {MAX_SYMPREC}"))
            })?,
        };
        Ok((Self { statistics, resolve, species, symprec }, Value::Object(rest)))
    }

    /// [`take`](Self::take) for a descriptor that has no other parameters.
    ///
    /// # Errors
    /// As there; other parameters.
    pub fn alone(name: &str, parameters: &Value, defaults: &[SiteStatistic]) -> Result<Self, DescriptorError> {
        let (pooling, rest) = Self::take(name, parameters, defaults)?;
        no_others(name, &rest, &[])?;
        Ok(pooling)
    }

    /// Its parameters, defaults filled in, beside a descriptor's own.
    pub fn parameters(&self, own: Value) -> Value {
        let mut all = own.as_object().cloned().unwrap_or_default();
        let names: Vec<String> = self.statistics.iter().map(ToString::to_string).collect();
        all.insert("statistics".into(), json!(names));
        let words: Vec<&str> =
            self.resolve.iter().filter_map(|r| NAMES.iter().find(|(_, known)| known == r)).map(|n| n.0).collect();
        all.insert("resolve".into(), json!(words));
        if let Some(species) = &self.species {
            all.insert("species".into(), json!(species.symbols().collect::<Vec<_>>()));
        }
        if self.resolve.contains(&Resolve::Orbits) {
            all.insert("symprec".into(), json!(self.symprec));
        }
        Value::Object(all)
    }

    /// What follows the label of a quantity in each block.
    fn suffixes(&self) -> Vec<String> {
        let of = |resolve: &Resolve| match (resolve, &self.species) {
            (Resolve::All, _) => vec![String::new()],
            (Resolve::Orbits, _) => vec![" over orbits".to_owned()],
            (Resolve::Species, species) => {
                species.iter().flat_map(SpeciesList::symbols).map(|symbol| format!(" of {symbol}")).collect()
            }
        };
        self.resolve.iter().flat_map(of).collect()
    }

    /// Refuses more columns than a batch has room for.
    ///
    /// # Errors
    /// Too many columns.
    pub fn check_width(&self, name: &str, quantities: usize) -> Result<(), DescriptorError> {
        let columns = quantities * self.statistics.len() * self.suffixes().len();
        if columns <= MAX_COLUMNS {
            return Ok(());
        }
        let reason = format!("{columns} columns, expected at most {MAX_COLUMNS}: ask for fewer species or statistics");
        Err(DescriptorError::Parameters { name: name.to_owned(), reason })
    }

    /// Columns of quantities with these labels and units.
    pub fn columns(&self, quantities: impl IntoIterator<Item = (impl AsRef<str>, Unit)>) -> Vec<Column> {
        let quantities: Vec<_> = quantities.into_iter().collect();
        let mut columns = Vec::new();
        for suffix in self.suffixes() {
            for (label, unit) in &quantities {
                for statistic in &self.statistics {
                    let label = format!("{statistic} {}{suffix}", label.as_ref());
                    columns.push(Column::new(label, statistic.unit(unit)));
                }
            }
        }
        columns
    }

    /// Writes the statistics of the quantities that lie site by site in `scratch.site_values`, in the order of
    /// [`columns`](Self::columns).
    ///
    /// # Errors
    /// No symmetry found, where orbits are asked for.
    pub fn finish(
        &self,
        structure: &Structure,
        occupants: &[Occupant],
        scratch: &mut Scratch,
        out: &mut [f64],
    ) -> Result<(), Fault> {
        let Scratch { geometry, site_values: values, site_weights: weights, .. } = scratch;
        let quantities = values.len() / structure.len();
        let (mut blocks, statistics) = (out.chunks_exact_mut(quantities * self.statistics.len()), &self.statistics);
        for resolve in &self.resolve {
            match (resolve, &self.species) {
                (Resolve::All, _) => {
                    let block = blocks.next().expect("one block a suffix");
                    let sample = |quantity| values.iter().skip(quantity).step_by(quantities).map(|value| (*value, 1.0));
                    write(block, statistics, sample, structure.len() as f64);
                }
                (Resolve::Species, species) => {
                    for element in species.iter().flat_map(SpeciesList::elements) {
                        let block = blocks.next().expect("one block a suffix");
                        weights.clear();
                        weights.extend(occupants.iter().map(|o| f64::from(u8::from(o.element == *element))));
                        write_weighted(block, statistics, values, weights);
                    }
                }
                (Resolve::Orbits, _) => {
                    let block = blocks.next().expect("one block a suffix");
                    let symmetry = geometry.symmetry(structure, self.symprec).map_err(symmetry_fault)?;
                    share_among_orbits(symmetry.orbits(), weights);
                    write_weighted(block, statistics, values, weights);
                }
            }
        }
        Ok(())
    }
}

/// Gives every site its share of the weight of its orbit, which is 1; `orbits` names the first site of each.
fn share_among_orbits(orbits: &[usize], weights: &mut Vec<f64>) {
    weights.clear();
    weights.resize(orbits.len(), 0.0);
    for &first in orbits {
        weights[first] += 1.0;
    }
    // From the end: the first site, which holds the number of members, comes before the others.
    for site in (0..orbits.len()).rev() {
        weights[site] = 1.0 / weights[orbits[site]];
    }
}

/// Writes statistics of sites with a weight above 0; NaN if there are none.
fn write_weighted(block: &mut [f64], statistics: &[SiteStatistic], values: &[f64], weights: &[f64]) {
    let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
    if total <= 0.0 {
        block.fill(f64::NAN);
        return;
    }
    let quantities = values.len() / weights.len();
    // Shares of orbits add up to a whole number but for rounding.
    let count = total.round();
    let sample = |quantity| {
        let values = values.iter().skip(quantity).step_by(quantities).copied();
        values.zip(weights.iter().copied()).filter(|(_, weight)| *weight > 0.0)
    };
    write(block, statistics, sample, count);
}

fn write<S: Iterator<Item = (f64, f64)> + Clone>(
    block: &mut [f64],
    statistics: &[SiteStatistic],
    sample: impl Fn(usize) -> S,
    count: f64,
) {
    for (quantity, out) in block.chunks_exact_mut(statistics.len()).enumerate() {
        let sample = sample(quantity);
        for (statistic, out) in statistics.iter().zip(out) {
            *out = statistic.weighted(sample.clone(), count);
        }
    }
}

/// One text, or a list of them.
fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn named(name: &str) -> Result<Resolve, String> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, resolve)| *resolve).ok_or_else(|| {
        let names = NAMES.map(|(known, _)| known).join(", ");
        format!("`resolve` names \"{name}\", expected {names}")
    })
}

fn distinct<T: PartialEq>(items: Vec<T>, key: &str) -> Result<Vec<T>, String> {
    if items.is_empty() {
        return Err(format!("`{key}` is empty"));
    }
    match (1..items.len()).find(|&place| items[..place].contains(&items[place])) {
        Some(place) => Err(format!("`{key}` names the same twice, at places {} and before", place + 1)),
        None => Ok(items),
    }
}

/// Refuses what is left of the parameters of a descriptor that has `own` ones beside those shared here.
///
/// # Errors
/// An unknown parameter, with the closest known one.
pub(super) fn no_others(name: &str, rest: &Value, own: &[&str]) -> Result<(), DescriptorError> {
    let Some(key) = rest.as_object().and_then(|object| object.keys().next()) else { return Ok(()) };
    let known = || own.iter().copied().chain(PARAMETERS);
    let hint = closest(key, known()).map(|known| format!(", did you mean \"{known}\"?")).unwrap_or_default();
    let known = known().collect::<Vec<_>>().join(", ");
    let reason = format!("unknown parameter \"{key}\"{hint} (there are {known})");
    Err(DescriptorError::Parameters { name: name.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use super::super::crystal_input::tests::{cubic, row};
    use super::super::site_statistics::{MEAN_AND_DEVIATION, SiteStatistic::Mean, WARD};
    use super::*;
    use crate::candidate::Candidate;
    use crate::descriptor::build;

    fn pooling(parameters: Value) -> Result<SitePooling, String> {
        SitePooling::alone("x", &parameters, MEAN_AND_DEVIATION).map_err(|error| error.to_string())
    }

    fn labels(pooling: &SitePooling) -> Vec<String> {
        let plain = Unit::dimensionless();
        pooling.columns([("a", plain.clone()), ("b", plain)]).into_iter().map(|column| column.label).collect()
    }

    #[test]
    fn labels_name_the_statistic_first_and_the_sites_last() {
        assert_eq!(labels(&SitePooling::plain(MEAN_AND_DEVIATION)), ["mean a", "std_dev a", "mean b", "std_dev b"]);
        let parameters = json!({ "statistics": ["maximum"], "resolve": ["species", "orbits"], "species": ["O", "H"] });
        let expected = [
            "maximum a of H",
            "maximum b of H",
            "maximum a of O",
            "maximum b of O",
            "maximum a over orbits",
            "maximum b over orbits",
        ];
        assert_eq!(labels(&pooling(parameters).expect("good parameters")), expected);
    }

    #[test]
    fn parameters_are_read_as_they_are_written() {
        for parameters in [
            json!({}),
            json!({ "resolve": "orbits", "symprec": 0.1, "statistics": ["holder_mean::-2"] }),
            json!({ "resolve": ["all", "species"], "species": ["Ti", "O"] }),
        ] {
            let first = pooling(parameters).expect("good parameters").parameters(json!({}));
            assert_eq!(pooling(first.clone()).expect("good parameters").parameters(json!({})), first);
        }
    }

    #[test]
    fn wrong_parameters_are_refused_with_what_is_allowed() {
        for (parameters, expected) in [
            (json!({ "resolve": "species" }), "resolve \"species\" needs `species`, the elements that have columns"),
            (json!({ "species": ["O"] }), "`species` has a meaning only with resolve = \"species\""),
            (json!({ "resolve": "sites" }), "`resolve` names \"sites\", expected all, species, orbits"),
            (json!({ "statistics": [] }), "`statistics` is empty"),
            (json!({ "statistics": 3 }), "`statistics` is 3, expected a list of texts"),
            (json!({ "statistics": ["mean", "mean"] }), "`statistics` names the same twice, at places 2 and before"),
            (json!({ "symprec": 0.1 }), "`symprec` has a meaning only with resolve = \"orbits\""),
            (
                json!({ "symprec": 0, "resolve": "orbits" }),
                "`symprec` is 0, expected a length in Å above 0 and at most 1",
            ),
            (
                json!({ "statistic": ["mean"] }),
                "unknown parameter \"statistic\", did you mean \"statistics\"? (there are statistics, resolve, species, symprec)",
            ),
        ] {
            assert_eq!(pooling(parameters).expect_err("refused"), format!("descriptor \"x\": {expected}"));
        }
    }

    #[test]
    fn members_of_an_orbit_share_the_weight_of_one() {
        let mut weights = vec![7.0];
        share_among_orbits(&[0, 1, 1, 0, 4, 0, 1], &mut weights);
        let third = 1.0 / 3.0;
        assert_eq!(weights, [third, third, third, third, 1.0, third, third]);
    }

    /// Effective coordination of SrTiO3 by matminer 0.10.1: Sr 12, Ti 6, each of three O 11.7254834.
    fn perovskite() -> Candidate {
        cubic(
            3.905,
            &[
                ([0.0; 3], "Sr"),
                ([0.5; 3], "Ti"),
                ([0.5, 0.5, 0.0], "O"),
                ([0.5, 0.0, 0.5], "O"),
                ([0.0, 0.5, 0.5], "O"),
            ],
        )
    }

    fn coordination(parameters: Value) -> Vec<f64> {
        row(&*build("effective_coordination", &parameters).expect("good parameters"), &perovskite()).expect("described")
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6 || a.is_nan() && b.is_nan();
        assert!(found.iter().zip(expected).all(close), "{found:?}, expected {expected:?}");
    }

    #[test]
    fn elements_of_a_perovskite_have_their_own_coordination() {
        let parameters =
            json!({ "resolve": "species", "species": ["Sr", "Ti", "O", "N"], "statistics": ["mean", "range"] });
        let o = 11.725_483_4;
        near(&coordination(parameters), &[f64::NAN, f64::NAN, o, 0.0, 6.0, 0.0, 12.0, 0.0]);
    }

    #[test]
    fn three_oxygen_sites_of_a_perovskite_count_once_as_an_orbit() {
        let o = 11.725_483_4;
        let parameters = json!({ "resolve": ["all", "orbits"], "statistics": ["mean", "std_dev"] });
        let [all, orbits] = [(18.0 + 3.0 * o) / 5.0, (18.0 + o) / 3.0];
        let deviation = |mean: f64, oxygens: f64| {
            let squares = [12.0, 6.0].map(|x| (x - mean) * (x - mean)).iter().sum::<f64>();
            ((squares + oxygens * (o - mean) * (o - mean)) / (2.0 + oxygens)).sqrt()
        };
        near(&coordination(parameters), &[all, deviation(all, 3.0), orbits, deviation(orbits, 1.0)]);
    }

    #[test]
    fn blocks_beside_the_published_one_leave_it_as_it_is() {
        let plain = coordination(Value::Null);
        assert_eq!(plain.len(), WARD.len());
        let resolved = coordination(json!({ "resolve": ["all", "species", "orbits"], "species": ["O"] }));
        assert_eq!(resolved.len(), 3 * WARD.len());
        assert_eq!(resolved[..WARD.len()], plain);
    }

    #[test]
    fn too_many_columns_are_refused() {
        let plain = SitePooling::plain(&[Mean]);
        assert!(plain.check_width("x", MAX_COLUMNS).is_ok());
        assert!(plain.check_width("x", MAX_COLUMNS + 1).is_err());
    }
}
