//! Decompression of single streams: kind by content, damage told from failing disks, bombs refused.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::format::Compression;

/// Bytes to be read front to back.
pub type ByteStream = Box<dyn Read + Send>;

/// Bytes that [`open_stream`] looks at before it hands a stream on: keys that tell kinds of JSON apart lie in them.
const HEAD_BYTES: usize = 4096;

/// Memory that an xz stream may ask for; `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 512 << 20;

/// When a compressed stream is taken for a bomb.
///
/// Tables of formulas shrink by a factor of 3 to 20; gzip cannot exceed 1032, the others reach millions.
#[derive(Copy, Clone, Debug)]
pub struct ExpansionLimit {
    /// Expanded bytes that are always allowed.
    pub floor: u64,
    /// Above the floor: expanded bytes allowed per compressed byte.
    pub ratio: u64,
}

impl Default for ExpansionLimit {
    fn default() -> Self {
        Self { floor: 1 << 30, ratio: 250 }
    }
}

/// Content that is damaged or refused, as opposed to a device that fails; travels inside [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BrokenStream(pub String);

impl BrokenStream {
    /// As an I/O error, for the way through [`Read`].
    pub fn into_io(self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, self)
    }

    /// The reason, if `error` is of this sort.
    pub fn reason(error: &io::Error) -> Option<&str> {
        error.get_ref()?.downcast_ref::<Self>().map(|broken| broken.0.as_str())
    }
}

/// A stream whose first bytes have been looked at and are still delivered.
pub(super) struct Peeked {
    /// The layer of compression that was taken off.
    compression: Option<Compression>,
    head: Vec<u8>,
    position: usize,
    /// Met while peeking; delivered after the head.
    error: Option<io::Error>,
    inner: ByteStream,
}

impl Peeked {
    fn new(mut inner: ByteStream, compression: Option<Compression>) -> Self {
        let mut head = Vec::new();
        let error = (&mut inner).take(HEAD_BYTES as u64).read_to_end(&mut head).err();
        Self { compression, head, position: 0, error, inner }
    }

    /// The first [`HEAD_BYTES`] bytes, fewer where the stream is shorter.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether a layer of compression was taken off.
    pub fn was_compressed(&self) -> bool {
        self.compression.is_some()
    }
}

impl Read for Peeked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = &self.head[self.position..];
        if !rest.is_empty() {
            let count = rest.len().min(out.len());
            out[..count].copy_from_slice(&rest[..count]);
            self.position += count;
            return Ok(count);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(out),
        }
    }
}

/// Peeks into `raw` and decompresses it if its content says so (one layer).
///
/// Errors of reading are delivered where they lie in the stream, after the bytes before them.
pub(super) fn open_stream(raw: ByteStream, limit: ExpansionLimit) -> Peeked {
    let peeked = Peeked::new(raw, None);
    match Compression::of_content(peeked.head()) {
        None => peeked,
        Some(compression) => Peeked::new(decompress(compression, Box::new(peeked), limit), Some(compression)),
    }
}

/// The expanded content of `raw`.
fn decompress(compression: Compression, raw: ByteStream, limit: ExpansionLimit) -> ByteStream {
    let consumed = Arc::new(AtomicU64::new(0));
    let counted = Counted { inner: raw, count: Arc::clone(&consumed) };
    let decoder: io::Result<ByteStream> = match compression {
        Compression::Gzip => Ok(Box::new(flate2::read::MultiGzDecoder::new(counted))),
        Compression::Bzip2 => Ok(Box::new(bzip2::read::MultiBzDecoder::new(counted))),
        Compression::Xz => liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED)
            .map(|stream| Box::new(liblzma::read::XzDecoder::new_stream(counted, stream)) as ByteStream)
            .map_err(io::Error::from),
        Compression::Zstd => zstd::stream::read::Decoder::new(counted).map(|decoder| Box::new(decoder) as ByteStream),
    };
    let name = compression.name();
    match decoder {
        Ok(decoder) => Box::new(Expanded { decoder, name, consumed, produced: 0, limit }),
        Err(error) => Box::new(Failing(Some(error))),
    }
}

/// The expanded content of a raw deflate stream (a member of a ZIP archive).
pub(super) fn inflate(raw: ByteStream, limit: ExpansionLimit) -> ByteStream {
    let consumed = Arc::new(AtomicU64::new(0));
    let decoder = Box::new(flate2::read::DeflateDecoder::new(Counted { inner: raw, count: Arc::clone(&consumed) }));
    Box::new(Expanded { decoder, name: "deflate", consumed, produced: 0, limit })
}

struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

struct Counted {
    inner: ByteStream,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

struct Expanded {
    decoder: ByteStream,
    name: &'static str,
    consumed: Arc<AtomicU64>,
    produced: u64,
    limit: ExpansionLimit,
}

impl Expanded {
    fn explain(&self, error: io::Error) -> io::Error {
        let passes_through = error.kind() == io::ErrorKind::Interrupted
            || error.raw_os_error().is_some()
            || BrokenStream::reason(&error).is_some();
        if passes_through {
            return error;
        }
        let Self { name, produced, .. } = self;
        let reason = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("{name} stream ends early after {produced} bytes")
        } else {
            format!("{name} stream is damaged after {produced} bytes: {error}")
        };
        BrokenStream(reason).into_io()
    }
}

impl Read for Expanded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(out).map_err(|error| self.explain(error))?;
        self.produced += count as u64;
        let consumed = self.consumed.load(Ordering::Relaxed).max(1);
        if self.produced > self.limit.floor && self.produced / consumed > self.limit.ratio {
            let reason = format!(
                "{} stream refused as a decompression bomb: {} bytes out of {consumed}, more than {} times",
                self.name, self.produced, self.limit.ratio
            );
            return Err(BrokenStream(reason).into_io());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &[u8] = b"formula,target\nFe2O3,2.0\n";

    fn compress(compression: Compression, text: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match compression {
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::default());
                encoder.write_all(text).and_then(|()| encoder.finish().map(drop)).expect("into memory");
            }
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(&mut bytes, bzip2::Compression::default());
                encoder.write_all(text).and_then(|()| encoder.finish().map(drop)).expect("into memory");
            }
            Compression::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(&mut bytes, 6);
                encoder.write_all(text).and_then(|()| encoder.finish().map(drop)).expect("into memory");
            }
            Compression::Zstd => bytes = zstd::encode_all(text, 3).expect("into memory"),
        }
        bytes
    }

    fn expand(bytes: Vec<u8>, limit: ExpansionLimit) -> (Vec<u8>, Option<String>) {
        let mut out = Vec::new();
        let error = open_stream(Box::new(io::Cursor::new(bytes)), limit).read_to_end(&mut out).err();
        (out, error.map(|error| BrokenStream::reason(&error).expect("broken stream").to_owned()))
    }

    const ALL: [Compression; 4] = [Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd];

    #[test]
    fn every_compression_is_told_by_content() {
        assert_eq!(expand(TEXT.to_vec(), ExpansionLimit::default()), (TEXT.to_vec(), None));
        for compression in ALL {
            let (out, error) = expand(compress(compression, TEXT), ExpansionLimit::default());
            assert_eq!((out.as_slice(), error), (TEXT, None), "{}", compression.name());
        }
    }

    #[test]
    fn streams_in_a_row_are_read_to_the_end() {
        for compression in ALL {
            let mut bytes = compress(compression, b"a,b\n");
            bytes.extend(compress(compression, b"1,2\n"));
            assert_eq!(
                expand(bytes, ExpansionLimit::default()),
                (b"a,b\n1,2\n".to_vec(), None),
                "{}",
                compression.name()
            );
        }
    }

    #[test]
    fn truncated_streams_say_so_and_name_the_position() {
        for compression in ALL {
            let bytes = compress(compression, TEXT);
            for cut in [bytes.len() - 1, bytes.len() - 5, bytes.len() / 2] {
                let (out, error) = expand(bytes[..cut].to_vec(), ExpansionLimit::default());
                let expected = format!("{} stream ends early after {} bytes", compression.name(), out.len());
                assert_eq!(error, Some(expected), "{} cut at {cut}", compression.name());
                assert!(TEXT.starts_with(&out));
            }
        }
    }

    #[test]
    fn damaged_streams_are_told_from_truncated_ones() {
        let mut bytes = compress(Compression::Gzip, TEXT);
        let crc = bytes.len() - 8;
        bytes[crc] ^= 1;
        let (out, error) = expand(bytes, ExpansionLimit::default());
        assert_eq!(out, TEXT);
        assert!(error.expect("checksum").starts_with("gzip stream is damaged after 25 bytes"));
    }

    #[test]
    fn bombs_are_refused_above_the_floor() {
        let zeros = vec![0u8; 4 << 20];
        for compression in ALL {
            let limit = ExpansionLimit { floor: 1 << 20, ratio: 100 };
            let (out, error) = expand(compress(compression, &zeros), limit);
            assert!(out.len() <= (1 << 20) + (1 << 18), "{}", out.len());
            assert!(error.expect("refused").contains("decompression bomb"));
        }
    }
}
