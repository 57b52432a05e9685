//! Proof of what was read: size and SHA-256 of every input file.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::SourceError;
use super::input::InputFile;

/// Name, size and digest of an input file as it lies on disk, compressed or not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InputDigest {
    /// The name as given.
    pub name: Arc<str>,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// Reads every file once, those aside that are refused. Inputs may be large: run it beside the screen, not before it.
///
/// # Errors
/// A file that cannot be read.
pub fn digest_inputs(files: &[InputFile]) -> Result<Vec<InputDigest>, SourceError> {
    files.iter().filter(|file| file.refusal.is_none()).map(digest_input).collect()
}

fn digest_input(file: &InputFile) -> Result<InputDigest, SourceError> {
    let unreadable = |source: io::Error| SourceError::Unreadable { input: file.name.to_string(), source };
    let mut reader = File::open(&file.path).map_err(unreadable)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    let sha256 = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(InputDigest { name: Arc::clone(&file.name), bytes, sha256 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abc_has_the_digest_of_fips_180() {
        // FIPS 180-4, example B.1.
        let file = tempfile::NamedTempFile::new().expect("temporary file");
        std::fs::write(file.path(), "abc").expect("written");
        let input = InputFile::new("abc", file.path());
        let digests = digest_inputs(&[input]).expect("readable");
        assert_eq!(digests[0].bytes, 3);
        assert_eq!(digests[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
