//! Listings of folders.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::id_prop(bytes));
