//! Which kept candidates are the same structure: `[rank] duplicates = "remove"` or `"match"`.
//!
//! Rows stay independent: workers compute digests, and only when all rows are known are those that share a digest, or its formula, compared, in
//! order of index. A candidate is a duplicate of the first earlier one that it matches and that is no duplicate itself, so that the result does
//! not depend on batches, threads or shards. Structures come from the source again, in one pass; only those that share theirs with
//! another are decoded.

use std::collections::BTreeMap;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::candidate::{Candidate, CandidateIndex, CandidateKind, Duplicates, Frame};
use crate::chem::Composition;
use crate::crystal::{MatchTolerances, Matchable};
use crate::rank::DuplicateRule;
use crate::source::Source;

use super::error::RunError;
use super::pipeline::in_pool;
use super::stop::Stop;

/// Records framed at once.
const BATCH: usize = 4096;

/// Candidates of one digest or formula that are no duplicates so far, and how many are still to come.
#[derive(Default)]
struct Group {
    first: Vec<(u64, Matchable)>,
    to_come: usize,
}

/// A candidate and its structure, reduced; `None` where it cannot be.
type Member = (u64, Option<Matchable>);

/// A candidate, and whose duplicate it is.
type Pair = (u64, u64);

/// Members of a group that are at hand.
struct Batch {
    number: usize,
    group: Group,
    members: Vec<Member>,
}

/// Index, and digest or formula, of all candidates that might be duplicates of one another.
pub struct Candidates {
    rule: DuplicateRule,
    keys: Vec<([u8; 16], u64)>,
}

impl Candidates {
    /// None yet; the rule says what they must share.
    pub fn new(rule: DuplicateRule) -> Self {
        Self { rule, keys: Vec::new() }
    }

    /// Adds one, in any order; without a digest it is nobody's duplicate.
    pub fn add(&mut self, index: u64, digest: &str) {
        if !digest.is_empty() {
            let key = match self.rule {
                // A digest begins with the reduced formula.
                DuplicateRule::Match => digest.split(' ').next().unwrap_or(digest),
                _ => digest,
            };
            self.keys.push((short(key), index));
        }
    }
}

/// Finds the duplicates among candidates, whose structures come from `open`; `None` where it was stopped.
///
/// # Errors
/// A source that cannot be read again.
pub fn find(
    candidates: Candidates,
    open: impl FnOnce() -> Result<Box<dyn Source>, RunError>,
    threads: usize,
    stop: &Stop,
) -> Result<Option<Duplicates>, RunError> {
    let Candidates { keys: mut digests, .. } = candidates;
    digests.sort_unstable();
    let mut groups: Vec<Group> = Vec::new();
    // By index, and the group.
    let mut wanted: Vec<(u64, usize)> = Vec::new();
    for equal in digests.chunk_by(|a, b| a.0 == b.0).filter(|equal| equal.len() > 1) {
        wanted.extend(equal.iter().map(|&(_, index)| (index, groups.len())));
        groups.push(Group { first: Vec::new(), to_come: equal.len() });
    }
    drop(digests);
    wanted.sort_unstable();
    if wanted.is_empty() {
        return Ok(Some(Duplicates::default()));
    }
    let source = open()?;
    in_pool(threads, || compare(source, &wanted, groups, stop))?
}

fn compare(
    mut source: Box<dyn Source>,
    mut wanted: &[(u64, usize)],
    mut groups: Vec<Group>,
    stop: &Stop,
) -> Result<Option<Duplicates>, RunError> {
    let decoder = source.decoder();
    let mut frame = Frame::default();
    let mut pairs: Vec<Pair> = Vec::new();
    while let Some(&(next, _)) = wanted.first() {
        if stop.requested() {
            return Ok(None);
        }
        frame.clear();
        source.frame(BATCH, &mut frame)?;
        let Some(last) = frame.records.last().map(|record| record.index.0) else {
            return Err(RunError::Reread { index: next, reason: "the source ends before it".to_owned() });
        };
        let count = wanted.partition_point(|(index, _)| *index <= last);
        let (here, rest) = wanted.split_at(count);
        wanted = rest;
        let structures: Vec<Option<Matchable>> = here
            .par_iter()
            .map_init(blank, |candidate, (index, _)| {
                let failed = |reason: String| RunError::Reread { index: *index, reason };
                let place = frame.records.binary_search_by_key(index, |record| record.index.0);
                let record = &frame.records[place.map_err(|_| failed("it is not there any more".to_owned()))?];
                decoder.decode(&frame, record, candidate).map_err(|fault| failed(fault.detail.into_owned()))?;
                Ok(candidate.structure().and_then(Matchable::new))
            })
            .collect::<Result<_, RunError>>()?;
        let mut batches: BTreeMap<usize, Batch> = BTreeMap::new();
        for (&(index, number), structure) in here.iter().zip(structures) {
            let batch = batches.entry(number).or_insert_with(|| {
                let group = std::mem::take(&mut groups[number]);
                Batch { number, group, members: Vec::new() }
            });
            batch.members.push((index, structure));
        }
        let batches: Vec<Batch> = batches.into_values().collect();
        let judged: Vec<(usize, Group, Vec<Pair>)> = batches.into_par_iter().map(Batch::judge).collect();
        for (number, group, found) in judged {
            pairs.extend(found);
            // A group whose members have all come is no longer needed.
            if group.to_come > 0 {
                groups[number] = group;
            }
        }
    }
    pairs.sort_unstable();
    let (index, of) = pairs.into_iter().unzip();
    Ok(Some(Duplicates { index, of }))
}

impl Batch {
    /// Compares the members, in order of index; gives the group back, with those that are duplicates, and of whom.
    fn judge(mut self) -> (usize, Group, Vec<Pair>) {
        let tolerances = MatchTolerances::default();
        let mut found = Vec::new();
        self.group.to_come -= self.members.len();
        for (index, structure) in self.members {
            // What cannot be reduced to a cell is nobody's duplicate.
            let Some(structure) = structure else { continue };
            match self.group.first.iter().find(|(_, known)| known.matches(&structure, &tolerances)) {
                Some(&(of, _)) => found.push((index, of)),
                None => self.group.first.push((index, structure)),
            }
        }
        (self.number, self.group, found)
    }
}

fn blank() -> Candidate {
    Candidate { index: CandidateIndex(0), kind: CandidateKind::Composition(Composition::new()), values: Vec::new() }
}

/// Digests of millions of candidates are held at once: 16 bytes each are enough to tell them apart.
fn short(digest: &str) -> [u8; 16] {
    let whole = Sha256::digest(digest.as_bytes());
    std::array::from_fn(|place| whole[place])
}
