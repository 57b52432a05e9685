//! `policy`: price, scarcity, supply risk, criticality and hazard of the elements of a composition.

use std::path::PathBuf;

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::policy::{PolicyError, PolicyTable};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch};

/// How the values of the elements become one number.
#[derive(Copy, Clone)]
enum Reduction {
    /// Σ w v with mass fractions w.
    MassWeightedMean,
    /// log10 of the smallest value.
    LogarithmOfLeast,
    /// Number of elements whose value is not 0.
    Count,
    /// Largest value.
    Greatest,
}

/// Label, table, column and reduction of every column.
#[rustfmt::skip]
const COLUMNS: [(&str, &str, &str, Reduction); 9] = [
    ("price", "price", "price", Reduction::MassWeightedMean),
    ("log10 abundance of the scarcest element", "abundance", "abundance", Reduction::LogarithmOfLeast),
    ("HHI production", "hhi", "hhi_production", Reduction::MassWeightedMean),
    ("HHI reserve", "hhi", "hhi_reserve", Reduction::MassWeightedMean),
    ("critical elements EU", "critical", "eu_2023", Reduction::Count),
    ("critical elements US", "critical", "us_2022", Reduction::Count),
    ("critical elements CN", "critical", "cn_2016", Reduction::Count),
    ("radioactive elements", "hazard", "radioactive", Reduction::Count),
    ("greatest toxicity", "hazard", "toxicity", Reduction::Greatest),
];

/// NaN in a column where its table has no value for one of the elements.
///
/// The price is that of the raw elements in a kilogram of the compound: no synthesis, no purity grade. The parameters `price`,
/// `abundance`, `hhi`, `critical` and `hazard` name the user's own tables in place of the compiled-in ones.
struct Policy {
    columns: Vec<(Column, Reduction, Box<[f64; NUM_ELEMENTS]>)>,
    masses: &'static [f64; NUM_ELEMENTS],
    parameters: serde_json::Value,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    price: Option<PathBuf>,
    abundance: Option<PathBuf>,
    hhi: Option<PathBuf>,
    critical: Option<PathBuf>,
    hazard: Option<PathBuf>,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let refuse = |reason: String| DescriptorError::Parameters { name: "policy".into(), reason };
    let given: Option<Parameters> =
        serde::Deserialize::deserialize(parameters).map_err(|error: serde_json::Error| refuse(error.to_string()))?;
    let given = given.unwrap_or_default();
    let load = |name: &str, path: &Option<PathBuf>| -> Result<PolicyTable, DescriptorError> {
        PolicyTable::load(name, path.as_deref()).map_err(|error| refuse(error.to_string()))
    };
    let tables = [
        ("price", load("price", &given.price)?),
        ("abundance", load("abundance", &given.abundance)?),
        ("hhi", load("hhi", &given.hhi)?),
        ("critical", load("critical", &given.critical)?),
        ("hazard", load("hazard", &given.hazard)?),
    ];
    let mut columns = Vec::with_capacity(COLUMNS.len());
    for (label, table, column, reduction) in COLUMNS {
        let table = &tables.iter().find(|entry| entry.0 == table).expect("all five tables are loaded").1;
        let data = table.column(column).map_err(|error: PolicyError| refuse(error.to_string()))?;
        let unit = match reduction {
            Reduction::LogarithmOfLeast => Unit::parse(&format!("log10({})", data.unit)),
            _ => Unit::parse(data.unit.text()),
        };
        let unit = unit.map_err(|error| refuse(error.to_string()))?;
        columns.push((Column::new(label, unit), reduction, data.values.clone()));
    }
    let identities = tables.iter().map(|(name, table)| ((*name).to_owned(), table.identity()));
    let parameters = serde_json::json!({ "tables": identities.collect::<serde_json::Map<_, _>>() });
    Ok(Box::new(Policy { columns, masses: &element_table::pymatgen().expect("atomic_mass").values, parameters }))
}

impl Descriptor for Policy {
    fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|column| column.0.clone()).collect()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1021/cm400893e", taken: "HHI of a compound: mean of its elements' by mass" },
            Reference { doi: "http://data.europa.eu/eli/reg/2024/1252/oj", taken: "critical raw materials, Annex II" },
            Reference { doi: "https://www.federalregister.gov/d/2022-04027", taken: "critical minerals of the USA" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["price", "abundance", "hhi", "critical", "hazard", "pymatgen"]
    }

    fn parameters(&self) -> serde_json::Value {
        self.parameters.clone()
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let mut mass = 0.0;
        for (&row, &amount) in scratch.rows.iter().zip(&scratch.amounts) {
            mass += self.masses[row] * amount;
        }
        for ((_, reduction, values), out) in self.columns.iter().zip(out) {
            let values_of = scratch.rows.iter().map(|&row| values[row]);
            *out = if values_of.clone().any(f64::is_nan) {
                f64::NAN
            } else {
                match reduction {
                    Reduction::MassWeightedMean => {
                        let mut sum = 0.0;
                        for ((value, &row), &amount) in values_of.zip(&scratch.rows).zip(&scratch.amounts) {
                            sum += value * (self.masses[row] * amount);
                        }
                        sum / mass
                    }
                    Reduction::LogarithmOfLeast => libm::log10(values_of.fold(f64::INFINITY, f64::min)),
                    Reduction::Count => values_of.filter(|&value| value != 0.0).count() as f64,
                    Reduction::Greatest => values_of.fold(f64::NEG_INFINITY, f64::max),
                }
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidate::{CandidateIndex, CandidateKind};
    use crate::chem::parse_formula;

    fn describe(formula: &str) -> Vec<f64> {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        let kind = CandidateKind::Composition(parse_formula(formula).expect("formula"));
        let candidate = Candidate { index: CandidateIndex(0), kind, values: Vec::new() };
        let mut scratch = Scratch::new();
        scratch.begin(&candidate);
        let mut out = vec![0.0; descriptor.columns().len()];
        descriptor.describe(&candidate, &mut scratch, &mut out).expect("described");
        out
    }

    #[test]
    fn cadmium_telluride_costs_what_its_masses_say() {
        // Cd 112.411 u at 2.73 USD/kg, Te 127.60 u at 63.5: (306.882 + 8102.6) / 240.011 = 35.03790 USD/kg.
        // Scarcest Te, 0.001 ppm: -3. Listed: Te in the USA only; Cd most toxic; none radioactive.
        let row = describe("CdTe");
        assert!((row[0] - 35.037_90).abs() < 1e-4, "{}", row[0]);
        assert_eq!(row[1], -3.0);
        assert_eq!(row[4..], [0.0, 1.0, 0.0, 0.0, 3.0]);
    }

    #[test]
    fn elements_without_data_leave_their_columns_undefined() {
        // Tc: no abundance, no index; a price and flags there are.
        let row = describe("TcO2");
        assert!(row[0].is_finite() && row[1].is_nan() && row[2].is_nan() && row[3].is_nan());
        assert_eq!(row[7], 1.0);
    }

    #[test]
    fn price_has_a_unit_and_abundance_its_logarithm() {
        let columns = build(&serde_json::Value::Null).expect("no parameters").columns();
        assert_eq!((columns[0].unit.text(), columns[1].unit.text()), ("USD/kg", "log10(ppm)"));
    }

    #[test]
    fn unknown_parameter_is_refused() {
        let error = build(&serde_json::json!({ "prices": "a.csv" })).err().expect("refused").to_string();
        assert!(error.starts_with("descriptor \"policy\": unknown field `prices`, expected one of `price`"), "{error}");
    }
}
