//! Named little-endian tensors: the form in which every member of a model is stored.

/// Element type of a tensor.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Dtype {
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes.
    U16,
    /// Unsigned, 4 bytes.
    U32,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 8 bytes.
    I64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
}

impl Dtype {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }
}

/// One named block of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name, unique in its list.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Length of each axis, slowest first.
    pub shape: Vec<u64>,
    /// Elements, little-endian, row-major.
    pub data: Vec<u8>,
}

/// Tensors in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tensors(pub Vec<Tensor>);

/// Why tensors are not what their reader needs. The file they came from is broken, foreign or hostile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// No tensor of this name.
    #[error("tensor `{0}` is missing")]
    Missing(String),
    /// The element type is none that the reader takes.
    #[error("tensor `{name}` has element type {found:?}, expected {expected}")]
    WrongType {
        /// Tensor.
        name: String,
        /// Its type.
        found: Dtype,
        /// What would do.
        expected: &'static str,
    },
    /// Shape and number of bytes disagree.
    #[error("tensor `{name}` has {bytes} bytes, its shape {shape:?} of {dtype:?} needs another number")]
    WrongSize {
        /// Tensor.
        name: String,
        /// Bytes it has.
        bytes: usize,
        /// Shape it claims.
        shape: Vec<u64>,
        /// Its type.
        dtype: Dtype,
    },
    /// The program that runs a network is not there.
    #[error("{0}")]
    Runtime(String),
    /// The content contradicts itself.
    #[error("tensor `{name}`: {problem}")]
    Invalid {
        /// Tensor.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

impl TensorError {
    /// The content of a tensor contradicts itself or another tensor.
    pub fn invalid(name: &str, problem: impl Into<String>) -> Self {
        Self::Invalid { name: name.to_owned(), problem: problem.into() }
    }
}

macro_rules! element {
    ($push:ident, $read:ident, $type:ty, $dtype:ident, $doc:literal) => {
        impl Tensors {
            #[doc = concat!("Appends a one-dimensional tensor of ", $doc, ".")]
            pub fn $push(&mut self, name: impl Into<String>, values: &[$type]) {
                self.0.push(Tensor {
                    name: name.into(),
                    dtype: Dtype::$dtype,
                    shape: vec![values.len() as u64],
                    data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
                });
            }

            #[doc = concat!("Elements of a tensor of ", $doc, ", row-major.")]
            ///
            /// # Errors
            /// If there is no such tensor, or of another type, or its bytes do not fit its shape.
            pub fn $read(&self, name: &str) -> Result<Vec<$type>, TensorError> {
                let tensor = self.get(name)?;
                if tensor.dtype != Dtype::$dtype {
                    let (name, found) = (name.to_owned(), tensor.dtype);
                    return Err(TensorError::WrongType { name, found, expected: stringify!($dtype) });
                }
                let (values, _) = tensor.data.as_chunks::<{ size_of::<$type>() }>();
                Ok(values.iter().map(|bytes| <$type>::from_le_bytes(*bytes)).collect())
            }
        }
    };
}

element!(push_u8, u8s, u8, U8, "`u8`");
element!(push_u16, u16s, u16, U16, "`u16`");
element!(push_u32, u32s, u32, U32, "`u32`");
element!(push_i32, i32s, i32, I32, "`i32`");
element!(push_i64, i64s, i64, I64, "`i64`");
element!(push_f32, f32s, f32, F32, "`f32`");
element!(push_f64, f64s, f64, F64, "`f64`");

impl Tensors {
    /// The tensor of this name, its bytes checked against its shape.
    ///
    /// # Errors
    /// If there is none, or if its bytes do not fit its shape.
    pub fn get(&self, name: &str) -> Result<&Tensor, TensorError> {
        let tensor =
            self.0.iter().find(|tensor| tensor.name == name).ok_or_else(|| TensorError::Missing(name.to_owned()))?;
        let elements = tensor.shape.iter().try_fold(1_u64, |product, &axis| product.checked_mul(axis));
        let bytes = elements.and_then(|elements| elements.checked_mul(tensor.dtype.size() as u64));
        if bytes != Some(tensor.data.len() as u64) {
            return Err(TensorError::WrongSize {
                name: name.to_owned(),
                bytes: tensor.data.len(),
                shape: tensor.shape.clone(),
                dtype: tensor.dtype,
            });
        }
        Ok(tensor)
    }

    /// Appends whole numbers in the narrowest of `u8`, `u16`, `u32` that holds them all.
    pub fn push_narrow(&mut self, name: impl Into<String>, values: &[u32]) {
        match values.iter().copied().max().unwrap_or(0) {
            0..=0xff => self.push_u8(name, &values.iter().map(|&value| value as u8).collect::<Vec<_>>()),
            0x100..=0xffff => self.push_u16(name, &values.iter().map(|&value| value as u16).collect::<Vec<_>>()),
            _ => self.push_u32(name, values),
        }
    }

    /// Elements of a tensor of `u8`, `u16` or `u32`.
    ///
    /// # Errors
    /// If there is no such tensor, or of another type, or its bytes do not fit its shape.
    pub fn narrow(&self, name: &str) -> Result<Vec<u32>, TensorError> {
        match self.get(name)?.dtype {
            Dtype::U8 => Ok(self.u8s(name)?.into_iter().map(u32::from).collect()),
            Dtype::U16 => Ok(self.u16s(name)?.into_iter().map(u32::from).collect()),
            Dtype::U32 => self.u32s(name),
            found => Err(TensorError::WrongType { name: name.to_owned(), found, expected: "U8, U16 or U32" }),
        }
    }

    /// Appends reals as `f32` where that loses nothing, else as `f64`.
    pub fn push_real(&mut self, name: impl Into<String>, values: &[f64]) {
        if values.iter().all(|&value| f64::from(value as f32).to_bits() == value.to_bits()) {
            self.push_f32(name, &values.iter().map(|&value| value as f32).collect::<Vec<_>>());
        } else {
            self.push_f64(name, values);
        }
    }

    /// Elements of a tensor of `f32` or `f64`, all finite.
    ///
    /// # Errors
    /// If there is no such tensor, or of another type, or its bytes do not fit its shape, or an element is not finite.
    pub fn real(&self, name: &str) -> Result<Vec<f64>, TensorError> {
        let values: Vec<f64> = match self.get(name)?.dtype {
            Dtype::F32 => self.f32s(name)?.into_iter().map(f64::from).collect(),
            Dtype::F64 => self.f64s(name)?,
            found => return Err(TensorError::WrongType { name: name.to_owned(), found, expected: "F32 or F64" }),
        };
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(TensorError::invalid(name, format!("element {value} is not finite"))),
            None => Ok(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_little_endian_in_the_narrowest_type() {
        let mut tensors = Tensors::default();
        tensors.push_narrow("a", &[1, 255]);
        tensors.push_narrow("b", &[1, 256]);
        tensors.push_narrow("c", &[65_536]);
        tensors.push_real("d", &[0.5]);
        tensors.push_real("e", &[0.1]);
        let stored: Vec<_> = tensors.0.iter().map(|tensor| (tensor.dtype, tensor.data.len())).collect();
        assert_eq!(stored, [(Dtype::U8, 2), (Dtype::U16, 4), (Dtype::U32, 4), (Dtype::F32, 4), (Dtype::F64, 8)]);
        assert_eq!(tensors.0[1].data, [1, 0, 0, 1]);
        assert_eq!(tensors.narrow("b"), Ok(vec![1, 256]));
        assert_eq!(tensors.real("e"), Ok(vec![0.1]));
    }

    #[test]
    fn shape_that_overflows_or_disagrees_with_its_bytes_is_an_error() {
        for shape in [vec![u64::MAX, 2], vec![3], vec![]] {
            let tensor = Tensor { name: "a".into(), dtype: Dtype::F64, shape, data: vec![0; 16] };
            assert!(matches!(Tensors(vec![tensor]).real("a"), Err(TensorError::WrongSize { .. })));
        }
    }

    #[test]
    fn infinite_element_and_wrong_type_are_errors() {
        let mut tensors = Tensors::default();
        tensors.push_f64("a", &[f64::INFINITY]);
        assert!(matches!(tensors.real("a"), Err(TensorError::Invalid { .. })));
        assert!(matches!(tensors.u8s("a"), Err(TensorError::WrongType { .. })));
        assert!(matches!(tensors.u8s("b"), Err(TensorError::Missing(_))));
    }
}
