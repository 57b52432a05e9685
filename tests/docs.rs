//! Pages that are made from the registries. `MATSIEVE_WRITE_DOCS=1 cargo test --test docs` writes them again.

use std::fmt::Write as _;
use std::path::Path;

use matsieve::candidate::FaultCode;
use matsieve::descriptor::{PRESETS, REGISTRY, build};

fn compare(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("MATSIEVE_WRITE_DOCS").is_some() {
        std::fs::write(&path, made).expect("docs are writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "docs/{name} is not what the registry says; run MATSIEVE_WRITE_DOCS=1 cargo test --test docs"
    );
}

/// Columns above which a page names the first and the last only.
const MOST_LISTED: usize = 150;

#[test]
fn descriptor_page_is_the_registry() {
    let mut page = String::from(
        "# Descriptors\n\nMade from the registry by `tests/docs.rs`. Labels are those of matminer 0.10.1. NaN means: not defined \
         for this candidate by the\ndefinition. Formulas are reduced first. `matsieve list descriptors --json` prints the same.\n\n\
         | name | columns | version | |\n|---|---|---|---|\n",
    );
    let mut details = String::new();
    for entry in REGISTRY {
        let Ok(descriptor) = build(entry.name, &serde_json::Value::Null) else {
            writeln!(page, "| `{}` | from the plan | | {} |", entry.name, entry.summary).expect("text");
            continue;
        };
        let columns = descriptor.columns();
        writeln!(page, "| `{}` | {} | {} | {} |", entry.name, columns.len(), descriptor.version(), entry.summary)
            .expect("text");
        write!(details, "\n## `{}`\n\n{}.\n\n", entry.name, entry.summary).expect("text");
        for reference in descriptor.references() {
            writeln!(details, "- {}: {}", reference.doi, reference.taken).expect("text");
        }
        details.push_str("\nColumns: ");
        let list: Vec<String> = columns
            .iter()
            .map(|column| match column.unit.text() {
                "1" => format!("`{}`", column.label),
                unit => format!("`{}` ({unit})", column.label),
            })
            .collect();
        match list.as_slice() {
            [first, second, .., last] if list.len() > MOST_LISTED => {
                write!(details, "{first}, {second}, … {last} ({} in all)", list.len()).expect("text");
            }
            all => details.push_str(&all.join(", ")),
        }
        details.push_str(".\n");
    }
    page.push_str("\nPresets:\n\n");
    for preset in PRESETS {
        writeln!(page, "- `{}`: {} ({})", preset.name, preset.summary, preset.descriptors.join(", ")).expect("text");
    }
    page.push_str(&details);
    compare("descriptors.md", &page);
}

#[test]
fn fault_page_is_the_list_of_codes() {
    let mut page = String::from(
        "# Faults and exit codes\n\nA fault belongs to one candidate and never stops a run: the candidate goes to `/quarantine` with \
         stage, code and detail.\nAn error ends the run.\n\n| code | meaning |\n|---|---|\n",
    );
    for code in FaultCode::ALL {
        writeln!(page, "| `{}` | {} |", code.name(), code.meaning().trim()).expect("text");
    }
    page.push_str(
        "\n| exit code | meaning | what to do |\n|---|---|---|\n| 0 | done | |\n| 1 | usage or plan error, or something \
         that cannot be read or written | read the message and its hint |\n| 2 | faults above the allowed fraction (any, with \
         `--strict`) | `matsieve show RESULT.h5 --quarantine` |\n| 3 | interrupted, or out of time budget | run the same \
         command again |\n| 4 | verification failed | the message names what is altered; compute the file again |\n",
    );
    compare("faults.md", &page);
}
