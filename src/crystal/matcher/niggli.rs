//! Niggli cells: of all shortest bases of a lattice, the one that is agreed on.

use super::super::Lattice;
use super::super::reduction::Reduction;
use super::super::vector::{Vector, dot, multiply};

/// Tolerance in units of the cube root of the volume: 10⁻⁵, as the paper recommends.
const TOLERANCE: f64 = 1e-5;

/// Steps after which the basis is taken as it is; reduced bases need a handful.
const MAX_STEPS: usize = 100;

/// The Niggli basis of a lattice, in Å; right- or left-handed.
///
/// # References
/// 10.1107/S010876730302186X (algorithm N with tolerances: steps A1 to A8), from a Minkowski-reduced basis.
pub(super) fn niggli(lattice: &Lattice) -> [Vector; 3] {
    let mut rows = Reduction::new(lattice).rows;
    let e = TOLERANCE * libm::cbrt(lattice.volume());
    let near = |x: f64| x.abs() < e;
    for _ in 0..MAX_STEPS {
        let mut p = Parameters::of(&rows);
        if p.a > p.b + e || (near(p.a - p.b) && p.xi.abs() > p.eta.abs() + e) {
            rows = transformed(&rows, [[0, -1, 0], [-1, 0, 0], [0, 0, -1]]);
            p = Parameters::of(&rows);
        }
        if p.b > p.c + e || (near(p.b - p.c) && p.eta.abs() > p.zeta.abs() + e) {
            rows = transformed(&rows, [[-1, 0, 0], [0, 0, -1], [0, -1, 0]]);
            continue;
        }
        rows = signed(&rows, &p, e);
        let p = Parameters::of(&rows);
        let step = |x: f64| if x > 0.0 { -1 } else { 1 };
        rows = if p.xi.abs() > p.b + e
            || (near(p.xi - p.b) && p.zeta - e > 2.0 * p.eta)
            || (near(p.xi + p.b) && p.zeta < -e)
        {
            transformed(&rows, [[1, 0, 0], [0, 1, 0], [0, step(p.xi), 1]])
        } else if p.eta.abs() > p.a + e
            || (near(p.eta - p.a) && p.zeta - e > 2.0 * p.xi)
            || (near(p.eta + p.a) && p.zeta < -e)
        {
            transformed(&rows, [[1, 0, 0], [0, 1, 0], [step(p.eta), 0, 1]])
        } else if p.zeta.abs() > p.a + e
            || (near(p.zeta - p.a) && p.eta - e > 2.0 * p.xi)
            || (near(p.zeta + p.a) && p.eta < -e)
        {
            transformed(&rows, [[1, 0, 0], [step(p.zeta), 1, 0], [0, 0, 1]])
        } else {
            let sum = p.xi + p.eta + p.zeta + p.a + p.b;
            if !(sum < -e || (near(sum) && 2.0 * (p.a + p.eta) + p.zeta > e)) {
                break;
            }
            transformed(&rows, [[1, 0, 0], [0, 1, 0], [1, 1, 1]])
        };
    }
    rows
}

/// A = a·a, B = b·b, C = c·c, ξ = 2 b·c, η = 2 a·c, ζ = 2 a·b.
struct Parameters {
    a: f64,
    b: f64,
    c: f64,
    xi: f64,
    eta: f64,
    zeta: f64,
}

impl Parameters {
    fn of([a, b, c]: &[Vector; 3]) -> Self {
        Self {
            a: dot(*a, *a),
            b: dot(*b, *b),
            c: dot(*c, *c),
            xi: 2.0 * dot(*b, *c),
            eta: 2.0 * dot(*a, *c),
            zeta: 2.0 * dot(*a, *b),
        }
    }
}

/// All angles acute, or none (steps A3 and A4).
fn signed(rows: &[Vector; 3], p: &Parameters, e: f64) -> [Vector; 3] {
    let sign = |x: f64| match x {
        x if x.abs() < e => 0,
        x if x > 0.0 => 1,
        _ => -1,
    };
    let signs = [p.xi, p.eta, p.zeta].map(sign);
    let diagonal = if signs[0] * signs[1] * signs[2] == 1 {
        signs.map(|sign| if sign == -1 { -1 } else { 1 })
    } else {
        let mut diagonal = signs.map(|sign| if sign == 1 { -1 } else { 1 });
        if diagonal[0] * diagonal[1] * diagonal[2] == -1
            && let Some(free) = (0..3).rev().find(|&k| signs[k] == 0)
        {
            diagonal[free] = -diagonal[free];
        }
        diagonal
    };
    transformed(rows, [[diagonal[0], 0, 0], [0, diagonal[1], 0], [0, 0, diagonal[2]]])
}

/// Rows of `matrix · rows`.
fn transformed(rows: &[Vector; 3], matrix: [[i32; 3]; 3]) -> [Vector; 3] {
    matrix.map(|row| multiply(row.map(f64::from), rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(rows: [Vector; 3]) -> ([f64; 3], [f64; 3]) {
        let lattice = Lattice::new(niggli(&Lattice::new(rows).expect("a cell"))).expect("a cell");
        (lattice.lengths(), lattice.angles())
    }

    fn close(found: [f64; 3], expected: [f64; 3]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
    }

    /// Face-centred cubic: three vectors of a/√2 at 60°. Body-centred: a √3/2 at arccos(−1/3) = 109.4712°.
    #[test]
    fn cubic_lattices_have_the_cells_of_the_tables() {
        let (lengths, angles) = parameters([[4.0, 0.0, 0.0], [2.0, 2.0, 0.0], [22.0, 0.0, 2.0]]);
        close(lengths, [8.0_f64.sqrt(); 3]);
        close(angles, [60.0; 3]);
        let (lengths, angles) = parameters([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [2.0, 2.0, 2.0]]);
        close(lengths, [12.0_f64.sqrt(); 3]);
        close(angles, [109.471_220_634_490_7; 3]);
    }

    /// The example of Gruber (1973), Acta Cryst. A29, 433: 3, 5.196, 2, 103.55°, 109.28°, 134.53° with A = 9, B = 27,
    /// C = 4, ξ = −5, η = −4, ζ = −22; reduced A = 4, B = 9, C = 9, ξ = 9, η = 3, ζ = 4.
    #[test]
    fn the_example_of_gruber_is_reduced_as_published() {
        let lattice = Lattice::from_parameters(
            [3.0, 27.0_f64.sqrt(), 2.0],
            [
                (-2.5_f64 / (27.0_f64.sqrt() * 2.0)).acos().to_degrees(),
                (-2.0_f64 / 6.0).acos().to_degrees(),
                (-11.0_f64 / (3.0 * 27.0_f64.sqrt())).acos().to_degrees(),
            ],
        )
        .expect("a cell");
        let p = Parameters::of(&niggli(&lattice));
        let found = [p.a, p.b, p.c, p.xi, p.eta, p.zeta].map(|x| (x * 1e6).round() / 1e6);
        assert_eq!(found, [4.0, 9.0, 9.0, 9.0, 3.0, 4.0]);
    }
}
