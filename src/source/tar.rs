//! tar archives, front to back: headers by the `tar` crate, framing by us so that a member owns its stream.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use tar::{EntryType, Header, PaxExtensions};

use super::expand::{BrokenStream, ByteStream};
use super::member::Entry;

const BLOCK: usize = 512;

/// Long names and extended headers above this are taken for damage.
const EXTENSION_BYTES: u64 = 1 << 20;

/// Members of a tar stream.
pub(super) struct TarMembers {
    shared: Arc<Mutex<Shared>>,
    ended: bool,
}

/// The stream, lent to the member that is being read.
struct Shared {
    stream: ByteStream,
    /// Which member may read.
    member: u64,
    /// Bytes of it that are still to come.
    remaining: u64,
    /// Zeros that fill its last block.
    padding: u64,
}

struct MemberStream {
    shared: Arc<Mutex<Shared>>,
    member: u64,
}

impl Read for MemberStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.member != self.member || shared.remaining == 0 || out.is_empty() {
            return Ok(0);
        }
        let wanted = usize::try_from(shared.remaining).unwrap_or(usize::MAX).min(out.len());
        let count = shared.stream.read(&mut out[..wanted])?;
        if count == 0 {
            let reason = format!("the tar archive ends {} bytes before this member does", shared.remaining);
            return Err(BrokenStream(reason).into_io());
        }
        shared.remaining -= count as u64;
        Ok(count)
    }
}

/// What the header of a member, and the blocks before it, say.
struct Described {
    kind: EntryType,
    name: String,
}

impl TarMembers {
    pub fn new(stream: ByteStream) -> Self {
        Self { shared: Arc::new(Mutex::new(Shared { stream, member: 0, remaining: 0, padding: 0 })), ended: false }
    }

    /// The next member that is no folder. Whatever was not read of the one before is skipped.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.ended {
            return Ok(None);
        }
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match shared.next_described() {
            Ok(Some(described)) => {
                let content = match described.kind {
                    EntryType::Regular | EntryType::Continuous => {
                        let member = shared.member;
                        Ok(Box::new(MemberStream { shared: Arc::clone(&self.shared), member }) as ByteStream)
                    }
                    EntryType::Symlink | EntryType::Link => Err("a link inside an archive is not followed".to_owned()),
                    EntryType::GNUSparse => Err("a sparse file inside an archive is not read".to_owned()),
                    _ => Err("is no regular file".to_owned()),
                };
                Ok(Some(Entry::Member(described.name, content)))
            }
            Ok(None) => {
                self.ended = true;
                Ok(None)
            }
            Err(error) => {
                self.ended = true;
                match BrokenStream::reason(&error) {
                    Some(reason) => Ok(Some(Entry::Damage(reason.to_owned()))),
                    None => Err(error),
                }
            }
        }
    }
}

impl Shared {
    fn next_described(&mut self) -> io::Result<Option<Described>> {
        let (mut long_name, mut long_size) = (None, None);
        loop {
            self.skip_rest()?;
            let Some(header) = self.read_header()? else { return Ok(None) };
            let size = header.entry_size().map_err(|error| broken(format!("a tar header has no size: {error}")))?;
            self.begin_member(size);
            match header.entry_type() {
                EntryType::GNULongName => {
                    let mut name = self.read_extension()?;
                    name.truncate(name.iter().position(|&byte| byte == 0).unwrap_or(name.len()));
                    long_name = Some(name);
                }
                EntryType::XHeader => {
                    let text = self.read_extension()?;
                    for extension in PaxExtensions::new(&text) {
                        let extension =
                            extension.map_err(|error| broken(format!("a tar header is damaged: {error}")))?;
                        match extension.key_bytes() {
                            b"path" => long_name = Some(extension.value_bytes().to_vec()),
                            b"size" => long_size = extension.value().ok().and_then(|text| text.parse::<u64>().ok()),
                            _ => {}
                        }
                    }
                }
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                EntryType::Directory => (long_name, long_size) = (None, None),
                _ => {
                    let name = long_name.unwrap_or_else(|| header.path_bytes().into_owned());
                    self.begin_member(long_size.unwrap_or(size));
                    // Archives older than POSIX mark folders by their name only.
                    if name.ends_with(b"/") && header.entry_type() == EntryType::Regular {
                        (long_name, long_size) = (None, None);
                        continue;
                    }
                    let name = String::from_utf8_lossy(&name).into_owned();
                    return Ok(Some(Described { kind: header.entry_type(), name }));
                }
            }
        }
    }

    fn begin_member(&mut self, size: u64) {
        self.member += 1;
        self.remaining = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    /// `None` at the end: a block of zeros, or nothing more.
    fn read_header(&mut self) -> io::Result<Option<Header>> {
        let mut block = [0; BLOCK];
        let count = read_up_to(&mut self.stream, &mut block)?;
        if count == 0 || block.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        if count < BLOCK {
            return Err(broken("the tar archive ends within a header".into()));
        }
        let header = Header::from_byte_slice(&block);
        let sum: u32 = block[..148].iter().chain(&block[156..]).map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
        match header.cksum() {
            Ok(stored) if stored == sum => Ok(Some(header.clone())),
            _ => Err(broken("the tar archive is damaged: the checksum of a header does not match".into())),
        }
    }

    fn read_extension(&mut self) -> io::Result<Vec<u8>> {
        if self.remaining > EXTENSION_BYTES {
            return Err(broken(format!("a tar header is {} bytes long, more than {EXTENSION_BYTES}", self.remaining)));
        }
        let mut bytes = vec![0; self.remaining as usize];
        if read_up_to(&mut self.stream, &mut bytes)? < bytes.len() {
            return Err(broken("the tar archive ends within a header".into()));
        }
        self.remaining = 0;
        Ok(bytes)
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        let rest = self.remaining.saturating_add(self.padding);
        let skipped = io::copy(&mut (&mut self.stream).take(rest), &mut io::sink())?;
        // The padding of the last member may be missing; its content may not.
        if skipped < self.remaining {
            return Err(broken(format!("the tar archive ends {} bytes early", self.remaining - skipped)));
        }
        (self.remaining, self.padding) = (0, 0);
        Ok(())
    }
}

fn broken(reason: String) -> io::Error {
    BrokenStream(reason).into_io()
}

fn read_up_to(stream: &mut ByteStream, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match stream.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
