//! The neighbours of one site, with the angles that order parameters are made of.

use std::cmp::Ordering;

use crate::crystal::vector::{Vector, dot, norm, scale, sub};

use super::MAX_COORDINATION as MAX;

/// Below this length the projection of a neighbour on the equator has no direction: it lies on the axis.
const ON_AXIS: f64 = 1e-12;

/// Directions to at most [`MAX_COORDINATION`](super::MAX_COORDINATION) neighbours, and angles between them.
///
/// Order parameters put each neighbour in turn at the north pole; another one sets the meridian from which the azimuth of
/// a third is counted.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    len: usize,
    /// Neighbours of equal rank have no order among themselves.
    ranks: [u8; MAX],
    distances: [f64; MAX],
    directions: [Vector; MAX],
    angles: [[f64; MAX]; MAX],
    /// Unit vector along the projection of the second neighbour on the equator of the first.
    meridians: [[Vector; MAX]; MAX],
    /// Bit `k` of entry `j`: neighbour `k` lies on the axis through `j` and has no meridian.
    on_axis: [u16; MAX],
}

impl Shell {
    /// Takes other neighbours: the vector from the site to each of them, in Å, and its rank, which does not descend.
    ///
    /// The published body-centred cubic order lets only the earlier of two neighbours be the pole, so that a distorted
    /// cube has as many values as its corners have orders (0.90 to 0.92 with displacements of 5 %). Where a rank repeats,
    /// it is the mean over the orders of these neighbours; all other values do not depend on ranks.
    ///
    /// # Panics
    /// If there are more than [`MAX_COORDINATION`](super::MAX_COORDINATION).
    pub fn set(&mut self, neighbors: impl Iterator<Item = (Vector, u8)>) {
        self.len = 0;
        for (vector, rank) in neighbors {
            assert!(self.len < MAX, "more than {MAX} neighbours");
            let distance = norm(vector);
            self.distances[self.len] = distance;
            self.directions[self.len] = vector.map(|x| x / distance);
            self.ranks[self.len] = rank;
            self.len += 1;
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
        let projection = sub(other, scale(share, axis));
        let length = norm(projection);
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

    /// Share of the orders of neighbours in which `j` comes before `k`: 0, ½ or 1.
    pub(super) fn precedence(&self, j: usize, k: usize) -> f64 {
        match self.ranks[j].cmp(&self.ranks[k]) {
            Ordering::Less => 1.0,
            Ordering::Equal => 0.5,
            Ordering::Greater => 0.0,
        }
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
