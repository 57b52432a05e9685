//! The model file `.msm`: a JSON card and little-endian tensors, nothing that runs.
//!
//! ```text
//! offset  size  content
//!      0     8  "MSMODEL\n"
//!      8     4  format version, u32 (all integers little-endian)
//!     12     4  zero
//!     16     8  length of the card, u64
//!     24     8  length of the tensor index, u64
//!     32     8  length of the tensor data, u64
//!     40        card (JSON), tensor index (JSON), tensor data
//!   last    32  SHA-256 of everything before: the content digest of the model
//! ```
//!
//! The index is in the manner of safetensors: name, dtype, shape and the byte range of each tensor, in order and without gaps;
//! `encoding` says how the bytes are stored. `shuffle-zstd` regroups the bytes of the numbers by significance
//! (first all lowest bytes, then all second ones …) before compression, which halves forests of f32.
//! Equal models give equal bytes.

use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::SurrogateError;
use super::tensors::{Dtype, Tensor, Tensors};

/// Newest format that is read, and the one that is written.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: &[u8; 8] = b"MSMODEL\n";
const HEADER: usize = 40;
const DIGEST: usize = 32;
/// Limits of a file that is read: far above any real model, far below what hurts a machine.
const MAX_FILE: u64 = 4 << 30;
const MAX_JSON: u64 = 64 << 20;
const MAX_UNPACKED: u64 = 8 << 30;
/// Zstd reaches about 1:200 on forests of zeros; more is a bomb. One mebibyte is always allowed.
const MAX_EXPANSION: u64 = 256;
const ZSTD_LEVEL: i32 = 12;

/// Parts of a model file, checked for integrity but not yet for meaning.
#[derive(Debug)]
pub struct Contents {
    /// JSON card.
    pub card: Vec<u8>,
    /// Tensors in file order.
    pub tensors: Tensors,
    /// Content digest, hexadecimal.
    pub sha256: String,
}

#[derive(Copy, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Encoding {
    Raw,
    ShuffleZstd,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexEntry {
    name: String,
    dtype: Dtype,
    shape: Vec<u64>,
    offset: u64,
    length: u64,
    encoding: Encoding,
}

/// The bytes of a model file. Equal input gives equal bytes.
///
/// # Errors
/// Only if the compressor fails.
pub fn encode(card: &[u8], tensors: &Tensors) -> Result<Vec<u8>, SurrogateError> {
    let mut data = Vec::new();
    let mut index = Vec::with_capacity(tensors.0.len());
    for tensor in &tensors.0 {
        let packed = zstd::bulk::compress(&shuffle(&tensor.data, tensor.dtype.size()), ZSTD_LEVEL)
            .map_err(|error| malformed(format!("tensor \"{}\" cannot be compressed: {error}", tensor.name)))?;
        let (encoding, stored) = if packed.len() < tensor.data.len() {
            (Encoding::ShuffleZstd, packed.as_slice())
        } else {
            (Encoding::Raw, tensor.data.as_slice())
        };
        index.push(IndexEntry {
            name: tensor.name.clone(),
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            offset: data.len() as u64,
            length: stored.len() as u64,
            encoding,
        });
        data.extend_from_slice(stored);
    }
    let index = serde_json::to_vec(&index).map_err(|error| malformed(error.to_string()))?;
    let mut bytes = Vec::with_capacity(HEADER + card.len() + index.len() + data.len() + DIGEST);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    for part in [card, &index, &data] {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
    }
    for part in [card, &index, &data] {
        bytes.extend_from_slice(part);
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    Ok(bytes)
}

/// Takes a model file apart. Memory stays within a fixed multiple of the file's size, whatever the file says.
///
/// # Errors
/// Not a model file, a newer format, truncated or trailing bytes, another checksum, an index that does not fit.
pub fn decode(bytes: &[u8]) -> Result<Contents, SurrogateError> {
    check_size("file", bytes.len() as u64, MAX_FILE)?;
    if !bytes.starts_with(MAGIC) {
        let head = &bytes[..bytes.len().min(8)];
        return Err(SurrogateError::NotAModel { found: format!("\"{}\"", head.escape_ascii()) });
    }
    if bytes.len() < HEADER + DIGEST {
        return Err(SurrogateError::WrongSize { found: bytes.len() as u64, expected: (HEADER + DIGEST) as u64 });
    }
    let version = u32::from_le_bytes(array(bytes, 8));
    if version > FORMAT_VERSION {
        return Err(SurrogateError::NewerVersion { found: version, supported: FORMAT_VERSION });
    }
    if version == 0 {
        return Err(malformed("format version 0".into()));
    }
    let [card, index, data] = [16, 24, 32].map(|at| u64::from_le_bytes(array(bytes, at)));
    check_size("card", card, MAX_JSON)?;
    check_size("tensor index", index, MAX_JSON)?;
    check_size("tensor data", data, MAX_FILE)?;
    let expected = (HEADER + DIGEST) as u64 + card + index + data;
    if expected != bytes.len() as u64 {
        return Err(SurrogateError::WrongSize { found: bytes.len() as u64, expected });
    }
    let (body, digest) = bytes.split_at(bytes.len() - DIGEST);
    let found = Sha256::digest(body);
    if found.as_slice() != digest {
        return Err(SurrogateError::Altered { found: hex(&found), expected: hex(digest) });
    }
    let (card, rest) = body[HEADER..].split_at(card as usize);
    let (index, data) = rest.split_at(index as usize);
    Ok(Contents { card: card.to_vec(), tensors: unpack(index, data)?, sha256: hex(digest) })
}

/// Reads and takes apart a model file.
///
/// # Errors
/// As [`decode`]; pickles, PyTorch and joblib files are refused by name with the way out.
pub fn read(path: &Path) -> Result<Contents, SurrogateError> {
    let io = |source| SurrogateError::Io { action: "read", path: path.into(), source };
    let file = std::fs::File::open(path).map_err(io)?;
    check_size("file", file.metadata().map_err(io)?.len(), MAX_FILE)?;
    let mut bytes = Vec::new();
    // A pipe or a growing file may deliver more than its metadata says.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(io)?;
    if let Some(kind) = executable_kind(&bytes) {
        return Err(SurrogateError::UnsafeFormat { path: path.into(), kind });
    }
    decode(&bytes)
}

/// Writes a model file so that it is there completely or not at all: temporary file beside it, flush to disk, rename.
///
/// # Errors
/// The folder is missing or read-only, the disk is full.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), SurrogateError> {
    let io = |source| SurrogateError::Io { action: "write", path: path.into(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".msm-").suffix(".part").tempfile_in(folder).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    #[cfg(unix)]
    {
        // Temporary files are private; a model is an ordinary file.
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(io)?;
    }
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

fn unpack(index: &[u8], data: &[u8]) -> Result<Tensors, SurrogateError> {
    let index: Vec<IndexEntry> =
        serde_json::from_slice(index).map_err(|error| malformed(format!("tensor index: {error}")))?;
    let mut tensors = Vec::with_capacity(index.len());
    let (mut end, mut total) = (0u64, 0u64);
    for entry in index {
        let bad = |reason: &str| malformed(format!("tensor \"{}\": {reason}", entry.name));
        let dtype = entry.dtype;
        let length = entry
            .shape
            .iter()
            .try_fold(dtype.size() as u64, |product, &n| product.checked_mul(n))
            .ok_or_else(|| bad("shape overflows"))?;
        total = total.checked_add(length).filter(|&t| t <= MAX_UNPACKED).ok_or_else(|| bad("too large"))?;
        if entry.offset != end {
            return Err(bad("does not begin where the one before ends"));
        }
        end = end.checked_add(entry.length).filter(|&e| e <= data.len() as u64).ok_or_else(|| bad("range outside"))?;
        let stored = &data[entry.offset as usize..end as usize];
        let data = match entry.encoding {
            Encoding::Raw if entry.length == length => stored.to_vec(),
            Encoding::Raw => return Err(bad("length differs from shape")),
            Encoding::ShuffleZstd => {
                if length > (1 << 20) && length / MAX_EXPANSION > entry.length {
                    return Err(bad("expands beyond the limit"));
                }
                let plain = zstd::bulk::decompress(stored, length as usize).map_err(|_| bad("does not decompress"))?;
                if plain.len() as u64 != length {
                    return Err(bad("length differs from shape"));
                }
                unshuffle(&plain, dtype.size())
            }
        };
        tensors.push(Tensor { name: entry.name, dtype, shape: entry.shape, data });
    }
    if end != data.len() as u64 {
        return Err(malformed("tensor data beyond the index".into()));
    }
    Ok(Tensors(tensors))
}

fn check_size(part: &'static str, found: u64, limit: u64) -> Result<(), SurrogateError> {
    if found > limit { Err(SurrogateError::TooLarge { part, found, limit }) } else { Ok(()) }
}

fn executable_kind(bytes: &[u8]) -> Option<&'static str> {
    if bytes.len() >= 2 && bytes[0] == 0x80 && (2..=5).contains(&bytes[1]) {
        return Some("Python pickle");
    }
    if bytes.starts_with(b"PK\x03\x04") && bytes[..bytes.len().min(4096)].windows(8).any(|w| w == b"data.pkl") {
        return Some("PyTorch pickle archive");
    }
    None
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

fn shuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len() / size;
    let mut out = vec![0; bytes.len()];
    for (number, chunk) in bytes.chunks_exact(size).enumerate() {
        for (byte, &value) in chunk.iter().enumerate() {
            out[byte * count + number] = value;
        }
    }
    out
}

fn unshuffle(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len() / size;
    let mut out = vec![0; bytes.len()];
    for (number, chunk) in out.chunks_exact_mut(size).enumerate() {
        for (byte, value) in chunk.iter_mut().enumerate() {
            *value = bytes[byte * count + number];
        }
    }
    out
}

fn malformed(reason: String) -> SurrogateError {
    SurrogateError::Malformed { reason }
}

/// SHA-256, hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Vec<u8> {
        let tensors = Tensors(vec![
            Tensor { name: "a".into(), dtype: Dtype::F32, shape: vec![2, 100], data: vec![1; 800] },
            Tensor { name: "b".into(), dtype: Dtype::U8, shape: vec![3], data: vec![7, 8, 9] },
            Tensor { name: "empty".into(), dtype: Dtype::F64, shape: vec![0], data: vec![] },
        ]);
        encode(b"{\"card\":true}", &tensors).expect("small tensors")
    }

    /// Puts a valid checksum at the end again: what an attacker would do.
    fn reseal(bytes: &mut [u8]) {
        let end = bytes.len() - DIGEST;
        let digest = Sha256::digest(&bytes[..end]);
        bytes[end..].copy_from_slice(&digest);
    }

    #[test]
    fn tensors_and_card_come_back_as_written() {
        let contents = decode(&sample()).expect("valid");
        assert_eq!(contents.card, b"{\"card\":true}");
        assert_eq!(contents.tensors.0.len(), 3);
        assert_eq!((contents.tensors.0[0].data.len(), contents.tensors.0[0].data[799]), (800, 1));
        assert_eq!(contents.tensors.0[1].data, [7, 8, 9]);
        assert_eq!(contents.tensors.0[1].shape, [3]);
        assert!(contents.tensors.0[2].data.is_empty());
    }

    #[test]
    fn digest_is_the_sha256_of_everything_before_it() {
        let bytes = sample();
        assert_eq!(decode(&bytes).expect("valid").sha256, hex(&Sha256::digest(&bytes[..bytes.len() - 32])));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample();
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn truncation_behind_the_header_names_the_missing_bytes() {
        let bytes = sample();
        assert!(matches!(
            decode(&bytes[..bytes.len() - 1]),
            Err(SurrogateError::WrongSize { found, expected }) if found + 1 == expected
        ));
    }

    #[test]
    fn every_flipped_bit_is_an_error() {
        let bytes = sample();
        for position in 0..bytes.len() {
            let mut altered = bytes.clone();
            altered[position] ^= 0x10;
            assert!(decode(&altered).is_err(), "byte {position}");
        }
    }

    #[test]
    fn newer_format_is_refused_with_both_versions() {
        let mut bytes = sample();
        bytes[8] = 2;
        reseal(&mut bytes);
        assert!(matches!(decode(&bytes), Err(SurrogateError::NewerVersion { found: 2, supported: 1 })));
    }

    #[test]
    fn tensor_that_claims_a_huge_shape_is_refused_before_memory_is_taken() {
        let index =
            br#"[{"name":"a","dtype":"F64","shape":[500000000],"offset":0,"length":4,"encoding":"shuffle-zstd"}]"#;
        let error = unpack(index, &[1, 2, 3, 4]).expect_err("bomb");
        assert!(error.to_string().contains("expands beyond the limit"), "{error}");
        let overflow =
            br#"[{"name":"a","dtype":"F64","shape":[4611686018427387904,4],"offset":0,"length":4,"encoding":"raw"}]"#;
        assert!(unpack(overflow, &[1, 2, 3, 4]).is_err());
    }

    #[test]
    fn pickle_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("model.pkl");
        std::fs::write(&path, b"\x80\x04\x95rest").expect("write");
        assert!(matches!(read(&path), Err(SurrogateError::UnsafeFormat { kind: "Python pickle", .. })));
    }

    #[test]
    fn failed_write_leaves_no_file_behind() {
        let folder = tempfile::tempdir().expect("temporary folder");
        // The target is a folder that is not empty: the rename must fail after the temporary file was written.
        let path = folder.path().join("model.msm");
        std::fs::create_dir_all(path.join("occupied")).expect("folder");
        assert!(write(&path, b"content").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1);
    }

    proptest! {
        #[test]
        fn no_resealed_mutation_panics(position in 0usize..400, value: u8, cut in 0usize..60) {
            let mut bytes = sample();
            let position = position % bytes.len();
            bytes[position] = value;
            let keep = bytes.len() - cut.min(bytes.len() - DIGEST - 1);
            bytes.truncate(keep);
            reseal(&mut bytes);
            let _ = decode(&bytes);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(&bytes).is_err());
        }

        #[test]
        fn shuffle_is_undone(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let bytes = &bytes[..bytes.len() / 8 * 8];
            prop_assert_eq!(unshuffle(&shuffle(bytes, 8), 8), bytes);
        }
    }
}
