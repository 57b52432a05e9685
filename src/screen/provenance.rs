//! The record of how a result was made: the documents of `/provenance`.

use serde_json::{Value, json};

use crate::product;

/// `product`: the program.
pub fn product() -> Value {
    json!({
        "name": product::NAME,
        "name_zh": product::NAME_ZH,
        "version": product::VERSION,
        "commit": product::COMMIT,
        "target": product::TARGET,
        "layout_version": 1,
    })
}

/// `environment`: the machine, without names or addresses; outside the digest.
pub fn environment() -> Value {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        cpuinfo
            .lines()
            .find(|line| line.starts_with(name))
            .and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let system = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let pretty =
        system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|s| s.trim_matches('"').to_owned());
    json!({
        "system": pretty,
        "architecture": std::env::consts::ARCH,
        "processor": field("model name"),
        "processors": std::thread::available_parallelism().map_or(1, |n| n.get()),
    })
}

/// Largest resident memory of this process so far, in bytes; `None` where the system does not tell.
pub fn peak_memory() -> Option<u64> {
    own_memory("VmHWM:")
}

/// Resident memory of this process, in bytes; `None` where the system does not tell.
pub fn resident_memory() -> Option<u64> {
    own_memory("VmRSS:")
}

fn own_memory(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// CPU seconds (user and system) of this process so far; `None` where the system does not tell.
pub fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Fields 14 and 15 (utime, stime) counted after the program's name in brackets; USER_HZ is 100 on Linux.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

/// The current time as RFC 3339, to the second, in UTC.
pub fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// `tables`: name, version and digest of every table that is compiled in.
pub fn tables() -> Value {
    crate::chem::table::tables()
        .iter()
        .map(|table| json!({"name": table.card().name, "version": table.card().version, "sha256": table.card().sha256}))
        .collect()
}
