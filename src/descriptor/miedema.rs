//! `miedema`: formation enthalpies of the intermetallic compound, the amorphous phase and the solid solution.

use smallvec::SmallVec;

use crate::candidate::{Candidate, Column, Fault, Reference};
use crate::chem::{NUM_ELEMENTS, element_table};
use crate::units::Unit;

use super::{Descriptor, DescriptorError, Needs, Scratch, no_parameters};

/// kJ/mol in one eV/atom, to the digits of matminer.
const KILOJOULE_PER_MOLE: f64 = 96.4853;

/// Constant of the topological term of the amorphous phase, J/(mol K).
const TOPOLOGICAL: f64 = 3.5;

/// Parameters of one element, in the units of the table; all NaN where the model has none.
#[derive(Copy, Clone)]
struct Parameters {
    /// V, cm³/mol.
    volume: f64,
    /// V^(2/3).
    surface: f64,
    /// n_ws, density units.
    density: f64,
    /// n_ws^(1/3).
    density_third: f64,
    /// φ*, V.
    phi: f64,
    valence: f64,
    a: f64,
    r: f64,
    transformation: f64,
    bulk_modulus: f64,
    shear_modulus: f64,
    melting: f64,
    stability: f64,
    /// Pauling electronegativity: the order in which elements are paired.
    electronegativity: f64,
}

/// Miedema's semi-empirical model, summed over the sub-binaries of a composition; matminer's `Miedema`.
///
/// Columns: intermetallic compound (γ = 8), amorphous phase (γ = 5, plus `3.5 T̄_m / 1000`), and the lowest of the fcc, bcc,
/// hcp and lattice-free solid solutions (γ = 0, plus elastic and structural terms). Fractions of a sub-binary are those in
/// the whole composition, not renormalised. NaN for compositions with an element without parameters (O, F, S, Cl, … noble
/// gases, most actinides); the intermetallic enthalpy of a single element is 0 even then, as in matminer.
struct Miedema {
    elements: Box<[Parameters; NUM_ELEMENTS]>,
}

/// An element of the composition with its atomic fraction.
type Part<'a> = (&'a Parameters, f64);

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    no_parameters("miedema", parameters)?;
    let table = element_table::miedema();
    let electronegativity = &element_table::pymatgen().expect("X").values;
    let elements = std::array::from_fn(|row| {
        let value = |column| table.expect(column).values[row];
        Parameters {
            volume: value("molar_volume"),
            surface: libm::pow(value("molar_volume"), 2.0 / 3.0),
            density: value("electron_density"),
            density_third: libm::pow(value("electron_density"), 1.0 / 3.0),
            phi: value("electronegativity"),
            valence: value("valence_electrons"),
            a: value("a_const"),
            r: value("R_const"),
            transformation: value("H_trans"),
            bulk_modulus: value("compressibility"),
            shear_modulus: value("shear_modulus"),
            melting: value("melting_point"),
            stability: value("structural_stability"),
            electronegativity: electronegativity[row],
        }
    });
    Ok(Box::new(Miedema { elements: Box::new(elements) }))
}

impl Descriptor for Miedema {
    fn columns(&self) -> Vec<Column> {
        let unit = Unit::parse("eV/atom").expect("known unit");
        ["inter", "amor", "ss_min"].map(|kind| Column::new(format!("Miedema_deltaH_{kind}"), unit.clone())).into()
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "isbn:9780444870988", taken: "De Boer 1988, Cohesion in metals: model and parameters" },
            Reference {
                doi: "10.1016/j.cpc.2016.08.013",
                taken: "Zhang 2016: formulation, structural and elastic terms",
            },
            Reference {
                doi: "10.1088/0953-8984/2/29/009",
                taken: "Gallego 1990: sum over sub-binaries, amorphous phase",
            },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        &["miedema", "pymatgen"]
    }

    fn describe(&self, _: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        scratch.require_composition()?;
        let rows = scratch.rows.iter().zip(&scratch.fractions);
        let mut parts: SmallVec<[Part<'_>; 16]> = rows.map(|(&row, &f)| (&self.elements[row], f)).collect();
        sort_by_electronegativity(&mut parts);
        if parts.iter().any(|(element, _)| element.volume.is_nan()) {
            out.fill(f64::NAN);
            if parts.len() == 1 {
                out[0] = 0.0;
            }
            return Ok(());
        }
        let (mut compound, mut amorphous, mut chemical, mut elastic) = (0.0, 0.0, 0.0, 0.0);
        for (i, &first) in parts.iter().enumerate() {
            for &second in &parts[i + 1..] {
                compound += chemical_term(first, second, 8.0);
                amorphous += chemical_term(first, second, 5.0);
                chemical += chemical_term(first, second, 0.0);
                elastic += elastic_term(first, second);
            }
        }
        let weighted = |property: fn(&Parameters) -> f64| {
            let mut sum = 0.0;
            for (element, fraction) in &parts {
                sum += fraction * property(element);
            }
            sum
        };
        let topological = TOPOLOGICAL * weighted(|element| element.melting) / 1000.0;
        let valence = weighted(|element| element.valence);
        let stability = weighted(|element| element.stability);
        let structural = |column| lattice_stability(valence, column) - stability;
        // Python's `min`: a NaN in first place stays, others never win.
        let mut solution = chemical + elastic + structural(FCC);
        for term in [structural(BCC), structural(HCP), 0.0] {
            let enthalpy = chemical + elastic + term;
            solution = if enthalpy < solution { enthalpy } else { solution };
        }
        for (value, enthalpy) in out.iter_mut().zip([compound, amorphous + topological, solution]) {
            *value = enthalpy / KILOJOULE_PER_MOLE;
        }
        Ok(())
    }
}

/// Stable insertion sort; elements without electronegativity keep their place (the model has no parameters for them).
fn sort_by_electronegativity(parts: &mut [Part<'_>]) {
    for end in 1..parts.len() {
        let mut place = end;
        while place > 0 && parts[place].0.electronegativity < parts[place - 1].0.electronegativity {
            parts.swap(place, place - 1);
            place -= 1;
        }
    }
}

/// Harmonic-type sum `1/n_A^(1/3) + 1/n_B^(1/3)`.
fn inverse_densities(a: &Parameters, b: &Parameters) -> f64 {
    1.0 / a.density_third + 1.0 / b.density_third
}

/// Chemical term of A in B, kJ/mol: Zhang 2016, with the degree of order `gamma`.
fn chemical_term((a, fraction_a): Part<'_>, (b, fraction_b): Part<'_>, gamma: f64) -> f64 {
    let surface_fractions = |surface_a: f64, surface_b: f64| {
        let total = fraction_a * surface_a + fraction_b * surface_b;
        [fraction_a * surface_a / total, fraction_b * surface_b / total]
    };
    let order = |[cs_a, cs_b]: [f64; 2]| {
        let product = cs_a * cs_b;
        1.0 + gamma * (product * product)
    };
    let free = surface_fractions(a.surface, b.surface);
    let [contact_a, contact_b] = [free[1] * order(free), free[0] * order(free)];
    let alloyed_a = a.surface * (1.0 + a.a * contact_a * (a.phi - b.phi));
    let alloyed_b = b.surface * (1.0 + b.a * contact_b * (b.phi - a.phi));
    let alloyed = surface_fractions(alloyed_a, alloyed_b);
    let contact = alloyed[1] * order(alloyed);
    let is_transition =
        |element: &Parameters| (3.0..=11.0).contains(&element.valence) && element.valence.fract() == 0.0;
    let (p, r) = match (is_transition(a), is_transition(b)) {
        (true, true) => (14.1, 0.0),
        (false, false) => (10.7, 0.0),
        _ => (12.35, a.r * b.r * 12.35),
    };
    let q = p * 9.4;
    let phi = a.phi - b.phi;
    let density = a.density_third - b.density_third;
    let eta = 2.0 * (-p * (phi * phi) - r + q * (density * density)) / inverse_densities(a, b);
    contact * fraction_a * alloyed_a * eta + (fraction_a * a.transformation + fraction_b * b.transformation)
}

/// Elastic term of the solid solution, kJ/mol: size mismatch of A in B and of B in A.
fn elastic_term((a, fraction_a): Part<'_>, (b, fraction_b): Part<'_>) -> f64 {
    if [a.bulk_modulus, b.bulk_modulus, a.shear_modulus, b.shear_modulus] == [0.0; 4] {
        return 0.0;
    }
    let inverse = inverse_densities(a, b);
    let (phi_ab, phi_ba) = (a.phi - b.phi, b.phi - a.phi);
    let corrected = |volume: f64, surface: f64, phi: f64, density: f64| {
        let effective = volume + 1.5 * surface / inverse * phi / density;
        1.5 * libm::pow(effective.abs(), 2.0 / 3.0) / inverse
    };
    let alpha_a = corrected(a.volume, a.surface, phi_ab, a.density);
    let alpha_b = corrected(b.volume, b.surface, phi_ba, b.density);
    // Effective volumes in the alloy: [of the A atom, of the B atom], A first as matrix of n_A, then of n_B.
    let volumes_a = [a.volume + alpha_a * phi_ab / a.density, a.volume + alpha_b * phi_ba / a.density];
    let volumes_b = [b.volume + alpha_a * phi_ab / b.density, b.volume + alpha_b * phi_ba / b.density];
    let energy = |bulk: f64, shear: f64, inner: f64, outer: f64| {
        let mismatch = inner - outer;
        2.0 * bulk * shear * (mismatch * mismatch) / (4.0 * shear * inner + 3.0 * bulk * outer)
    };
    let a_in_b = energy(a.bulk_modulus, b.shear_modulus, volumes_a[0], volumes_b[0]);
    let b_in_a = energy(b.bulk_modulus, a.shear_modulus, volumes_b[1], volumes_a[1]);
    fraction_a * fraction_b * (fraction_b * a_in_b + fraction_a * b_in_a)
}

const FCC: usize = 1;
const BCC: usize = 2;
const HCP: usize = 3;

/// Lattice stability against mean number of valence electrons: [electrons, fcc, bcc, hcp], kJ/mol.
#[rustfmt::skip]
const LATTICE_STABILITY: [[f64; 4]; 18] = [
    [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0], [3.0, -2.0, 2.2, -2.5], [4.0, -1.5, 2.0, -2.5],
    [5.0, 9.0, -9.5, 10.0], [5.5, 14.0, -14.5, 15.0], [6.0, 11.0, -12.0, 13.0], [7.0, -3.0, 4.0, -5.0],
    [8.0, -9.5, 10.0, -10.5], [8.5, -11.0, 11.0, -11.0], [9.0, -9.0, 8.5, -8.0], [10.0, -2.0, 1.5, -1.0],
    [11.0, 1.5, 1.5, 2.5], [12.0, 0.0, 0.0, 0.0], [13.0, 0.0, 0.0, 0.0], [14.0, 0.0, 0.0, 0.0], [15.0, 0.0, 0.0, 0.0],
];

/// Linear interpolation in [`LATTICE_STABILITY`]; 0 beyond it (Yb has 16 electrons), where matminer's search ends with zeros too.
fn lattice_stability(valence: f64, column: usize) -> f64 {
    let upper = LATTICE_STABILITY.iter().position(|row| valence <= row[0]).unwrap_or(0).max(1);
    let (low, high) = (LATTICE_STABILITY[upper - 1], LATTICE_STABILITY[upper]);
    let width = high[0] - low[0];
    (valence - low[0]) * high[column] / width + (high[0] - valence) * low[column] / width
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::element_property::describe;

    fn row(pairs: &[(&str, f64)]) -> [f64; 3] {
        let descriptor = build(&serde_json::Value::Null).expect("no parameters");
        let row = describe(&*descriptor, pairs);
        ["inter", "amor", "ss_min"].map(|kind| row[&format!("Miedema_deltaH_{kind}")])
    }

    #[test]
    fn cantor_alloy_agrees_with_matminer() {
        let values = row(&["Co", "Cr", "Fe", "Mn", "Ni"].map(|symbol| (symbol, 1.0)));
        for (value, expected) in values.iter().zip([-0.159_801_674_4, -0.074_885_761_4, -0.197_066_611_5]) {
            assert!((value - expected).abs() < 1e-9, "{values:?}");
        }
    }

    #[test]
    fn oxides_are_outside_the_model() {
        assert!(row(&[("Fe", 2.0), ("O", 3.0)]).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn lattice_stability_is_interpolated_and_0_beyond_the_table() {
        // Halfway between 5.5 (14.0) and 6 (11.0) electrons for fcc.
        assert!((lattice_stability(5.75, FCC) - 12.5).abs() < 1e-12);
        assert_eq!(lattice_stability(8.0, BCC), 10.0);
        assert_eq!(lattice_stability(16.0, HCP), 0.0);
    }
}
