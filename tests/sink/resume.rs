//! Interrupted runs.

use std::fs;

use matsieve::sink::{Opened, SinkError, Store, StoreOptions, StoreRows};

use crate::fixture;

fn small() -> StoreOptions {
    StoreOptions { segment_bytes: 20_000, rows: StoreRows::Survivors, ..StoreOptions::default() }
}

#[test]
fn a_run_that_is_dropped_anywhere_resumes_to_the_same_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fixture::run(&folder.path().join("whole.h5"), 2000, 100, StoreOptions::default());
    for stop in [1, 99, 500, 1300, 2000] {
        let out = folder.path().join(format!("{stop}.h5"));
        let (mut store, next) = fixture::open(&out, small());
        assert_eq!(next, 0);
        fixture::append(&mut store, 0, stop, 10);
        drop(store);
        let (mut store, next) = fixture::open(&out, small());
        // At most the open segment is lost: 20 kB are fewer than 200 rows.
        assert!(next <= stop && next + 200 > stop, "stopped at {stop}, goes on at {next}");
        fixture::append(&mut store, next, 2000, 30);
        assert_eq!(fixture::finish(store, 2000).digest, whole.digest);
    }
}

#[test]
fn progress_counts_what_the_segments_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let (mut store, _) = fixture::open(&out, small());
    fixture::append(&mut store, 0, 700, 10);
    store.flush().expect("a segment");
    drop(store);
    let Ok(Opened::Resumed(_, progress)) = Store::open(&out, fixture::layout(), fixture::identity("a"), small()) else {
        panic!("not resumed")
    };
    let (rows, quarantine, ledger) = fixture::rows(0..700);
    assert_eq!(progress.next_index, 700);
    assert_eq!(progress.rows, rows.len() as u64);
    assert_eq!(progress.quarantined, quarantine.len() as u64);
    assert_eq!(progress.ledger, ledger);
    assert!(progress.segments > 1 && progress.damaged.is_empty());
}

#[test]
fn a_damaged_segment_is_named_and_computed_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fixture::run(&folder.path().join("whole.h5"), 1500, 100, StoreOptions::default());
    let out = folder.path().join("r.h5");
    let (mut store, _) = fixture::open(&out, small());
    fixture::append(&mut store, 0, 1500, 10);
    drop(store);
    let segment = folder.path().join("r.h5.parts/segment-000001.h5");
    let mut bytes = fs::read(&segment).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).expect("a segment");
    let opened = Store::open(&out, fixture::layout(), fixture::identity("a"), small()).expect("a store");
    let Opened::Resumed(mut store, progress) = opened else { panic!("not resumed") };
    assert_eq!(progress.segments, 1);
    assert!(progress.damaged[0].contains("segment-000001.h5"), "{:?}", progress.damaged);
    fixture::append(&mut store, progress.next_index, 1500, 10);
    assert_eq!(fixture::finish(store, 1500).digest, whole.digest);
}

#[test]
fn the_same_run_again_is_complete_and_another_is_refused_with_the_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fixture::run(&out, 50, 10, StoreOptions::default());
    let again = Store::open(&out, fixture::layout(), fixture::identity("a"), StoreOptions::default());
    assert!(matches!(again, Ok(Opened::Complete)));
    let other = Store::open(&out, fixture::layout(), fixture::identity("b"), StoreOptions::default());
    let Err(error @ SinkError::OtherRun { .. }) = other else { panic!("not refused") };
    assert!(error.to_string().contains("plan was \"a\", is now \"b\""), "{error}");
    let force = StoreOptions { force: true, ..StoreOptions::default() };
    let opened = Store::open(&out, fixture::layout(), fixture::identity("b"), force).expect("a store");
    let (mut store, _) = fixture::store(opened);
    fixture::append(&mut store, 0, 60, 10);
    assert_eq!(fixture::finish(store, 60).rows, fixture::rows(0..60).0.len() as u64);
}

/// As after a failing disk or a kill between the result and the clean-up.
#[test]
fn what_a_finished_run_left_behind_is_removed_by_the_same_run_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, parts) = (folder.path().join("r.h5"), folder.path().join("r.h5.parts"));
    for (identity, stays) in [("a", false), ("b", true)] {
        let opened = Store::open(&out, fixture::layout(), fixture::identity(identity), small()).expect("a store");
        let (mut store, _) = fixture::store(opened);
        fixture::append(&mut store, 0, 500, 10);
        drop(store);
        fs::rename(&parts, folder.path().join(identity)).expect("parts");
        if identity == "a" {
            fixture::run(&out, 500, 10, StoreOptions::default());
        }
        fs::rename(folder.path().join(identity), &parts).expect("parts");
        if stays {
            fs::rename(folder.path().join("kept"), &out).expect("the result");
        }
        let again = Store::open(&out, fixture::layout(), fixture::identity("a"), small());
        assert!(matches!(again, Ok(Opened::Complete)));
        assert_eq!(parts.exists(), stays, "parts of {identity}");
        fs::rename(&out, folder.path().join("kept")).expect("the result");
    }
}

#[test]
fn parts_of_another_run_are_refused_and_replaced_by_force() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let (mut store, _) = fixture::open(&out, small());
    fixture::append(&mut store, 0, 500, 10);
    drop(store);
    let other = Store::open(&out, fixture::layout(), fixture::identity("b"), small());
    assert!(matches!(other, Err(SinkError::OtherRun { .. })));
    let force = StoreOptions { force: true, ..small() };
    let opened = Store::open(&out, fixture::layout(), fixture::identity("b"), force).expect("a store");
    assert!(matches!(opened, Opened::Fresh(_)));
}

#[test]
fn a_file_of_the_user_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    fs::write(&out, "my notes").expect("a file");
    let refused = Store::open(&out, fixture::layout(), fixture::identity("a"), small());
    assert!(matches!(refused, Err(SinkError::OtherRun { .. })));
    assert_eq!(fs::read_to_string(&out).expect("a file"), "my notes");
}

#[test]
fn two_processes_on_one_output_do_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("r.h5");
    let (mut first, _) = fixture::open(&out, small());
    let (mut second, _) = fixture::open(&out, small());
    fixture::append(&mut first, 0, 1000, 10);
    // The same ranges hold the same rows: the second finds its segments written.
    fixture::append(&mut second, 0, 1000, 10);
    let summary = fixture::finish(first, 1000);
    let whole = fixture::run(&folder.path().join("whole.h5"), 1000, 100, StoreOptions::default());
    assert_eq!(summary.digest, whole.digest);
    // Other ranges are noticed.
    let out = folder.path().join("s.h5");
    let (mut first, _) = fixture::open(&out, small());
    let (mut second, _) = fixture::open(&out, small());
    fixture::append(&mut first, 0, 100, 10);
    first.flush().expect("a segment");
    fixture::append(&mut second, 0, 50, 10);
    assert!(matches!(second.flush(), Err(SinkError::Contended { .. })));
}

#[test]
fn rows_out_of_order_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut store, _) = fixture::open(&folder.path().join("r.h5"), small());
    let (rows, quarantine, ledger) = fixture::rows(10..20);
    assert!(matches!(store.append(&rows, &quarantine, 10..20, &ledger), Err(SinkError::Rows { .. })));
    assert!(matches!(store.append(&rows, &quarantine, 0..15, &ledger), Err(SinkError::Rows { .. })));
    store.append(&rows, &quarantine, 0..20, &ledger).expect("rows that fit");
}
