//! CIF at the shell: by name and content, in folders, globs and archives, bad blocks among good ones, disorder as the plan wants it.

mod support;

use std::io::Write as _;

use support::Workplace;

const SALT: &str = "data_salt\n_cell_length_a 5.64\n_cell_length_b 5.64\n_cell_length_c 5.64\n_cell_angle_alpha 90\n\
    _cell_angle_beta 90\n_cell_angle_gamma 90\n_space_group_name_H-M_alt 'F m -3 m'\nloop_\n_atom_site_label\n\
    _atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n\
    Na1 Na 0 0 0 1\nCl1 Cl 0.5 0.5 0.5 1\n";

/// Three quarters of the iron sites of a body-centred cube hold iron, the others cobalt; the cell holds sixteen sites.
fn alloy() -> String {
    let head = SALT.split("_space_group").next().expect("a cell");
    let rows: String = (0..8)
        .flat_map(|i| {
            let [x, y, z] = [0, 1, 2].map(|axis| f64::from(i >> axis & 1) / 2.0);
            [[x, y, z], [x + 0.25, y + 0.25, z + 0.25]]
        })
        .map(|[x, y, z]| format!("Fe1 Fe {x} {y} {z} 0.75\nCo1 Co {x} {y} {z} 0.25\n"))
        .collect();
    let names = SALT.split_once("loop_\n").expect("a loop").1.split("Na1").next().expect("names");
    format!("{head}loop_\n{names}{rows}")
}

#[test]
fn names_and_contents_tell_cif_in_folders_globs_and_archives() {
    let work = Workplace::new();
    work.write("d/a.cif", SALT);
    work.write("d/deep/b.mcif", SALT);
    work.write("d/c.CIF", SALT.replace('\n', "\r\n"));
    work.write("d/notes.txt", "nothing");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(SALT.as_bytes()).expect("compressed");
    work.write("d/e.cif.gz", gz.finish().expect("compressed"));
    work.write("no-extension", format!("# written by hand\n\n{SALT}"));
    for (input, format, read) in [
        ("d", None, 4),
        ("d/**/*.mcif", None, 1),
        ("no-extension", None, 1),
        ("d/notes.txt", Some("cif"), 1),
        ("d", Some("cif"), 5),
    ] {
        let mut arguments = vec!["featurize", input, "--descriptors", "density", "--force", "-o", "o.h5"];
        arguments.extend(format.iter().flat_map(|format| ["--format", format]));
        let faults = u32::from(format.is_some());
        let ran = work.run(&arguments).expect(if faults > 0 { 2 } else { 0 });
        let told = format!("read {read} = kept {} + rejected 0 + undecided 0 + faulted {faults}", read - faults);
        assert!(ran.stderr().contains(&told), "{input}: {}", ran.stderr());
    }
}

#[test]
fn an_archive_of_many_members_is_read_in_its_order() {
    const MEMBERS: usize = 3000;
    let work = Workplace::new();
    let mut tar = tar::Builder::new(liblzma::write::XzEncoder::new(Vec::new(), 0));
    for i in 0..MEMBERS {
        let edge = format!("{}", 5.0 + i as f64 / MEMBERS as f64);
        let text = SALT.replace("5.64", &edge);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, format!("cif/mp-{i}.cif"), text.as_bytes()).expect("member");
    }
    work.write("many.tar.xz", tar.into_inner().and_then(liblzma::write::XzEncoder::finish).expect("archive"));
    let plan = "[source]\ncif = 'many.tar.xz'\n[[descriptor]]\nname = 'density'\n[sink]\nstore = 'all'\n";
    work.write("p.toml", plan);
    let ran = work.run(&["screen", "p.toml", "-o", "p.h5"]).expect(0);
    assert!(ran.stderr().contains("read 3,000 = kept 3,000"), "{}", ran.stderr());
    // 4 × 58.443 u in (5.5 Å)³: 58.44276928 × 4 × 1.66053906892 / 166.375 = 2.333 g/cm³.
    let told = work.run(&["explain", "p.h5", "mp-1500"]).expect(0).stdout();
    assert!(told.contains("2.333") && told.contains("many.tar.xz!cif/mp-1500.cif#0"), "{told}");
}

#[test]
fn a_bad_block_costs_itself_only_and_is_told_with_file_and_line() {
    let work = Workplace::new();
    let bad = SALT.replace("data_salt", "data_bad").replace("0.5 0.5 0.5", "0.5 half 0.5");
    work.write("d/three.cif", format!("{SALT}data_text\n_a 1\n{bad}{}", SALT.replace("data_salt", "data_last")));
    let ran = work.run(&["featurize", "d", "--descriptors", "density,stoichiometry", "-o", "d.h5"]).expect(2);
    assert!(ran.stderr().contains("read 3 = kept 2 + rejected 0 + undecided 0 + faulted 1"), "{}", ran.stderr());
    let listed = work.run(&["show", "d.h5", "--quarantine"]).expect(0).stdout();
    // 17 lines of the first block, 2 of the text, and the 17th of the bad one.
    assert!(listed.contains("d/three.cif#1") && listed.contains("line 36") && listed.contains("half"), "{listed}");
    let told = work.run(&["explain", "d.h5", "three#2"]).expect(0).stdout();
    assert!(told.contains("NaCl"), "{told}");
}

#[test]
fn disordered_structures_fault_or_are_ordered_as_the_plan_says() {
    let work = Workplace::new();
    work.write("d/alloy.cif", alloy());
    let run = |more: &[&str], out: &str, code: i32| {
        let mut arguments = vec!["featurize", "d", "--descriptors", "density,element_fraction,chemical_ordering"];
        arguments.extend(["--force", "-o", out]);
        arguments.extend(more);
        work.run(&arguments).expect(code);
        let table = format!("{out}.csv");
        work.run(&["export", out, "-o", &table]).expect(0);
        std::fs::read_to_string(work.path(&table)).expect("exported")
    };
    run(&[], "keep.h5", 2);
    let listed = work.run(&["show", "keep.h5", "--quarantine"]).expect(0).stdout();
    assert!(listed.contains("disordered-structure"), "{listed}");
    // Density needs no order: 16 × (0.75 × 55.845 + 0.25 × 58.933) u in (5.64 Å)³ = 8.381 g/cm³ (IUPAC weights).
    work.run(&["featurize", "d", "--descriptors", "density,element_fraction", "-o", "mean.h5"]).expect(0);
    let told = work.run(&["explain", "mean.h5", "alloy"]).expect(0).stdout();
    assert!(told.contains("8.38"), "{told}");

    let majority = run(&["--disorder", "majority"], "majority.h5", 0);
    assert!(majority.contains("Fe16") || majority.contains(",Fe,"), "{majority}");
    let random = |seed: &str, out: &str| run(&["--disorder", "random", "--seed", seed], out, 0);
    let (first, again, other) = (random("1", "a.h5"), random("1", "b.h5"), random("2", "c.h5"));
    assert_eq!(first, again);
    assert_ne!(first, other, "another seed deals otherwise");
    assert!(first.contains("Co4Fe12") || first.contains("Fe12Co4") || first.contains("Fe3Co"), "{first}");
}
