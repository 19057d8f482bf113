//! See [`vibelux_fuzz::weights`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::weights(data));
