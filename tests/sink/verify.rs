//! Damage is found and named.

use std::fs;

use matsieve::sink::{ResultFile, SinkError, StoreOptions, verify};

use crate::fixture;

#[test]
fn any_flipped_byte_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fixture::run(&out, 40, 10, StoreOptions::default());
    let whole = fs::read(&out).expect("a file");
    let altered = folder.path().join("x.h5");
    // A prime step walks over every kind of byte in the file: user block, superblock, headers, chunks, heaps.
    for position in (0..whole.len()).step_by(257).chain(500..520) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x20;
        fs::write(&altered, &bytes).expect("a file");
        assert!(!verify(&altered).is_ok_and(|report| report.is_intact()), "byte {position}");
    }
}

#[test]
fn a_changed_value_is_named_by_its_dataset() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fixture::run(&out, 40, 10, StoreOptions::default());
    let mut bytes = fs::read(&out).expect("a file");
    let pattern = 1e-300_f64.to_le_bytes();
    let place = bytes.windows(8).position(|window| window == pattern).expect("the density of candidate 1");
    bytes[place] ^= 1;
    fs::write(&out, &bytes).expect("a file");
    let report = verify(&out).expect("a report");
    let failed: Vec<&str> = report.failures().map(|check| check.name.as_str()).collect();
    assert_eq!(failed, ["seal", "digest of /features/density/values", "digest over all"]);
}

#[test]
fn truncated_files_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fixture::run(&out, 40, 10, StoreOptions::default());
    let whole = fs::read(&out).expect("a file");
    for length in [0, 100, 512, 600, 2000, whole.len() / 2, whole.len() - 1] {
        fs::write(&out, &whole[..length]).expect("a file");
        assert!(ResultFile::open(&out).is_err(), "{length} bytes");
        assert!(!verify(&out).is_ok_and(|report| report.is_intact()), "{length} bytes");
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.h5");
    fs::write(&path, "id,formula\n1,Fe2O3\n").expect("a file");
    assert!(matches!(ResultFile::open(&path), Err(SinkError::NotAResult { .. })));
    fs::write(&path, [b"id,formula\n".as_slice(), &[b'x'; 1000]].concat()).expect("a file");
    let Err(SinkError::NotAResult { reason, .. }) = ResultFile::open(&path) else { panic!("opened") };
    assert_eq!(reason, "it is no HDF5 file with the seal of a result");
    assert!(matches!(ResultFile::open(&folder.path().join("absent.h5")), Err(SinkError::Io { .. })));
    let Err(SinkError::NotAResult { reason, .. }) = ResultFile::open(folder.path()) else { panic!("opened") };
    assert_eq!(reason, "it is a folder");
}
