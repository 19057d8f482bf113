//! What a song file says of itself, and how it is encoded. Tags are a courtesy to the reader: nothing that is wrong with
//! them may keep a song out of the library.

use std::borrow::Cow;
use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType, TaggedFileExt};
use lofty::tag::{Accessor, ItemKey};
use serde::{Deserialize, Serialize};

use percent_encoding::percent_decode_str;

use super::codec::{Mp4Codec, read_mp4_codec};
use super::tag_file;
use crate::media::is_web_address;

/// A tag longer than this is not a name; it is cut.
const MAX_CHARS: usize = 1000;

/// Title, artist, album, genre and year, as far as the file names them. Never empty strings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Tags {
    /// The song's name.
    pub title: Option<String>,
    /// Who made it; several are joined as the file has them.
    pub artist: Option<String>,
    /// The release it is from.
    pub album: Option<String>,
    /// The kind of music; several are joined as the file has them.
    pub genre: Option<String>,
    /// When it came out, from 1 to 9999.
    pub year: Option<u16>,
}

impl Tags {
    /// The title, or the name of the song's file without extension.
    #[must_use]
    pub fn title_or_name(&self, path: &Path) -> String {
        self.title
            .clone()
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| title_of_path(path).into_owned())
    }
}

/// What a song is called whose file says nothing of it: its name, as people read it.
fn title_of_path(path: &Path) -> Cow<'_, str> {
    let name = name_of(path);
    if !is_web_address(path) {
        return name;
    }
    match percent_decode_str(&name).decode_utf8() {
        Ok(decoded) => decoded.into_owned().into(),
        Err(_) => name,
    }
}

/// The name of a song's file without its extension.
pub(super) fn name_of(path: &Path) -> Cow<'_, str> {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy()
}

/// How the sound of a file is kept, as far as the file says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Encoding {
    /// Whether nothing of the sound was lost.
    pub lossless: bool,
    /// Thousands of bits a second; 0 where that is not known.
    pub bitrate_kbps: u32,
}

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FileTags {
    /// What it is called.
    pub tags: Tags,
    /// Its length as the container states it; raw AAC states none.
    pub stated_seconds: Option<f64>,
    /// How it is encoded.
    pub encoding: Encoding,
}

/// Reads what a file says of itself. What cannot be read is `None`; cover art is skipped, as it is most of a tag's bytes.
#[must_use]
pub fn read_tags(path: &Path) -> FileTags {
    try_read(path).unwrap_or_default()
}

fn try_read(path: &Path) -> Option<FileTags> {
    let mut options = ParseOptions::new();
    options.read_cover_art(false);
    let file = tag_file::read(path, options)?;
    let properties = file.properties();
    let seconds = properties.duration().as_secs_f64();
    let bitrate = properties
        .audio_bitrate()
        .or_else(|| properties.overall_bitrate());
    let told = FileTags {
        tags: Tags::default(),
        stated_seconds: (seconds > 0.0).then_some(seconds),
        encoding: Encoding {
            lossless: is_lossless(file.file_type(), path),
            bitrate_kbps: bitrate.unwrap_or(0),
        },
    };
    let Some(tag) = file.primary_tag().or_else(|| file.first_tag()) else {
        return Some(told);
    };
    let text = |text: Option<&str>| text.and_then(clean);
    let tags = Tags {
        title: text(tag.title().as_deref()),
        artist: text(tag.artist().as_deref())
            .or_else(|| text(tag.get_string(ItemKey::AlbumArtist))),
        album: text(tag.album().as_deref()),
        genre: text(tag.genre().as_deref()),
        year: tag
            .date()
            .map(|date| date.year)
            .filter(|year| (1..=9999).contains(year)),
    };
    Some(FileTags { tags, ..told })
}

fn is_lossless(kind: FileType, path: &Path) -> bool {
    match kind {
        FileType::Flac | FileType::Wav | FileType::Aiff | FileType::Ape | FileType::WavPack => true,
        FileType::Mp4 => matches!(read_mp4_codec(path), Some(Mp4Codec::Alac | Mp4Codec::Flac)),
        _ => false,
    }
}

/// One line without control characters, which could otherwise rewrite the user's terminal or break
/// a playlist.
fn clean(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_CHARS)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_blanks_are_no_names() {
        assert_eq!(clean(" a\u{1b}[31m\nb "), Some("a [31m b".to_owned()));
        assert_eq!(clean(" \n"), None);
        assert_eq!(clean(&"x".repeat(5000)).map(|t| t.len()), Some(MAX_CHARS));
    }

    #[test]
    fn a_file_without_tags_or_without_sense_has_none() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("empty.mp3", &b""[..]),
            (
                "broken.mp3",
                b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fTIT2\xff\xff\xff\xff",
            ),
            ("broken.flac", b"fLaC\x84\xff\xff\xff"),
            ("text.ogg", b"OggS is not what follows"),
        ] {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_tags(&path), Default::default(), "{name}");
        }
        assert_eq!(
            read_tags(&dir.path().join("absent.mp3")),
            Default::default()
        );
    }

    #[test]
    fn names_and_length_of_a_file_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.wav");
        let chunk = |id: &[u8], body: &[u8]| -> Vec<u8> {
            let length = u32::try_from(body.len()).unwrap().to_le_bytes();
            [id, &length, body].concat()
        };
        // One second of silence: PCM, mono, 8 kHz, 8 bits.
        let format = [1, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0];
        let info = [
            b"INFO".to_vec(),
            chunk(b"INAM", b"Blue\tSong\0\0"),
            chunk(b"IART", b"Somebody\0\0"),
            chunk(b"IGNR", b"Folk\0\0"),
            chunk(b"ICRD", b"1997\0\0"),
        ]
        .concat();
        let body = [
            b"WAVE".to_vec(),
            chunk(b"fmt ", &format),
            chunk(b"LIST", &info),
            chunk(b"data", &[0x80; 8000]),
        ]
        .concat();
        std::fs::write(&path, chunk(b"RIFF", &body)).unwrap();
        let FileTags {
            tags,
            stated_seconds,
            encoding,
        } = read_tags(&path);
        assert_eq!(tags.title.as_deref(), Some("Blue Song"));
        assert_eq!(tags.artist.as_deref(), Some("Somebody"));
        assert_eq!(tags.album, None);
        assert_eq!(tags.genre.as_deref(), Some("Folk"));
        assert_eq!(tags.year, Some(1997));
        assert_eq!(stated_seconds, Some(1.0));
        let expected = Encoding {
            lossless: true,
            bitrate_kbps: 64,
        };
        assert_eq!(encoding, expected);
    }
}
