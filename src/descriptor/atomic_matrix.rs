//! Eigenvalues of matrices with one row an atom: what `coulomb_matrix` and `sine_matrix` share.

use matsieve_kernels::dispatch::{Level, symmetric_eigenvalues};

use crate::candidate::{Column, Fault, FaultCode, Stage};
use crate::crystal::Occupant;
use crate::units::Unit;

use super::DescriptorError;

/// Columns where a plan does not say otherwise: more atoms than any of 46,000 Materials Project structures has (276).
const MAX_ATOMS: usize = 300;
/// Most columns: a matrix of 32 MiB, whose eigenvalues take seconds.
pub(super) const LIMIT: usize = 2000;

/// Bohr radii in 1 Å as matminer 0.10.1 has them: it takes CODATA's "Angstrom star", which is 1.000 014 95 Å.
pub(super) const ANGSTROM: f64 = 1.889_754_377_313_364_7;

/// Working memory.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// One row an atom.
    pub matrix: Vec<f64>,
    /// Sine and cosine of π times each fractional coordinate, by site; for `sine_matrix`.
    pub turns: Vec<[[f64; 2]; 3]>,
    values: Vec<f64>,
    off_diagonal: Vec<f64>,
}

/// Reads the only parameter, `max_atoms`.
pub(super) fn max_atoms(name: &str, parameters: &serde_json::Value) -> Result<usize, DescriptorError> {
    let refuse = |reason: String| DescriptorError::Parameters { name: name.to_owned(), reason };
    let object = match parameters {
        serde_json::Value::Null => return Ok(MAX_ATOMS),
        serde_json::Value::Object(object) => object,
        other => return Err(refuse(format!("parameters are {other}, expected a table"))),
    };
    let mut max_atoms = MAX_ATOMS;
    for (key, value) in object {
        if key != "max_atoms" {
            return Err(refuse(format!("unknown parameter \"{key}\", there is max_atoms")));
        }
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        max_atoms = number
            .filter(|number| (1..=LIMIT).contains(number))
            .ok_or_else(|| refuse(format!("max_atoms is {value}, expected a whole number from 1 to {LIMIT}")))?;
    }
    Ok(max_atoms)
}

/// One column an eigenvalue.
pub(super) fn columns(label: &str, max_atoms: usize) -> Vec<Column> {
    let unit = || Unit::parse("bohr^-1").expect("a known unit");
    (0..max_atoms).map(|place| Column::new(format!("{label} eig {place}"), unit())).collect()
}

/// Fills the matrix: ½ Z^2.4 on the diagonal, Zᵢ Zⱼ / d(i, j) below it, d in Å; then writes its eigenvalues, largest first, and
/// zeros after them.
///
/// # Errors
/// `too-many-atoms` for more of them than there are columns; `overlapping-atoms` where a distance is 0.
pub(super) fn describe(
    occupants: &[Occupant],
    work: &mut Work,
    out: &mut [f64],
    mut distance: impl FnMut(usize, usize) -> f64,
) -> Result<(), Fault> {
    let n = occupants.len();
    if n > out.len() {
        let detail = format!("the cell has {n} atoms, max_atoms is {}", out.len());
        return Err(Fault::new(Stage::Describe, FaultCode::TooManyAtoms, detail));
    }
    let number = |site: usize| f64::from(occupants[site].element.atomic_number());
    work.matrix.clear();
    work.matrix.resize(n * n, 0.0);
    for i in 0..n {
        for j in 0..i {
            let apart = distance(i, j);
            if apart <= 0.0 {
                let detail = format!("atoms {j} and {i} (from 0) lie on the same place");
                return Err(Fault::new(Stage::Describe, FaultCode::OverlappingAtoms, detail));
            }
            work.matrix[i * n + j] = number(i) * number(j) / (apart * ANGSTROM);
        }
        work.matrix[i * n + i] = 0.5 * libm::pow(number(i), 2.4);
    }
    work.values.clear();
    work.values.resize(n, 0.0);
    work.off_diagonal.clear();
    work.off_diagonal.resize(n, 0.0);
    if !symmetric_eigenvalues(Level::best(), &mut work.matrix, &mut work.values, &mut work.off_diagonal) {
        let detail = "an entry of the matrix is not finite, so that it has no eigenvalues";
        return Err(Fault::new(Stage::Describe, FaultCode::NonFinite, detail));
    }
    work.values.sort_unstable_by(|a, b| b.total_cmp(a));
    out[..n].copy_from_slice(&work.values);
    out[n..].fill(0.0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_parameters_are_refused_with_what_is_allowed() {
        for (parameters, reason) in [
            (serde_json::json!({ "max_atoms": 0 }), "max_atoms is 0, expected a whole number from 1 to 2000"),
            (serde_json::json!({ "max_atoms": 2.5 }), "max_atoms is 2.5, expected a whole number from 1 to 2000"),
            (serde_json::json!({ "atoms": 3 }), "unknown parameter \"atoms\", there is max_atoms"),
        ] {
            let error = max_atoms("sine_matrix", &parameters).expect_err("refused").to_string();
            assert_eq!(error, format!("descriptor \"sine_matrix\": {reason}"));
        }
        assert_eq!(max_atoms("sine_matrix", &serde_json::json!({ "max_atoms": 7 })).expect("allowed"), 7);
    }
}
