//! See [`vibelux_fuzz::library_json`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::library_json(data));
