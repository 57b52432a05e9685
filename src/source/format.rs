//! Formats of inputs, and how a name or the first bytes tell them.

use std::fmt;
use std::str::FromStr;

use super::SourceError;
use super::sniff;
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
    /// Crystallographic Information File: CIF 1.1, CIF 2.0, magnetic CIF.
    Cif,
    /// POSCAR and CONTCAR of VASP.
    Poscar,
    /// Extended XYZ.
    Extxyz,
    /// pymatgen's `as_dict()` of structures and computed entries: one, a list, a map from ids, JSON lines.
    PymatgenJson,
    /// What pymatgen prints for a structure.
    PymatgenPrint,
    /// A response of an OPTIMADE server, or a list of entries.
    OptimadeJson,
    /// OPTIMADE JSON lines for database exchange.
    OptimadeJsonl,
    /// `Atoms.to_dict()` of JARVIS-tools, alone or beside properties.
    JarvisJson,
    /// `geometry.in` of FHI-aims.
    FhiAims,
    /// Database of ASE in a file of SQLite.
    AseDb,
}

impl Format {
    /// All formats, in the order of the manual.
    pub const ALL: &'static [Self] = &[
        Self::Csv,
        Self::Tsv,
        Self::Parquet,
        Self::Cif,
        Self::Poscar,
        Self::Extxyz,
        Self::PymatgenJson,
        Self::PymatgenPrint,
        Self::OptimadeJson,
        Self::OptimadeJsonl,
        Self::JarvisJson,
        Self::FhiAims,
        Self::AseDb,
    ];

    /// The name that `--format` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Parquet => "parquet",
            Self::Cif => "cif",
            Self::Poscar => "poscar",
            Self::Extxyz => "extxyz",
            Self::PymatgenJson => "pymatgen-json",
            Self::PymatgenPrint => "pymatgen-print",
            Self::OptimadeJson => "optimade-json",
            Self::OptimadeJsonl => "optimade-jsonl",
            Self::JarvisJson => "jarvis-json",
            Self::FhiAims => "fhi-aims",
            Self::AseDb => "ase-db",
        }
    }

    /// The format that a file name announces, a compression suffix left aside; `None` for other names.
    ///
    /// `.json` and `.jsonl` are taken for pymatgen's and OPTIMADE's until [`refined`](Self::refined) has seen the content.
    pub fn of_name(name: &str) -> Option<Self> {
        let stem = Compression::of_name(name).map_or(name, |(_, stem)| stem);
        let base = stem.rsplit(['/', '\\']).next().unwrap_or(stem);
        if base == "geometry.in" || base.starts_with("geometry.in.") {
            return Some(Self::FhiAims);
        }
        match extension(base).as_deref() {
            Some("csv") => Some(Self::Csv),
            Some("tsv" | "tab") => Some(Self::Tsv),
            Some("parquet" | "pq") => Some(Self::Parquet),
            Some("cif" | "mcif") => Some(Self::Cif),
            Some("vasp" | "poscar") => Some(Self::Poscar),
            Some("xyz" | "extxyz") => Some(Self::Extxyz),
            Some("json") => Some(Self::PymatgenJson),
            Some("jsonl" | "ndjson") => Some(Self::OptimadeJsonl),
            Some("db") if !base.eq_ignore_ascii_case("thumbs.db") => Some(Self::AseDb),
            // What tools leave beside POSCAR files.
            Some(
                "yaml" | "yml" | "md" | "py" | "sh" | "log" | "out" | "xml" | "html" | "h5" | "png" | "pdf" | "svg",
            ) => None,
            _ => names_poscar(base).then_some(Self::Poscar),
        }
    }

    /// Whether files of it hold structures.
    pub fn is_of_structures(self) -> bool {
        !matches!(self, Self::Csv | Self::Tsv | Self::Parquet)
    }

    /// Whether names cannot tell the two apart: the same, or both JSON.
    pub(super) fn is_named_like(self, other: Self) -> bool {
        let is_json =
            |format| matches!(format, Self::PymatgenJson | Self::OptimadeJson | Self::OptimadeJsonl | Self::JarvisJson);
        self == other || is_json(self) && is_json(other)
    }

    /// The format that the first bytes prove; `None` for text that proves nothing.
    pub fn of_content(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PAR1") {
            return Some(Self::Parquet);
        }
        if head.starts_with(b"SQLite format 3\0") {
            return Some(Self::AseDb);
        }
        sniff::text_format(head)
    }

    /// The format of a file whose name announces this one, now that its first bytes are known.
    ///
    /// Tells the kinds of JSON apart, and corrects names that are often wrong (`geometry.xyz` of FHI-aims).
    pub fn refined(self, head: &[u8]) -> Self {
        match self {
            Self::PymatgenJson | Self::OptimadeJson | Self::OptimadeJsonl | Self::JarvisJson => {
                sniff::json_format(head).unwrap_or(match self {
                    Self::OptimadeJsonl => Self::PymatgenJson,
                    _ => self,
                })
            }
            Self::Extxyz => sniff::text_format(head).filter(|&format| format == Self::FhiAims).unwrap_or(self),
            _ => self,
        }
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

/// Whether a name has POSCAR or CONTCAR between other characters than letters and digits.
fn names_poscar(base: &str) -> bool {
    ["POSCAR", "CONTCAR"].into_iter().any(|word| {
        base.match_indices(word).any(|(start, _)| {
            !base[..start].ends_with(|c: char| c.is_alphanumeric())
                && !base[start + word.len()..].starts_with(|c: char| c.is_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_structures_tell_their_format() {
        for (name, format) in [
            ("a/x.cif.gz", Some(Format::Cif)),
            ("x.MCIF", Some(Format::Cif)),
            ("run/POSCAR", Some(Format::Poscar)),
            ("CONTCAR.gz", Some(Format::Poscar)),
            ("POSCAR_mp-1", Some(Format::Poscar)),
            ("POSCAR.NaCl", Some(Format::Poscar)),
            ("AlPO4__POSCAR", Some(Format::Poscar)),
            ("POSCAR-29-230-conv-52", Some(Format::Poscar)),
            ("POSCAR-JVASP-10.vasp", Some(Format::Poscar)),
            ("POSCAR-057-ref.yaml", None),
            ("POSCARS", None),
            ("POSCAR.cif", Some(Format::Cif)),
            ("x.extxyz.xz", Some(Format::Extxyz)),
            ("x.xyz", Some(Format::Extxyz)),
            ("x.json.bz2", Some(Format::PymatgenJson)),
            ("x.ndjson", Some(Format::OptimadeJsonl)),
            ("a/geometry.in", Some(Format::FhiAims)),
            ("geometry.in.next_step", Some(Format::FhiAims)),
            ("c2db.db", Some(Format::AseDb)),
            ("Thumbs.db", None),
            ("control.in", None),
            ("README", None),
        ] {
            assert_eq!(Format::of_name(name), format, "{name}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for &format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().expect("a name"), format);
            assert_eq!(serde_json::to_value(format).expect("a name"), format.name());
        }
    }

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
            "unknown format \"parket\": known are csv, tsv, parquet, cif, poscar, extxyz, pymatgen-json, pymatgen-print, \
             optimade-json, optimade-jsonl, jarvis-json, fhi-aims, ase-db; did you mean \"parquet\"?"
        );
    }
}
