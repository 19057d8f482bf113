//! [`holds`]: that a copy of a song with other tags is the same song: its sound to the last bit, and every other field and picture of the tag
//! that was written. Tags of other kinds in the same file (ID3v1, APE, RIFF INFO) are not written to.

use std::fs::File;
use std::io::Seek;
use std::path::Path;

use super::error::{SongPart, TagError};
use super::fields::Fields;
use super::formats::TaggedSong;
use crate::audio::packet_digest_of;

/// Holds an open copy against the song as it was: `fields` are what it must say, `digest` is that of the song's packets.
///
/// # Errors
/// [`TagError::NotTheSame`] with what is not.
pub(super) fn holds(
    song: &Path,
    copy: &File,
    before: &TaggedSong,
    fields: &Fields,
    digest: &[u8; 32],
) -> Result<(), TagError> {
    let again = || {
        let mut copy = copy.try_clone()?;
        copy.rewind()?;
        Ok(copy)
    };
    let io = |source| TagError::io(song, source);
    let after = TaggedSong::read_from(song, again().map_err(io)?)?;
    if after.fields() != *fields {
        return Err(TagError::not_the_same(song, SongPart::Mood));
    }
    if after.others() != before.others() {
        return Err(TagError::not_the_same(song, SongPart::OtherTags));
    }
    if packet_digest_of(song, again().map_err(io)?)? != *digest {
        return Err(TagError::not_the_same(song, SongPart::Sound));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::formats;
    use super::super::tests::{songs, tags};
    use super::*;
    use crate::audio::packet_digest;

    #[test]
    fn another_mood_another_tag_and_another_sound_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let Some(songs) = songs(dir.path()) else {
            return;
        };
        let named = |name: &str| songs.iter().find(|song| song.ends_with(name));
        let (Some(song), Some(other_sound)) = (named("song.flac"), named("song.ogg")) else {
            return;
        };
        let before = TaggedSong::read(song).unwrap();
        let digest = packet_digest(song).unwrap();
        let fields = before.fields().with(&tags("sad"));
        let copy = |of: &PathBuf| {
            let place = dir.path().join("copy");
            std::fs::copy(of, &place).unwrap();
            let copy = File::options().read(true).write(true).open(place);
            copy.unwrap()
        };
        let part = |copy: &File, fields: &Fields, digest: &[u8; 32]| match holds(
            song, copy, &before, fields, digest,
        ) {
            Ok(()) => None,
            Err(TagError::NotTheSame { part, .. }) => Some(part),
            Err(error) => unreachable!("{error}"),
        };
        let mut tagged = copy(song);
        formats::write(song, &mut tagged, &fields).unwrap();
        assert_eq!(part(&tagged, &fields, &digest), None);
        let happy = before.fields().with(&tags("happy"));
        assert_eq!(part(&tagged, &happy, &digest), Some(SongPart::Mood));
        let other = packet_digest(other_sound).unwrap();
        assert_eq!(part(&tagged, &fields, &other), Some(SongPart::Sound));
        // Another title.
        let mut file = lofty::read_from_path(song).unwrap();
        let tag = lofty::file::TaggedFileExt::primary_tag_mut(&mut file).unwrap();
        lofty::tag::Accessor::set_title(tag, "Red Song".to_owned());
        let options = lofty::config::WriteOptions::new();
        lofty::tag::TagExt::save_to_path(tag, song, options).unwrap();
        let mut tagged = copy(song);
        formats::write(song, &mut tagged, &fields).unwrap();
        assert_eq!(part(&tagged, &fields, &digest), Some(SongPart::OtherTags));
    }
}
