//! Delimited tables.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::input(bytes, "t.csv", "columns = [{ name = 'x' }]"));
