//! `sine_matrix`: eigenvalues of the sine Coulomb matrix, a periodic relative of the Coulomb matrix.

use std::f64::consts::PI;

use crate::candidate::{Candidate, Column, Fault, Reference};

use super::{Descriptor, DescriptorError, Needs, Scratch, atomic_matrix, crystal_input};

/// matminer's `SineCoulombMatrix`, in bohr; eigenvalues are sorted, largest first (matminer leaves LAPACK's order, quirk Q11), and
/// followed by zeros up to `max_atoms`.
struct SineMatrix {
    max_atoms: usize,
}

/// Builds the descriptor.
pub(super) fn build(parameters: &serde_json::Value) -> Result<Box<dyn Descriptor>, DescriptorError> {
    Ok(Box::new(SineMatrix { max_atoms: atomic_matrix::max_atoms("sine_matrix", parameters)? }))
}

impl Descriptor for SineMatrix {
    fn columns(&self) -> Vec<Column> {
        atomic_matrix::columns("sine coulomb matrix", self.max_atoms)
    }

    fn needs(&self) -> Needs {
        Needs { structure: true, ..Needs::default() }
    }

    fn version(&self) -> u32 {
        1
    }

    fn references(&self) -> &'static [Reference] {
        &[Reference { doi: "10.1002/qua.24917", taken: "the sine matrix, equation 24, and its eigenvalues" }]
    }

    fn parameters(&self) -> serde_json::Value {
        serde_json::json!({ "max_atoms": self.max_atoms })
    }

    fn describe(&self, candidate: &Candidate, scratch: &mut Scratch, out: &mut [f64]) -> Result<(), Fault> {
        let (structure, occupants) = crystal_input::ordered_structure(candidate)?;
        let work = &mut scratch.matrix;
        let mut turns = std::mem::take(&mut work.turns);
        turns.clear();
        let turn = |x: f64| [libm::sin(PI * (x - x.floor())), libm::cos(PI * (x - x.floor()))];
        turns.extend(structure.fracs().iter().map(|frac| frac.map(turn)));
        let result = atomic_matrix::describe(occupants, work, out, |i, j| {
            // sin²(π(x − y)), from sines and cosines of each: one pair of them a site and not one a pair of sites.
            let squares = std::array::from_fn(|k| {
                let ([sine_i, cosine_i], [sine_j, cosine_j]) = (turns[i][k], turns[j][k]);
                let sine = sine_i * cosine_j - cosine_i * sine_j;
                sine * sine
            });
            let [x, y, z] = structure.lattice().cart(squares);
            (x * x + y * y + z * z).sqrt()
        });
        work.turns = turns;
        result
    }
}
