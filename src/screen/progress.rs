//! Live progress: rate, survivors and remaining time; drawn only on a terminal.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::candidate::Ledger;

/// Counts of the run so far, drawn if asked to.
pub struct Progress {
    bar: ProgressBar,
    before: AtomicU64,
}

impl Progress {
    /// Draws nothing.
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden(), before: AtomicU64::new(0) }
    }

    /// Draws to stderr; `total` is the number of candidates where it is known.
    pub fn on_terminal(total: Option<u64>, before: u64) -> Self {
        let bar = match total {
            Some(total) => ProgressBar::new(total)
                .with_style(style("{percent:>3} % [{bar:30}] {human_pos}/{human_len}  {per_sec}  {eta} left  {msg}")),
            None => ProgressBar::no_length().with_style(style("{spinner} {human_pos}  {per_sec}  {elapsed}  {msg}")),
        };
        bar.set_position(before);
        bar.reset_eta();
        Self { bar, before: AtomicU64::new(before) }
    }

    /// Shows the counts of this run.
    pub fn update(&self, ledger: &Ledger) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(self.before.load(Ordering::Relaxed) + ledger.read());
        self.bar.set_message(format!("{} kept, {} faults", ledger.kept(), ledger.faulted()));
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
