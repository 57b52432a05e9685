//! `matsieve space`: an enumerated space without screening it.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::random::{STEP, splitmix};
use crate::screen::Plan;
use crate::source::SourceError;
use crate::source::space::{Space, SpacePoint, SpaceSpec};

use super::format::grouped;
use super::screen::with_hint;
use super::{CliError, Context, Exit};

/// Counts or shows the candidates of a plan's enumerated space.
#[derive(clap::Args, Debug)]
pub struct SpaceArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Prints the number of candidates
    Count {
        /// Plan with `[source] space = { … }`
        plan: PathBuf,
    },
    /// Prints candidates by their index
    Show {
        /// Plan with `[source] space = { … }`
        plan: PathBuf,
        /// Indices, from 0
        #[arg(required = true)]
        indices: Vec<u64>,
    },
    /// Prints candidates drawn at random, each at most once, in order of index
    Sample {
        /// Plan with `[source] space = { … }`
        plan: PathBuf,
        /// How many
        #[arg(short, long, default_value_t = 20)]
        number: u64,
    },
}

/// Runs the verb.
///
/// # Errors
/// The plan has no space, or an index lies outside it.
pub fn run_space(args: &SpaceArgs, context: &Context) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    match &args.what {
        What::Count { plan } => {
            let space = open(plan)?;
            writeln!(out, "{}", space.count())?;
            if !context.quiet {
                eprintln!(
                    "{} compositions of {} element sets",
                    grouped(space.count()),
                    grouped(space.num_element_sets())
                );
            }
        }
        What::Show { plan, indices } => {
            let space = open(plan)?;
            for &index in indices {
                let point = space.at(index).ok_or_else(|| {
                    CliError::usage(format!("index {index} lies outside the space, 0 to {}", space.count() - 1))
                })?;
                line(&mut out, index, &point)?;
            }
        }
        What::Sample { plan, number } => {
            let space = open(plan)?;
            for index in sample(space.count(), *number, context.seed.unwrap_or(0)) {
                if let Some(point) = space.at(index) {
                    line(&mut out, index, &point)?;
                }
            }
        }
    }
    Ok(Exit::Done)
}

fn line(out: &mut impl Write, index: u64, point: &SpacePoint) -> std::io::Result<()> {
    writeln!(out, "{index}\t{}", point.composition().reduced_formula())
}

fn open(path: &Path) -> Result<Space, CliError> {
    let plan = Plan::read(path, &[]).map_err(with_hint)?;
    let Some(table) = plan.source.get("space") else {
        return Err(
            CliError::usage("the plan's [source] is no space").with_hint("[source] space = { elements = [...] }")
        );
    };
    let spec = SpaceSpec::from_value(table).map_err(SourceError::from)?;
    Ok(Space::new(&spec).map_err(SourceError::from)?)
}

/// `number` distinct indices below `count`, ascending: one from each of `number` equal parts.
fn sample(count: u64, number: u64, seed: u64) -> Vec<u64> {
    let number = number.min(count);
    let bound = |part: u64| (u128::from(part) * u128::from(count) / u128::from(number.max(1))) as u64;
    (0..number)
        .map(|part| {
            let (start, end) = (bound(part), bound(part + 1));
            start + splitmix(seed.wrapping_add(part.wrapping_mul(STEP))) % (end - start).max(1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_distinct_ascending_and_inside() {
        for (count, number) in [(10, 20), (1_000_003, 20), (1, 1), (7, 7)] {
            let drawn = sample(count, number, 5);
            assert_eq!(drawn.len() as u64, number.min(count));
            assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
            assert!(drawn.iter().all(|&index| index < count));
        }
    }
}
