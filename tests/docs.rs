//! Pages that are made from the registries. `MATSIEVE_WRITE_DOCS=1 cargo test --test docs` writes them again.

use std::fmt::Write as _;
use std::path::Path;

use matsieve::candidate::FaultCode;
use matsieve::descriptor::{Member, PRESETS, REGISTRY};

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

/// What descriptors of quantities of sites have in common.
const SITES: &str = r#"
## Statistics of sites

Descriptors that compute quantities of each site and then statistics over sites have these parameters:

| parameter | meaning |
|---|---|
| `statistics` | list of `minimum`, `maximum`, `range`, `mean`, `avg_dev` (mean absolute deviation), `std_dev` (of the population), `geom_std_dev`, `holder_mean::p` (power mean, p from -9 to 9, 0 is geometric) |
| `resolve` | `"all"` (default): all sites alike, as published. `"species"`: a block of columns for each element of `species`, over its own sites; NaN where a structure has none, and elements that are not listed have no columns. `"orbits"`: all sites, those of one symmetry orbit sharing the weight of one. A list of these gives several blocks |
| `species` | elements with columns of their own, e.g. `["O", "Ti"]`, in any order |
| `symprec` | tolerance of the symmetry, in Å; default 0.01 |

An average over all sites says little of the two dopants among two hundred atoms, and nothing of what a perovskite's A, B and X sites
look like each: that is what `species` and `orbits` keep. With the defaults labels and numbers are those of the reference.

```toml
[[descriptor]]
name       = "crystal_nn_fingerprint"
statistics = ["mean", "std_dev"]
resolve    = ["all", "species"]
species    = ["O", "Ti", "Sr"]
```

## Widths that depend on the candidates

How many columns `sine_matrix`, `coulomb_matrix` (`max_atoms`), `acsf`, `partial_rdf`, `soap` without compression and statistics by
species (`species`) have is known before a run: from the plan, or from a first pass over the candidates, `matsieve featurize --fit`
(`train --fit`, `evaluate --fit`), which stores what it found in the parameters of the result or the model. A cell with more atoms
than `max_atoms` is a fault, `too-many-atoms`. Parameters of the descriptors of a preset stand in a table of the descriptor's name:

```toml
[[descriptor]]
preset      = "matbench-rf"
sine_matrix = { max_atoms = 200 }
```

On the command line they read `--set sine_matrix.max_atoms=200`.
"#;

#[test]
fn descriptor_page_is_the_registry() {
    let mut page = String::from(
        "# Descriptors\n\nMade from the registry by `tests/docs.rs`. Labels are those of matminer 0.10.1. NaN means: not defined \
         for this candidate by the\ndefinition. Formulas are reduced first. `matsieve list descriptors --json` prints the same.\n\n\
         | name | columns | needs | version | |\n|---|---|---|---|---|\n",
    );
    let mut details = String::new();
    for entry in REGISTRY {
        let (descriptor, example) = entry.listed();
        let columns = descriptor.columns();
        let width = example.as_ref().map_or_else(|| columns.len().to_string(), |_| "from the plan".to_owned());
        let needs = if descriptor.needs().structure { "structure" } else { "composition" };
        let (name, version, summary) = (entry.name, descriptor.version(), entry.summary);
        writeln!(page, "| `{name}` | {width} | {needs} | {version} | {summary} |").expect("text");
        write!(details, "\n## `{name}`\n\n{summary}.\n\n").expect("text");
        for reference in descriptor.references() {
            writeln!(details, "- {}: {}", reference.doi, reference.taken).expect("text");
        }
        let parameters = descriptor.parameters();
        match &example {
            Some(example) => {
                write!(details, "\nFor example with `{example}`, parameters: `{parameters}`.\n").expect("text")
            }
            None if parameters.as_object().is_some_and(|object| object.is_empty()) => {}
            // Digests of tables are of no use to readers.
            None if name == "policy" => {}
            None => write!(details, "\nParameters: `{parameters}`.\n").expect("text"),
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
    page.push_str(SITES);
    page.push_str("\nPresets:\n\n");
    for preset in PRESETS {
        let of = |member: &Member| match member.parameters {
            "{}" => member.name.to_owned(),
            parameters => format!("{} with `{parameters}`", member.name),
        };
        let names: Vec<String> = preset.descriptors.iter().map(of).collect();
        writeln!(page, "- `{}`: {} ({})", preset.name, preset.summary, names.join(", ")).expect("text");
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
