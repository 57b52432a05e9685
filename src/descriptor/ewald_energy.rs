//! `ewald_energy`: electrostatic energy of point charges on the sites.

use std::f64::consts::PI;

use crate::candidate::{Candidate, Column, Fault, FaultCode, Reference, Stage};
use crate::crystal::{MIN_DISTANCE, RELAXED_SCALE, ReducedCell};
use crate::units::Unit;

use super::site_charges::{ChargeSource, site_charges};
use super::{Descriptor, DescriptorError, Needs, Scratch, crystal_input};

/// e² / 4πε₀, in eV Å (CODATA 2022).
const COULOMB: f64 = 14.399_645_468_667_815;
/// Weight of a real-space term against one in reciprocal space: that of GULP and pymatgen.
const WEIGHT: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Decimal places to which both sums are converged: matminer's default (pymatgen's own is 12).
const ACCURACY: f64 = 4.0;
/// Most sites: more would take seconds.
const MAX_SITES: usize = 10_000;

/// matminer's `EwaldEnergy` per atom: pymatgen's `EwaldSummation` with `acc_factor = 4`.
///
/// Charges are the oxidation states of the structure; where it does not give them all, they are guessed from the composition
/// as matminer's `StructureToOxidStructure` does (its `EwaldEnergy` alone refuses such structures). Without balanced states all
/// charges and the energy are 0; NaN where no guess can be tried (fractional amounts, more than 50 atoms in the
/// formula). `oxidation_states = "bond_valence"` takes each site's state from the valences of its bonds instead; NaN where they
/// give none. A charged cell gets the energy of its neutralising background. Cut at accuracy 4 the sums depend on the number of
/// sites of the cell: supercells agree to about 1e-4 of the energy only.
struct EwaldEnergy {
    parameters: Parameters,
}

/// As a plan writes them.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    /// Where oxidation states come from that the structure does not give.
    oxidation_states: OxidationStates,
    /// Factor of bond lengths before their valences are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance_scale: Option<f64>,
}

#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum OxidationStates {
    Guess,
    BondValence,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { oxidation_states: OxidationStates::Guess, distance_scale: None }
    }
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    let refuse = |reason: String| DescriptorError::Parameters { name: "ewald_energy".into(), reason };
    let mut parameters: Parameters = match parameters {
        serde_json::Value::Null => Parameters::default(),
        given => serde_json::from_value(given.clone()).map_err(|error| refuse(error.to_string()))?,
    };
    match (parameters.oxidation_states, &mut parameters.distance_scale) {
        (OxidationStates::Guess, Some(_)) => {
            return Err(refuse("distance_scale needs oxidation_states = \"bond_valence\"".into()));
        }
        (OxidationStates::BondValence, Some(scale)) if !(0.5..=2.0).contains(scale) => {
            return Err(refuse(format!("distance_scale is {scale}, expected 0.5 to 2")));
        }
        (OxidationStates::BondValence, scale) => *scale = Some(scale.unwrap_or(RELAXED_SCALE)),
        (OxidationStates::Guess, None) => {}
    }
    Ok(Box::new(EwaldEnergy { parameters }))
}

impl Descriptor for EwaldEnergy {
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("ewald_energy_per_atom", Unit::parse("eV/atom").expect("a known unit"))]
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, oxidation_states: true }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[
            Reference { doi: "10.1002/andp.19213690304", taken: "the sums in real and reciprocal space" },
            Reference {
                doi: "10.1016/0010-4655(96)00016-1",
                taken: "their form in pymatgen, with GULP's choice of the screening parameter and of the cut-offs",
            },
        ]
    }

    fn tables(&self) -> &'static [&'static str] {
        match self.parameters.oxidation_states {
            OxidationStates::Guess => super::scratch::GUESS_TABLES,
            OxidationStates::BondValence => &["okeeffe_brese", "bond_valence_sums", "pymatgen_occurrence", "pymatgen"],
        }
    }

    fn parameters(&self) -> serde_json::Value {
        match self.parameters.oxidation_states {
            OxidationStates::Guess => serde_json::json!({}),
            OxidationStates::BondValence => serde_json::json!(self.parameters),
        }
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let structure = crystal_input::structure(candidate)?;
        if structure.len() > MAX_SITES {
            let detail = format!("the cell has {} sites, ewald_energy takes at most {MAX_SITES}", structure.len());
            return Err(Fault::new(Stage::Describe, FaultCode::TooManyAtoms, detail));
        }
        let source = match self.parameters.distance_scale {
            Some(scale) => ChargeSource::BondValence { scale },
            None => ChargeSource::Composition,
        };
        if !site_charges(structure, source, scratch) {
            out[0] = f64::NAN;
            return Ok(());
        }
        let Scratch { geometry, site_charges, ewald, .. } = scratch;
        out[0] = 0.0;
        if site_charges.iter().any(|&charge| charge != 0.0) {
            let energy = energy(geometry.reduced(structure), site_charges, ewald)?;
            out[0] = energy / structure.len() as f64;
        }
        Ok(())
    }
}

/// Working memory.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Cosine and sine of 2π times each fractional coordinate, by site.
    turns: Vec<[[f64; 2]; 3]>,
    /// Structure factors along one row of reciprocal points.
    waves: Vec<[f64; 2]>,
}

/// Energy of the cell, in eV.
fn energy(cell: &ReducedCell, charges: &[f64], work: &mut Work) -> Result<f64, Fault> {
    let volume = cell.volume();
    let screening = PI * libm::cbrt(charges.len() as f64 * WEIGHT / (volume * volume));
    let root = screening.sqrt();
    let accuracy = (ACCURACY * std::f64::consts::LN_10).sqrt();
    let (mut total, mut squares) = (0.0, 0.0);
    for charge in charges {
        total += charge;
        squares += charge * charge;
    }
    let real = real_sum(cell, charges, root, accuracy / root)?;
    let reciprocal = reciprocal_sum(cell, charges, screening, 2.0 * root * accuracy, work);
    let point = -squares * (screening / PI).sqrt();
    let background = if total.abs() > 1e-8 { -PI / (2.0 * volume * screening) * total * total } else { 0.0 };
    Ok(COULOMB * (real + reciprocal + point + background))
}

/// `½ Σ qᵢ qⱼ erfc(√η r) / r` over all pairs up to `radius`.
fn real_sum(cell: &ReducedCell, charges: &[f64], root: f64, radius: f64) -> Result<f64, Fault> {
    let mut sum = 0.0;
    for site in 0..charges.len() {
        for other in 0..=site {
            let mut potential = 0.0;
            let mut nearest = f64::INFINITY;
            cell.images(site, other, radius, |row| {
                for k in row.last.clone() {
                    if site == other && row.counts == [0, 0] && k == 0 {
                        continue;
                    }
                    let distance = row.square(k).sqrt();
                    nearest = nearest.min(distance);
                    potential += libm::erfc(root * distance) / distance;
                }
            });
            if nearest < MIN_DISTANCE {
                let detail = format!(
                    "atoms {other} and {site} (from 0) lie {nearest:.4} Å apart, expected at least {MIN_DISTANCE} Å"
                );
                return Err(Fault::new(Stage::Describe, FaultCode::OverlappingAtoms, detail));
            }
            let half = if site == other { 0.5 } else { 1.0 };
            sum += half * charges[site] * charges[other] * potential;
        }
    }
    Ok(sum)
}

/// `2π/V Σ exp(−G²/4η) / G² |S(G)|²` over 0 < G ≤ `radius`, half of the points counted twice.
fn reciprocal_sum(cell: &ReducedCell, charges: &[f64], screening: f64, radius: f64, work: &mut Work) -> f64 {
    let Work { turns, waves } = work;
    turns.clear();
    turns.extend(cell.fracs().iter().map(|frac| frac.map(|x| [libm::cos(2.0 * PI * x), libm::sin(2.0 * PI * x)])));
    let mut sum = 0.0;
    cell.reciprocal_points(radius / (2.0 * PI), |row| {
        let [h, k] = row.counts;
        let first = if (h, k) == (0, 0) { 1 } else { *row.last.start() };
        if h < 0 || (h == 0 && k < 0) || first > *row.last.end() {
            return;
        }
        let last = *row.last.end();
        let count = (last - first) as usize + 1;
        // Rows are short: a site steps along them by one complex product a point.
        waves.clear();
        waves.resize(count, [0.0; 2]);
        for (turns, charge) in turns.iter().zip(charges) {
            let start = product(product(power(turns[0], h), power(turns[1], k)), power(turns[2], first));
            let mut wave = [start[0] * charge, start[1] * charge];
            for sum in waves.iter_mut() {
                sum[0] += wave[0];
                sum[1] += wave[1];
                wave = product(wave, turns[2]);
            }
        }
        for (l, [real, imaginary]) in (first..=last).zip(waves.iter()) {
            let square = 4.0 * PI * PI * row.square(l);
            sum += 2.0 * libm::exp(-square / (4.0 * screening)) / square * (real * real + imaginary * imaginary);
        }
    });
    2.0 * PI / cell.volume() * sum
}

fn product(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// A complex number of modulus 1 to a whole power, by squaring.
fn power(base: [f64; 2], exponent: i32) -> [f64; 2] {
    let mut base = if exponent < 0 { [base[0], -base[1]] } else { base };
    let mut rest = exponent.unsigned_abs();
    let mut result = [1.0, 0.0];
    while rest > 0 {
        if rest & 1 == 1 {
            result = product(result, base);
        }
        base = product(base, base);
        rest >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;
    use crate::crystal::{Geometry, Lattice, Structure};

    /// Energy per ion pair is −M k q² / r₀ with Madelung's constant M; the tail of accuracy 4 is left out.
    #[test]
    fn madelung_constants() {
        let cubic = Lattice::cubic(2.0).expect("a cell");
        let fcc = Lattice::new([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]).expect("a cell");
        let rock_salt = [1.0, 1.0, 1.0];
        let cases = [(cubic, [1.0; 3], 3f64.sqrt(), 1.762_674_773), (fcc, rock_salt, 1.0, 1.747_564_595)];
        for (lattice, anion, nearest, madelung) in cases {
            let mut structure = Structure::new(lattice);
            structure.push([0.0; 3], Element::from_symbol("Cs").expect("symbol"));
            structure.push(structure.lattice().frac(anion), Element::from_symbol("Cl").expect("symbol"));
            let mut geometry = Geometry::default();
            geometry.begin(&structure);
            let found = energy(geometry.reduced(&structure), &[1.0, -1.0], &mut Work::default()).expect("apart");
            let expected = -madelung * COULOMB / nearest;
            assert!((found - expected).abs() < 1e-4 * expected.abs(), "{found}, expected {expected}");
        }
    }

    /// pymatgen's energy of Sr2+ Ti4+ O2-, a = 3.905 Å, at accuracy 4: -36.514383 eV an atom.
    #[test]
    fn bond_valences_give_strontium_titanate_its_charges() {
        let mut structure = Structure::new(Lattice::cubic(3.905).expect("a cell"));
        let element = |symbol| Element::from_symbol(symbol).expect("symbol");
        structure.push([0.0; 3], element("Sr"));
        structure.push([0.5; 3], element("Ti"));
        for frac in [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]] {
            structure.push(frac, element("O"));
        }
        let candidate = Candidate {
            index: crate::candidate::CandidateIndex(0),
            kind: crate::candidate::CandidateKind::Crystal(Box::new(crate::candidate::Crystal::new(structure))),
            values: Vec::new(),
        };
        let descriptor = build(&serde_json::json!({ "oxidation_states": "bond_valence" })).expect("known");
        assert_eq!(
            descriptor.parameters(),
            serde_json::json!({ "oxidation_states": "bond_valence", "distance_scale": 1.015 })
        );
        let (mut scratch, mut out) = (Scratch::new(), [0.0]);
        scratch.begin(&candidate);
        descriptor.describe(&candidate, &mut scratch, &mut out).expect("apart");
        assert!((out[0] + 36.514_383).abs() < 1e-6, "{}", out[0]);
        assert!(build(&serde_json::json!({ "distance_scale": 1.0 })).is_err());
    }

    #[test]
    fn powers_of_a_turn() {
        let turn = [libm::cos(0.3), libm::sin(0.3)];
        for exponent in [-7, 0, 1, 12] {
            let [cosine, sine] = power(turn, exponent);
            let angle = 0.3 * f64::from(exponent);
            assert!((cosine - angle.cos()).abs() < 1e-14 && (sine - angle.sin()).abs() < 1e-14);
        }
    }
}
