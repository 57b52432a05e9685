//! The program at the shell: exit codes, what goes to stdout and stderr, what bad input says.

mod support;

use support::Workplace;

const TABLE: &str = "id,formula\na,Fe2O3\nb,NaCl\nc,LiFePO4\nd,TiO2\n";

#[test]
fn version_names_program_version_and_commit() {
    let work = Workplace::new();
    let told = work.run(&["--version"]).expect(0).stdout();
    assert!(told.starts_with(concat!("matsieve ", env!("CARGO_PKG_VERSION"), " (")), "{told}");
}

#[test]
fn unknown_verb_is_a_usage_error() {
    let work = Workplace::new();
    let ran = work.run(&["scren"]).expect(1);
    assert!(ran.stderr().contains("screen"), "no suggestion: {}", ran.stderr());
}

#[test]
fn featurize_stores_every_candidate_and_prints_the_ledger() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    let ran = work.run(&["featurize", "t.csv", "--descriptors", "magpie", "-o", "t.h5"]).expect(0);
    assert!(ran.stdout().is_empty(), "stdout is for data");
    assert!(ran.stderr().contains("read 4 = kept 4 + rejected 0 + undecided 0 + faulted 0"), "{}", ran.stderr());
    work.run(&["verify", "t.h5"]).expect(0);
}

#[test]
fn a_wrong_formula_is_quarantined_with_line_and_reason() {
    let work = Workplace::new();
    work.write("t.csv", "id,formula\na,Fe2O3\nb,Xx2O3\nc,CuSO4.5H2O\n");
    let ran = work.run(&["featurize", "t.csv", "--descriptors", "stoichiometry", "-o", "t.h5"]).expect(2);
    assert!(ran.stderr().contains("faults are above the allowed fraction"), "{}", ran.stderr());
    let shown = work.run(&["explain", "t.h5", "b"]).expect(0).stdout();
    assert!(shown.contains("unknown-element") && shown.contains("line 3") && shown.contains("Xx"), "{shown}");
    let listed = work.run(&["show", "t.h5", "--quarantine"]).expect(0).stdout();
    assert!(listed.contains("unknown-element") && listed.contains("ambiguous-formula"), "{listed}");
    let shown = work.run(&["explain", "t.h5", "c"]).expect(0).stdout();
    assert!(shown.contains("ambiguous-formula") && shown.contains("line 4"), "{shown}");
}

#[test]
fn strict_allows_no_fault() {
    let work = Workplace::new();
    let rows: String = (0..100).map(|i| if i == 50 { "Xx\n".into() } else { "NaCl\n".to_owned() }).collect();
    work.write("t.csv", format!("formula\n{rows}"));
    let arguments = ["featurize", "t.csv", "--descriptors", "stoichiometry", "-o"];
    work.run(&[&arguments[..], &["a.h5"]].concat()).expect(0);
    work.run(&[&arguments[..], &["b.h5", "--strict"]].concat()).expect(2);
}

#[test]
fn wrong_column_lists_those_there_are() {
    let work = Workplace::new();
    work.write("t.csv", "name,value\nFe2O3,1\n");
    let ran = work.run(&["featurize", "t.csv", "--descriptors", "magpie", "-o", "t.h5"]).expect(1);
    assert!(ran.stderr().contains("name") && ran.stderr().contains("value"), "{}", ran.stderr());
    let ran = work.run(&["featurize", "t.csv", "--formula", "nmae", "--descriptors", "magpie", "-o", "t.h5"]).expect(1);
    assert!(ran.stderr().contains("did you mean \"name\""), "{}", ran.stderr());
    assert!(!work.path("t.h5").exists());
}

#[test]
fn empty_and_missing_inputs_are_errors_that_name_the_file() {
    let work = Workplace::new();
    work.write("empty.csv", "");
    for name in ["empty.csv", "missing.csv"] {
        let ran = work.run(&["featurize", name, "--descriptors", "magpie", "-o", "t.h5"]).expect(1);
        assert!(ran.stderr().contains(name), "{}", ran.stderr());
    }
}

#[test]
fn an_output_of_another_plan_is_refused_unless_forced() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    work.run(&["featurize", "t.csv", "--descriptors", "magpie", "-o", "t.h5"]).expect(0);
    let other = ["featurize", "t.csv", "--descriptors", "stoichiometry", "-o", "t.h5"];
    let ran = work.run(&other).expect(1);
    assert!(ran.stderr().contains("another run") && ran.stderr().contains("--force"), "{}", ran.stderr());
    work.run(&[&other[..], &["--force"]].concat()).expect(0);
    work.write("t.csv", "formula\nNaCl\n");
    let ran = work.run(&other).expect(1);
    assert!(ran.stderr().contains("inputs"), "what differs is not named: {}", ran.stderr());
}

#[test]
fn the_same_command_again_is_already_complete() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    let arguments = ["featurize", "t.csv", "--descriptors", "magpie", "-o", "t.h5"];
    work.run(&arguments).expect(0);
    let before = std::fs::read(work.path("t.h5")).expect("result");
    let again = work.run(&arguments).expect(0);
    assert!(again.stderr().contains("already complete"), "{}", again.stderr());
    assert_eq!(before, std::fs::read(work.path("t.h5")).expect("result"));
}

#[test]
fn a_flipped_byte_fails_verification_with_exit_4() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    work.run(&["featurize", "t.csv", "--descriptors", "magpie", "-q", "-o", "t.h5"]).expect(0);
    work.run(&["verify", "t.h5"]).expect(0);
    let mut bytes = std::fs::read(work.path("t.h5")).expect("result");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    work.write("runs/b.h5", &bytes);
    std::fs::copy(work.path("t.h5"), work.path("runs/a.h5")).expect("copied");
    std::fs::write(work.path("t.h5"), bytes).expect("altered");
    work.run(&["verify", "t.h5"]).expect(4);
    let told = work.run(&["verify", "runs", "-q"]).expect(4).stdout();
    assert!(told.contains("a.h5: intact") && told.contains("b.h5: ALTERED"), "{told}");
    work.write("empty/readme.txt", "nothing");
    assert!(work.run(&["verify", "empty"]).expect(1).stderr().contains("holds no result file"));
}

#[test]
fn dry_run_writes_nothing() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    work.write("p.toml", "[source]\ncsv = 't.csv'\n[[descriptor]]\nname = 'magpie'\n");
    let told = work.run(&["screen", "p.toml", "--dry-run"]).expect(0).stdout();
    assert!(told.contains("132 columns") && told.contains("memory"), "{told}");
    assert!(!work.path("p.h5").exists() && !work.path("p.h5.parts").exists());
}

#[test]
fn misspelt_keys_of_a_plan_are_refused_with_a_suggestion() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    for (text, suggestion) in [
        ("[sorce]\ncsv = 't.csv'", "source"),
        ("[source]\ncvs = 't.csv'", "csv"),
        ("[source]\ncsv = 't.csv'\nfromula = 'x'", "formula"),
        ("[source]\nspcae = { elements = ['O'] }", "space"),
        ("[source]\nspace = { elemnts = ['O', 'Ti'], num_elements = 2 }", "elements"),
        ("[source]\ncsv = 't.csv'\n[[descriptor]]\nnmae = 'magpie'", "name"),
        ("[source]\ncsv = 't.csv'\n[[descriptor]]\nname = 'magpei'", "magpie"),
        ("[source]\ncsv = 't.csv'\n[[filter]]\nname = 'exclude'\nelements = ['O']", "excludes"),
        ("[source]\ncsv = 't.csv'\n[[filter]]\nname = 'excludes'\nelemnts = ['O']", "elements"),
        ("[source]\ncsv = 't.csv'\n[[surrogate]]\nmodle = 'a.msm'\nas = 'x'", "model"),
        ("[source]\ncsv = 't.csv'\n[rank]\nbye = []", "by"),
        ("[source]\ncsv = 't.csv'\n[sink]\nstroe = 'all'", "store"),
        ("[source]\ncsv = 't.csv'\n[run]\nsede = 1", "seed"),
    ] {
        work.write("p.toml", text);
        let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
        let told = ran.stderr();
        assert!(told.contains("did you mean"), "{text}\n{told}");
        assert!(
            told.contains(&format!("did you mean `{suggestion}`"))
                || told.contains(&format!("did you mean \"{suggestion}\"")),
            "{text}\n{told}"
        );
    }
}

#[test]
fn a_bare_number_is_refused_where_the_column_has_a_unit() {
    let work = Workplace::new();
    work.write("t.csv", "formula,gap\nFe2O3,2.1\nNaCl,8.5\n");
    let plan = |below: &str| {
        format!(
            "[source]\ncsv = 't.csv'\ncolumns = [{{ name = 'gap', unit = 'eV' }}]\n[[filter]]\nname = 'window'\ncolumn = 'gap'\nbelow = {below}\n"
        )
    };
    work.write("p.toml", plan("5.0"));
    let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
    assert!(ran.stderr().contains("eV"), "{}", ran.stderr());
    work.write("p.toml", plan("'5000 meV'"));
    let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(0);
    assert!(ran.stderr().contains("kept 1 + rejected 1"), "{}", ran.stderr());
}

#[test]
fn a_read_only_folder_is_a_clear_error() {
    let work = Workplace::new();
    work.write("t.csv", TABLE);
    let target = "/proc/out.h5";
    let ran = work.run(&["featurize", "t.csv", "--descriptors", "magpie", "-o", target]).expect(1);
    assert!(ran.stderr().contains("/proc/out.h5"), "{}", ran.stderr());
}

#[test]
fn completions_and_manual_are_printed() {
    let work = Workplace::new();
    assert!(work.run(&["completions", "bash"]).expect(0).stdout().contains("matsieve"));
    assert!(work.run(&["man"]).expect(0).stdout().contains(".TH matsieve"));
}

#[test]
fn the_model_on_board_predicts_at_the_shell_and_in_a_plan() {
    let work = Workplace::new();
    let told = work.run(&["predict", "expt_gap", "--formula", "GaAs", "--json"]).expect(0).stdout();
    let value: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let [lower, gap, upper] = ["lower", "value", "upper"].map(|key| value[0][key].as_f64().expect("number"));
    // Measured gap of GaAs at room temperature: 1.42 eV (Blakemore 1982, doi:10.1063/1.331665).
    assert!(lower <= gap && gap <= upper && lower < 1.42 && 1.42 < upper, "{told}");
    work.write("t.csv", TABLE);
    work.run(&["predict", "expt_gap", "t.csv", "-q", "-o", "p.h5"]).expect(0);
    let shown = work.run(&["explain", "p.h5", "b"]).expect(0).stdout();
    assert!(shown.contains("expt_gap") && shown.contains("NaCl"), "{shown}");
    work.run(&["list", "models"]).expect(0);
}

#[test]
fn all_models_on_board_answer_at_once() {
    let work = Workplace::new();
    let told = work.run(&["predict", "--all", "--formula", "Cs2AgBiBr6", "--json"]).expect(0).stdout();
    let answers: Vec<serde_json::Value> = serde_json::from_str(&told).expect("JSON");
    let listed = work.run(&["list", "models", "--json"]).expect(0).stdout();
    let models: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(answers.len(), models.len());
    assert!(
        answers.iter().all(|answer| answer["formula"] == "Cs2AgBiBr6" && answer["in_domain"].is_boolean()),
        "{told}"
    );
}

#[test]
fn folds_evaluated_one_by_one_are_joined_and_not_repeated() {
    let work = Workplace::new();
    let rows: String = (1..90).map(|i| format!("Na{i}Cl{},{},{}\n", i % 7 + 1, i % 10, 2000 + i % 9)).collect();
    work.write("t.csv", format!("formula,y,year\n{rows}"));
    let run = |more: &[&str]| {
        let base = ["evaluate", "t.csv", "--target", "y", "--descriptors", "stoichiometry,magpie", "--members"];
        let told = work.run(&[&base[..], &["extra_trees:5", "--json", "-q"], more].concat()).expect(0).stdout();
        serde_json::from_str::<serde_json::Value>(&told).expect("JSON")
    };
    let split = ["--split", "kfold:3"];
    let whole = run(&split);
    for fold in ["2", "0"] {
        run(&[&split[..], &["--fold", fold, "--checkpoint", "c"]].concat());
    }
    assert_eq!(std::fs::read_dir(work.path("c")).expect("folder").count(), 2);
    let joined = run(&[&split[..], &["--checkpoint", "c"]].concat());
    assert_eq!(std::fs::read_dir(work.path("c")).expect("folder").count(), 3);
    for key in ["mae", "n", "coverage_90", "crps", "nll", "unseen_formulas"] {
        assert_eq!(whole[key], joined[key], "{key}");
    }
    // Taken from the folder, times included; another seed is another fold.
    let again = run(&[&split[..], &["--checkpoint", "c"]].concat());
    assert_eq!(again, joined);
    run(&[&split[..], &["--checkpoint", "c", "--seed", "7"]].concat());
    assert_eq!(std::fs::read_dir(work.path("c")).expect("folder").count(), 6);
    let timed = run(&["--split", "time:3", "--by", "year"]);
    assert_eq!(timed["folds"].as_array().expect("folds").len(), 2);
}

#[test]
fn an_altered_or_missing_model_is_refused_by_name() {
    let work = Workplace::new();
    let rows: String = (1..60).map(|i| format!("Na{i}Cl,{i}\n")).collect();
    work.write("t.csv", format!("formula,y\n{rows}"));
    let train = [
        "train",
        "t.csv",
        "--target",
        "y",
        "--descriptors",
        "stoichiometry,magpie",
        "--members",
        "extra_trees:5",
        "-q",
    ];
    work.run(&[&train[..], &["-o", "m.msm"]].concat()).expect(0);
    let mut bytes = std::fs::read(work.path("m.msm")).expect("model");
    for (from, to, told) in [
        // Trained with another version; on a column that nobody computes.
        ("\"version\":1,\"parameters", "\"version\":7,\"parameters", "version 7 of descriptor \"stoichiometry\""),
        ("MagpieData mean Electronegativity", "MagpieData mean electronegativity", "mean electronegativity"),
    ] {
        work.write("other.msm", resealed(&bytes, from, to));
        work.write("p.toml", "[source]\ncsv = 't.csv'\n[[surrogate]]\nmodel = 'other.msm'\nas = 'y'\n");
        let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
        assert!(ran.stderr().contains("does not fit") && ran.stderr().contains(told), "{from}: {}", ran.stderr());
    }
    let place = bytes.windows(11).position(|w| w == b"\"version\":1").expect("the card is plain JSON") + 10;
    bytes[place] = b'7';
    work.write("other.msm", &bytes);
    let plan = "[source]\ncsv = 't.csv'\n[[surrogate]]\nmodel = 'other.msm'\nas = 'y'\n";
    work.write("p.toml", plan);
    // An altered card is found by the file's digest before anything else.
    let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
    assert!(ran.stderr().contains("other.msm"), "{}", ran.stderr());
    work.write("p.toml", plan.replace("other.msm", "nowhere.msm"));
    let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
    assert!(ran.stderr().contains("nowhere.msm"), "{}", ran.stderr());
}

#[test]
fn a_model_does_not_take_a_descriptor_with_other_tables_than_it_was_trained_on() {
    let work = Workplace::new();
    let rows: String = (1..60).map(|i| format!("Na{i}Cl,{i}\n")).collect();
    work.write("t.csv", format!("formula,y\n{rows}"));
    let train = ["train", "t.csv", "--target", "y", "--descriptors", "policy", "--members", "extra_trees:5", "-q"];
    work.run(&[&train[..], &["-o", "m.msm"]].concat()).expect(0);
    let plan = "[source]\ncsv = 't.csv'\n[[surrogate]]\nmodel = 'm.msm'\nas = 'y'\n";
    work.write("p.toml", plan);
    work.run(&["screen", "p.toml", "-q", "-o", "own.h5"]).expect(0);
    let prices = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/policy/price.csv"));
    let prices = prices.expect("the table of the repository").replace("\nNa,", "\nNa,1");
    work.write("prices.csv", prices);
    work.write("q.toml", format!("{plan}[[descriptor]]\nname = 'policy'\nprice = 'prices.csv'\n"));
    let ran = work.run(&["screen", "q.toml", "-o", "o.h5"]).expect(1);
    assert!(ran.stderr().contains("does not fit") && ran.stderr().contains("policy"), "{}", ran.stderr());
}

/// A model file with a changed card and a digest that fits.
fn resealed(model: &[u8], from: &str, to: &str) -> Vec<u8> {
    use sha2::Digest;
    let length = u64::from_le_bytes(model[16..24].try_into().expect("eight bytes")) as usize;
    let card = String::from_utf8(model[40..40 + length].to_vec()).expect("a card is text");
    assert!(card.contains(from), "the card has no {from}: {card}");
    let card = card.replacen(from, to, 1);
    let mut bytes = model[..40].to_vec();
    bytes[16..24].copy_from_slice(&(card.len() as u64).to_le_bytes());
    bytes.extend_from_slice(card.as_bytes());
    bytes.extend_from_slice(&model[40 + length..model.len() - 32]);
    let digest = sha2::Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}
