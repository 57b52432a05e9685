//! What the program may use of the machine it runs on.

use matsieve_kernels::dispatch::Level;

/// CPUs this process may use: the affinity mask and cgroup quota, and what Slurm allocated where that is less.
pub fn available_threads() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, |n| n.get());
    slurm_cpus(&|name| std::env::var(name).ok()).map_or(allowed, |n| n.min(allowed))
}

/// CPUs that Slurm allocated to this task.
fn slurm_cpus(environment: &dyn Fn(&str) -> Option<String>) -> Option<usize> {
    // "2(x3),1" counts from the first node; tasks of one step are spread evenly.
    let number = |name: &str| -> Option<usize> {
        let text = environment(name)?;
        let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok().filter(|n| *n > 0)
    };
    number("SLURM_CPUS_PER_TASK").or_else(|| {
        // A batch script has its node's share for itself; a step's tasks divide it.
        let tasks = number("SLURM_STEP_TASKS_PER_NODE").unwrap_or(1);
        number("SLURM_CPUS_ON_NODE").map(|cpus| (cpus / tasks).max(1))
    })
}

/// Name of the environment variable that chooses the instruction set of the kernels.
const KERNELS: &str = "MATSIEVE_KERNELS";

/// Obeys `MATSIEVE_KERNELS`: `baseline`, `avx2` or `avx512` for the whole process instead of the widest there is. Results do not
/// depend on it; a test laboratory can see that.
///
/// # Errors
/// Another word, or a level that this processor does not have.
pub fn choose_kernels() -> Result<(), String> {
    let Some(wanted) = std::env::var_os(KERNELS).filter(|word| !word.is_empty()) else { return Ok(()) };
    let wanted = wanted.to_string_lossy();
    match Level::available().find(|level| level.name() == wanted) {
        Some(level) => {
            level.choose();
            Ok(())
        }
        None => {
            let names: Vec<&str> = Level::available().map(Level::name).collect();
            Err(format!("{KERNELS} is \"{wanted}\", this processor has {}", names.join(", ")))
        }
    }
}

/// Memory that this process may take, in bytes: the smallest of the limits of its cgroups and what Slurm allocated; `None` where
/// nothing limits it.
pub fn memory_limit() -> Option<u64> {
    let slurm = slurm_memory(&|name| std::env::var(name).ok());
    let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = cgroups.lines().flat_map(cgroup_files).filter_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        // "max" and, in version 1, a number near 2^63 say that there is none.
        text.trim().parse::<u64>().ok().filter(|bytes| *bytes < 1 << 60)
    });
    limits.chain(slurm).min()
}

/// Files with the memory limits of a line of /proc/self/cgroup, from the group itself up to the root.
fn cgroup_files(line: &str) -> Vec<String> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (root, file) = match fields.next() {
        Some("") => ("/sys/fs/cgroup", "memory.max"),
        Some(controllers) if controllers.split(',').any(|name| name == "memory") => {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let group = fields.next().unwrap_or("/").trim_matches('/');
    let mut folders: Vec<String> = vec![root.to_owned()];
    for name in group.split('/').filter(|name| !name.is_empty() && *name != "..") {
        let deeper = format!("{}/{name}", folders[folders.len() - 1]);
        folders.push(deeper);
    }
    folders.into_iter().map(|folder| format!("{folder}/{file}")).collect()
}

fn slurm_memory(environment: &dyn Fn(&str) -> Option<String>) -> Option<u64> {
    let megabytes = |name: &str| environment(name)?.trim().parse::<u64>().ok().filter(|n| *n > 0);
    let of_node = megabytes("SLURM_MEM_PER_NODE");
    let of_cpus = megabytes("SLURM_MEM_PER_CPU").zip(slurm_cpus(environment)).map(|(each, cpus)| each * cpus as u64);
    of_node.or(of_cpus).map(|megabytes| megabytes << 20)
}

/// Chinese if the locale says so, else English.
pub fn language() -> super::Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default();
    if locale.starts_with("zh") { super::Language::Zh } else { super::Language::En }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn threads_are_those_that_slurm_allocated_to_the_task() {
        assert_eq!(slurm_cpus(&with(&[("SLURM_CPUS_PER_TASK", "4"), ("SLURM_CPUS_ON_NODE", "64")])), Some(4));
        assert_eq!(slurm_cpus(&with(&[("SLURM_CPUS_ON_NODE", "64")])), Some(64));
        let step = [("SLURM_CPUS_ON_NODE", "8"), ("SLURM_STEP_TASKS_PER_NODE", "2(x3),1")];
        assert_eq!(slurm_cpus(&with(&step)), Some(4));
        assert_eq!(slurm_cpus(&with(&[])), None);
    }

    #[test]
    fn memory_is_that_of_the_node_or_of_the_cpus() {
        assert_eq!(slurm_memory(&with(&[("SLURM_MEM_PER_NODE", "4096")])), Some(4 << 30));
        let cpus = [("SLURM_MEM_PER_CPU", "2048"), ("SLURM_CPUS_PER_TASK", "3")];
        assert_eq!(slurm_memory(&with(&cpus)), Some(6 << 30));
        // 0 asks for all memory of the node.
        assert_eq!(slurm_memory(&with(&[("SLURM_MEM_PER_NODE", "0")])), None);
    }

    #[test]
    fn limits_of_groups_above_count_too() {
        assert_eq!(
            cgroup_files("0::/slurm/job_7"),
            ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/slurm/memory.max", "/sys/fs/cgroup/slurm/job_7/memory.max"]
        );
        assert_eq!(
            cgroup_files("4:cpu,memory:/a"),
            ["/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes"]
        );
        assert!(cgroup_files("3:cpuset:/a").is_empty());
    }
}
