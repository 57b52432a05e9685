//! The chemistry against pymatgen and SMACT on the shared data sets: digests of blocks of answers, see
//! `tests/golden/chemistry/README.md`. A block that differs names the table and its first row.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use matsieve::chem::neutrality::{Judgement, MixedValence, NeutralityRule, RuleOptions};
use matsieve::chem::oxidation::{Evidence, GuessOutcome, GuessScratch, OxidationGuesser, OxidationTable};
use matsieve::chem::table::sha256_hex;
use matsieve::chem::{Composition, parse_formula};
use serde::Deserialize;

const BLOCK: usize = 500;

fn datasets() -> Option<PathBuf> {
    let folder = std::env::var_os("MATSIEVE_DATASETS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets"), PathBuf::from);
    let found = folder.is_dir();
    if !found {
        eprintln!("skipped: no datasets");
    }
    found.then_some(folder)
}

fn formulas(folder: &Path, table: &str, step: usize) -> Vec<String> {
    let mut text = Vec::new();
    let file = std::fs::File::open(folder.join(table)).expect("table of the data sets");
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut text).expect("gzip");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice());
    let header = reader.headers().expect("header").clone();
    let names = ["formula", "composition", "FORMULA", "name"];
    let place = names.iter().find_map(|name| header.iter().position(|field| field == *name)).expect("formula column");
    reader.records().step_by(step).map(|record| record.expect("record")[place].to_owned()).collect()
}

fn golden<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/chemistry").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).expect("golden file")).expect("golden file")
}

/// Blocks that differ: number and first row.
fn differing(answers: &[String], expected: &[String]) -> Vec<(usize, usize)> {
    assert_eq!(answers.len().div_ceil(BLOCK), expected.len());
    let digest =
        |lines: &[String]| sha256_hex(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes());
    let blocks = answers.chunks(BLOCK).zip(expected).enumerate();
    blocks.filter(|(_, (lines, hash))| !digest(lines).starts_with(*hash)).map(|(n, _)| (n, n * BLOCK)).collect()
}

/// With `MATSIEVE_DUMP=folder` the answers are written there, to be compared with a run of `make.py --dump`.
fn dump(name: &str, table: &str, answers: &[String]) {
    if let Some(folder) = std::env::var_os("MATSIEVE_DUMP") {
        let path = Path::new(&folder).join(format!("{name}-{}.txt", table.replace('/', "_")));
        std::fs::write(path, answers.join("\n")).expect("writable folder");
    }
}

fn bits(composition: &Composition) -> String {
    let pairs = composition.pairs().iter();
    pairs.map(|(element, amount)| format!("{element}:{:016x}", amount.to_bits())).collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
struct Rows {
    #[serde(default = "one")]
    step: usize,
    rows: usize,
    #[serde(default)]
    skipped: Vec<usize>,
    blocks: Vec<String>,
}

fn one() -> usize {
    1
}

fn compare(name: &str, mut answer: impl FnMut(&str) -> String) {
    let Some(folder) = datasets() else { return };
    let mut wrong = Vec::new();
    for (table, expected) in golden::<BTreeMap<String, Rows>>(&format!("{name}.json")) {
        let formulas = formulas(&folder, &table, expected.step);
        assert_eq!(formulas.len(), expected.rows, "{table}");
        let mut answers: Vec<_> = formulas.iter().map(|formula| answer(formula)).collect();
        for row in expected.skipped {
            answers[row] = "skipped".to_owned();
        }
        dump(name, &table, &answers);
        wrong.extend(differing(&answers, &expected.blocks).into_iter().map(|place| (table.clone(), place)));
    }
    assert!(wrong.is_empty(), "{} blocks differ: {wrong:?}", wrong.len());
}

/// Eight names of the Supercon table, and one of expt_gap whose `G` pymatgen takes for a dummy element.
const BAD_NAMES: [&str; 9] = [
    "B1Sr2Ca2Cu3O2N+3",
    "B1Sr2Ca3Cu4O2N+3",
    "B1Sr2Ca4Cu5O2N+3",
    "Eu1.45Pr0.05Ce0.5Sr2Cu2Nb1O10=z",
    "GaAs0.1P0.9G1128",
    "Hg0.3Pb0.7Sr1.75La0.25Cu1O4+2",
    "Hg1Sr2Ho0.333Ce0.667Cu2O6=z",
    "Sm1Ba-1Cu3O6.94",
    "Y2C2Br0.5!1.5",
];

#[test]
fn every_formula_of_the_data_sets_is_read_as_pymatgen_reads_it_and_the_bad_names_are_refused() {
    let mut refused = std::collections::BTreeSet::new();
    compare("formula", |formula| match parse_formula(formula) {
        Ok(composition) => bits(&composition),
        Err(_) => {
            refused.insert(formula.to_owned());
            "refused".to_owned()
        }
    });
    if datasets().is_some() {
        let names: Vec<_> = refused.iter().map(String::as_str).collect();
        assert_eq!(names, BAD_NAMES);
    }
}

#[test]
fn printed_formulas_and_reduced_amounts_are_pymatgens() {
    compare("reduced", |formula| match parse_formula(formula) {
        Ok(composition) => [
            composition.reduced_formula(),
            composition.hill_formula(),
            composition.anonymous_formula(),
            composition.full_formula(),
            bits(&composition.reduced()),
        ]
        .join("\t"),
        Err(_) => "refused".to_owned(),
    });
}

#[test]
fn guessed_oxidation_states_are_pymatgens() {
    let guesser = OxidationGuesser::pymatgen();
    let mut scratch = GuessScratch::default();
    compare("guess", |formula| {
        let Ok(composition) = parse_formula(formula) else { return "error".to_owned() };
        match guesser.guess(&composition, Some(50), &mut scratch) {
            GuessOutcome::Found => {
                let species = scratch.species().iter();
                species.map(|s| format!("{}{:+}:{}", s.element, s.state, s.count)).collect::<Vec<_>>().join(" ")
            }
            GuessOutcome::NotBalanced => "none".to_owned(),
            GuessOutcome::TooManySites | GuessOutcome::NotInteger => "error".to_owned(),
        }
    });
}

#[derive(Deserialize)]
struct Validity {
    step: usize,
    rows: usize,
    modes: BTreeMap<String, Mode>,
}

#[derive(Deserialize)]
struct Mode {
    options: Options,
    odd: BTreeMap<usize, String>,
    valid: usize,
    blocks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    use_pauling_test: bool,
    include_alloys: bool,
    mixed_valence: bool,
    oxidation_states_set: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            use_pauling_test: true,
            include_alloys: true,
            mixed_valence: false,
            oxidation_states_set: "icsd24".into(),
        }
    }
}

#[test]
fn verdicts_are_those_of_smact_validity() {
    let Some(folder) = datasets() else { return };
    let mut wrong = Vec::new();
    for (table, expected) in golden::<BTreeMap<String, Validity>>("validity.json") {
        let formulas = formulas(&folder, &table, expected.step);
        assert_eq!(formulas.len(), expected.rows, "{table}");
        for (name, mode) in expected.modes {
            let states = OxidationTable::named(&mode.options.oxidation_states_set, Evidence::default()).expect("named");
            let rule = NeutralityRule::new(
                &states,
                &RuleOptions {
                    electronegativity_order: mode.options.use_pauling_test.then_some(0.0),
                    mixed_valence: if mode.options.mixed_valence { MixedValence::Listed } else { MixedValence::None },
                    allow_alloys: mode.options.include_alloys,
                },
            );
            let answer = |formula: &String| {
                let composition = parse_formula(formula).expect("formula of the data sets");
                // SMACT has no third answer: what cannot be decided is invalid.
                if rule.judge(&composition) == Judgement::Allowed { "valid" } else { "invalid" }.to_owned()
            };
            let mut answers: Vec<_> = formulas.iter().map(answer).collect();
            for (row, odd) in mode.odd {
                answers[row] = odd;
            }
            dump("validity", &format!("{table}-{name}"), &answers);
            let valid = answers.iter().filter(|answer| *answer == "valid").count();
            let places = differing(&answers, &mode.blocks);
            if !places.is_empty() {
                wrong.push(format!("{table} {name}: {valid} valid, expected {}; blocks {places:?}", mode.valid));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
