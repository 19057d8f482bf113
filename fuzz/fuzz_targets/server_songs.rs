//! See [`vibelux_fuzz::server_songs`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(init: vibelux_fuzz::prepare(), |data: &[u8]| vibelux_fuzz::server_songs(data));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is run by cargo fuzz: scripts/checks/fuzz.py");
}
