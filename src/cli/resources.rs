//! Batch, window and segments that fit into the memory of the job.

use crate::screen::{MemoryNeed, Resources, Screen, Store};

use super::format::{bytes, grouped};
use super::screen::RunArgs;
use super::{CliError, machine};

/// Smallest batch: below, taking turns costs more than the work.
const SMALLEST_BATCH: usize = 16;

/// Smallest segment that is worth a file.
const SMALLEST_SEGMENT: u64 = 1 << 20;

/// Segment where nothing limits memory: a run that fits into one writes its rows once.
const SEGMENT: u64 = 512 << 20;

/// The same where only ranked rows are stored: it is thinned out whenever it is full, so a large one is of no use.
const RANKED_SEGMENT: u64 = 64 << 20;

/// Bytes of the strings of a row, before any was seen.
const TEXT: usize = 80;

/// How a run uses the machine.
pub(super) struct Sizes {
    pub(super) resources: Resources,
    pub(super) segment_bytes: usize,
}

/// Sizes that fit into the memory asked for, or into that of the job (cgroups, Slurm) where that is less than usual.
///
/// # Errors
/// Memory that is too small whatever the sizes are, with the numbers.
pub(super) fn sizes(screen: &Screen, how: &RunArgs, threads: usize) -> Result<Sizes, CliError> {
    let table = &screen.plan.run;
    let wanted = how.batch.map_or(table.batch, |batch| batch as usize).max(1);
    let usual = if screen.plan.sink.store == Store::Ranked { RANKED_SEGMENT } else { SEGMENT };
    let limit = how.memory.or_else(|| machine::memory_limit().map(|limit| limit / 10 * 9));
    let (batch, segment) = match limit {
        None => (wanted, usual),
        Some(limit) => {
            let need = MemoryNeed::new(screen, threads, TEXT);
            let smallest = wanted.min(SMALLEST_BATCH) as u64;
            let least = need.fixed + SMALLEST_SEGMENT + smallest * need.most;
            if limit < least {
                return Err(too_small(limit, least, need.fixed, threads));
            }
            let segment = usual.min(limit / 4).min(limit - least + SMALLEST_SEGMENT);
            let batch = (limit - need.fixed - segment) / need.most.max(1);
            (wanted.min(usize::try_from(batch).unwrap_or(wanted)), segment)
        }
    };
    let segment = how.segment_size.unwrap_or(segment).max(1);
    Ok(Sizes {
        resources: Resources { threads, batch: batch.max(1), window: table.window.max(1) },
        segment_bytes: usize::try_from(segment).unwrap_or(usize::MAX),
    })
}

fn too_small(limit: u64, least: u64, fixed: u64, threads: usize) -> CliError {
    let reason = format!(
        "{} of memory are too little: the program with its tables, models and buffers takes {}, {} threads need {} at least",
        bytes(limit),
        bytes(fixed),
        grouped(threads as u64),
        bytes(least)
    );
    CliError::usage(reason).with_hint("give more memory (--memory, or the job's), or fewer --threads")
}
