//! The seal: the format's name and the SHA-256 of everything behind the user block, in the user block.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::SinkError;
use super::digest::hexadecimal;

/// Bytes of the user block.
pub(super) const USER_BLOCK: u64 = 512;
/// First eight bytes of HDF5 content.
pub(super) const HDF5_SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// What the user block says about the file behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// It is as it was written.
    Intact,
    /// It is not.
    Broken {
        /// What differs.
        reason: String,
    },
}

/// Seals a closed file of this format (`matsieve-result`, `matsieve-segment`).
pub(super) fn write(file: &mut File, format: &str, path: &Path) -> Result<(), SinkError> {
    let sha256 = digest_of_rest(file, path)?;
    file.seek(SeekFrom::Start(0)).map_err(SinkError::io("seal", path))?;
    file.write_all(&block(format, &sha256)).map_err(SinkError::io("seal", path))
}

/// Compares a file with its seal; reads all of it.
pub(super) fn check(path: &Path, format: &str) -> Result<Seal, SinkError> {
    let mut file = File::open(path).map_err(SinkError::io("open", path))?;
    let found = read_block(&mut file, path)?;
    let sha256 = digest_of_rest(&mut file, path)?;
    Ok(if found == block(format, &sha256) {
        Seal::Intact
    } else if found.starts_with(format!("{format}\nsha256 ").as_bytes()) {
        Seal::Broken { reason: format!("the content has SHA-256 {sha256}, the seal says otherwise") }
    } else {
        Seal::Broken { reason: format!("the user block holds no seal of a {format}") }
    })
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

fn block(format: &str, sha256: &str) -> [u8; USER_BLOCK as usize] {
    let mut block = [0; USER_BLOCK as usize];
    let text = format!("{format}\nsha256 {sha256}\n");
    block[..text.len()].copy_from_slice(text.as_bytes());
    block
}

fn digest_of_rest(file: &mut File, path: &Path) -> Result<String, SinkError> {
    file.seek(SeekFrom::Start(USER_BLOCK)).map_err(SinkError::io("read", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hexadecimal(&hasher.finalize())),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SinkError::io("read", path)(error)),
        }
    }
}
