//! One content digest, however a plan is run: threads, batches, segments, interruptions.

mod support;

use support::Workplace;

const PLAN: &str = r#"
[screen]
name = "determinism"
[source]
space = { elements = ["Li", "Na", "Ti", "Fe", "Cu", "O", "S", "F"], num_elements = "2-4", max_amount = 5 }
[[descriptor]]
name = "magpie"
[[descriptor]]
name = "stoichiometry"
[[filter]]
name = "contains"
any = ["O", "S", "F"]
[[filter]]
name = "window"
column = "MagpieData mean Electronegativity"
above = 2.2
[rank]
by = [{ column = "MagpieData mean MeltingT", direction = "max" }, { column = "2-norm", direction = "min" }]
method = "pareto"
max_front = 1000
"#;

/// The digest over all content, as `verify --json` tells it.
fn digest(work: &Workplace, file: &str) -> String {
    let told = work.run(&["verify", file, "--json"]).expect(0).stdout();
    let value: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    value[0]["digest"].as_str().expect("digest").to_owned()
}

#[test]
fn threads_batches_and_segments_do_not_change_the_digest() {
    let work = Workplace::new();
    work.write("plan.toml", PLAN);
    let mut digests = Vec::new();
    for (threads, batch, segment) in
        [(1, 4096, "64M"), (2, 4096, "64M"), (4, 1000, "64M"), (2, 7, "64M"), (3, 512, "200K")]
    {
        let out = format!("t{threads}b{batch}.h5");
        let (threads, batch) = (threads.to_string(), batch.to_string());
        let arguments = [
            "screen",
            "plan.toml",
            "-q",
            "-o",
            &out,
            "--threads",
            &threads,
            "--batch",
            &batch,
            "--segment-size",
            segment,
        ];
        work.run(&arguments).expect(0);
        digests.push(digest(&work, &out));
    }
    assert!(digests.iter().all(|d| *d == digests[0]), "{digests:#?}");
}

#[test]
fn another_seed_in_the_plan_is_another_digest() {
    let work = Workplace::new();
    work.write("plan.toml", PLAN);
    work.run(&["screen", "plan.toml", "-q", "-o", "a.h5"]).expect(0);
    work.run(&["screen", "plan.toml", "-q", "-o", "b.h5", "--seed", "1"]).expect(0);
    assert_ne!(digest(&work, "a.h5"), digest(&work, "b.h5"));
}

#[test]
fn killed_and_interrupted_runs_finish_with_the_same_digest() {
    let work = Workplace::new();
    work.write("plan.toml", PLAN);
    let common = ["screen", "plan.toml", "-q", "--threads", "2", "--batch", "64", "--segment-size", "100K"];
    let arguments = |out: &'static str| [&common[..], &["-o", out]].concat();
    work.run(&arguments("whole.h5")).expect(0);
    let expected = digest(&work, "whole.h5");

    // kill -9 after ever longer times, until one attempt finishes.
    let mut kills = 0;
    for milliseconds in (5..).step_by(15) {
        let mut child = work.command(&arguments("killed.h5")).spawn().expect("starts");
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        match child.try_wait().expect("waits") {
            Some(status) => {
                assert!(status.success());
                break;
            }
            None => {
                child.kill().expect("kills");
                child.wait().expect("waits");
                kills += 1;
            }
        }
    }
    assert!(kills > 0, "the run was over before it could be killed");
    work.run(&arguments("killed.h5")).expect(0);
    assert_eq!(digest(&work, "killed.h5"), expected);

    // An exhausted time budget exits with 3 and leaves segments behind.
    let mut attempts = 0;
    loop {
        let ran = work.run(&[&arguments("budget.h5")[..], &["--time-budget", "0.02s"]].concat());
        attempts += 1;
        match ran.code() {
            0 => break,
            3 => assert!(!work.path("budget.h5").exists(), "an unfinished result is in place"),
            _ => panic!("{}", ran.stderr()),
        }
        assert!(attempts < 1000, "no progress");
    }
    assert!(attempts > 1, "the budget was never exhausted");
    assert_eq!(digest(&work, "budget.h5"), expected);
    assert!(!work.path("budget.h5.parts").exists(), "parts are left behind");
}

#[test]
fn sigterm_stops_between_batches_and_exits_with_3() {
    let work = Workplace::new();
    work.write("plan.toml", PLAN);
    let arguments =
        ["screen", "plan.toml", "-o", "out.h5", "--threads", "1", "--batch", "16", "--segment-size", "100K"];
    let child = work.command(&arguments).stderr(std::process::Stdio::piped()).spawn().expect("starts");
    let parts = work.path("out.h5.parts");
    while !parts.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    let ended = child.wait_with_output().expect("ends");
    assert_eq!(ended.status.code(), Some(3), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("run the same command again"));
    work.run(&arguments).expect(0);
    let again = work.run(&arguments).expect(0);
    assert!(again.stderr().contains("already complete"), "{}", again.stderr());
}

/// Kernels that differ by instruction set: averages over elements, fingerprints of sites, matrices, trees and networks.
#[test]
fn the_instruction_set_does_not_change_the_digest() {
    let work = Workplace::new();
    let named = |name: &str| format!("[[descriptor]]\nname = \"{name}\"\n");
    let descriptors: String = ["magpie", "agni", "gaussian_symmetry", "grdf", "xrd", "soap"].map(named).concat();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/structures");
    let plan = format!(
        "[source]\ncif = {folder:?}\n{descriptors}[[surrogate]]\nmodel = 'expt_gap'\nas = 'gap'\n\
         [rank]\nby = [{{ column = 'gap.value', direction = 'max' }}]\n[sink]\nstore = 'all'\n"
    );
    work.write("plan.toml", plan);
    let mut digests = Vec::new();
    for level in matsieve_kernels::dispatch::Level::available() {
        let out = format!("{}.h5", level.name());
        let ran =
            work.command(&["screen", "plan.toml", "-q", "-o", &out]).env("MATSIEVE_KERNELS", level.name()).output();
        assert!(ran.expect("the program starts").status.success(), "{}", level.name());
        digests.push((level.name(), digest(&work, &out)));
    }
    assert!(digests.iter().all(|(_, digest)| *digest == digests[0].1), "{digests:?}");

    let refused =
        work.command(&["list", "presets"]).env("MATSIEVE_KERNELS", "sse9").output().expect("the program starts");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("this processor has baseline"));
}
