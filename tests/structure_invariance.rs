//! What does not change the crystal does not change its descriptors: for each descriptor, what it claims.

#[path = "support/crystals.rs"]
mod crystals;

use std::collections::BTreeSet;

use matsieve::chem::Element;
use matsieve::crystal::{Lattice, Occupant, Structure};
use matsieve::descriptor::{self, Descriptor, REGISTRY, Scratch};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Copy, Clone, Debug, PartialEq)]
enum Change {
    /// All sites move by one vector.
    Translation,
    /// Crystal and lattice turn.
    Rotation,
    /// Sites in another order.
    Permutation,
    /// Other vectors of the same lattice, left-handed ones included.
    Cell,
    /// Several cells taken as one.
    Supercell,
}

use Change::{Cell, Permutation, Rotation, Supercell, Translation};

const ALL: &[Change] = &[Translation, Rotation, Permutation, Cell, Supercell];
const ONE_CELL: &[Change] = &[Translation, Rotation, Permutation, Cell];

/// Descriptor and what leaves its values as they are.
const CLAIMS: &[(&str, &[Change])] = &[
    ("density", ALL),
    ("density_matminer", ALL),
    ("symmetry", ALL),
    // The cell as given has more operations the more cells it takes together.
    ("symmetry_matminer", ONE_CELL),
    // One column is per cell, and a supercell may have more orbits.
    ("structural_complexity", ONE_CELL),
    // The sums are cut where the number of sites and the volume say.
    ("ewald_energy", ONE_CELL),
    ("xrd", ALL),
    // The sine of fractional coordinates knows the vectors of the cell.
    ("sine_matrix", &[Translation, Rotation, Permutation]),
    // One row an atom of the cell.
    ("coulomb_matrix", ONE_CELL),
    ("rdf", ALL),
    ("rdf_matminer", ONE_CELL),
    ("partial_rdf", ALL),
    // Half of its columns are components of vectors.
    ("agni", &[Translation, Permutation, Cell, Supercell]),
    ("gaussian_symmetry", ALL),
    ("grdf", ALL),
    ("acsf", ALL),
    ("orbital_field_matrix", ALL),
    ("soap", ALL),
    ("crystal_nn_fingerprint", ALL),
    ("dimensionality", ALL),
    ("op_site_fingerprint", ALL),
    ("effective_coordination", ALL),
    ("structural_heterogeneity", ALL),
    ("chemical_ordering", ALL),
    ("max_packing_efficiency", ALL),
    ("local_property_difference", ALL),
    ("voronoi_fingerprint", ALL),
    ("voronoi_fingerprint_matminer", ALL),
    ("bond_orientational", ALL),
    // The geometric standard deviation is that of a sample of sites.
    ("bond_lengths", ONE_CELL),
    ("bond_angles", ONE_CELL),
];

/// Descriptors of quantities of sites that depend smoothly on where atoms are: resolved, they claim the same.
const RESOLVED: [&str; 5] = ["acsf", "effective_coordination", "bond_orientational", "bond_lengths", "grdf"];

/// Structures of at most this many sites: supercells have eight times as many.
const MOST_SITES: usize = 14;
/// Largest difference, of the largest value in the row: rounding, which the positions of atoms pass on.
const TOLERANCE: f64 = 1e-8;
/// `op_site_fingerprint` gives the middle of the fullest bin of 0.001 width, and rounding may decide between two.
const TWO_BINS: f64 = 2.1e-3;

fn tolerance(name: &str) -> f64 {
    match name {
        "op_site_fingerprint" => TWO_BINS,
        // The standard deviation of equal sites is the root of rounding: 1.1e-8 was seen for CO2.
        "crystal_nn_fingerprint" | "voronoi_fingerprint" | "bond_orientational" => 10.0 * TOLERANCE,
        _ => TOLERANCE,
    }
}

fn build(name: &str) -> Box<dyn Descriptor> {
    let parameters = match name {
        "partial_rdf" => json!({ "species": ["Na", "Cl", "O", "Ti"] }),
        "acsf" => json!({
            "species": species(), "r_cut": 5.0, "g2_params": [[1.0, 2.0]], "g3_params": [1.0],
            "g4_params": [[0.01, 1.0, -1.0], [0.02, 2.5, 1.0]], "g5_params": [[0.01, 4.0, 1.0]],
        }),
        _ => Value::Null,
    };
    descriptor::build(name, &parameters).expect("registered")
}

/// With all sites, the sites of each element and the orbits.
fn build_resolved(name: &str) -> Box<dyn Descriptor> {
    let mut parameters =
        json!({ "species": species(), "resolve": ["all", "species", "orbits"], "statistics": ["mean", "std_dev"] });
    if name == "acsf" {
        parameters["r_cut"] = json!(5.0);
        parameters["g5_params"] = json!([[0.01, 4.0, 1.0]]);
    }
    descriptor::build(name, &parameters).expect("registered")
}

/// Elements of the structures.
fn species() -> Vec<&'static str> {
    let mut elements = BTreeSet::new();
    for structure in structures() {
        elements.extend((0..structure.len()).map(|site| structure.occupants(site)[0].element.symbol()));
    }
    elements.into_iter().collect()
}

fn structures() -> Vec<Structure> {
    let all = crystals::golden_structures().into_iter().map(|(_, structure)| structure);
    all.filter(|structure| structure.is_ordered() && structure.len() <= MOST_SITES).collect()
}

fn rebuilt(rows: [[f64; 3]; 3], sites: &[([f64; 3], Vec<Occupant>)]) -> Structure {
    let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
    for (frac, occupants) in sites {
        structure.push_site(*frac, occupants);
    }
    structure
}

fn changed(structure: &Structure, change: Change, numbers: &[f64; 4]) -> Structure {
    let mut rows = *structure.lattice().rows();
    let mut sites: Vec<_> =
        (0..structure.len()).map(|site| (structure.fracs()[site], structure.occupants(site).to_vec())).collect();
    let [a, b, c, d] = *numbers;
    match change {
        Translation => sites.iter_mut().for_each(|(frac, _)| *frac = [frac[0] + a, frac[1] - 3.0 * b, frac[2] + c]),
        Rotation => {
            // The rotation of a quaternion.
            let norm = (a * a + b * b + c * c + d * d).sqrt();
            let [w, x, y, z] = [a, b, c, d].map(|q| q / norm);
            let rotation = [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
                [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
                [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
            ];
            rows = rows.map(|row| std::array::from_fn(|i| (0..3).map(|j| rotation[i][j] * row[j]).sum()));
        }
        Permutation => {
            let count = sites.len();
            for place in (1..count).rev() {
                sites.swap(place, ((a * (place * 7 + 3) as f64 + b * 11.0) as usize) % (place + 1));
            }
        }
        Cell => {
            for (place, number) in numbers.iter().enumerate() {
                let (i, j, times) = (place % 3, (place + 1) % 3, (number * 5.0).floor() - 2.0);
                rows[i] = std::array::from_fn(|k| rows[i][k] + times * rows[j][k]);
                sites.iter_mut().for_each(|(frac, _)| frac[j] -= times * frac[i]);
            }
            if a > 0.5 {
                rows[1] = rows[1].map(|x| -x);
                sites.iter_mut().for_each(|(frac, _)| frac[1] = -frac[1]);
            }
        }
        Supercell => {
            let counts: [usize; 3] = [a, b, c].map(|number| 1 + usize::from(number > 0.5));
            rows = std::array::from_fn(|i| rows[i].map(|x| x * counts[i] as f64));
            let mut repeated = Vec::new();
            for (frac, occupants) in &sites {
                for cell in 0..counts[0] * counts[1] * counts[2] {
                    let n = [cell % counts[0], cell / counts[0] % counts[1], cell / counts[0] / counts[1]];
                    let frac = std::array::from_fn(|k| (frac[k] + n[k] as f64) / counts[k] as f64);
                    repeated.push((frac, occupants.clone()));
                }
            }
            sites = repeated;
        }
    }
    rebuilt(rows, &sites)
}

fn row(descriptor: &dyn Descriptor, structure: &Structure) -> Vec<f64> {
    let candidate = crystals::candidate(structure);
    let mut scratch = Scratch::new();
    scratch.begin(&candidate);
    let mut out = vec![f64::INFINITY; descriptor.columns().len()];
    descriptor.describe(&candidate, &mut scratch, &mut out).expect("can be described");
    out
}

/// The largest difference, of the largest value.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    let largest = a.iter().filter(|x| !x.is_nan()).fold(1e-300, |largest: f64, x| largest.max(x.abs()));
    let apart = |(a, b): (&f64, &f64)| match (a.is_nan(), b.is_nan()) {
        (true, true) => 0.0,
        (false, false) => (a - b).abs() / largest,
        _ => f64::INFINITY,
    };
    a.iter().zip(b).map(apart).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn values_stay_where_the_crystal_stays(
        place in any::<prop::sample::Index>(),
        numbers in prop::array::uniform4(0.01..1.0_f64),
    ) {
        let all = structures();
        let structure = place.get(&all);
        for (name, claims) in CLAIMS {
            let descriptor = build(name);
            let expected = row(&*descriptor, structure);
            for &change in *claims {
                let found = row(&*descriptor, &changed(structure, change, &numbers));
                let apart = difference(&expected, &found);
                prop_assert!(
                    apart <= tolerance(name),
                    "{name} of {} changes by {apart:.1e} under {change:?}", structure.composition().reduced_formula()
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn statistics_by_species_and_orbit_stay_where_the_crystal_stays(
        place in any::<prop::sample::Index>(),
        numbers in prop::array::uniform4(0.01..1.0_f64),
    ) {
        let all = structures();
        let structure = place.get(&all);
        for name in RESOLVED {
            let descriptor = build_resolved(name);
            let expected = row(&*descriptor, structure);
            for &change in ALL {
                let apart = difference(&expected, &row(&*descriptor, &changed(structure, change, &numbers)));
                // Orbits are told within a hundredth of an Å, so that a standard deviation of equal sites is the root of rounding.
                prop_assert!(
                    apart <= 10.0 * TOLERANCE,
                    "{name} of {} changes by {apart:.1e} under {change:?}", structure.composition().reduced_formula()
                );
            }
        }
    }
}

/// The changes do change something: what makes no claim tells cells, orientations and supercells apart.
#[test]
fn what_is_not_claimed_changes() {
    let all = structures();
    let numbers = [0.9, 0.7, 0.2, 0.3];
    for (name, change) in [
        ("sine_matrix", Cell),
        ("sine_matrix", Supercell),
        ("coulomb_matrix", Supercell),
        ("agni", Rotation),
        ("rdf_matminer", Supercell),
        ("symmetry_matminer", Supercell),
        ("structural_complexity", Supercell),
        ("ewald_energy", Supercell),
        ("bond_lengths", Supercell),
        ("bond_angles", Supercell),
    ] {
        let descriptor = build(name);
        let changes = |structure: &Structure| {
            difference(&row(&*descriptor, structure), &row(&*descriptor, &changed(structure, change, &numbers)))
                > TOLERANCE
        };
        assert!(all.iter().any(changes), "{name} could claim {change:?}");
    }
}

/// Cut at accuracy 4, the energies of a cell and of its supercells agree to 1e-4.
#[test]
fn ewald_energies_of_supercells_agree_as_far_as_they_converge() {
    let descriptor = build("ewald_energy");
    for structure in structures() {
        let [expected] = row(&*descriptor, &structure)[..] else { panic!("one column") };
        let [found] = row(&*descriptor, &changed(&structure, Supercell, &[0.9, 0.1, 0.8, 0.0]))[..] else { panic!() };
        let charged = structure.occupants(0)[0].element == Element::from_symbol("Sr").expect("symbol");
        assert!((found - expected).abs() <= 2e-4 * expected.abs() || charged, "{expected}, supercell {found}");
    }
}

#[test]
fn every_descriptor_of_structures_makes_its_claims() {
    for (name, _) in CLAIMS {
        assert!(REGISTRY.iter().any(|entry| entry.name == *name), "{name}");
    }
    for entry in REGISTRY {
        let claims = CLAIMS.iter().filter(|(name, _)| *name == entry.name).count();
        assert_eq!(claims, usize::from(build(entry.name).needs().structure), "claims of {}", entry.name);
    }
}
