//! The ledger: how many candidates each rule saw, kept, rejected, left undecided or lost to a fault.

/// Counts of one rule. `input = kept + rejected + undecided + faulted`.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// Stage the rule belongs to.
    pub stage: String,
    /// Name of the rule.
    pub rule: String,
    /// Candidates that reached it.
    pub input: u64,
    /// Candidates that it let pass (undecided ones that the plan keeps included).
    pub kept: u64,
    /// Candidates that it rejected.
    pub rejected: u64,
    /// Candidates that it dropped as undecided.
    pub undecided: u64,
    /// Candidates that faulted in it.
    pub faulted: u64,
}

impl Tally {
    /// An empty count.
    pub fn new(stage: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { stage: stage.into(), rule: rule.into(), ..Self::default() }
    }

    /// Whether nothing was lost.
    pub fn balances(&self) -> bool {
        self.input == self.kept + self.rejected + self.undecided + self.faulted
    }
}

/// The funnel of a run: one tally a rule, in the order in which candidates meet them.
#[derive(Clone, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    /// Rules, in order.
    pub rules: Vec<Tally>,
}

impl Ledger {
    /// A ledger of zeros for these (stage, rule) pairs.
    pub fn new<'a>(rules: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { rules: rules.into_iter().map(|(stage, rule)| Tally::new(stage, rule)).collect() }
    }

    /// Candidates that entered.
    pub fn read(&self) -> u64 {
        self.rules.first().map_or(0, |rule| rule.input)
    }

    /// Candidates that left at the end.
    pub fn kept(&self) -> u64 {
        self.rules.last().map_or(0, |rule| rule.kept)
    }

    /// Sum of rejections.
    pub fn rejected(&self) -> u64 {
        self.rules.iter().map(|rule| rule.rejected).sum()
    }

    /// Sum of candidates dropped as undecided.
    pub fn undecided(&self) -> u64 {
        self.rules.iter().map(|rule| rule.undecided).sum()
    }

    /// Sum of faults.
    pub fn faulted(&self) -> u64 {
        self.rules.iter().map(|rule| rule.faulted).sum()
    }

    /// Adds the counts of a part of the run with the same rules.
    ///
    /// # Panics
    /// If the rules differ.
    pub fn add(&mut self, part: &Self) {
        assert_eq!(self.rules.len(), part.rules.len(), "ledgers of different plans");
        for (total, count) in self.rules.iter_mut().zip(&part.rules) {
            assert_eq!((&total.stage, &total.rule), (&count.stage, &count.rule), "ledgers of different plans");
            total.input += count.input;
            total.kept += count.kept;
            total.rejected += count.rejected;
            total.undecided += count.undecided;
            total.faulted += count.faulted;
        }
    }

    /// Whether every rule balances and hands on what the next one receives.
    pub fn balances(&self) -> bool {
        self.rules.iter().all(Tally::balances) && self.rules.windows(2).all(|pair| pair[0].kept == pair[1].input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledger_balances_only_if_rules_hand_on_what_they_keep() {
        let mut ledger = Ledger::new([("parse", "formula"), ("filter", "neutral")]);
        ledger.rules[0] = Tally { input: 5, kept: 4, faulted: 1, ..ledger.rules[0].clone() };
        ledger.rules[1] = Tally { input: 4, kept: 1, rejected: 2, undecided: 1, ..ledger.rules[1].clone() };
        assert!(ledger.balances());
        assert_eq!(ledger.read(), ledger.kept() + ledger.rejected() + ledger.undecided() + ledger.faulted());
        ledger.rules[1].input = 5;
        assert!(!ledger.balances());
    }
}
