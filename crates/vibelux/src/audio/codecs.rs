//! The codecs that are built in: Symphonia's and our own Opus; [`make_decoder`] finds the one of a track.

use std::path::Path;
use std::sync::LazyLock;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::formats::Track;

use super::AudioError;
use crate::media::is_address;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry.register_audio_decoder::<super::opus::SymphoniaOpus>();
    registry
});

/// The decoder of a track; [`AudioError::Unsupported`] if there is none for it.
pub(super) fn make_decoder(
    track: &Track,
    path: &Path,
) -> Result<Box<dyn AudioDecoder>, AudioError> {
    let Some(params) = track.codec_params.as_ref().and_then(|p| p.audio()) else {
        return Err(unsupported(path, "a track without codec parameters"));
    };
    CODECS
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(|error| unsupported(path, &error.to_string()))
}

/// The sample rate that the container tells, in Hz.
pub(super) fn audio_rate(track: &Track) -> Option<u32> {
    track
        .codec_params
        .as_ref()
        .and_then(|p| p.audio())
        .and_then(|p| p.sample_rate)
}

/// The error for a format that is not built in, which makes the caller try ffmpeg.
pub(super) fn unsupported(path: &Path, codec: &str) -> AudioError {
    AudioError::Unsupported {
        path: path.to_owned(),
        codec: codec.to_owned(),
        hint: if is_address(path) {
            "at an address only what is built in can be read: convert it to FLAC or MP3, or bring it to a disk"
        } else {
            "install ffmpeg, or convert the file to FLAC or MP3"
        },
    }
}
