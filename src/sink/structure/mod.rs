//! Structures of candidates for the programs that go on with them: one file per format.
//!
//! Numbers are printed with as few digits as read back to the same bits.

mod cif;
mod extxyz;
mod name;
mod optimade;
mod output;
mod poscar;
mod pymatgen;
mod rows;
mod text;

use std::path::Path;

use crate::crystal::Structure;

use super::SinkError;

pub use output::StructureOutput;
pub use rows::{StructureRow, StructureRows};

/// Format of exported structures.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum StructureFormat {
    /// Crystallographic Information File: one data block a structure, all sites of the cell (P 1).
    Cif,
    /// POSCAR of VASP 5 and later: one structure a file, sites grouped by element, a right-handed cell.
    Poscar,
    /// Extended XYZ: one frame a structure.
    Extxyz,
    /// pymatgen's `Structure.as_dict()`: one object in a file of its own, else a list.
    PymatgenJson,
    /// JSON lines of OPTIMADE 1.2: a header, then one entry a structure.
    OptimadeJsonl,
}

impl StructureFormat {
    /// All formats, in the order of the manual.
    pub const ALL: &'static [Self] = &[Self::Cif, Self::Poscar, Self::Extxyz, Self::PymatgenJson, Self::OptimadeJsonl];

    /// Its name, the same as of the format that is read.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cif => "cif",
            Self::Poscar => "poscar",
            Self::Extxyz => "extxyz",
            Self::PymatgenJson => "pymatgen-json",
            Self::OptimadeJsonl => "optimade-jsonl",
        }
    }

    /// Extension of its files.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Cif => "cif",
            Self::Poscar => "vasp",
            Self::Extxyz => "extxyz",
            Self::PymatgenJson => "json",
            Self::OptimadeJsonl => "jsonl",
        }
    }

    /// The format that a file name announces. `.jsonl` announces none: tables are written as JSON lines too.
    pub fn of(path: &Path) -> Option<Self> {
        let base = path.file_name().unwrap_or_default().to_string_lossy();
        if matches!(&*base, "POSCAR" | "CONTCAR") {
            return Some(Self::Poscar);
        }
        match path.extension()?.to_string_lossy().to_ascii_lowercase().as_str() {
            "cif" => Some(Self::Cif),
            "vasp" | "poscar" => Some(Self::Poscar),
            "xyz" | "extxyz" => Some(Self::Extxyz),
            "json" => Some(Self::PymatgenJson),
            _ => None,
        }
    }

    /// Whether disordered structures can be written.
    pub const fn takes_disorder(self) -> bool {
        matches!(self, Self::Cif | Self::PymatgenJson | Self::OptimadeJsonl)
    }
}

/// One structure to be written.
#[derive(Copy, Clone, Debug)]
pub struct StructureEntry<'a> {
    /// What the result says of it.
    pub row: &'a StructureRow,
    /// Names of `row.values`.
    pub columns: &'a [String],
    /// The structure.
    pub structure: &'a Structure,
}

impl StructureEntry<'_> {
    /// Names and numbers that go beside the structure; those that are not defined are left out.
    fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        let pairs = self.columns.iter().zip(&self.row.values);
        pairs.filter(|(_, value)| value.is_finite()).map(|(name, &value)| (name.as_str(), value))
    }
}

/// Appends one structure to `out`, under a name that is its own within the file.
///
/// # Errors
/// The format cannot hold the structure.
fn encode(format: StructureFormat, name: &str, entry: StructureEntry<'_>, out: &mut String) -> Result<(), SinkError> {
    if !format.takes_disorder() {
        let StructureRow { index, id, .. } = entry.row;
        let refuse =
            |reason: String| SinkError::Unwritable { format: format.name(), index: *index, id: id.clone(), reason };
        if let Some(site) = (0..entry.structure.len()).find(|&site| !text::is_ordered(entry.structure.occupants(site)))
        {
            return Err(refuse(format!("site {site} (from 0) is disordered, the format holds one element a site")));
        }
    }
    match format {
        StructureFormat::Cif => cif::write(name, entry, out),
        StructureFormat::Poscar => poscar::write(entry, out),
        StructureFormat::Extxyz => extxyz::write(entry, out),
        StructureFormat::PymatgenJson => pymatgen::write(entry, out),
        StructureFormat::OptimadeJsonl => optimade::write(name, entry, out),
    }
    Ok(())
}
