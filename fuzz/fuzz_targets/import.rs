//! Models that were trained elsewhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::import(bytes));
