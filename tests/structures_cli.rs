//! Structures at the shell: folders, archives and bad files, from input to result.

mod support;

use std::path::{Path, PathBuf};

use support::Workplace;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

const POSCAR: &str = "rock salt\n5.64\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n";

#[test]
fn the_example_of_structures_runs_and_its_result_verifies() {
    let work = Workplace::new();
    let plan = examples().join("structures.toml");
    let ran = work.run(&["screen", &plan.to_string_lossy(), "-o", "s.h5"]).expect(0);
    assert!(ran.stderr().contains("read 18 = "), "{}", ran.stderr());
    work.run(&["verify", "s.h5"]).expect(0);
    let told = work.run(&["explain", "s.h5", "SrTiO3"]).expect(0).stdout();
    // Density of the golden value: 87.62 + 47.867 + 3 × 15.999 u in (3.905 Å)³.
    assert!(told.contains("5.1166"), "{told}");
}

#[test]
fn a_bad_structure_among_good_ones_is_quarantined_with_file_and_line() {
    let work = Workplace::new();
    work.write("d/a/POSCAR", POSCAR);
    work.write("d/b/POSCAR", POSCAR.replace("0.5 0.5 0.5\n", "0.5 0.5 half\n"));
    work.write("d/c/POSCAR", "");
    let ran = work.run(&["featurize", "d", "--descriptors", "density,stoichiometry", "-o", "d.h5"]).expect(2);
    assert!(ran.stderr().contains("read 3 = kept 1 + rejected 0 + undecided 0 + faulted 2"), "{}", ran.stderr());
    let listed = work.run(&["show", "d.h5", "--quarantine"]).expect(0).stdout();
    assert!(listed.contains("d/b/POSCAR") && listed.contains("line 10") && listed.contains("half"), "{listed}");
    assert!(listed.contains("d/c/POSCAR") && listed.contains("unparsable-poscar"), "{listed}");
    // The folder names what the file name does not.
    let told = work.run(&["explain", "d.h5", "a"]).expect(0).stdout();
    assert!(told.contains("NaCl"), "{told}");
}

#[test]
fn an_archive_of_structures_holds_the_rows_of_the_folder() {
    let work = Workplace::new();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut names: Vec<PathBuf> = std::fs::read_dir(examples().join("structures"))
        .expect("folder")
        .map(|entry| entry.expect("entry").path())
        .collect();
    names.sort();
    for path in &names {
        let name = path.file_name().expect("name");
        tar.append_path_with_name(path, Path::new("x").join(name)).expect("member");
        std::fs::create_dir_all(work.path("x")).expect("folder");
        std::fs::copy(path, work.path("x").join(name)).expect("copied");
    }
    work.write("x.tar.gz", tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("archive"));
    let rows = |input: &str, out: &str| {
        work.run(&["featurize", input, "--descriptors", "density", "-q", "-o", out]).expect(0);
        let table = format!("{out}.csv");
        work.run(&["export", out, "-o", &table]).expect(0);
        let text = std::fs::read_to_string(work.path(&table)).expect("exported");
        text.replace("x.tar.gz!x/", "x/")
    };
    let (folder, archive) = (rows("x", "folder.h5"), rows("x.tar.gz", "archive.h5"));
    assert_eq!(folder.lines().count(), names.len() + 1);
    assert_eq!(folder, archive);
}

#[test]
fn a_table_of_formulas_is_refused_where_structures_are_needed() {
    let work = Workplace::new();
    work.write("t.csv", "formula\nNaCl\n");
    let ran = work.run(&["featurize", "t.csv", "--descriptors", "density", "-o", "t.h5"]).expect(1);
    assert!(ran.stderr().contains("\"density\" needs crystal structures"), "{}", ran.stderr());
}

#[test]
fn columns_of_a_table_are_joined_to_structures_by_their_ids() {
    let work = Workplace::new();
    for name in ["a", "b", "c"] {
        work.write(&format!("d/{name}.vasp"), POSCAR);
    }
    work.write("targets.csv", "material,gap,note\nb,1.5,x\na,2.5,y\n");
    let plan = "[source]\nposcar = 'd'\ntargets = 'targets.csv'\non = 'material'\n\
        columns = [{ name = 'gap', unit = 'eV' }]\n[[filter]]\nname = 'window'\ncolumn = 'gap'\nabove = '2 eV'\n\
        undecided = 'drop'\n[[descriptor]]\nname = 'density'\n";
    work.write("p.toml", plan);
    let ran = work.run(&["screen", "p.toml", "-o", "p.h5"]).expect(0);
    assert!(ran.stderr().contains("kept 1 + rejected 1 + undecided 1"), "{}", ran.stderr());
    work.write("p.toml", plan.replace("'material'", "'nobody'"));
    let ran = work.run(&["screen", "p.toml", "-o", "q.h5"]).expect(1);
    assert!(ran.stderr().contains("nobody") && ran.stderr().contains("ids of structures"), "{}", ran.stderr());
}

/// Header of the exported result.
fn header(work: &Workplace, result: &str) -> String {
    let table = format!("{result}.csv");
    work.run(&["export", result, "-o", &table]).expect(0);
    let text = std::fs::read_to_string(work.path(&table)).expect("exported");
    text.lines().next().expect("header").to_owned()
}

#[test]
fn a_first_pass_finds_what_decides_the_number_of_columns() {
    let work = Workplace::new();
    work.write("d/a.vasp", POSCAR);
    work.write("d/b.vasp", POSCAR.replace("Na Cl\n1 1", "Ti\n1").replace("0.5 0.5 0.5\n", ""));
    work.write("d/c.vasp", "");
    let arguments = ["featurize", "d", "--preset", "matbench-rf", "--fit", "-o", "m.h5"];
    // One of three files cannot be read.
    let ran = work.run(&arguments).expect(2);
    assert!(ran.stderr().contains("sine_matrix: {\"max_atoms\":2}"), "{}", ran.stderr());
    assert_eq!(header(&work, "m.h5").matches("sine coulomb matrix eig").count(), 2);
    assert!(work.run(&arguments).expect(0).stderr().contains("already complete"));

    let ran =
        work.run(&["featurize", "d", "--descriptors", "acsf,density", "--set", "acsf.r_cut=4", "--fit", "-o", "a.h5"]);
    let ran = ran.expect(2);
    assert!(ran.stderr().contains("\"species\":[\"Na\",\"Cl\",\"Ti\"]"), "{}", ran.stderr());
    let header = header(&work, "a.h5");
    assert!(["Na", "Cl", "Ti"].iter().all(|symbol| header.contains(&format!("mean ACSF G1 {symbol}"))), "{header}");
}

#[test]
fn parameters_of_descriptors_are_set_at_the_shell_and_in_plans() {
    let work = Workplace::new();
    work.write("d/a.vasp", POSCAR);
    let featurize = |arguments: &[&str]| work.run(&[&["featurize", "d", "-o", "o.h5", "--force"], arguments].concat());
    let ran = featurize(&["--descriptors", "acsf"]).expect(1);
    assert!(ran.stderr().contains("it needs `species`"), "{}", ran.stderr());
    // A cell with more atoms than columns.
    featurize(&["--preset", "matbench-rf", "--set", "sine_matrix.max_atoms=1"]).expect(2);
    let listed = work.run(&["show", "o.h5", "--quarantine"]).expect(0).stdout();
    assert!(listed.contains("too-many-atoms"), "{listed}");
    let ran = featurize(&["--preset", "matbench-rf", "--set", "sine_matrx.max_atoms=1"]).expect(1);
    assert!(ran.stderr().contains("did you mean \"sine_matrix\"?"), "{}", ran.stderr());
    let ran = featurize(&["--descriptors", "density", "--set", "sine_matrix.max_atoms=1"]).expect(1);
    assert!(ran.stderr().contains("sine_matrix"), "{}", ran.stderr());

    let plan = "[source]\nposcar = 'd'\n[[descriptor]]\npreset = 'matbench-rf'\nsine_matrix = { max_atoms = 3 }\n\
        [[descriptor]]\nname = 'effective_coordination'\nstatistics = ['mean']\nresolve = ['species', 'orbits']\nspecies = ['Cl', 'Na', 'O']\n";
    work.write("p.toml", plan);
    work.run(&["screen", "p.toml", "-o", "p.h5"]).expect(0);
    let header = header(&work, "p.h5");
    assert_eq!(header.matches("sine coulomb matrix eig").count(), 3);
    for block in [" of O", " of Na", " of Cl", " over orbits"] {
        assert!(header.contains(&format!("mean CN_VoronoiNN{block}")), "{header}");
    }
    work.write("p.toml", plan.replace("sine_matrix = { max_atoms = 3 }", "max_atoms = 3"));
    let ran = work.run(&["screen", "p.toml", "-o", "q.h5"]).expect(1);
    assert!(ran.stderr().contains("a preset takes parameters by descriptor"), "{}", ran.stderr());
}

#[test]
fn targets_come_from_a_listing_a_table_or_the_structure_itself() {
    let work = Workplace::new();
    let (mut listing, mut table, mut frames, mut cells) =
        (String::new(), String::from("name,gap\n"), String::new(), Vec::new());
    for number in 0..30 {
        let scale = 4.0 + 0.1 * f64::from(number);
        let text = POSCAR.replace("5.64", &scale.to_string());
        work.write(&format!("d/{number}.vasp"), &text);
        listing.push_str(&format!("{number}.vasp,{}\n", scale * scale));
        table.push_str(&format!("{number},{}\n", scale * scale));
        cells.push(format!("{number},{},\"{text}\"\n", scale * scale));
        let edges = format!("{scale} 0 0 0 {scale} 0 0 0 {scale}");
        frames.push_str(&format!("1\nLattice=\"{edges}\" gap={} name={number}\nFe 0 0 0\n", scale * scale));
    }
    work.write("d/extra.vasp", POSCAR);
    work.write("d/id_prop.csv", listing);
    work.write("t.csv", table);
    work.write("f.xyz", frames);
    work.write("s.csv", format!("id,gap,cell\n{}", cells.concat()));
    for input in [
        &["d", "--target", "target"][..],
        &["d", "--target", "gap", "--targets", "t.csv", "--on", "name"],
        &["f.xyz", "--target", "gap"],
        &["s.csv", "--target", "gap", "--structure", "cell"],
    ] {
        let mut arguments =
            vec!["evaluate", "--descriptors", "density", "--members", "quick", "--split", "kfold:3", "--json", "-q"];
        arguments.extend_from_slice(input);
        let told = work.run(&arguments).expect(0).stdout();
        let scores: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!((&scores["n"], &scores["n_faulted"]), (&30.into(), &0.into()), "{input:?}");
        // The target is a smooth function of the density: far better than the median, whose error is about 11.
        assert!(scores["mae"].as_f64().expect("a score") < 4.0, "{input:?}: {}", scores["mae"]);
    }
    let train =
        ["train", "d", "--target", "target", "--descriptors", "density", "--members", "quick", "-q", "-o", "m.msm"];
    work.run(&train).expect(0);
    let table = ["--targets", "t.csv", "--on", "name", "--columns", "gap"];
    work.run(&[&["predict", "m.msm", "d", "-q", "-o", "p.h5"][..], &table].concat()).expect(0);
    work.run(&[&["featurize", "d", "--descriptors", "density", "-q", "-o", "g.h5"][..], &table].concat()).expect(0);
    for result in ["p", "g"] {
        work.run(&["export", &format!("{result}.h5"), "-o", &format!("{result}.csv")]).expect(0);
        let text = std::fs::read_to_string(work.path(&format!("{result}.csv"))).expect("exported");
        let mut rows = text.lines();
        let place =
            rows.next().expect("a header").split(',').position(|name| name.contains("gap")).expect("the column");
        let row = rows.find(|row| row.contains("d/10.vasp#0")).expect("the row");
        assert_eq!(row.split(',').nth(place), Some("25.0"), "{row}");
    }
}

#[test]
fn structures_that_the_table_of_targets_does_not_name_are_left_out() {
    let work = Workplace::new();
    let mut table = String::from("name,gap\n");
    for number in 0..20 {
        let scale = 4.0 + 0.1 * f64::from(number);
        work.write(&format!("d/{number}.vasp"), POSCAR.replace("5.64", &scale.to_string()));
        if number % 4 != 0 {
            table.push_str(&format!("{number},{}\n", scale * scale));
        }
    }
    work.write("t.csv", table);
    let arguments =
        ["evaluate", "d", "--targets", "t.csv", "--on", "name", "--target", "gap", "--descriptors", "density"];
    let ran = work.run(&[&arguments[..], &["--members", "quick", "--split", "kfold:3", "--json"]].concat()).expect(0);
    assert!(ran.stderr().contains("5 rows have no target and are left out"), "{}", ran.stderr());
    let scores: serde_json::Value = serde_json::from_str(&ran.stdout()).expect("JSON");
    assert_eq!((&scores["n"], &scores["n_faulted"]), (&15.into(), &0.into()));
}
