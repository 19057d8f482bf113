//! The picture that a song file carries: its front cover, for a player to show.
//!
//! Read when somebody looks at the song, never while scanning: covers are most of a tag's bytes.

use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::TaggedFileExt;
use lofty::picture::PictureType;
use lofty::tag::Tag;

use super::tag_file;

/// A larger picture is not shown.
const MAX_BYTES: usize = 16 << 20;

/// A picture out of a song file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// Its type by its first bytes, whatever the tag claims: `image/jpeg`, `image/png`, `image/gif` or
    /// `image/webp`. A tag could otherwise pass off a page with a script as a picture.
    pub mime: &'static str,
    /// The file as it was put into the tag.
    pub bytes: Vec<u8>,
}

/// The front cover of a song file, else its first picture; `None` if it has none that a browser shows,
/// or cannot be read.
#[must_use]
pub fn read_cover(path: &Path) -> Option<Cover> {
    let mut options = ParseOptions::new();
    options.read_properties(false);
    let file = tag_file::read(path, options)?;
    let pictures = file.tags().iter().flat_map(Tag::pictures);
    let mut best = None;
    for picture in pictures {
        let bytes = picture.data();
        let Some(mime) = mime(bytes).filter(|_| bytes.len() <= MAX_BYTES) else {
            continue;
        };
        let is_front = picture.pic_type() == PictureType::CoverFront;
        if is_front || best.is_none() {
            best = Some((mime, bytes));
        }
        if is_front {
            break;
        }
    }
    best.map(|(mime, bytes)| Cover {
        mime,
        bytes: bytes.to_vec(),
    })
}

fn mime(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ID3v2.3 tag with these pictures: (type, claimed type, bytes), before a frame of silence.
    fn mp3(pictures: &[(u8, &str, &[u8])]) -> Vec<u8> {
        let mut frames = Vec::new();
        for (kind, mime, bytes) in pictures {
            let mut body = vec![0];
            body.extend(mime.as_bytes());
            body.extend([0, *kind, 0]);
            body.extend(*bytes);
            frames.extend(b"APIC");
            frames.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
            frames.extend([0, 0]);
            frames.extend(body);
        }
        let length = frames.len();
        let mut file = b"ID3\x03\0\0".to_vec();
        file.extend([21, 14, 7, 0].map(|shift| ((length >> shift) & 0x7F) as u8));
        file.extend(frames);
        for _ in 0..4 {
            // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
            file.extend([0xFF, 0xFB, 0x90, 0xC4]);
            file.extend([0; 413]);
        }
        file
    }

    fn cover_of(bytes: &[u8]) -> Option<Cover> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.mp3");
        std::fs::write(&path, bytes).unwrap();
        read_cover(&path)
    }

    #[test]
    fn the_front_cover_is_taken_with_its_true_type() {
        let png = b"\x89PNG\r\n\x1a\nthe back".as_slice();
        let jpeg = b"\xff\xd8\xff\xe0the front".as_slice();
        let cover = cover_of(&mp3(&[(4, "image/png", png), (3, "image/png", jpeg)])).unwrap();
        assert_eq!((cover.mime, cover.bytes.as_slice()), ("image/jpeg", jpeg));
    }

    #[test]
    fn no_picture_is_none() {
        let page = b"<svg onload='alert(1)'>".as_slice();
        assert_eq!(cover_of(&mp3(&[(3, "image/jpeg", page)])), None);
        assert_eq!(cover_of(b"ID3\x04\0\0\x7f\x7f\x7f\x7fAPIC\xff\xff"), None);
        assert_eq!(read_cover(Path::new("/nowhere.mp3")), None);
    }
}
