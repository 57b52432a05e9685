//! Charge neutrality and electronegativity order, pushed into enumerated spaces.

use std::ops::Range;

use crate::chem::Element;
use crate::chem::neutrality::{FamilyBlock, Judgement, NeutralityRule};

use super::{BlockJudge, BlockRule, BlockVerdicts, Stoichiometries, Verdict};

impl From<Judgement> for Verdict {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Allowed => Self::Pass,
            Judgement::Forbidden => Self::Fail,
            Judgement::Undecided => Self::Undecided,
        }
    }
}

impl BlockRule for NeutralityRule {
    fn judge_blocks<'a>(&'a self, stoichiometries: &'a Stoichiometries) -> Box<dyn BlockJudge + 'a> {
        let amounts: Vec<u8> = stoichiometries.rows().flatten().copied().collect();
        let block = FamilyBlock::new(stoichiometries.num_elements(), &amounts);
        Box::new(NeutralityJudge { rule: self, stoichiometries, block, balanced: Vec::new() })
    }
}

struct NeutralityJudge<'a> {
    rule: &'a NeutralityRule,
    stoichiometries: &'a Stoichiometries,
    block: FamilyBlock,
    balanced: Vec<u64>,
}

impl BlockJudge for NeutralityJudge<'_> {
    fn judge(&mut self, elements: &[Element], span: Range<usize>, verdicts: &mut BlockVerdicts) {
        let family = self.rule.family(elements);
        if let Some(known) = family.known() {
            verdicts.set_whole(known.into());
            return;
        }
        self.balanced.resize(self.stoichiometries.len().div_ceil(64), 0);
        if !self.block.balance(&family, span.clone(), &mut self.balanced) {
            for row in span {
                verdicts.set(row, family.judge(self.stoichiometries.row(row)).into());
            }
            return;
        }
        let found = Verdict::from(family.verdict_if_found());
        let (fail, undecided) = verdicts.bits_mut();
        for word in span.start / 64..span.end.div_ceil(64) {
            fail[word] = !self.balanced[word];
            undecided[word] = if found == Verdict::Undecided { self.balanced[word] } else { 0 };
        }
    }
}
