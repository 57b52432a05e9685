//! ZIP archives: the directory by the `zip` crate, each member's bytes through a handle of its own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::Crc;
use zip::CompressionMethod;
use zip::ZipArchive;
use zip::result::ZipError;

use super::expand::{BrokenStream, ByteStream, ExpansionLimit, inflate};
use super::member::Entry;

/// Members of a ZIP archive, in the order of its directory.
pub(super) struct ZipMembers {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    next: usize,
    /// Where the stored bytes of members read so far begin and end.
    taken: BTreeMap<u64, u64>,
}

impl ZipMembers {
    /// Reads the directory. The inner error says why the file is no ZIP archive.
    pub fn open(path: &Path) -> io::Result<Result<Self, String>> {
        match ZipArchive::new(BufReader::new(File::open(path)?)) {
            Ok(archive) => Ok(Ok(Self { path: path.to_owned(), archive, next: 0, taken: BTreeMap::new() })),
            Err(ZipError::Io(error)) if error.raw_os_error().is_some() => Err(error),
            Err(error) => Ok(Err(format!("the ZIP archive is damaged: {error}"))),
        }
    }

    /// The next member that is no folder.
    pub fn next_entry(&mut self, limit: ExpansionLimit) -> io::Result<Option<Entry>> {
        while self.next < self.archive.len() {
            let number = self.next;
            self.next += 1;
            let file = match self.archive.by_index_raw(number) {
                Ok(file) => file,
                Err(ZipError::Io(error)) if error.raw_os_error().is_some() => return Err(error),
                Err(error) => return Ok(Some(Entry::Damage(format!("member {number} is damaged: {error}")))),
            };
            if file.is_dir() {
                continue;
            }
            let name = String::from_utf8_lossy(file.name_raw()).into_owned();
            let refusal = if file.is_symlink() {
                Some("a link inside an archive is not followed".to_owned())
            } else if file.encrypted() {
                Some("the member is encrypted".to_owned())
            } else {
                None
            };
            let method = file.compression();
            let (size, crc) = (file.size(), file.crc32());
            let start = file.data_start().unwrap_or(0);
            let stored = file.compressed_size();
            drop(file);
            let content = match refusal {
                Some(reason) => Err(reason),
                // A bomb of the kind whose members all share one block of bytes: each alone is within the limit.
                None if !self.take(start, stored) => Err("shares its bytes with another member".to_owned()),
                None => {
                    let mut raw = File::open(&self.path)?;
                    raw.seek(SeekFrom::Start(start))?;
                    let raw: ByteStream = Box::new(raw.take(stored));
                    match method {
                        CompressionMethod::Stored => Ok(raw),
                        CompressionMethod::Deflated => Ok(inflate(raw, limit)),
                        other => Err(format!("the member is compressed with {other}; deflate and stored are read")),
                    }
                    .map(|inner| {
                        Box::new(Verified { inner, crc: Crc::new(), missing: size, expected: crc }) as ByteStream
                    })
                }
            };
            return Ok(Some(Entry::Member(name, content)));
        }
        Ok(None)
    }

    /// Whether no member before lies in these bytes.
    fn take(&mut self, start: u64, length: u64) -> bool {
        let end = start.saturating_add(length);
        let reaches_in = self.taken.range(..end).next_back().is_some_and(|(_, &other)| other > start);
        if !reaches_in && length > 0 {
            self.taken.insert(start, end);
        }
        !reaches_in
    }
}

/// Checks length and checksum when the content ends.
struct Verified {
    inner: ByteStream,
    crc: Crc,
    /// Bytes still to come.
    missing: u64,
    expected: u32,
}

impl Read for Verified {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.crc.update(&out[..count]);
        self.missing = self.missing.wrapping_sub(count as u64);
        if count == 0 && !out.is_empty() && (self.missing != 0 || self.crc.sum() != self.expected) {
            return Err(BrokenStream("length or checksum of the archive's member does not match".into()).into_io());
        }
        Ok(count)
    }
}
