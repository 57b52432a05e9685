//! `--dry-run`: what would run, in which order, and what it would cost.

use crate::screen::{RunOptions, Screen, source_kind};
use crate::source::Source;

use super::format::{bytes, grouped};

/// Prints the resolved screen to stdout.
pub fn print(screen: &Screen, source: &dyn Source, options: &RunOptions) {
    let records = source.num_records();
    let known = records.map_or_else(|| "unknown before reading".to_owned(), grouped);
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
    println!("stored       {:?} rows of {}", screen.plan.sink.store, bytes(screen.stored_bytes_per_row() as u64));
    if let Some(records) = records {
        println!("disk         at most {}", bytes(screen.disk_bound(records)));
    }
    let resources = &options.resources;
    let window = resources.threads * (resources.window + 1) * resources.batch * screen.bytes_per_row();
    println!(
        "memory       {} for {} threads, batches of {}, window {}",
        bytes(window as u64),
        resources.threads,
        grouped(resources.batch as u64),
        resources.window
    );
    println!("output       {}", options.out.display());
}
