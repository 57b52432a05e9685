//! Columns of a table in memory: numbers as little-endian bytes, strings as one buffer with their ends.

/// Replaces U+0000, which HDF5 strings cannot hold.
const NUL_REPLACEMENT: &str = "\u{2400}";

/// Values that are encoded at once: they stay in the nearest cache.
const BLOCK: usize = 512;

/// Rows of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    /// `width` bytes a row.
    Fixed {
        /// Bytes a row.
        width: usize,
        /// Number of rows; counted apart because a width may be zero.
        rows: usize,
        /// Rows × width bytes.
        bytes: Vec<u8>,
    },
    /// One UTF-8 string a row, without U+0000.
    Text {
        /// All strings, one after the other.
        bytes: Vec<u8>,
        /// Where each string ends.
        ends: Vec<usize>,
    },
}

impl Data {
    /// No rows of this many bytes each.
    pub(super) fn fixed(width: usize) -> Self {
        Self::Fixed { width, rows: 0, bytes: Vec::new() }
    }

    /// No strings.
    pub(super) fn text() -> Self {
        Self::Text { bytes: Vec::new(), ends: Vec::new() }
    }

    /// One string a row.
    pub(super) fn from_strings<S: AsRef<str>>(strings: impl IntoIterator<Item = S>) -> Self {
        let mut data = Self::text();
        for string in strings {
            data.push_text(string.as_ref());
        }
        data
    }

    /// One number a row.
    pub(super) fn from_u64(values: &[u64]) -> Self {
        let mut data = Self::fixed(8);
        data.extend_u64(values);
        data
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Fixed { rows, .. } => *rows,
            Self::Text { ends, .. } => ends.len(),
        }
    }

    /// Memory taken by the values.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Fixed { bytes, .. } => bytes.len(),
            Self::Text { bytes, ends } => bytes.len() + ends.len() * size_of::<usize>(),
        }
    }

    /// Appends raw rows: `bytes` holds `count` of them.
    pub(super) fn extend_bytes(&mut self, count: usize, values: impl Iterator<Item = u8>) {
        let Self::Fixed { rows, bytes, .. } = self else { unreachable!("numbers in a column of strings") };
        bytes.extend(values);
        *rows += count;
    }

    /// Appends one `u64` a row.
    pub(super) fn extend_u64(&mut self, values: &[u64]) {
        self.extend_bytes(values.len(), values.iter().flat_map(|value| value.to_le_bytes()));
    }

    /// Appends `count` rows of `f64`; every NaN is stored with the same bits, so that digests do not see where it arose.
    pub(super) fn extend_f64(&mut self, count: usize, values: &[f64]) {
        self.extend_blocks(count, values, |value| (if value.is_nan() { f64::NAN } else { value }).to_le_bytes());
    }

    /// Appends `count` rows of `f32`, rounded to nearest.
    pub(super) fn extend_f32(&mut self, count: usize, values: &[f64]) {
        self.extend_blocks(count, values, |value| (if value.is_nan() { f32::NAN } else { value as f32 }).to_le_bytes());
    }

    /// Appends encoded values block by block, so that new memory is written once and not filled with zeros first.
    fn extend_blocks<const N: usize>(&mut self, count: usize, values: &[f64], encode: impl Fn(f64) -> [u8; N]) {
        let Self::Fixed { rows, bytes, .. } = self else { unreachable!("numbers in a column of strings") };
        bytes.reserve(values.len() * N);
        let mut block = [[0; N]; BLOCK];
        for part in values.chunks(BLOCK) {
            block.iter_mut().zip(part).for_each(|(slot, &value)| *slot = encode(value));
            bytes.extend_from_slice(block[..part.len()].as_flattened());
        }
        *rows += count;
    }

    /// Appends a string.
    pub(super) fn push_text(&mut self, string: &str) {
        let Self::Text { bytes, ends } = self else { unreachable!("a string in a column of numbers") };
        let mut pieces = string.split('\0');
        bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
        for piece in pieces {
            bytes.extend_from_slice(NUL_REPLACEMENT.as_bytes());
            bytes.extend_from_slice(piece.as_bytes());
        }
        ends.push(bytes.len());
    }

    /// Appends rows `range` of `other`.
    pub(super) fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        match (self, other) {
            (Self::Fixed { width, rows, bytes }, Self::Fixed { bytes: from, .. }) => {
                bytes.extend_from_slice(&from[range.start * *width..range.end * *width]);
                *rows += range.len();
            }
            (Self::Text { bytes, ends }, Self::Text { .. }) => {
                for row in range {
                    bytes.extend_from_slice(other.text_at(row));
                    ends.push(bytes.len());
                }
            }
            _ => unreachable!("columns of one dataset are of one kind"),
        }
    }

    /// Rows at these positions, in this order.
    pub(super) fn gather(&self, positions: &[usize]) -> Self {
        let mut out = match self {
            Self::Fixed { width, .. } => Self::fixed(*width),
            Self::Text { .. } => Self::text(),
        };
        for &row in positions {
            out.extend_from(self, row..row + 1);
        }
        out
    }

    /// Bytes of one string.
    pub(super) fn text_at(&self, row: usize) -> &[u8] {
        match self {
            Self::Text { bytes, ends } => &bytes[if row == 0 { 0 } else { ends[row - 1] }..ends[row]],
            Self::Fixed { .. } => unreachable!("a string from a column of numbers"),
        }
    }

    /// One string. Text columns hold what was checked to be UTF-8 when it entered.
    pub(super) fn string_at(&self, row: usize) -> String {
        String::from_utf8_lossy(self.text_at(row)).into_owned()
    }

    /// Raw numbers.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Fixed { bytes, .. } | Self::Text { bytes, .. } => bytes,
        }
    }

    /// Numbers as `u64`.
    pub(super) fn to_u64(&self) -> Vec<u64> {
        self.bytes().as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
    }

    /// Numbers as `u32`.
    pub(super) fn to_u32(&self) -> Vec<u32> {
        self.bytes().as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
    }

    /// Numbers as `f64`, from either floating-point type.
    pub(super) fn to_f64(&self, kind: &super::schema::Kind) -> Vec<f64> {
        match kind {
            super::schema::Kind::F32 => {
                self.bytes().as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
            }
            _ => self.bytes().as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        }
    }

    /// Strings.
    pub(super) fn to_strings(&self) -> Vec<String> {
        (0..self.rows()).map(|row| self.string_at(row)).collect()
    }

    /// Bytes of the longest string, 0 for numbers.
    pub(super) fn longest(&self) -> usize {
        match self {
            Self::Fixed { .. } => 0,
            Self::Text { ends, .. } => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                starts.zip(ends).map(|(start, end)| end - start).max().unwrap_or(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_columns_keep_row_borders_and_replace_nul() {
        let mut data = Data::text();
        for string in ["Fe2O3", "", "a\0b"] {
            data.push_text(string);
        }
        assert_eq!(data.to_strings(), ["Fe2O3", "", "a\u{2400}b"]);
        assert_eq!(data.longest(), 5);
        assert_eq!(data.gather(&[2, 0]).to_strings(), ["a\u{2400}b", "Fe2O3"]);
    }

    #[test]
    fn nan_is_stored_with_one_bit_pattern() {
        let mut data = Data::fixed(8);
        data.extend_f64(2, &[-f64::NAN, f64::from_bits(0x7ff8_0000_0000_0001)]);
        assert_eq!(data.bytes()[..8], f64::NAN.to_le_bytes());
        assert_eq!(data.bytes()[8..], f64::NAN.to_le_bytes());
    }
}
