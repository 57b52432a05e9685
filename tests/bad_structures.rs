//! Bad and hostile structures at the shell: each costs itself, with file, line and reason; the run goes on, bounded in time and
//! memory, and the ledger balances.

mod support;

use std::io::Write;
use std::time::{Duration, Instant};

use support::Workplace;

const GOOD: &str = "rock salt\n5.64\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n";

/// Featurizes `input` and expects so many records, of which these are in quarantine: origin, code and part of the reason.
fn quarantined(work: &Workplace, input: &[&str], read: usize, expected: &[(&str, &str, &str)]) {
    let mut arguments = vec!["featurize"];
    arguments.extend_from_slice(input);
    arguments.extend_from_slice(&["-o", "out.h5"]);
    if !input.contains(&"--descriptors") && !input.contains(&"--preset") {
        arguments.extend_from_slice(&["--descriptors", "density"]);
    }
    let ran = work.run(&arguments).expect(if expected.is_empty() { 0 } else { 2 });
    let (kept, faulted) = (read - expected.len(), expected.len());
    let ledger = format!("read {read} = kept {kept} + rejected 0 + undecided 0 + faulted {faulted}");
    assert!(ran.stderr().contains(&ledger), "{ledger} is not in {}", ran.stderr());
    let listed = quarantine(work, "out.h5");
    for (origin, code, reason) in expected {
        let found = listed.iter().any(|(place, own, detail)| place == origin && own == code && detail.contains(reason));
        assert!(found, "{origin}: {code}: {reason} is not in\n{listed:#?}");
    }
    assert_eq!(listed.len(), faulted, "{listed:#?}");
}

/// Origin, code and reason of everything in quarantine.
fn quarantine(work: &Workplace, result: &str) -> Vec<(String, String, String)> {
    let told = work.run(&["show", result, "--quarantine", "--json"]).expect(0).stdout();
    let listed: Vec<serde_json::Value> = serde_json::from_str(&told).expect("JSON");
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("a text").to_owned();
    listed.iter().map(|row| (text(row, "origin"), text(row, "code"), text(row, "detail"))).collect()
}

/// The same with everything that a structure can be.
fn poscar(cell: [&str; 3], atoms: &str) -> String {
    format!("x\n1\n{}\n{}\n{}\nFe\n{}\nDirect\n{atoms}", cell[0], cell[1], cell[2], atoms.lines().count())
}

#[test]
fn cells_without_volume_are_refused_and_left_handed_ones_read() {
    let work = Workplace::new();
    let atom = "0 0 0\n";
    work.write("d/good.vasp", GOOD);
    work.write("d/left.vasp", poscar(["0 3 0", "3 0 0", "0 0 3"], atom));
    work.write("d/nan.vasp", poscar(["nan 0 0", "0 3 0", "0 0 3"], atom));
    work.write("d/inf.vasp", poscar(["inf 0 0", "0 3 0", "0 0 3"], atom));
    work.write("d/huge.vasp", poscar(["1e200 0 0", "0 1e200 0", "0 0 1e200"], atom));
    work.write("d/flat.vasp", poscar(["3 0 0", "0 3 0", "3 3 0"], atom));
    work.write("d/zero.vasp", poscar(["0 0 0", "0 3 0", "0 0 3"], atom));
    work.write("d/tiny.vasp", poscar(["1e-200 0 0", "0 1e-200 0", "0 0 1e-200"], atom));
    let faults = ["nan", "inf", "huge", "flat", "zero", "tiny"].map(|name| format!("d/{name}.vasp#0"));
    let expected: Vec<_> =
        faults.iter().map(|name| (name.as_str(), "zero-volume", "line 5: the cell vectors")).collect();
    quarantined(&work, &["d"], 8, &expected);
    // 55.845 u in 27 Å³ (standard atomic weight, 1.66053907 g/cm³ for u/Å³), whichever way the vectors turn.
    let told = work.run(&["explain", "out.h5", "left"]).expect(0).stdout();
    assert!(told.contains("3.434"), "{told}");
}

/// Also guards the order of quarantine: overlap is found after everything that readers find, in a file before theirs. Results
/// once refused rows that do not ascend, and the run ended.
#[test]
fn atoms_that_overlap_or_are_none_are_refused() {
    let work = Workplace::new();
    let cell = ["3 0 0", "0 3 0", "0 0 3"];
    work.write("d/good.vasp", GOOD);
    work.write("d/same.vasp", poscar(cell, "0 0 0\n1 0 0\n"));
    work.write("d/unknown.vasp", GOOD.replace("Na Cl", "Na Qx"));
    work.write("d/nowhere.vasp", poscar(cell, "0 0 0\nnan 0 0\n"));
    work.write("d/cut.vasp", &GOOD[..GOOD.len() - 12]);
    work.write(
        "d/unknown.xyz",
        "1\nLattice=\"3 0 0 0 3 0 0 0 3\"\nQx 0 0 0\n1\nLattice=\"3 0 0 0 3 0 0 0 3\"\nFe 0 0 0\n",
    );
    quarantined(
        &work,
        &["d", "--descriptors", "density,effective_coordination"],
        7,
        &[
            ("d/same.vasp#0", "overlapping-atoms", "atoms 0 and 1 (from 0) lie 0.0000"),
            ("d/unknown.vasp#0", "unknown-element", "line 6: \"Qx\" names no element"),
            ("d/nowhere.vasp#0", "unparsable-poscar", "line 10: \"nan\" is not finite"),
            ("d/cut.vasp#0", "unparsable-poscar", "the file ends behind 1 of 2 positions"),
            ("d/unknown.xyz#0", "unknown-element", "line 3: \"Qx\" is no element"),
        ],
    );
}

#[test]
fn links_are_followed_where_they_lead_somewhere() {
    let work = Workplace::new();
    work.write("d/good.vasp", GOOD);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("loop.vasp", work.path("d/loop.vasp")).expect("link to itself");
        symlink("gone.vasp", work.path("d/dangling.vasp")).expect("link");
        symlink("..", work.path("d/up")).expect("link");
        symlink("/dev/zero", work.path("d/endless.vasp")).expect("link");
        work.write("e/other.vasp", GOOD);
        symlink(work.path("e"), work.path("d/e")).expect("link");
        quarantined(
            &work,
            &["d"],
            4,
            &[
                ("d/loop.vasp#0", "unparsable-record", "a link that leads nowhere"),
                ("d/dangling.vasp#0", "unparsable-record", "a link that leads nowhere"),
            ],
        );
    }
}

#[test]
fn hostile_members_of_archives_are_refused_and_the_others_read() {
    let work = Workplace::new();
    let mut tar = tar::Builder::new(Vec::new());
    for name in ["a/good.vasp", "../climbs.vasp", "/absolute.vasp", "C:\\drive.vasp", "z/good.vasp"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(GOOD.len() as u64);
        header.set_mode(0o644);
        // By hand: the crate refuses such names.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, GOOD.as_bytes()).expect("into memory");
    }
    for (name, kind) in [("soft.vasp", tar::EntryType::Symlink), ("hard.vasp", tar::EntryType::Link)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(kind);
        header.set_path(name).expect("short");
        header.set_link_name("/etc/passwd").expect("short");
        header.set_cksum();
        tar.append(&header, std::io::empty()).expect("into memory");
    }
    work.write("x.tar", tar.into_inner().expect("into memory"));
    quarantined(
        &work,
        &["x.tar"],
        7,
        &[
            ("x.tar!../climbs.vasp#0", "unparsable-record", "climbs out"),
            ("x.tar!/absolute.vasp#0", "unparsable-record", "absolute path"),
            ("x.tar!C:\\drive.vasp#0", "unparsable-record", "absolute path"),
            ("x.tar!soft.vasp#0", "unparsable-record", "a link inside an archive is not followed"),
            ("x.tar!hard.vasp#0", "unparsable-record", "a link inside an archive is not followed"),
        ],
    );
}

/// Makes a sparse file of so many gigabytes: zeros behind a front, which take no room on the disk.
fn sparse(work: &Workplace, name: &str, front: &str, gigabytes: u64) -> std::path::PathBuf {
    let path = work.write(name, front);
    let file = std::fs::OpenOptions::new().append(true).open(&path).expect("opens");
    file.set_len(gigabytes << 30).expect("grows");
    path
}

/// Peak memory of a process, in MB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let held = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    held.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
fn a_file_of_ten_gigabytes_is_too_large_in_bounded_memory_and_time() {
    let work = Workplace::new();
    sparse(&work, "d/a.vasp", GOOD, 10);
    work.write("d/b.vasp", GOOD);
    let begin = Instant::now();
    let mut command = work.command(&["featurize", "d", "--descriptors", "density", "-o", "out.h5"]);
    let mut child = command.stderr(std::process::Stdio::null()).spawn().expect("the program starts");
    let mut highest = 0;
    let ended = loop {
        highest = highest.max(peak(child.id()));
        // Most of the time goes into the digest of the file.
        assert!(begin.elapsed() < Duration::from_secs(300));
        std::thread::sleep(Duration::from_millis(5));
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            break ended;
        }
    };
    assert_eq!(ended.code(), Some(2));
    assert!(highest < 512, "{highest} MB");
    let listed = quarantine(&work, "out.h5");
    assert_eq!(listed.len(), 1);
    let (origin, code, reason) = &listed[0];
    assert_eq!((origin.as_str(), code.as_str()), ("d/a.vasp#0", "too-large"));
    assert!(reason.contains("longer than 67108864 bytes"), "{reason}");
}

#[test]
fn every_text_format_gives_up_on_gigabytes() {
    use matsieve::source::{Format, read_structures};
    let work = Workplace::new();
    let json = "[{\"lattice\": {\"matrix\": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]}, \"x\": \"";
    // Formats of one structure a file stop reading; the others look for the next one, in time that grows with the file.
    for (format, gigabytes, front) in [
        (Format::Poscar, 1000, GOOD),
        (Format::FhiAims, 1000, "lattice_vector 3 0 0\n"),
        (Format::Cif, 2, "data_x\n_cell_length_a 3\n"),
        (Format::Extxyz, 2, "2\nLattice=\"3 0 0 0 3 0 0 0 3\"\nFe 0 0 0\n"),
        (Format::PymatgenPrint, 2, "Full Formula (Fe1)\nabc : 3 3 3\n"),
        (Format::PymatgenJson, 2, json),
        (Format::OptimadeJsonl, 2, json),
        (Format::JarvisJson, 2, json),
    ] {
        let file = std::fs::File::open(sparse(&work, "big", front, gigabytes)).expect("opens");
        let mut codes = Vec::new();
        let begin = Instant::now();
        let mut stream = std::io::BufReader::with_capacity(1 << 20, file);
        read_structures(&mut stream, format, &mut |_, read| codes.push(read.expect_err("no structure").code.name()))
            .expect("zeros can be read");
        println!("{format}: {:.1} s", begin.elapsed().as_secs_f64());
        assert_eq!(codes, ["too-large"], "{format}");
        assert!(begin.elapsed() < Duration::from_secs(120), "{format}");
        assert!(peak(std::process::id()) < 1024);
    }
}

#[test]
fn bombs_in_archives_are_refused_and_the_others_read() {
    let work = Workplace::new();
    let options = zip::write::SimpleFileOptions::default();
    let mut writer = zip::ZipWriter::new(std::fs::File::create(work.path("bomb.zip")).expect("made"));
    let zeros = vec![b'0'; 1 << 20];
    for name in ["a/POSCAR", "b/zeros.vasp", "c/one_line.xyz", "d/POSCAR"] {
        writer.start_file(name, options).expect("begins");
        match name {
            "a/POSCAR" | "d/POSCAR" => writer.write_all(GOOD.as_bytes()).expect("written"),
            _ => (0..100).for_each(|_| writer.write_all(&zeros).expect("written")),
        }
    }
    writer.finish().expect("written");
    quarantined(
        &work,
        &["bomb.zip"],
        4,
        &[
            ("bomb.zip!b/zeros.vasp#0", "too-large", "longer than 67108864 bytes"),
            ("bomb.zip!c/one_line.xyz#0", "too-large", "longer than 67108864 bytes"),
        ],
    );
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    let work = Workplace::new();
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["a.vasp", "b.vasp"] {
        writer.start_file(name, options).expect("begins");
        writer.write_all(GOOD.as_bytes()).expect("written");
    }
    let mut bytes = writer.finish().expect("written").into_inner();
    // The directory's second entry points to the first member: what bombs of overlapping members do.
    let central: Vec<usize> = (0..bytes.len() - 4).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02")).collect();
    bytes[central[1] + 42..central[1] + 46].fill(0);
    work.write("overlap.zip", bytes);
    quarantined(
        &work,
        &["overlap.zip"],
        2,
        &[("overlap.zip!b.vasp#0", "unparsable-record", "shares its bytes with another member")],
    );
}

/// Found by fuzzing: the reason repeated the name of a member, which may be as long as its header.
#[test]
fn a_member_with_an_endless_name_has_a_short_reason() {
    let work = Workplace::new();
    let mut tar = tar::Builder::new(Vec::new());
    let name = format!("{}.vasp", "long".repeat(100_000));
    tar.append_pax_extensions([("path", name.as_bytes())]).expect("into memory");
    for _ in 0..2 {
        let mut header = tar::Header::new_gnu();
        header.set_size(GOOD.len() as u64);
        header.set_path("short.vasp").expect("short");
        header.set_cksum();
        tar.append(&header, GOOD.as_bytes()).expect("into memory");
    }
    work.write("x.tar", tar.into_inner().expect("into memory"));
    let origin = format!("x.tar!{}…#0", "long".repeat(25));
    quarantined(&work, &["x.tar"], 2, &[(&origin, "unparsable-record", "the member's name has 400005 bytes")]);
}

#[test]
fn deep_json_is_refused_whatever_its_depth() {
    let work = Workplace::new();
    let good = r#"{"lattice": {"matrix": [[3, 0, 0], [0, 3, 0], [0, 0, 3]]}, "sites": [{"species": [{"element": "Po"}], "abc": [0, 0, 0]}]}"#;
    let deep = "[".repeat(2_000_000);
    work.write("d/good.json", good);
    work.write("d/lists.json", format!("{{\"lattice\": {deep}"));
    work.write("d/objects.json", format!("{{\"sites\": [{}", "{\"species\": [".repeat(200_000)));
    work.write("d/passed.json", format!("{{\"x\": {deep}{}, {}", "]".repeat(2_000_000), &good[1..]));
    quarantined(
        &work,
        &["d"],
        4,
        &[("d/lists.json#0", "unparsable-json", "line 1: "), ("d/objects.json#0", "unparsable-json", "line 1: ")],
    );
}

#[test]
fn a_cell_of_a_hundred_thousand_atoms_takes_bounded_time_or_is_too_large() {
    let work = Workplace::new();
    // 47³ = 103,823 atoms on a simple cubic lattice, moved a little so that no two places are alike.
    let side = 47;
    let mut text = format!("big\n{}\n1 0 0\n0 1 0\n0 0 1\nFe\n{}\nDirect\n", 2.9 * f64::from(side), side * side * side);
    let mut noise = 1u32;
    for site in 0..side * side * side {
        let place = [site % side, site / side % side, site / side / side].map(|step| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(step) + f64::from(noise >> 16) / 65536.0 * 0.1) / f64::from(side)
        });
        text.push_str(&format!("{:.8} {:.8} {:.8}\n", place[0], place[1], place[2]));
    }
    work.write("d/big.vasp", text);
    work.write("d/good.vasp", GOOD);
    // Every descriptor of structures; those that need parameters have an example and are fitted.
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(&work.run(&["list", "descriptors", "--json"]).expect(0).stdout()).expect("JSON");
    let names: Vec<(&str, bool)> = listed
        .iter()
        .filter(|entry| entry["needs"]["structure"] == true)
        .map(|entry| (entry["name"].as_str().expect("a name"), entry.get("example").is_some()))
        .collect();
    assert!(names.len() > 15, "{names:?}");
    let mut faults = Vec::new();
    for (name, needs_parameters) in names {
        let begin = Instant::now();
        let mut arguments = vec!["featurize", "d", "--descriptors", name, "-o", "one.h5", "--force"];
        arguments.extend(needs_parameters.then_some("--fit"));
        let ran = work.run(&arguments);
        println!("{name}: {:.1} s", begin.elapsed().as_secs_f64());
        assert!([0, 2].contains(&ran.code()), "{name}: {}", ran.stderr());
        assert!(begin.elapsed() < Duration::from_secs(120), "{name}");
        faults.extend(quarantine(&work, "one.h5").into_iter().map(|(origin, code, _)| (name, origin, code)));
    }
    println!("{faults:?}");
    assert!(faults.iter().all(|(_, origin, code)| origin == "d/big.vasp#0" && code == "too-many-atoms"));
}
