//! `--shard auto`: which shard this process is, from what the scheduler says in its environment.
//!
//! Without a number of shards only what cannot be misread is taken: an array that begins at 0 or 1 and has no gaps, or the
//! ranks of MPI. A part of an array that is run again (`--array=3,7`) would silently become another partition; it is refused
//! until the number is given (`--shard auto/64`), which makes the array's numbers absolute.

use crate::screen::Shard;

/// What the environment says.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// One process among others, as its scheduler numbers them.
struct Place {
    /// The scheduler, for messages.
    engine: &'static str,
    /// From 0 where the scheduler's numbers may; else counted from its first number.
    index: u64,
    /// How many there are, where the scheduler says so beyond doubt; else why not.
    count: Result<u64, String>,
}

/// The shard of this process; `count` is the number of shards where the user gives it.
///
/// # Errors
/// No scheduler, one whose array has no clear size, a number out of range.
pub fn detect(count: Option<u32>, environment: &Environment<'_>) -> Result<Shard, String> {
    let array = array(count.is_some(), environment)?;
    let ranks = ranks(environment)?;
    let place = match (array, ranks) {
        (None, None) => {
            return Err(
                "no scheduler says which shard this is (looked for Slurm, PBS, LSF, SGE, MPI, Kubernetes and GNU \
                parallel); give --shard I/N"
                    .to_owned(),
            );
        }
        (Some(place), None) | (None, Some(place)) => place,
        // Every task of an array may start ranks of its own.
        (Some(array), Some(ranks)) => {
            let size = ranks.count?;
            Place {
                engine: array.engine,
                index: array
                    .index
                    .checked_mul(size)
                    .and_then(|n| n.checked_add(ranks.index))
                    .ok_or("numbers too large")?,
                count: array.count.map(|tasks| tasks.saturating_mul(size)),
            }
        }
    };
    let total = match (count, place.count) {
        (Some(count), Ok(there)) if there > u64::from(count) => {
            return Err(format!("{} runs {there} tasks, --shard says {count}", place.engine));
        }
        (Some(count), _) => u64::from(count),
        (None, Ok(there)) => there,
        (None, Err(reason)) => {
            return Err(format!("{}: {reason}; give their number, such as --shard auto/64", place.engine));
        }
    };
    let narrow = |number: u64| u32::try_from(number).map_err(|_| format!("{}: {number} is too large", place.engine));
    Shard::new(narrow(place.index)?, narrow(total)?).map_err(|reason| format!("{}: {reason}", place.engine))
}

/// The array that this process is a task of.
fn array(is_absolute: bool, environment: &Environment<'_>) -> Result<Option<Place>, String> {
    let number = |name: &str| number(name, environment);
    if let Some(id) = number("SLURM_ARRAY_TASK_ID")? {
        let [low, high, step] = [
            number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(id),
            number("SLURM_ARRAY_TASK_MAX")?.unwrap_or(id),
            number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1),
        ];
        let tasks = number("SLURM_ARRAY_TASK_COUNT")?.unwrap_or(0);
        let is_clear = low <= 1 && high > low && step == 1 && tasks == high - low + 1;
        let count = if is_clear {
            Ok(tasks)
        } else {
            Err(format!("{tasks} tasks from {low} to {high} may be a part of another array"))
        };
        if is_absolute {
            // Absolute numbers count from 0; the number of tasks says nothing.
            return Ok(Some(Place { engine: "Slurm", index: id, count: Err(String::new()) }));
        }
        return Ok(Some(Place { engine: "Slurm", index: id.saturating_sub(low), count }));
    }
    for name in ["PBS_ARRAY_INDEX", "PBS_ARRAYID"] {
        if let Some(index) = number(name)? {
            let reason = "PBS does not say how many tasks the array has".to_owned();
            return Ok(Some(Place { engine: "PBS", index, count: Err(reason) }));
        }
    }
    // Arrays of LSF and SGE count from 1; 0 and "undefined" say that there is none.
    if let Some(index) = number("LSB_JOBINDEX")?.filter(|index| *index > 0) {
        let reason = "LSF does not say whether the array is whole".to_owned();
        return Ok(Some(Place { engine: "LSF", index: index - 1, count: Err(reason) }));
    }
    if environment("SGE_TASK_ID").is_some_and(|text| text.trim() != "undefined")
        && let Some(index) = number("SGE_TASK_ID")?
    {
        let [first, last, step] = [number("SGE_TASK_FIRST")?, number("SGE_TASK_LAST")?, number("SGE_TASK_STEPSIZE")?];
        let count = match (first, last, step) {
            (Some(1), Some(last), None | Some(1)) => Ok(last),
            _ => Err("the array does not run from 1 on without gaps".to_owned()),
        };
        let index = index.checked_sub(1).ok_or("SGE_TASK_ID is 0, expected 1 or more")?;
        return Ok(Some(Place { engine: "SGE", index, count: if is_absolute { Err(String::new()) } else { count } }));
    }
    if let Some(index) = number("JOB_COMPLETION_INDEX")? {
        let reason = "Kubernetes does not say how many completions the job has".to_owned();
        return Ok(Some(Place { engine: "Kubernetes", index, count: Err(reason) }));
    }
    if let Some(index) = number("PARALLEL_SEQ")? {
        let reason = "GNU parallel does not say how many jobs there are".to_owned();
        let index = index.checked_sub(1).ok_or("PARALLEL_SEQ is 0, expected 1 or more")?;
        return Ok(Some(Place { engine: "GNU parallel", index, count: Err(reason) }));
    }
    Ok(None)
}

/// The rank of this process and their number, where a launcher started several.
fn ranks(environment: &Environment<'_>) -> Result<Option<Place>, String> {
    // The batch script of Slurm has a SLURM_PROCID too; only what srun started has a step.
    let srun = environment("SLURM_STEP_ID").is_some() && environment("SLURM_STEP_NUM_TASKS").is_some();
    let launchers: [(&'static str, &str, &str, bool); 5] = [
        ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", true),
        ("MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", true),
        ("MPI", "PMI_RANK", "PMI_SIZE", true),
        ("Cray PALS", "PALS_RANKID", "PALS_SIZE", true),
        ("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", srun),
    ];
    for (engine, rank, size, is_meant) in launchers {
        if !is_meant {
            continue;
        }
        if let (Some(index), Some(size)) = (number(rank, environment)?, number(size, environment)?)
            && size > 1
        {
            return Ok(Some(Place { engine, index, count: Ok(size) }));
        }
    }
    Ok(None)
}

fn number(name: &str, environment: &Environment<'_>) -> Result<Option<u64>, String> {
    let Some(text) = environment(name).filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let text = text.trim();
    if text == "undefined" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("{name} is \"{text}\", expected a number"))
}

/// Seconds of Unix time at which the scheduler ends this job, where it says so.
pub fn end_time(environment: &Environment<'_>) -> Option<u64> {
    environment("SLURM_JOB_END_TIME").and_then(|text| text.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: Option<u32>, variables: &[(&str, &str)]) -> Result<String, String> {
        let environment =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        detect(count, &environment).map(|shard| shard.to_string())
    }

    fn slurm(id: &str, low: &str, high: &str, count: &str, shards: Option<u32>) -> Result<String, String> {
        found(
            shards,
            &[
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", low),
                ("SLURM_ARRAY_TASK_MAX", high),
                ("SLURM_ARRAY_TASK_STEP", "1"),
                ("SLURM_ARRAY_TASK_COUNT", count),
                // What a batch script has besides.
                ("SLURM_PROCID", "0"),
                ("SLURM_NTASKS", "1"),
            ],
        )
    }

    #[test]
    fn whole_arrays_of_slurm_count_from_zero_or_one() {
        assert_eq!(slurm("5", "0", "63", "64", None), Ok("5/64".into()));
        assert_eq!(slurm("5", "1", "64", "64", None), Ok("4/64".into()));
    }

    #[test]
    fn parts_of_an_array_need_the_number_of_shards_which_makes_their_numbers_absolute() {
        let message =
            "Slurm: 2 tasks from 3 to 7 may be a part of another array; give their number, such as --shard auto/64";
        assert_eq!(slurm("7", "3", "7", "2", None), Err(message.into()));
        assert_eq!(slurm("7", "3", "7", "2", Some(64)), Ok("7/64".into()));
        // One task of an array that was submitted again alone.
        assert!(slurm("0", "0", "0", "1", None).is_err());
        assert_eq!(slurm("64", "1", "64", "64", Some(64)), Err("Slurm: shard 64 of 64, expected 0 to 63".into()));
    }

    #[test]
    fn ranks_of_mpi_and_srun_are_shards() {
        assert_eq!(found(None, &[("OMPI_COMM_WORLD_RANK", "3"), ("OMPI_COMM_WORLD_SIZE", "4")]), Ok("3/4".into()));
        assert_eq!(found(None, &[("PMI_RANK", "1"), ("PMI_SIZE", "2")]), Ok("1/2".into()));
        let step = [("SLURM_STEP_ID", "0"), ("SLURM_PROCID", "2"), ("SLURM_STEP_NUM_TASKS", "8")];
        assert_eq!(found(None, &step), Ok("2/8".into()));
        // A batch script is rank 0 of its tasks without being one of several.
        let script = [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8")];
        assert!(found(None, &script).is_err_and(|message| message.starts_with("no scheduler")));
    }

    #[test]
    fn ranks_within_a_task_of_an_array_multiply() {
        let variables = [
            ("SLURM_ARRAY_TASK_ID", "2"),
            ("SLURM_ARRAY_TASK_MIN", "0"),
            ("SLURM_ARRAY_TASK_MAX", "3"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("OMPI_COMM_WORLD_RANK", "1"),
            ("OMPI_COMM_WORLD_SIZE", "2"),
        ];
        assert_eq!(found(None, &variables), Ok("5/8".into()));
        assert_eq!(found(Some(8), &variables), Ok("5/8".into()));
    }

    #[test]
    fn schedulers_that_do_not_tell_the_size_need_it() {
        for (variables, expected) in [
            (&[("PBS_ARRAY_INDEX", "0")][..], "0/4"),
            (&[("LSB_JOBINDEX", "1")], "0/4"),
            (&[("SGE_TASK_ID", "4"), ("SGE_TASK_FIRST", "3"), ("SGE_TASK_LAST", "4")], "3/4"),
            (&[("JOB_COMPLETION_INDEX", "3")], "3/4"),
            (&[("PARALLEL_SEQ", "1")], "0/4"),
        ] {
            assert_eq!(found(Some(4), variables), Ok(expected.into()));
            assert!(found(None, variables).is_err_and(|message| message.contains("--shard auto/64")), "{variables:?}");
        }
        let whole = [("SGE_TASK_ID", "4"), ("SGE_TASK_FIRST", "1"), ("SGE_TASK_LAST", "4"), ("SGE_TASK_STEPSIZE", "1")];
        assert_eq!(found(None, &whole), Ok("3/4".into()));
        assert!(found(None, &[("SGE_TASK_ID", "undefined"), ("LSB_JOBINDEX", "0")]).is_err());
    }

    #[test]
    fn garbage_is_named() {
        let message = "PBS_ARRAY_INDEX is \"x\", expected a number";
        assert_eq!(found(Some(4), &[("PBS_ARRAY_INDEX", "x")]), Err(message.into()));
    }
}
