//! Reasons to stop early: signals and the time budget. Both end a run between batches, with everything committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Shared by all threads of a run.
#[derive(Clone, Debug)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Stop {
    /// Stops when `budget` has passed.
    pub fn new(budget: Option<Duration>) -> Self {
        Self { flag: Arc::new(AtomicBool::new(false)), deadline: budget.map(|budget| Instant::now() + budget) }
    }

    /// Stops at SIGINT, SIGTERM and SIGUSR1 (what Slurm sends ahead of the walltime) too. A second SIGINT ends the process at once.
    ///
    /// # Errors
    /// The operating system refuses the handler.
    pub fn on_signals(self) -> std::io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 3, self.flag.clone())?;
        }
        for signal in [SIGINT, SIGTERM, SIGUSR1] {
            signal_hook::flag::register(signal, self.flag.clone())?;
        }
        Ok(self)
    }

    /// Asks every thread to stop.
    pub fn request(&self) {
        self.flag.store(true, Ordering::Relaxed);
    }

    /// Whether to stop now.
    pub fn requested(&self) -> bool {
        self.signalled() || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Whether a signal or a failure asks to stop, whatever the time budget.
    pub fn signalled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }
}

/// Reads a duration such as `3h`, `90min`, `1h30m`, `45s` or plain seconds.
///
/// # Errors
/// The text, and what is expected.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("\"{text}\" is no duration, expected for example 3h, 90min, 1h30m or 45s");
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let seconds = match &rest[..letters] {
            "" | "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return Err(bad()),
        };
        total += number * seconds;
        rest = rest[letters..].trim_start();
    }
    Duration::try_from_secs_f64(total).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_their_parts() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("90 min"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse_duration("2.5"), Ok(Duration::from_millis(2500)));
        assert!(parse_duration("3 weeks").is_err());
        assert!(parse_duration("").is_err());
    }
}
