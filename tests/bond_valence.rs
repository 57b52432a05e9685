//! Oxidation states by bond valence against pymatgen-core 2026.10.16.

#[path = "support/crystals.rs"]
mod crystals;

use matsieve::crystal::{Geometry, bond_valence_states};

#[test]
fn oxidation_states_by_bond_valence_are_those_of_pymatgen() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/bond_valence/valences.json");
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&std::fs::read_to_string(path).expect("golden file")).expect("JSON");
    let mut geometry = Geometry::default();
    let (mut compared, mut wrong) = (0, Vec::new());
    for (name, structure) in crystals::golden_structures() {
        geometry.begin(&structure);
        let found = bond_valence_states(&structure, &mut geometry, 1.0).ok();
        let expected: Option<Vec<i8>> = serde_json::from_value(expected[&name].clone()).expect("states or null");
        compared += usize::from(expected.is_some());
        if found != expected {
            wrong.push(format!("{name}: {found:?}, pymatgen has {expected:?}"));
        }
    }
    assert!(compared >= 15, "{compared}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
