//! The seal in the user block, and what it vouches for.
//!
//! ```text
//! matsieve-result
//! sha256 <SHA-256 of everything behind the user block>
//! structure <SHA-256 of the same without the raw chunks> <where the list of raw chunks begins>
//! ```
//! A segment has `xxh3 <XXH3-128 of the same>` instead of the second line: it guards work in progress against a bad
//! disk, proves nothing to anyone, and so need not cost as much.
//!
//! The HDF5 library may crash on altered metadata, so the structure is checked before the library sees a file. It is
//! a small part of the file: opening stays fast however large the data are. The list of raw chunks (offset and length,
//! u64 little-endian each, ascending) lies behind the end of the HDF5 content, where other readers do not look.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use twox_hash::XxHash3_128;

use super::SinkError;
use super::content::RESULT_FORMAT;
use super::digest::hexadecimal;

/// Bytes of the user block.
pub(super) const USER_BLOCK: u64 = 512;
/// First eight bytes of HDF5 content.
pub(super) const HDF5_SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// Bytes that are read at once.
const BUFFER: usize = 1 << 20;

/// Where the raw chunks of a file lie, as the HDF5 library says.
#[derive(Debug, Default)]
pub(super) struct RawChunks {
    extents: Vec<(u64, u64)>,
    probe: Option<(u64, Vec<u8>)>,
}

impl RawChunks {
    /// A chunk at this address of this many bytes.
    pub(super) fn add(&mut self, address: u64, length: u64) {
        self.extents.push((address, length));
    }

    /// Remembers the content at an address.
    ///
    /// Releases of the library differ in whether addresses count from the file's begin or from the end of the user
    /// block; known content decides.
    pub(super) fn probe(&mut self, address: u64, content: &[u8]) {
        self.probe.get_or_insert_with(|| (address, content.to_vec()));
    }

    /// Positions in the file, ascending, neighbours joined; none where the addresses cannot be understood.
    fn positions(mut self, file: &mut File, path: &Path) -> Result<Vec<(u64, u64)>, SinkError> {
        let Some((address, content)) = self.probe else { return Ok(Vec::new()) };
        let mut matching = Vec::new();
        for base in [0, USER_BLOCK] {
            let mut found = vec![0; content.len()];
            file.seek(SeekFrom::Start(address + base)).map_err(SinkError::io("read", path))?;
            if file.read_exact(&mut found).is_ok() && found == content {
                matching.push(base);
            }
        }
        let [base] = matching[..] else { return Ok(Vec::new()) };
        self.extents.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (address, length) in self.extents {
            match joined.last_mut() {
                Some((start, sum)) if *start + *sum == address + base => *sum += length,
                _ => joined.push((address + base, length)),
            }
        }
        Ok(joined)
    }
}

/// The checksum over everything behind the user block.
enum Checksum {
    Sha256(Sha256),
    Xxh3(Box<XxHash3_128>),
}

impl Checksum {
    fn of(format: &str) -> Self {
        if format == RESULT_FORMAT { Self::Sha256(Sha256::new()) } else { Self::Xxh3(Box::new(XxHash3_128::new())) }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Xxh3(hasher) => hasher.write(bytes),
        }
    }

    /// Name of the algorithm and value, as the user block has them.
    fn line(self) -> String {
        match self {
            Self::Sha256(hasher) => format!("sha256 {}", hexadecimal(&hasher.finalize())),
            Self::Xxh3(hasher) => format!("xxh3 {:032x}", hasher.finish_128()),
        }
    }
}

/// What a seal says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// Nothing was altered.
    Intact,
    /// Values were altered, the structure was not: the HDF5 library can read the file.
    Altered,
    /// The structure was altered.
    Broken {
        /// How that shows.
        reason: String,
    },
}

/// Seals a closed file of this format (`matsieve-result`, `matsieve-segment`).
pub(super) fn write(file: &mut File, format: &str, chunks: RawChunks, path: &Path) -> Result<(), SinkError> {
    let positions = chunks.positions(file, path)?;
    let list: Vec<u8> =
        positions.iter().flat_map(|(start, length)| [start.to_le_bytes(), length.to_le_bytes()]).flatten().collect();
    let place = file.seek(SeekFrom::End(0)).map_err(SinkError::io("seal", path))?;
    file.write_all(&list).map_err(SinkError::io("seal", path))?;
    let (all, structure) = hash_all(file, format, &positions, path)?;
    file.seek(SeekFrom::Start(0)).map_err(SinkError::io("seal", path))?;
    file.write_all(&block(format, &all, &structure, place)).map_err(SinkError::io("seal", path))
}

/// Compares a file with its seal; reads all of it.
pub(super) fn check(path: &Path, format: &str) -> Result<Seal, SinkError> {
    let mut file = File::open(path).map_err(SinkError::io("open", path))?;
    let found = read_block(&mut file, path)?;
    let (positions, place) = match read_positions(&mut file, &found, format, path)? {
        Ok(list) => list,
        Err(reason) => return Ok(Seal::Broken { reason }),
    };
    let (all, structure) = hash_all(&mut file, format, &positions, path)?;
    Ok(if found == block(format, &all, &structure, place) {
        Seal::Intact
    } else if seal_line(&found, "structure") == Some(format!("{structure} {place}").as_str()) {
        Seal::Altered
    } else {
        Seal::Broken { reason: "the structure of the file was altered".to_owned() }
    })
}

/// Compares the structure of a file with its seal; reads little of it.
pub(super) fn check_structure(path: &Path, format: &str) -> Result<Result<(), String>, SinkError> {
    let mut file = File::open(path).map_err(SinkError::io("open", path))?;
    let found = read_block(&mut file, path)?;
    let (positions, place) = match read_positions(&mut file, &found, format, path)? {
        Ok(list) => list,
        Err(reason) => return Ok(Err(reason)),
    };
    let structure = hash_structure(&mut file, &positions, path)?;
    Ok(if seal_line(&found, "structure") == Some(format!("{structure} {place}").as_str()) {
        Ok(())
    } else {
        Err("it is truncated, or its structure was altered".to_owned())
    })
}

/// The line of a file's seal that vouches for every byte behind it.
///
/// # Errors
/// The file cannot be read, or has no seal.
pub(super) fn line_of(path: &Path) -> Result<String, SinkError> {
    let mut file = File::open(path).map_err(SinkError::io("open", path))?;
    let block = read_block(&mut file, path)?;
    let line = seal_line(&block, "sha256").map(str::to_owned);
    line.ok_or_else(|| SinkError::damaged(path, "it has no seal"))
}

/// The user block; an error where the file is shorter.
pub(super) fn read_block(file: &mut File, path: &Path) -> Result<[u8; USER_BLOCK as usize], SinkError> {
    let mut block = [0; USER_BLOCK as usize];
    file.seek(SeekFrom::Start(0)).map_err(SinkError::io("read", path))?;
    match file.read_exact(&mut block) {
        Ok(()) => Ok(block),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(SinkError::NotAResult { path: path.to_owned(), reason: "it is shorter than 512 bytes".to_owned() })
        }
        Err(error) => Err(SinkError::io("read", path)(error)),
    }
}

fn block(format: &str, all: &str, structure: &str, place: u64) -> [u8; USER_BLOCK as usize] {
    let mut block = [0; USER_BLOCK as usize];
    let text = format!("{format}\n{all}\nstructure {structure} {place}\n");
    block[..text.len()].copy_from_slice(text.as_bytes());
    block
}

/// What follows a word at the beginning of a line of the user block.
fn seal_line<'b>(block: &'b [u8], word: &str) -> Option<&'b str> {
    let text = std::str::from_utf8(block.split(|&byte| byte == 0).next()?).ok()?;
    text.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '))
}

/// Positions of raw chunks as (start, length), and where their list begins; or why the seal is none.
type Positions = Result<(Vec<(u64, u64)>, u64), String>;

fn read_positions(file: &mut File, block: &[u8], format: &str, path: &Path) -> Result<Positions, SinkError> {
    if !block.starts_with(format!("{format}\n").as_bytes()) {
        return Ok(Err(format!("the user block holds no seal of a {format}")));
    }
    let end = file.metadata().map_err(SinkError::io("read", path))?.len();
    let place = seal_line(block, "structure").and_then(|line| line.split_once(' ')?.1.parse::<u64>().ok());
    let Some(place) = place.filter(|place| (USER_BLOCK..=end).contains(place)) else {
        return Ok(Err("it is truncated, or its seal was altered".to_owned()));
    };
    let mut list = Vec::new();
    file.seek(SeekFrom::Start(place)).map_err(SinkError::io("read", path))?;
    file.read_to_end(&mut list).map_err(SinkError::io("read", path))?;
    let mut positions = Vec::with_capacity(list.len() / 16);
    let mut last = USER_BLOCK;
    let (entries, rest) = list.as_chunks::<16>();
    for entry in entries {
        let (start, length) = entry.split_at(8);
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, &byte| sum << 8 | u64::from(byte));
        let (start, length) = (number(start), number(length));
        if start < last || start.checked_add(length).is_none_or(|end| end > place) {
            return Ok(Err("its list of chunks was altered".to_owned()));
        }
        last = start + length;
        positions.push((start, length));
    }
    Ok(if rest.is_empty() { Ok((positions, place)) } else { Err("its list of chunks was altered".to_owned()) })
}

/// Checksum of everything behind the user block, as its line there, and SHA-256 of the same without the raw chunks.
fn hash_all(file: &mut File, format: &str, chunks: &[(u64, u64)], path: &Path) -> Result<(String, String), SinkError> {
    let (mut all, mut structure) = (Checksum::of(format), Sha256::new());
    let mut position = USER_BLOCK;
    file.seek(SeekFrom::Start(position)).map_err(SinkError::io("read", path))?;
    for &(start, length) in chunks {
        feed(file, Some(start - position), path, |bytes| {
            all.update(bytes);
            structure.update(bytes);
        })?;
        feed(file, Some(length), path, |bytes| all.update(bytes))?;
        position = start + length;
    }
    feed(file, None, path, |bytes| {
        all.update(bytes);
        structure.update(bytes);
    })?;
    Ok((all.line(), hexadecimal(&structure.finalize())))
}

/// SHA-256 of everything behind the user block without the raw chunks.
fn hash_structure(file: &mut File, chunks: &[(u64, u64)], path: &Path) -> Result<String, SinkError> {
    let mut structure = Sha256::new();
    let mut position = USER_BLOCK;
    for &(start, length) in chunks {
        file.seek(SeekFrom::Start(position)).map_err(SinkError::io("read", path))?;
        feed(file, Some(start - position), path, |bytes| structure.update(bytes))?;
        position = start + length;
    }
    file.seek(SeekFrom::Start(position)).map_err(SinkError::io("read", path))?;
    feed(file, None, path, |bytes| structure.update(bytes))?;
    Ok(hexadecimal(&structure.finalize()))
}

/// Hands on the next `length` bytes, or all that are left.
fn feed(file: &mut File, length: Option<u64>, path: &Path, mut take: impl FnMut(&[u8])) -> Result<(), SinkError> {
    let mut left = length.unwrap_or(u64::MAX);
    let mut buffer = vec![0; BUFFER.min(usize::try_from(left).unwrap_or(BUFFER))];
    while left > 0 {
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(BUFFER));
        match file.read(&mut buffer[..wanted]) {
            Ok(0) => break,
            Ok(count) => {
                take(&buffer[..count]);
                left -= count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SinkError::io("read", path)(error)),
        }
    }
    Ok(())
}
