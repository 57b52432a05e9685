//! `policy`: every element of a composition obeys a policy: price, abundance, supply, criticality, hazards.

use std::ops::Range;
use std::path::PathBuf;

use serde_json::{Value, json};
use smallvec::SmallVec;

use crate::candidate::{BlockJudge, BlockRule, BlockVerdicts, ColumnResolver, Fault, Row, Stoichiometries, Verdict};
use crate::chem::policy::PolicyTable;
use crate::chem::{Element, ElementSet, NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::subset::composition;
use super::window::quantity;
use super::{Filter, NeedsOf, parameters};

/// Which side of the bound obeys.
#[derive(Copy, Clone, PartialEq, Debug)]
enum Side {
    /// Values up to the bound.
    Below,
    /// Values from the bound on.
    Above,
    /// The value is itself the largest mass fraction; an element without value has no limit.
    MassFraction,
}

/// A rule: its table and column, and the bound where the plan gives none.
struct Rule {
    name: &'static str,
    table: &'static str,
    column: &'static str,
    side: Side,
    default: Option<f64>,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { name: "price", table: "price", column: "price", side: Side::Below, default: None },
    Rule { name: "abundance", table: "abundance", column: "abundance", side: Side::Above, default: None },
    Rule { name: "hhi_production", table: "hhi", column: "hhi_production", side: Side::Below, default: None },
    Rule { name: "hhi_reserve", table: "hhi", column: "hhi_reserve", side: Side::Below, default: None },
    Rule { name: "critical_eu", table: "critical", column: "eu_2023", side: Side::Below, default: Some(0.0) },
    Rule { name: "critical_us", table: "critical", column: "us_2022", side: Side::Below, default: Some(0.0) },
    Rule { name: "critical_us_2025", table: "critical", column: "us_2025", side: Side::Below, default: Some(0.0) },
    Rule { name: "critical_cn", table: "critical", column: "cn_2016", side: Side::Below, default: Some(0.0) },
    Rule { name: "radioactive", table: "hazard", column: "radioactive", side: Side::Below, default: Some(0.0) },
    // 3 is high: permitted oral exposure up to 30 µg a day, or carcinogenic in all inorganic compounds.
    Rule { name: "toxicity", table: "hazard", column: "toxicity", side: Side::Below, default: Some(2.0) },
    Rule { name: "rohs", table: "hazard", column: "rohs", side: Side::MassFraction, default: None },
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    rule: String,
    below: Option<Value>,
    above: Option<Value>,
    max_mass_fraction: Option<Value>,
    #[serde(default)]
    except: ElementSet,
    table: Option<PathBuf>,
}

/// How an element stands to the policy.
#[derive(Copy, Clone, PartialEq, Debug)]
enum Standing {
    Obeys,
    /// Breaks it where its mass fraction exceeds this.
    Breaks(f64),
    /// The table has no value; matters where its mass fraction exceeds this.
    Unknown(f64),
}

/// Fails where an element breaks the policy with more than its allowed mass fraction; undecided where none does, but the table
/// lacks an element that has more than that.
struct Policy {
    standing: [Standing; NUM_ELEMENTS],
    masses: &'static [f64; NUM_ELEMENTS],
    parameters: Value,
}

pub(super) fn build(value: &Value, _resolver: &dyn ColumnResolver) -> Result<Box<dyn Filter>, String> {
    let given: Parameters = parameters::read(value)?;
    let rule = RULES.iter().find(|rule| rule.name == given.rule).ok_or_else(|| unknown_rule(&given.rule))?;
    let table = PolicyTable::load(rule.table, given.table.as_deref()).map_err(|error| error.to_string())?;
    let column = table.column(rule.column).map_err(|error| error.to_string())?;
    let bound = bound(rule, &given, &column.unit)?;
    let allowed = given
        .max_mass_fraction
        .as_ref()
        .map(|value| quantity("max_mass_fraction", value, &Unit::dimensionless()))
        .transpose()?;
    if allowed.is_some_and(|fraction| !(0.0..=1.0).contains(&fraction)) {
        return Err("`max_mass_fraction` lies between 0 and 1 (or \"0 %\" and \"100 %\")".into());
    }
    let fraction = allowed.unwrap_or(0.0);
    let standing = std::array::from_fn(|row| {
        let value = column.values[row];
        let excepted = given.except.iter().any(|element| element.row() == row);
        match rule.side {
            _ if excepted => Standing::Obeys,
            Side::MassFraction if value.is_nan() => Standing::Obeys,
            Side::MassFraction => Standing::Breaks(allowed.unwrap_or(value)),
            _ if value.is_nan() => Standing::Unknown(fraction),
            Side::Below if value <= bound => Standing::Obeys,
            Side::Above if value >= bound => Standing::Obeys,
            _ => Standing::Breaks(fraction),
        }
    });
    let side = if rule.side == Side::Above { "above" } else { "below" };
    let mut parameters = json!({
        "rule": rule.name, "table": table.identity(), "max_mass_fraction": allowed, "except": given.except,
    });
    if rule.side != Side::MassFraction {
        parameters[side] = bound.into();
        parameters["unit"] = column.unit.text().into();
    }
    let masses = &*element_table::pymatgen().expect("atomic_mass").values;
    Ok(Box::new(Policy { standing, masses, parameters }))
}

fn unknown_rule(name: &str) -> String {
    let names = RULES.iter().map(|rule| rule.name);
    match crate::units::closest(name, names.clone()) {
        Some(word) => format!("unknown rule \"{name}\", did you mean \"{word}\"?"),
        None => format!("unknown rule \"{name}\", there are {}", names.collect::<Vec<_>>().join(", ")),
    }
}

fn bound(rule: &Rule, given: &Parameters, unit: &Unit) -> Result<f64, String> {
    let (wanted, other) = match rule.side {
        Side::Below => (("below", &given.below), ("above", &given.above)),
        Side::Above => (("above", &given.above), ("below", &given.below)),
        Side::MassFraction if given.above.is_none() && given.below.is_none() => return Ok(f64::NAN),
        Side::MassFraction => return Err(format!("rule \"{}\" takes `max_mass_fraction`, no bound", rule.name)),
    };
    if other.1.is_some() {
        return Err(format!("rule \"{}\" takes `{}`, not `{}`", rule.name, wanted.0, other.0));
    }
    match (wanted.1, rule.default) {
        (Some(value), _) => quantity(wanted.0, value, unit),
        (None, Some(default)) => Ok(default),
        (None, None) => Err(format!("rule \"{}\" needs `{}`, in {unit}", rule.name, wanted.0)),
    }
}

impl Policy {
    /// Amounts in the order of `elements`, ascending atomic number: the sum of masses then has one order.
    fn decide(&self, elements: &[Element], amounts: impl Iterator<Item = f64> + Clone) -> Verdict {
        let mut total = None;
        let mut verdict = Verdict::Pass;
        for (&element, amount) in elements.iter().zip(amounts.clone()) {
            let (broken, limit) = match self.standing[element.row()] {
                Standing::Obeys => continue,
                Standing::Breaks(limit) => (Verdict::Fail, limit),
                Standing::Unknown(limit) => (Verdict::Undecided, limit),
            };
            let mass = |element: Element, amount: f64| self.masses[element.row()] * amount;
            let exceeded = limit <= 0.0 || {
                let total = *total.get_or_insert_with(|| {
                    let mut sum = 0.0;
                    for (&element, amount) in elements.iter().zip(amounts.clone()) {
                        sum += mass(element, amount);
                    }
                    sum
                });
                mass(element, amount) / total > limit
            };
            if exceeded {
                if broken == Verdict::Fail {
                    return Verdict::Fail;
                }
                verdict = Verdict::Undecided;
            }
        }
        verdict
    }
}

impl Filter for Policy {
    fn needs(&self) -> NeedsOf {
        NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        self.parameters.clone()
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, Fault> {
        let mut pairs: SmallVec<[(Element, f64); 8]> = SmallVec::from_slice(composition(row)?.pairs());
        pairs.sort_unstable_by_key(|pair| pair.0);
        let elements: SmallVec<[Element; 8]> = pairs.iter().map(|pair| pair.0).collect();
        Ok(self.decide(&elements, pairs.iter().map(|pair| pair.1)))
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(self)
    }
}

impl BlockRule for Policy {
    fn judge_blocks<'a>(&'a self, stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a> {
        Box::new(PolicyJudge { policy: self, stoichiometries })
    }
}

struct PolicyJudge<'a> {
    policy: &'a Policy,
    stoichiometries: &'a Stoichiometries,
}

impl BlockJudge for PolicyJudge<'_> {
    fn judge(&mut self, elements: &[Element], span: Range<usize>, verdicts: &mut BlockVerdicts) {
        let standing = |element: &Element| self.policy.standing[element.row()];
        let weighed = |element| match standing(element) {
            Standing::Obeys => false,
            Standing::Breaks(limit) | Standing::Unknown(limit) => limit > 0.0,
        };
        if !elements.iter().any(weighed) {
            // No verdict depends on amounts: any will do.
            verdicts.set_whole(self.policy.decide(elements, elements.iter().map(|_| 1.0)));
            return;
        }
        for row in span {
            let amounts = self.stoichiometries.row(row).iter().map(|&amount| f64::from(amount));
            verdicts.set(row, self.policy.decide(elements, amounts));
        }
    }
}
