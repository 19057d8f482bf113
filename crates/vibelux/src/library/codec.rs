//! [`Mp4Codec`]: what an MP4 audio file holds. Its name does not tell, and players do not play all of it.

use std::path::Path;

use lofty::config::ParseOptions;
use lofty::file::AudioFile;
use lofty::mp4::{self, Mp4File};

use super::tag_file::{BoundedFile, guarded};

/// The coding of the first sound track of an MP4 file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mp4Codec {
    /// AAC, the usual one.
    Aac,
    /// Apple Lossless, which of the great browsers only Safari plays.
    Alac,
    /// FLAC.
    Flac,
    /// MP3.
    Mp3,
    /// Any other, such as AC-3.
    Other,
}

/// Reads the codec from the description of the file's sound track. `None` if the file is not to be read
/// or is no MP4 file.
#[must_use]
pub fn read_mp4_codec(path: &Path) -> Option<Mp4Codec> {
    guarded(|| try_read(path))
}

fn try_read(path: &Path) -> Option<Mp4Codec> {
    let options = ParseOptions::new().read_tags(false).read_cover_art(false);
    let mut reader = BoundedFile::open(path).ok()?;
    let file = Mp4File::read_from(&mut reader, options).ok()?;
    Some(match file.properties().codec() {
        Some(mp4::Mp4Codec::AAC) => Mp4Codec::Aac,
        Some(mp4::Mp4Codec::ALAC) => Mp4Codec::Alac,
        Some(mp4::Mp4Codec::FLAC) => Mp4Codec::Flac,
        Some(mp4::Mp4Codec::MP3) => Mp4Codec::Mp3,
        _ => Mp4Codec::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mp4_file_has_no_codec() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("song.m4a");
        assert_eq!(read_mp4_codec(&path), None);
        for bytes in [
            &b""[..],
            b"ID3\x04",
            b"\0\0\0\x08ftyp",
            b"\xff\xff\xff\xffftypM4A ",
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_mp4_codec(&path), None, "{bytes:?}");
        }
    }
}
