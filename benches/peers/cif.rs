//! Our half of `benches/peers/cif.py`, which starts it: reads the same texts, writes what they hold and prints the time.
//!
//! `INPUT` begins with a line of JSON, the lengths of the texts that follow end to end. `OUTPUT` receives one line a text:
//! number of sites, volume in Å³, amounts of the cell. stdout receives the seconds for all texts, the best of `PASSES`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use matsieve::source::{Format, read_structures};

const PASSES: usize = 7;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [input, output] = &arguments[..] else {
        eprintln!("started by benches/peers/cif.py with INPUT OUTPUT; nothing to do");
        return;
    };
    let bytes = std::fs::read(input).expect("readable input");
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line of lengths");
    let lengths: Vec<usize> = serde_json::from_slice(&bytes[..end]).expect("lengths");
    let mut rest = &bytes[end + 1..];
    let mut texts = Vec::with_capacity(lengths.len());
    for length in lengths {
        let (text, tail) = rest.split_at(length);
        texts.push(text);
        rest = tail;
    }
    let mut told = String::new();
    for mut text in texts.iter().copied() {
        let mut count = 0;
        read_structures(&mut text, Format::Cif, &mut |_, read| {
            let structure = read.expect("a structure").structure.as_ref().expect("a structure");
            let composition = structure.composition();
            let amounts: Vec<_> = composition.pairs().iter().map(|(e, amount)| format!("{e}{amount}")).collect();
            writeln!(told, "{}\t{}\t{}", structure.len(), structure.lattice().volume(), amounts.join(" "))
                .expect("told");
            count += 1;
        })
        .expect("memory can be read");
        assert_eq!(count, 1, "one structure a text");
    }
    std::fs::write(output, told).expect("writable output");
    let mut seconds = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        for mut text in texts.iter().copied() {
            read_structures(&mut text, Format::Cif, &mut |_, read| {
                black_box(read.is_ok());
            })
            .expect("memory can be read");
        }
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    println!("{seconds}");
}
