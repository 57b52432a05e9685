//! Symmetry operations: `x' = W x + w` in fractional coordinates.

use super::number::number;

/// A symmetry operation; the translation lies in [0, 1).
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Operation {
    pub rotation: [[i8; 3]; 3],
    pub translation: [f64; 3],
}

/// Translations of operations agree within this: files write 0.333 for 1/3.
const TRANSLATION_TOLERANCE: f64 = 2e-3;

impl Operation {
    /// The identity.
    pub const IDENTITY: Self = Self { rotation: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], translation: [0.0; 3] };

    /// The operation written as a coordinate triplet, `-y, x-y, z+1/3`; a fourth part (time reversal) is passed over.
    pub fn from_xyz(text: &[u8]) -> Option<Self> {
        Affine::from_xyz(text).and_then(Affine::operation)
    }

    /// The operation on the first three coordinates of superspace, `x1, -x2, x3, x4`.
    pub fn from_superspace(text: &[u8]) -> Option<Self> {
        Affine::parse(text, true).and_then(Affine::operation)
    }

    /// Image of a point, not brought back into the cell.
    pub fn apply(&self, point: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|i| {
            let row = self.rotation[i].map(f64::from);
            row[0] * point[0] + row[1] * point[1] + row[2] * point[2] + self.translation[i]
        })
    }

    /// First `other`, then this one.
    pub fn after(&self, other: &Self) -> Self {
        let rotation = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                (0..3).map(|k| self.rotation[i][k].wrapping_mul(other.rotation[k][j])).fold(0, i8::wrapping_add)
            })
        });
        Self { rotation, translation: self.apply(other.translation).map(wrapped) }
    }

    /// Whether the two are the same up to lattice vectors.
    pub fn is(&self, other: &Self) -> bool {
        self.rotation == other.rotation
            && self.translation.iter().zip(other.translation).all(|(a, b)| {
                let apart = (a - b).abs();
                apart.min(1.0 - apart) < TRANSLATION_TOLERANCE
            })
    }

    /// Whether it keeps distances in a lattice of this metric, lengths within 3 %.
    pub fn fits(&self, metric: &[[f64; 3]; 3]) -> bool {
        let w = self.rotation.map(|row| row.map(f64::from));
        (0..3).all(|i| {
            (0..3).all(|j| {
                let image: f64 = (0..3).map(|k| (0..3).map(|l| w[k][i] * metric[k][l] * w[l][j]).sum::<f64>()).sum();
                (image - metric[i][j]).abs() <= 0.06 * (metric[i][i] * metric[j][j]).sqrt()
            })
        })
    }
}

/// A translation in [0, 1), on a multiple of 1/24 where it is near one: so every translation of the tables comes out exact.
fn wrapped(translation: f64) -> f64 {
    let parts = translation * 24.0;
    let nearest = parts.round();
    if (parts - nearest).abs() < 24.0 * TRANSLATION_TOLERANCE / 2.0 {
        return (nearest - (nearest / 24.0).floor() * 24.0) / 24.0;
    }
    let inside = translation - translation.floor();
    if inside >= 1.0 { 0.0 } else { inside }
}

/// The operations without repetitions, in their order.
pub(super) fn distinct(operations: Vec<Operation>) -> Vec<Operation> {
    let keys = RotationKeys::new(&operations);
    let first: Vec<_> = operations.iter().map(|operation| keys.find(operation)).collect();
    operations
        .into_iter()
        .zip(first)
        .enumerate()
        .filter(|(i, (_, first))| Some(*i) == *first)
        .map(|(_, (op, _))| op)
        .collect()
}

/// Whether the operations hold the identity and close under multiplication.
///
/// Grows the group from few generators (Dimino's way), so 192 operations take some thousand products, not 192².
pub(super) fn is_group(operations: &[Operation]) -> bool {
    let keys = RotationKeys::new(operations);
    let Some(identity) = keys.find(&Operation::IDENTITY) else { return false };
    let mut reached = vec![false; operations.len()];
    let mut queue = vec![identity];
    let mut generators: Vec<usize> = vec![];
    reached[identity] = true;
    for candidate in 0..operations.len() {
        if reached[candidate] {
            continue;
        }
        generators.push(candidate);
        // All reached so far must be multiplied by the new generator, the new ones by all.
        let mut at = 0;
        while at < queue.len() {
            for &generator in &generators {
                let product = operations[generator].after(&operations[queue[at]]);
                let Some(found) = keys.find(&product) else { return false };
                if !std::mem::replace(&mut reached[found], true) {
                    queue.push(found);
                }
            }
            at += 1;
        }
    }
    true
}

/// Finds operations by their rotation.
struct RotationKeys<'a> {
    operations: &'a [Operation],
    sorted: Vec<([[i8; 3]; 3], usize)>,
}

impl<'a> RotationKeys<'a> {
    fn new(operations: &'a [Operation]) -> Self {
        let mut sorted: Vec<_> = operations.iter().map(|operation| operation.rotation).zip(0..).collect();
        sorted.sort_unstable();
        Self { operations, sorted }
    }

    fn find(&self, wanted: &Operation) -> Option<usize> {
        let start = self.sorted.partition_point(|(rotation, _)| *rotation < wanted.rotation);
        let same = self.sorted[start..].iter().take_while(|(rotation, _)| *rotation == wanted.rotation);
        same.map(|&(_, place)| place).find(|&place| self.operations[place].is(wanted))
    }
}

/// A change of coordinates with any coefficients.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Affine {
    pub matrix: [[f64; 3]; 3],
    pub vector: [f64; 3],
}

impl Affine {
    /// Reads a coordinate triplet; letters in any case, numbers as fractions or decimals, with any signs and blanks.
    pub fn from_xyz(text: &[u8]) -> Option<Self> {
        Self::parse(text, false)
    }

    fn parse(text: &[u8], superspace: bool) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b',');
        let mut affine = Self { matrix: [[0.0; 3]; 3], vector: [0.0; 3] };
        for (row, shift) in affine.matrix.iter_mut().zip(&mut affine.vector) {
            *shift = expression(parts.next()?, superspace, row)?;
        }
        let rest = parts.count();
        (rest <= if superspace { 8 } else { 1 }).then_some(affine)
    }

    /// The operation, where the matrix is one of whole numbers with determinant ±1.
    pub fn operation(self) -> Option<Operation> {
        let whole = self.matrix.as_flattened().iter().all(|value| value.abs() <= 9.0 && *value == value.round());
        if !whole || (determinant(&self.matrix).abs() - 1.0).abs() > 0.5 {
            return None;
        }
        let rotation = self.matrix.map(|row| row.map(|value| value as i8));
        Some(Operation { rotation, translation: self.vector.map(wrapped) })
    }

    /// The operation as it reads in the new coordinates: `V S V⁻¹`.
    pub fn transform(&self, operation: &Operation) -> Option<Operation> {
        let inverse = self.inverse()?;
        let middle = Self { matrix: operation.rotation.map(|row| row.map(f64::from)), vector: operation.translation };
        let mut result = self.after(&middle).after(&inverse);
        for value in result.matrix.as_flattened_mut() {
            if (*value - value.round()).abs() < 1e-6 {
                *value = value.round();
            }
        }
        result.operation()
    }

    fn after(&self, other: &Self) -> Self {
        let (a, b) = (&self.matrix, &other.matrix);
        Self {
            matrix: std::array::from_fn(|i| {
                std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j])
            }),
            vector: self.apply(other.vector),
        }
    }

    /// Image of a point.
    pub fn apply(&self, point: [f64; 3]) -> [f64; 3] {
        let row = |i: usize| {
            let [x, y, z] = self.matrix[i];
            x * point[0] + y * point[1] + z * point[2] + self.vector[i]
        };
        [row(0), row(1), row(2)]
    }

    /// The way back; `None` where the matrix has none.
    pub fn inverse(&self) -> Option<Self> {
        let m = &self.matrix;
        let determinant = determinant(m);
        if !determinant.is_finite() || determinant == 0.0 {
            return None;
        }
        let minor = |r: usize, c: usize| {
            let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
            (m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]) / determinant
        };
        let linear = Self { matrix: std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i))), vector: [0.0; 3] };
        let vector = linear.apply(self.vector).map(|value| -value);
        Some(Self { vector, ..linear })
    }
}

fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

/// One part of a triplet: adds coefficients to `row`, returns the constant.
fn expression(text: &[u8], superspace: bool, row: &mut [f64; 3]) -> Option<f64> {
    let (mut constant, mut sign, mut factor, mut any) = (0.0, 1.0, None::<f64>, false);
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'\'' | b'"' | b'*' | b'_' => {}
            b'+' | b'-' => {
                constant += sign * factor.take().unwrap_or(0.0);
                sign = if byte == b'-' { -1.0 } else { 1.0 };
            }
            b'0'..=b'9' | b'.' => {
                let length =
                    tail.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'/')).unwrap_or(tail.len());
                if factor.is_some() {
                    return None;
                }
                factor = Some(number(&text[text.len() - tail.len() - 1..text.len() - tail.len() + length])?);
                rest = &tail[length..];
                any = true;
            }
            b'x' | b'X' | b'y' | b'Y' | b'z' | b'Z' => {
                let axis = if superspace {
                    let (digit, tail) = rest.split_first()?;
                    rest = tail;
                    usize::from(digit.checked_sub(b'1')?)
                } else {
                    usize::from((byte | 0x20) - b'x')
                };
                *row.get_mut(axis)? += sign * factor.take().unwrap_or(1.0);
                (sign, any) = (1.0, true);
            }
            _ => return None,
        }
    }
    constant += sign * factor.unwrap_or(0.0);
    (any && constant.is_finite()).then_some(constant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xyz(text: &str) -> Operation {
        Operation::from_xyz(text.as_bytes()).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn every_style_of_triplet_means_the_same() {
        let expected = Operation { rotation: [[0, -1, 0], [1, -1, 0], [0, 0, 1]], translation: [0.5, 0.0, 1.0 / 3.0] };
        for text in [
            "1/2-y,x-y,z+1/3",
            "-y+1/2, +x-y, 1/3+z",
            ".5 - Y , X -Y , 1/3 + Z",
            "-Y+0.5,x-y,0.3333+z",
            "-y-1/2,x-y-1,z-2/3",
            "-1*y+3/2,-y+x,z+.33333",
            "'-y+1/2', x -y, z +1/3",
            "1/2-y,x-y,z+1/3,-1",
        ] {
            assert!(xyz(text).is(&expected), "{text}: {:?}", xyz(text));
        }
    }

    #[test]
    fn what_is_no_operation_is_none() {
        for text in ["", "x,y", "x,y,", "x,y,w", "x,y,z,1,1", "2x,y,z", "x/2,y,z", "x,x,z", "1/0+x,y,z", "x,y,z;", "?"]
        {
            assert_eq!(Operation::from_xyz(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn superspace_keeps_its_first_three_coordinates() {
        let operation = Operation::from_superspace(b"x1, 1/2-x2, x3, x4-x3").expect("an operation");
        assert_eq!(operation, xyz("x,-y+1/2,z"));
        assert_eq!(Operation::from_superspace(b"x1, x4, x3, x2"), None);
    }

    #[test]
    fn a_group_closes_and_a_group_with_a_hole_does_not() {
        let group: Vec<_> = ["x,y,z", "-x,y+1/2,-z+1/2", "-x,-y,-z", "x,-y+1/2,z+1/2"].map(xyz).to_vec();
        assert!(is_group(&group));
        assert!(!is_group(&group[..3]));
        assert!(!is_group(&group[1..]));
        assert!(is_group(&["x,y,z", "x+0.3333,y,z", "x+0.6667,y,z"].map(xyz)));
    }

    /// (x, y, z) → (x + 1/4, y, z) turns the inversion at 0 into the inversion at 1/4.
    #[test]
    fn a_shift_of_origin_moves_the_inversion() {
        let shift = Affine::from_xyz(b"x+1/4,y,z").expect("a triplet");
        assert_eq!(shift.transform(&xyz("-x,-y,-z")), Some(xyz("-x+1/2,-y,-z")));
    }
}
