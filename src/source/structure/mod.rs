//! Structure formats: how a stream is cut into records, and how a record becomes a structure.

mod ase_db;
mod ase_row;
mod cif;
mod decode;
mod extxyz;
mod fhi_aims;
mod framing;
mod jarvis;
mod json;
mod json_framer;
mod json_scan;
mod member;
mod optimade;
mod poscar;
mod print;
mod pymatgen;
mod read;
mod refusal;
mod text;

use std::io::BufRead;

use super::Format;
use crate::candidate::Fault;
use crate::crystal::{Lattice, Structure};

pub(super) use decode::{Treatment, decode, decode_text};
pub(super) use member::StructureMember;
pub use read::read_structures;

/// Records larger than this are refused as `too-large`: a structure of 10⁵ atoms takes about 10 MB in the wordiest format.
pub(super) const MAX_RECORD: usize = 64 << 20;

/// Cells of more sites are refused as `too-many-atoms`.
pub(super) const MAX_SITES: usize = 1 << 20;

/// Cuts a stream into records. Serial, so it looks for borders only.
pub(super) trait Framer: Send {
    /// Appends the bytes of the next record to `out`; `None` at the end of the stream.
    ///
    /// A record longer than [`MAX_RECORD`] is cut there (its rest is passed over) and told as too large.
    ///
    /// # Errors
    /// What the stream says; a damaged archive or compressed stream comes as a [`BrokenStream`](super::BrokenStream) in it.
    fn next(&mut self, stream: &mut dyn BufRead, out: &mut Vec<u8>) -> std::io::Result<Option<Framed>>;
}

/// A record found in a stream.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Framed {
    /// Line where it begins, from 1.
    pub line: u64,
    /// Whether it was cut at [`MAX_RECORD`].
    pub too_large: bool,
}

/// What one record says. Reused from record to record: readers overwrite every field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StructureRecord {
    /// The structure; `None` until the first one was read.
    pub structure: Option<Structure>,
    /// The source's own name of it: CIF data block, `material_id`, `jid`, an extended-XYZ key. Empty where it has none.
    pub id: String,
    /// Numbers beside the structure (extended-XYZ keys, entry energies, …): name and value.
    pub properties: Vec<(String, f64)>,
}

impl StructureRecord {
    /// An empty cell with this lattice, made of what the last record left.
    pub(super) fn begin(&mut self, lattice: Lattice) -> &mut Structure {
        match &mut self.structure {
            Some(structure) => structure.reset(lattice),
            None => self.structure = Some(Structure::new(lattice)),
        }
        self.structure.as_mut().expect("was set in either arm")
    }
}

/// Reads records of one format; shared by all workers.
pub(super) trait StructureReader: Send + Sync {
    /// Reads one record.
    ///
    /// # Errors
    /// The fault that quarantines it; the detail begins with `line N: ` counted from 1 within the record where lines mean something
    /// (the caller adds where the record begins).
    fn read(&self, record: &[u8], out: &mut StructureRecord) -> Result<(), Fault>;
}

/// A format as the registry holds it.
pub(super) struct StructureFormat {
    /// Makes a framer for one stream.
    pub framer: fn() -> Box<dyn Framer>,
    /// The reader.
    pub reader: &'static dyn StructureReader,
}

/// How a format is read; `None` for tables.
pub(super) fn format(format: Format) -> Option<StructureFormat> {
    Some(match format {
        Format::Csv | Format::Tsv | Format::Parquet => return None,
        Format::Cif => cif::FORMAT,
        Format::Poscar => poscar::FORMAT,
        Format::Extxyz => extxyz::FORMAT,
        Format::PymatgenJson => pymatgen::FORMAT,
        Format::PymatgenPrint => print::FORMAT,
        Format::OptimadeJson => optimade::JSON,
        Format::OptimadeJsonl => optimade::JSON_LINES,
        Format::JarvisJson => jarvis::FORMAT,
        Format::FhiAims => fhi_aims::FORMAT,
        Format::AseDb => ase_db::FORMAT,
    })
}
