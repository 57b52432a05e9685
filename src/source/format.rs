//! Formats of inputs, and how a name or the first bytes tell them.

use std::fmt;
use std::str::FromStr;

use super::SourceError;
use crate::units::closest;

/// What the content of an input is.
///
/// ```
/// use matsieve::source::Format;
/// assert_eq!(Format::of_name("runs/a.csv.gz"), Some(Format::Csv));
/// assert_eq!("tsv".parse::<Format>().unwrap(), Format::Tsv);
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
    /// The same with tabs.
    Tsv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// All formats, in the order of the manual.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Tsv, Self::Parquet];

    /// The name that `--format` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
        }
    }

    /// The format that a file name announces, a compression suffix left aside; `None` for other names.
    pub fn of_name(name: &str) -> Option<Self> {
        let stem = Compression::of_name(name).map_or(name, |(_, stem)| stem);
        match extension(stem)?.as_str() {
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The format that the first bytes prove; `None` for text, which proves nothing.
    pub fn of_content(head: &[u8]) -> Option<Self> {
        head.starts_with(b"PAR1").then_some(Self::Parquet)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        Self::ALL.iter().copied().find(|format| format.name() == text).ok_or_else(|| SourceError::UnknownFormat {
            format: text.into(),
            suggestion: closest(text, Self::ALL.iter().map(|format| format.name())).map(str::to_owned),
        })
    }
}

/// Compression of a single stream.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Compression {
    /// gzip, also several members in a row (bgzip).
    Gzip,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// The name for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
        }
    }

    /// The compression that a file name announces, and the name without that suffix.
    pub fn of_name(name: &str) -> Option<(Self, &str)> {
        let (stem, suffix) = name.rsplit_once('.')?;
        let compression = match suffix.to_ascii_lowercase().as_str() {
            "gz" => Self::Gzip,
            "xz" => Self::Xz,
            "bz2" => Self::Bzip2,
            "zst" => Self::Zstd,
            _ => return None,
        };
        Some((compression, stem))
    }

    /// The compression that the first bytes prove.
    pub fn of_content(head: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], Compression); 4] = [
            (&[0x1f, 0x8b], Compression::Gzip),
            (&[0xfd, b'7', b'z', b'X', b'Z', 0], Compression::Xz),
            (b"BZh", Compression::Bzip2),
            (&[0x28, 0xb5, 0x2f, 0xfd], Compression::Zstd),
        ];
        MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, compression)| *compression)
    }
}

/// Kinds of archive.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ArchiveKind {
    /// ZIP, read through its directory.
    Zip,
    /// tar, in any of the four compressions or none, read front to back.
    Tar,
}

impl ArchiveKind {
    /// The kind that a file name announces.
    pub fn of_name(name: &str) -> Option<Self> {
        match extension(name)?.as_str() {
            "zip" => Some(Self::Zip),
            "tar" | "tgz" | "txz" | "tbz" | "tbz2" | "tzst" => Some(Self::Tar),
            _ => {
                let (_, stem) = Compression::of_name(name)?;
                (extension(stem)? == "tar").then_some(Self::Tar)
            }
        }
    }

    /// The kind that the first 512 bytes (after decompression) prove.
    pub fn of_content(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        (head.get(257..262) == Some(b"ustar")).then_some(Self::Tar)
    }
}

fn extension(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next()?;
    base.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_suffix_does_not_hide_the_format() {
        assert_eq!(Format::of_name("a/B.TSV.XZ"), Some(Format::Tsv));
        assert_eq!(Format::of_name("a.csv/readme.md"), None);
        assert_eq!(Format::of_name("gz"), None);
    }

    #[test]
    fn tar_is_an_archive_under_every_compression() {
        for name in ["a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.zst", "a.tar.bz2", "A.TAR.GZ"] {
            assert_eq!(ArchiveKind::of_name(name), Some(ArchiveKind::Tar), "{name}");
        }
        assert_eq!(ArchiveKind::of_name("a.csv.gz"), None);
    }

    #[test]
    fn misspelt_format_gets_a_suggestion() {
        let error = "parket".parse::<Format>().expect_err("no such format");
        assert_eq!(
            error.to_string(),
            "unknown format \"parket\": known are csv, tsv, parquet; did you mean \"parquet\"?"
        );
    }
}
