//! Audio files to [`Waveform`]s: the first step on the music side of the flow.
//!
//! ```text
//! path -> song (limits, fallback) -> reader (symphonia) -> mono -> resample -> Waveform
//!                                 |                    |-> loudness (EBU R128)
//!                                 |                    \-> fingerprint, of the middle window
//!                                 \-> ffmpeg (child process, for codecs not built in)
//! ```
//!
//! MP3, AAC/ALAC in M4A, FLAC, Ogg Vorbis, Opus, WAV and AIFF are built in, without any system
//! library; everything else goes through an installed `ffmpeg`. Only what is analysed is decoded:
//! [`decode_windows`] seeks from window to window. Memory is bounded by what is asked for, time by
//! one limit per file, and a panic inside a decoder becomes an [`AudioError`].

mod codecs;
mod error;
mod ffmpeg;
mod file_kind;
mod fingerprint;
mod flac;
mod limits;
mod loudness;
mod mono;
mod mp4;
mod opus;
mod packets;
mod reader;
mod resample;
mod song;
mod sound_kind;
mod source;
mod waveform;
mod window;

pub use error::AudioError;
pub use fingerprint::Fingerprint;
pub use limits::{MAX_SAMPLE_RATE_HZ, MAX_WAVEFORM_SECONDS};
pub(crate) use loudness::BELIEVABLE_LUFS;
pub use packets::packet_digest;
pub(crate) use packets::packet_digest_of;
pub use resample::resample;
pub use song::{decode_start, decode_windows};
pub use sound_kind::{SoundKind, SoundShares, UnknownSoundKind};
pub use waveform::Waveform;
pub use window::{SongAudio, WindowPlan};

use std::path::Path;

/// The extensions, in lower case, that are looked at when a folder is scanned.
pub const AUDIO_EXTENSIONS: [&str; 25] = [
    "mp3", "mp2", "flac", "ogg", "oga", "opus", "m4a", "m4b", "m4p", "mp4", "aac", "wav", "wave",
    "aif", "aiff", "aifc", "mka", "webm", "wma", "ape", "mpc", "wv", "tta", "ac3", "amr",
];

/// Whether the name looks like audio, by its extension in any case. Says nothing of the content.
#[must_use]
pub fn is_audio_file(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|extension| {
            AUDIO_EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_decide_in_any_case() {
        for yes in ["a.mp3", "b/c.FLAC", "x.y.Opus", "k.m4p"] {
            assert!(is_audio_file(Path::new(yes)), "{yes}");
        }
        for no in ["mp3", ".mp3", "a.jpg", "a.mp3.part", "a", ""] {
            assert!(!is_audio_file(Path::new(no)), "{no}");
        }
    }
}
