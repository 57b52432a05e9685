//! Resume and shards: record i is the same record whatever was read before, and at any batch size.

use matsieve::source::{count_records, open};
use proptest::prelude::*;

use super::{drain, folder, gzip, spec};

const SPEC: &str = "csv = 'd'\ncolumns = [{ name = 'gap' }]";

fn messy() -> tempfile::TempDir {
    let rows: String = (0..300).map(|i| format!("Fe{}O,{}\n", i + 1, i % 5)).collect();
    let a = format!("formula,gap\n{rows}\"Co,1\nragged\nNaN,\n,\n");
    let cut = gzip(a.as_bytes());
    folder(&[
        ("d/a.csv", a.as_bytes()),
        ("d/b.csv", b""),
        ("d/c.csv.gz", &cut[..cut.len() / 2]),
        ("d/e.csv", a.as_bytes()),
    ])
}

#[test]
fn records_do_not_depend_on_the_batch_size_and_are_counted_without_decoding() {
    let folder = messy();
    let read = |batch| drain(open(&spec(SPEC), folder.path()).expect("opens").as_mut(), batch).expect("reads");
    let all = read(4096);
    assert!(all.iter().enumerate().all(|(i, record)| record.index == i as u64));
    assert!(all.iter().filter(|record| record.outcome.is_err()).count() >= 8);
    for batch in [1, 7, 64] {
        let text = |records: &[super::Read]| format!("{records:?}");
        assert_eq!(text(&read(batch)), text(&all), "batch {batch}");
    }
    assert_eq!(count_records(&spec(SPEC), folder.path()).expect("counts"), all.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn seeking_forth_and_back_gives_the_same_records(jumps in prop::collection::vec(0u64..900, 1..4)) {
        let folder = messy();
        let all = drain(open(&spec(SPEC), folder.path()).expect("opens").as_mut(), 100).expect("reads");
        let mut source = open(&spec(SPEC), folder.path()).expect("opens");
        for jump in jumps {
            source.seek(jump).expect("seeks");
            let rest = drain(source.as_mut(), 50).expect("reads");
            let from = (jump as usize).min(all.len());
            prop_assert_eq!(format!("{rest:?}"), format!("{:?}", &all[from..]));
        }
    }
}
