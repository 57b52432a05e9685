//! Folders, archives and compression: the same records whatever they are wrapped in.

use std::io::Write;

use super::{folder, gzip, open_error, read};

const TABLE: &[u8] = b"formula,gap\nFe2O3,2\nNaCl,8.5\n";

enum Kind {
    File,
    Link,
}

fn tar(members: &[(&str, &[u8], Kind)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content, kind) in members {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        // Written by hand: the crate itself refuses names that climb out.
        if name.len() < 100 {
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        }
        match kind {
            Kind::File => {
                header.set_size(content.len() as u64);
                if name.len() < 100 {
                    header.set_cksum();
                    builder.append(&header, *content).expect("into memory");
                } else {
                    builder.append_data(&mut header, name, *content).expect("into memory");
                }
            }
            Kind::Link => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                header.set_link_name("/etc/passwd").expect("short");
                header.set_cksum();
                builder.append(&header, std::io::empty()).expect("into memory");
            }
        }
    }
    builder.into_inner().expect("into memory")
}

fn zip(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, content) in members {
        writer.start_file(*name, options).expect("into memory");
        writer.write_all(content).expect("into memory");
    }
    writer.finish().expect("into memory").into_inner()
}

fn origins(spec: &str, folder: &tempfile::TempDir) -> Vec<String> {
    read(spec, folder.path()).into_iter().map(|record| record.origin).collect()
}

#[test]
fn every_compression_and_archive_gives_the_same_records() {
    let plain_tar = tar(&[("d/t.csv", TABLE, Kind::File)]);
    let xz = |content: &[u8]| {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
        encoder.write_all(content).expect("into memory");
        encoder.finish().expect("into memory")
    };
    let bzip2 = {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        encoder.write_all(TABLE).expect("into memory");
        encoder.finish().expect("into memory")
    };
    let zstd = |content: &[u8]| zstd::encode_all(content, 3).expect("into memory");
    let folder = folder(&[
        ("t.csv", TABLE),
        ("t.csv.gz", &gzip(TABLE)),
        ("t.csv.xz", &xz(TABLE)),
        ("t.csv.bz2", &bzip2),
        ("t.csv.zst", &zstd(TABLE)),
        ("misnamed.csv", &gzip(TABLE)),
        ("t.tar", &plain_tar),
        ("t.tar.gz", &gzip(&plain_tar)),
        ("t.tar.xz", &xz(&plain_tar)),
        ("t.tar.zst", &zstd(&plain_tar)),
        ("stored.zip", &zip(&[("d/t.csv", TABLE)], zip::CompressionMethod::Stored)),
        ("deflated.zip", &zip(&[("d/t.csv", TABLE)], zip::CompressionMethod::Deflated)),
        ("inner.zip", &zip(&[("t.csv.gz", &gzip(TABLE))], zip::CompressionMethod::Stored)),
    ]);
    for entry in std::fs::read_dir(folder.path()).expect("folder") {
        let name = entry.expect("entry").file_name().into_string().expect("ASCII");
        let records = read(&format!("input = '{name}'\ncolumns = [{{ name = 'gap' }}]"), folder.path());
        let found: Vec<_> =
            records.iter().map(|record| (record.formula(), record.candidate().values.clone())).collect();
        assert_eq!(found, [("Fe2O3".into(), vec![2.0]), ("Na1Cl1".into(), vec![8.5])], "{name}");
        assert!(
            records[1].origin.starts_with(&name) && records[1].origin.ends_with("t.csv#1") || !name.contains("tar")
        );
    }
}

#[test]
fn tab_separated_files_are_told_by_their_name_and_format_overrides_it() {
    let folder = folder(&[("t.tsv", b"formula\tgap\nFe\t1\n"), ("t.dat", b"formula\tgap\nFe\t1\n")]);
    for spec in ["input = 't.tsv'", "tsv = 't.tsv'", "tsv = 't.dat'", "input = 't.dat'\nformat = 'tsv'"] {
        assert_eq!(read(spec, folder.path()).len(), 1, "{spec}");
    }
}

#[test]
fn byte_order_mark_and_carriage_returns_are_no_content() {
    let folder =
        folder(&[("t.csv", b"\xef\xbb\xbfformula,gap\r\n\"Fe2O3\",2\r\n"), ("mac.csv", b"formula,gap\rNaCl,1\r")]);
    assert_eq!(read("csv = 't.csv'", folder.path())[0].formula(), "Fe2O3");
    assert_eq!(read("csv = 'mac.csv'", folder.path())[0].formula(), "Na1Cl1");
}

#[test]
fn several_files_are_one_source_in_bytewise_order_with_records_counted_in_each() {
    let folder =
        folder(&[("d/b.csv", TABLE), ("d/a.tar", &tar(&[("x.csv", TABLE, Kind::File)])), ("d/note.txt", b"hello")]);
    let records = read("csv = 'd'", folder.path());
    let found: Vec<_> = records.iter().map(|record| (record.index, record.origin.as_str())).collect();
    assert_eq!(found, [(0, "d/a.tar!x.csv#0"), (1, "d/a.tar!x.csv#1"), (2, "d/b.csv#0"), (3, "d/b.csv#1")]);
}

#[test]
fn hostile_members_are_quarantined_and_the_others_read() {
    let long = format!("{}/t.csv", "long".repeat(60));
    let archive = tar(&[
        ("../up.csv", TABLE, Kind::File),
        ("/etc/t.csv", TABLE, Kind::File),
        ("link.csv", b"", Kind::Link),
        ("inner.tar.gz", TABLE, Kind::File),
        ("README.md", b"ignored", Kind::File),
        ("d/._t.csv", b"\0\0", Kind::File),
        (&long, TABLE, Kind::File),
    ]);
    let folder = folder(&[("a.tar", &archive)]);
    let records = read("csv = 'a.tar'", folder.path());
    let found: Vec<_> = records
        .iter()
        .map(|record| record.outcome.as_ref().map_or_else(ToString::to_string, |_| record.origin.clone()))
        .collect();
    let expected = [
        "unparsable-record: a.tar!../up.csv: the archive's member has a path that climbs out \"../up.csv\"".to_owned(),
        "unparsable-record: a.tar!/etc/t.csv: the archive's member has an absolute path \"/etc/t.csv\"".to_owned(),
        "unparsable-record: a.tar!link.csv: a link inside an archive is not followed".to_owned(),
        "unparsable-record: a.tar!inner.tar.gz: an archive inside an archive is not read".to_owned(),
        format!("a.tar!{long}#0"),
        format!("a.tar!{long}#1"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn hostile_members_of_zip_archives_are_quarantined_too() {
    let folder =
        folder(&[("a.zip", &zip(&[("../up.csv", TABLE), ("t.csv", TABLE)], zip::CompressionMethod::Deflated))]);
    let records = read("csv = 'a.zip'", folder.path());
    assert!(
        records[0].why().ends_with("the archive's member has a path that climbs out \"../up.csv\""),
        "{}",
        records[0].why()
    );
    assert_eq!(records.len(), 3);
}

#[test]
fn a_truncated_tar_says_what_is_missing_after_the_records_before() {
    let big: Vec<u8> = [TABLE, &b"Fe,1\n".repeat(1000)].concat();
    let archive = tar(&[("a.csv", TABLE, Kind::File), ("b.csv", &big, Kind::File)]);
    let cut = archive.len() - 1024 - 512 * 4;
    let folder = folder(&[("a.tar", &archive[..cut])]);
    let records = read("csv = 'a.tar'", folder.path());
    assert!(records.len() > 3);
    let faults: Vec<_> = records.iter().filter(|record| record.outcome.is_err()).collect();
    assert!(faults[0].why().contains("a.tar!b.csv, at line"), "{}", faults[0].why());
    assert!(faults[0].why().contains("before this member does"), "{}", faults[0].why());
    assert_eq!(records.iter().filter(|record| record.outcome.is_ok()).count() + faults.len(), records.len());
}

#[test]
fn a_damaged_zip_member_is_noticed_by_its_checksum() {
    let mut archive = zip(&[("t.csv", TABLE)], zip::CompressionMethod::Stored);
    let place = archive.windows(5).position(|window| window == b"Fe2O3").expect("stored as it is");
    archive[place + 2] = b'3';
    let folder = folder(&[("a.zip", &archive)]);
    let records = read("csv = 'a.zip'", folder.path());
    let last = records.last().expect("records").why();
    assert!(last.contains("length or checksum of the archive's member does not match"), "{last}");
}

#[test]
fn a_file_that_lacks_a_column_ends_the_run_and_a_damaged_one_among_many_does_not() {
    let folder = folder(&[("d/a.csv", TABLE), ("d/b.csv", b"name,gap\nFe,1\n"), ("e/a.csv", TABLE), ("e/b.csv", b"")]);
    assert!(open_error("csv = 'd'", folder.path()).starts_with("d/b.csv has no formula column"));
    let records = read("csv = 'e'", folder.path());
    assert_eq!(records[2].why(), "unparsable-record: e/b.csv is empty: a header line with column names was expected");
    assert_eq!(records[2].origin, "e/b.csv#0");
}

#[test]
fn an_archive_without_tables_is_named() {
    let folder = folder(&[("a.tar", &tar(&[("x.txt", b"hello", Kind::File)]))]);
    assert_eq!(open_error("csv = 'a.tar'", folder.path()), "a.tar: holds no table");
    assert_eq!(origins("input = 'a.tar'\nformat = 'csv'\nformula = 'hello'", &folder), [""; 0]);
}
