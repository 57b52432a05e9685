//! Enumerated spaces: every candidate once, found by its index, and swept as if judged one by one.

use std::collections::BTreeSet;

use matsieve::candidate::{
    BlockRule, Candidate, CandidateIndex, CandidateKind, ColumnRef, ColumnResolver, Row, Verdict,
};
use matsieve::chem::neutrality::{MixedValence, NeutralityRule, RuleOptions};
use matsieve::chem::oxidation::{Evidence, OxidationTable};
use matsieve::chem::{Composition, Element, ElementSet};
use matsieve::filter::{self, Filter};
use matsieve::source::space::{Space, SpaceSource, SpaceSpec};
use matsieve::source::{Decoder, Source, SweepCount, SweepStep};
use matsieve::units::Unit;
use proptest::prelude::*;
use serde_json::{Value, json};

struct NoColumns;

impl ColumnResolver for NoColumns {
    fn resolve(&self, name: &str) -> Result<(ColumnRef, Unit), String> {
        Err(format!("no column \"{name}\""))
    }
}

fn space(spec: &Value) -> Space {
    Space::new(&SpaceSpec::from_value(spec).expect("good specification")).expect("good space")
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// All compositions of a specification, by trying every vector of amounts from 0 to the largest.
fn brute_force(spec: &SpaceSpec) -> BTreeSet<Vec<(Element, u32)>> {
    let elements: Vec<Element> = spec.elements.iter().collect();
    let mut found = BTreeSet::new();
    let base = u64::from(spec.max_amount) + 1;
    for code in 0..base.pow(elements.len() as u32) {
        let mut rest = code;
        let mut pairs = Vec::new();
        for &element in &elements {
            if rest % base > 0 {
                pairs.push((element, (rest % base) as u32));
            }
            rest /= base;
        }
        let present: ElementSet = pairs.iter().map(|pair| pair.0).collect();
        let fits = spec.num_elements.0.contains(&pairs.len())
            && pairs.iter().fold(0, |divisor, pair| gcd(divisor, pair.1)) == 1
            && pairs.iter().map(|pair| pair.1).sum::<u32>() <= spec.max_atoms.unwrap_or(u32::MAX)
            && spec.require.is_subset(present)
            && spec.require_any.iter().all(|group| !group.is_disjoint(present))
            && spec.exclude.is_disjoint(present);
        if fits {
            found.insert(pairs);
        }
    }
    found
}

#[test]
fn a_space_holds_exactly_the_compositions_of_its_specification() {
    for spec in [
        json!({"elements": ["Li", "Fe", "P", "O"], "num_elements": "1-4", "max_amount": 4}),
        json!({"elements": ["Li", "Fe", "P", "O", "F"], "num_elements": "2-4", "max_amount": 3, "max_atoms": 7}),
        json!({"elements": ["Li", "Fe", "P", "O", "S"], "num_elements": "2-3", "max_amount": 3, "require": ["Fe"],
               "require_any": [["O", "S"], ["Li", "P"]]}),
        json!({"elements": ["Li", "Fe", "P", "O", "S"], "num_elements": 3, "max_amount": 4, "exclude": ["P"]}),
        json!({"elements": ["Ti", "O"], "num_elements": "1-2", "max_amount": 6, "require_any": [["O", "Fe"]]}),
    ] {
        let parsed = SpaceSpec::from_value(&spec).expect("good specification");
        let space = space(&spec);
        let mut found = BTreeSet::new();
        for index in 0..space.count() {
            let point = space.at(index).expect("within the space");
            let amounts = point.amounts.iter().map(|&amount| u32::from(amount));
            assert!(
                found.insert(point.elements.iter().copied().zip(amounts).collect::<Vec<_>>()),
                "{spec}: {point} twice"
            );
        }
        assert_eq!(found, brute_force(&parsed), "{spec}");
        assert_eq!(space.at(space.count()), None);
    }
}

#[test]
fn ten_billion_quaternaries_are_counted_and_addressed_exactly() {
    // C(103, 4) = 4,421,275 sets; of 8^4 amounts, those without common divisor: 8^4 - 4^4 - 2^4 - 1 - 1 + 1 = 3,823
    // (inclusion-exclusion over 2, 3, 5, 7 and 6).
    let spec = json!({"elements": ["all"], "exclude": ["Rf", "Db", "Sg", "Bh", "Hs", "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc",
        "Lv", "Ts", "Og"], "num_elements": 4, "max_amount": 8});
    let space = space(&spec);
    assert_eq!(space.count(), 4_421_275 * 3_823);
    let last = space.at(space.count() - 1).expect("the last");
    assert_eq!(last.to_string(), "Fm8Md8No8Lr7");
}

#[test]
fn a_space_beyond_63_bits_is_an_error() {
    let spec = json!({"elements": ["all"], "num_elements": 10, "max_amount": 4});
    let error = Space::new(&SpaceSpec::from_value(&spec).expect("good keys")).expect_err("too large");
    assert!(error.to_string().starts_with("more than 2^63 candidates"), "{error}");
}

#[test]
fn records_decode_to_the_candidate_of_their_index() {
    let mut source =
        SpaceSource::new(space(&json!({"name": "tio", "elements": ["Ti", "O"], "num_elements": 2, "max_amount": 3})));
    let mut frame = matsieve::candidate::Frame::default();
    source.seek(4).expect("addressable");
    source.frame(2, &mut frame).expect("framed");
    source.frame(5, &mut frame).expect("framed");
    let decoder = source.decoder();
    assert_eq!(frame.records.iter().map(|record| record.index.0).collect::<Vec<_>>(), [4, 5, 6]);
    let mut candidate = Candidate { index: CandidateIndex(0), kind: CandidateKind::Row, values: vec![1.0] };
    decoder.decode(&frame, &frame.records[0], &mut candidate).expect("decoded");
    // Pairs of (O, Ti): 11 12 13 21 23 31 32.
    let composition = candidate.composition().expect("a composition");
    assert_eq!([8, 22].map(|z| composition.amount(Element::from_atomic_number(z).expect("element"))), [2.0, 3.0]);
    assert_eq!(decoder.id(&frame, &frame.records[0]), "O2Ti3");
    assert_eq!(decoder.origin(&frame, &frame.records[0]), "space:tio#4");
    assert_eq!((candidate.index.0, source.num_records()), (4, Some(7)));
}

/// Verdicts and counts of a range, each candidate judged by itself.
fn judged_singly(
    space: &Space,
    range: std::ops::Range<u64>,
    filters: &[(Box<dyn Filter>, bool)],
) -> (Vec<SweepCount>, Vec<(u64, Vec<Verdict>)>) {
    let mut counts = vec![SweepCount::default(); filters.len()];
    let mut survivors = Vec::new();
    for index in range {
        let point = space.at(index).expect("within the space");
        let mut composition = Composition::new();
        for (&element, &amount) in point.elements.iter().zip(&point.amounts) {
            composition.add(element, f64::from(amount));
        }
        let kind = CandidateKind::Composition(composition);
        let candidate = Candidate { index: CandidateIndex(index), kind, values: Vec::new() };
        let row = Row { candidate: &candidate, features: &[], predictions: &[], prediction_row: 0 };
        let mut verdicts = Vec::new();
        for ((filter, keep_undecided), count) in filters.iter().zip(&mut counts) {
            let verdict = filter.judge(row).expect("no fault");
            count.input += 1;
            match verdict {
                Verdict::Pass => count.passed += 1,
                Verdict::Fail => count.failed += 1,
                Verdict::Undecided => count.undecided += 1,
            }
            verdicts.push(verdict);
            if verdict == Verdict::Fail || verdict == Verdict::Undecided && !keep_undecided {
                break;
            }
        }
        let last = verdicts.last().copied();
        let kept = last.is_none_or(|v| v == Verdict::Pass || v == Verdict::Undecided && filters[verdicts.len() - 1].1);
        if verdicts.len() == filters.len() && kept {
            survivors.push((index, verdicts));
        }
    }
    (counts, survivors)
}

fn rules() -> Vec<(&'static str, Value)> {
    vec![
        ("contains", json!({"any": ["O", "S", "Cl"]})),
        ("contains", json!({"all": ["Fe"]})),
        ("excludes", json!({"elements": ["Pb", "Cl"]})),
        ("num_elements", json!({"min": 2, "max": 3})),
        ("policy", json!({"rule": "hhi_production", "below": 2500})),
        ("policy", json!({"rule": "toxicity", "max_mass_fraction": 0.4})),
        ("policy", json!({"rule": "price", "below": "4 USD/kg", "max_mass_fraction": 0.2, "except": ["U"]})),
    ]
}

/// Charge neutrality with electronegativity order.
struct Neutral(NeutralityRule);

impl Filter for Neutral {
    fn needs(&self) -> filter::NeedsOf {
        filter::NeedsOf::Composition
    }

    fn parameters(&self) -> Value {
        Value::Null
    }

    fn judge(&self, row: Row<'_>) -> Result<Verdict, matsieve::candidate::Fault> {
        Ok(self.0.judge(row.candidate.composition().expect("a composition")).into())
    }

    fn block_rule(&self) -> Option<&dyn BlockRule> {
        Some(&self.0)
    }
}

fn neutral(mixed_valence: MixedValence, allow_alloys: bool) -> Box<dyn Filter> {
    let table = OxidationTable::named("smact14", Evidence::default()).expect("named table");
    let options = RuleOptions { electronegativity_order: Some(0.0), mixed_valence, allow_alloys };
    Box::new(Neutral(NeutralityRule::new(&table, &options)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_sweep_equals_judging_each_candidate_singly(
        picks in proptest::collection::vec((0usize..rules().len(), any::<bool>()), 0..4),
        neutrality in proptest::option::of((0usize..3, any::<bool>(), any::<bool>(), any::<bool>())),
        max_amount in 1u8..7,
        cuts in proptest::collection::vec(0.0f64..1.0, 2),
    ) {
        let space = space(&json!({
            "elements": ["Na", "Fe", "Pb", "O", "S", "Cl", "U", "He"], "num_elements": "1-4", "max_amount": max_amount, "max_atoms": 16,
        }));
        let all = rules();
        let mut filters: Vec<(Box<dyn Filter>, bool)> = picks
            .iter()
            .map(|&(pick, keep)| (filter::build(all[pick].0, &all[pick].1, &NoColumns).expect("good rule"), keep))
            .collect();
        if let Some((mixed, alloys, keep, first)) = neutrality {
            let mixed = [MixedValence::None, MixedValence::Listed, MixedValence::All][mixed];
            filters.insert(if first { 0 } else { filters.len() }, (neutral(mixed, alloys), keep));
        }
        let steps: Vec<SweepStep<'_>> = filters
            .iter()
            .map(|(filter, keep)| SweepStep { rule: filter.block_rule().expect("offers itself"), keep_undecided: *keep })
            .collect();
        let mut bounds: Vec<u64> = cuts.iter().map(|cut| (cut * space.count() as f64) as u64).collect();
        bounds.sort_unstable();
        let mut sweeper = space.sweeper(&steps).expect("a space has blocks");
        for range in [0..bounds[0], bounds[0]..bounds[1], bounds[1]..space.count()] {
            let mut counts = vec![SweepCount::default(); steps.len()];
            let mut survivors = Vec::new();
            sweeper.sweep(range.clone(), &mut counts, &mut |survivor| {
                let point = space.at(survivor.index).expect("within the space");
                assert_eq!((&point.elements[..], &point.amounts[..]), (survivor.elements, survivor.amounts));
                survivors.push((survivor.index, survivor.verdicts.to_vec()));
            });
            prop_assert_eq!((counts, survivors), judged_singly(&space, range, &filters));
        }
    }
}
