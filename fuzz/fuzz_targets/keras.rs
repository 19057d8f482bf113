//! See [`vibelux_fuzz::keras`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::keras(data));
