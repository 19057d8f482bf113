//! See [`vibelux_fuzz::mpd_answers`].
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(init: vibelux_fuzz::prepare(), |data: &[u8]| vibelux_fuzz::mpd_answers(data));

#[cfg(not(fuzzing))]
fn main() {
    eprintln!("this is run by cargo fuzz: scripts/checks/fuzz.py");
}
