//! Lattices: three vectors, and coordinates in their frame.

use super::vector::{Vector, cross, dot, multiply, norm};

/// Three lattice vectors, the rows of a matrix, in Å: `cart = frac · L`.
///
/// The vectors may be left-handed; their volume is positive all the same.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct Lattice {
    rows: [Vector; 3],
    inverse: [Vector; 3],
    volume: f64,
}

impl Lattice {
    /// A lattice of these vectors; `None` where they are not finite or span no volume (below 1e-9 of the product of
    /// their lengths).
    pub fn new(rows: [Vector; 3]) -> Option<Self> {
        let signed = dot(rows[0], cross(rows[1], rows[2]));
        let lengths = rows.map(norm);
        let scale = lengths[0] * lengths[1] * lengths[2];
        if !scale.is_finite() || signed.is_nan() || signed.abs() <= 1e-9 * scale {
            return None;
        }
        let columns = [cross(rows[1], rows[2]), cross(rows[2], rows[0]), cross(rows[0], rows[1])];
        let inverse = std::array::from_fn(|i| std::array::from_fn(|j| columns[j][i] / signed));
        Some(Self { rows, inverse, volume: signed.abs() })
    }

    /// A lattice of lengths (Å) and angles (degrees), oriented as pymatgen does: c along z, a in the xz plane.
    ///
    /// `None` where no such cell exists.
    pub fn from_parameters(lengths: Vector, angles: Vector) -> Option<Self> {
        if !lengths.iter().chain(&angles).all(|value| value.is_finite() && *value > 0.0) {
            return None;
        }
        let [alpha, beta, gamma] = angles.map(f64::to_radians);
        let [cos_alpha, cos_beta, cos_gamma] = [alpha, beta, gamma].map(libm::cos);
        let [sin_alpha, sin_beta] = [alpha, beta].map(libm::sin);
        let value = (cos_alpha * cos_beta - cos_gamma) / (sin_alpha * sin_beta);
        let gamma_star = libm::acos(value.clamp(-1.0, 1.0));
        let [a, b, c] = lengths;
        Self::new([
            [a * sin_beta, 0.0, a * cos_beta],
            [-b * sin_alpha * libm::cos(gamma_star), b * sin_alpha * libm::sin(gamma_star), b * cos_alpha],
            [0.0, 0.0, c],
        ])
    }

    /// A cube.
    pub fn cubic(a: f64) -> Option<Self> {
        Self::new([[a, 0.0, 0.0], [0.0, a, 0.0], [0.0, 0.0, a]])
    }

    /// The lattice vectors, in Å.
    pub fn rows(&self) -> &[Vector; 3] {
        &self.rows
    }

    /// Rows of the inverse matrix, in Å⁻¹: `frac = cart · L⁻¹`. Its columns are the reciprocal vectors without 2π.
    pub fn inverse(&self) -> &[Vector; 3] {
        &self.inverse
    }

    /// Volume of the cell, in Å³; positive.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Whether the vectors follow one another as thumb, index and middle finger of the right hand: a · (b × c) > 0.
    pub fn is_right_handed(&self) -> bool {
        dot(self.rows[0], cross(self.rows[1], self.rows[2])) > 0.0
    }

    /// Lengths of the vectors, in Å.
    pub fn lengths(&self) -> Vector {
        self.rows.map(norm)
    }

    /// Angles alpha, beta, gamma, in degrees.
    pub fn angles(&self) -> Vector {
        let lengths = self.lengths();
        std::array::from_fn(|i| {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let cosine = dot(self.rows[j], self.rows[k]) / (lengths[j] * lengths[k]);
            libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees()
        })
    }

    /// Distance between the lattice planes that each vector crosses, in Å: how thick the cell is in that direction.
    pub fn heights(&self) -> Vector {
        std::array::from_fn(|j| 1.0 / norm([self.inverse[0][j], self.inverse[1][j], self.inverse[2][j]]))
    }

    /// Cartesian coordinates, in Å.
    pub fn cart(&self, frac: Vector) -> Vector {
        multiply(frac, &self.rows)
    }

    /// Fractional coordinates.
    pub fn frac(&self, cart: Vector) -> Vector {
        multiply(cart, &self.inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Vector, b: Vector) {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10), "{a:?} {b:?}");
    }

    /// `Lattice.from_parameters(3, 4, 5, 70, 80, 100)` of pymatgen-core 2026.10.16.
    #[test]
    fn parameters_give_the_matrix_of_pymatgen() {
        let lattice = Lattice::from_parameters([3.0, 4.0, 5.0], [70.0, 80.0, 100.0]).expect("a cell");
        near(lattice.rows()[0], [2.954_423_259_036_624, 0.0, 0.520_944_533_000_791_2]);
        near(lattice.rows()[1], [-0.946_537_439_690_226_3, 3.637_639_677_073_101, 1.368_080_573_302_675_3]);
        near(lattice.rows()[2], [0.0, 0.0, 5.0]);
        near(lattice.lengths(), [3.0, 4.0, 5.0]);
        near(lattice.angles(), [70.0, 80.0, 100.0]);
        assert!((lattice.volume() - 53.735_636_349_696_215).abs() < 1e-10);
    }

    #[test]
    fn cart_and_frac_undo_each_other_in_a_left_handed_cell() {
        let lattice = Lattice::new([[0.0, 3.0, 0.1], [2.0, 0.2, 0.0], [0.5, 0.0, 4.0]]).expect("a cell");
        near(lattice.frac(lattice.cart([0.3, -0.7, 1.9])), [0.3, -0.7, 1.9]);
        assert!(lattice.volume() > 0.0 && !lattice.is_right_handed());
    }

    #[test]
    fn height_is_volume_over_area_of_the_face() {
        let lattice = Lattice::from_parameters([3.0, 4.0, 5.0], [90.0, 90.0, 30.0]).expect("a cell");
        near(lattice.heights(), [1.5, 2.0, 5.0]);
    }

    #[test]
    fn cells_without_volume_are_none() {
        assert!(Lattice::new([[1.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).is_none());
        assert!(Lattice::new([[f64::NAN, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).is_none());
        assert!(Lattice::from_parameters([1.0, 1.0, 1.0], [90.0, 90.0, 0.0]).is_none());
        assert!(Lattice::from_parameters([1.0, -1.0, 1.0], [90.0; 3]).is_none());
        assert!(Lattice::from_parameters([1.0, 1.0, 1.0], [10.0, 10.0, 150.0]).is_none());
    }
}
