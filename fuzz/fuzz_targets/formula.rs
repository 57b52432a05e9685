//! Formulas.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::formula(bytes));
