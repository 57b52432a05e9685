//! `matsieve model import` at the shell: foreign models in, predictions, cards and refusals out.

mod support;

use std::fmt::Write as _;

use support::Workplace;

/// One tree over two columns of magpie, named as LightGBM writes blanks: 1, 2 or 4 by the mean atomic number and the
/// range of electronegativities.
const MAGPIE: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=2
objective=regression
feature_names=MagpieData_mean_Number unused MagpieData_range_Electronegativity

Tree=0
num_leaves=3
num_cat=0
split_feature=0 2
threshold=10.5 1
decision_type=10 10
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 4

end of trees
";

/// The probability of the second class is 1 / (1 + exp(−x)) for the columns `a` and `b` of a table.
const TABLE: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b

Tree=0
num_leaves=2
split_feature=0
threshold=0.5
decision_type=10
left_child=-1
right_child=-2
leaf_value=-2 0

Tree=1
num_leaves=2
split_feature=1
threshold=0.5
decision_type=10
left_child=-1
right_child=-2
leaf_value=0 2

end of trees
";

fn import(work: &Workplace, more: &[&str]) {
    work.write("model.txt", MAGPIE);
    let mut arguments = vec!["model", "import", "model.txt", "-o", "m.msm", "--target", "y", "--unit", "eV"];
    arguments.extend(more);
    work.run(&arguments).expect(0);
}

#[test]
fn a_model_of_matminer_names_predicts_formulas_without_a_map() {
    let work = Workplace::new();
    import(&work, &["--licence", "CC0", "--source", "me"]);
    // Fe2O3: mean atomic number (2 · 26 + 3 · 8) / 5 = 15.2, electronegativities 1.83 and 3.44. Fe: 26, range 0. Li: 3.
    for (formula, value) in [("Fe2O3", "4.0000 eV"), ("Fe", "2.0000 eV"), ("Li", "1.0000 eV")] {
        let told = work.run(&["predict", "m.msm", "--formula", formula]).expect(0).stdout();
        assert!(told.contains(value) && told.contains("not calibrated") && told.contains("domain unknown"), "{told}");
    }
    work.run(&["model", "check", "m.msm"]).expect(0);
    let card = work.run(&["model", "card", "m.msm"]).expect(0).stdout();
    for line in ["LightGBM text v4 from model.txt", "elsewhere", "none: no standard deviation", "2 of magpie", "CC0"] {
        assert!(card.contains(line), "{line}: {card}");
    }
}

#[test]
fn an_imported_model_ranks_a_screen_and_its_result_verifies() {
    let work = Workplace::new();
    import(&work, &[]);
    work.write("c.csv", "formula\nFe2O3\nLi\nFe\n");
    work.write(
        "plan.toml",
        "[source]\ninput = 'c.csv'\n[[surrogate]]\nmodel = 'm.msm'\nas = 'y'\n[[filter]]\nname = 'window'\ncolumn = 'y.value'\n\
         above = '1.5 eV'\n[rank]\nby = [{ column = 'y.value', direction = 'max' }]\nkeep = 5\n",
    );
    let ran = work.run(&["screen", "plan.toml", "-o", "s.h5"]).expect(0);
    assert!(ran.stderr().contains("read 3 = kept 2 + rejected 1"), "{}", ran.stderr());
    work.run(&["verify", "s.h5"]).expect(0);
    let shown = work.run(&["show", "s.h5"]).expect(0).stdout();
    assert!(shown.contains("4.000 ?") && shown.contains("neither calibrated nor with a domain"), "{shown}");
    let told = work.run(&["explain", "s.h5", "0"]).expect(0).stdout();
    assert!(told.contains("unknown"), "{told}");
    work.run(&["report", "s.h5", "-o", "s.html"]).expect(0);
    let page = std::fs::read_to_string(work.path("s.html")).expect("a page");
    assert!(page.contains("not calibrated"), "no word of it in the report");
}

#[test]
fn held_out_rows_give_intervals_and_a_domain_and_leave_values_alone() {
    let work = Workplace::new();
    let mut table = String::from("formula,y\n");
    for (number, metal) in ["Fe", "Ti", "V", "Ca", "Zn", "Cu", "Ni", "Co", "Mn", "Cr"].iter().enumerate() {
        for amount in 1..=6 {
            let _ =
                writeln!(table, "{metal}{amount}O3,{}", 4.0 + 0.1 * f64::from((number * 7 + amount) as u32 % 11) - 0.5);
        }
    }
    work.write("held.csv", table);
    import(&work, &["--calibrate", "held.csv"]);
    let told = work.run(&["predict", "m.msm", "--formula", "Fe2O3"]).expect(0).stdout();
    assert!(told.contains("4.0000 ± 0.") && told.contains("90 % interval 3.5") && told.contains("in domain"), "{told}");
    let card = work.run(&["model", "card", "m.msm"]).expect(0).stdout();
    assert!(card.contains("on held.csv, 60 rows") && card.contains("coverage_90"), "{card}");
}

#[test]
fn classes_of_a_table_are_predicted_checked_and_calibrated() {
    let work = Workplace::new();
    work.write("model.txt", TABLE);
    let mut table = String::from("formula,a,b,prediction,metal\n");
    for row in 0..60 {
        let (a, b) = (f64::from(row % 2), f64::from(row / 2 % 2));
        let sum = if a > 0.5 { 0.0 } else { -2.0 } + if b > 0.5 { 2.0 } else { 0.0 };
        let metal = if row % 5 == 0 { a < b } else { a + b > 0.5 };
        let _ = writeln!(table, "Fe,{a},{b},{},{metal}", 1.0 / (1.0 + f64::exp(-sum)));
    }
    work.write("t.csv", table);
    let all =
        ["model", "import", "model.txt", "-o", "m.msm", "--target", "metal", "--classes", "false,true", "--from-table"];
    work.run(&all[..all.len() - 1]).expect(1);
    let checked = [&all[..], &["--check", "t.csv", "--calibrate", "t.csv"]].concat();
    work.run(&checked).expect(0);
    let card = work.run(&["model", "card", "m.msm"]).expect(0).stdout();
    assert!(card.contains("of 60 predictions") && card.contains("2 of the candidates' table"), "{card}");
    work.run(&["predict", "m.msm", "t.csv", "--columns", "a,b", "-o", "p.h5"]).expect(0);
    let exported = work.run(&["export", "p.h5", "-o", "p.csv"]).expect(0);
    drop(exported);
    let text = std::fs::read_to_string(work.path("p.csv")).expect("exported");
    assert!(text.lines().count() == 61 && text.contains("probability"), "{}", &text[..200]);
}

#[test]
fn refusals_name_the_file_the_place_and_a_way_out() {
    let work = Workplace::new();
    work.write("a.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x07sklearn.");
    work.write("b.txt", MAGPIE.replace("left_child=-1 -2", "left_child=0 -2"));
    work.write("c.txt", MAGPIE.replace("threshold=10.5 1", "threshold=nan 1"));
    work.write("d.txt", MAGPIE.replace("MagpieData_mean_Number", "MagpieData_mean_Numbr"));
    work.write("e.txt", MAGPIE.replace("end of trees", ""));
    work.write("f.txt", MAGPIE.replace("num_class=1", "num_class=3"));
    work.write("g.txt", MAGPIE.replace("split_feature=0 2", "split_feature=0 3"));
    for (file, words) in [
        ("a.pkl", ["pickle", "export_sklearn.py"]),
        ("b.txt", ["tree 0", "reached twice"]),
        ("c.txt", ["tree 0, threshold", "NaN"]),
        ("d.txt", ["MagpieData_mean_Numbr", "did you mean \"MagpieData mean Number\"?"]),
        ("e.txt", ["end of file", "truncated"]),
        ("f.txt", ["3 classes", "hint: train one model for each"]),
        ("g.txt", ["feature 3 is asked for", "there are 3"]),
    ] {
        let said = work.run(&["model", "import", file, "-o", "m.msm", "--target", "y"]).expect(1).stderr();
        assert!(words.iter().all(|word| said.contains(word)), "{file}: {said}");
        assert!(file == "d.txt" || said.contains(file), "{said}");
        assert!(!work.path("m.msm").exists());
    }
}
