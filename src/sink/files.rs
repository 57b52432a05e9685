//! Files that are whole or absent: private part names, fsync, commit without replacing, HDF5 without locks.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::SinkError;
use super::seal::{self, RawChunks, USER_BLOCK};

/// Part files untouched for this long belong to no living process.
const ABANDONED_SECONDS: u64 = 3600;

/// A file under a private name that becomes visible only as a whole.
pub(super) struct PartFile {
    file: NamedTempFile,
}

impl PartFile {
    /// Reserves a private name in `folder`.
    pub(super) fn create(folder: &Path) -> Result<Self, SinkError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("part-").suffix(".h5");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Results are as readable as any other file of the user; the process's umask still applies.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(SinkError::io("create a file in", folder))?;
        Ok(Self { file })
    }

    /// Its private name.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Seals it, brings it to the disk, and gives it its name; `Ok(false)` where that name exists already.
    pub(super) fn commit_new(mut self, format: &str, chunks: RawChunks, target: &Path) -> Result<bool, SinkError> {
        self.complete(format, chunks)?;
        match self.file.persist_noclobber(target) {
            Ok(_) => sync_folder_of(target).map(|()| true),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(SinkError::io("commit", target)(error.error)),
        }
    }

    /// The same, replacing what is there.
    pub(super) fn commit_over(mut self, format: &str, chunks: RawChunks, target: &Path) -> Result<(), SinkError> {
        self.complete(format, chunks)?;
        self.file.persist(target).map_err(|error| SinkError::io("commit", target)(error.error))?;
        sync_folder_of(target)
    }

    fn complete(&mut self, format: &str, chunks: RawChunks) -> Result<(), SinkError> {
        let path = self.file.path().to_owned();
        seal::write(self.file.as_file_mut(), format, chunks, &path)?;
        self.file.as_file().sync_all().map_err(SinkError::io("bring to the disk", &path))
    }
}

/// Makes a commit survive a power failure: the name itself must be on the disk.
fn sync_folder_of(path: &Path) -> Result<(), SinkError> {
    let folder = folder_of(path);
    let handle = fs::File::open(&folder).map_err(SinkError::io("open", &folder))?;
    match handle.sync_all() {
        Ok(()) => Ok(()),
        // Some network file systems cannot sync folders; they order names themselves.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::Unsupported) => {
            Ok(())
        }
        Err(error) => Err(SinkError::io("bring to the disk", &folder)(error)),
    }
}

/// The folder of a file, `.` for a bare name.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Creates an HDF5 file with a user block over an existing part file.
pub(super) fn create_hdf5(path: &Path) -> Result<hdf5::File, SinkError> {
    hdf5::File::with_options()
        .with_fcpl(|plist| plist.userblock(USER_BLOCK))
        .with_fapl(|plist| plist.file_locking(false))
        .create(path)
        .map_err(SinkError::hdf5("create the file", path))
}

/// Opens an HDF5 file for reading. Locks are not asked for: file systems of clusters often have none.
pub(super) fn open_hdf5(path: &Path) -> Result<hdf5::File, SinkError> {
    hdf5::File::with_options()
        .with_fapl(|plist| plist.file_locking(false))
        .open(path)
        .map_err(SinkError::hdf5("open the file", path))
}

/// The same for one of many files that are read side by side, each block once: the library would keep a megabyte of chunks for
/// each of their datasets.
pub(super) fn open_hdf5_without_cache(path: &Path) -> Result<hdf5::File, SinkError> {
    hdf5::File::with_options()
        .with_fapl(|plist| plist.file_locking(false).chunk_cache(1, 0, 1.0))
        .open(path)
        .map_err(SinkError::hdf5("open the file", path))
}

/// Removes part files that no living process can be writing, judged by the file system's own clock.
pub(super) fn remove_abandoned_parts(folder: &Path) -> Result<(), SinkError> {
    let probe = PartFile::create(folder)?;
    let io = || SinkError::io("list", folder);
    let now = probe.file.as_file().metadata().and_then(|meta| meta.modified()).map_err(io())?;
    for entry in fs::read_dir(folder).map_err(io())? {
        let entry = entry.map_err(io())?;
        if !entry.file_name().to_string_lossy().starts_with("part-") {
            continue;
        }
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|then| now.duration_since(then).ok());
        if age.is_some_and(|age| age.as_secs() > ABANDONED_SECONDS) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file; that it is gone already is no error.
pub(super) fn remove(path: &Path) -> Result<(), SinkError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SinkError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes the files that this room writes into a folder of parts, and the folder where that leaves it empty.
pub(super) fn remove_parts(folder: &Path) -> Result<(), SinkError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(SinkError::io("list", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(SinkError::io("list", folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("part-") || name.starts_with("segment-") || name == IDENTITY_FILE {
            remove(&entry.path())?;
        }
    }
    match fs::remove_dir(folder) {
        // Something of the user's lies there: not ours to remove.
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(SinkError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Name of the file that says whose parts these are.
pub(super) const IDENTITY_FILE: &str = "identity.json";

/// Brings everything to the file and closes it; a full disk shows here at the latest.
pub(super) fn close_hdf5(file: hdf5::File, path: &Path) -> Result<(), SinkError> {
    file.flush().map_err(SinkError::hdf5("write", path))?;
    file.close().map_err(SinkError::hdf5("close", path))
}

/// Writes a small file that appears as a whole; `Ok(false)` where it exists already.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<bool, SinkError> {
    use std::io::Write;
    let mut part = PartFile::create(&folder_of(path))?;
    part.file.write_all(content).map_err(SinkError::io("write", path))?;
    part.file.as_file().sync_all().map_err(SinkError::io("bring to the disk", path))?;
    match part.file.persist_noclobber(path) {
        Ok(_) => sync_folder_of(path).map(|()| true),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(SinkError::io("commit", path)(error.error)),
    }
}
