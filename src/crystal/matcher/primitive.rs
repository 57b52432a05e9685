//! The smallest cell that a structure has within a tolerance, positions averaged: what matching begins with.

use super::super::Lattice;
use super::super::vector::{Vector, multiply, norm};
use super::Cell;
use super::niggli::niggli;

/// How far a coordinate may lie from its place in a smaller cell, in Å: `get_primitive_structure` of pymatgen.
const TOLERANCE: f64 = 0.25;

/// The structure in the Niggli basis of its smallest cell; `None` where rounding leaves no cell.
pub(super) fn reduced(cell: Cell) -> Option<Cell> {
    let mut cell = in_niggli_basis(cell)?;
    while let Some(smaller) = smaller(&cell) {
        cell = in_niggli_basis(smaller)?;
    }
    Some(cell)
}

fn in_niggli_basis(mut cell: Cell) -> Option<Cell> {
    let lattice = Lattice::new(niggli(&cell.lattice))?;
    for frac in &mut cell.fracs {
        *frac = wrapped(lattice.frac(cell.lattice.cart(*frac)));
    }
    cell.lattice = lattice;
    Some(cell)
}

pub(super) fn wrapped(frac: Vector) -> Vector {
    frac.map(|x| x - x.floor())
}

/// Distance of two coordinates, whole steps aside.
fn apart(a: f64, b: f64) -> f64 {
    let d = a - b;
    (d - d.round()).abs()
}

fn all_within(a: Vector, b: Vector, limit: Vector) -> bool {
    (0..3).all(|k| apart(a[k], b[k]) < limit[k])
}

/// One structure in a cell so many times smaller, the smallest factor first.
///
/// Bases of all sublattices of an index are the Hermite normal forms of that determinant: of each only whether its vectors are
/// translations of the structure is asked, row by row from the last, which few pass.
fn smaller(cell: &Cell) -> Option<Cell> {
    let counts: Vec<usize> = cell.kinds().map(|range| range.len()).collect();
    let units = counts.iter().fold(0, |a, &b| gcd(a, b));
    if units < 2 {
        return None;
    }
    let lengths = cell.lattice.lengths();
    let limit = lengths.map(|length| TOLERANCE / length);
    let shifts = shifts(cell, limit.map(|x| 2.0 * x));
    if shifts.len() < 2 {
        return None;
    }
    let is_shift = |v: Vector| shifts.iter().any(|&shift| all_within(v, shift, limit));
    for size in (2..=units).filter(|size| units.is_multiple_of(*size)) {
        for a in (1..=size).filter(|a| size.is_multiple_of(*a)) {
            for e in (1..=size / a).filter(|e| (size / a).is_multiple_of(*e)) {
                let g = size / a / e;
                let [af, ef, gf] = [a, e, g].map(|n| n as f64);
                if !is_shift([0.0, 0.0, 1.0 / gf]) {
                    continue;
                }
                for f in (0..e).map(|f| f as f64) {
                    if !is_shift([0.0, 1.0 / ef, -f / (ef * gf)]) {
                        continue;
                    }
                    for (b, c) in (0..a).flat_map(|b| (0..a).map(move |c| (b as f64, c as f64))) {
                        if is_shift([1.0 / af, -b / (af * ef), (b * f - c * ef) / (af * ef * gf)]) {
                            let matrix = [[af, b, c], [0.0, ef, f], [0.0, 0.0, gf]];
                            if let Some(found) = divided(cell, &matrix, size, limit) {
                                return Some(found);
                            }
                        }
                    }
                }
            }
        }
    }
    None
}

/// Shifts from the first site of the rarest kind to the others that nearly map every site onto one of its kind.
fn shifts(cell: &Cell, limit: Vector) -> Vec<Vector> {
    let Some(rarest) = cell.kinds().min_by_key(ExactSizeIterator::len) else { return Vec::new() };
    let first = cell.fracs[rarest.start];
    let mut shifts: Vec<Vector> =
        cell.fracs[rarest].iter().map(|frac| std::array::from_fn(|k| frac[k] - first[k])).collect();
    shifts.retain(|shift| {
        cell.kinds().all(|kind| {
            let sites = &cell.fracs[kind];
            sites.iter().all(|site| {
                let moved = std::array::from_fn(|k| site[k] + shift[k]);
                sites.iter().any(|&other| all_within(moved, other, limit))
            })
        })
    });
    shifts
}

/// The structure in the cell whose multiple by `matrix` it fills, if `size` sites at a time fall together there.
fn divided(cell: &Cell, matrix: &[Vector; 3], size: usize, old_limit: Vector) -> Option<Cell> {
    let [[a, b, c], [_, e, f], [_, _, g]] = *matrix;
    let inverse =
        [[1.0 / a, -b / (a * e), (b * f - c * e) / (a * e * g)], [0.0, 1.0 / e, -f / (e * g)], [0.0, 0.0, 1.0 / g]];
    let lattice = Lattice::new(inverse.map(|row| multiply(row, cell.lattice.rows())))?;
    let limit: Vector = std::array::from_fn(|k| TOLERANCE / norm(lattice.rows()[k]));
    let mut out = Cell { lattice, fracs: Vec::new(), ends: Vec::new() };
    for kind in cell.kinds() {
        let old = &cell.fracs[kind];
        let new: Vec<Vector> = old.iter().map(|&frac| multiply(frac, matrix)).collect();
        // Sites that are neighbours already must not fall together.
        let together = |i: usize, j: usize| {
            i == j
                || all_within(new[i], new[j], limit) && (0..3).any(|k| apart(old[i][k], old[j][k]) > 2.0 * old_limit[k])
        };
        let mut done = vec![false; new.len()];
        for i in 0..new.len() {
            if done[i] {
                continue;
            }
            let group: Vec<usize> = (0..new.len()).filter(|&j| together(i, j)).collect();
            let is_clique = group.iter().all(|&j| group.iter().all(|&k| together(j, k)));
            if group.len() != size || !is_clique || group.iter().any(|&j| done[j]) {
                return None;
            }
            let mut mean = wrapped(new[i]);
            for (count, &j) in group.iter().filter(|&&j| j != i).enumerate() {
                for k in 0..3 {
                    let offset = new[j][k] - mean[k];
                    mean[k] += (offset - offset.round()) / (count + 2) as f64;
                }
            }
            group.iter().for_each(|&j| done[j] = true);
            out.fracs.push(mean);
        }
        out.ends.push(out.fracs.len());
    }
    Some(out)
}

fn gcd(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
