//! See [`vibelux_fuzz::labels`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::labels(data));
