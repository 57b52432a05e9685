//! What a run costs, over all processes that worked on it.
//!
//! Every segment carries what its process had used up when it was closed, so that a run which was killed or requeued
//! still tells the whole. What a process did after its last segment is lost with it, as its work is.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::random::random_uuid;

use super::provenance;

/// What one process has used up so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ProcessCost {
    /// A random name.
    process: String,
    threads: usize,
    /// Seconds since it began with the run.
    wall_seconds: f64,
    #[serde(default)]
    cpu_seconds: Option<f64>,
    #[serde(default)]
    peak_memory_bytes: Option<u64>,
}

/// The clock of this process.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    process: String,
    threads: usize,
    started: Instant,
}

impl Meter {
    pub(super) fn start(threads: usize) -> Self {
        Self { process: random_uuid(), threads, started: Instant::now() }
    }

    pub(super) fn read(&self) -> ProcessCost {
        ProcessCost {
            process: self.process.clone(),
            threads: self.threads,
            wall_seconds: self.started.elapsed().as_secs_f64(),
            cpu_seconds: provenance::cpu_seconds(),
            peak_memory_bytes: provenance::peak_memory(),
        }
    }
}

/// What all processes have used up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TotalCost {
    pub(super) processes: usize,
    pub(super) cpu_seconds: Option<f64>,
    /// Threads times time.
    pub(super) core_hours: f64,
    pub(super) peak_memory_bytes: Option<u64>,
}

impl TotalCost {
    /// Sums up what earlier processes said in their segments, in order, and this one.
    pub(super) fn of(earlier: &[String], own: ProcessCost) -> Self {
        let mut last: Vec<ProcessCost> = Vec::new();
        for cost in earlier.iter().filter_map(|text| serde_json::from_str::<ProcessCost>(text).ok()).chain([own]) {
            match last.iter_mut().find(|known| known.process == cost.process) {
                Some(known) => *known = cost,
                None => last.push(cost),
            }
        }
        Self {
            processes: last.len(),
            cpu_seconds: last.iter().map(|cost| cost.cpu_seconds).sum(),
            core_hours: last.iter().map(|cost| cost.threads as f64 * cost.wall_seconds).sum::<f64>() / 3600.0,
            peak_memory_bytes: last.iter().filter_map(|cost| cost.peak_memory_bytes).max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_every_process_counts_once() {
        let cost = |process: &str, wall: f64, peak: u64| ProcessCost {
            process: process.to_owned(),
            threads: 2,
            wall_seconds: wall,
            cpu_seconds: Some(2.0 * wall),
            peak_memory_bytes: Some(peak),
        };
        let text = |cost: ProcessCost| serde_json::to_string(&cost).expect("JSON");
        let earlier =
            [text(cost("a", 10.0, 5)), text(cost("a", 20.0, 7)), "no JSON".to_owned(), text(cost("b", 100.0, 9))];
        let total = TotalCost::of(&earlier, cost("c", 60.0, 6));
        assert_eq!((total.processes, total.cpu_seconds, total.peak_memory_bytes), (3, Some(360.0), Some(9)));
        assert_eq!(total.core_hours, 0.1);
    }
}
