//! Where a run's time goes, stage by stage, and what that says about more cores.

use std::time::{Duration, Instant};

/// Seconds in which each role was busy, summed over threads, and the wall time.
#[derive(Copy, Clone, Debug, Default, serde::Serialize)]
pub struct BusyTimes {
    /// Framing: one thread at a time.
    pub reader: f64,
    /// Decoding, filters, descriptors, surrogates: all threads at once.
    pub workers: f64,
    /// What workers did.
    pub stages: StageTimes,
    /// Committing: one thread at a time.
    pub sink: f64,
    /// From the first candidate to the last.
    pub wall: f64,
    /// Ranking and writing the result, after the last candidate: one thread but for compression. The result itself cannot tell it.
    #[serde(skip)]
    pub finish: f64,
}

/// Seconds of the workers by stage.
#[derive(Copy, Clone, Debug, Default, serde::Serialize)]
pub struct StageTimes {
    /// Records to candidates.
    pub decode: f64,
    /// Rules on single candidates.
    pub rules: f64,
    /// Descriptors.
    pub describe: f64,
    /// Surrogates.
    pub predict: f64,
    /// Digests of structures.
    pub identify: f64,
    /// Rows to columns.
    pub collect: f64,
}

impl StageTimes {
    /// Seconds of all stages; what workers took beside them are rules on whole blocks of a space.
    pub fn total(&self) -> f64 {
        self.decode + self.rules + self.describe + self.predict + self.identify + self.collect
    }

    /// Adds the times of another thread.
    pub fn add(&mut self, other: &Self) {
        self.decode += other.decode;
        self.rules += other.rules;
        self.describe += other.describe;
        self.predict += other.predict;
        self.identify += other.identify;
        self.collect += other.collect;
    }
}

impl BusyTimes {
    /// Candidates per second that so many cores would take, if workers share the work evenly and nothing else slows them down:
    /// at most what the busiest serial stage takes.
    pub fn predicted_rate(&self, candidates: u64, cores: usize) -> f64 {
        let candidates = candidates as f64;
        let parallel = cores as f64 * candidates / self.workers.max(1e-9);
        parallel.min(candidates / self.reader.max(1e-9)).min(candidates / self.sink.max(1e-9))
    }

    /// Share of the time in which a serial stage of so many seconds is busy at that rate.
    pub fn busy_at(&self, serial: f64, candidates: u64, cores: usize) -> f64 {
        serial * self.predicted_rate(candidates, cores) / (candidates as f64).max(1.0)
    }
}

/// Measures one stage after the other.
pub(super) struct Lap(Instant);

impl Lap {
    /// Starts with the first stage.
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Ends a stage and starts the next one.
    pub(super) fn end(&mut self, stage: &mut f64) {
        let now = Instant::now();
        *stage += now.duration_since(self.0).max(Duration::ZERO).as_secs_f64();
        self.0 = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_serial_stage_bounds_what_more_cores_give() {
        let busy = BusyTimes { reader: 1.0, workers: 80.0, sink: 2.0, wall: 42.0, ..BusyTimes::default() };
        assert_eq!(busy.predicted_rate(800, 4), 40.0);
        assert_eq!(busy.predicted_rate(800, 64), 400.0);
        assert_eq!(busy.busy_at(busy.sink, 800, 64), 1.0);
        assert_eq!(busy.busy_at(busy.reader, 800, 4), 0.05);
    }
}
