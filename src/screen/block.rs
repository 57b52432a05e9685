//! One block of candidates on its way through the funnel: the part of the engine that runs in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::candidate::{
    Candidate, CandidateIndex, CandidateKind, Fault, FaultCode, FeatureMatrix, Frame, Ledger, NOT_REACHED, Payload,
    Predictions, QuarantinedRow, RawRecord, Row, Rows, Stage, StoredRows,
};
use crate::chem::Composition;
use crate::crystal::structure_digest;
use crate::descriptor::Scratch;
use crate::source::Survivor;

use super::busy::{Lap, StageTimes};
use super::plan::Store;
use super::resolve::Screen;
use super::slot::{DescriptorSlot, FilterSlot, describe};

/// What became of a range of the source.
#[derive(Default)]
pub struct Finished {
    /// Rows to store.
    pub rows: StoredRows,
    /// Candidates that faulted.
    pub quarantine: Vec<QuarantinedRow>,
    /// Counts of every rule.
    pub ledger: Ledger,
}

/// Position of a living candidate: in the block, in the matrix, in the predictions.
#[derive(Copy, Clone)]
struct Living {
    candidate: usize,
    matrix_row: usize,
    prediction_row: usize,
}

#[derive(Clone, PartialEq)]
enum Outcome {
    Kept,
    Rejected,
    Undecided,
    Faulted,
}

/// A worker's memory; everything is reused from block to block.
pub struct Block<'s> {
    screen: &'s Screen,
    candidates: Vec<Candidate>,
    outcomes: Vec<Outcome>,
    verdicts: Vec<Vec<u8>>,
    living: Vec<Living>,
    matrix_row: Vec<usize>,
    prediction_row: Vec<usize>,
    features: FeatureMatrix,
    predictions: Vec<Predictions>,
    selection: Vec<usize>,
    objectives: Vec<f64>,
    keys: Vec<f64>,
    digests: Vec<String>,
    scratch: Scratch,
    /// Where the time went.
    pub times: StageTimes,
}

const NONE: usize = usize::MAX;

impl<'s> Block<'s> {
    /// Memory for blocks of this screen.
    pub fn new(screen: &'s Screen) -> Self {
        Self {
            screen,
            candidates: Vec::new(),
            outcomes: Vec::new(),
            verdicts: vec![Vec::new(); screen.layout.filters.len()],
            living: Vec::new(),
            matrix_row: Vec::new(),
            prediction_row: Vec::new(),
            features: FeatureMatrix::new(screen.columns.clone()),
            predictions: vec![Predictions::default(); screen.surrogates.len()],
            selection: Vec::new(),
            objectives: vec![0.0; screen.layout.objectives.len()],
            keys: Vec::new(),
            digests: Vec::new(),
            scratch: Scratch::new(),
            times: StageTimes::default(),
        }
    }

    /// Takes the records of a frame through the funnel and adds what became of them to `out`.
    pub fn run(&mut self, frame: &Frame, out: &mut Finished) {
        let mut lap = Lap::start();
        let count = frame.records.len();
        self.begin(count);
        let decoder = &self.screen.decoder;
        for (i, record) in frame.records.iter().enumerate() {
            let candidate = &mut self.candidates[i];
            candidate.index = record.index;
            match guarded(Stage::Parse, || decoder.decode(frame, record, candidate)) {
                Ok(()) => self.living.push(Living { candidate: i, matrix_row: NONE, prediction_row: NONE }),
                Err(fault) => self.quarantine(i, frame, record, fault, out),
            }
        }
        let parsed = &mut out.ledger.rules[0];
        parsed.input += count as u64;
        parsed.kept += self.living.len() as u64;
        parsed.faulted += (count - self.living.len()) as u64;
        lap.end(&mut self.times.decode);
        self.finish(frame, out);
    }

    /// Empties the block for survivors of a sweep.
    pub fn begin_survivors(&mut self, frame: &mut Frame) {
        frame.clear();
        self.begin(0);
    }

    /// Adds a survivor of a sweep; the verdicts are those of the pushed-down rules.
    pub fn push_survivor(&mut self, survivor: &Survivor<'_>, frame: &mut Frame) {
        let i = frame.records.len();
        let index = CandidateIndex(survivor.index);
        frame.records.push(RawRecord { index, payload: Payload::Indexed });
        if self.candidates.len() == i {
            self.candidates.push(blank());
        }
        let candidate = &mut self.candidates[i];
        candidate.index = index;
        if !matches!(candidate.kind, CandidateKind::Composition(_)) {
            candidate.kind = CandidateKind::Composition(Composition::new());
        }
        if let CandidateKind::Composition(composition) = &mut candidate.kind {
            composition.clear();
            for (&element, &amount) in survivor.elements.iter().zip(survivor.amounts) {
                composition.add(element, f64::from(amount));
            }
        }
        self.outcomes.push(Outcome::Kept);
        for column in &mut self.verdicts {
            column.push(NOT_REACHED);
        }
        for (slot, verdict) in self.screen.pushed.iter().zip(survivor.verdicts) {
            self.verdicts[slot.column][i] = verdict.code();
        }
        self.matrix_row.push(NONE);
        self.prediction_row.push(NONE);
        self.living.push(Living { candidate: i, matrix_row: NONE, prediction_row: NONE });
    }

    /// Takes the survivors through the rest of the funnel and adds what became of them to `out`.
    pub fn run_survivors(&mut self, frame: &Frame, out: &mut Finished) {
        self.finish(frame, out);
    }

    /// Rules, descriptors and surrogates in order, then what is to be stored.
    fn finish(&mut self, frame: &Frame, out: &mut Finished) {
        let screen = self.screen;
        let mut lap = Lap::start();
        for slot in &screen.early {
            self.judge(slot, frame, out);
        }
        lap.end(&mut self.times.rules);
        for (row, living) in self.living.iter_mut().enumerate() {
            living.matrix_row = row;
            self.matrix_row[living.candidate] = row;
        }
        self.features.reset(self.living.len());
        self.copy_input_columns();
        self.describe(&screen.first, screen.first_rule, frame, out);
        lap.end(&mut self.times.describe);
        for slot in &screen.middle {
            self.judge(slot, frame, out);
        }
        lap.end(&mut self.times.rules);
        self.describe(&screen.second, screen.second_rule, frame, out);
        lap.end(&mut self.times.describe);
        self.predict();
        lap.end(&mut self.times.predict);
        for slot in &screen.late {
            self.judge(slot, frame, out);
        }
        lap.end(&mut self.times.rules);
        self.identify(frame, out);
        lap.end(&mut self.times.identify);
        self.store(frame, out);
        // Stage by stage is not candidate by candidate.
        out.quarantine.sort_by_key(|row| row.index);
        lap.end(&mut self.times.collect);
    }

    fn begin(&mut self, count: usize) {
        if self.candidates.len() < count {
            self.candidates.resize_with(count, blank);
        }
        self.outcomes.clear();
        self.outcomes.resize(count, Outcome::Kept);
        for column in &mut self.verdicts {
            column.clear();
            column.resize(count, NOT_REACHED);
        }
        self.living.clear();
        for rows in [&mut self.matrix_row, &mut self.prediction_row] {
            rows.clear();
            rows.resize(count, NONE);
        }
    }

    fn judge(&mut self, slot: &FilterSlot, frame: &Frame, out: &mut Finished) {
        let mut living = std::mem::take(&mut self.living);
        let mut tally = std::mem::take(&mut out.ledger.rules[slot.rule]);
        tally.input += living.len() as u64;
        living.retain(|place| {
            let i = place.candidate;
            let features = match place.matrix_row {
                NONE => &[],
                row => self.features.row(row),
            };
            let row = Row {
                candidate: &self.candidates[i],
                features,
                predictions: &self.predictions,
                prediction_row: place.prediction_row,
            };
            match guarded(Stage::Filter, || slot.filter.judge(row)) {
                Ok(verdict) => {
                    self.verdicts[slot.column][i] = verdict.code();
                    let keeps = slot.keeps(verdict);
                    match (keeps, verdict) {
                        (true, _) => tally.kept += 1,
                        (false, crate::candidate::Verdict::Undecided) => {
                            tally.undecided += 1;
                            self.outcomes[i] = Outcome::Undecided;
                        }
                        (false, _) => {
                            tally.rejected += 1;
                            self.outcomes[i] = Outcome::Rejected;
                        }
                    }
                    keeps
                }
                Err(fault) => {
                    tally.faulted += 1;
                    self.quarantine(i, frame, &frame.records[i], fault, out);
                    false
                }
            }
        });
        out.ledger.rules[slot.rule] = tally;
        self.living = living;
    }

    fn copy_input_columns(&mut self) {
        let width = self.features.width();
        for place in &self.living {
            let values = &self.candidates[place.candidate].values;
            self.features.values_mut()[place.matrix_row * width..][..values.len()].copy_from_slice(values);
        }
    }

    fn describe(&mut self, slots: &[DescriptorSlot], rule: Option<usize>, frame: &Frame, out: &mut Finished) {
        let Some(rule) = rule else { return };
        let screen = self.screen;
        let width = self.features.width();
        let mut living = std::mem::take(&mut self.living);
        let before = living.len() as u64;
        living.retain(|place| {
            let candidate = &self.candidates[place.candidate];
            let row = &mut self.features.values_mut()[place.matrix_row * width..][..width];
            let scratch = &mut self.scratch;
            let described =
                guarded(Stage::Describe, || describe(slots, candidate, &screen.columns, &mut *scratch, &mut *row));
            match described {
                Ok(()) => true,
                Err(fault) => {
                    if fault.code == FaultCode::Internal {
                        self.scratch = Scratch::new();
                    }
                    self.quarantine(place.candidate, frame, &frame.records[place.candidate], fault, out);
                    false
                }
            }
        });
        let tally = &mut out.ledger.rules[rule];
        tally.input += before;
        tally.kept += living.len() as u64;
        tally.faulted += before - living.len() as u64;
        self.living = living;
    }

    fn predict(&mut self) {
        if self.screen.surrogates.is_empty() {
            return;
        }
        self.selection.clear();
        for (row, place) in self.living.iter_mut().enumerate() {
            place.prediction_row = row;
            self.prediction_row[place.candidate] = row;
            self.selection.push(place.matrix_row);
        }
        for (slot, predictions) in self.screen.surrogates.iter().zip(&mut self.predictions) {
            let rows = Rows::new(self.features.values(), self.features.width(), &self.selection, &slot.columns);
            slot.model.predict(rows, predictions);
        }
    }

    /// Digests of structures, of those that are kept: symmetry is costly.
    fn identify(&mut self, frame: &Frame, out: &mut Finished) {
        let Some(rule) = self.screen.identify_rule else { return };
        self.digests.clear();
        self.digests.resize(frame.records.len(), String::new());
        let mut living = std::mem::take(&mut self.living);
        let before = living.len() as u64;
        living.retain(|place| {
            let i = place.candidate;
            // A structure without symmetry has no digest, and is nobody's duplicate.
            let digest = |candidate: &Candidate| candidate.structure().and_then(|s| structure_digest(s).ok());
            match guarded(Stage::Describe, || Ok(digest(&self.candidates[i]).unwrap_or_default())) {
                Ok(digest) => {
                    self.digests[i] = digest;
                    true
                }
                Err(fault) => {
                    self.quarantine(i, frame, &frame.records[i], fault, out);
                    false
                }
            }
        });
        let tally = &mut out.ledger.rules[rule];
        tally.input += before;
        tally.kept += living.len() as u64;
        tally.faulted += before - living.len() as u64;
        self.living = living;
    }

    fn store(&mut self, frame: &Frame, out: &mut Finished) {
        let screen = self.screen;
        let Finished { rows, .. } = out;
        rows.features.resize(screen.layout.features.len(), Vec::new());
        rows.predictions.resize(screen.surrogates.len(), Predictions::default());
        rows.verdicts.resize(screen.layout.filters.len(), Vec::new());
        let everything = screen.plan.sink.store == Store::All;
        let bound = screen.cutoff.bound();
        for (i, record) in frame.records.iter().enumerate() {
            let verdict = match self.outcomes[i] {
                Outcome::Kept => 0,
                Outcome::Rejected => 1,
                Outcome::Undecided => 2,
                Outcome::Faulted => continue,
            };
            if verdict != 0 && !everything {
                continue;
            }
            let candidate = &self.candidates[i];
            let features = match self.matrix_row[i] {
                NONE => None,
                row => Some(self.features.row(row)),
            };
            let prediction_row = self.prediction_row[i];
            if let Some(rank) = &screen.rank {
                if verdict == 0 {
                    let row = Row {
                        candidate,
                        features: features.unwrap_or_default(),
                        predictions: &self.predictions,
                        prediction_row,
                    };
                    rank.objectives(row, &mut self.objectives);
                } else {
                    self.objectives.fill(f64::NAN);
                }
                // A row that can no longer be ranked is not even put together.
                if bound.as_ref().is_some_and(|b| !b.admits(rank, record.index.0, &self.objectives, &mut self.keys)) {
                    continue;
                }
                rows.objectives.extend_from_slice(&self.objectives);
            }
            rows.index.push(record.index.0);
            rows.id.push(match candidate.own_id() {
                Some(id) => id.to_owned(),
                None => screen.decoder.id(frame, record).into_owned(),
            });
            rows.formula.push(candidate.composition().map(|c| c.reduced_formula()).unwrap_or_default());
            rows.origin.push(screen.decoder.origin(frame, record));
            rows.verdict.push(verdict);
            if screen.layout.structure_digests {
                rows.structure_digest.push(std::mem::take(&mut self.digests[i]));
            }
            for (values, range) in rows.features.iter_mut().zip(&screen.stored) {
                match features {
                    Some(row) => values.extend_from_slice(&row[range.clone()]),
                    None => values.extend(std::iter::repeat_n(f64::NAN, range.len())),
                }
            }
            for (target, source) in rows.predictions.iter_mut().zip(&self.predictions) {
                match prediction_row {
                    NONE => target.push_missing(source.num_classes),
                    row => target.push_row(source, row),
                }
            }
            for (target, source) in rows.verdicts.iter_mut().zip(&self.verdicts) {
                target.push(source[i]);
            }
        }
    }

    fn quarantine(&mut self, i: usize, frame: &Frame, record: &RawRecord, fault: Fault, out: &mut Finished) {
        self.outcomes[i] = Outcome::Faulted;
        let decoder = &self.screen.decoder;
        let fault = match &record.payload {
            Payload::Bytes { line, .. } if *line > 0 && !fault.detail.starts_with("line ") => {
                Fault { detail: format!("line {line}: {}", fault.detail).into(), ..fault }
            }
            _ => fault,
        };
        out.quarantine.push(QuarantinedRow {
            index: record.index,
            id: decoder.id(frame, record).into_owned(),
            origin: decoder.origin(frame, record),
            fault,
        });
    }
}

fn blank() -> Candidate {
    Candidate { index: CandidateIndex(0), kind: CandidateKind::Composition(Composition::new()), values: Vec::new() }
}

/// Turns a panic inside one candidate into an `internal` fault: neither swallowed nor fatal.
pub(super) fn guarded<T>(stage: Stage, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "panic".into());
        Err(Fault::new(stage, FaultCode::Internal, format!("{reason}; please report this")))
    })
}
