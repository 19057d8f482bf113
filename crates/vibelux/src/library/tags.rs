//! What a song file says of itself. Tags are a courtesy to the reader: nothing that is wrong with
//! them may keep a song out of the library.

use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::{AudioFile, TaggedFileExt};
use lofty::tag::{Accessor, ItemKey};

use super::tag_file;

/// A tag longer than this is not a name; it is cut.
const MAX_CHARS: usize = 1000;

/// Title, artist and album, as far as the file names them. Never empty strings.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Tags {
    /// The song's name.
    pub title: Option<String>,
    /// Who made it; several are joined as the file has them.
    pub artist: Option<String>,
    /// The release it is from.
    pub album: Option<String>,
}

impl Tags {
    /// The title, or the name of the song's file without extension.
    #[must_use]
    pub fn title_or_name(&self, path: &Path) -> String {
        self.title.clone().unwrap_or_else(|| {
            let name = path.file_stem().unwrap_or(path.as_os_str());
            name.to_string_lossy().into_owned()
        })
    }
}

/// Reads the tags of a file and its length in seconds as the container states it (raw AAC states none). What
/// cannot be read is `None`; cover art is skipped, as it is most of a tag's bytes.
#[must_use]
pub fn read_tags(path: &Path) -> (Tags, Option<f64>) {
    try_read(path).unwrap_or_default()
}

fn try_read(path: &Path) -> Option<(Tags, Option<f64>)> {
    let mut options = ParseOptions::new();
    options.read_cover_art(false);
    let file = tag_file::read(path, options)?;
    let seconds = file.properties().duration().as_secs_f64();
    let seconds = (seconds > 0.0).then_some(seconds);
    let Some(tag) = file.primary_tag().or_else(|| file.first_tag()) else {
        return Some((Tags::default(), seconds));
    };
    let text = |text: Option<&str>| text.and_then(clean);
    let tags = Tags {
        title: text(tag.title().as_deref()),
        artist: text(tag.artist().as_deref())
            .or_else(|| text(tag.get_string(ItemKey::AlbumArtist))),
        album: text(tag.album().as_deref()),
    };
    Some((tags, seconds))
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
        let (tags, seconds) = read_tags(&path);
        assert_eq!(tags.title.as_deref(), Some("Blue Song"));
        assert_eq!(tags.artist.as_deref(), Some("Somebody"));
        assert_eq!(tags.album, None);
        assert_eq!(seconds, Some(1.0));
    }
}
