//! A structure in the reduced basis of its lattice, for sums over lattice points and pairs of sites.

use super::Structure;
use super::images::{Triangular, whole_numbers};
use super::reduction::Reduction;
use super::vector::{Vector, cross, dot, multiply, norm, sub};

/// Widening of a radius, in its unit, so that rounding loses no point that lies on it (pymatgen's tolerance).
pub const RADIUS_SLACK: f64 = 1e-8;

/// A structure described by the shortest vectors of its lattice; sites keep their order.
#[derive(Clone, Debug, Default)]
pub struct ReducedCell {
    volume: f64,
    fracs: Vec<Vector>,
    carts: Vec<Vector>,
    direct: Triangular,
    reciprocal: Triangular,
    rows: [Vector; 3],
}

/// Lattice points n₀ **a**₀ + n₁ **a**₁ + k **a**₂ on a line along the last vector, as far as they lie in a sphere.
#[derive(Clone, Debug)]
pub struct Row {
    /// n₀ and n₁.
    pub counts: [i32; 2],
    /// The k that lie in the sphere.
    pub last: std::ops::RangeInclusive<i32>,
    /// Squared distance of the line from the centre of the sphere.
    pub across: f64,
    /// Place on the line at k = 0, counted from the point nearest to the centre.
    pub start: f64,
    /// From one k to the next.
    pub step: f64,
}

impl Row {
    /// Squared distance of a point from the centre.
    pub fn square(&self, k: i32) -> f64 {
        let along = self.start + f64::from(k) * self.step;
        self.across + along * along
    }
}

impl ReducedCell {
    /// Describes a structure; keeps its allocations.
    pub(super) fn set(&mut self, structure: &Structure) {
        let reduction = Reduction::new(structure.lattice());
        let rows = reduction.rows;
        let [a, b, c] = rows;
        let signed = dot(a, cross(b, c));
        let reciprocal = [cross(b, c), cross(c, a), cross(a, b)].map(|v| v.map(|x| x / signed));
        self.rows = rows;
        self.volume = structure.lattice().volume();
        self.direct = Triangular::new(&rows);
        self.reciprocal = Triangular::new(&reciprocal);
        self.fracs.clear();
        self.carts.clear();
        for &frac in structure.fracs() {
            let frac = reduction.frac(frac);
            let wrapped: Vector = frac.map(|x| x - x.floor());
            self.fracs.push(wrapped);
            self.carts.push(multiply(wrapped, &rows));
        }
    }

    /// Number of sites.
    pub fn len(&self) -> usize {
        self.fracs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fracs.is_empty()
    }

    /// Volume, in Å³.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Fractional coordinates in the reduced basis, in [0, 1].
    pub fn fracs(&self) -> &[Vector] {
        &self.fracs
    }

    /// Rows of points `site` − `other` + lattice vector within `radius` Å: the images of one site around another.
    pub fn images(&self, site: usize, other: usize, radius: f64, visit: impl FnMut(Row)) {
        rows(&self.direct, sub(self.carts[site], self.carts[other]), radius, visit);
    }

    /// Distance between a site and the nearest image of another one, in Å.
    pub fn nearest_image(&self, site: usize, other: usize) -> f64 {
        // Rounding gives some image; a nearer one, if there is one, lies in the sphere through it.
        let apart = sub(self.fracs[site], self.fracs[other]);
        let distance = norm(multiply(apart.map(|x| x - x.round()), &self.rows));
        let mut nearest = distance * distance;
        self.images(site, other, distance, |row| {
            nearest = row.last.clone().map(|k| row.square(k)).fold(nearest, f64::min);
        });
        nearest.sqrt()
    }

    /// Rows of reciprocal lattice points (without 2π) within `radius` Å⁻¹ of the origin; counts are Miller indices in the
    /// reduced basis, which belong to [`fracs`](Self::fracs).
    pub fn reciprocal_points(&self, radius: f64, visit: impl FnMut(Row)) {
        rows(&self.reciprocal, [0.0; 3], radius, visit);
    }
}

/// Enumerates lattice points shifted by `shift` in a sphere around the origin, as in [`super::images`].
fn rows(frame: &Triangular, shift: Vector, radius: f64, mut visit: impl FnMut(Row)) {
    let reach = radius + RADIUS_SLACK;
    let square = reach * reach;
    let [x, y, z] = frame.coordinates(shift);
    for i in whole_numbers((-reach - z) / frame.first[2], (reach - z) / frame.first[2]) {
        let n = f64::from(i);
        let z = z + n * frame.first[2];
        let (x, y) = (x + n * frame.first[0], y + n * frame.first[1]);
        let half = (square - z * z).max(0.0).sqrt();
        for j in whole_numbers((-half - y) / frame.middle[1], (half - y) / frame.middle[1]) {
            let m = f64::from(j);
            let y = y + m * frame.middle[1];
            let start = x + m * frame.middle[0];
            let across = z * z + y * y;
            let half = (square - across).max(0.0).sqrt();
            let last = whole_numbers((-half - start) / frame.last, (half - start) / frame.last);
            if !last.is_empty() {
                visit(Row { counts: [i, j], last, across, start, step: frame.last });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chem::Element;
    use crate::crystal::Lattice;

    fn skewed() -> Structure {
        let rows = [[3.0, 0.0, 0.0], [33.0, 3.0, 0.0], [-18.0, 24.0, 3.0]];
        let mut structure = Structure::new(Lattice::new(rows).expect("a cell"));
        structure.push([0.2, -1.3, 0.4], Element::from_symbol("Po").expect("symbol"));
        structure.push([0.9, 0.1, 4.6], Element::from_symbol("Po").expect("symbol"));
        structure
    }

    fn count(visit: impl FnOnce(&mut dyn FnMut(Row))) -> usize {
        let mut count = 0;
        visit(&mut |row: Row| count += row.last.clone().filter(|&k| row.square(k) <= 9.1 * 9.1).count());
        count
    }

    /// A skewed cell of the simple cubic lattice of 3 Å: points n with |n|² ≤ (9.1 / 3)² = 9.2 are
    /// 1 + 6 + 12 + 8 + 6 + 24 + 24 + 12 + 30 = 123. Its reciprocal lattice is simple cubic of 1/3 Å⁻¹.
    #[test]
    fn a_skewed_cell_has_the_points_of_its_lattice() {
        let mut cell = ReducedCell::default();
        cell.set(&skewed());
        assert_eq!(count(|visit| cell.images(1, 1, 9.1, visit)), 123);
        let mut squares = Vec::new();
        cell.reciprocal_points(0.5, |row| {
            squares.extend(row.last.clone().map(|k| (row.square(k) * 9.0).round() as u32))
        });
        squares.sort_unstable();
        let shells: Vec<u32> = [(0, 1), (1, 6), (2, 12)].iter().flat_map(|&(n, times)| vec![n; times]).collect();
        assert_eq!(squares, shells);
    }

    #[test]
    fn phases_in_the_reduced_basis_belong_to_its_reciprocal_points() {
        let structure = skewed();
        let mut cell = ReducedCell::default();
        cell.set(&structure);
        // The apart vector of the two sites, modulo the lattice, is the same in both descriptions.
        let apart: Vector = std::array::from_fn(|k| structure.fracs()[1][k] - structure.fracs()[0][k]);
        let cart = structure.lattice().cart(apart).map(|x| (x / 3.0).rem_euclid(1.0));
        let reduced: Vector = std::array::from_fn(|k| (cell.fracs()[1][k] - cell.fracs()[0][k]).rem_euclid(1.0));
        let sorted = |v: Vector| {
            let mut folded = v.map(|x| x.min(1.0 - x));
            folded.sort_by(f64::total_cmp);
            folded
        };
        for (a, b) in sorted(cart).iter().zip(sorted(reduced)) {
            assert!((a - b).abs() < 1e-9, "{cart:?} {reduced:?}");
        }
    }
}
