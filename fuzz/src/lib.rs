//! What is fuzzed: every function that reads bytes from outside, one target per kind of file.
//!
//! `scripts/checks/fuzz.py` runs all targets, `cargo fuzz run NAME` one: libFuzzer invents bytes for the
//! function of that name. None may panic, hang or take memory without bound, whatever the bytes; where a
//! format is read and written, what comes back must be the same. `corpus/NAME` keeps a few inputs that
//! reach much, and what was found once; a test feeds them to their targets again, with any compiler.

mod networks;
mod ogg_pages;
mod place;
mod players;
mod prepare;
mod requests;
mod song_library;
mod sound;
mod texts;
mod training;

pub use networks::{keras, onnx, picture, sidecar, small_net, weights};
pub use players::{mpd_answers, mqtt, server_songs};
pub use prepare::prepare;
pub use requests::{live_frame, range_header};
pub use song_library::{library_file, library_json, library_parquet};
pub use sound::{
    audio, audio_aiff, audio_flac, audio_mp3, audio_mp4, audio_opus, audio_vorbis, audio_wav, cover,
};
pub use texts::{filter, mood, playlist};
pub use training::{Grey, checkpoint, config, labels, small_run};

/// A function that is fuzzed.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: [(&str, Target); 28] = [
    ("audio", audio),
    ("audio_aiff", audio_aiff),
    ("audio_flac", audio_flac),
    ("audio_mp3", audio_mp3),
    ("audio_mp4", audio_mp4),
    ("audio_opus", audio_opus),
    ("audio_vorbis", audio_vorbis),
    ("audio_wav", audio_wav),
    ("checkpoint", checkpoint),
    ("config", config),
    ("cover", cover),
    ("filter", filter),
    ("keras", keras),
    ("labels", labels),
    ("library_file", library_file),
    ("library_json", library_json),
    ("library_parquet", library_parquet),
    ("live_frame", live_frame),
    ("mood", mood),
    ("mpd_answers", mpd_answers),
    ("mqtt", mqtt),
    ("onnx", onnx),
    ("picture", picture),
    ("playlist", playlist),
    ("range_header", range_header),
    ("server_songs", server_songs),
    ("sidecar", sidecar),
    ("weights", weights),
];

#[cfg(test)]
#[path = "kept_inputs.rs"]
mod tests;
