//! See [`vibelux_fuzz::playlist`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::playlist(data));
