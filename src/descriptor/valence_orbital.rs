//! `valence_orbital`: mean numbers and fractions of s, p, d, f valence electrons.

use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::element_property::mean;
use super::{Descriptor, DescriptorError, Needs, Scratch};

/// matminer's `ValenceOrbital`: means of Magpie's counts, and each mean over that of all valence electrons.
struct ValenceOrbital {
    /// s, p, d, f, all.
    counts: [&'static [f64; NUM_ELEMENTS]; 5],
    parameters: Parameters,
}

/// What is computed of each orbital.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Quantity {
    /// Mean number of electrons.
    Avg,
    /// Their share of all valence electrons.
    Frac,
}

/// Parameters of the plan, defaults filled in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    props: Vec<Quantity>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { props: vec![Quantity::Avg, Quantity::Frac] }
    }
}

/// Builds the descriptor; `props` is a list of "avg" and "frac".
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let refuse = |reason| DescriptorError::Parameters { name: "valence_orbital".to_owned(), reason };
    let parameters = match parameters {
        serde_json::Value::Object(object) if !object.is_empty() => {
            Deserialize::deserialize(parameters).map_err(|error: serde_json::Error| refuse(error.to_string()))?
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => Parameters::default(),
        other => return Err(refuse(format!("parameters are {other}, expected a table"))),
    };
    if !matches!(parameters.props[..], [_] | [Quantity::Avg, Quantity::Frac]) {
        return Err(refuse("`props` is none of [\"avg\", \"frac\"], [\"avg\"], [\"frac\"]".to_owned()));
    }
    let table = element_table::magpie();
    let counts = ["NsValence", "NpValence", "NdValence", "NfValence", "NValence"].map(|c| &*table.expect(c).values);
    Ok(Box::new(ValenceOrbital { counts, parameters }))
}

impl Descriptor for ValenceOrbital {
    fn columns(&self) -> Vec<Column> {
        let kinds = self.parameters.props.iter().map(|quantity| match quantity {
            Quantity::Avg => "avg",
            Quantity::Frac => "frac",
        });
        let label =
            |kind: &str, orbital| Column::new(format!("{kind} {orbital} valence electrons"), Unit::dimensionless());
        kinds.flat_map(|kind| ["s", "p", "d", "f"].map(|orbital| label(kind, orbital))).collect()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1038/npjcompumats.2016.28", taken: "fractions of electrons in each orbital" },
            Reference { doi: "10.1103/PhysRevB.93.085142", taken: "mean number of electrons in each orbital" },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["magpie"]
    }

    fn parameters(&self) -> serde_json::Value {
        // Models that were trained before there was a choice know of none.
        if self.parameters.props.len() == 2 {
            return serde_json::json!({});
        }
        serde_json::to_value(&self.parameters).expect("plain values")
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let means = self.counts.map(|counts| mean(counts, &scratch.rows, &scratch.amounts));
        for (quantity, out) in self.parameters.props.iter().zip(out.chunks_exact_mut(4)) {
            for (out, mean) in out.iter_mut().zip(means) {
                *out = match quantity {
                    Quantity::Avg => mean,
                    Quantity::Frac => mean / means[4],
                };
            }
        }
        Ok(())
    }
}
