//! Tables with structures in a column.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::input(bytes, "t.csv", "structure = 's'"));
