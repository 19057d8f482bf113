//! [`AudioFormat`]: how a song is stored, by its file's extension.

use std::path::Path;

use serde::Serialize;
use vibelux::library::{Mp4Codec, read_mp4_codec};

/// How a browser comes to play a song.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Playable {
    /// As it is.
    Direct,
    /// Through ffmpeg.
    Transcode,
    /// Not at all: ffmpeg is needed and not there.
    No,
}

/// A kind of audio file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFormat {
    /// What it is called: the extension in lower case.
    pub name: &'static str,
    /// Its media type.
    pub mime: &'static str,
    /// Whether the usual browsers play it.
    direct: bool,
}

/// The formats that [`vibelux::audio`] knows.
const FORMATS: [AudioFormat; 25] = [
    known("mp3", "audio/mpeg", true),
    known("mp2", "audio/mpeg", false),
    known("flac", "audio/flac", true),
    known("ogg", "audio/ogg", true),
    known("oga", "audio/ogg", true),
    known("opus", "audio/ogg", true),
    known("m4a", "audio/mp4", true),
    known("m4b", "audio/mp4", true),
    // Bought long ago and locked.
    known("m4p", "audio/mp4", false),
    known("mp4", "audio/mp4", true),
    known("aac", "audio/aac", true),
    known("wav", "audio/wav", true),
    known("wave", "audio/wav", true),
    known("aif", "audio/aiff", false),
    known("aiff", "audio/aiff", false),
    known("aifc", "audio/aiff", false),
    known("mka", "audio/x-matroska", false),
    known("webm", "audio/webm", true),
    known("wma", "audio/x-ms-wma", false),
    known("ape", "audio/x-ape", false),
    known("mpc", "audio/x-musepack", false),
    known("wv", "audio/x-wavpack", false),
    known("tta", "audio/x-tta", false),
    known("ac3", "audio/ac3", false),
    known("amr", "audio/amr", false),
];

/// A file that was embedded although its name says nothing.
const OTHER: AudioFormat = known("other", "application/octet-stream", false);

const fn known(name: &'static str, mime: &'static str, direct: bool) -> AudioFormat {
    AudioFormat { name, mime, direct }
}

impl AudioFormat {
    /// The format of a file by its extension, in any case.
    pub fn of(path: &Path) -> Self {
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        FORMATS
            .into_iter()
            .find(|format| format.name.eq_ignore_ascii_case(extension))
            .unwrap_or(OTHER)
    }

    /// The same format, after a look into a file that may hold what browsers play or something else:
    /// an MP4 file with ALAC in it is for ffmpeg. A file that cannot be read keeps what its name says.
    pub fn looked_into(self, path: &Path) -> Self {
        let is_mp4 = self.mime == "audio/mp4";
        let direct = self.direct
            && !(is_mp4 && matches!(read_mp4_codec(path), Some(Mp4Codec::Alac | Mp4Codec::Other)));
        Self { direct, ..self }
    }

    /// How a browser comes to play it.
    pub fn playable(self, has_ffmpeg: bool) -> Playable {
        match (self.direct, has_ffmpeg) {
            (true, _) => Playable::Direct,
            (false, true) => Playable::Transcode,
            (false, false) => Playable::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vibelux::audio::AUDIO_EXTENSIONS;

    #[test]
    fn every_format_that_is_scanned_has_a_type() {
        for extension in AUDIO_EXTENSIONS {
            let format = AudioFormat::of(Path::new(&format!("a.{}", extension.to_uppercase())));
            assert_eq!(format.name, extension);
            assert!(format.mime.starts_with("audio/"));
        }
        assert_eq!(AudioFormat::of(Path::new("a.txt")), OTHER);
        assert_eq!(OTHER.playable(true), Playable::Transcode);
        assert_eq!(OTHER.playable(false), Playable::No);
    }
}
