//! Shards at the shell: any number of them gives the content of one run; what does not belong together is refused by name.

mod support;

use std::fs;
use std::path::Path;

use support::Workplace;

/// A space that rules are pushed into; only ranked rows are stored.
const SPACE: &str = "[source]\nspace = { name = 's', elements = ['Na', 'K', 'Mg', 'Ca', 'Ti', 'Fe', 'Al', 'Si', 'N', 'O', 'F', 'S', 'Cl'], \
    num_elements = '2-3', max_amount = 6 }\n[[filter]]\nname = 'charge_neutral'\noxidation_states = 'icsd24'\n\
    [[descriptor]]\nname = 'magpie'\n[rank]\nkeep = 40\nby = [{ column = 'magpie/MagpieData mean Electronegativity', direction = 'max' }]\n\
    [sink]\nstore = 'ranked'\n";

/// A space that is framed candidate by candidate; every row is stored, compressed.
const FRAMED: &str = "[source]\nspace = { name = 's', elements = ['Na', 'Mg', 'Ti', 'O', 'F'], num_elements = '1-4', max_amount = 4 }\n\
    [[filter]]\nname = 'charge_neutral'\noxidation_states = 'icsd24'\n[[descriptor]]\nname = 'stoichiometry'\n\
    [sink]\nstore = 'all'\ncompression = 4\n";

/// A table with faults; survivors are stored, fronts are ranked.
const TABLE: &str = "[source]\ncsv = 't.csv'\n[[descriptor]]\nname = 'magpie'\n[rank]\nmethod = 'pareto'\nfronts = 2\n\
    by = [{ column = 'magpie/MagpieData mean Number', direction = 'min' }, { column = 'magpie/MagpieData range Electronegativity', \
    direction = 'max' }]\n[run]\nmax_fault_fraction = '20 %'\n";

/// Structures, of which many are the same one; [rank] leaves duplicates out.
const STRUCTURES: &str = "[source]\ninput = 'in'\n[[descriptor]]\nname = 'density'\n[rank]\nduplicates = 'remove'\n\
    by = [{ column = 'density/density', direction = 'max' }]\nkeep = 10\n";

fn fill(work: &Workplace) {
    work.write("space.toml", SPACE);
    work.write("framed.toml", FRAMED);
    work.write("table.toml", TABLE);
    work.write("structures.toml", STRUCTURES);
    let metals = ["Li", "Na", "K", "Mg", "Ca", "Fe", "Ti", "Xx", "Al"];
    let rows: String =
        (0..500).map(|i| format!("{}{}O{}\n", metals[i % metals.len()], i % 4 + 1, i / 40 + 1)).collect();
    work.write("t.csv", format!("formula\n{rows}"));
    for i in 0..140 {
        let a = 5.0 + 0.01 * f64::from(i);
        let cation = ["Na", "K", "Rb"][i as usize % 3];
        let second = if i % 2 == 0 { "0.5 0.5 0.5" } else { "0.25 0.25 0.25" };
        let poscar = format!("c\n{a}\n0 0.5 0.5\n0.5 0 0.5\n0.5 0.5 0\n{cation} Cl\n1 1\nDirect\n0 0 0\n{second}\n");
        work.write(&format!("in/{i:03}.vasp"), poscar);
    }
}

fn digest(work: &Workplace, name: &str) -> String {
    let verified = work.run(&["verify", name, "--json"]).expect(0).stdout();
    let report: serde_json::Value = serde_json::from_str(&verified).expect("JSON");
    report[0]["digest"].as_str().expect("a digest").to_owned()
}

fn screen_shards(work: &Workplace, plan: &str, count: usize, folder: &str) {
    for shard in 0..count {
        work.run(&["screen", plan, "--shard", &format!("{shard}/{count}"), "-o", folder, "-q"]).expect(0);
    }
}

#[test]
fn any_number_of_shards_gives_the_content_of_one_run() {
    let work = Workplace::new();
    fill(&work);
    for plan in ["space", "framed", "table", "structures"] {
        let file = format!("{plan}.toml");
        let single = format!("{plan}.h5");
        work.run(&["screen", &file, "-o", &single, "-q"]).expect(0);
        let expected = digest(&work, &single);
        for count in [1, 3, 7] {
            let folder = format!("{plan}-{count}");
            screen_shards(&work, &file, count, &folder);
            let merged = format!("{plan}-{count}.h5");
            work.run(&["merge", &folder, "-o", &merged, "-q"]).expect(0);
            assert_eq!(digest(&work, &merged), expected, "{plan} in {count} shards");
            // A merged result is that of the plan: nothing is left to do.
            let ran = work.run(&["screen", &file, "-o", &merged]).expect(0);
            assert!(ran.stderr().contains("already complete"), "{}", ran.stderr());
        }
    }
    let duplicates = work.run(&["explain", "structures-7.h5", "139"]).expect(0).stdout();
    assert!(duplicates.contains("duplicate of #"), "{duplicates}");
}

/// Features stay in the shards: the content is the same wherever both are moved together, and a shard that is gone, or
/// another one, is an error, not the fill values that HDF5 would hand out.
#[test]
fn a_virtual_result_has_the_content_of_the_run_and_needs_its_shards() {
    let work = Workplace::new();
    fill(&work);
    for plan in ["framed", "table", "structures"] {
        let (file, single) = (format!("{plan}.toml"), format!("{plan}.h5"));
        work.run(&["screen", &file, "-o", &single, "-q"]).expect(0);
        screen_shards(&work, &file, 3, &format!("{plan}/shards"));
        let merged = format!("{plan}/all.h5");
        work.run(&["merge", &format!("{plan}/shards"), "-o", &merged, "--virtual", "-q"]).expect(0);
        assert_eq!(digest(&work, &merged), digest(&work, &single), "{plan}");
        fs::rename(work.path(plan), work.path(&format!("moved {plan}"))).expect("a move");
        assert_eq!(digest(&work, &format!("moved {plan}/all.h5")), digest(&work, &single), "{plan}");
    }
    // As other programs read it; undefined values are numbers too.
    let bits = |name: &str| -> Vec<u64> {
        let file = hdf5::File::open(work.path(name)).expect("a result");
        let values: Vec<f64> =
            file.dataset("features/stoichiometry/values").expect("values").read_raw().expect("numbers");
        values.into_iter().map(f64::to_bits).collect()
    };
    assert!(bits("moved framed/all.h5") == bits("framed.h5"));
    work.run(&["export", "moved framed/all.h5", "-o", "virtual.csv", "-q"]).expect(0);
    work.run(&["export", "framed.h5", "-o", "copied.csv", "-q"]).expect(0);
    assert!(
        fs::read(work.path("virtual.csv")).expect("a table") == fs::read(work.path("copied.csv")).expect("a table")
    );

    let shard = work.path("moved framed/shards/shard-1-of-3.h5");
    fs::rename(&shard, work.path("elsewhere.h5")).expect("a move");
    for (verb, exit) in [("show", 1), ("verify", 4)] {
        let ran = work.run(&[verb, "moved framed/all.h5"]).expect(exit);
        let told = ran.stderr() + &ran.stdout();
        assert!(told.contains("shard-1-of-3.h5, which cannot be read"), "{verb}: {told}");
    }
    fs::copy(work.path("moved framed/shards/shard-2-of-3.h5"), &shard).expect("a copy");
    let ran = work.run(&["show", "moved framed/all.h5"]).expect(1);
    assert!(ran.stderr().contains("another file than the one that was merged"), "{}", ran.stderr());
    let mut altered = fs::read(work.path("elsewhere.h5")).expect("a shard");
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    fs::write(&shard, altered).expect("a shard");
    work.run(&["verify", "moved framed/all.h5"]).expect(4);
}

fn run_document(work: &Workplace, name: &str) -> serde_json::Value {
    let file = hdf5::File::open(work.path(name)).expect("a result");
    let text: hdf5::types::VarLenUnicode =
        file.dataset("provenance/run").expect("a document").read_scalar().expect("text");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn a_shard_holds_its_share_and_its_audit_is_summed() {
    let work = Workplace::new();
    fill(&work);
    screen_shards(&work, "table.toml", 3, "d");
    let read: Vec<u64> = (0..3)
        .map(|shard| {
            let told = work.run(&["status", "d", "--json"]).expect(0).stdout();
            let state: serde_json::Value = serde_json::from_str(&told).expect("JSON");
            state["shards"][shard]["read"].as_u64().expect("a count")
        })
        .collect();
    assert_eq!(read.iter().sum::<u64>(), 500);
    assert!(read.iter().all(|&n| n.abs_diff(500 / 3) <= 32), "{read:?}");
    work.run(&["merge", "d", "-o", "m.h5", "-q"]).expect(0);
    let run = run_document(&work, "m.h5");
    assert_eq!(run["shards"].as_array().map(Vec::len), Some(3));
    // The system counts processor time in hundredths of a second, of which these shards may take none.
    assert!(run["peak_memory_bytes"].as_u64() > Some(0) && run["core_hours_allocated"].as_f64() > Some(0.0), "{run}");
}

#[test]
fn status_names_what_is_missing_as_schedulers_read_it() {
    let work = Workplace::new();
    fill(&work);
    for shard in [0, 1, 2, 6] {
        work.run(&["screen", "table.toml", "--shard", &format!("{shard}/8"), "-o", "d", "-q"]).expect(0);
    }
    let told = work.run(&["status", "d"]).expect(3).stdout();
    assert!(told.contains("d: 4 of 8 shards are whole") && told.contains("--array=3-5,7\n"), "{told}");
    let ran = work.run(&["merge", "d", "-o", "m.h5"]).expect(3);
    assert!(ran.stderr().contains("4 of 8 shards are missing: 3-5,7"), "{}", ran.stderr());
    assert!(!work.path("m.h5").exists());
}

#[test]
fn an_interrupted_shard_is_begun_and_the_same_command_finishes_it() {
    let work = Workplace::new();
    fill(&work);
    let arguments = ["screen", "table.toml", "--shard", "1/2", "-o", "d", "--batch", "8", "--time-budget", "0s"];
    let ran = work.run(&arguments).expect(3);
    assert!(ran.stderr().contains("run the same command again to finish d/shard-1-of-2.h5"), "{}", ran.stderr());
    let told = work.run(&["status", "d"]).expect(3).stdout();
    assert!(told.contains("shard 1  begun: "), "{told}");
    work.run(&["screen", "table.toml", "--shard", "1/2", "-o", "d", "-q"]).expect(0);
    let ran = work.run(&["screen", "table.toml", "--shard", "1/2", "-o", "d"]).expect(0);
    assert!(ran.stderr().contains("already complete"), "{}", ran.stderr());
    // The process that was stopped has cost something too.
    let run = run_document(&work, "d/shard-1-of-2.h5");
    assert!(run["processes"] == 2 && run["core_hours_allocated"].as_f64() > Some(0.0), "{run}");
    screen_shards(&work, "table.toml", 2, "d");
    work.run(&["screen", "table.toml", "-o", "single.h5", "-q"]).expect(0);
    work.run(&["merge", "d", "-o", "m.h5", "-q"]).expect(0);
    assert_eq!(digest(&work, "m.h5"), digest(&work, "single.h5"));
}

#[test]
fn shards_that_do_not_belong_together_are_refused_by_name() {
    let work = Workplace::new();
    fill(&work);
    screen_shards(&work, "table.toml", 2, "d");
    let refused = |arguments: &[&str], code: i32, reason: &str| {
        let ran = work.run(&[&["merge"], arguments, &["-o", "m.h5"]].concat()).expect(code);
        assert!(ran.stderr().contains(reason), "expected {reason}:\n{}", ran.stderr());
        assert!(!work.path("m.h5").exists());
    };
    refused(&["d", "d/shard-0-of-2.h5"], 1, "one shard is there twice");
    refused(&["d/shard-0-of-2.h5"], 3, "1 of 2 shards are missing: 1");
    refused(&["in"], 3, "no results of shards");
    refused(&["t.csv"], 1, "its name is not that of a shard");

    // The same table in other words is another plan.
    work.write("other.toml", TABLE.replace("20 %", "21 %"));
    work.run(&["screen", "other.toml", "--shard", "1/2", "-o", "e", "-q"]).expect(0);
    refused(&["d/shard-0-of-2.h5", "e"], 1, "are parts of different runs: their plans differ");

    work.run(&["screen", "table.toml", "--shard", "0/3", "-o", "d", "-q"]).expect(0);
    refused(&["d"], 1, "are of different numbers of shards");
    fs::remove_file(work.path("d/shard-0-of-3.h5")).expect("removed");

    // One shard under the name of another, a whole run under the name of a shard.
    fs::create_dir(work.path("f")).expect("a folder");
    for name in ["shard-0-of-2.h5", "shard-1-of-2.h5"] {
        fs::copy(work.path("d/shard-0-of-2.h5"), work.path("f").join(name)).expect("copied");
    }
    refused(&["f"], 1, "it holds shard 0/2, its name says 1/2");
    work.run(&["screen", "table.toml", "-o", "single.h5", "-q"]).expect(0);
    fs::copy(work.path("single.h5"), work.path("f/shard-1-of-2.h5")).expect("copied");
    refused(&["f"], 1, "it does not say which share of a run it is");
}

#[test]
fn altered_and_truncated_shards_are_found() {
    let work = Workplace::new();
    fill(&work);
    screen_shards(&work, "framed.toml", 2, "d");
    let path = work.path("d/shard-1-of-2.h5");
    let whole = fs::read(&path).expect("a file");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let ran = work.run(&["merge", "d", "-o", "m.h5"]).expect(4);
        assert!(ran.stderr().contains("shard-1-of-2.h5"), "{}", ran.stderr());
        assert!(!work.path("m.h5").exists());
    };
    for place in [600, whole.len() / 2, whole.len() - 9] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        refused(&bytes);
    }
    refused(&whole[..whole.len() / 2]);
    refused(b"");
    fs::write(&path, &whole).expect("written");
    work.run(&["merge", "d", "-o", "m.h5", "-q"]).expect(0);
}

#[test]
fn specifications_of_shards_are_checked() {
    let work = Workplace::new();
    fill(&work);
    for (shard, reason) in [
        ("2/2", "shard 2 of 2, expected 0 to 1"),
        ("1", "is no shard, expected I/N"),
        ("auto/0", "is no shard"),
        ("auto", "no scheduler says which shard this is"),
    ] {
        let mut command = work.command(&["screen", "table.toml", "--shard", shard, "-o", "d"]);
        for name in ["SLURM_ARRAY_TASK_ID", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "PARALLEL_SEQ", "JOB_COMPLETION_INDEX"]
        {
            command.env_remove(name);
        }
        let ran = support::Ran(command.output().expect("starts")).expect(1);
        assert!(ran.stderr().contains(reason), "{}", ran.stderr());
    }
    work.write("file", "");
    let ran = work.run(&["screen", "table.toml", "--shard", "0/2", "-o", "file"]).expect(1);
    assert!(ran.stderr().contains("-o is the folder of all shards"), "{}", ran.stderr());
}

#[test]
fn a_scheduler_says_which_shard() {
    let work = Workplace::new();
    fill(&work);
    let mut command = work.command(&["screen", "table.toml", "--shard", "auto", "-o", "d", "-q"]);
    command.envs([
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_ARRAY_TASK_MIN", "0"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
        ("SLURM_ARRAY_TASK_COUNT", "4"),
    ]);
    support::Ran(command.output().expect("starts")).expect(0);
    assert!(work.path("d/shard-2-of-4.h5").exists());
}

#[test]
fn scratch_holds_the_work_in_progress_and_nothing_else() {
    let work = Workplace::new();
    fill(&work);
    let arguments = ["screen", "table.toml", "-o", "out/r.h5", "--scratch", "node", "--batch", "8"];
    fs::create_dir(work.path("out")).expect("a folder");
    work.run(&[&arguments[..], &["--time-budget", "0s"]].concat()).expect(3);
    let names = |folder: &Path| -> Vec<String> {
        let list = fs::read_dir(folder).expect("a folder");
        list.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    assert!(names(&work.path("out")).is_empty());
    assert_eq!(names(&work.path("node")).len(), 1);
    work.run(&arguments).expect(0);
    assert_eq!((names(&work.path("out")), names(&work.path("node"))), (vec!["r.h5".to_owned()], Vec::new()));
}

#[test]
fn submit_prints_jobs_that_a_shell_accepts() {
    let work = Workplace::new();
    fill(&work);
    let arguments = ["submit", "table.toml", "--scheduler", "slurm", "--shards", "4", "--dry-run", "-o", "it's here"];
    let told = work.run(&[&arguments[..], &["--", "--account=x"]].concat()).expect(0).stdout();
    assert!(told.contains("#SBATCH --array=0-3\n"), "{told}");
    work.write("jobs.sh", &told);
    let checked = std::process::Command::new("bash").arg("-n").arg(work.path("jobs.sh")).output().expect("bash");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    assert!(!work.path("it's here").exists());
    let ran = work.run(&["submit", "missing.toml", "--scheduler", "slurm", "--shards", "4"]).expect(1);
    assert!(ran.stderr().contains("missing.toml"), "{}", ran.stderr());
}
