//! The floors of the house: who may import whom, and what may not be written where.
//!
//! Guards the promises that reviews forget: siblings on one floor never import one another, output never depends on a
//! hash map's order, a float sum never depends on the number of threads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FLOORS: &[(&str, u8)] = &[
    ("product", 0),
    ("random", 0),
    ("units", 1),
    ("chem", 1),
    ("crystal", 1),
    ("candidate", 2),
    ("source", 3),
    ("descriptor", 3),
    ("surrogate", 3),
    ("filter", 3),
    ("rank", 3),
    ("sink", 3),
    ("screen", 4),
    ("report", 5),
    ("cli", 5),
];

/// Imports allowed on the same floor: chem reads units, crystals know elements; the command line calls the report.
const SAME_FLOOR: &[(&str, &str)] = &[("chem", "units"), ("crystal", "chem"), ("crystal", "units"), ("cli", "report")];

const LONGEST_FILE: usize = 600;

struct File {
    path: PathBuf,
    room: String,
    /// Text without the test module at the foot, comments and strings kept.
    body: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut pending = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("source is UTF-8");
                let body = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                let relative = path.strip_prefix(&root).expect("inside src");
                let first = relative.components().next().expect("not empty").as_os_str();
                let room = Path::new(first).file_stem().expect("name").to_string_lossy().into_owned();
                files.push(File { path: relative.to_owned(), room, body });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 30, "found only {} files", files.len());
    files
}

fn code_lines(body: &str) -> impl Iterator<Item = &str> {
    body.lines().map(|line| line.split(" // ").next().unwrap_or_default().trim()).filter(|line| !line.starts_with("//"))
}

/// Rooms named after `crate::` in a body, inside groups (`crate::{a, b}`) too.
fn imported_rooms(body: &str) -> BTreeSet<String> {
    let code: String = code_lines(body).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for (position, _) in code.match_indices("crate::") {
        let rest = &code[position + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut name = String::new();
            let mut at_start = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => at_start = true,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                if depth == 1 && at_start && (c.is_alphanumeric() || c == '_') {
                    name.push(c);
                } else if !name.is_empty() {
                    rooms.insert(std::mem::take(&mut name));
                    at_start = false;
                }
            }
            if !name.is_empty() {
                rooms.insert(name);
            }
        } else {
            rooms.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

#[test]
fn rooms_import_only_from_floors_below() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|f| f.room != "lib" && f.room != "main") {
        let own = floor(&file.room).unwrap_or_else(|| panic!("{} is in no room", file.path.display()));
        for target in imported_rooms(&file.body) {
            let Some(other) = floor(&target) else { continue };
            let same = SAME_FLOOR.contains(&(file.room.as_str(), target.as_str()));
            if target != file.room && other >= own && !same {
                broken.push(format!("{} imports {target}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn groups_of_imports_are_read() {
    let rooms = imported_rooms(
        "use crate::{chem::{Element, units}, sink};\nfn f() { crate::rank::g() } // crate::cli\n// crate::report",
    );
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), ["chem", "rank", "sink"].map(String::from).to_vec());
}

#[test]
fn libraries_stay_in_their_rooms() {
    let rules: &[(&str, &[&str])] =
        &[("rayon", &["screen", "surrogate"]), ("hdf5", &["sink"]), ("hdf5_sys", &["sink"]), ("clap", &["cli"])];
    let mut broken = Vec::new();
    for file in files() {
        for (library, rooms) in rules {
            let used = code_lines(&file.body).any(|line| {
                line.contains(&format!("{library}::")) && !line.contains(&format!("_{library}::"))
                    || line.contains(&format!("use {library};"))
            });
            if used && !rooms.contains(&file.room.as_str()) && file.room != "main" {
                broken.push(format!("{} uses {library}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn output_never_depends_on_a_hash_map() {
    let mut broken = Vec::new();
    for file in files() {
        if ["sink", "rank", "report", "screen"].contains(&file.room.as_str())
            && code_lines(&file.body).any(|line| line.contains("HashMap") || line.contains("HashSet"))
        {
            broken.push(file.path);
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn only_the_command_line_talks() {
    let mut broken = Vec::new();
    for file in files() {
        let talks = |line: &str| ["println!(", "print!(", "eprintln!(", "eprint!("].iter().any(|m| line.contains(m));
        if file.room != "cli" && file.room != "main" && code_lines(&file.body).any(talks) {
            broken.push(file.path);
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn no_parallel_float_sum() {
    let mut broken = Vec::new();
    for file in files() {
        let code: String = code_lines(&file.body).collect::<Vec<_>>().join(" ");
        for (position, _) in code.match_indices("par_") {
            let rest = &code[position..];
            let end = rest.find(';').into_iter().chain(rest.find(" fn ")).min().unwrap_or(rest.len());
            let statement = &rest[..end];
            if [".sum()", ".sum::<", ".reduce(", ".product("].iter().any(|m| statement.contains(m)) {
                broken.push(format!("{}: {statement}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = files()
        .into_iter()
        .map(|f| (f.body.lines().count(), f.path))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_file_of_a_registry_room_is_declared() {
    let all = files();
    let mut broken = Vec::new();
    for room in ["descriptor", "source", "filter"] {
        let module = all.iter().find(|f| f.path == Path::new(room).join("mod.rs")).expect("mod.rs");
        for file in all.iter().filter(|f| f.room == room && f.path.parent() == Some(Path::new(room))) {
            let name = file.path.file_stem().expect("name").to_string_lossy();
            if name != "mod" && !module.body.contains(&format!("mod {name};")) {
                broken.push(file.path.clone());
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}
