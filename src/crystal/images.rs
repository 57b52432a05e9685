//! All images of sites within a radius, site by site: for cells of up to some hundred sites.
//!
//! Lattice points in a sphere are enumerated exactly, as Fincke and Pohst do (doi 10.1090/S0025-5718-1985-0777278-8): in
//! a frame where the basis is triangular, each coordinate bounds one count of cells, so that no image is looked at in
//! vain, but for rows that miss the sphere.

use std::ops::RangeInclusive;

use super::Neighbor;
use super::neighbors::Positions;
use super::vector::{Vector, add, dot, norm, scale, sub};

/// Relative and absolute widening of the bounds, so that rounding loses no image at the border; what lies outside is
/// told by its distance.
pub(super) const SLACK: f64 = 1e-9;

/// Enumerates images around the sites of one structure.
#[derive(Clone, Debug, Default)]
pub(super) struct Images {
    frame: Triangular,
    /// Positions in the triangular frame.
    framed: Vec<Vector>,
}

impl Images {
    /// Prepares for a structure.
    pub fn set(&mut self, positions: &Positions) {
        self.frame = Triangular::new(&positions.reduction.rows);
        self.framed.clear();
        self.framed.extend(positions.carts.iter().map(|cart| self.frame.coordinates(*cart)));
    }

    /// Appends the neighbours of a site, in no particular order.
    pub fn around(&self, positions: &Positions, site: usize, radius: f64, found: &mut Vec<Neighbor>) {
        for other in 0..positions.carts.len() {
            self.between(positions, [site, other], Part::All, radius, |neighbor| found.push(neighbor));
        }
    }

    /// Appends the neighbours of every site to a list of its own, in no particular order: what one site is to another, the
    /// other is to it, to the bit, so that half of the pairs is enumerated.
    pub fn around_all(&self, positions: &Positions, radius: f64, found: &mut Vec<Vec<Neighbor>>) {
        let sites = positions.carts.len();
        if found.len() < sites {
            found.resize_with(sites, Vec::new);
        }
        for site in 0..sites {
            for other in site..sites {
                self.once(positions, [site, other], radius, |neighbor| {
                    found[site].push(neighbor);
                    found[other].push(Neighbor {
                        site: site as u32,
                        image: neighbor.image.map(i32::wrapping_neg),
                        distance: neighbor.distance,
                        // A difference, so that zero stays without a sign.
                        vector: neighbor.vector.map(|x| 0.0 - x),
                    });
                });
            }
        }
    }

    /// Takes the images of the second site around the first one, of a site around itself one of each two that lie opposite.
    pub fn once(&self, positions: &Positions, sites: [usize; 2], radius: f64, take: impl FnMut(Neighbor)) {
        let part = if sites[0] == sites[1] { Part::Forward } else { Part::All };
        self.between(positions, sites, part, radius, take);
    }

    /// Takes the images of the second site around the first one.
    fn between(
        &self,
        positions: &Positions,
        [site, other]: [usize; 2],
        part: Part,
        radius: f64,
        mut take: impl FnMut(Neighbor),
    ) {
        let frame = &self.frame;
        let [a, b, c] = positions.reduction.rows;
        let steps = positions.steps;
        let reach = radius * (1.0 + SLACK) + SLACK;
        let square = reach * reach;
        let apart = sub(positions.carts[other], positions.carts[site]);
        let [x, y, z] = sub(self.framed[other], self.framed[site]);
        let home = positions.home(site, other);
        for i in part.of(whole_between(-reach, reach, z, frame.inverse[0]), 0) {
            let n = f64::from(i);
            let z = z + n * frame.first[2];
            let (x, y) = (x + n * frame.first[0], y + n * frame.first[1]);
            let across = square - z * z;
            let half = across.max(0.0).sqrt();
            let part_of_layer = part.where_zero(i);
            for j in part_of_layer.of(whole_between(-half, half, y, frame.inverse[1]), 0) {
                let m = f64::from(j);
                let y = y + m * frame.middle[1];
                let x = x + m * frame.middle[0];
                let half = (across - y * y).max(0.0).sqrt();
                let range = part_of_layer.where_zero(j).of(whole_between(-half, half, x, frame.inverse[2]), 1);
                if range.is_empty() {
                    continue;
                }
                let shift = add(scale(n, a), scale(m, b));
                let image = moved(moved(home, i, steps[0]), j, steps[1]);
                for k in range {
                    let vector = add(apart, add(shift, scale(f64::from(k), c)));
                    let distance = norm(vector);
                    if distance <= radius && !(site == other && [i, j, k] == [0; 3]) {
                        let image = moved(image, k, steps[2]);
                        take(Neighbor { site: other as u32, image, distance, vector });
                    }
                }
            }
        }
    }
}

/// Which images of a site around itself: all, or one of each two that lie opposite.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Part {
    All,
    /// Those whose first count of cells that is not zero is positive.
    Forward,
}

impl Part {
    /// Of these counts, those from `least` on, where the part is not all.
    fn of(self, counts: RangeInclusive<i32>, least: i32) -> RangeInclusive<i32> {
        match self {
            Self::All => counts,
            Self::Forward => least.max(*counts.start())..=*counts.end(),
        }
    }

    /// The part among the images with this count of cells.
    fn where_zero(self, count: i32) -> Self {
        if count == 0 { self } else { Self::All }
    }
}

/// Basis in its own orthonormal frame: the last vector along the first axis, the middle one in the plane of the first two.
#[derive(Clone, Debug, Default)]
pub(super) struct Triangular {
    axes: [Vector; 3],
    /// The first vector.
    pub first: Vector,
    /// The middle vector, without its third coordinate, which is 0.
    pub middle: [f64; 2],
    /// Length of the last vector.
    pub last: f64,
    /// Inverse thickness of a layer, of a row, and of a cell in its row.
    inverse: Vector,
}

impl Triangular {
    /// The frame of these vectors.
    pub fn new(rows: &[Vector; 3]) -> Self {
        let [a, b, c] = *rows;
        let unit = |v: Vector| scale(1.0 / norm(v), v);
        let x = unit(c);
        let y = unit(sub(b, scale(dot(b, x), x)));
        let rest = sub(a, scale(dot(a, x), x));
        let z = unit(sub(rest, scale(dot(rest, y), y)));
        let (first, middle) = ([dot(a, x), dot(a, y), dot(a, z)], [dot(b, x), dot(b, y)]);
        let last = norm(c);
        Self { axes: [x, y, z], first, middle, last, inverse: [1.0 / first[2], 1.0 / middle[1], 1.0 / last] }
    }

    /// Coordinates of a Cartesian vector in the frame.
    pub fn coordinates(&self, v: Vector) -> Vector {
        self.axes.map(|axis| dot(v, axis))
    }
}

/// Counts of steps that lead from `start` to between `low` and `high`. (`f64::ceil` is a call on processors without SSE 4.1.)
fn whole_between(low: f64, high: f64, start: f64, inverse: f64) -> RangeInclusive<i32> {
    let [low, high] = [(low - start) * inverse, (high - start) * inverse];
    let [first, last] = [low as i32, high as i32];
    first + i32::from(f64::from(first) < low)..=last - i32::from(f64::from(last) > high)
}

/// An image `count` steps on.
pub(super) fn moved(image: [i32; 3], count: i32, step: [i32; 3]) -> [i32; 3] {
    std::array::from_fn(|k| image[k].wrapping_add(count.wrapping_mul(step[k])))
}

/// Whole numbers from `low` to `high`, both included.
pub(super) fn whole_numbers(low: f64, high: f64) -> RangeInclusive<i32> {
    whole_between(low, high, 0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::whole_between;

    #[test]
    fn whole_numbers_between_bounds_of_either_sign() {
        assert_eq!(whole_between(-1.5, 1.5, 0.0, 1.0), -1..=1);
        assert_eq!(whole_between(-2.0, -1.0, 0.0, 1.0), -2..=-1);
        assert_eq!(whole_between(0.2, 0.8, 0.0, 1.0).count(), 0);
        assert_eq!(whole_between(-0.8, -0.2, 0.0, 1.0).count(), 0);
        assert_eq!(whole_between(-1.0, 3.0, -2.0, 0.5), 1..=2);
    }
}
