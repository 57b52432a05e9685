//! Where structures go: one file for all, or a folder with one file each. Both appear as a whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::super::{SinkError, files};
use super::name::{Names, plain};
use super::{StructureEntry, StructureFormat, encode, optimade};

/// An export of structures that is being written.
///
/// Structures may come in any order; they are written in order of [`StructureRow::place`](super::StructureRow::place). Memory does
/// not grow with their number, apart from their names.
pub struct StructureOutput {
    format: StructureFormat,
    out: PathBuf,
    target: Target,
    names: Names,
    digits: usize,
    written: u64,
    text: String,
}

enum Target {
    File { part: NamedTempFile, writer: BufWriter<File>, spool: Option<Spool> },
    Folder(TempDir),
}

/// Pieces that came before their turn, and where each lies.
struct Spool {
    writer: BufWriter<File>,
    length: u64,
    /// Place in the export, offset, length.
    pieces: Vec<(usize, u64, u64)>,
}

impl StructureOutput {
    /// Begins an export of at most `most` structures. `out` is a folder where it is one, ends in a slash or has no extension.
    ///
    /// Unless `in_order`, structures are set aside in a temporary file until all are there.
    ///
    /// # Errors
    /// A folder that is not empty, a place that cannot be written to.
    pub fn create(out: &Path, format: StructureFormat, most: usize, in_order: bool) -> Result<Self, SinkError> {
        let target = if is_folder(out) {
            let is_empty = match fs::read_dir(out) {
                Ok(mut entries) => entries.next().is_none(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
                Err(error) => return Err(SinkError::io("list", out)(error)),
            };
            if !is_empty {
                return Err(SinkError::NotEmpty { path: out.to_owned() });
            }
            let parent = files::folder_of(out);
            Target::Folder(builder(0o777).tempdir_in(&parent).map_err(SinkError::io("create a folder in", &parent))?)
        } else {
            let parent = files::folder_of(out);
            let part = builder(0o666).tempfile_in(&parent).map_err(SinkError::io("create a file in", &parent))?;
            let handle = part.as_file().try_clone().map_err(SinkError::io("write", out))?;
            let spool = match in_order {
                true => None,
                false => {
                    let file = tempfile::tempfile_in(&parent).map_err(SinkError::io("create a file in", &parent))?;
                    Some(Spool { writer: BufWriter::with_capacity(1 << 20, file), length: 0, pieces: Vec::new() })
                }
            };
            Target::File { part, writer: BufWriter::with_capacity(1 << 20, handle), spool }
        };
        let digits = most.max(1).to_string().len();
        let (out, names, text) = (out.to_owned(), Names::default(), String::new());
        let mut output = Self { format, out, target, names, digits, written: 0, text };
        if let Target::File { writer, .. } = &mut output.target {
            writer.write_all(header(format).as_bytes()).map_err(SinkError::io("write", &output.out))?;
        }
        Ok(output)
    }

    /// Adds a structure.
    ///
    /// # Errors
    /// The format cannot hold it, or not a second one; what the disk says.
    pub fn push(&mut self, entry: StructureEntry<'_>) -> Result<(), SinkError> {
        let row = entry.row;
        let failed = SinkError::io("write", &self.out);
        self.text.clear();
        match &mut self.target {
            Target::Folder(part) => {
                // A file of its own holds a structure, not a list of one.
                if self.format != StructureFormat::PymatgenJson {
                    self.text.push_str(header(self.format));
                }
                let name = match self.format {
                    StructureFormat::Cif => plain(&row.id),
                    _ => row.id.clone(),
                };
                encode(self.format, &name, entry, &mut self.text)?;
                let (number, digits) = (row.place + 1, self.digits);
                let name = format!("{number:0digits$}_{}.{}", plain(&row.id), self.format.extension());
                fs::write(part.path().join(name), &self.text).map_err(failed)?;
            }
            Target::File { writer, spool, .. } => {
                if self.format == StructureFormat::Poscar && self.written > 0 {
                    return Err(SinkError::Unwritable {
                        format: self.format.name(),
                        index: row.index,
                        id: row.id.clone(),
                        reason: "a file holds one structure; give -o a folder for one file each".to_owned(),
                    });
                }
                let name = match self.format {
                    StructureFormat::Cif => self.names.unique(plain(&row.id), row.index),
                    StructureFormat::OptimadeJsonl => self.names.unique(row.id.clone(), row.index),
                    _ => String::new(),
                };
                encode(self.format, &name, entry, &mut self.text)?;
                match spool {
                    None => write_piece(writer, self.format, self.written, self.text.as_bytes()).map_err(failed)?,
                    Some(spool) => {
                        spool.writer.write_all(self.text.as_bytes()).map_err(failed)?;
                        spool.pieces.push((row.place, spool.length, self.text.len() as u64));
                        spool.length += self.text.len() as u64;
                    }
                }
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Brings the export to its name; returns the number of structures.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(self) -> Result<u64, SinkError> {
        let Self { format, out, target, written, .. } = self;
        match target {
            Target::Folder(part) => {
                match fs::remove_dir(&out) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(SinkError::io("replace", &out)(error));
                    }
                    _ => {}
                }
                fs::rename(part.path(), &out).map_err(SinkError::io("commit", &out))?;
                // It is no longer where it would be removed from.
                let _ = part.keep();
            }
            Target::File { part, mut writer, spool } => {
                let failed = || SinkError::io("write", &out);
                if let Some(spool) = spool {
                    copy(spool, format, &mut writer).map_err(failed())?;
                }
                writer.write_all(footer(format, written).as_bytes()).map_err(failed())?;
                writer.flush().map_err(failed())?;
                drop(writer);
                part.persist(&out).map_err(|error| SinkError::io("commit", &out)(error.error))?;
            }
        }
        Ok(written)
    }
}

fn header(format: StructureFormat) -> &'static str {
    match format {
        StructureFormat::PymatgenJson => "[\n",
        StructureFormat::OptimadeJsonl => optimade::HEADER,
        _ => "",
    }
}

fn footer(format: StructureFormat, written: u64) -> &'static str {
    match (format, written) {
        (StructureFormat::PymatgenJson, 0) => "]\n",
        (StructureFormat::PymatgenJson, _) => "\n]\n",
        _ => "",
    }
}

fn write_piece(out: &mut impl Write, format: StructureFormat, place: u64, piece: &[u8]) -> std::io::Result<()> {
    match format {
        StructureFormat::PymatgenJson if place > 0 => out.write_all(b",\n")?,
        StructureFormat::Cif if place > 0 => out.write_all(b"\n")?,
        _ => {}
    }
    out.write_all(piece)
}

fn copy(spool: Spool, format: StructureFormat, out: &mut impl Write) -> std::io::Result<()> {
    let Spool { writer, mut pieces, .. } = spool;
    let mut file = writer.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    pieces.sort_unstable();
    let mut piece = Vec::new();
    for (place, (_, offset, length)) in (0..).zip(pieces) {
        file.seek(SeekFrom::Start(offset))?;
        piece.clear();
        (&mut file).take(length).read_to_end(&mut piece)?;
        write_piece(out, format, place, &piece)?;
    }
    Ok(())
}

fn is_folder(out: &Path) -> bool {
    let is_poscar = out.file_name().is_some_and(|name| name == "POSCAR" || name == "CONTCAR");
    out.is_dir() || out.as_os_str().to_string_lossy().ends_with(['/', '\\']) || out.extension().is_none() && !is_poscar
}

fn builder(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".matsieve-export-");
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode));
    builder
}
