//! `--dry-run`: what would run, in which order, and what it would cost.

use crate::rank::Method;
use crate::screen::{Estimate, Partition, RunOptions, Screen, Store, source_kind};
use crate::source::Source;

use super::CliError;
use super::format::{bytes, duration, grouped};
use super::screen::run_error;

/// Prints the resolved screen to stdout, and what a sample of the candidates tells of its cost.
///
/// # Errors
/// A source that cannot be read.
pub fn print(screen: &Screen, mut source: Box<dyn Source>, options: &RunOptions) -> Result<(), CliError> {
    let estimate = Estimate::new(screen, source.as_mut()).map_err(run_error)?;
    let known = estimate.records.map_or_else(|| "too many to count".to_owned(), grouped);
    println!("source       {}: {known} candidates", source_kind(&screen.plan.source));
    println!("order");
    let mut step = 1;
    let mut line = |text: String| {
        println!("  {step:>2}. {text}");
        step += 1;
    };
    line("parse".into());
    for slot in &screen.early {
        line(format!("filter {} (composition)", slot.label));
    }
    for (title, slots) in [("describe for filters", &screen.first), ("describe", &screen.second)] {
        if !slots.is_empty() {
            let width: usize = slots.iter().map(|slot| slot.range.len()).sum();
            line(format!("{title}: {} descriptors, {width} columns", slots.len()));
        }
        if title == "describe for filters" {
            for slot in &screen.middle {
                line(format!("filter {} (features)", slot.label));
            }
        }
    }
    for slot in &screen.surrogates {
        line(format!("predict {} from {} columns", slot.name, slot.columns.len()));
    }
    for slot in &screen.late {
        line(format!("filter {} (predictions)", slot.label));
    }
    if let Some(rank) = &screen.rank {
        let by: Vec<&str> = rank.columns().iter().map(|column| column.label.as_str()).collect();
        line(format!("rank by {}", by.join(", ")));
    }
    let share = options.shard.map_or(1.0, |shard| 1.0 / f64::from(shard.count));
    if let (Some(shard), Some(records)) = (options.shard, estimate.records) {
        let own = Partition::new(shard, source.num_records()).below(records);
        println!("shard        {shard}: {} candidates", grouped(own));
    }
    let percent = |part: f64| format!("{:.3} %", 100.0 * part);
    println!(
        "sample       {} candidates: {} stored, {} faulty",
        grouped(estimate.sampled),
        percent(estimate.stored),
        percent(estimate.faulted)
    );
    let row = screen.stored_bytes_per_row() + estimate.text;
    println!("stored       {:?} rows of {}", screen.plan.sink.store, bytes(row as u64));
    if let (Some(rows), Some(disk)) = (estimate.rows(screen), estimate.disk(screen)) {
        let of_all = if options.shard.is_some() { ", all shards together" } else { "" };
        // How many candidates are on the fronts shows only at the end.
        let about = match &screen.rank {
            Some(rank) if screen.plan.sink.store == Store::Ranked && rank.spec().method == Method::Pareto => "at most",
            _ => "about",
        };
        println!("disk         {about} {} for {} rows{of_all}", bytes(disk), grouped(rows));
    }
    let resources = &options.resources;
    println!(
        "memory       about {} for {} threads, batches of {}, window {}, segments of {}",
        bytes(estimate.memory(screen, resources, options.segment_bytes)),
        resources.threads,
        grouped(resources.batch as u64),
        resources.window,
        bytes(options.segment_bytes as u64)
    );
    if let Some(records) = estimate.records {
        let seconds = records as f64 * share * estimate.seconds;
        let wall = seconds / resources.threads as f64;
        println!("time         about {} of processor time, {} at best", duration(seconds), duration(wall));
    }
    println!("output       {}", options.out.display());
    Ok(())
}
