//! The neighbours of one site, with the angles that order parameters are made of.

use super::MAX_COORDINATION as MAX;

type Vector = [f64; 3];

/// Below this length the projection of a neighbour on the equator has no direction: it lies on the axis.
const ON_AXIS: f64 = 1e-12;

/// Directions to at most [`MAX_COORDINATION`](super::MAX_COORDINATION) neighbours, and angles between them.
///
/// Order parameters put each neighbour in turn at the north pole; another one sets the meridian from which the azimuth of
/// a third is counted.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    len: usize,
    distances: [f64; MAX],
    directions: [Vector; MAX],
    angles: [[f64; MAX]; MAX],
    /// Unit vector along the projection of the second neighbour on the equator of the first.
    meridians: [[Vector; MAX]; MAX],
    /// Bit `k` of entry `j`: neighbour `k` lies on the axis through `j` and has no meridian.
    on_axis: [u16; MAX],
}

impl Shell {
    /// Takes other neighbours: vectors from the site to each of them, in Å.
    ///
    /// Values depend on their order in the last bits only, except for body-centred cubic order, which see.
    ///
    /// # Panics
    /// If there are more than [`MAX_COORDINATION`](super::MAX_COORDINATION).
    pub fn set(&mut self, vectors: impl ExactSizeIterator<Item = Vector>) {
        assert!(vectors.len() <= MAX, "{} neighbours, at most {MAX}", vectors.len());
        self.len = vectors.len();
        for (place, vector) in vectors.enumerate() {
            let distance = dot(vector, vector).sqrt();
            self.distances[place] = distance;
            self.directions[place] = vector.map(|x| x / distance);
        }
        for j in 0..self.len {
            self.on_axis[j] = 1 << j;
            for k in 0..self.len {
                if j < k {
                    let angle = libm::acos(dot(self.directions[j], self.directions[k]).clamp(-1.0, 1.0));
                    self.angles[j][k] = angle;
                    self.angles[k][j] = angle;
                }
                if j != k && self.len > 2 {
                    self.set_meridian(j, k);
                }
            }
        }
    }

    fn set_meridian(&mut self, j: usize, k: usize) {
        let (axis, other) = (self.directions[j], self.directions[k]);
        let share = dot(other, axis) / dot(axis, axis);
        let projection: Vector = std::array::from_fn(|i| other[i] - share * axis[i]);
        let length = dot(projection, projection).sqrt();
        if length < ON_AXIS {
            self.on_axis[j] |= 1 << k;
        } else {
            self.meridians[j][k] = projection.map(|x| x / length);
        }
    }

    /// Number of neighbours.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Distances to the neighbours, in Å.
    pub(super) fn distances(&self) -> &[f64] {
        &self.distances[..self.len]
    }

    /// Unit vectors to the neighbours.
    pub(super) fn directions(&self) -> &[Vector] {
        &self.directions[..self.len]
    }

    /// Angles between neighbour `j` and all others, in radians; the one with itself means nothing.
    pub(super) fn angles(&self, j: usize) -> &[f64] {
        &self.angles[j][..self.len]
    }

    /// Whether neighbour `k` lies on the axis through `j`, where it has no azimuth.
    pub(super) fn is_on_axis(&self, j: usize, k: usize) -> bool {
        self.on_axis[j] >> k & 1 == 1
    }

    /// Cosine of the azimuth of `m` around the axis through `j`, counted from `k`; none of them on the axis.
    pub(super) fn azimuth_cosine(&self, j: usize, k: usize, m: usize) -> f64 {
        dot(self.meridians[j][m], self.meridians[j][k]).clamp(-1.0, 1.0)
    }
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
