//! Shuffle and deflate as the HDF5 filters do them, outside the library and its lock.

use libdeflater::{CompressionLvl, Compressor};

/// Deflates chunks at one level; levels are those of libdeflate, 1 to 12.
pub(super) struct Deflater {
    compressor: Compressor,
    shuffled: Vec<u8>,
}

impl Deflater {
    /// A compressor; levels outside 1 to 12 are clamped.
    pub(super) fn new(level: u8) -> Self {
        let level = CompressionLvl::new(i32::from(level.clamp(1, 12))).unwrap_or_default();
        Self { compressor: Compressor::new(level), shuffled: Vec::new() }
    }

    /// What the filters `shuffle` (of values of `size` bytes) and `deflate` make of a chunk.
    pub(super) fn deflate(&mut self, chunk: &[u8], size: usize) -> Vec<u8> {
        shuffle(chunk, size, &mut self.shuffled);
        let mut out = vec![0; self.compressor.zlib_compress_bound(self.shuffled.len())];
        let length = self
            .compressor
            .zlib_compress(&self.shuffled, &mut out)
            .expect("the buffer has the size that the compressor asked for");
        out.truncate(length);
        out
    }
}

/// Byte k of every value, for k = 0, 1, …; the filter leaves single bytes as they are.
fn shuffle(chunk: &[u8], size: usize, out: &mut Vec<u8>) {
    out.clear();
    if size < 2 {
        out.extend_from_slice(chunk);
        return;
    }
    let whole = chunk.len() / size * size;
    for byte in 0..size {
        out.extend(chunk[..whole].iter().skip(byte).step_by(size));
    }
    out.extend_from_slice(&chunk[whole..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffle_groups_bytes_by_significance() {
        let mut out = Vec::new();
        shuffle(&[1, 2, 3, 4, 5, 6], 2, &mut out);
        assert_eq!(out, [1, 3, 5, 2, 4, 6]);
    }
}
