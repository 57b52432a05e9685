//! `--profile`: time and bytes of each stage, and the throughput that they allow on more cores.

use crate::screen::{BusyTimes, Outcome};

use super::format::{bytes, grouped};
use super::output::table;

/// Numbers of cores that are predicted for.
const CORES: [usize; 5] = [1, 8, 16, 64, 128];

/// The profile of a finished run as text; `threads` is the number it ran with.
pub(super) fn text(outcome: &Outcome, threads: usize) -> String {
    let busy = &outcome.busy;
    let candidates = outcome.ledger.read().saturating_sub(outcome.resumed).max(1);
    let per = |seconds: f64| format!("{:.3}", 1e6 * seconds / candidates as f64);
    let row = |name: &str, seconds: f64| vec![name.to_owned(), format!("{seconds:.3}"), per(seconds)];
    let stages = &busy.stages;
    let mut rows = vec![row("read (serial)", busy.reader)];
    let blocks = (busy.workers - stages.total()).max(0.0);
    for (name, seconds) in [
        ("rules on blocks", blocks),
        ("decode", stages.decode),
        ("rules", stages.rules),
        ("descriptors", stages.describe),
        ("surrogates", stages.predict),
        ("structure digests", stages.identify),
        ("columns", stages.collect),
    ] {
        if seconds > 0.0 {
            rows.push(row(name, seconds));
        }
    }
    rows.push(row("commit (serial)", busy.sink));
    rows.push(row("finish (serial)", busy.finish));
    let mut out = table(&[("stage", false), ("seconds", true), ("µs a candidate", true)], &rows);
    out.push_str(&format!(
        "{} candidates in {:.3} s on {threads} threads, {} written\n",
        grouped(candidates),
        busy.wall,
        bytes(outcome.bytes)
    ));
    out.push_str(&table(
        &[("cores", true), ("candidates/s", true), ("reader busy", true), ("commit busy", true)],
        &CORES.map(|cores| prediction(busy, candidates, cores)),
    ));
    out
}

fn prediction(busy: &BusyTimes, candidates: u64, cores: usize) -> Vec<String> {
    let percent = |serial: f64| format!("{:.1} %", 100.0 * busy.busy_at(serial, candidates, cores));
    let rate = busy.predicted_rate(candidates, cores);
    vec![cores.to_string(), grouped(rate as u64), percent(busy.reader), percent(busy.sink)]
}
