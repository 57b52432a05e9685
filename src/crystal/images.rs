//! All images of sites within a radius, site by site: for cells of up to some hundred sites.
//!
//! Lattice points in a sphere are enumerated exactly, as Fincke and Pohst do (doi 10.1090/S0025-5718-1985-0777278-8): in
//! a frame where the basis is triangular, each coordinate bounds one count of cells, so that no image is looked at in
//! vain, but for rows that miss the sphere.

use super::neighbors::{Found, Positions};
use super::vector::{Vector, add, dot, norm, scale, sub};
use super::{GeometryError, Neighbor};

/// Relative and absolute widening of the bounds, so that rounding loses no image at the border; what lies outside is
/// told by its distance.
const SLACK: f64 = 1e-9;

/// Basis in its own orthonormal frame: the last vector along the first axis, the middle one in the plane of the first two.
struct Triangular {
    axes: [Vector; 3],
    first: Vector,
    middle: [f64; 2],
    last: f64,
}

impl Triangular {
    fn new(rows: &[Vector; 3]) -> Self {
        let [a, b, c] = *rows;
        let unit = |v: Vector| scale(1.0 / norm(v), v);
        let x = unit(c);
        let y = unit(sub(b, scale(dot(b, x), x)));
        let rest = sub(a, scale(dot(a, x), x));
        let z = unit(sub(rest, scale(dot(rest, y), y)));
        Self {
            axes: [x, y, z],
            first: [dot(a, x), dot(a, y), dot(a, z)],
            middle: [dot(b, x), dot(b, y)],
            last: norm(c),
        }
    }

    fn coordinates(&self, v: Vector) -> Vector {
        self.axes.map(|axis| dot(v, axis))
    }
}

/// Finds the neighbours of each site in turn and hands them on, in no particular order.
///
/// # Errors
/// Atoms that overlap, and what `site_done` returns.
pub(super) fn search(
    positions: &Positions,
    radius: f64,
    found: &mut Found,
    mut site_done: impl FnMut(&mut Found) -> Result<(), GeometryError>,
) -> Result<(), GeometryError> {
    let frame = Triangular::new(&positions.reduction.rows);
    let [a, b, c] = positions.reduction.rows;
    let reach = radius * (1.0 + SLACK) + SLACK;
    let square = reach * reach;
    let step = positions.reduction.image([0, 0, 1]);
    for site in 0..positions.carts.len() {
        for other in 0..positions.carts.len() {
            let apart = sub(positions.carts[other], positions.carts[site]);
            let [x, y, z] = frame.coordinates(apart);
            let home = positions.home(site, other);
            for i in whole_between((-reach - z) / frame.first[2], (reach - z) / frame.first[2]) {
                let n = f64::from(i);
                let z = z + n * frame.first[2];
                let (x, y) = (x + n * frame.first[0], y + n * frame.first[1]);
                let across = square - z * z;
                let half = across.max(0.0).sqrt();
                for j in whole_between((-half - y) / frame.middle[1], (half - y) / frame.middle[1]) {
                    let m = f64::from(j);
                    let y = y + m * frame.middle[1];
                    let x = x + m * frame.middle[0];
                    let half = (across - y * y).max(0.0).sqrt();
                    let mut range = whole_between((-half - x) / frame.last, (half - x) / frame.last);
                    if range.is_empty() {
                        continue;
                    }
                    let shift = add(scale(n, a), scale(m, b));
                    let start = [i64::from(i), i64::from(j), i64::from(*range.start())];
                    let mut image = positions.image(start, home);
                    for k in &mut range {
                        let vector = add(apart, add(shift, scale(f64::from(k), c)));
                        let distance = norm(vector);
                        if distance <= radius && !(site == other && [i, j, k] == [0; 3]) {
                            let neighbor =
                                Neighbor { site: other as u32, image: image.map(|n| n as i32), distance, vector };
                            found.push(site, neighbor)?;
                        }
                        image = std::array::from_fn(|axis| image[axis].wrapping_add(step[axis]));
                    }
                }
            }
        }
        site_done(found)?;
    }
    Ok(())
}

/// Whole numbers from `low` to `high`, both included. (`f64::ceil` is a call on processors without SSE 4.1.)
fn whole_between(low: f64, high: f64) -> std::ops::RangeInclusive<i32> {
    let truncated = [low as i32, high as i32];
    let first = truncated[0] + i32::from(f64::from(truncated[0]) < low);
    let last = truncated[1] - i32::from(f64::from(truncated[1]) > high);
    first..=last
}

#[cfg(test)]
mod tests {
    use super::whole_between;

    #[test]
    fn whole_numbers_between_bounds_of_either_sign() {
        assert_eq!(whole_between(-1.5, 1.5), -1..=1);
        assert_eq!(whole_between(-2.0, -1.0), -2..=-1);
        assert_eq!(whole_between(0.2, 0.8).count(), 0);
        assert_eq!(whole_between(-0.8, -0.2).count(), 0);
        assert_eq!(whole_between(1.0, 1.0), 1..=1);
    }
}
