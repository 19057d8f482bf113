//! See [`vibelux_fuzz::audio`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::audio(data));
