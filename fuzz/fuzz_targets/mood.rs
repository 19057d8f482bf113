//! See [`vibelux_fuzz::mood`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::mood(data));
