//! Learning at the shell: missing targets, classes, logarithms and corrections.

mod support;

use serde_json::Value;
use support::Workplace;

const ROWS: usize = 90;

/// Formulas Na1Cl99 to Na90Cl10: the share of sodium is `row + 1` percent.
fn table(header: &str, columns: impl Fn(usize) -> String) -> String {
    let rows = (0..ROWS).map(|row| format!("Na{}Cl{},{}\n", row + 1, 99 - row, columns(row)));
    format!("formula,{header}\n{}", rows.collect::<String>())
}

fn train<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["train", "t.csv", "--target", "y", "--descriptors", "element_fraction", "--members", "extra_trees:20"];
    [&fixed[..], &["-o", out], more].concat()
}

fn evaluate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["evaluate", "t.csv", "--target", "y", "--descriptors", "element_fraction", "--members"];
    [&fixed[..], &["extra_trees:20", "--json"], more].concat()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn predicted(work: &Workplace, model: &str, formula: &str) -> Value {
    json(&work.run(&["predict", model, "--formula", formula, "--json"]).expect(0).stdout())[0].clone()
}

#[test]
fn rows_without_target_are_left_out_and_counted() {
    let work = Workplace::new();
    work.write("t.csv", table("y", |row| if row % 9 == 4 { " ".into() } else { row.to_string() }));
    let ran = work.run(&train("m.msm", &[])).expect(0);
    assert!(ran.stderr().contains("10 rows have no target and are left out"), "{}", ran.stderr());
    let card = json(&work.run(&["model", "card", "m.msm", "--json"]).expect(0).stdout());
    assert_eq!((&card["training"]["rows"], &card["training"]["without_target"]), (&80.into(), &10.into()));
    // Rows of folds are those of the table: 4 and 13 have no target.
    work.write("f.json", r#"{"folds": [{"test": [3, 4, 5]}, {"test": [12, 13]}]}"#);
    let scores = json(&work.run(&evaluate(&["--folds", "f.json", "-o", "p.csv"])).expect(0).stdout());
    assert_eq!((&scores["n"], &scores["n_without_target"]), (&3.into(), &10.into()));
    let text = std::fs::read_to_string(work.path("p.csv")).expect("predictions");
    let rows: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(rows, ["3", "5", "12"]);
}

#[test]
fn target_that_is_no_number_is_refused_with_file_and_line() {
    let work = Workplace::new();
    for bad in ["NaN", "inf", "n/a"] {
        work.write("t.csv", table("y", |row| if row == 7 { bad.into() } else { row.to_string() }));
        let ran = work.run(&train("m.msm", &["--task", "regression"])).expect(1);
        // Row 7 stands in line 9, below the header.
        assert!(ran.stderr().contains(bad) && ran.stderr().contains("t.csv#7, line 9"), "{}", ran.stderr());
    }
}

#[test]
fn contradicting_duplicates_are_told() {
    let work = Workplace::new();
    let text = table("y", |row| row.to_string()) + "Na1Cl99,5\n";
    work.write("t.csv", text);
    for ran in [work.run(&train("m.msm", &[])).expect(0), work.run(&evaluate(&["--split", "kfold:3"])).expect(0)] {
        assert!(ran.stderr().contains("1 groups of equal features have different targets, by up to 5.0000"));
    }
}

#[test]
fn three_classes_go_from_a_table_to_a_result() {
    let work = Workplace::new();
    let class = |row: usize| ["amorphous", "bcc", "fcc"][row / 30];
    work.write("t.csv", table("y", |row| class(row).into()));
    work.run(&train("m.msm", &[])).expect(0);
    for (formula, class) in [("Na10Cl90", "amorphous"), ("Na45Cl55", "bcc"), ("Na80Cl20", "fcc")] {
        let answer = predicted(&work, "m.msm", formula);
        assert_eq!(answer["class"], class, "{answer}");
        let sum: f64 = answer["probability"].as_object().expect("classes").values().filter_map(Value::as_f64).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{answer}");
    }
    let scores = json(&work.run(&evaluate(&["--split", "stratified:3"])).expect(0).stdout());
    // Only rows beside the two borders are hard to tell.
    assert!(scores["balanced_accuracy"].as_f64().expect("a score") > 0.9, "{scores}");
    assert!(scores["roc_auc"].as_f64().expect("a score") > 0.95, "{scores}");

    let plan = "[source]\ncsv = 't.csv'\n[[surrogate]]\nmodel = 'm.msm'\nas = 'phase'\n\
        [[filter]]\nname = 'window'\ncolumn = 'phase.probability.bcc'\nabove = 0.5\n";
    work.write("p.toml", plan);
    work.run(&["screen", "p.toml", "-q", "-o", "o.h5"]).expect(0);
    work.run(&["verify", "o.h5"]).expect(0);
    work.run(&["export", "o.h5", "-o", "o.csv"]).expect(0);
    let text = std::fs::read_to_string(work.path("o.csv")).expect("exported");
    let header = text.lines().next().expect("a header");
    for class in ["amorphous", "bcc", "fcc"] {
        assert!(header.contains(&format!("phase.probability.{class}")), "{header}");
    }
}

#[test]
fn too_many_classes_are_refused() {
    let work = Workplace::new();
    work.write("t.csv", table("y", |row| format!("class {row}")));
    let ran = work.run(&train("m.msm", &[])).expect(1);
    assert!(ran.stderr().contains("90 different values, classification needs 2 to 32"), "{}", ran.stderr());
}

#[test]
fn logarithm_keeps_intervals_positive_and_stands_in_the_card() {
    let work = Workplace::new();
    // Sizes from 1 to 5,000, each off by up to a factor of two.
    let size = |row: usize| (1.1f64).powi(row as i32) * [0.5, 1.0, 2.0][row * 7 % 3];
    work.write("t.csv", table("y", |row| size(row).to_string()));
    work.run(&train("m.msm", &["--transform", "log", "-q"])).expect(0);
    let card = json(&work.run(&["model", "card", "m.msm", "--json"]).expect(0).stdout());
    assert_eq!(card["target"]["transform"], "log");
    for formula in ["Na2Cl98", "Na50Cl50", "Na89Cl11"] {
        let answer = predicted(&work, "m.msm", formula);
        let of = |name: &str| answer[name].as_f64().expect("a number");
        assert!(0.0 < of("lower") && of("lower") < of("value") && of("value") < of("upper"), "{answer}");
        // Symmetric in the logarithm.
        let (down, up) = ((of("value") / of("lower")).ln(), (of("upper") / of("value")).ln());
        assert!((down - up).abs() < 1e-9, "{answer}");
    }
    work.write("t.csv", table("y", |row| row.to_string()));
    let ran = work.run(&train("n.msm", &["--transform", "log"])).expect(1);
    assert!(ran.stderr().contains("a logarithm needs positive targets"), "{}", ran.stderr());
}

#[test]
fn correction_to_a_column_needs_that_column() {
    let work = Workplace::new();
    // The cheap column jumps about; what is missing from it is a smooth function of the composition.
    let base = |row: usize| 100.0 * ((row * 37 % 89) as f64);
    work.write("t.csv", table("y,cheap", |row| format!("{},{}", base(row) + row as f64, base(row))));
    work.run(&train("m.msm", &["--base", "cheap", "-q"])).expect(0);
    let scores = json(&work.run(&evaluate(&["--split", "kfold:3", "--base", "cheap"])).expect(0).stdout());
    // The correction runs from 0 to 89; targets from 0 to 8,900.
    assert!(scores["mae"].as_f64().expect("a score") < 10.0, "{scores}");

    let plan = "[[surrogate]]\nmodel = 'm.msm'\nas = 'y'\n";
    work.write("p.toml", format!("[source]\ncsv = 't.csv'\n{plan}"));
    let ran = work.run(&["screen", "p.toml", "-o", "o.h5"]).expect(1);
    assert!(ran.stderr().contains("cheap"), "{}", ran.stderr());
    work.write("q.toml", format!("[source]\ncsv = 't.csv'\ncolumns = [{{ name = 'cheap' }}]\n{plan}"));
    work.run(&["screen", "q.toml", "-q", "-o", "q.h5"]).expect(0);
    // The verb carries the column without being told.
    work.run(&["predict", "m.msm", "t.csv", "-q", "-o", "p.h5"]).expect(0);
    for result in ["q.h5", "p.h5"] {
        let table = format!("{result}.csv");
        work.run(&["export", result, "-o", &table]).expect(0);
        let text = std::fs::read_to_string(work.path(&table)).expect("exported");
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let place = header.iter().position(|name| name.ends_with(".value")).expect("the column");
        for (row, line) in lines.enumerate() {
            let value: f64 = line.split(',').nth(place).expect("a field").parse().expect("a number");
            assert!((value - base(row) - row as f64).abs() < 10.0, "{line}");
        }
    }
    let ran = work.run(&["predict", "m.msm", "--formula", "NaCl"]).expect(1);
    assert!(ran.stderr().contains("cheap"), "{}", ran.stderr());
    let ran = work.run(&train("n.msm", &["--base", "y"])).expect(1);
    assert!(ran.stderr().contains("the target itself"), "{}", ran.stderr());
    let ran = work.run(&train("n.msm", &["--base", "cheap", "--transform", "log"])).expect(1);
    assert!(ran.stderr().contains("exclude each other"), "{}", ran.stderr());
}

#[test]
fn several_targets_give_the_models_and_scores_of_each_alone() {
    let work = Workplace::new();
    let cell = |row: usize| format!("{row},{}", if row % 9 == 4 { String::new() } else { (row * row).to_string() });
    work.write("t.csv", table("y,b/z", cell));
    let common = ["--descriptors", "element_fraction", "--members", "extra_trees:20"];
    let both =
        [&["train", "t.csv", "--target", "y", "--target", "b/z", "--unit", "eV", "--unit", "1"][..], &common].concat();
    let refused = work.run(&[&both[..], &["-o", "m.msm"]].concat()).expect(1);
    assert!(refused.stderr().contains("{target}"), "{}", refused.stderr());
    work.run(&[&both[..], &["--name", "m", "-o", "m-{target}.msm"]].concat()).expect(0);
    for (target, unit, file) in [("y", "eV", "m-y.msm"), ("b/z", "1", "m-b_z.msm")] {
        let alone = ["train", "t.csv", "--target", target, "--unit", unit, "--name", "m", "-o", "alone.msm"];
        work.run(&[&alone[..], &common].concat()).expect(0);
        let bytes = |name: &str| std::fs::read(work.path(name)).expect("a model");
        assert!(bytes(file) == bytes("alone.msm"), "{target} differs");
    }
    let scores = |targets: &[&str]| {
        let split = ["--split", "kfold:3", "--json"];
        let all = [&["evaluate", "t.csv"], targets, &common, &split].concat();
        json(&work.run(&all).expect(0).stdout())
    };
    let together = scores(&["--target", "y", "--target", "b/z"]);
    for (place, target) in ["y", "b/z"].into_iter().enumerate() {
        let alone = scores(&["--target", target]);
        for key in ["target", "n", "n_without_target", "mae", "coverage_90"] {
            assert_eq!(together[place][key], alone[key], "{key} of {target}");
        }
    }
    let twice = work.run(&[&both[..], &["--target", "y", "-o", "m-{target}.msm"]].concat()).expect(1);
    assert!(twice.stderr().contains("for 3 targets") || twice.stderr().contains("named twice"), "{}", twice.stderr());
    let clash = ["train", "t.csv", "--target", "b/z", "--target", "b:z", "-o", "m-{target}.msm"];
    let clash = work.run(&[&clash[..], &common].concat()).expect(1);
    assert!(clash.stderr().contains("two targets would be written to m-b_z.msm"), "{}", clash.stderr());
}
