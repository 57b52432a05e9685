//! Filters: every verdict, every refusal, and what is written into the record.

use matsieve::candidate::{
    Candidate, CandidateIndex, CandidateKind, ColumnRef, ColumnResolver, FaultCode, PredictionField, Predictions, Row,
    Verdict,
};
use matsieve::chem::{parse_formula, table};
use matsieve::filter::{self, NeedsOf};
use matsieve::units::Unit;
use serde_json::{Value, json};

/// One feature in eV, one feature without unit, one surrogate `gap`.
struct Columns;

impl ColumnResolver for Columns {
    fn resolve(&self, name: &str) -> Result<(ColumnRef, Unit), String> {
        let ev = || Unit::parse("eV").expect("unit");
        let gap = |field| ColumnRef::Prediction { surrogate: 0, field };
        match name {
            "energy" => Ok((ColumnRef::Feature(0), ev())),
            "number" => Ok((ColumnRef::Feature(1), Unit::dimensionless())),
            "gap.value" => Ok((gap(PredictionField::Value), ev())),
            "gap.in_domain" => Ok((gap(PredictionField::InDomain), Unit::dimensionless())),
            "gap.domain_distance" => Ok((gap(PredictionField::DomainDistance), Unit::dimensionless())),
            _ => Err(format!("no column \"{name}\"")),
        }
    }
}

fn verdict_with(
    name: &str,
    parameters: &Value,
    formula: &str,
    features: &[f64],
    predictions: &[Predictions],
) -> Verdict {
    let filter = filter::build(name, parameters, &Columns).unwrap_or_else(|error| panic!("{error}"));
    let kind = CandidateKind::Composition(parse_formula(formula).expect("formula"));
    let candidate = Candidate { index: CandidateIndex(0), kind, values: Vec::new() };
    filter.judge(Row { candidate: &candidate, features, predictions, prediction_row: 0 }).expect("no fault")
}

fn verdict(name: &str, parameters: &Value, formula: &str) -> Verdict {
    verdict_with(name, parameters, formula, &[], &[])
}

fn error(name: &str, parameters: &Value) -> String {
    filter::build(name, parameters, &Columns).err().expect("refused").to_string()
}

#[test]
fn contains_asks_for_all_of_one_list_and_one_of_another() {
    let rule = json!({"all": ["Li", "O"], "any": ["transition_metals"]});
    assert_eq!(verdict("contains", &rule, "LiCoO2"), Verdict::Pass);
    assert_eq!(verdict("contains", &rule, "Li2O"), Verdict::Fail);
    assert_eq!(verdict("contains", &rule, "CoO"), Verdict::Fail);
}

#[test]
fn excludes_fails_on_any_of_its_elements() {
    let rule = json!({"elements": ["Pb", "noble_gases"]});
    assert_eq!(verdict("excludes", &rule, "CsSnI3"), Verdict::Pass);
    assert_eq!(verdict("excludes", &rule, "CsPbI3"), Verdict::Fail);
    assert_eq!(verdict("excludes", &rule, "XeF2"), Verdict::Fail);
}

#[test]
fn num_elements_counts_both_ends() {
    let rule = json!({"min": 2, "max": 3});
    let found = ["Fe", "FeO", "LiFeO2", "LiFePO4"].map(|formula| verdict("num_elements", &rule, formula));
    assert_eq!(found, [Verdict::Fail, Verdict::Pass, Verdict::Pass, Verdict::Fail]);
}

#[test]
fn window_converts_units_and_is_undecided_where_the_column_is_undefined() {
    let rule = json!({"column": "energy", "above": "-100 meV", "below": "0.2 eV"});
    let at = |energy: f64| verdict_with("window", &rule, "Fe", &[energy, 0.0], &[]);
    assert_eq!([-0.11, -0.05, 0.2, 0.21].map(at), [Verdict::Fail, Verdict::Pass, Verdict::Pass, Verdict::Fail]);
    assert_eq!(at(f64::NAN), Verdict::Undecided);
    let between = json!({"column": "number", "between": [1, 2.5]});
    let at = |number: f64| verdict_with("window", &between, "Fe", &[0.0, number], &[]);
    assert_eq!([0.9, 1.0, 2.5, 2.6].map(at), [Verdict::Fail, Verdict::Pass, Verdict::Pass, Verdict::Fail]);
}

#[test]
fn in_domain_reads_the_flag_or_the_distance() {
    let at = |rule: Value, flag: u8, distance: f64| {
        let mut predictions = Predictions::default();
        predictions.reset(1, 0);
        (predictions.in_domain[0], predictions.domain_distance[0]) = (flag, distance);
        verdict_with("in_domain", &rule, "Fe", &[], &[predictions])
    };
    let flag = || json!({"surrogate": "gap"});
    assert_eq!(at(flag(), 1, 0.5), Verdict::Pass);
    assert_eq!(at(flag(), 0, 1.5), Verdict::Fail);
    assert_eq!(at(flag(), 0, f64::NAN), Verdict::Undecided);
    let distance = || json!({"surrogate": "gap", "max_distance": 2.0});
    assert_eq!((at(distance(), 0, 1.5), at(distance(), 0, 2.5)), (Verdict::Pass, Verdict::Fail));
}

#[test]
fn policies_judge_every_element() {
    use Verdict::{Fail, Pass, Undecided};
    for (rule, formula, expected) in [
        (json!({"rule": "radioactive"}), "UO2", Fail),
        (json!({"rule": "radioactive"}), "Bi2Te3", Pass),
        (json!({"rule": "toxicity"}), "CdTe", Fail),
        (json!({"rule": "toxicity"}), "NiO", Pass),
        (json!({"rule": "toxicity", "below": 1}), "NiO", Fail),
        (json!({"rule": "critical_eu"}), "NdFeB", Fail),
        (json!({"rule": "critical_eu", "except": ["Nd", "B"]}), "NdFeB", Pass),
        (json!({"rule": "critical_us"}), "FeS2", Pass),
        // Copper came to the list of 2025.
        (json!({"rule": "critical_us"}), "Cu2S", Pass),
        (json!({"rule": "critical_us_2025"}), "Cu2S", Fail),
        (json!({"rule": "critical_us_2025"}), "FeS2", Pass),
        (json!({"rule": "critical_cn"}), "FeS2", Fail),
        (json!({"rule": "price", "below": "100 USD/kg"}), "PtO2", Fail),
        (json!({"rule": "price", "below": "100 USD/kg"}), "Fe2O3", Pass),
        (json!({"rule": "price", "below": "100 USD/kg"}), "FrCl", Undecided),
        // Fails on Pt, whatever is not known of Fr.
        (json!({"rule": "price", "below": "100 USD/kg"}), "FrPt", Fail),
        (json!({"rule": "abundance", "above": "1 ppm"}), "In2O3", Fail),
        (json!({"rule": "abundance", "above": "0.0001 %"}), "SnO2", Pass),
        (json!({"rule": "hhi_production", "below": 2500}), "BeO", Fail),
        (json!({"rule": "hhi_reserve", "below": 2500}), "TcO2", Undecided),
    ] {
        assert_eq!(verdict("policy", &rule, formula), expected, "{rule} {formula}");
    }
}

#[test]
fn mass_fractions_below_their_limit_are_let_pass() {
    // 1 Pb in 300 Fe: 207.2 / (207.2 + 300 x 55.845) = 1.22 %; 1 Pb in 5000 Fe: 0.074 %, RoHS allows 0.1 %.
    let strict = json!({"rule": "rohs"});
    assert_eq!(verdict("policy", &strict, "PbFe300"), Verdict::Fail);
    assert_eq!(verdict("policy", &strict, "PbFe5000"), Verdict::Pass);
    let loose = json!({"rule": "rohs", "max_mass_fraction": "2 %"});
    assert_eq!(verdict("policy", &loose, "PbFe300"), Verdict::Pass);
    let price = json!({"rule": "price", "below": "100 USD/kg", "max_mass_fraction": 0.05});
    // 1 Pt in 100 Fe: 195.08 / (195.08 + 5584.5) = 3.4 %; in 50 Fe: 6.5 %. Fr: 223 u.
    assert_eq!(verdict("policy", &price, "PtFe100"), Verdict::Pass);
    assert_eq!(verdict("policy", &price, "PtFe50"), Verdict::Fail);
    assert_eq!(verdict("policy", &price, "FrFe50"), Verdict::Undecided);
    assert_eq!(verdict("policy", &price, "FrFe100"), Verdict::Pass);
}

#[test]
fn policies_write_table_hash_and_threshold_into_the_record() {
    let filter = filter::build("policy", &json!({"rule": "price", "below": "0.1 USD/g"}), &Columns).expect("good");
    let parameters = filter.parameters();
    assert!((parameters["below"].as_f64().expect("number") - 100.0).abs() < 1e-9);
    assert_eq!(parameters["unit"], "USD/kg");
    assert_eq!(parameters["table"]["name"], "price");
    assert_eq!(parameters["table"]["sha256"], table::table("price").expect("there").sha256());
    assert_eq!(filter.needs(), NeedsOf::Composition);
}

#[test]
fn the_users_own_list_replaces_ours() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("list.csv");
    std::fs::write(&path, "symbol,eu_2023\nFe,1\nO,0\n").expect("written");
    let rule = json!({"rule": "critical_eu", "table": path});
    let found = ["FeO", "O2", "NdO"].map(|formula| verdict("policy", &rule, formula));
    assert_eq!(found, [Verdict::Fail, Verdict::Pass, Verdict::Undecided]);
}

#[test]
fn bad_parameters_say_what_is_wrong() {
    for (name, parameters, expected) in [
        ("contain", json!({}), "unknown filter \"contain\", did you mean \"contains\"?, there are "),
        ("contains", json!({}), "filter \"contains\": expected `all` or `any`, a list of elements"),
        ("contains", json!({"al": ["O"]}), "filter \"contains\": unknown key `al`, did you mean `all`?"),
        ("contains", json!({"all": ["Oo"]}), "filter \"contains\": \"Oo\" is no element, did you mean \"O\"?"),
        ("excludes", json!({"elements": []}), "filter \"excludes\": `elements` is empty"),
        ("excludes", json!({"element": ["O"]}), "filter \"excludes\": unknown key `element`, did you mean `elements`?"),
        ("num_elements", json!({}), "filter \"num_elements\": expected `min`, `max` or both"),
        ("num_elements", json!({"mni": 3}), "filter \"num_elements\": unknown key `mni`, did you mean `min`?"),
        ("num_elements", json!({"min": 3, "max": 2}), "filter \"num_elements\": `min` = 3 is greater than `max` = 2"),
        ("window", json!({"column": "energy"}), "filter \"window\": expected `above`, `below`, both, or `between`"),
        ("window", json!({"colum": "energy"}), "filter \"window\": unknown key `colum`, did you mean `column`?"),
        ("window", json!({"column": "nergy", "above": 1}), "filter \"window\": no column \"nergy\""),
        (
            "window",
            json!({"column": "energy", "above": 1}),
            "filter \"window\": `above`: \"1\" has no unit, expected one in eV",
        ),
        (
            "window",
            json!({"column": "energy", "above": "1 K"}),
            "filter \"window\": `above`: \"K\" cannot be converted to \"eV\"",
        ),
        (
            "window",
            json!({"column": "energy", "above": "2 eV", "below": "1 eV"}),
            "filter \"window\": the window from 2 eV to 1 eV is empty",
        ),
        (
            "window",
            json!({"column": "number", "above": 1, "between": [1, 2]}),
            "filter \"window\": `between` stands alone",
        ),
        (
            "window",
            json!({"column": "number", "above": true}),
            "filter \"window\": `above` is a quantity such as \"1.1 eV\", found true",
        ),
        ("in_domain", json!({"surrogate": "gp"}), "filter \"in_domain\": no column \"gp.in_domain\""),
        (
            "in_domain",
            json!({"surrogat": "gp"}),
            "filter \"in_domain\": unknown key `surrogat`, did you mean `surrogate`?",
        ),
        (
            "in_domain",
            json!({"surrogate": "gap", "max_distance": -1}),
            "filter \"in_domain\": `max_distance` is a number from 0 on",
        ),
        (
            "policy",
            json!({"rule": "prise", "below": 1}),
            "filter \"policy\": unknown rule \"prise\", did you mean \"price\"?",
        ),
        ("policy", json!({"rul": "price"}), "filter \"policy\": unknown key `rul`, did you mean `rule`?"),
        ("policy", json!({"rule": "price"}), "filter \"policy\": rule \"price\" needs `below`, in USD/kg"),
        ("policy", json!({"rule": "price", "below": 100}), "filter \"policy\": `below`: \"100\" has no unit"),
        (
            "policy",
            json!({"rule": "abundance", "below": "1 ppm"}),
            "filter \"policy\": rule \"abundance\" takes `above`, not `below`",
        ),
        (
            "policy",
            json!({"rule": "rohs", "below": 1}),
            "filter \"policy\": rule \"rohs\" takes `max_mass_fraction`, no bound",
        ),
        (
            "policy",
            json!({"rule": "rohs", "max_mass_fraction": 2}),
            "filter \"policy\": `max_mass_fraction` lies between 0 and 1",
        ),
        (
            "policy",
            json!({"rule": "rohs", "table": "nowhere.csv"}),
            "filter \"policy\": cannot read table nowhere.csv: ",
        ),
    ] {
        let found = error(name, &parameters);
        assert!(found.starts_with(expected), "{parameters}: {found}");
    }
}

#[test]
fn a_rule_for_compositions_faults_on_a_row_of_numbers() {
    let candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: vec![1.0] };
    let row = Row { candidate: &candidate, features: &[], predictions: &[], prediction_row: 0 };
    for (name, parameters) in [
        ("contains", json!({"all": ["O"]})),
        ("excludes", json!({"elements": ["O"]})),
        ("num_elements", json!({"min": 1})),
        ("policy", json!({"rule": "radioactive"})),
    ] {
        let filter = filter::build(name, &parameters, &Columns).expect("good");
        assert_eq!(filter.judge(row).expect_err("no composition").code, FaultCode::NoComposition, "{name}");
    }
}
