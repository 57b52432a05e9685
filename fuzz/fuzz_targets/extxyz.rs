//! Extended XYZ.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matsieve_fuzz::structures(bytes, matsieve::source::Format::Extxyz));
