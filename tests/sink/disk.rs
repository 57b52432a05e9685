//! Disks that are full, folders that cannot be written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use matsieve::sink::{ResultFile, SinkError, Store, StoreOptions, verify};

use crate::fixture;

/// A file system in memory of a given size, for as long as this lives; `None` where the test may not mount one.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            _ => {
                println!("skipped: no permission to mount a small file system");
                None
            }
        }
    }

    fn remount(&self, options: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.folder.path()).status();
        assert!(status.expect("mount").success());
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What cannot be unmounted is left to the temporary folder's own clean-up, which then reports it.
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

fn run_until_error(out: &Path) -> Option<SinkError> {
    let options = StoreOptions { segment_bytes: 100_000, ..StoreOptions::default() };
    let (mut store, next) = match Store::open(out, fixture::layout(), fixture::identity("a"), options) {
        Ok(opened) => fixture::store(opened),
        Err(error) => return Some(error),
    };
    let mut start = next;
    while start < 10_000 {
        let (rows, quarantine, ledger) = fixture::rows(start..start + 100);
        if let Err(error) = store.append(&rows, &quarantine, start..start + 100, &ledger) {
            return Some(error);
        }
        start += 100;
    }
    let ledger = fixture::rows(0..10_000).2;
    store.finish(&ledger, Some(&fixture::ranking(&[4, 0, 9])), &fixture::documents(), &fixture::root()).err()
}

#[test]
fn a_full_disk_is_named_and_the_run_resumes_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole.h5");
    assert!(run_until_error(&whole).is_none());
    let digest = verify(&whole).expect("a result").digest;
    // Room for nothing, for some segments, for all of them but not for the final file.
    for size in ["64k", "1m", "3m"] {
        let Some(disk) = SmallDisk::mount(&format!("size={size}")) else { return };
        let out = disk.path().join("r.h5");
        let error = run_until_error(&out).expect("a full disk");
        let hint = error.hint().unwrap_or_default();
        assert!(hint.starts_with("make room on the disk"), "{size}: {error:?} {hint}");
        assert!(!out.exists());
        disk.remount("size=64m");
        assert!(run_until_error(&out).is_none());
        let report = verify(&out).expect("a result");
        assert!(report.is_intact());
        assert_eq!(report.digest, digest);
    }
}

#[test]
fn a_read_only_file_system_is_named_with_a_hint() {
    let Some(disk) = SmallDisk::mount("size=1m") else { return };
    disk.remount("ro");
    let error = run_until_error(&disk.path().join("r.h5")).expect("a read-only disk");
    assert!(error.to_string().starts_with("cannot create"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("choose another output with -o")), "{error:?}");
}

#[test]
fn an_output_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file: PathBuf = folder.path().join("file");
    fs::write(&file, "text").expect("a file");
    assert!(matches!(run_until_error(&file.join("r.h5")), Some(SinkError::Io { .. })));
    assert!(matches!(run_until_error(folder.path()), Some(SinkError::OtherRun { .. })));
    assert!(ResultFile::open(&file).is_err());
}
