//! See [`vibelux_fuzz::sidecar`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| vibelux_fuzz::sidecar(data));
