//! Stock tools read a result: `MATSIEVE_PEERS` names a Python with h5py and pandas.

use std::process::Command;

use matsieve::sink::StoreOptions;

use crate::fixture;

#[test]
fn h5py_and_pandas_read_plain_and_compressed_results() {
    let Some(python) = std::env::var_os("MATSIEVE_PEERS") else {
        println!("skipped: MATSIEVE_PEERS names no Python with h5py and pandas");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    for compression in [None, Some(4)] {
        let out = folder.path().join(format!("{}.h5", compression.unwrap_or(0)));
        let options = StoreOptions { segment_bytes: 50_000, compression, ..StoreOptions::default() };
        fixture::run(&out, 2000, 100, options);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/h5.py");
        let run = Command::new(&python).arg(script).arg(&out).arg("2000").output().expect("a Python");
        let talk = String::from_utf8_lossy(&run.stderr);
        assert_eq!(String::from_utf8_lossy(&run.stdout).trim(), "agrees", "{talk}");
    }
}
