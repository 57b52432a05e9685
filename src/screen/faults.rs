//! How many faults a run may have.

use crate::candidate::Ledger;

use super::error::{PlanError, RunError};

/// The largest share of candidates that may fault.
#[derive(Copy, Clone, Debug, PartialEq)]
pub struct FaultLimit {
    fraction: f64,
}

/// Candidates after which a run above its limit is ended early.
const JUDGED_AFTER: u64 = 10_000;

impl FaultLimit {
    /// Reads `"5 %"` or `"0.05"`.
    ///
    /// # Errors
    /// No number between 0 and 1.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let fraction = crate::units::parse_quantity(text, &crate::units::Unit::dimensionless())
            .map_err(|e| PlanError::table("[run]", &format!("max_fault_fraction: {e}")))?;
        if (0.0..=1.0).contains(&fraction) {
            return Ok(Self { fraction });
        }
        let reason = format!("max_fault_fraction is \"{text}\", expected 0 % to 100 %");
        Err(PlanError::table("[run]", &reason))
    }

    /// No fault is allowed (`--strict`).
    pub fn strict() -> Self {
        Self { fraction: 0.0 }
    }

    /// Whether a finished run stays below the limit.
    pub fn allows(&self, ledger: &Ledger) -> bool {
        ledger.faulted() as f64 <= self.fraction * ledger.read() as f64
    }

    /// Ends a run early whose input is plainly wrong.
    ///
    /// # Errors
    /// [`RunError::TooManyFaults`].
    pub fn check_running(&self, ledger: &Ledger) -> Result<(), RunError> {
        if ledger.read() < JUDGED_AFTER || self.allows(ledger) {
            return Ok(());
        }
        Err(self.error(ledger))
    }

    /// The error of a run above the limit.
    pub fn error(&self, ledger: &Ledger) -> RunError {
        RunError::TooManyFaults { faulted: ledger.faulted(), read: ledger.read(), percent: self.fraction * 100.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(read: u64, faulted: u64) -> Ledger {
        let mut ledger = Ledger::new([("parse", "csv")]);
        ledger.rules[0].input = read;
        ledger.rules[0].kept = read - faulted;
        ledger.rules[0].faulted = faulted;
        ledger
    }

    #[test]
    fn limit_is_a_share_of_what_was_read() {
        let limit = FaultLimit::parse("5 %").expect("percent");
        assert!(limit.allows(&ledger(100, 5)));
        assert!(!limit.allows(&ledger(100, 6)));
        assert!(limit.check_running(&ledger(9_999, 9_999)).is_ok());
        assert!(limit.check_running(&ledger(10_000, 501)).is_err());
        assert!(!FaultLimit::strict().allows(&ledger(100, 1)));
        assert!(FaultLimit::parse("5").is_err());
    }
}
