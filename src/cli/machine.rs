//! What the program may use of the machine it runs on.

/// CPUs this process may use: the affinity mask and cgroup quota, and `SLURM_CPUS_PER_TASK` where it is smaller.
pub fn available_threads() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, |n| n.get());
    let slurm = std::env::var("SLURM_CPUS_PER_TASK").ok().and_then(|text| text.trim().parse::<usize>().ok());
    slurm.filter(|n| *n > 0).map_or(allowed, |n| n.min(allowed))
}

/// Chinese if the locale says so, else English.
pub fn language() -> super::Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default();
    if locale.starts_with("zh") { super::Language::Zh } else { super::Language::En }
}
