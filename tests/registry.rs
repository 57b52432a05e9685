//! What every descriptor owes: width = columns, unique labels, references, tables with cards, same bits again, values on
//! a zoo of compositions or of structures, no allocation in `describe`.

#[path = "support/crystals.rs"]
mod crystals;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;

use matsieve::candidate::{Candidate, CandidateIndex, CandidateKind, FaultCode};
use matsieve::chem::{Composition, Element, table};
use matsieve::descriptor::{self, Descriptor, REGISTRY, Scratch};
use serde_json::json;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is handed on to the system allocator unchanged; counting touches a thread-local cell only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System.alloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: `pointer` came from `System.alloc` with this layout.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn candidate(kind: CandidateKind) -> Candidate {
    Candidate { index: CandidateIndex(0), kind, values: Vec::new() }
}

fn composition(pairs: impl IntoIterator<Item = (Element, f64)>) -> Composition {
    let mut composition = Composition::new();
    for (element, amount) in pairs {
        composition.add(element, amount);
    }
    composition
}

/// Every element alone, every neighbouring pair, triples and quintets across the table with whole and fractional amounts.
fn compositions() -> Vec<Candidate> {
    let all: Vec<_> = Element::all().collect();
    let pick = |place: usize| all[place % all.len()];
    let mut zoo = Vec::new();
    for i in 0..all.len() {
        zoo.push(composition([(pick(i), 1.0)]));
        zoo.push(composition([(pick(i), 2.0), (pick(i + 1), 4.0)]));
        zoo.push(composition([(pick(i), 1.0), (pick(7), 3.0), (pick(3 * i + 5), 2.0)]));
        zoo.push(composition((0..5).map(|k| (pick(i + 17 * k), 0.1 + 0.2 * k as f64))));
    }
    zoo.into_iter().map(|composition| candidate(CandidateKind::Composition(composition))).collect()
}

/// The ordered structures of the golden tests.
fn structures() -> Vec<Candidate> {
    let all = crystals::golden_structures();
    all.iter()
        .filter(|(_, structure)| structure.is_ordered())
        .map(|(_, structure)| crystals::candidate(structure))
        .collect()
}

/// What a descriptor can describe.
fn zoo(descriptor: &dyn Descriptor) -> Vec<Candidate> {
    if descriptor.needs().structure { structures() } else { compositions() }
}

/// Elements of the structures of the golden tests.
fn species() -> serde_json::Value {
    let mut elements = BTreeSet::new();
    for (_, structure) in crystals::golden_structures().iter().filter(|(_, structure)| structure.is_ordered()) {
        for site in 0..structure.len() {
            elements.extend(structure.occupants(site).iter().map(|occupant| occupant.element.symbol()));
        }
    }
    json!(elements)
}

/// Descriptors whose width comes from the plan, and parameters for them.
fn parameters(name: &str) -> serde_json::Value {
    match name {
        "partial_rdf" => json!({ "species": ["Na", "Cl", "O"] }),
        "acsf" => json!({
            "species": species(), "r_cut": 5.0, "g2_params": [[1.0, 2.0]], "g3_params": [1.0],
            "g4_params": [[0.02, 2.5, 1.0]],
        }),
        _ => json!({}),
    }
}

/// Descriptors of quantities of sites.
const OF_SITES: [&str; 12] = [
    "acsf",
    "agni",
    "bond_angles",
    "bond_lengths",
    "bond_orientational",
    "crystal_nn_fingerprint",
    "effective_coordination",
    "gaussian_symmetry",
    "grdf",
    "local_property_difference",
    "op_site_fingerprint",
    "voronoi_fingerprint",
];

/// Every descriptor with its defaults, and those of sites resolved by species.
fn every(check: impl Fn(&str, &dyn Descriptor)) {
    for entry in REGISTRY {
        let parameters = parameters(entry.name);
        check(entry.name, &*descriptor::build(entry.name, &parameters).expect("good parameters"));
        if OF_SITES.contains(&entry.name) {
            check(entry.name, &*descriptor::build(entry.name, &resolved(&parameters)).expect("good parameters"));
        }
    }
}

fn resolved(parameters: &serde_json::Value) -> serde_json::Value {
    let mut parameters = parameters.clone();
    parameters["resolve"] = json!(["all", "species"]);
    parameters["statistics"] = json!(["mean", "std_dev", "minimum", "holder_mean::2"]);
    if parameters.get("species").is_none() {
        parameters["species"] = json!(["Na", "Cl", "O", "Ti"]);
    } else {
        // `acsf`: thousands of quantities a site, for each of its elements.
        parameters["statistics"] = json!(["range"]);
    }
    parameters
}

fn row(descriptor: &dyn Descriptor, scratch: &mut Scratch, candidate: &Candidate) -> Vec<f64> {
    let mut out = vec![f64::INFINITY; descriptor.columns().len()];
    scratch.begin(candidate);
    descriptor.describe(candidate, scratch, &mut out).expect("can be described");
    out
}

#[test]
fn names_and_labels_are_unique_and_summaries_present() {
    let names: BTreeSet<_> = REGISTRY.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), REGISTRY.len());
    assert!(REGISTRY.iter().all(|entry| !entry.summary.is_empty()));
    every(|name, descriptor| {
        let columns = descriptor.columns();
        let labels: BTreeSet<_> = columns.iter().map(|column| &column.label).collect();
        assert_eq!(labels.len(), columns.len(), "{name}");
    });
}

#[test]
fn references_and_tables_are_present() {
    every(|name, descriptor| {
        assert!(descriptor.version() >= 1, "{name}");
        assert!(!descriptor.references().is_empty(), "{name}");
        assert!(descriptor.references().iter().all(|r| !r.doi.is_empty() && !r.taken.is_empty()), "{name}");
        for table_name in descriptor.tables() {
            table::table(table_name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    });
}

#[test]
fn every_value_is_written_and_finite_or_nan() {
    every(|name, descriptor| {
        let zoo = zoo(descriptor);
        let mut scratch = Scratch::new();
        let mut finite = vec![false; descriptor.columns().len()];
        for candidate in &zoo {
            for (place, value) in row(descriptor, &mut scratch, candidate).into_iter().enumerate() {
                assert!(!value.is_infinite(), "{name}: column {place} of {:?}", candidate.kind);
                finite[place] |= value.is_finite();
            }
        }
        assert!(finite.iter().all(|&any| any), "{name}: a column is defined for no candidate");
    });
}

#[test]
fn same_bits_when_repeated_with_used_working_memory() {
    every(|name, descriptor| {
        let zoo = zoo(descriptor);
        let mut used = Scratch::new();
        for candidate in &zoo {
            let first: Vec<_> = row(descriptor, &mut used, candidate).into_iter().map(f64::to_bits).collect();
            let alone: Vec<_> = row(descriptor, &mut Scratch::new(), candidate).into_iter().map(f64::to_bits).collect();
            assert_eq!(first, alone, "{name}: {:?}", candidate.kind);
        }
    });
}

#[test]
fn a_full_cell_has_the_bits_of_its_reduced_formula() {
    let [iron, oxygen] = ["Fe", "O"].map(|symbol| Element::from_symbol(symbol).expect("symbol"));
    let cells = [1.0, 6.0].map(|factor| {
        candidate(CandidateKind::Composition(composition([(iron, 2.0 * factor), (oxygen, 3.0 * factor)])))
    });
    every(|name, descriptor| {
        if descriptor.needs().structure {
            return;
        }
        let [reduced, full] = cells.each_ref().map(|cell| row(descriptor, &mut Scratch::new(), cell));
        let bits = |row: Vec<f64>| row.into_iter().map(f64::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(reduced), bits(full), "{name}");
    });
}

#[test]
fn a_candidate_without_composition_or_structure_is_a_fault() {
    let bare = candidate(CandidateKind::Row);
    every(|name, descriptor| {
        let mut scratch = Scratch::new();
        scratch.begin(&bare);
        let mut out = vec![0.0; descriptor.columns().len()];
        let fault = descriptor.describe(&bare, &mut scratch, &mut out).expect_err(name);
        let code = if descriptor.needs().structure { FaultCode::NoStructure } else { FaultCode::NoComposition };
        assert_eq!(fault.code, code, "{name}");
    });
}

/// The symmetry search of `moyo` allocates.
const ALLOCATES: [&str; 3] = ["symmetry", "symmetry_matminer", "structural_complexity"];

#[test]
fn describe_does_not_allocate() {
    every(|name, descriptor| {
        if ALLOCATES.contains(&name) {
            return;
        }
        let zoo = zoo(descriptor);
        let mut scratch = Scratch::new();
        let mut out = vec![0.0; descriptor.columns().len()];
        let mut pass = || {
            let before = ALLOCATIONS.with(Cell::get);
            for candidate in &zoo {
                scratch.begin(candidate);
                descriptor.describe(candidate, &mut scratch, &mut out).expect("can be described");
            }
            ALLOCATIONS.with(Cell::get) - before
        };
        pass();
        assert_eq!(pass(), 0, "{name}: allocations in a second pass over {} candidates", zoo.len());
    });
}

#[test]
fn parameters_build_the_same_descriptor_again() {
    every(|name, descriptor| {
        if name == "policy" {
            return; // It records digests of tables, which are no names of them.
        }
        let again = descriptor::build(name, &descriptor.parameters()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(again.parameters(), descriptor.parameters(), "{name}");
        assert_eq!(again.columns(), descriptor.columns(), "{name}");
    });
}
