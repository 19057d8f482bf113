//! See [`vibelux_fuzz::config`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::config(data));
